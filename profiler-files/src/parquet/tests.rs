//! Odd Parquet files: each type of column either gets the right type or a refusal that says what it is.

mod written;

use std::slice;

use driftline_profiler::{AsOf, Options, QualityOptions, Settings};
use driftline_statistics::profile::{Column, Kind, quality::Task};
use parquet::{
    basic::{BrotliLevel, Compression},
    data_type::{
        BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
        FloatType, Int32Type, Int64Type, Int96, Int96Type,
    },
    file::properties::WriterProperties,
};

use self::written::{Writes, Written, leveled, plain, written};
use super::*;
use crate::{Format, from_file};

/// As of 2026-11-25T12:00:00Z.
fn options() -> Options {
    Options {
        settings: Settings::of("odd"),
        as_of: Some(AsOf::Moment(NOON as f64)),
        ..Options::default()
    }
}

const NOON: i64 = 1_795_608_000;

fn profiled(written: &Written, options: &Options) -> Result<Vec<(String, Column)>, String> {
    let made = from_file(&written.0, Format::Parquet, options, &mut |_| {});
    let features = made.map(|made| made.profile.features).map_err(|error| {
        let error = error.to_string();
        error.strip_prefix("no profile was made: ").unwrap_or(&error).to_owned()
    })?;
    Ok(features.into_iter().map(|feature| (feature.name, feature.column)).collect())
}

/// Makes a profile of a file with the one column `x`.
fn of(x: &str, values: Box<dyn Writes>) -> Result<Column, String> {
    // Groups have no semicolon.
    let schema = if x.ends_with('}') { x.to_owned() } else { format!("{x};") };
    let file = written(&schema, slice::from_ref(&values), WriterProperties::default());
    profiled(&file, &options()).map(|mut features| features.remove(0).1)
}

/// The column is of this kind, and its least and largest values are these.
#[track_caller]
fn check(x: &str, values: Box<dyn Writes>, kind: Kind, ends: (f64, f64)) {
    let column = of(x, values).unwrap_or_else(|error| panic!("{x}: {error}"));
    let numbers = column.numbers.unwrap();
    assert_eq!((column.kind, (numbers.minimum, numbers.maximum)), (kind, ends), "{x}");
}

#[track_caller]
fn refuses(x: &str, values: Box<dyn Writes>, problem: &str) {
    assert_eq!(of(x, values).unwrap_err(), problem, "{x}");
}

fn fixed(values: &[&[u8]]) -> Vec<FixedLenByteArray> {
    values.iter().map(|bytes| ByteArray::from(bytes.to_vec()).into()).collect()
}

fn texts(values: &[&str]) -> Vec<ByteArray> {
    values.iter().map(|text| ByteArray::from(*text)).collect()
}

#[test]
fn integers_of_every_width_and_sign_are_read() {
    let small = || plain::<Int32Type>([-1, 7]);
    check("required int32 x", small(), Kind::Integer, (-1.0, 7.0));
    check("required int32 x (INTEGER(8,true))", small(), Kind::Integer, (-1.0, 7.0));
    check("required int32 x (INTEGER(8,false))", small(), Kind::Integer, (7.0, 255.0));
    check("required int32 x (INTEGER(16,false))", small(), Kind::Integer, (7.0, 65_535.0));
    check("required int32 x (INTEGER(32,false))", small(), Kind::Integer, (7.0, 4_294_967_295.0));
    // Beyond 2^53 a double cannot tell whole numbers apart, so they are numbers like any other.
    let large = || plain::<Int64Type>([i64::MIN, -1]);
    check("required int64 x", large(), Kind::Number, (-9_223_372_036_854_775_808.0, -1.0));
    // 2^63 and the nearest double to 2^64 - 1.
    check(
        "required int64 x (INTEGER(64,false))",
        large(),
        Kind::Number,
        (9_223_372_036_854_775_808.0, 18_446_744_073_709_551_616.0),
    );
}

