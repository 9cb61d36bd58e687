//! What holds of every window and detector, whatever enters; answers of river are in `known_answers.rs`.

use std::{vec, vec::Vec};

use driftline_random::Random;

use super::*;

/// Batches of all sizes up to this many, as few and as many in a row as chance has it, beside all that was in them.
fn varied(seed: u64, batches: usize, size_max: usize) -> Vec<(Batch, Vec<f64>)> {
    let mut random = Random::new(seed);
    let batch = |_| {
        let size = 1 + random.below(1 + random.clone().below(size_max));
        let values: Vec<f64> = (0..size).map(|_| 3.0 + random.irwin_hall()).collect();
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|it| it * it).sum();
        (Batch::from_sums(size as u64, sum, squares).unwrap(), values)
    };
    (0..batches).map(batch).collect()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} {expected}");
}

/// Number, sum and squared deviations of some numbers.
fn moments(values: &[f64]) -> (u64, f64, f64) {
    let sum: f64 = values.iter().sum();
    let mean = sum / values.len() as f64;
    (values.len() as u64, sum, values.iter().map(|it| (it - mean) * (it - mean)).sum())
}

#[track_caller]
fn check(window: &Window, values: &[f64]) {
    let (width, total, squared_deviations) = moments(values);
    assert_eq!(window.width(), width);
    near(window.total(), total);
    near(window.squared_deviations(), squared_deviations);
    let restored = Window::restored(
        window.buckets_max(),
        window.buckets().to_vec(),
        window.total(),
        window.squared_deviations(),
    );
    assert_eq!(restored.as_ref(), Some(window), "whatever it has become, it can be restored");
}

/// Of each bucket and of the whole window, however ticks vary, and when the oldest buckets are dropped.
#[test]
fn statistics_stay_those_of_what_is_in_the_window() {
    for (size_max, buckets_max) in [(1, 5), (2, 5), (60, 5), (60, 1), (3000, 2)] {
        let mut window = Window::new(buckets_max);
        let mut values = Vec::new();
        for (batch, of_batch) in varied(size_max as u64, 300, size_max) {
            window.push(&batch);
            values.extend(of_batch);
            check(&window, &values);
        }
        let mut rest = &values[..];
        while let Some(oldest) = window.buckets().first().copied() {
            let (of_oldest, others) = rest.split_at(oldest.count as usize);
            let (_, sum, squared_deviations) = moments(of_oldest);
            near(oldest.sum, sum);
            near(oldest.squared_deviations, squared_deviations);
            rest = others;
            window.drop_oldest();
            if !rest.is_empty() {
                check(&window, rest);
            }
        }
        assert!(rest.is_empty());
        assert_eq!(window, Window::new(buckets_max));
    }
}

/// The counts of the buckets after batches of these sizes.
fn counts(sizes: &[u64]) -> Vec<u64> {
    let mut window = Window::new(5);
    sizes.iter().for_each(|&size| window.push(&Batch::of_errors(0, size).unwrap()));
    window.buckets().iter().map(|it| it.count).collect()
}

#[test]
fn only_what_is_much_too_small_for_a_level_is_joined() {
    assert_eq!(counts(&[50; 5]), [50; 5]);
    assert_eq!(counts(&[50; 6]), [100, 50, 50, 50, 50]);
    assert_eq!(counts(&[50, 70, 50, 40, 64]), [50, 70, 50, 40, 64]);
    assert_eq!(counts(&[1, 1, 1, 1, 1, 1000]), [5, 1000]);
    assert_eq!(counts(&[300, 300, 10, 10, 600]), [300, 300, 20, 600]);
}

