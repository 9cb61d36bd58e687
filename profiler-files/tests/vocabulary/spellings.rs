//! What several spellings say is one value: codes, truth values and fractions as categories, null texts, names of columns.

use driftline_profiler::{Options, Settings};
use driftline_profiler_files::{from_csv, from_json_lines};
use driftline_statistics::{
    bins::Bins,
    profile::{Kind, Profile},
    value::Precision,
};

use crate::{
    live::{Live, Message, Said, is_the_same},
    table::{Cell, Column, Missing, Random, Table, vector},
    train::{Training, parquet_of},
    wire::WAYS,
};

const COPIES: usize = 100;
const INSTANCES: &str = "/v1/models/m:predict";

fn options(nulls: &[&str]) -> Options {
    let null_texts = nulls.iter().map(|&text| text.into()).collect();
    let settings = Settings { null_texts, ..Settings::of("m") };
    Options { kinds: vec![("k".into(), Kind::Category)], settings, ..Options::default() }
}

/// A file of the cells, each a line, over and over.
fn repeated(cells: &[&str], line: impl Fn(&str) -> String) -> String {
    let once: String = cells.iter().map(|cell| line(cell) + "\n").collect();
    once.repeat(COPIES)
}

fn of_csv(cells: &[&str], options: &Options) -> Profile {
    let text = String::from("k\n") + &repeated(cells, |cell| format!("\"{cell}\""));
    from_csv(text.as_bytes(), options).unwrap().profile
}

fn of_json(cells: &[&str], options: &Options) -> Profile {
    let text = repeated(cells, |cell| format!("{{\"k\": {cell}}}"));
    from_json_lines(text.as_bytes(), options).unwrap().profile
}

fn of_parquet(cells: Vec<Cell>, kind: Kind, has_singles: bool, options: &Options) -> Profile {
    let cells = std::iter::repeat_n(cells, COPIES).flatten().collect();
    let table = Table(vec![Column { name: "k", kind, cells, needs: None }]);
    parquet_of(&table, has_singles, options).unwrap().profile
}

fn numbers(cells: &[f64]) -> Vec<Cell> {
    cells.iter().map(|&x| Cell::Number(x)).collect()
}

fn names(profile: &Profile) -> Vec<String> {
    match &profile.features[0].column.bins {
        Bins::Categories { names } => names.clone(),
        other => panic!("{other:?}"),
    }
}

fn json(cells: &[&str]) -> Message {
    let rows: Vec<String> = cells.iter().map(|cell| format!("[{cell}]")).collect();
    let body = format!("{{\"instances\": [{}]}}", vec![rows.join(","); COPIES].join(","));
    Message::json(INSTANCES, body)
}

fn csv(cells: &[&str]) -> Message {
    let text = String::from("k\n") + &repeated(cells, |cell| format!("\"{cell}\""));
    Message::new("/invocations", "text/csv", text)
}

/// A tensor of this type, whose elements are raw bytes.
fn tensor(datatype: &str, bytes: &[u8], rows: usize) -> Message {
    let bytes = bytes.repeat(COPIES);
    let rows = rows * COPIES;
    let document = format!(
        "{{\"inputs\": [{{\"name\": \"k\", \"shape\": [{rows}], \"datatype\": \"{datatype}\", \
         \"parameters\": {{\"binary_data_size\": {}}}}}]}}",
        bytes.len()
    );
    let length = document.len().to_string();
    let mut message = Message::new("/v2/models/m/infer", "application/octet-stream", document);
    message.body.extend(bytes);
    message.headers.push(("inference-header-content-length", length));
    message
}

fn singles(cells: &[f32]) -> Message {
    let bytes: Vec<u8> = cells.iter().flat_map(|x| x.to_le_bytes()).collect();
    tensor("FP32", &bytes, cells.len())
}

fn seen(profile: &Profile, request: &Message) -> Live {
    let live = Live::new(profile, None);
    live.play(request, &Message::json("", "{}"));
    live.tick();
    live
}

#[track_caller]
fn same(profiles: &[Profile], requests: &[Message]) {
    for (number, profile) in profiles.iter().enumerate() {
        for (other, request) in requests.iter().enumerate() {
            let what = format!("profile {number}, request {other}: {:?}", names(profile));
            let live = seen(profile, request);
            is_the_same(&live, "k", &profile.features[0].column, &what);
            assert_eq!(live.faults(), 0, "{what}");
        }
    }
}

