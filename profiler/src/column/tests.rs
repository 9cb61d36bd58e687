//! The kind that a column is found to have, the bins that it gets, and what is refused in which words.

use driftline_statistics::profile::{Range, TailExcess};

use super::{evidence::EXPECTED, *};

fn build(cells: &[&str], bins: usize) -> Result<Column, String> {
    build_as(ColumnOptions::default(), cells, bins)
}

fn build_as(options: ColumnOptions, cells: &[&str], bins: usize) -> Result<Column, String> {
    let mut builder = ColumnBuilder::new(options, 0);
    for (cell, row) in cells.iter().zip(1..) {
        let place = Place { row, line: Some(row + 1) };
        builder.add(Cell::Untyped(cell), None, place, &NullTexts::NONE);
    }
    let collected = builder.build(Sizes { bins, categories: bins, columns: 1 })?;
    assert!(!matches!(collected, Collected::ReadAgain(_)), "nothing was left out");
    Ok(collected.counted(1))
}

fn edges_of(column: &Column) -> &[f64] {
    match &column.bins {
        Bins::Quantile { edges } => edges,
        other => panic!("{other:?} are no quantile bins"),
    }
}

#[track_caller]
fn refuses(cells: &[&str], message: &str) {
    assert_eq!(
        build(cells, 4).unwrap_err(),
        message.replace("{expected}", &format!("expected {EXPECTED}"))
    );
}

#[track_caller]
fn refuses_as(kind: Kind, cells: &[&str], message: &str) {
    let options = ColumnOptions { kind: Some(kind), bin_by_value: false };
    assert_eq!(build_as(options, cells, 4).unwrap_err(), message);
}

#[test]
fn every_bin_of_numbers_holds_its_share() {
    let cells: Vec<String> = (0..100).map(|n| format!("{}.5", n * n)).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let column = build(&cells, 20).unwrap();
    assert_eq!(column.kind, Kind::Number);
    assert_eq!(column.counts, [5; 20]);
    // Between 4² and 5², and their halves.
    assert_eq!(edges_of(&column)[0], 21.0);
    assert_eq!(column.numbers.as_ref().unwrap().means[0], Some(6.5));
    assert!(column.schema.required);
    assert_eq!(column.schema.range, Some(Range { minimum: 0.5, maximum: 9801.5 }));
}

#[test]
fn counts_are_what_the_bins_say_of_each_value() {
    let cells = ["1.5", "0.5", "0.5", "0.5", "", "9.25", "NA", "-3"];
    let column = build(&cells, 3).unwrap();
    assert_eq!(column.nulls, 2);
    assert!(!column.schema.required);
    // Three of six rows are more than a third.
    assert_eq!(column.bins, Bins::Quantile { edges: vec![-1.25, 1.0] });
    assert_eq!(column.counts, [1, 3, 2]);
    let values: [f64; 6] = [1.5, 0.5, 0.5, 0.5, 9.25, -3.0];
    let mut counted = [0; 3];
    for value in values {
        counted[column.bins.of(value)] += 1;
    }
    assert_eq!(column.counts, counted);
    let numbers = column.numbers.unwrap();
    // numpy: (-1.25 - [-3]).mean() / std, ([1.5, 9.25] - 1).mean() / std.
    assert!((numbers.standard_deviation - 3.726_081_125_734_591).abs() < 1e-12);
    assert!((numbers.tail_excess.low - 0.469_662_345_222_016).abs() < 1e-12);
    assert!((numbers.tail_excess.high - 1.174_155_863_055_041).abs() < 1e-12);
}

/// numpy.std([1.5, .5, .5, .5, 9.25, -3]), at sizes whose squares a double does not have.
#[test]
fn the_deviation_of_small_numbers_is_theirs() {
    for (exponent, digits) in [
        (0, 1e-15),
        (-161, 1e-14),
        (-163, 1e-14),
        (-200, 1e-14),
        (-307, 1e-14),
        (-320, 1e-2),
        (99, 1e-14),
    ] {
        let cells = [1.5, 0.5, 0.5, 0.5, 9.25, -3.0].map(|x| format!("{x}e{exponent}"));
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let numbers = build(&cells, 3).unwrap().numbers.unwrap();
        let expected: f64 = format!("3.726081125734591e{exponent}").parse().unwrap();
        let error = numbers.standard_deviation / expected - 1.0;
        assert!(error.abs() <= digits, "{exponent}: {:e}", numbers.standard_deviation);
        assert!(
            (numbers.tail_excess.high / 1.174_155_863_055_041 - 1.0).abs() <= digits,
            "{exponent}"
        );
    }
}