#[test]
fn half_floats_and_decimals_are_the_nearest_doubles() {
    let halves = fixed(&[&[0x66, 0x2e], &[0x00, 0xc0], &[0x01, 0x7e]]);
    let x = "required fixed_len_byte_array(2) x (FLOAT16)";
    check(x, plain::<FixedLenByteArrayType>(halves), Kind::Number, (-2.0, 0.099_975_585_937_5));
    let cents = || plain::<Int32Type>([-1_050, 99]);
    check("required int32 x (DECIMAL(9,2))", cents(), Kind::Number, (-10.5, 0.99));
    check(
        "required int64 x (DECIMAL(18,18))",
        plain::<Int64Type>([1, 10_i64.pow(17)]),
        Kind::Number,
        (1e-18, 0.1),
    );
    check(
        "required fixed_len_byte_array(16) x (DECIMAL(38,0))",
        plain::<FixedLenByteArrayType>(fixed(&[&[0xff; 16], &10_i128.pow(37).to_be_bytes()])),
        Kind::Number,
        (-1.0, 1e37),
    );
    check(
        "required binary x (DECIMAL(5,1))",
        plain::<ByteArrayType>([ByteArray::from(vec![0x01, 0x00]), ByteArray::from(vec![0xf6])]),
        Kind::Number,
        (-1.0, 25.6),
    );
}

#[test]
fn dates_and_timestamps_of_every_unit_count_by_their_age() {
    let ages = |x: &str, values| check(x, values, Kind::Timestamp, (-1.0, 43_200.0));
    let per_second = |per_second: i64| {
        plain::<Int64Type>([(NOON + 1) * per_second, (NOON - 43_200) * per_second])
    };
    for zone in ["true", "false"] {
        for (unit, count) in [("MILLIS", 1_000), ("MICROS", 1_000_000), ("NANOS", 1_000_000_000)] {
            ages(&format!("required int64 x (TIMESTAMP({unit},{zone}))"), per_second(count));
        }
    }
    ages("required int64 x (TIMESTAMP_MILLIS)", per_second(1_000));
    // Julian days from noon on 4713-01-01 BC, of which 1970 began in number 2440588, and nanoseconds of the day.
    let int96 = |seconds: i64| {
        let (day, rest) = (seconds / 86_400, (seconds % 86_400) * 1_000_000_000);
        let mut moment = Int96::new();
        moment.set_data(rest as u32, (rest >> 32) as u32, 2_440_588 + day as u32);
        moment
    };
    ages("required int96 x", plain::<Int96Type>([int96(NOON + 1), int96(NOON - 43_200)]));
    let day = (NOON / 86_400) as i32;
    check(
        "required int32 x (DATE)",
        plain::<Int32Type>([day, -1]),
        Kind::Timestamp,
        (43_200.0, NOON as f64 + 86_400.0),
    );
}

#[test]
fn text_is_read_however_it_is_encoded() {
    let file = |dictionary| {
        let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
        let values = || plain::<ByteArrayType>(texts(&["Omaha", "Bellevue", "Omaha"]));
        let schema =
            "required binary x (STRING); required binary y (ENUM); required binary z (JSON);";
        written(schema, &[values(), values(), values()], properties)
    };
    for dictionary in [false, true] {
        let features = profiled(&file(dictionary), &options()).unwrap();
        for (name, column) in features {
            assert_eq!(
                (column.kind, &column.counts[..]),
                (Kind::Category, &[2, 1, 0][..]),
                "{name}"
            );
        }
    }
}

#[test]
fn lists_of_numbers_count_by_their_norm_in_every_layout() {
    let check = |x: &str, values| check(x, values, Kind::VectorNorm, (0.0, 5.0));
    check(
        "required group x (LIST) { repeated group list { required int32 element; } }",
        leveled::<Int32Type>([3, -4], &[1, 1, 0], Some(&[0, 1, 0])),
    );
    check(
        "required group x (LIST) { repeated double element; }",
        leveled::<DoubleType>([3.0, -4.0], &[1, 1, 0], Some(&[0, 1, 0])),
    );
    check("repeated double x", leveled::<DoubleType>([3.0, -4.0], &[1, 1, 0], Some(&[0, 1, 0])));
}

