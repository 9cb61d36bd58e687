//! What rows become: a profile, a second reading, or all problems at once.

use super::*;
use crate::settings::MEMORY_BYTES_DEFAULT;

fn builder() -> ProfileBuilder {
    ProfileBuilder::new(Settings { model: "rain".into(), ..Settings::default() })
}

fn built(builder: ProfileBuilder) -> Profile {
    match builder.build().unwrap() {
        Built::Profile(profile) => profile,
        Built::ReadAgain(_) => panic!("there was room for everything"),
    }
}

fn at(row: u64) -> Place {
    Place { row, line: Some(row + 1) }
}

#[test]
fn columns_keep_their_order_and_roles() {
    let mut builder = builder();
    builder.column("wind", Role::Feature, ColumnOptions::default());
    builder.column("rain", Role::Prediction, ColumnOptions::default());
    builder.column("dew point", Role::Feature, ColumnOptions::default());
    builder.row([Cell::Number(1.5), Cell::Boolean(true), Cell::Number(2.0)], at(1));
    builder.row([Cell::Null, Cell::Boolean(false)], at(2));
    let profile = built(builder);
    let names: Vec<&str> = profile.features.iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["wind", "dew point"]);
    assert_eq!(profile.features[1].column.nulls, 1);
    assert_eq!(profile.prediction.unwrap().counts, [1, 1, 0]);
    assert_eq!(profile.rows, 2);
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut builder = ProfileBuilder::new(Settings {
        model: "other".into(),
        bins: 1,
        categories: 0,
        ..Settings::default()
    });
    builder.column("a;.;b", Role::Feature, ColumnOptions::default());
    builder.column("wind", Role::Feature, ColumnOptions::default());
    builder.column("wind", Role::Prediction, ColumnOptions::default());
    builder.column("x", Role::Prediction, ColumnOptions::default());
    builder.row([Cell::Number(0.5), Cell::Text("N"), Cell::Null, Cell::Number(1.0)], at(1));
    builder.row([Cell::Number(0.5), Cell::Number(0.5), Cell::Null, Cell::Number(1.0)], at(2));
    let problems = builder.build().unwrap_err();
    assert_eq!(
        problems.kept().collect::<Vec<_>>(),
        [
            "the model cannot be called \"other\": models that are not listed are counted under that name",
            "found 1 bins, expected 2 to 99",
            "found 0 categories, expected 1 to 99",
            "the name of a column must not contain `;.` or `=.=`, which delimit labels in \
             Envoy's stat names: \"a;.;b\"",
            "two columns are called `wind`, expected unique names",
            "`x` is a second prediction, expected one at most",
            "the column `wind` holds \"N\" at row 1 (line 2); expected numbers up to 1e100, \
             true and false, or nothing (empty, NA, N/A, NaN, null, or what --null says), or else text in all rows, or lists of numbers in all rows; --type wind=category takes all cells for names, and \
             --null TEXT reads a text as a missing value; repair or exclude it",
            "the column `wind` holds no value in any row of the reference; repair or exclude it",
        ]
    );
}

#[test]
fn nothing_makes_no_profile() {
    let mut builder = builder();
    builder.column("wind", Role::Feature, ColumnOptions::default());
    assert_eq!(builder.build().unwrap_err().to_string(), "found no rows, expected at least one");
}

/// Numbers, integers, text, nulls and a prediction, of which 1,000 of each column are kept.
fn tell(mut row: impl FnMut(&[Cell<'_>], Place)) {
    for n in 1..=5_000_u32 {
        let x = f64::from(n % 997) * f64::from(n % 991) / 7.0;
        let text = format!("c{}", n % 3);
        let cells = [
            if n % 10 == 0 { Cell::Null } else { Cell::Number(x) },
            Cell::Number(f64::from(n % 4)),
            Cell::Text(&text),
            Cell::Boolean(n % 5 == 0),
        ];
        row(&cells, at(n.into()));
    }
}

fn collected(memory_bytes_max: u64) -> ProfileBuilder {
    let settings = Settings { model: "rain".into(), memory_bytes_max, ..Settings::default() };
    let mut builder = ProfileBuilder::new(settings);
    for name in ["x", "few", "text"] {
        builder.column(name, Role::Feature, ColumnOptions::default());
    }
    builder.column("rain", Role::Prediction, ColumnOptions::default());
    tell(|cells, place| builder.row(cells.iter().copied(), place));
    builder
}

#[test]
fn too_many_numbers_are_counted_in_a_second_reading() {
    let whole = built(collected(MEMORY_BYTES_DEFAULT));
    let builder = collected(100);
    assert_eq!(builder.sampled(), Some(SAMPLE_MIN));
    let Built::ReadAgain(mut recount) = builder.build().unwrap() else {
        panic!("there was no room")
    };
    tell(|cells, place| recount.row(cells.iter().copied(), place));
    let sampled = recount.build().unwrap();

    // Only the edges of quantile bins come from the sample, and they are where they were within its error.
    assert_eq!(sampled.features[1..], whole.features[1..]);
    assert_eq!(sampled.prediction, whole.prediction);
    let [x, exact] = [&sampled, &whole].map(|profile| &profile.features[0].column);
    assert_eq!((x.nulls, &x.schema), (exact.nulls, &exact.schema));
    let [numbers, expected] = [x, exact].map(|column| column.numbers.as_ref().unwrap());
    assert_eq!(numbers.mean, expected.mean);
    let error = numbers.standard_deviation / expected.standard_deviation - 1.0;
    assert!(error.abs() < 1e-12, "{error}");
    assert_eq!(x.counts.iter().sum::<u64>(), 4_500);
    let mut below = 0;
    for (k, count) in x.counts.iter().enumerate() {
        below += count;
        let error = below as f64 / 4_500.0 - (k + 1) as f64 / 20.0;
        // Four standard errors of a share among 1,000 values.
        assert!(error.abs() < 4.0 * 0.5 / 1_000.0_f64.sqrt(), "bin {k}: {error}");
    }
    let mut counted = vec![0; x.bins.count()];
    tell(|cells, _| {
        if let Cell::Number(value) = cells[0] {
            counted[x.bins.of(value)] += 1;
        }
    });
    assert_eq!(x.counts, counted);
}

#[test]
fn rows_that_changed_between_two_readings_make_no_profile() {
    let refused = |change: fn(u64, Cell<'_>) -> Option<Cell<'_>>| {
        let Built::ReadAgain(mut recount) = collected(100).build().unwrap() else {
            panic!("there was no room")
        };
        tell(|cells, place| {
            if let Some(first) = change(place.row, cells[0]) {
                recount.row([first].into_iter().chain(cells[1..].iter().copied()), place);
            }
        });
        recount.build().unwrap_err().to_string()
    };
    let message = "the data changed while it was read: it was not the same in the second reading";
    assert_eq!(refused(|row, cell| (row != 7).then_some(cell)), message);
    assert_eq!(refused(|row, cell| Some(if row == 7 { Cell::Text("x") } else { cell })), message);
    assert_eq!(refused(|row, cell| Some(if row == 7 { Cell::Null } else { cell })), message);
}

#[test]
fn a_column_that_comes_late_was_null_before() {
    let mut builder = builder();
    builder.column("wind", Role::Feature, ColumnOptions::default());
    builder.row([Cell::Number(1.0)], at(1));
    builder.column("dew", Role::Feature, ColumnOptions::default());
    builder.row([Cell::Number(1.0), Cell::Number(2.0)], at(2));
    assert_eq!(built(builder).features[1].column.nulls, 1);
}
