//! Says which columns of a profile will look drifted however healthy the traffic is. It changes and refuses nothing, for
//! each of them may be meant.

use driftline_statistics::{
    bins::Bins,
    profile::{Column, Feature, Kind, Profile},
    time::moment,
};

/// Of fewer rows nothing is said.
const ROWS_MIN: u64 = 100;
/// From this share of values on that are none of the frequent ones, a category tells rows apart and not kinds of rows.
const RARE: f64 = 0.9;
/// How far the deviation of a column may be from that of numbers that count rows, as a share of it.
const COUNTING: f64 = 1e-6;
/// What columns with a model's answer are called.
const ANSWERS: [&str; 10] = [
    "target",
    "label",
    "labels",
    "y",
    "y_true",
    "class",
    "outcome",
    "prediction",
    "predictions",
    "y_pred",
];

/// A sentence for each doubt.
pub(super) fn doubts(profile: &Profile, has_answer: bool) -> Vec<String> {
    let mut doubts = Vec::new();
    for Feature { name, column } in &profile.features {
        let values = profile.rows.saturating_sub(column.nulls);
        let doubt = dates(name, column)
            .or_else(|| numbers(name, column))
            .or_else(|| identifier(name, column, values))
            .or_else(|| counting(name, column, values));
        doubts.extend(doubt);
    }
    if !has_answer {
        doubts.extend(profile.features.iter().find_map(|feature| forgotten(&feature.name)));
    }
    doubts
}

fn dates(name: &str, column: &Column) -> Option<String> {
    let Bins::Categories { names } = &column.bins else { return None };
    if !names.iter().all(|name| is_date(name)) {
        return None;
    }
    let way_out = if names.iter().all(|name| moment::from_text(name.as_bytes()).is_some()) {
        format!(
            "--type {name}=timestamp makes ages of them, and --exclude {name} leaves the column out"
        )
    } else {
        format!("--exclude {name} leaves the column out")
    };
    Some(format!(
        "the categories of `{name}` are dates, such as \"{}\", and each new day is a new category: {way_out}",
        names.first()?
    ))
}

/// Whether it is made of digits in three groups or more, as dates are: 2026-12-01, 1/12/26, 01.12.2026 10:30.
fn is_date(text: &str) -> bool {
    let is_of_date =
        |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | ' ' | 'T' | 'Z' | '+');
    let groups =
        text.split(['-', '/', '.']).filter(|group| group.starts_with(|c: char| c.is_ascii_digit()));
    text.chars().all(is_of_date) && 3 <= groups.count()
}

fn numbers(name: &str, column: &Column) -> Option<String> {
    let Bins::Categories { names } = &column.bins else { return None };
    let is_number = |name: &String| name.parse::<f64>().is_ok_and(f64::is_finite);
    names.iter().all(is_number).then(|| {
        format!(
            "the categories of `{name}` are numbers, and a client that writes 1.0 for 1 sends a new one: --type \
             {name}=integer gives few values a bin each"
        )
    })
}

fn identifier(name: &str, column: &Column, values: u64) -> Option<String> {
    let Bins::Categories { names } = &column.bins else { return None };
    let rare = *column.counts.last()?;
    (ROWS_MIN <= values && RARE * values as f64 <= rare as f64).then(|| {
        format!(
            "{rare} of {values} values of `{name}` are none of its {} most frequent, as with identifiers and free text: \
             live ones are new, too; --exclude {name} leaves the column out, and --type {name}=text_length watches its \
             lengths",
            names.len()
        )
    })
}

/// Numbers that count rows: each whole number from the least to the largest once.
fn counting(name: &str, column: &Column, values: u64) -> Option<String> {
    let numbers =
        column.numbers.as_ref().filter(|_| column.kind == Kind::Integer && ROWS_MIN <= values)?;
    let values = values as f64;
    let deviation = ((values * values - 1.0) / 12.0).sqrt();
    let is_counting = numbers.maximum - numbers.minimum + 1.0 == values
        && (numbers.standard_deviation - deviation).abs() <= COUNTING * deviation;
    is_counting.then(|| {
        format!(
            "`{name}` counts the rows from {} to {}, and live rows go on beyond: --exclude {name} leaves the column out",
            numbers.minimum, numbers.maximum
        )
    })
}

fn forgotten(name: &str) -> Option<String> {
    ANSWERS.iter().any(|answer| name.eq_ignore_ascii_case(answer)).then(|| {
        format!(
            "`{name}` is a feature, which requests must have, though it is called as an answer: --target {name} makes it \
             the reference of predictions"
        )
    })
}
