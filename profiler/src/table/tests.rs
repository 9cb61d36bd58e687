//! Profiles of a table in memory; the formats of files have their own tests.

mod kpis;

use driftline_statistics::profile::{Column, Kind};

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

/// A row every 1,000 seconds, of which each tenth says no moment and each seventh lacks its value.
const STEP: u32 = 1_000;

fn moment(row: u32) -> Option<f64> {
    (row % 10 != 3).then(|| 1_795_608_000.0 + f64::from(row * STEP))
}

fn value(row: u32) -> Option<f64> {
    (row % 7 != 5).then(|| f64::from(row * 7919 % 5_000) / 16.0)
}

fn city(row: u32) -> &'static str {
    ["N", "E", "NA", "S"][row as usize * row as usize % 11 % 4]
}

fn by_hour_options() -> Options {
    Options {
        by_hour: Some("made at".into()),
        exclude: vec!["made at".into()],
        settings: Settings { categories: 2, ..Settings::of("rain") },
        ..options()
    }
}

/// Columns of each kind that is counted in its own way.
fn table_by_hour(
    rows: u32,
    change: fn(u32) -> u32,
) -> impl FnMut(&mut TableRecorder<'_>) -> Result<(), Problems> {
    move |recorder| {
        let chosen = recorder.header(&["made at", "x", "city", "rain"].map(String::from));
        for row in 0..rows {
            let of_row = change(row);
            if let Some(place) = recorder.next_row(None, 0) {
                let made_at = moment(of_row).map_or(Cell::Text("some day"), Cell::Number);
                let x = value(row).map_or(Cell::Null, Cell::Number);
                let rain = Cell::Boolean(row % 3 == 0);
                let cells = [made_at, x, Cell::Text(city(row)), rain];
                recorder.row(chosen.iter().map(|(column, _)| cells[*column]), place);
            }
        }
        Ok(())
    }
}

/// Rows by hour, counted one by one: bins, then those without a value.
fn straightforward(bins: usize, bin: impl Fn(u32) -> Option<usize>) -> Vec<Vec<u32>> {
    let mut hours = vec![vec![0; bins + 1]; 24];
    for row in 0..5_000 {
        if let Some(moment) = moment(row) {
            let hour = moment as u64 / 3_600 % 24;
            hours[hour as usize][bin(row).unwrap_or(bins)] += 1;
        }
    }
    hours
}

fn hours_of(column: &Column) -> Vec<Vec<u32>> {
    column.by_hour.as_ref().unwrap().hours().map(<[u32]>::to_vec).collect()
}

#[test]
fn rows_by_hour_are_those_that_are_counted_one_by_one_in_one_reading_and_in_two() {
    for memory_bytes_max in [MEMORY_BYTES_DEFAULT, 9 * 3 * 1_100] {
        let mut options = by_hour_options();
        options.settings.memory_bytes_max = memory_bytes_max;
        let made = profile_of(&options, true, &mut |_| {}, table_by_hour(5_000, |row| row));
        let Made { profile, without_hour, sampled, .. } = made.unwrap();
        assert_eq!((profile.rows, without_hour), (5_000, Some(500)));
        assert_eq!(sampled.is_some(), memory_bytes_max != MEMORY_BYTES_DEFAULT);
        let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["x", "city"]);
        let [x, city_column] = [0, 1].map(|feature| &profile.features[feature].column);
        assert_eq!(
            hours_of(x),
            straightforward(20, |row| value(row).map(|value| x.bins.of(value)))
        );
        let names: Vec<&str> = match &city_column.bins {
            Bins::Categories { names } => names.iter().map(String::as_str).collect(),
            other => panic!("{other:?}"),
        };
        assert_eq!(names.len(), 2);
        let of_city = |row| names.iter().position(|name| *name == city(row)).or(Some(2));
        assert_eq!(hours_of(city_column), straightforward(3, of_city));
        let prediction = profile.prediction.as_ref().unwrap();
        let of_rain = |row| Some(usize::from(row % 3 == 0));
        assert_eq!(hours_of(prediction), straightforward(3, of_rain));
        // Each row with a moment is in one cell of each column.
        for column in profile.columns() {
            assert_eq!(hours_of(column).iter().flatten().sum::<u32>(), 4_500);
        }
        let text = crate::to_text(&profile);
        assert_eq!(Profile::from_json(text.as_bytes()).as_ref(), Ok(&profile));
    }
}