#[test]
fn what_no_value_can_be_made_of_is_refused_by_its_type() {
    let refuses = |x: &str, values, what: &str| {
        refuses(
            x,
            values,
            &format!(
                "the column `x` holds {what}; expected numbers, true and false, text, dates, timestamps or lists of \
                 numbers; exclude it"
            ),
        );
    };
    refuses("required group x { required int32 a; }", plain::<Int32Type>([1]), "structures");
    refuses(
        "required group x (MAP) { repeated group key_value { required int32 key; } }",
        leveled::<Int32Type>([1], &[1], Some(&[0])),
        "maps",
    );
    let lists = "lists of other things than numbers";
    refuses(
        "required group x (LIST) { repeated group list { required group element { required int32 a; } } }",
        leveled::<Int32Type>([1], &[1], Some(&[0])),
        lists,
    );
    refuses(
        "required group x (LIST) { repeated group a (LIST) { repeated int32 b; } }",
        leveled::<Int32Type>([1], &[2], Some(&[0])),
        lists,
    );
    // The library panics at the next two.
    refuses("required group x (LIST) { required int32 a; }", plain::<Int32Type>([1]), lists);
    refuses(
        "required fixed_len_byte_array(12) x (INTERVAL)",
        plain::<FixedLenByteArrayType>(fixed(&[&[0; 12]])),
        "intervals",
    );
}

#[test]
fn values_of_a_wrong_type_are_refused_with_their_row() {
    let expected = "expected numbers up to 1e100, true and false, or nothing (empty, NA, N/A, NaN, null, or what --null says), \
                    or else text in all rows, or lists of numbers in all rows; repair or exclude it";
    let refuses = |x: &str, values, what: &str| {
        refuses(x, values, &format!("the column `x` holds {what}; {expected}"));
    };
    let time = "a time of day at row 1 and 1 more of the kind";
    let longs = || plain::<Int64Type>([1, 2]);
    refuses("required int64 x (TIME(NANOS,true))", longs(), time);
    refuses("required int64 x (TIME(MICROS,false))", longs(), time);
    refuses("required int32 x (TIME(MILLIS,true))", plain::<Int32Type>([1, 2]), time);
    refuses("required binary x", plain::<ByteArrayType>(texts(&["a"])), "bytes at row 1");
    refuses(
        "required fixed_len_byte_array(16) x (UUID)",
        plain::<FixedLenByteArrayType>(fixed(&[&[7; 16]])),
        "bytes at row 1",
    );
    refuses(
        "required double x",
        plain::<DoubleType>([1.0, f64::INFINITY]),
        "the number inf at row 2",
    );
    refuses(
        "required group x (LIST) { repeated group list { required binary element (STRING); } }",
        leveled::<ByteArrayType>([ByteArray::from("a")], &[1], Some(&[0])),
        "a list of other things than numbers at row 1",
    );
    let error = of(
        "required binary x (STRING)",
        plain::<ByteArrayType>([ByteArray::from("a"), ByteArray::from(vec![0xff; 500])]),
    );
    let error = error.unwrap_err();
    assert!(error.starts_with("row 2 is not readable as Parquet: "), "{error}");
    assert!(error.contains("as String") && error.len() < 300, "{error}");
}

#[test]
fn nulls_all_through_are_said() {
    let nothing = "the column `x` holds no value in any row of the reference; repair or exclude it";
    refuses("optional double x", leveled::<DoubleType>([], &[0, 0], None), nothing);
    refuses("optional binary x (STRING)", leveled::<ByteArrayType>([], &[0, 0], None), nothing);
    refuses("optional boolean x", leveled::<BoolType>([], &[0, 0], None), nothing);
    // Among values they count as nulls.
    let column = of("optional boolean x", leveled::<BoolType>([true], &[0, 1], None)).unwrap();
    assert_eq!((column.kind, column.nulls), (Kind::Boolean, 1));
}

#[test]
fn a_file_without_rows_or_columns_says_which_it_lacks() {
    let empty = || plain::<DoubleType>([]);
    refuses("required double x", empty(), "found no rows, expected at least one");
    let file = written("", &[], WriterProperties::default());
    assert_eq!(profiled(&file, &options()).unwrap_err(), "found no rows, expected at least one");
    let file = written(
        "required double x; required double y;",
        &[plain::<DoubleType>([1.0]), plain::<DoubleType>([2.0])],
        WriterProperties::default(),
    );
    let without = |names: &[&str]| Options {
        exclude: names.iter().map(|name| String::from(*name)).collect(),
        rows: Some(1..=9),
        ..options()
    };
    // The number of rows was not checked.
    assert_eq!(
        profiled(&file, &without(&["x", "y"])).unwrap_err(),
        "found no column to watch among 2, expected at least one"
    );
    assert_eq!(
        profiled(&file, &without(&["z"])).unwrap_err(),
        "found no column `z` to exclude, the columns are `x`, `y`"
    );
    assert_eq!(
        profiled(&file, &without(&["x"])).unwrap_err(),
        "found 1 rows, expected rows 1 to 9 to exist"
    );
}

