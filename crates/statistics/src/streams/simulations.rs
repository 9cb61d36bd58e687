//! What detectors do with streams of chance: how late they find a change, and how often they find one that is not
//! there. All of it is the same every time.

use std::vec::Vec;

use driftline_random::Random;

use super::{
    Signal,
    adwin::{Adwin, Batch},
    ddm::Ddm,
    evenly,
    page_hinkley::PageHinkley,
};

/// Rows of a tick of five seconds at ten rows a second.
const TICK_ROWS: u64 = 50;

fn tick_of(random: &mut Random, mut value: impl FnMut(&mut Random) -> f64) -> Batch {
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..TICK_ROWS {
        let value = value(random);
        sum += value;
        squares += value * value;
    }
    Batch::from_sums(TICK_ROWS, sum, squares).unwrap()
}

fn error(random: &mut Random, rate: f64) -> f64 {
    of_error(random.uniform() < rate)
}

fn of_error(is_error: bool) -> f64 {
    if is_error { 1.0 } else { 0.0 }
}

/// How many ticks after that of the change from .05 to .15 it is found: by rows, evenly and by buckets. The change is
/// somewhere in tick 100.
fn delays(seed: u64) -> [usize; 3] {
    let mut random = Random::new(seed);
    let change = 100 * TICK_ROWS + random.below(TICK_ROWS as usize) as u64;
    let [mut by_rows, mut by_even_rows, mut by_buckets]: [Adwin; 3] = Default::default();
    let mut found = [None::<usize>; 3];
    for tick in 0..200 {
        let first = tick as u64 * TICK_ROWS;
        let rates = (first..first + TICK_ROWS).map(|row| if row < change { 0.05 } else { 0.15 });
        let rows: Vec<f64> = rates.map(|rate| error(&mut random, rate)).collect();
        let errors = rows.iter().sum::<f64>() as u64;
        // All rows, not only as far as the first that signals.
        let observe = |adwin: &mut Adwin, rows: &mut dyn Iterator<Item = f64>| {
            rows.fold(Signal::Stable, |most, row| most.max(adwin.update(row)))
        };
        let signals = [
            observe(&mut by_rows, &mut rows.iter().copied()),
            observe(&mut by_even_rows, &mut evenly(errors, TICK_ROWS).map(of_error)),
            by_buckets.update_batch(&Batch::of_errors(errors, TICK_ROWS).unwrap()),
        ];
        for (found, signal) in found.iter_mut().zip(signals) {
            if signal == Signal::Drift {
                found.get_or_insert(tick);
            }
        }
    }
    found.map(|tick| tick.unwrap().checked_sub(100).expect("no false alarm"))
}

/// On average, buckets find it no later. In a few of a hundred streams they do so two ticks later or more: rows have
/// more boundaries in the last ticks, so that chance helps them more often.
#[test]
fn ticks_find_a_change_about_as_early_as_rows() {
    let all: Vec<[usize; 3]> = (0..200).map(delays).collect();
    let mean = |which: usize| all.iter().map(|it| it[which] as f64).sum::<f64>() / 200.0;
    let later = |which: usize| all.iter().filter(|it| it[0] + 1 < it[which]).count();
    let found = ([0, 1, 2].map(mean), [1, 2].map(later));
    assert!(mean(2) <= mean(0) && mean(1) <= mean(0) + 0.5, "{found:?}");
    assert!(later(1) <= 10 && later(2) <= 10, "{found:?}");
    assert!(all.iter().all(|it| it[2] <= it[0] + 4), "{all:?}");
}

/// Of 10 runs of 100,000 rows in ticks.
fn adwin_alarms(value: impl Fn(&mut Random) -> f64) -> usize {
    let mut alarms = 0;
    for seed in 0..10 {
        let (mut random, mut adwin) = (Random::new(1000 + seed), Adwin::default());
        for _ in 0..100_000 / TICK_ROWS {
            let signal = adwin.update_batch(&tick_of(&mut random, &value));
            alarms += usize::from(signal == Signal::Drift);
        }
    }
    alarms
}

#[test]
fn adwin_raises_no_false_alarm_on_ticks() {
    assert_eq!(adwin_alarms(|random| error(random, 0.05)), 0);
    assert_eq!(adwin_alarms(|random| error(random, 0.2)), 0);
    assert_eq!(adwin_alarms(|random| random.irwin_hall().abs()), 0);
    assert_eq!(adwin_alarms(|random| libm::exp(0.5 * random.irwin_hall())), 0);
}

/// The standard deviation of a log-normal law with a sigma of 1 is 2.16.
#[test]
fn heavy_tails_raise_false_alarms_unless_they_are_scaled() {
    let log_normal = |random: &mut Random| libm::exp(random.irwin_hall());
    let as_they_are = adwin_alarms(log_normal);
    assert!((1..=10).contains(&as_they_are), "{as_they_are}");
    assert_eq!(adwin_alarms(|random| log_normal(random) / (5.0 * 2.16)), 0);
}