#[test]
fn a_code_is_one_category_in_every_spelling() {
    let none = options(&[]);
    let missing = vec![Cell::Missing(Missing::Null)];
    let profiles = [
        of_csv(&["1.0", "2.0", "", "3.0"], &none),
        of_csv(&["1", "2e0", "", " 3"], &none),
        of_json(&["1", "2.0", "null", "\"3\""], &none),
        of_json(&["\"1\"", "2", "null", "3.0"], &none),
        of_parquet(
            [numbers(&[1.0, 2.0]), missing.clone(), numbers(&[3.0])].concat(),
            Kind::Integer,
            false,
            &none,
        ),
        of_parquet(
            [numbers(&[1.0, 2.0]), missing.clone(), numbers(&[3.0])].concat(),
            Kind::Number,
            false,
            &none,
        ),
        of_parquet(
            [numbers(&[1.0, 2.0]), missing, numbers(&[3.0])].concat(),
            Kind::Number,
            true,
            &none,
        ),
    ];
    for profile in &profiles {
        assert_eq!(names(profile), ["1", "2", "3"]);
    }
    same(
        &profiles,
        &[
            json(&["1", "2.0", "null", "3e0"]),
            json(&["\"1.0\"", "\"2\"", "\"\"", "\" 3\""]),
            csv(&["1", "2", "", "3"]),
            csv(&["1.0", "2.0", "", "3.0"]),
            singles(&[1.0, 2.0, f32::NAN, 3.0]),
        ],
    );
    // A client that loses leading zeros sends another code.
    let codes = of_csv(&["007", "8"], &none);
    assert_eq!(names(&codes), ["007", "8"]);
    let Said { violations, .. } = seen(&codes, &json(&["7", "8.0"])).said("k");
    assert_eq!(violations, [("novel_category".to_owned(), COPIES as u64)]);
}

#[test]
fn numbers_of_every_size_are_one_category_in_every_spelling() {
    let none = options(&[]);
    let profiles = [
        of_csv(&["1e+16", "1e-05", "1e21", "x"], &none),
        of_csv(&["10000000000000000.0", "0.00001", "1E+21", "x"], &none),
    ];
    assert_eq!(names(&profiles[0]), names(&profiles[1]));
    same(
        &profiles,
        &[json(&["1e16", "1e-5", "1e21", "\"x\""]), csv(&["1e16", "0.00001", "1e+21", "x"])],
    );
    // A double does not have all digits of such a whole number.
    let ids = of_csv(&["9007199254740993", "9007199254740992"], &none);
    assert_eq!(names(&ids), ["9007199254740992", "9007199254740993"]);
    same(std::slice::from_ref(&ids), &[csv(&["9007199254740993", "9007199254740992"])]);
    let Said { unbinned, .. } =
        seen(&of_csv(&["1", "9007199254740992"], &none), &json(&["1", "9007199254740992"]))
            .said("k");
    assert_eq!(unbinned, [("wrong_type".to_owned(), COPIES as u64)]);
    let text = "{\"k\": 9007199254740992}\n";
    assert!(from_json_lines(text.as_bytes(), &none).is_err());
}

#[test]
fn a_truth_value_is_one_category_in_every_spelling() {
    let none = options(&[]);
    let flags = vec![Cell::Boolean(true), Cell::Boolean(false)];
    let profiles = [
        of_csv(&["True", "False"], &none),
        of_csv(&["true", "FALSE"], &none),
        of_json(&["true", "false"], &none),
        of_json(&["\"True\"", "false"], &none),
        of_parquet(flags, Kind::Boolean, false, &none),
    ];
    for profile in &profiles {
        assert_eq!(names(profile), ["false", "true"]);
    }
    same(
        &profiles,
        &[
            json(&["true", "false"]),
            json(&["\"True\"", "\"false\""]),
            csv(&["TRUE", "False"]),
            tensor("BOOL", &[1, 0], 2),
        ],
    );
}