#[test]
fn a_column_that_is_left_out_may_hold_anything() {
    let file = written(
        "required group a { required int32 b; } required fixed_len_byte_array(12) c (INTERVAL); required double x;",
        &[
            plain::<Int32Type>([1]),
            plain::<FixedLenByteArrayType>(fixed(&[&[0; 12]])),
            plain::<DoubleType>([2.5]),
        ],
        WriterProperties::default(),
    );
    assert_eq!(profiled(&file, &options()).unwrap_err().matches("exclude it").count(), 2);
    let options = Options { exclude: vec!["a".into(), "c".into()], ..options() };
    assert_eq!(profiled(&file, &options).unwrap()[0].0, "x");
}

/// This build cannot write brotli, so the file only says that it is brotli.
#[test]
fn a_codec_that_is_not_built_in_is_named() {
    let file =
        written("required double x;", &[plain::<DoubleType>([1.0])], WriterProperties::default());
    let reader = SerializedFileReader::new(fs::File::open(&file.0).unwrap()).unwrap();
    let metadata = reader.metadata();
    assert_eq!(unknown_codec(metadata, "x"), None);
    let brotli = Compression::BROTLI(BrotliLevel::default());
    let group = metadata.row_group(0).clone();
    let column = group.column(0).clone().into_builder().set_compression(brotli).build().unwrap();
    let group = group.into_builder().set_column_metadata(vec![column]).build().unwrap();
    let metadata = metadata.clone().into_builder().set_row_groups(vec![group]).build();
    assert_eq!(unknown_codec(&metadata, "x"), Some("brotli"));
    assert_eq!(unknown_codec(&metadata, "y"), None);
}

#[test]
fn a_damaged_file_is_read_or_refused_and_never_a_crash() {
    let columns: [Box<dyn Writes>; 3] = [
        plain::<ByteArrayType>(texts(&["Omaha", "Bellevue", "Omaha"].repeat(30))),
        leveled::<DoubleType>((0..60).map(f64::from), &[1, 0, 1].repeat(30), None),
        plain::<Int64Type>(0..90),
    ];
    let schema = "required binary city (STRING); optional double x; required int64 at (TIMESTAMP(NANOS,true));";
    let file = written(schema, &columns, WriterProperties::default());
    assert_eq!(profiled(&file, &options()).unwrap().len(), 3);
    let whole = fs::read(&file.0).unwrap();
    let (mut readable, mut refused) = (0, 0);
    // Every byte but the magic words, with one bit flipped.
    for at in 4..whole.len() - 4 {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&file.0, damaged).unwrap();
        match profiled(&file, &options()) {
            Ok(_) => readable += 1,
            Err(problem) => {
                assert!(!problem.is_empty());
                refused += 1;
            }
        }
    }
    assert!(100 < readable && 100 < refused, "{readable} readable, {refused} refused");
}