#[test]
fn integers_of_few_values_are_binned_by_value() {
    let column = build(&["3", "1", "3.0", "-0", "0"], 3).unwrap();
    assert_eq!(column.kind, Kind::Integer);
    assert_eq!(column.bins, Bins::Values { values: vec![0.0, 1.0, 3.0] });
    assert_eq!(column.counts, [2, 1, 2, 0]);
    assert_eq!(column.numbers.as_ref().unwrap().means, [Some(0.0), Some(1.0), Some(3.0), None]);
    assert_eq!(column.numbers.as_ref().unwrap().tail_excess, TailExcess::default());
    let column = build(&["3", "1", "2", "0"], 3).unwrap();
    assert_eq!(column.bins, Bins::Quantile { edges: vec![1.5, 2.5] });
}

#[test]
fn booleans_are_zero_and_one() {
    let column = build(&["true", "False", "TRUE", "null"], 20).unwrap();
    assert_eq!((column.kind, column.nulls), (Kind::Boolean, 1));
    assert_eq!(column.bins, Bins::Values { values: vec![0.0, 1.0] });
    assert_eq!(column.counts, [1, 2, 0]);
}

#[test]
fn a_constant_has_one_bin_and_other() {
    let column = build(&["0.1", "0.1", "0.1"], 20).unwrap();
    assert_eq!(column.bins, Bins::Values { values: vec![0.1] });
    assert_eq!(column.counts, [3, 0]);
    let numbers = column.numbers.unwrap();
    assert_eq!((numbers.mean, numbers.standard_deviation), (0.1, 0.0));
}

#[test]
fn mass_at_the_top_leaves_a_bin_for_what_was_never_seen_above() {
    let column = build(&["0.5", "7.5", "7.5", "7.5"], 4).unwrap();
    // 7.5 is the same in every precision, so the edge above it is close.
    let [first, last] = edges_of(&column) else { panic!("{:?}", column.bins) };
    assert_eq!(*first, 4.0);
    assert!((7.5..7.500_001).contains(last), "{last}");
    assert_eq!(column.counts, [1, 3, 0]);
    assert_eq!(column.numbers.as_ref().unwrap().means, [Some(0.5), Some(7.5), None]);
    assert_eq!(column.numbers.unwrap().tail_excess.high, 0.0);
}

#[test]
fn what_is_no_value_is_shown_with_its_place() {
    refuses(
        &["1", "N/E", "2", "S"],
        "holds \"N/E\" at row 2 (line 3) and 1 more of the kind; {expected}; --type COLUMN=category takes all cells for names, and \
         --null TEXT reads a text as a missing value",
    );
    refuses(&["1", "inf"], "holds the number inf at row 2 (line 3); {expected}");
    refuses(
        &["1", "", "true"],
        "holds true or false at row 3 (line 4), but a number at row 1 (line 2); expected one kind",
    );
    refuses(&["", "NA"], "holds no value in any row of the reference");
}

#[test]
fn a_given_kind_is_the_kind_of_the_column() {
    let of = |kind: Kind, cells: &[&str]| {
        build_as(ColumnOptions { kind: Some(kind), bin_by_value: false }, cells, 4).unwrap()
    };
    let zip = of(Kind::Category, &["02134", "10001", "02134", "NA", ""]);
    assert_eq!(
        zip.bins,
        Bins::Categories { names: vec!["02134".into(), "10001".into(), "NA".into()] }
    );
    assert_eq!((zip.nulls, zip.numbers), (1, None));
    let lengths = of(Kind::TextLength, &["größe", "a b", "", "null"]);
    assert_eq!(lengths.bins, Bins::Values { values: vec![3.0, 4.0, 5.0] });
    assert_eq!((lengths.kind, lengths.nulls), (Kind::TextLength, 1));
    let norms = of(Kind::VectorNorm, &["[3, 4]", "[0]", "[-6,8]", "NA"]);
    assert_eq!(edges_of(&norms)[..2], [2.5, 7.5]);
    let numbers = of(Kind::Number, &["1", "2", "3", "4"]);
    assert_eq!(numbers.kind, Kind::Number);
    assert_eq!(edges_of(&numbers), [1.5, 2.5, 3.5]);
}

