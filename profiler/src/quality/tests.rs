//! What models predict, which rows say how good they were, and which tables are refused; files have tests of their own.

mod estimates;

use driftline_statistics::{
    bins::Bins,
    document::Problems,
    profile::{
        Kind, Profile,
        quality::{Classes, Quality, Scores, Segment, Task},
    },
    quality::{LossSums, TargetScale},
    value::NullTexts,
};

use super::{
    edges::{bin_of, of_errors, of_scores},
    *,
};
use crate::{
    Cell, Made, Options, Settings, TableRecorder, TableSink,
    cell::Cell::{Boolean, Null, Number, Text, Untyped},
    profile_of,
};

fn options(prediction: Option<&str>, quality: QualityOptions) -> Options {
    Options {
        settings: Settings::of("m"),
        prediction: prediction.map(String::from),
        quality: Some(quality),
        ..Options::default()
    }
}

fn of_label() -> QualityOptions {
    QualityOptions { label: "y".into(), ..QualityOptions::default() }
}

fn of_score() -> QualityOptions {
    QualityOptions { score: Some("s".into()), ..of_label() }
}

/// Rows of these columns, which are read as often as it takes.
fn table<'c>(
    names: &'c [&'c str],
    rows: &'c [Vec<Cell<'c>>],
) -> impl FnMut(&mut TableRecorder<'_>) -> Result<(), Problems> + 'c {
    move |recorder| {
        let names: Vec<String> = names.iter().map(|name| String::from(*name)).collect();
        let chosen = recorder.header(&names);
        if recorder.gives_up() {
            return Ok(());
        }
        for (row, line) in rows.iter().zip(2..) {
            if let Some(place) = recorder.next_row(Some(line), 0) {
                recorder.row(chosen.iter().map(|(column, _)| row[*column]), place);
            }
        }
        Ok(())
    }
}

fn made(options: &Options, names: &[&str], rows: &[Vec<Cell<'_>>]) -> Result<Made, String> {
    let made = profile_of(options, true, &mut |_| {}, table(names, rows));
    made.map_err(|problems| problems.to_string())
}

fn quality(options: &Options, names: &[&str], rows: &[Vec<Cell<'_>>]) -> (Quality, LeftOut) {
    let Made { profile, left_out, .. } =
        made(options, names, rows).unwrap_or_else(|it| panic!("{it}"));
    let text = crate::to_text(&profile);
    assert_eq!(Profile::from_json(text.as_bytes()).as_ref(), Ok(&profile), "{text}");
    (*profile.quality.unwrap(), left_out.unwrap())
}

fn classes(options: &Options, names: &[&str], rows: &[Vec<Cell<'_>>]) -> Classes {
    match quality(options, names, rows).0.task {
        Task::Classes(classes) => classes,
        other => panic!("{other:?}"),
    }
}

/// The table is refused with this sentence, possibly among others.
#[track_caller]
fn refuses(options: &Options, names: &[&str], rows: &[Vec<Cell<'_>>], sentence: &str) {
    let found = made(options, names, rows).unwrap_err();
    assert!(found.split("; ").any(|it| it == sentence) || found == sentence, "{found}");
}

const SCORED: [&str; 3] = ["x", "y", "s"];
const PREDICTED: [&str; 3] = ["x", "y", "p"];

/// Rows of a feature that counts them.
fn rows<'c>(pairs: &[(Cell<'c>, Cell<'c>)]) -> Vec<Vec<Cell<'c>>> {
    pairs.iter().zip(0..).map(|((y, p), x)| vec![Number(f64::from(x)), *y, *p]).collect()
}

/// Four rows: one of each cell of the matrix, with scores on both sides of .5.
fn four<'c>(no: Cell<'c>, yes: Cell<'c>) -> Vec<Vec<Cell<'c>>> {
    rows(&[
        (no, Number(0.1)),
        (no, Number(0.5)),
        (no, Number(0.2)),
        (yes, Number(0.3)),
        (yes, Number(0.9)),
        (yes, Number(0.9)),
        (yes, Number(1.0)),
    ])
}

#[test]
fn a_score_that_is_the_threshold_is_predicted_as_positive() {
    let options = options(None, of_score());
    let found = classes(&options, &SCORED, &four(Number(0.0), Number(1.0)));
    assert_eq!(found.names, ["0", "1"]);
    assert_eq!(found.confusion, [2, 1, 1, 3]);
    let Scores { positive, threshold, edges, positives, negatives, sums, losses } =
        found.scores.unwrap();
    assert_eq!((positive, threshold), (1, 0.5));
    let rows = |bins: &[u64], score: f64| bins[bin_of(score, &edges)];
    assert_eq!([0.1, 0.2, 0.5].map(|score| rows(&negatives, score)), [1, 1, 1]);
    assert_eq!([0.3, 0.9, 1.0].map(|score| rows(&positives, score)), [1, 2, 1]);
    assert_eq!(rows(&sums, 0.9), 1_800_000);
    let each = [
        (0.1, false),
        (0.5, false),
        (0.2, false),
        (0.3, true),
        (0.9, true),
        (0.9, true),
        (1.0, true),
    ];
    let expected = each.into_iter().fold(LossSums::default(), |sum, (score, is_positive)| {
        sum.plus(LossSums::of_row(score, is_positive).unwrap())
    });
    assert_eq!(losses, expected);
}

#[test]
fn the_positive_class_is_obvious_or_said() {
    for (no, yes) in [
        (Number(0.0), Number(1.0)),
        (Untyped("0"), Untyped("1.0")),
        (Boolean(false), Boolean(true)),
        (Untyped("False"), Untyped("TRUE")),
        (Text("no"), Text("yes")),
        (Untyped("No"), Untyped("Yes")),
        (Text("0"), Number(1.0)),
    ] {
        let found = classes(&options(None, of_score()), &SCORED, &four(no, yes));
        assert_eq!(found.scores.unwrap().positive, 1, "{no:?} {yes:?}");
        assert_eq!(found.confusion, [2, 1, 1, 3], "{no:?} {yes:?}");
    }
    let ham = four(Text("spam"), Text("ham"));
    refuses(
        &options(None, of_score()),
        &SCORED,
        &ham,
        "labels are `ham`, `spam`, and which one the scores are the probability of is not obvious; --positive CLASS \
         says it",
    );
    let said = |positive: &str| {
        options(None, QualityOptions { positive: Some(positive.into()), ..of_score() })
    };
    let found = classes(&said(" ham "), &SCORED, &ham);
    assert_eq!(
        (found.names, found.confusion),
        (vec!["ham".into(), "spam".into()], vec![3, 1, 1, 2])
    );
    assert_eq!(found.scores.unwrap().positive, 0);
    let swapped = classes(&said("0.0"), &SCORED, &four(Number(1.0), Number(0.0)));
    assert_eq!(swapped.confusion, [3, 1, 1, 2]);
    refuses(
        &said("Ham"),
        &SCORED,
        &ham,
        "found no class `Ham` to be the positive one, the classes are `ham`, `spam`",
    );
}

#[test]
fn predictions_beside_scores_are_the_classes() {
    let names = ["y", "s", "p", "x"];
    let row = |y, s, p| vec![Number(y), Number(s), p, Number(1.0)];
    let table = [row(0.0, 0.7, Number(0.0)), row(1.0, 0.7, Number(1.0)), row(1.0, 0.1, Null)];
    let options = options(Some("p"), of_score());
    let (found, left_out) = quality(&options, &names, &table);
    let Task::Classes(classes) = found.task else { panic!() };
    assert_eq!(classes.confusion, [1, 0, 0, 1], "whatever the threshold says");
    assert_eq!(classes.scores.unwrap().losses.rows, 2);
    assert_eq!(left_out, LeftOut { without_prediction: 1, ..LeftOut::default() });
    refuses(
        &options,
        &names,
        &[row(0.0, 0.7, Number(0.0)), row(1.0, 0.7, Number(2.0))],
        "the column `p` predicts `2`, but labels are `0`, `1`; expected the same two classes, or no predictions beside \
         the scores",
    );
}

#[test]
fn a_prediction_of_two_classes_is_a_class_or_a_score_by_what_it_holds() {
    let by = |table: &[Vec<Cell<'_>>]| classes(&options(Some("p"), of_label()), &PREDICTED, table);
    let scored = by(&four(Number(0.0), Number(1.0)));
    assert_eq!(scored.confusion, [2, 1, 1, 3]);
    assert!(scored.scores.is_some());
    let (no, yes) = (Number(0.0), Number(1.0));
    let plain = by(&rows(&[(no, no), (no, yes), (yes, yes), (yes, yes)]));
    assert_eq!((plain.confusion, plain.scores), (vec![1, 1, 0, 2], None));
    // The same column twice is the score.
    let both = QualityOptions { score: Some("p".into()), ..of_label() };
    let both = classes(&options(Some("p"), both), &PREDICTED, &rows(&[(no, no), (yes, yes)]));
    assert_eq!(both.scores.unwrap().losses.rows, 2);
    let third = by(&rows(&[(Text("no"), Text("no")), (Text("yes"), Text("maybe"))]));
    assert_eq!((third.names.len(), third.scores), (3, None));
    refuses(
        &options(Some("p"), of_label()),
        &PREDICTED,
        &rows(&[(no, no), (yes, Number(3.5))]),
        "labels are `0`, `1`, but the column `p` predicts 3.5 at row 2 (line 3); expected one of these classes, or the \
         probability of one, from 0 to 1; --regression takes labels and predictions for numbers",
    );
    let regression = QualityOptions { is_regression: true, ..of_label() };
    let (found, _) = quality(
        &options(Some("p"), regression),
        &PREDICTED,
        &rows(&[(no, no), (yes, Number(3.5))]),
    );
    let Task::Regression(found) = found.task else { panic!() };
    assert_eq!((found.mean, found.deviation, found.sums.above), (0.5, 0.5, 5_000));
}

#[test]
fn classes_are_those_of_labels_and_predictions() {
    let table = rows(&[
        (Untyped(" b "), Untyped("b")),
        (Untyped("a"), Untyped("b")),
        (Untyped("b"), Untyped("c")),
        (Untyped(""), Untyped("c")),
        (Untyped("a"), Untyped("nan")),
    ]);
    let (found, left_out) = quality(&options(Some("p"), of_label()), &PREDICTED, &table);
    let Task::Classes(found) = found.task else { panic!() };
    assert_eq!(found.names, ["a", "b", "c"]);
    assert_eq!(found.confusion, [0, 1, 0, 0, 1, 1, 0, 0, 0]);
    assert_eq!(left_out, LeftOut { without_label: 1, without_prediction: 1, ..LeftOut::default() });
    assert_eq!(left_out.to_string(), "1 without a label, 1 without a prediction");
}

/// As in columns of categories, where `NA` is a name among names.
#[test]
fn words_for_a_missing_value_are_classes_among_texts() {
    let texts = rows(&[(Untyped("NA"), Untyped("EU")), (Untyped("EU"), Untyped("NA"))]);
    assert_eq!(classes(&options(Some("p"), of_label()), &PREDICTED, &texts).names, ["EU", "NA"]);
    let numbers = rows(&[
        (Untyped("NA"), Untyped("1.5")),
        (Untyped("1"), Untyped("1.5")),
        (Untyped("2"), Untyped("null")),
        (Untyped("3"), Untyped("3.5")),
    ]);
    let (found, left_out) = quality(&options(Some("p"), of_label()), &PREDICTED, &numbers);
    let Task::Regression(found) = found.task else { panic!() };
    assert_eq!((found.sums.rows, found.mean), (2, 2.0));
    assert_eq!(left_out, LeftOut { without_label: 1, without_prediction: 1, ..LeftOut::default() });
}

#[test]
fn codes_are_classes_if_the_column_is_said_to_be_one_of_categories() {
    let codes: Vec<(Cell<'_>, Cell<'_>)> =
        ["007", "1", "2"].map(|code| (Untyped(code), Untyped(code))).into();
    let kinds = vec![("p".to_owned(), Kind::Category), ("y".to_owned(), Kind::Category)];
    let options = Options { kinds, ..options(Some("p"), of_label()) };
    assert_eq!(classes(&options, &PREDICTED, &rows(&codes)).names, ["007", "1", "2"]);
    let one = Options { kinds: vec![("p".into(), Kind::Category)], ..options };
    let digits: Vec<_> = [1.0, 2.0, 3.0].map(|x| (Number(x), Number(x))).into();
    assert_eq!(classes(&one, &PREDICTED, &rows(&digits)).names, ["1", "2", "3"]);
    let numbers = Options { kinds: Vec::new(), ..one };
    let found = quality(&numbers, &PREDICTED, &rows(&digits)).0.task;
    assert!(matches!(found, Task::Regression(_)), "{found:?}");
}

#[test]
fn tables_that_say_nothing_are_refused_with_what_they_lack() {
    let (no, yes) = (Number(0.0), Number(1.0));
    let pairs = rows(&[(no, no), (yes, yes)]);
    refuses(
        &options(None, of_label()),
        &PREDICTED,
        &pairs,
        "found labels in `y` and nothing to compare with them, expected a column of predictions or of scores: \
         --prediction COLUMN or --score COLUMN",
    );
    refuses(
        &options(Some("y"), of_label()),
        &PREDICTED,
        &pairs,
        "the column `y` has both the labels and the predictions, expected two columns",
    );
    for (quality, sentence) in [
        (
            QualityOptions { threshold: Some(1.5), ..of_score() },
            "found the threshold 1.5, expected a number from 0 to 1",
        ),
        (
            QualityOptions { segments: vec!["x".into(), "x".into()], ..of_score() },
            "found `x` twice among the features to tell errors apart by",
        ),
        (
            QualityOptions { segments: vec!["y".into()], ..of_score() },
            "the column `y` is no feature, so errors cannot be told apart by it",
        ),
        (
            QualityOptions { segments: vec!["z".into()], ..of_score() },
            "found no column `z` to tell errors apart by, the columns are `x`, `y`, `s`",
        ),
        (
            QualityOptions { label: "z".into(), ..of_score() },
            "found no column `z` as the label, the columns are `x`, `y`, `s`",
        ),
        (
            QualityOptions { score: Some("z".into()), ..of_score() },
            "found no column `z` as the score, the columns are `x`, `y`, `s`",
        ),
    ] {
        refuses(&options(None, quality), &SCORED, &pairs, sentence);
    }
    let six = QualityOptions {
        segments: ["a", "b", "c", "d", "e", "x"].map(String::from).into(),
        ..of_score()
    };
    let names = ["a", "b", "c", "d", "e", "x", "y", "s"];
    let row = |y| vec![Number(1.0), no, no, no, no, no, y, no];
    refuses(
        &options(None, six),
        &names,
        &[row(no), row(yes)],
        "found 6 features to tell errors apart by, expected 5 at most",
    );
}

#[test]
fn labels_and_scores_that_do_not_fit_are_refused_with_what_was_found() {
    let number = Number;
    let scored = options(None, of_score());
    refuses(
        &scored,
        &SCORED,
        &rows(&[(Null, number(0.5)), (Null, number(0.5))]),
        "the column `y` has no label in any of 2 rows",
    );
    refuses(
        &scored,
        &SCORED,
        &rows(&[(Text("a"), number(0.5)), (Text("b"), number(0.5)), (Text("c"), number(0.5))]),
        "the column `y` has 3 different labels, `a`, `b`, `c`; expected two, as there is a score of one of them",
    );
    refuses(
        &scored,
        &SCORED,
        &rows(&[(number(0.0), number(0.5)), (number(1.0), number(1.5))]),
        "the column `s` holds 1.5 at row 2 (line 3); expected scores, which are probabilities from 0 to 1",
    );
    refuses(
        &scored,
        &SCORED,
        &rows(&[(number(0.0), Text("x")), (number(1.0), Null)]),
        "found no row with both a label and a prediction among 2: 1 without a prediction, 1 with an unusable prediction",
    );
    let names: Vec<String> = (0..40).map(|class| format!("class {class:02}")).collect();
    let many: Vec<_> = names.iter().map(|name| (Text(name), Text(name))).collect();
    refuses(
        &options(Some("p"), of_label()),
        &PREDICTED,
        &rows(&many),
        "labels and predictions are of 40 classes, `class 00`, `class 01`, `class 02`, `class 03`, `class 04`, \
         `class 05`, ...; expected 2 to 32",
    );
    let names: Vec<String> = (0..2_000).map(|class| format!("class {class}")).collect();
    let many: Vec<_> = names.iter().map(|name| (Text(name), Text(name))).collect();
    refuses(
        &options(Some("p"), of_label()),
        &PREDICTED,
        &rows(&many),
        "the column `y` has more than 1000 different labels; expected 2 to 32 classes",
    );
    refuses(
        &options(Some("p"), of_label()),
        &PREDICTED,
        &rows(&[(Text("a."), Text("b")), (Text("b"), Text("b"))]),
        "the class \"a.\" cannot be a label: it must not end in a dot, which Envoy would drop",
    );
    refuses(
        &options(Some("p"), of_label()),
        &PREDICTED,
        &rows(&[(number(5.0), number(1.0)), (number(5.0), number(2.0))]),
        "the columns `y` and `p` have no two rows of numbers with different labels; expected a number of each in a \
         row, or classes",
    );
    let threshold = QualityOptions { threshold: Some(0.5), ..of_label() };
    refuses(
        &options(Some("p"), threshold.clone()),
        &PREDICTED,
        &rows(&[(number(0.0), number(0.0)), (number(1.0), number(1.0))]),
        "found a threshold and no scores; expected --score COLUMN, as `p` holds classes",
    );
    refuses(
        &options(Some("p"), threshold),
        &PREDICTED,
        &rows(&[
            (number(5.0), number(1.0)),
            (number(6.0), number(2.0)),
            (number(7.0), number(2.0)),
        ]),
        "found --threshold, which is for classes, and numbers to predict in `y`",
    );
}

#[test]
fn what_is_unusable_is_left_out_and_counted() {
    let list = || Cell::list([Cell::NO_ELEMENT, Cell::NO_ELEMENT]);
    let table = rows(&[
        (Number(1.0), Number(1.5)),
        (Number(2.0), Number(2.5)),
        (Number(4.0), Text("4")),
        (Text("x"), Number(3.5)),
        (Number(f64::INFINITY), Number(3.5)),
        (Number(f64::NAN), Number(3.5)),
        (list(), Number(3.5)),
        (Number(4.0), Null),
    ]);
    let regression = QualityOptions { is_regression: true, ..of_label() };
    let mut options = options(Some("p"), regression);
    // A column of the profile may not mix them, but another one does.
    options.prediction = Some("p".into());
    let error = made(&options, &PREDICTED, &table).unwrap_err();
    assert!(error.starts_with("the column `p` holds"), "{error}");
    let table: Vec<_> = table.into_iter().filter(|row| !matches!(row[2], Text(_))).collect();
    let (found, left_out) = quality(&options, &PREDICTED, &table);
    let Task::Regression(found) = found.task else { panic!() };
    assert_eq!((found.sums.rows, found.mean, found.deviation), (2, 1.5, 0.5));
    let expected = LeftOut {
        without_label: 1,
        unusable_label: 3,
        without_prediction: 1,
        unusable_prediction: 0,
    };
    assert_eq!((left_out, left_out.rows()), (expected, 5));
}

#[test]
fn lists_of_one_and_null_texts_are_what_they_are_elsewhere() {
    let one = |x| Cell::list([driftline_statistics::value::Cell::Number(x)]);
    let table = rows(&[
        (one(0.0), one(0.25)),
        (one(1.0), one(0.75)),
        (Number(-1.0), Number(0.5)),
        (Number(1.0), Number(-1.0)),
    ]);
    let mut options = options(None, of_score());
    options.settings.null_texts = vec!["-1".into()];
    let (found, left_out) = quality(&options, &SCORED, &table);
    let Task::Classes(found) = found.task else { panic!() };
    assert_eq!((found.names, found.confusion), (vec!["0".into(), "1".into()], vec![1, 0, 0, 1]));
    assert_eq!(left_out, LeftOut { without_label: 1, without_prediction: 1, ..LeftOut::default() });
}

/// Features of each kind, one of which is a timestamp with an age, beside columns that are no part of the profile.
#[test]
fn segments_place_rows_as_live_values_are() {
    let names = ["asked", "y", "few", "city", "note", "vector", "seen", "x", "s"];
    let three = [3.0, 4.0].map(driftline_statistics::value::Cell::Number);
    let row = |n: u32| {
        let yes = f64::from(n % 2);
        vec![
            Number(1_795_608_000.0 + f64::from(n)),
            Number(yes),
            if n % 7 == 3 { Null } else { Number(f64::from(n % 4)) },
            if n.is_multiple_of(5) {
                Untyped("")
            } else {
                Untyped(["N", "E", "NA"][n as usize % 3])
            },
            Text(["", "a", "long"][n as usize % 3]),
            if n.is_multiple_of(4) { Null } else { Cell::list(three) },
            Number(1_795_600_000.0),
            Number(f64::from(n)),
            Number(if n.is_multiple_of(10) { 0.9 } else { yes / 2.0 + 0.1 }),
        ]
    };
    let table: Vec<_> = (0..200).map(row).collect();
    let mut found = Vec::new();
    for segments in
        [["few", "city", "note", "vector", "seen"], ["x", "seen", "city", "few", "note"]]
    {
        let options = Options {
            as_of: Some(crate::AsOf::Column("asked".into())),
            kinds: vec![("seen".into(), Kind::Timestamp), ("note".into(), Kind::TextLength)],
            settings: Settings { categories: 2, ..Settings::of("m") },
            ..options(
                None,
                QualityOptions { segments: segments.map(String::from).into(), ..of_score() },
            )
        };
        let Made { profile, .. } =
            made(&options, &names, &table).unwrap_or_else(|it| panic!("{it}"));
        let names: Vec<&str> = profile.features.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["few", "city", "note", "vector", "seen", "x"]);
        let segments = profile.quality.unwrap().segments;
        assert_eq!(segments.len(), 5);
        for Segment { feature, rows, errors } in segments {
            let column = &profile.features.iter().find(|it| it.name == feature).unwrap().column;
            // Each row is where the column has it, and the rows without a value are in the last cell.
            let bins = column.bins.count();
            assert_eq!(rows[..bins], column.counts, "{feature}");
            assert!(rows[bins..rows.len() - 1].iter().all(|rows| *rows == 0), "{feature}");
            assert_eq!(*rows.last().unwrap(), column.nulls, "{feature}");
            // Each tenth row of an even number is wrong.
            assert_eq!(errors.iter().sum::<u64>(), 20_000, "{feature}");
            found.push((feature, errors));
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 6, "the order of the options changes nothing");
}

/// A table of many rows: the second reading counts what the first one could not keep.
#[test]
fn a_table_of_more_than_fits_is_read_twice_and_counted_the_same() {
    let names = ["x", "city", "y", "s", "p"];
    let mut random = crate::sample::SplitMix64(7);
    let mut uniform = || random.below(1 << 20) as f64 / f64::from(1 << 20);
    let table: Vec<Vec<Cell<'_>>> = (0..6_000)
        .map(|n| {
            let (x, score) = (uniform(), uniform());
            let label = if uniform() < score { 1.0 } else { 0.0 };
            let city = ["N", "E", "S"][(x * 3.0) as usize];
            let label = if n % 11 == 0 { Null } else { Number(label) };
            vec![Number(x), Text(city), label, Number(score), Number(x * 8.0 + score)]
        })
        .collect();
    let segments = vec!["x".into(), "city".into()];
    let binary = QualityOptions { segments: segments.clone(), ..of_score() };
    let regression =
        QualityOptions { label: "x".into(), segments: vec!["city".into()], ..of_label() };
    for (prediction, quality_options) in [(None, binary), (Some("p"), regression)] {
        let large = options(prediction, quality_options);
        let small = Options {
            settings: Settings { memory_bytes_max: 1, ..large.settings.clone() },
            ..large.clone()
        };
        let [whole, counted] =
            [&large, &small].map(|it| made(it, &names, &table).unwrap_or_else(|it| panic!("{it}")));
        assert!(whole.sampled.is_none() && counted.sampled.is_some());
        assert_eq!(whole.left_out, counted.left_out);
        match [whole, counted].map(|made| made.profile.quality.unwrap().task) {
            [Task::Classes(whole), Task::Classes(counted)] => {
                assert_eq!(whole.confusion, counted.confusion);
                let [whole, counted] = [whole, counted].map(|it| it.scores.unwrap());
                assert_eq!(whole.losses, counted.losses);
                let sums = [&whole, &counted].map(|it| {
                    [&it.positives, &it.negatives, &it.sums].map(|list| list.iter().sum::<u64>())
                });
                assert_eq!(sums[0], sums[1]);
                assert_ne!(whole.edges, counted.edges, "they come from a sample");
            }
            [Task::Regression(whole), Task::Regression(counted)] => {
                assert_eq!((whole.mean, whole.deviation), (counted.mean, counted.deviation));
                assert_eq!(whole.sums, counted.sums);
                let rows = [&whole, &counted].map(|it| it.error_counts.iter().sum::<u64>());
                assert_eq!(rows, [6_000; 2]);
            }
            other => panic!("{other:?}"),
        }
        let once = profile_of(&small, false, &mut |_| {}, self::table(&names, &table));
        let error = once.unwrap_err().to_string();
        assert!(error.contains("the source cannot be read a second time"), "{error}");
    }
}

#[test]
fn rows_that_changed_between_two_readings_make_no_profile() {
    let names = ["city", "y", "s"];
    let rows: Vec<Vec<Cell<'_>>> = (0..5_000)
        .map(|n| vec![Text("N"), Number(f64::from(n % 2)), Number(f64::from(n) / 5_000.0)])
        .collect();
    let mut options = options(None, of_score());
    options.settings.memory_bytes_max = 1;
    let mut reading = 0;
    let made = profile_of(&options, true, &mut |_| {}, |recorder: &mut TableRecorder<'_>| {
        reading += 1;
        let count = if reading == 1 { rows.len() } else { rows.len() - 1 };
        table(&names, &rows[..count])(recorder)
    });
    assert_eq!(reading, 2, "no number of the profile needs it, but the scores do");
    assert_eq!(
        made.unwrap_err().to_string(),
        "the data changed while it was read: it was not the same in the second reading"
    );
}

#[test]
fn edges_of_scores_rise_and_have_the_threshold() {
    let scores: Vec<f64> = (0..1_000).map(|n| (f64::from(n) / 1_000.0).powi(3)).collect();
    for threshold in [0.0, 0.05, 0.3, 0.5, 0.123_456, 0.1 + 0.2, 0.95 + 1e-12, 1.0] {
        let edges = of_scores(scores.clone(), threshold);
        assert!(edges.contains(&threshold), "{threshold}");
        assert!(edges.windows(2).all(|pair| 1e-9 <= pair[1] - pair[0]), "{edges:?}");
        assert!((37..=39).contains(&edges.len()), "{threshold}: {}", edges.len());
        let outer = edges.iter().filter(|edge| **edge <= 0.0).count();
        assert_eq!(outer, usize::from(threshold == 0.0));
    }
    // Of ties and of nothing the edges of equal width are left, and those beside the ties.
    assert_eq!(of_scores(Vec::new(), 0.5).len(), 19);
    let tied = of_scores(vec![0.0; 50], 0.5);
    assert!(tied.len() <= 20, "{tied:?}");
    let few = of_scores([vec![0.12; 30], vec![0.88; 70]].concat(), 0.5);
    assert_ne!(bin_of(0.12, &few), bin_of(0.88, &few));
}

#[test]
fn a_value_that_is_an_edge_is_in_the_bin_above() {
    assert_eq!([0.1, 0.2, 0.3, 0.5, 0.6].map(|x| bin_of(x, &[0.2, 0.5])), [0, 1, 1, 2, 2]);
}

#[test]
fn edges_of_errors_are_above_zero_and_at_least_one() {
    let errors: Vec<f64> = (0..100).map(f64::from).collect();
    let edges = of_errors(errors, 2.0);
    assert_eq!(edges.len(), 9);
    assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(of_errors(vec![0.0; 100], 2.0), [0.002]);
    assert_eq!(of_errors(Vec::new(), 2.0), [0.002]);
    let zeros = [vec![0.0; 95], vec![3.0; 5]].concat();
    let edges = of_errors(zeros, 2.0);
    assert_eq!([0.0, 3.0].map(|error| bin_of(error, &edges)), [0, edges.len()]);
}

#[test]
fn a_regression_is_counted_in_the_unit_of_its_scale() {
    let pairs: Vec<_> = [(10.0, 11.0), (20.0, 19.0), (30.0, 30.5), (40.0, 40.0)]
        .map(|(y, p)| (Number(y), Number(p)))
        .into();
    let segments = vec!["x".into()];
    let options = options(Some("p"), QualityOptions { segments, ..of_label() });
    let (found, _) = quality(&options, &PREDICTED, &rows(&pairs));
    let Quality { task: Task::Regression(found), segments } = found else { panic!() };
    let scale = TargetScale::new(found.mean, found.deviation).unwrap();
    assert_eq!((found.mean, found.sums.rows), (25.0, 4));
    assert!((found.sums.mean_absolute_error(&scale).unwrap() - 0.625).abs() < 0.01);
    assert_eq!(segments[0].errors.iter().sum::<u64>(), found.sums.above + found.sums.below);
    assert_eq!(found.error_counts.iter().sum::<u64>(), 4);
}

#[test]
fn labels_are_no_features_unless_an_option_says_what_else_they_are() {
    let names = ["x", "y", "s"];
    let table = four(Number(0.0), Number(1.0));
    let features = |options: &Options| {
        let profile = made(options, &names, &table).unwrap().profile;
        let names: Vec<String> = profile.features.into_iter().map(|it| it.name).collect();
        (names, profile.prediction.map(|it| it.bins))
    };
    let plain = options(None, of_score());
    assert_eq!(features(&plain), (vec!["x".into()], None));
    let target = Options { target: Some("y".into()), ..plain.clone() };
    let labels = Bins::Values { values: vec![0.0, 1.0] };
    assert_eq!(features(&target), (vec!["x".into()], Some(labels)));
    let prediction = Options { prediction: Some("s".into()), ..plain.clone() };
    assert!(matches!(features(&prediction).1, Some(Bins::Quantile { .. })));
    let without = Options { quality: None, ..plain };
    assert_eq!(features(&without).0, ["x", "y", "s"]);
    assert_eq!(made(&without, &names, &table).unwrap().left_out, None);
}

/// Columns of JSON lines come as they are found, and earlier rows lack them.
#[test]
fn columns_may_come_late() {
    let read = |recorder: &mut TableRecorder<'_>| {
        recorder.column_at("y", 0);
        for n in 0..40_u32 {
            if n == 10 {
                recorder.column_at("x", 1);
                recorder.column_at("s", 2);
            }
            let place = recorder.next_row(None, 0).unwrap();
            let late = [Number(f64::from(n % 3)), Number(f64::from(n % 4) / 4.0)];
            let late = late.into_iter().filter(|_| 10 <= n);
            recorder.row([Number(f64::from(n % 2))].into_iter().chain(late), place);
        }
        Ok::<(), Problems>(())
    };
    let options = options(None, QualityOptions { segments: vec!["x".into()], ..of_score() });
    let made = profile_of(&options, false, &mut |_| {}, read).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(made.left_out, Some(LeftOut { without_prediction: 10, ..LeftOut::default() }));
    let segments = made.profile.quality.unwrap().segments;
    assert_eq!(segments[0].rows, [10, 10, 10, 0, 0, 0, 0]);
}

/// What the reader of categories spells, classes spell too.
#[test]
fn classes_are_spelled_as_categories_are() {
    for (cell, spelled) in [
        (Number(1.0), "1"),
        (Untyped("1.0"), "1"),
        (Text(" 1e0 "), "1"),
        (Cell::Single(2.0), "2"),
        (Boolean(true), "true"),
        (Untyped("True"), "true"),
        (Text(" x "), "x"),
    ] {
        let table = rows(&[(cell, Text("a")), (Text("a"), Text("a"))]);
        let found = classes(&options(Some("p"), of_label()), &PREDICTED, &table);
        assert!(found.names.contains(&spelled.to_owned()), "{cell:?}: {:?}", found.names);
        let single = cell.single().unwrap();
        assert_eq!(single.spelled(&NullTexts::NONE).unwrap(), spelled);
    }
}
