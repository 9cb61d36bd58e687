//! Prints a profile as a table for people; it computes nothing but measures of quality.

mod quality;

pub use self::quality::thousands;

use std::fmt;

use driftline_statistics::{
    bins::Bins,
    profile::{Column, Distinct, Numbers, Profile},
};

/// Prints one line per feature, prediction and KPI, in aligned columns, and one of the quality if there is one.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'p>(pub &'p Profile);

const HEAD: [&str; 8] = ["column", "type", "nulls", "mean", "std", "min", "max", "bins"];
/// The column before the bins, if different values were estimated.
const DISTINCT: &str = "distinct";
/// What the line after the table is about.
const QUALITY: &str = "quality";
/// How wide that word is, with what is between it and the measures.
const QUALITY_WIDTH: usize = 12;
/// Names and types read from the left, numbers from the right.
const LEFT: [&str; 3] = ["column", "type", "bins"];

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = self.0;
        writeln!(f, "profile of `{}` over {} rows", profile.model, profile.rows)?;
        let features = profile.features.iter().map(|it| (it.name.clone(), &it.column));
        let prediction = profile.prediction.iter().map(|it| ("(prediction)".into(), it));
        let score = profile.score().map(|it| (format!("{} (score)", it.name), &it.column));
        let kpis = profile.kpis.iter().map(|it| (format!("{} (KPI)", it.name), &it.column));
        let columns: Vec<(String, &Column)> =
            features.chain(prediction).chain(score).chain(kpis).collect();
        let has_distinct = columns.iter().any(|(_, column)| column.distinct.is_some());
        let with = |line: [String; 8], distinct: String| {
            let [front @ .., bins] = line;
            let distinct = has_distinct.then_some(distinct);
            front.into_iter().chain(distinct).chain([bins]).collect::<Vec<String>>()
        };
        let mut lines = vec![with(HEAD.map(String::from), DISTINCT.into())];
        for (name, column) in columns {
            lines.push(with(line(&name, column), distinct(column)));
        }
        let head = lines[0].clone();
        let mut widths = vec![0; head.len()];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        for line in &lines {
            let mut text = String::new();
            for ((cell, width), head) in line.iter().zip(&widths).zip(&head) {
                let is_left = LEFT.contains(&&**head);
                text += &if is_left {
                    format!("{cell:<width$}  ")
                } else {
                    format!("{cell:>width$}  ")
                };
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        match &profile.quality {
            Some(quality) => writeln!(f, "{QUALITY:<QUALITY_WIDTH$}{}", quality::line(quality)),
            None => Ok(()),
        }
    }
}

/// The estimate with its standard error, unless that is less than half a value.
fn distinct(column: &Column) -> String {
    let Some(Distinct { values, relative_standard_error }) = column.distinct else {
        return "-".into();
    };
    match (values as f64 * relative_standard_error).round() {
        0.0 => values.to_string(),
        error => format!("{values} ±{error}"),
    }
}

fn line(name: &str, column: &Column) -> [String; 8] {
    let bins = match &column.bins {
        Bins::Quantile { edges } => format!("{} quantile bins", edges.len() + 1),
        Bins::Values { values } if values.len() == 1 => String::from("1 value + other"),
        Bins::Values { values } => format!("{} values + other", values.len()),
        Bins::Categories { names } => format!("{} categories + other", names.len()),
    };
    let number =
        |of: fn(&Numbers) -> f64| column.numbers.as_ref().map_or("-".into(), |n| short(of(n)));
    [
        String::from(name),
        String::from(column.kind.word()),
        column.nulls.to_string(),
        number(|numbers| numbers.mean),
        number(|numbers| numbers.standard_deviation),
        number(|numbers| numbers.minimum),
        number(|numbers| numbers.maximum),
        bins,
    ]
}

/// Four digits after the point, or an exponent where four digits would say nothing.
fn short(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        String::from("0")
    } else if (1e-3..1e7).contains(&size) {
        format!("{number:.4}")
    } else {
        format!("{number:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Built, Cell, ColumnOptions, Place, ProfileBuilder, Role, Settings};

    #[test]
    fn a_summary_is_an_aligned_table() {
        let summary = |distinct| {
            summary_of_eight_rows(Settings {
                model: "rain".into(),
                bins: 4,
                distinct,
                ..Settings::default()
            })
        };
        assert_eq!(
            summary(false),
            "\
profile of `rain` over 8 rows
column        type     nulls     mean      std      min      max  bins
wind          number       1  4.714e8  2.373e8  1.000e8  8.000e8  4 quantile bins
cloudy        boolean      0   0.1250   0.3307        0   1.0000  2 values + other
(prediction)  integer      0   7.0000        0   7.0000   7.0000  1 value + other
"
        );
        assert_eq!(
            summary(true),
            "\
profile of `rain` over 8 rows
column        type     nulls     mean      std      min      max  distinct  bins
wind          number       1  4.714e8  2.373e8  1.000e8  8.000e8         7  4 quantile bins
cloudy        boolean      0   0.1250   0.3307        0   1.0000         2  2 values + other
(prediction)  integer      0   7.0000        0   7.0000   7.0000         1  1 value + other
"
        );
    }

    fn summary_of_eight_rows(settings: Settings) -> String {
        let mut builder = ProfileBuilder::new(settings);
        builder.column("wind", Role::Feature, ColumnOptions::default());
        builder.column("cloudy", Role::Feature, ColumnOptions::default());
        builder.column("rain", Role::Prediction, ColumnOptions::default());
        for row in 1..=8_u32 {
            let x = f64::from(row);
            let cells = [
                if row == 3 { Cell::Null } else { Cell::Number(x * 1e8 + 0.5) },
                Cell::Boolean(row == 2),
                Cell::Number(7.0),
            ];
            builder.row(cells, Place { row: row.into(), line: Some(u64::from(row) + 1) });
        }
        let Ok(Built::Profile(profile)) = builder.build() else { panic!() };
        Summary(&profile).to_string()
    }
}
