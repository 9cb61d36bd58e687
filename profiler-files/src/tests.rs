//! What each format reads and refuses, and in which words.

use driftline_profiler::{AsOf, Settings};
use driftline_statistics::{bins::Bins, profile::Kind};

use super::*;

fn options() -> Options {
    Options { settings: Settings::of("rain"), target: Some("rain".into()), ..Options::default() }
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
    // What follows the last row asked for is not read.
    let broken = format!("{SMALL}x,y\n");
    assert!(from_csv(broken.as_bytes(), &Options { rows: Some(1..=3), ..options }).is_ok());
}

#[test]
fn a_quote_that_never_closes_does_not_swallow_the_rest_in_silence() {
    let csv = "wind,note,rain\n1,x,0\n2,y,\"1\n3,z,0\n";
    let message = "found a quote that opens in line 3 and never closes, so that all rows after it are one cell";
    let without_target =
        Options { target: None, exclude: vec!["note".into(), "rain".into()], ..options() };
    refuses(csv.as_bytes(), &without_target, message);
    let last = Options { rows: Some(1..=2), ..without_target.clone() };
    refuses(csv.as_bytes(), &last, message);
    // What follows the rows asked for does not matter.
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
    let expected = |column: &str| {
        let expected = "expected numbers up to 1e100, true and false, or nothing (empty, NA, N/A, NaN, null, or what --null says), \
                    or else text in all rows, or lists of numbers in all rows";
        format!(
            "{expected}; --type {column}=category takes all cells for names, and --null TEXT reads a text as a \
             missing value; repair or exclude it"
        )
    };
    let (city, place) = (expected("city"), expected("place"));
    refuses(
        b"city,wind,place,rain\nOmaha,1,a,0\n7,2,8,1\n",
        &options(),
        &format!(
            "the column `city` holds \"Omaha\" at row 1 (line 2); {city}; \
             the column `place` holds \"a\" at row 1 (line 2); {place}"
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

#[test]
fn what_is_no_comma_between_columns_is_said() {
    let expected = |name: &str, what: &str, option: &str| {
        format!(
            "the header is one name with {what} in it, {name:?}; expected commas between the columns; \
             --separator {option} reads it as several, and --separator ',' as one"
        )
    };
    refuses(b"wind;rain\n1,5;0\n", &options(), &expected("wind;rain", "semicolons", "';'"));
    refuses(b"wind\train\n1.5\t0\n", &options(), &expected("wind\train", "tabs", "'\\t'"));
    refuses(b"wind|rain\n1.5|0\n", &options(), &expected("wind|rain", "pipes", "'|'"));
    let one = Options { separator: Some(b','), target: None, ..options() };
    assert_eq!(
        from_csv(&b"wind|rain\n1.5\n"[..], &one).unwrap().profile.features[0].name,
        "wind|rain"
    );
}

#[test]
fn another_separator_and_a_comma_before_fractions_are_read_where_they_are_said() {
    let said = Options { separator: Some(b';'), decimal_comma: true, ..options() };
    let text = "wind; city;rain\n1,5; a,b ;0\n-0,25;c,d;1\n7;a,b;1\n";
    let plain = "wind,city,rain\n1.5,\"a,b\",0\n-0.25,\"c,d\",1\n7,\"a,b\",1\n";
    assert_eq!(
        from_csv(text.as_bytes(), &said).unwrap().profile,
        from_csv(plain.as_bytes(), &options()).unwrap().profile
    );
}

#[test]
fn blanks_around_names_and_texts_are_no_part_of_them() {
    let csv = "x, city ,rain\n1, N ,0\n2,\u{a0}E,1\n3,N,1\n";
    let json = "{\"x\": 1, \" city\": \"N\", \"rain\": 0}\n{\"x\": 2, \" city\": \" E\", \"rain\": 1}\n\
                {\"x\": 3, \" city\": \"N \", \"rain\": 1}\n";
    let profile = from_csv(csv.as_bytes(), &options()).unwrap().profile;
    assert_eq!(profile, lines(json, &options()).unwrap().profile);
    assert_eq!(profile.features[1].name, "city");
    assert_eq!(profile.features[1].column.schema.categories.as_deref().unwrap(), ["E", "N"]);
}

#[test]
fn a_header_is_not_made_of_numbers() {
    refuses(
        b"1.5,2,3\n1,2,3\n",
        &options(),
        "the header holds nothing but numbers (1.5, 2, 3); expected the names of the columns",
    );
    let options = Options { target: None, ..options() };
    assert_eq!(features("0,1,2\n7,8,9\n", &options), ["0", "1", "2"]);
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_with_their_row() {
    refuses(
        b"city,rain\nM\xfcnchen,0\nBerlin,1\nK\xf6ln,1\n",
        &options(),
        "row 1 (line 2) holds bytes that are no UTF-8; expected a file in UTF-8; \
         row 3 (line 4) holds bytes that are no UTF-8; expected a file in UTF-8",
    );
    refuses(
        b"gr\xf6\xdfe,rain\n1,0\n",
        &options(),
        "the header holds bytes that are no UTF-8; expected a file in UTF-8",
    );
}

#[test]
fn given_kinds_and_bins_are_those_of_the_columns() {
    let options = Options {
        kinds: vec![("zip".into(), Kind::Category), ("note".into(), Kind::TextLength)],
        value_bins: vec!["wind".into()],
        settings: Settings { categories: 1, ..Settings::of("rain") },
        ..options()
    };
    let csv = "zip,note,wind,rain\n007,abc,0.5,0\n010,,1.5,1\n007,\" a \",0.5,1\n";
    let made = from_csv(csv.as_bytes(), &options).unwrap();
    let bins: Vec<&Bins> =
        made.profile.features.iter().map(|feature| &feature.column.bins).collect();
    assert_eq!(*bins[0], Bins::Categories { names: vec!["007".into()] });
    assert_eq!(*bins[1], Bins::Values { values: vec![3.0] });
    assert_eq!(*bins[2], Bins::Values { values: vec![0.5, 1.5] });
    assert_eq!(made.profile.features[0].column.schema.categories.as_ref().unwrap().len(), 2);
    refuses(
        b"wind,rain\n1,0\n",
        &options,
        "found no column `zip` to give a type, the columns are `wind`, `rain`; \
         found no column `note` to give a type, the columns are `wind`, `rain`",
    );
}

#[track_caller]
fn lines(text: &str, options: &Options) -> Result<Made, String> {
    from_json_lines(text.as_bytes(), options).map_err(|error| {
        let error = error.to_string();
        error.strip_prefix("no profile was made: ").unwrap_or(&error).to_owned()
    })
}

#[test]
fn members_of_objects_are_columns_in_the_order_in_which_they_come() {
    let text = "\u{feff}{\"wind\": 1.5, \"city\": \"N\", \"rain\": 0, \"v\": [3, 4]}\n\n\
                {\"rain\": 1, \"city\": null, \"wind\": 2.5, \"dew\\u0020point\": 7, \"v\": []}\r\n\
                {\"rain\": 1, \"wind\": 3.5, \"v\": null}";
    let profile = lines(text, &options()).unwrap().profile;
    let of = |feature: usize| (&*profile.features[feature].name, &profile.features[feature].column);
    assert_eq!(profile.rows, 3);
    assert_eq!((of(0).0, of(0).1.numbers.as_ref().unwrap().mean), ("wind", 2.5));
    assert_eq!((of(1).0, of(1).1.kind, of(1).1.nulls), ("city", Kind::Category, 2));
    assert_eq!(
        (of(2).0, of(2).1.kind, of(2).1.numbers.as_ref().unwrap().maximum),
        ("v", Kind::VectorNorm, 5.0)
    );
    assert_eq!((of(3).0, of(3).1.nulls), ("dew point", 2));
    assert_eq!(profile.prediction.unwrap().counts, [1, 2, 0]);
    let second = Options { rows: Some(2..=2), exclude: vec!["city".into()], ..options() };
    assert_eq!(lines(text, &second).unwrap().profile.features.len(), 3);
}

#[test]
fn an_object_that_repeats_a_name_is_refused() {
    let text = "{\"wind\": 1, \"id\": 4, \"rain\": 0}\n\n\
                {\"wind\": 1, \"id\": 5, \"w\\u0069nd\": 1, \"id\": 6, \"rain\": 0, \"wind\": 2}\n\
                {\"rain\": 1, \"wind\": 2, \"rain\": 0}\n";
    let expected = "expected each name once; jq --compact-output . FILE keeps the last one of each";
    let without = Options { exclude: vec!["id".into()], ..options() };
    assert_eq!(
        lines(text, &without).unwrap_err(),
        format!(
            "row 2 (line 3) has several members \"wind\"; {expected}; \
             row 3 (line 4) has several members \"rain\"; {expected}"
        )
    );
    // In columns that are left out and rows that are not asked for it does not matter.
    let first = Options { rows: Some(1..=1), ..without };
    assert_eq!(lines(text, &first).unwrap().profile.rows, 1);
}

#[test]
fn the_same_rows_give_the_same_profile_in_csv_and_json_lines() {
    let csv = "x,city,flag,rain\n1.5,N,true,0\n,E,false,1\n-3e2,N,,1\n";
    let json = r#"{"x": 1.5, "city": "N", "flag": true, "rain": 0}
{"city": "E", "flag": false, "rain": 1, "x": null}
{"x": -300, "city": "N", "rain": 1}"#;
    assert_eq!(
        lines(json, &options()).unwrap().profile,
        from_csv(csv.as_bytes(), &options()).unwrap().profile
    );
}

#[test]
fn what_python_writes_for_numbers_that_are_none_is_read() {
    let python = r#"{"x": NaN, "s": "NaN \"NaN", "v": [1, NaN], "rain": 0}
{"x": 1.5, "s": "b", "v": [true, 1], "rain": 1}"#;
    let json = python.replace(": NaN", ": null").replace("1, NaN", "1, null");
    let profile = lines(python, &options()).unwrap().profile;
    assert_eq!(profile, lines(&json, &options()).unwrap().profile);
    let [x, s, v] = &profile.features[..] else { panic!() };
    assert_eq!((x.column.nulls, s.column.nulls, v.column.nulls), (1, 0, 1));
    let infinite = lines("{\"x\": -Infinity, \"rain\": 0}\n{\"x\": 1, \"rain\": 0}\n", &options());
    assert!(infinite.unwrap_err().contains("`x` holds the number -inf at row 1"));
}

#[test]
fn lines_that_are_no_objects_are_listed() {
    assert_eq!(
        lines("{\"rain\": 0}\n7\n{\"rain\": nan}\n\n{\"rain\": 1} x\n{\"rain\": 1e400}\n{\"rain\": 1\n", &options()).unwrap_err(),
        "row 2 (line 2) is no JSON object: invalid type: integer `7`, expected an object at column 1; \
         row 3 (line 3) is no JSON object: expected ident at column 11; \
         a missing value is null, or NaN as Python writes it; \
         row 4 (line 5) is no JSON object: trailing characters at column 13; \
         row 6 (line 7) is no JSON object: EOF while parsing an object at column 10; \
         objects over several lines are turned into such lines by jq --compact-output . FILE"
    );
    let error = lines("[{\"rain\": 0}]", &options()).unwrap_err();
    assert!(error.contains("jq --compact-output '.[]' FILE"), "{error}");
    assert_eq!(
        lines("{\"wind\": 0}\n", &options()).unwrap_err(),
        "found no column `rain` as the target, the columns are `wind`"
    );
    assert_eq!(
        lines("", &Options { target: None, ..options() }).unwrap_err(),
        "found no rows, expected at least one"
    );
    assert!(
        lines("{\"a\": {}, \"rain\": 1}", &options())
            .unwrap_err()
            .starts_with("the column `a` holds an object at row 1 (line 1)")
    );
    assert!(
        lines("{\"a\": \"1\", \"rain\": 1}\n{\"a\": 1, \"rain\": 1}", &options())
            .unwrap_err()
            .starts_with("the column `a` holds \"1\" at row 1 (line 1)")
    );
}

fn parquet(codec: &str) -> path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "tests", "data", "parquet", &format!("{codec}.parquet")]
        .iter()
        .collect()
}

#[track_caller]
fn file(file: &path::Path, format: Format, options: &Options) -> Result<Made, String> {
    from_file(file, format, options, &mut |_| {}).map_err(|error| error.to_string())
}

/// The files hold what tests/data/parquet/make.py says.
#[test]
fn parquet_is_read_in_every_codec() {
    let options = Options { exclude: vec!["when".into()], ..options() };
    let first = file(&parquet("none"), Format::Parquet, &options).unwrap().profile;
    for codec in ["snappy", "gzip", "lz4", "zstd"] {
        assert_eq!(
            file(&parquet(codec), Format::Parquet, &options).unwrap().profile,
            first,
            "{codec}"
        );
    }
    let column =
        |name: &str| &first.features.iter().find(|feature| feature.name == name).unwrap().column;
    let numbers = |name: &str| column(name).numbers.as_ref().unwrap();
    assert_eq!((first.rows, first.features.len()), (200, 10));
    // The sum of n * n / 8 for n under 200.
    assert_eq!(numbers("float").mean, 199.0 * 200.0 * 399.0 / 6.0 / 8.0 / 200.0);
    assert_eq!(numbers("single").maximum, 199.0 / 4.0);
    assert_eq!(column("small").bins, Bins::Values { values: vec![-2.0, -1.0, 0.0, 1.0, 2.0] });
    assert_eq!((column("large").nulls, numbers("large").maximum), (20, 199e12));
    assert_eq!(
        column("unsigned").bins,
        Bins::Values { values: [0, 1, 2].map(|n| 2_147_483_648.0 + f64::from(n)).into() }
    );
    assert_eq!(column("nan").nulls, 50);
    assert_eq!(numbers("decimal").maximum, 0.6);
    assert_eq!(
        (column("flag").kind, &column("flag").counts[..]),
        (Kind::Boolean, &[150, 50, 0][..])
    );
    assert_eq!(column("city").counts, [133, 67, 0]);
    assert_eq!((column("vector").kind, numbers("vector").maximum), (Kind::VectorNorm, 5.0 * 199.0));
    assert_eq!(first.prediction.unwrap().counts, [100, 100, 0]);
}

#[test]
fn a_date_of_parquet_is_as_old_as_the_rows_say() {
    let as_of = Some(AsOf::Moment(1_795_608_000.0));
    let options = Options { as_of, ..options() };
    let profile = file(&parquet("none"), Format::Parquet, &options).unwrap().profile;
    let when = profile.features.iter().find(|feature| feature.name == "when").unwrap();
    // From 2026-01-01 to 2026-11-25T12:00:00Z.
    assert_eq!(when.column.kind, Kind::Timestamp);
    assert_eq!(when.column.numbers.as_ref().unwrap().mean, 328.5 * 86_400.0);
}

#[test]
fn timestamps_count_by_their_age_when_the_row_was_made() {
    let said = Options {
        kinds: vec![("seen".into(), Kind::Timestamp)],
        as_of: Some(AsOf::Column("asked".into())),
        ..Options { target: None, ..options() }
    };
    let csv = "asked,seen,rain\n2026-11-25T12:00:00Z,2026-11-25 11:59:00,1\n1795608000,1795607990000,0\n,,1\n";
    let jsonl = "{\"seen\": \"2026-11-25T11:59:00\", \"asked\": 1795608000}\n\
                 {\"asked\": 1795608000000, \"seen\": 1795607990}\n{\"rain\": 1}\n";
    for (made, format) in [
        (from_csv(csv.as_bytes(), &said), "csv"),
        (from_json_lines(jsonl.as_bytes(), &said), "jsonl"),
    ] {
        let profile = made.unwrap_or_else(|error| panic!("{format}: {error}")).profile;
        let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| **name != "rain").count(), 1, "{names:?}");
        let seen = &profile.features.iter().find(|it| it.name == "seen").unwrap().column;
        assert_eq!((seen.kind, seen.nulls), (Kind::Timestamp, 1), "{format}");
        let numbers = seen.numbers.as_ref().unwrap();
        assert_eq!((numbers.minimum, numbers.maximum), (10.0, 60.0), "{format}");
    }
    let refused =
        |csv: &str, options: &Options| from_csv(csv.as_bytes(), options).unwrap_err().to_string();
    for (csv, options, message) in [
        (
            "asked,seen\n,2026-11-25\n",
            said.clone(),
            "the column `seen` holds a date or time in a row that does not say when it was made at row 1 (line 2)",
        ),
        (
            "asked,seen\n2026-11-25,yesterday\n",
            said.clone(),
            "the column `seen` holds \"yesterday\" at row 1 (line 2); expected moments",
        ),
        (
            "asked,seen\n2026-11-25,2026-11-25\n",
            Options { as_of: None, ..said.clone() },
            "the column `seen` holds a date or time (whose age is unknown without --as-of) at row 1",
        ),
        ("seen\n2026-11-25\n", said.clone(), "found no column `asked` to say when a row was made"),
    ] {
        let found = refused(csv, &options);
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn parquet_that_does_not_fit_is_refused() {
    let snappy = parquet("snappy");
    assert!(
        file(&snappy, Format::Parquet, &options())
            .unwrap_err()
            .contains("the column `when` holds a date or time (whose age is unknown without --as-of) at row 1 and 199 more")
    );
    assert_eq!(
        file(&snappy, Format::Csv, &options()).unwrap_err(),
        "no profile was made: found a Parquet file; add --format parquet"
    );
    let wrong = Options { target: Some("Rain".into()), rows: Some(1..=300), ..options() };
    let error = file(&snappy, Format::Parquet, &wrong).unwrap_err();
    assert!(error.starts_with("no profile was made: found no column `Rain` as the target, the columns are `float`, `single`"), "{error}");
    let beyond = Options { exclude: vec!["when".into()], rows: Some(150..=300), ..options() };
    assert_eq!(
        file(&snappy, Format::Parquet, &beyond).unwrap_err(),
        "no profile was made: found 200 rows, expected rows 150 to 300 to exist"
    );
    let whole = fs::read(&snappy).unwrap();
    let folder = std::env::temp_dir().join(format!("driftline-parquet-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let broken = folder.join("broken.parquet");
    for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 9], b"PAR1"] {
        fs::write(&broken, bytes).unwrap();
        let error = file(&broken, Format::Parquet, &options()).unwrap_err();
        assert!(error.starts_with("no profile was made: not readable as Parquet: "), "{error}");
    }
    for (bytes, expected) in [
        (&b""[..], "found an empty file, expected one in Parquet"),
        (
            b"wind,rain\n1,0\n",
            "found a file that begins with \"wind\", expected \"PAR1\" as in Parquet; \
             add --format csv or --format jsonl if it is in one of these",
        ),
        (b"PARE0000", "found a Parquet file whose footer is encrypted; expected one that is not"),
    ] {
        fs::write(&broken, bytes).unwrap();
        let error = file(&broken, Format::Parquet, &options()).unwrap_err();
        assert_eq!(error, format!("no profile was made: {expected}"));
    }
    fs::write(&broken, [0x1f, 0x8b, 8, 0]).unwrap();
    assert!(file(&broken, Format::Csv, &options()).unwrap_err().contains("a file in gzip"));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_of_more_than_fits_is_read_twice_and_says_so() {
    let folder = std::env::temp_dir().join(format!("driftline-twice-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut csv = String::from("x,few,rain\n");
    let mut json = String::new();
    for n in 0..5_000 {
        let x = f64::from(n * 7919 % 5_000) / 16.0;
        csv += &format!("{x},{},{}\n", n % 3, n % 2);
        json += &format!("{{\"x\": {x}, \"few\": {}, \"rain\": {}}}\n", n % 3, n % 2);
    }
    let small = Options {
        settings: Settings { memory_bytes_max: 8 * 3 * 1_200, ..Settings::of("rain") },
        ..options()
    };
    let mut profiles = Vec::new();
    for (name, text, format) in
        [("a.csv", &csv, Format::Csv), ("a.jsonl", &json, Format::JsonLines)]
    {
        fs::write(folder.join(name), text).unwrap();
        let mut readings = Vec::new();
        let made =
            from_file(&folder.join(name), format, &small, &mut |progress| readings.push(progress))
                .unwrap();
        assert_eq!(made.sampled, Some(1_200), "{name}");
        let last = |reading| readings.iter().rfind(|progress| progress.reading == reading).unwrap();
        for reading in [1, 2] {
            assert_eq!(
                (last(reading).rows, last(reading).bytes),
                (5_000, text.len() as u64),
                "{name}"
            );
        }
        profiles.push(made.profile);
    }
    assert_eq!(profiles[0], profiles[1]);
    let whole = from_csv(csv.as_bytes(), &options()).unwrap().profile;
    let [sampled, exact] = [&profiles[0], &whole].map(|profile| &profile.features[0].column);
    assert_ne!(sampled.bins, exact.bins);
    assert_eq!(sampled.counts.iter().sum::<u64>(), 5_000);
    // Four standard errors of the share in a bin of a twentieth.
    for count in &sampled.counts {
        assert!(
            (*count as f64 / 5_000.0 - 0.05).abs() < 4.0 * (0.05 * 0.95 / 1_200.0_f64).sqrt() * 1.5,
            "{count}"
        );
    }
    assert_eq!(profiles[0].features[1], whole.features[1]);
    let error = from_csv(csv.as_bytes(), &small).unwrap_err().to_string();
    assert!(error.contains("the source cannot be read a second time"), "{error}");
    fs::remove_dir_all(&folder).unwrap();
}
