//! What each format reads and refuses, and in which words.

use driftline_core::bins::Bins;

use super::*;

fn options() -> Options {
    Options { model: "rain".into(), target: Some("rain".into()), ..Options::default() }
}

#[track_caller]
fn refuses(csv: &[u8], options: &Options, message: &str) {
    let error = from_csv(csv, options).unwrap_err();
    assert_eq!(error.to_string(), format!("no profile was made: {message}"));
}

#[track_caller]
fn features(csv: &str, options: &Options) -> Vec<String> {
    let made = from_csv(csv.as_bytes(), options).unwrap_or_else(|error| panic!("{error}"));
    made.profile.features.into_iter().map(|feature| feature.name).collect()
}

const SMALL: &str = "\u{feff},wind, dew point ,rain\n0,1.5,2,0\n1,2.5,3,1\n\n2,\"3.5\",4,1\n";

#[test]
fn the_target_is_the_prediction_and_the_index_is_left_out() {
    let made = from_csv(SMALL.as_bytes(), &options()).unwrap();
    assert_eq!(made.nameless, [1]);
    assert_eq!(made.profile.rows, 3);
    assert_eq!(features(SMALL, &options()), ["wind", "dew point"]);
    assert_eq!(made.profile.prediction.unwrap().counts, [1, 2, 0]);
}

#[test]
fn a_prediction_takes_the_place_of_the_target() {
    let options = Options { prediction: Some("wind".into()), ..options() };
    assert_eq!(features(SMALL, &options), ["dew point"]);
    let made = from_csv(SMALL.as_bytes(), &options).unwrap();
    assert_eq!(made.profile.prediction.unwrap().numbers.unwrap().maximum, 3.5);
}

#[test]
fn an_excluded_target_leaves_no_prediction() {
    let options = Options { exclude: vec!["rain".into(), "wind".into()], ..options() };
    assert_eq!(features(SMALL, &options), ["dew point"]);
    assert_eq!(from_csv(SMALL.as_bytes(), &options).unwrap().profile.prediction, None);
}

#[test]
fn only_the_rows_asked_for_are_read() {
    let options = Options { rows: Some(2..=2), ..options() };
    let made = from_csv(SMALL.as_bytes(), &options).unwrap();
    assert_eq!(
        (made.profile.rows, made.profile.features[0].column.numbers.as_ref().unwrap().mean),
        (1, 2.5)
    );
    // What stands behind the last row is not even looked at.
    let broken = format!("{SMALL}x,y\n");
    assert!(from_csv(broken.as_bytes(), &Options { rows: Some(1..=3), ..options }).is_ok());
}

#[test]
fn a_quote_that_never_closes_does_not_swallow_the_rest_in_silence() {
    let csv = "wind,note,rain\n1,x,0\n2,y,\"1\n3,z,0\n";
    let message = "found a quote that opens in line 3 and never closes, so that all rows behind it are one cell";
    let without_target =
        Options { target: None, exclude: vec!["note".into(), "rain".into()], ..options() };
    refuses(csv.as_bytes(), &without_target, message);
    let last = Options { rows: Some(1..=2), ..without_target.clone() };
    refuses(csv.as_bytes(), &last, message);
    // What stands behind the rows asked for does not matter.
    let first = Options { rows: Some(1..=1), ..without_target };
    assert_eq!(features(csv, &first), ["wind"]);
}

#[test]
fn rows_out_of_range_are_named() {
    let with = |rows| Options { rows: Some(rows), ..options() };
    refuses(SMALL.as_bytes(), &with(2..=9), "found 3 rows, expected rows 2 to 9 to exist");
    for (first, last) in [(0, 3), (3, 2)] {
        refuses(
            SMALL.as_bytes(),
            &with(first..=last),
            &format!(
                "found the rows {first} to {last}, expected a range that begins at 1 or later \
                 and is not empty"
            ),
        );
    }
}

#[test]
fn a_column_that_does_not_exist_brings_the_list_of_those_that_do() {
    let options = Options {
        target: Some("Rain".into()),
        prediction: Some("p".into()),
        exclude: vec!["x".into()],
        ..options()
    };
    refuses(
        SMALL.as_bytes(),
        &options,
        "found no column `x` to exclude, the columns are `wind`, `dew point`, `rain`; \
         found no column `Rain` as the target, the columns are `wind`, `dew point`, `rain`; \
         found no column `p` as the prediction, the columns are `wind`, `dew point`, `rain`",
    );
}

#[test]
fn ragged_rows_are_listed_with_their_lines() {
    refuses(
        b"wind,rain\n1,0\n2\n\"a\nb\",1,7\n3,0\n",
        &options(),
        "row 2 (line 3) has 1 cells, expected 2 as in the header; \
         row 3 (line 4) has 3 cells, expected 2 as in the header",
    );
}

#[test]
fn columns_that_mix_text_with_numbers_are_listed_all_at_once() {
    let expected = "expected numbers up to 1e100, true and false, or nothing (empty, NA, NaN, null), \
                    or else text in all rows, or lists of numbers in all rows; repair or exclude it";
    refuses(
        b"city,wind,place,rain\nOmaha,1,a,0\n7,2,8,1\n",
        &options(),
        &format!(
            "the column `city` holds \"Omaha\" at row 1 (line 2); {expected}; \
             the column `place` holds \"a\" at row 1 (line 2); {expected}"
        ),
    );
}

#[test]
fn columns_of_text_are_categories() {
    let made = from_csv(&b"city,rain\nOmaha,0\nBellevue,1\nOmaha,1\n"[..], &options()).unwrap();
    let city = &made.profile.features[0].column;
    assert_eq!(city.bins, Bins::Categories { names: vec!["Omaha".into(), "Bellevue".into()] });
    assert_eq!(city.counts, [2, 1, 0]);
}

#[test]
fn files_of_nothing_are_refused() {
    refuses(
        b"",
        &options(),
        "found an empty file, expected a header with the names of the columns",
    );
    refuses(b"wind,rain\n", &options(), "found no rows, expected at least one");
    refuses(
        b"wind\n1.5\n",
        &Options { target: Some("wind".into()), exclude: vec!["wind".into()], ..options() },
        "found no column to watch, expected at least one",
    );
}

#[test]
fn a_file_of_other_bytes_is_refused_and_not_a_crash() {
    let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    assert!(matches!(from_csv(&*bytes, &options()), Err(ProfilerError::Refused(_))));
}