#[test]
fn words_for_nothing_are_nothing_among_numbers_and_themselves_among_texts() {
    let numbers = build(&["1.5", "NA", "n/a", "NULL", "nan", "", "2.5"], 4).unwrap();
    assert_eq!((numbers.kind, numbers.nulls), (Kind::Number, 5));
    let texts = build(&["x", "NA", "null", "NA", "nan", "", " x "], 4).unwrap();
    assert_eq!(
        texts.bins,
        Bins::Categories { names: vec!["NA".into(), "x".into(), "null".into()] }
    );
    assert_eq!((texts.kind, texts.nulls, &*texts.counts), (Kind::Category, 2, &[2, 2, 1, 0][..]));
    refuses(&["NA", ""], "holds no value in any row of the reference");
}

#[test]
fn a_number_is_the_category_that_files_write() {
    let options = ColumnOptions { kind: Some(Kind::Category), bin_by_value: false };
    let mut builder = ColumnBuilder::new(options, 0);
    let cells = [Cell::Number(7.0), Cell::Untyped("7"), Cell::Text("7"), Cell::Boolean(true)];
    for (cell, row) in cells.into_iter().zip(1..) {
        builder.add(cell, None, Place { row, line: None }, &NullTexts::NONE);
    }
    let column = builder.build(Sizes { bins: 4, categories: 4, columns: 1 }).unwrap().counted(1);
    assert_eq!(column.bins, Bins::Categories { names: vec!["7".into(), "true".into()] });
    assert_eq!(column.counts, [3, 1, 0]);
}

#[test]
fn numbers_with_a_comma_are_no_categories_by_themselves() {
    let message = "holds \"0,921\" at row 1 (line 2) and no text but numbers with a comma; expected a point \
                   before fractions; --decimal-comma reads 0,5 as 0.5, and --type COLUMN=category takes them for names";
    refuses(&["0,921", "-0,456", ""], message);
    assert_eq!(build(&["0,921", "x"], 4).unwrap().kind, Kind::Category);
    let options = ColumnOptions { kind: Some(Kind::Category), bin_by_value: false };
    assert_eq!(build_as(options, &["0,921", "1,5"], 4).unwrap().counts, [1, 1, 0]);
}

#[test]
fn numbers_get_a_bin_each_if_the_options_say_so() {
    let options = ColumnOptions { kind: None, bin_by_value: true };
    let column = build_as(options, &["0.5", "0.25", "0.5", "7", "8", "9"], 4).unwrap();
    assert_eq!(column.bins, Bins::Values { values: vec![0.25, 0.5, 7.0, 8.0, 9.0] });
    assert_eq!(column.counts, [1, 2, 1, 1, 1, 0]);
    let many: Vec<String> = (0..100).map(|value| value.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        build_as(options, &many, 4).unwrap_err(),
        "holds more than 99 different values, too many for a bin each"
    );
}

#[test]
fn what_does_not_fit_a_given_kind_is_shown_with_its_place() {
    refuses_as(
        Kind::Integer,
        &["1", "1.5", "x"],
        "holds the number 1.5 at row 2 (line 3) and 1 more of the kind; \
         expected whole numbers up to 1e100, or nothing, for the type integer",
    );
    refuses_as(
        Kind::VectorNorm,
        &["[1, 2]", "[1, \"x\"]"],
        "holds \"[1, \"x\"]\" at row 2 (line 3); expected lists of numbers, or nothing, for the type vector_norm",
    );
    refuses_as(
        Kind::Number,
        &["true"],
        "holds true at row 1 (line 2); expected numbers up to 1e100, or nothing, for the type number",
    );
    for kind in Kind::ALL {
        refuses_as(kind, &["", ""], "holds no value in any row of the reference");
    }
}