/// All rows say a moment here, so hours add up to the whole.
#[test]
fn hours_add_up_to_the_whole() {
    let read = |recorder: &mut TableRecorder<'_>| {
        recorder.column_at("made at", 0);
        recorder.column_at("x", 1);
        for row in 0..1_000_u32 {
            if row == 400 {
                recorder.column_at("late", 2);
            }
            let place = recorder.next_row(None, 0).unwrap();
            let made_at = Cell::Moment(f64::from(row * STEP));
            let x = if row % 9 == 0 { Cell::Text("NA") } else { Cell::Number(f64::from(row)) };
            let late = (400 <= row).then_some(Cell::Number(f64::from(row) / 3.0));
            recorder.row([made_at, x].into_iter().chain(late), place);
        }
        Ok::<(), Problems>(())
    };
    let options = Options {
        by_hour: Some("made at".into()),
        settings: Settings::of("rain"),
        ..Options::default()
    };
    let Made { profile, without_hour, .. } =
        profile_of(&options, false, &mut |_| {}, read).unwrap();
    assert_eq!((without_hour, profile.features.len()), (Some(0), 2));
    for feature in &profile.features {
        let Column { counts, nulls, .. } = &feature.column;
        let whole: Vec<u64> = counts.iter().copied().chain([*nulls]).collect();
        let mut found = vec![0; whole.len()];
        for hour in hours_of(&feature.column) {
            hour.iter().zip(&mut found).for_each(|(rows, sum)| *sum += u64::from(*rows));
        }
        assert_eq!(found, whole, "{}", feature.name);
    }
    assert_eq!(profile.features[0].column.nulls, 112);
    assert_eq!(profile.features[1].column.nulls, 400);
}

/// Without hours a profile is as it was, and its text of the version before.
#[test]
fn hours_change_nothing_else() {
    let made = |options: &Options| {
        profile_of(options, false, &mut |_| {}, table_by_hour(5_000, |row| row)).unwrap()
    };
    let with = by_hour_options();
    let without = Options { by_hour: None, ..with.clone() };
    let (with, without) = (made(&with), made(&without));
    assert_eq!(without.without_hour, None);
    let mut stripped = with.profile.clone();
    stripped.features.iter_mut().for_each(|feature| feature.column.by_hour = None);
    stripped.prediction.as_mut().unwrap().by_hour = None;
    assert_eq!(stripped, without.profile);
    assert!(crate::to_text(&with.profile).contains("\"by_hour\""));
    assert!(!crate::to_text(&without.profile).contains("\"by_hour\""));
}

#[test]
fn the_column_of_hours_is_a_feature_only_if_an_option_says_so() {
    let features = |options: &Options| {
        let made = profile_of(options, false, &mut |_| {}, |recorder: &mut TableRecorder<'_>| {
            recorder.header(&["at".to_owned(), "x".to_owned()]);
            for row in 0..100_u32 {
                let place = recorder.next_row(None, 0).unwrap();
                let at = Cell::Number(1e9 + f64::from(row * STEP));
                recorder.row([at, Cell::Number(f64::from(row) / 2.0)], place);
            }
            Ok::<(), Problems>(())
        });
        let made = made.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(made.without_hour, Some(0));
        let of_x = made.profile.features.last().unwrap();
        assert_eq!(hours_of(&of_x.column).iter().flatten().sum::<u32>(), 100);
        made.profile.features.into_iter().map(|it| it.name).collect::<Vec<_>>()
    };
    let alone = Options {
        by_hour: Some(" at ".into()),
        settings: Settings::of("rain"),
        ..Options::default()
    };
    let as_of = |of: AsOf, options: &Options| Options { as_of: Some(of), ..options.clone() };
    let timestamp = Options { kinds: vec![("at".into(), Kind::Timestamp)], ..alone.clone() };
    let number = Options { kinds: vec![("at".into(), Kind::Number)], ..alone.clone() };
    let excluded = Options { exclude: vec!["at".into()], ..timestamp.clone() };
    let column = || AsOf::Column("at".into());
    assert_eq!(features(&alone), ["x"]);
    assert_eq!(features(&as_of(column(), &alone)), ["x"]);
    assert_eq!(features(&as_of(AsOf::Moment(2e9), &alone)), ["x"]);
    assert_eq!(features(&as_of(AsOf::Moment(2e9), &timestamp)), ["at", "x"]);
    assert_eq!(features(&number), ["at", "x"]);
    assert_eq!(features(&excluded), ["x"]);
}

#[test]
fn a_column_that_says_no_moment_gives_no_hours() {
    let refused = |options: &Options, change| {
        let made = profile_of(options, true, &mut |_| {}, table_by_hour(5_000, change));
        made.unwrap_err().to_string()
    };
    let options = by_hour_options();
    assert_eq!(
        refused(&options, |_| 3),
        "the column `made at` says no moment in any of 5000 rows, from row 1 on, so none has an hour; expected moments \
         (RFC 3339, or numbers since 1970)"
    );
    let unknown = Options { by_hour: Some("when".into()), ..options };
    assert_eq!(
        refused(&unknown, |row| row),
        "found no column `when` to say the hour of a row, the columns are `made at`, `x`, `city`, `rain`"
    );
}

/// The numbers are the same in the second reading, but the hours are not.
#[test]
fn hours_that_changed_between_two_readings_make_no_profile() {
    let mut options = by_hour_options();
    options.settings.memory_bytes_max = 1;
    let mut reading = 0;
    let made = profile_of(&options, true, &mut |_| {}, |recorder: &mut TableRecorder<'_>| {
        reading += 1;
        table_by_hour(5_000, if reading == 1 { |row| row } else { |row| row + 9 })(recorder)
    });
    assert_eq!(
        made.unwrap_err().to_string(),
        "the data changed while it was read: it was not the same in the second reading"
    );
}