/// Also of the worst that there is: ticks of one row among ticks of many.
#[test]
fn memory_grows_with_the_logarithm_of_the_width() {
    let sizes: [(&str, &[u64]); 5] = [
        ("one by one", &[1]),
        ("ticks alike", &[50]),
        ("ticks that vary", &[40, 70, 50, 130]),
        ("one row and many", &[1, 10_000]),
        ("more and more", &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]),
    ];
    for (name, sizes) in sizes {
        let mut window = Window::new(5);
        for (turn, &size) in sizes.iter().cycle().take(200_000).enumerate() {
            window.push(&Batch::of_errors(0, size).unwrap());
            if name == "one by one" && turn == 99_999 {
                assert!(window.heap_bytes() <= 2600, "{}", window.heap_bytes());
            }
            let levels = 2.0 + (window.width() as f64).log2();
            assert!(window.buckets().len() as f64 <= 5.0 * levels, "{name}: {window:?}");
        }
    }
}

#[test]
fn a_window_never_takes_more_than_it_says() {
    let mut window = Window::new(5);
    let huge = Batch::of_errors(0, Batch::COUNT_MAX - 1).unwrap();
    for level in (0..40).rev() {
        for _ in 0..8 {
            window.push(&Batch::of_errors(0, 1 << level).unwrap());
        }
    }
    assert_eq!(window.buckets().iter().filter(|it| it.level == LEVELS_MAX - 1).count(), 5);
    assert!(190 <= window.buckets().len(), "{}", window.buckets().len());
    for _ in 0..10_000 {
        window.push(&Batch::of_errors(0, 1).unwrap());
        assert!(window.heap_bytes() <= Window::heap_bytes_max(5));
    }
    for _ in 0..100 {
        window.push(&huge);
    }
    assert_eq!(window.width(), 5 * (Batch::COUNT_MAX - 1), "the oldest are forgotten");
    assert_eq!(Window::heap_bytes_max(5), 6560);
    assert!(Settings::default().bytes_max() <= 6650);
}

#[test]
fn a_batch_of_one_is_an_observation() {
    let (mut rows, mut batches) = (Adwin::default(), Adwin::default());
    let mut random = Random::new(3);
    for row in 0..3000 {
        let value = random.uniform() + f64::from(row / 1000);
        batches.update_batch(&Batch::new(1, value, 0.0).unwrap());
        rows.update(value);
        assert_eq!(rows, batches);
    }
}

/// Ticks of fewer rows than `clock` are looked at when it has passed, as rows are.
#[test]
fn the_clock_counts_observations() {
    let mut adwin = Adwin::default();
    let mut looks = Vec::new();
    for tick in 1..=10 {
        adwin.update_batch(&Batch::of_errors(0, 10).unwrap());
        looks.push(adwin.since_multiple());
        assert_eq!(adwin.since_multiple(), tick * 10 % 32);
    }
    let mut adwin = Adwin::default();
    let both = [Batch::of_errors(0, 31).unwrap(), Batch::of_errors(31, 31).unwrap()];
    assert_eq!(both.map(|it| adwin.update_batch(&it)), [Signal::Stable, Signal::Drift]);
    assert_eq!(adwin.window().mean(), Some(1.0));
    assert_eq!(adwin.update(0.0), Signal::Stable);
    assert_eq!(adwin.window().width(), 1, "it begins anew");
}

#[test]
fn a_restored_detector_goes_on_as_if_nothing_had_happened() {
    let mut adwin = Adwin::default();
    let mut drifts = 0;
    for (turn, (batch, _)) in varied(9, 2000, 60).into_iter().enumerate() {
        let shift = if turn < 1500 { 0.0 } else { 3.0 };
        let shifted =
            Batch::new(batch.count(), batch.mean() + shift, batch.squared_deviations()).unwrap();
        let window = adwin.window();
        let window = Window::restored(
            5,
            window.buckets().to_vec(),
            window.total(),
            window.squared_deviations(),
        );
        let mut restored = Adwin::restored(
            *adwin.settings(),
            window.unwrap(),
            adwin.since_multiple(),
            adwin.signal(),
        )
        .unwrap();
        let signals = (adwin.update_batch(&shifted), restored.update_batch(&shifted));
        assert_eq!(signals.0, signals.1);
        assert_eq!(adwin, restored);
        drifts += usize::from(signals.0 == Signal::Drift);
    }
    assert_eq!(drifts, 1);
}