/// The same rows in three formats, whose moments are spelled in three ways: each hour has the same rows, in one reading and
/// in two.
#[test]
fn hours_of_the_day_are_the_same_in_every_format() {
    const ROWS: i64 = 4_000;
    let moment = |row: i64| (row % 11 != 0).then_some(NOON + row * 1_700);
    let value = |row: i64| (row % 5 != 2).then_some(((row * 7_919) % ROWS) as f64 / 8.0);
    let spelled = |seconds: i64| {
        let of_day = seconds.rem_euclid(86_400);
        let day = 25 + (seconds - NOON + 43_200).div_euclid(86_400);
        // Days of one month only: the hour is what counts.
        let day = 1 + day % 28;
        format!(
            "2026-11-{day:02}T{:02}:{:02}:{:02}Z",
            of_day / 3_600,
            of_day / 60 % 60,
            of_day % 60
        )
    };
    let (mut csv, mut lines) = (String::from("made at,x\n"), String::new());
    for row in 0..ROWS {
        let x = value(row).map_or(String::new(), |x| x.to_string());
        csv += &format!("{},{x}\n", moment(row).map_or("unknown".into(), spelled));
        let milliseconds = moment(row).map_or("null".into(), |it| format!("{it}000"));
        let x = if x.is_empty() { "null" } else { &x };
        lines += &format!("{{\"x\": {x}, \"made at\": {milliseconds}}}\n");
    }
    let is_there = |is_there: bool| i16::from(is_there);
    let moments = leveled::<Int64Type>(
        (0..ROWS).filter_map(moment).map(|seconds| seconds * 1_000_000),
        &(0..ROWS).map(|row| is_there(moment(row).is_some())).collect::<Vec<_>>(),
        None,
    );
    let values = leveled::<DoubleType>(
        (0..ROWS).filter_map(value),
        &(0..ROWS).map(|row| is_there(value(row).is_some())).collect::<Vec<_>>(),
        None,
    );
    let parquet = written(
        "optional int64 made_at (TIMESTAMP(MICROS,true)); optional double x;",
        &[moments, values],
        WriterProperties::default(),
    );
    let [csv, lines] = [("csv", csv), ("jsonl", lines)].map(|(end, text)| {
        let file = Written(parquet.0.with_extension(end));
        fs::write(&file.0, text).unwrap();
        file
    });
    for memory_bytes_max in [1 << 20, 1] {
        for (file, column, format) in [
            (&csv, "made at", Format::Csv),
            (&lines, "made at", Format::JsonLines),
            (&parquet, "made_at", Format::Parquet),
        ] {
            let options = Options {
                settings: Settings { memory_bytes_max, ..Settings::of("odd") },
                by_hour: Some(column.into()),
                ..Options::default()
            };
            let made = from_file(&file.0, format, &options, &mut |_| {});
            let made = made.unwrap_or_else(|error| panic!("{format:?}: {error}"));
            assert_eq!(made.without_hour, Some(364), "{format:?}");
            assert_eq!(made.sampled.is_some(), memory_bytes_max == 1);
            let [x] = &made.profile.features[..] else { panic!("{:?}", made.profile) };
            let bins = x.column.bins.count();
            let mut expected = vec![vec![0_u32; bins + 1]; 24];
            for row in 0..ROWS {
                if let Some(moment) = moment(row) {
                    let bin = value(row).map_or(bins, |x_of_row| x.column.bins.of(x_of_row));
                    expected[(moment / 3_600 % 24) as usize][bin] += 1;
                }
            }
            let found: Vec<&[u32]> = x.column.by_hour.as_ref().unwrap().hours().collect();
            assert_eq!(found, expected, "{format:?}");
        }
    }
}

/// Labels are truth values or singles here, and scores are singles.
#[test]
fn labels_and_scores_may_be_of_any_type() {
    let schema = "required boolean flag; required float code; required binary name (STRING); optional float score; \
                  required int32 x;";
    let columns = [
        plain::<BoolType>([true, false, true]),
        plain::<FloatType>([1.0, 0.0, 1.0]),
        plain::<ByteArrayType>(texts(&["yes", "no", "yes"])),
        leveled::<FloatType>([0.75, 0.5], &[1, 1, 0], None),
        plain::<Int32Type>([1, 2, 3]),
    ];
    let file = written(schema, &columns, WriterProperties::default());
    for (label, names) in
        [("flag", ["false", "true"]), ("code", ["0", "1"]), ("name", ["no", "yes"])]
    {
        let quality = QualityOptions {
            label: label.into(),
            score: Some("score".into()),
            ..QualityOptions::default()
        };
        let others = ["flag", "code", "name"].into_iter().filter(|name| *name != label);
        let options = Options {
            quality: Some(quality),
            exclude: others.map(String::from).collect(),
            ..options()
        };
        let made = from_file(&file.0, Format::Parquet, &options, &mut |_| {});
        let made = made.unwrap_or_else(|error| panic!("{label}: {error}"));
        let Some(Task::Classes(classes)) = made.profile.quality.map(|it| it.task) else { panic!() };
        assert_eq!(classes.names, names);
        assert_eq!(classes.confusion, [0, 1, 0, 1], "{label}");
        assert_eq!(made.left_out.map(|it| it.without_prediction), Some(1), "{label}");
    }
}