/// What 1 is for detectors: five standard deviations of the absolute errors of a reference, as the filter has it.
fn scale_of(error: impl Fn(&mut Random) -> f64) -> f64 {
    const ROWS: usize = 10_000;
    let mut random = Random::new(4000);
    let errors: Vec<f64> = (0..ROWS).map(|_| error(&mut random)).collect();
    let mean = errors.iter().sum::<f64>() / ROWS as f64;
    let squares = errors.iter().map(|error| error * error).sum::<f64>() / ROWS as f64;
    5.0 * (squares - mean * mean).sqrt()
}

#[test]
fn absolute_errors_in_deviations_of_the_reference_raise_no_false_alarm() {
    let normal = |random: &mut Random| random.irwin_hall().abs();
    let log_normal = |random: &mut Random| libm::exp(random.irwin_hall());
    for (error, unit) in [
        (&normal as &dyn Fn(&mut Random) -> f64, 1.0),
        (&normal, 1e-3),
        (&log_normal, 1.0),
        (&log_normal, 1e3),
    ] {
        let error = |random: &mut Random| unit * error(random);
        let scale = scale_of(error);
        assert_eq!(adwin_alarms(|random| error(random) / scale), 0, "{unit}");
        // Page-Hinkley takes the mean of a tick for each of its rows.
        let mut alarms = 0;
        for seed in 0..10 {
            let (mut random, mut test) = (Random::new(5000 + seed), PageHinkley::default());
            for _ in 0..100_000 / TICK_ROWS {
                let sum: f64 = (0..TICK_ROWS).map(|_| error(&mut random) / scale).sum();
                for _ in 0..TICK_ROWS {
                    let signal = test.update(sum / TICK_ROWS as f64);
                    alarms += usize::from(signal == Signal::Drift);
                }
            }
        }
        assert!(alarms <= 10, "{alarms} in 1,000,000 rows");
    }
}

/// As the filter feeds it where a tick has few rows.
#[test]
fn adwin_raises_no_false_alarm_on_rows_that_are_spread_evenly() {
    for rate in [0.01, 0.05, 0.2, 0.5] {
        for seed in 0..10 {
            let (mut random, mut adwin) = (Random::new(6000 + seed), Adwin::default());
            for tick in 0..100_000 / TICK_ROWS {
                let errors = (0..TICK_ROWS).filter(|_| random.uniform() < rate).count() as u64;
                let signals = evenly(errors, TICK_ROWS).map(|it| adwin.update(of_error(it)));
                assert_eq!(signals.max(), Some(Signal::Stable), "{rate} {seed} {tick}");
            }
        }
    }
}

#[test]
fn adwin_raises_no_false_alarm_on_rows() {
    for rate in [0.05, 0.2] {
        for seed in 0..10 {
            let (mut random, mut adwin) = (Random::new(2000 + seed), Adwin::default());
            for row in 0..100_000 {
                assert_eq!(adwin.update(error(&mut random, rate)), Signal::Stable, "{seed} {row}");
            }
        }
    }
}

/// False alarms in 10,000 rows, over 30 runs of as many at each of three rates: row by row, and in ticks spread evenly.
fn alarms<D: FnMut(bool) -> Signal>(detector: impl Fn() -> D) -> [f64; 2] {
    let mut alarms = [0.0; 2];
    for (rate, seed) in [0.02, 0.05, 0.2].into_iter().flat_map(|it| (0..30).map(move |n| (it, n))) {
        let mut random = Random::new(3000 + seed);
        let (mut by_rows, mut by_even_rows) = (detector(), detector());
        let mut count = |which: usize, signal| {
            alarms[which] += if signal == Signal::Drift { 1.0 / 90.0 } else { 0.0 };
        };
        for _ in 0..10_000 / TICK_ROWS {
            let mut errors = 0;
            for _ in 0..TICK_ROWS {
                let is_error = error(&mut random, rate) == 1.0;
                errors += u64::from(is_error);
                count(0, by_rows(is_error));
            }
            evenly(errors, TICK_ROWS).for_each(|is_error| count(1, by_even_rows(is_error)));
        }
    }
    alarms
}

#[test]
fn ddm_raises_few_false_alarms() {
    let found = alarms(|| {
        let mut ddm = Ddm::default();
        move |is_error| ddm.update(is_error)
    });
    assert!(found.iter().all(|&it| it <= 0.3), "{found:?}");
}

#[test]
fn page_hinkley_raises_few_false_alarms() {
    let found = alarms(|| {
        let mut test = PageHinkley::default();
        move |is_error| test.update(of_error(is_error))
    });
    assert!(found.iter().all(|&it| it <= 0.1), "{found:?}");
}