#[test]
fn what_is_not_a_number_is_ignored() {
    let mut adwin = Adwin::default();
    adwin.update(1.0);
    let before = adwin.clone();
    for value in [f64::NAN, f64::INFINITY, 1e101] {
        assert_eq!(adwin.update(value), Signal::Stable);
    }
    assert_eq!(adwin, before);
}

#[test]
fn batches_are_the_same_however_they_are_told() {
    let expected = Batch::new(8, 0.25, 1.5);
    assert!(expected.is_some());
    assert_eq!(Batch::of_errors(2, 8), expected);
    assert_eq!(Batch::from_sums(8, 2.0, 2.0), expected);
    let rounded = Batch::from_sums(3, 0.3, 0.029_999_999_999_999_9).unwrap();
    assert_eq!(rounded.squared_deviations(), 0.0);
}

#[test]
fn impossible_batches_are_refused() {
    let batches = [
        Batch::new(0, 1.0, 1.0),
        Batch::new(Batch::COUNT_MAX, 1.0, 1.0),
        Batch::new(2, f64::NAN, 1.0),
        Batch::new(2, 1e101, 1.0),
        Batch::new(2, 1.0, -1.0),
        Batch::new(2, 1.0, f64::NAN),
        Batch::new(2, 1.0, 1e300),
        Batch::from_sums(0, 0.0, 0.0),
        Batch::from_sums(2, f64::INFINITY, 1.0),
        Batch::from_sums(2, 1.0, f64::NAN),
        Batch::of_errors(3, 2),
        Batch::of_errors(0, 0),
    ];
    assert!(batches.iter().all(Option::is_none), "{batches:?}");
}

#[test]
fn impossible_settings_are_refused() {
    let usual = Settings::default();
    assert_eq!(Adwin::new(usual), Some(Adwin::default()));
    for wrong in [
        Settings { delta: 0.0, ..usual },
        Settings { delta: 1.0, ..usual },
        Settings { delta: f64::NAN, ..usual },
        Settings { clock: 0, ..usual },
        Settings { buckets_max: 0, ..usual },
        Settings { buckets_max: 65, ..usual },
    ] {
        assert_eq!(Adwin::new(wrong), None, "{wrong:?}");
    }
}

#[test]
fn impossible_states_are_refused() {
    let some = Bucket { level: 1, count: 3, sum: 2.0, squared_deviations: 0.5 };
    let newer = Bucket { level: 0, count: 1, ..some };
    let window = |buckets: &[Bucket]| Window::restored(2, buckets.to_vec(), 2.0, 0.5);
    assert!(window(&[some, some, newer, newer]).is_some());
    for wrong in [
        vec![],
        vec![newer, some],
        vec![some, some, some],
        vec![Bucket { level: LEVELS_MAX, ..some }],
        vec![Bucket { count: 0, ..some }],
        vec![Bucket { count: 4, ..some }],
        vec![Bucket { sum: f64::NAN, ..some }],
        vec![Bucket { squared_deviations: -0.1, ..some }],
        vec![Bucket { squared_deviations: f64::INFINITY, ..some }],
    ] {
        assert_eq!(window(&wrong), None, "{wrong:?}");
    }
    for (total, squared_deviations) in [(f64::NAN, 0.0), (0.0, -1.0), (0.0, f64::INFINITY)] {
        assert_eq!(Window::restored(2, vec![some], total, squared_deviations), None);
    }
    let settings = Settings { buckets_max: 2, ..Settings::default() };
    let adwin = |settings, since, signal| {
        Adwin::restored(settings, window(&[some]).unwrap(), since, signal)
    };
    assert!(adwin(settings, 31, Signal::Drift).is_some());
    assert_eq!(adwin(settings, 32, Signal::Stable), None);
    assert_eq!(adwin(settings, 0, Signal::Warning), None);
    assert_eq!(adwin(Settings::default(), 0, Signal::Stable), None, "of other settings");
}
