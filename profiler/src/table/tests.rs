//! Profiles of a table in memory; the formats of files have their own tests.

use super::*;
use crate::{
    cell::Cell,
    settings::{MEMORY_BYTES_DEFAULT, Settings},
};

fn options() -> Options {
    Options { settings: Settings::of("rain"), target: Some("rain".into()), ..Options::default() }
}

/// A column `x` of many numbers, one without a name, and one to predict.
fn table(rows: u32) -> impl FnMut(&mut TableRecorder<'_>) -> Result<(), Problems> {
    move |recorder| {
        let chosen = recorder.header(&["x".to_owned(), String::new(), "rain".to_owned()]);
        let columns: Vec<usize> = chosen.iter().map(|(column, _)| *column).collect();
        assert_eq!(columns, [0, 2], "the one without a name is left out");
        for row in 0..rows {
            if let Some(place) = recorder.next_row(None, u64::from(row) * 8) {
                let x = Cell::Number(f64::from(row * 7919 % rows) / 16.0);
                recorder.row([x, Cell::Boolean(row % 2 == 0)], place);
            }
        }
        Ok(())
    }
}

fn made(options: &Options, can_be_read_again: bool) -> Result<(Made, Vec<Progress>), String> {
    let mut shown = Vec::new();
    let made = profile_of(options, can_be_read_again, &mut |now| shown.push(now), table(5_000));
    made.map(|made| (made, shown)).map_err(|problems| problems.to_string())
}

#[test]
fn a_table_in_memory_makes_a_profile() {
    let (Made { profile, nameless, sampled, .. }, shown) = made(&options(), false).unwrap();
    assert_eq!((profile.rows, nameless, sampled), (5_000, vec![2], None));
    assert_eq!(profile.features[0].column.counts, [250; 20]);
    assert_eq!(profile.prediction.unwrap().counts, [2_500, 2_500, 0]);
    assert_eq!(shown.last(), Some(&Progress { reading: 1, rows: 5_000, bytes: 39_992 }));
}

#[test]
fn a_table_of_more_than_fits_is_read_twice_if_it_can_be() {
    let small = |memory_bytes_max| Options {
        settings: Settings { memory_bytes_max, ..Settings::of("rain") },
        ..options()
    };
    let (Made { profile, sampled, .. }, shown) = made(&small(8 * 2 * 1_200), true).unwrap();
    assert_eq!((profile.rows, sampled), (5_000, Some(1_200)));
    assert_eq!(profile.features[0].column.counts.iter().sum::<u64>(), 5_000);
    assert_eq!(shown.last(), Some(&Progress { reading: 2, rows: 5_000, bytes: 39_992 }));
    let error = made(&small(8 * 2 * 1_200), false).unwrap_err();
    assert!(error.contains("the source cannot be read a second time"), "{error}");
    assert_eq!(made(&small(MEMORY_BYTES_DEFAULT), true).unwrap().0.sampled, None);
}

#[test]
fn problems_of_the_source_and_of_the_options_come_together() {
    let options = Options { exclude: vec!["wind".into()], ..options() };
    let problems = profile_of(&options, true, &mut |_| {}, |recorder: &mut TableRecorder<'_>| {
        recorder.column_at("x", 0);
        recorder.note(format_args!("found a row that is none"));
        recorder.check_names(&["x".to_owned()]);
        Ok::<(), Problems>(())
    });
    assert_eq!(
        problems.unwrap_err().to_string(),
        "found a row that is none; found no column `wind` to exclude, the columns are `x`; \
         found no column `rain` as the target, the columns are `x`"
    );
}