#[test]
fn a_fraction_is_the_category_that_it_is_in_single_precision() {
    let none = options(&[]);
    let profiles = [
        of_csv(&["0.1", "0.50"], &none),
        of_json(&["0.1", "0.5"], &none),
        of_json(&["0.10000000149011612", "0.5"], &none),
        of_parquet(numbers(&[0.1, 0.5]), Kind::Number, true, &none),
    ];
    assert_eq!(names(&profiles[3]), ["0.1", "0.5"]);
    same(
        &profiles,
        &[
            json(&["0.1", "0.5"]),
            json(&["0.10000000149011612", "5e-1"]),
            csv(&["0.1", "0.5"]),
            csv(&["0.10000000149011612", "0.5"]),
            singles(&[0.1, 0.5]),
        ],
    );
    // 0.1 and 0.5 in bfloat16.
    same(&profiles, &[tensor("BF16", &[0xcd, 0x3d, 0x00, 0x3f], 2)]);
}

#[test]
fn a_null_text_that_says_a_number_or_a_truth_value_is_null_in_every_spelling() {
    let nulls = options(&["999", "False"]);
    let profiles = [
        of_csv(&["999", "1", "999.0", "False", "x"], &nulls),
        of_json(&["999", "1", "\"999.0\"", "false", "\"x\""], &nulls),
    ];
    same(
        &profiles,
        &[
            json(&["999", "1", "999.0", "false", "\"x\""]),
            json(&["\"999\"", "\"1.0\"", "\"9.99e2\"", "\"FALSE\"", "\"x\""]),
            csv(&["999.0", "1", "999", "false", "x"]),
        ],
    );
    // As it comes over the wire: -999 is -1000 in bfloat16.
    let options = Options { kinds: vec![], ..options(&["-999", "inf"]) };
    let profile = of_csv(&["-999", "1", "2", "inf"], &options);
    let halves = tensor("BF16", &[0x7a, 0xc4, 0x80, 0x3f, 0x00, 0x40, 0x80, 0x7f], 4);
    for request in [
        halves,
        json(&["-999.0", "1", "2", "Infinity"]),
        csv(&["-999.0", "1", "2.0", "-inf"]),
        json(&["-999", "1", "2", "1e400"]),
    ] {
        is_the_same(&seen(&profile, &request), "k", &profile.features[0].column, "bfloat16");
    }
}

#[test]
fn a_signed_nan_is_null_among_categories() {
    let none = options(&[]);
    let profiles =
        [of_csv(&["a", "-nan", "+NaN"], &none), of_json(&["\"a\"", "\"-NAN\"", "NaN"], &none)];
    assert_eq!(profiles[0].features[0].column.nulls, 2 * COPIES as u64);
    same(&profiles, &[json(&["\"a\"", "\"+nan\"", "\"-nan\""]), csv(&["a", "-NaN", "nan"])]);
}

/// A column of embeddings that are not quite of one norm in single precision, with some of other norms.
#[test]
fn unit_vectors_are_the_same_in_every_precision() {
    let mut random = Random(3);
    for others in [0, 20] {
        let cells = (0..400).map(|row| {
            let norm = if row < others { 2.0 + f64::from(row) } else { 1.0 };
            Cell::Vector(vector(&mut random, norm))
        });
        let column =
            Column { name: "v", kind: Kind::VectorNorm, cells: cells.collect(), needs: None };
        let table = Table(vec![column]);
        let rounded = table.rounded(Precision::Single);
        let profiles = Training::ALL.map(|training| training.profile(&table)).into_iter();
        let profiles = profiles
            .chain([Training::JsonLines.profile(&rounded), Training::Csv.profile(&rounded)]);
        for profile in profiles {
            for way in WAYS.iter().filter(|way| way.name != "Seldon's tensor") {
                for table in [&table, &rounded] {
                    let live = Live::new(&profile, way.declared);
                    live.play(&(way.request)(table), &Message::json("", "{}"));
                    live.tick();
                    is_the_same(&live, "v", &profile.features[0].column, way.name);
                }
            }
        }
    }
}

#[test]
fn blanks_before_a_text_do_not_use_up_what_is_kept_of_it() {
    let none = options(&[]);
    for blanks in [255, 256, 257, 400, 900] {
        let far = " ".repeat(blanks) + "x";
        let cells = [far.as_str(), "y", "\u{a0}z"];
        let quoted = cells.map(|cell| format!("\"{cell}\""));
        let quoted = quoted.each_ref().map(String::as_str);
        let bytes: Vec<u8> = cells
            .iter()
            .flat_map(|cell| [&(cell.len() as u32).to_le_bytes()[..], cell.as_bytes()].concat())
            .collect();
        let profiles = [of_csv(&cells, &none), of_json(&quoted, &none)];
        assert_eq!(names(&profiles[0]), ["x", "y", "z"]);
        same(&profiles, &[csv(&cells), tensor("BYTES", &bytes, 3)]);
        // A string of JSON is cut as it comes: to look for blanks in each costs streams a tenth of their instructions.
        if blanks <= 255 {
            same(&profiles, &[json(&quoted)]);
        }
    }
}

#[test]
fn an_index_without_a_name_is_left_out_live_as_well() {
    let rows = |format: fn(usize) -> String| (0..300).map(format).collect::<Vec<_>>();
    let text = ",k\n".to_owned() + &rows(|row| format!("{row},{}\n", row % 3)).concat();
    let options = Options { kinds: vec![], ..options(&[]) };
    let made = from_csv(text.as_bytes(), &options).unwrap();
    assert_eq!((made.nameless, made.profile.features.len()), (vec![1], 1));
    let profile = made.profile;
    for name in ["", " ", "__index_level_0__", "Unnamed: 0"] {
        let csv = text.replacen(",k", &format!("{name},k"), 1);
        let records = (0..300).map(|row| format!("{{\"{name}\": {row}, \"k\": {}}}", row % 3));
        let records = records.collect::<Vec<_>>().join(",");
        let data = rows(|row| format!("[{row}, {}]", row % 3)).join(",");
        let columns = |of: fn(usize) -> usize| {
            (0..300).map(of).map(|x| x.to_string()).collect::<Vec<_>>().join(",")
        };
        let (index, values) = (columns(|row| row), columns(|row| row % 3));
        // A tensor without a name may be that of the features.
        let tensor = if name.is_empty() { "__index_level_1__" } else { name };
        for (declared, request) in [
            (None, Message::new("/invocations", "text/csv", csv.clone())),
            (Some("mlflow"), Message::new("/invocations", "text/csv", csv)),
            (
                Some("mlflow"),
                Message::json("/invocations", format!("{{\"dataframe_records\": [{records}]}}")),
            ),
            (
                Some("mlflow"),
                Message::json(
                    "/invocations",
                    format!(
                        "{{\"dataframe_split\": {{\"columns\": [\"{name}\", \"k\"], \"data\": [{data}]}}}}"
                    ),
                ),
            ),
            (None, Message::json(INSTANCES, format!("{{\"instances\": [{records}]}}"))),
            (
                None,
                Message::json(
                    INSTANCES,
                    format!("{{\"inputs\": {{\"{name}\": [{index}], \"k\": [{values}]}}}}"),
                ),
            ),
            (
                None,
                Message::json(
                    "/v2/models/m/infer",
                    format!(
                        "{{\"inputs\": [{{\"name\": \"{tensor}\", \"shape\": [300], \"datatype\": \"INT64\", \"data\": [{index}]}}, \
                         {{\"name\": \"k\", \"shape\": [300], \"datatype\": \"INT64\", \"data\": [{values}]}}]}}"
                    ),
                ),
            ),
        ] {
            let live = Live::new(&profile, declared);
            live.play(&request, &Message::json("", "{}"));
            live.tick();
            let what = format!("{name:?}, {}", String::from_utf8_lossy(&request.body[..40]));
            is_the_same(&live, "k", &profile.features[0].column, &what);
            assert_eq!(live.faults(), 0, "{what}");
        }
    }
    // Any other name is one column too many.
    let other = Message::new("/invocations", "text/csv", text.replacen(",k", "id,k", 1));
    assert_eq!(seen(&profile, &other).faults(), 300);
}

#[test]
fn an_index_of_a_data_frame_is_left_out_of_every_format_and_said() {
    let options = Options { kinds: vec![], ..options(&[]) };
    let csv = "__index_level_0__,k\n0,1\n1,2\n";
    let lines =
        "{\"__index_level_0__\": 0, \"k\": 1}\n{\"__index_level_0__\": 1, \"\": 3, \"k\": 2}\n";
    for made in [from_csv(csv.as_bytes(), &options), from_json_lines(lines.as_bytes(), &options)] {
        let made = made.unwrap();
        assert_eq!(made.index, ["__index_level_0__"]);
        assert_eq!(made.profile.features.len(), 1);
    }
}

#[test]
fn lists_of_numbers_in_csv_are_vectors() {
    let lists = ["[3, 4]", "[0.6,0.8]", " [true, false]", ""];
    let options = Options { kinds: vec![], ..options(&[]) };
    let profile = of_csv(&lists, &options);
    assert_eq!(profile.features[0].column.kind, Kind::VectorNorm);
    let requests = [csv(&lists), json(&["[3, 4]", "[0.6, 0.8]", "[true, false]", "null"])];
    for request in &requests {
        is_the_same(&seen(&profile, request), "k", &profile.features[0].column, "lists");
    }
    // Lists of other things are texts.
    assert_eq!(names(&of_csv(&["[a]", "[b]"], &options)), ["[a]", "[b]"]);
}

#[test]
fn the_label_of_a_classification_has_no_blanks_and_one_spelling() {
    let none = Options { target: Some("k".into()), ..options(&[]) };
    let text = String::from("x,k\n") + &"1,cat\n2,1.0\n".repeat(COPIES);
    let profile = from_csv(text.as_bytes(), &none).unwrap().profile;
    let rows = "[1],[2],".repeat(COPIES);
    let request =
        Message::json(INSTANCES, format!("{{\"instances\": [{}]}}", rows.trim_end_matches(',')));
    let answers = r#""0.9:0: cat ","0.8:1:1","#.repeat(COPIES);
    let answer = format!("{{\"predictions\": [{}]}}", answers.trim_end_matches(','));
    let live = Live::new(&profile, None);
    live.play(&request, &Message::json("", answer));
    live.tick();
    is_the_same(&live, "prediction", profile.prediction.as_ref().unwrap(), "labels");
}

#[test]
fn infinities_are_the_same_in_every_format() {
    let excluded = Options { exclude: vec!["x".into()], ..options(&[]) };
    let lines = "{\"x\": 1e400, \"k\": \"a-1e5\"}\n{\"x\": [-1e999, 1.5e3], \"k\": \"b\"}\n";
    let made = from_json_lines(lines.as_bytes(), &excluded).unwrap();
    assert_eq!(names(&made.profile), ["a-1e5", "b"]);
    let nulls = Options { kinds: vec![], ..options(&["inf"]) };
    let profiles = [
        of_csv(&["1.5", "inf", "-Infinity", "1e400"], &nulls),
        of_json(&["1.5", "Infinity", "-Infinity", "1e400"], &nulls),
    ];
    for profile in profiles {
        assert_eq!(profile.features[0].column.nulls, 3 * COPIES as u64);
        for request in [
            json(&["1.5", "Infinity", "-Infinity", "1e400"]),
            csv(&["1.5", "inf", "1e400", "-inf"]),
        ] {
            is_the_same(&seen(&profile, &request), "k", &profile.features[0].column, "infinities");
        }
    }
}

#[test]
fn what_is_refused_is_said_with_what_helps() {
    let options = Options { kinds: vec![], ..options(&[]) };
    let csv = |text: &str| from_csv(text.as_bytes(), &options).unwrap_err().to_string();
    let lines = |text: &str| from_json_lines(text.as_bytes(), &options).unwrap_err().to_string();
    let check = |found: String, words: &[&str], not: &str| {
        assert!(words.iter().all(|word| found.contains(word)), "{found}");
        assert!(not.is_empty() || !found.contains(not), "{found}");
    };
    let thousands = ["\"1,000\"", "thousands", "--type k=category"];
    check(csv("k\n\"1,000\"\n5\n"), &thousands, "--decimal-comma");
    check(csv("k\n\"1,000\"\n\"12,345\"\n"), &thousands, "--decimal-comma");
    check(csv("k\n\"0,5\"\n5\n"), &["--decimal-comma"], "thousands");
    check(csv("k\n1\nnone\n"), &["\"none\"", "--type k=category", "--null TEXT"], "");
    check(lines("{\"k\": nan}"), &["null, or NaN"], "");
    check(lines("{\"k\": 1e400}"), &["the number inf", "numbers up to 1e100"], "");
    check(csv("a,b\n1, \"x\"\n"), &["blank before a quote"], "");
    let stamps = Options { kinds: vec![("k".into(), Kind::Timestamp)], ..options.clone() };
    let found = from_csv("k\n2026-11-25\n".as_bytes(), &stamps).unwrap_err().to_string();
    check(found, &["--as-of"], "");
}
