//! Counts the texts of a column and turns the most frequent ones into its categories; it reads no numbers.

use std::collections::HashMap;

use driftline_statistics::{
    bins::{Bins, OTHER},
    document::name_fault,
    profile::{ByHour, CATEGORIES_MAX, CATEGORY_BYTES_MAX, Column, Kind, Schema},
    time::hour::HourOfDay,
};

use crate::{chi_square::quantiles, hour_rows::HourRows};

/// A column of more different texts has no categories, and none is kept. Together with [`CATEGORY_BYTES_MAX`] this
/// bounds the memory of a column to some 20 MiB, and to some 30 MiB by hour.
const DIFFERENT_MAX: usize = 100_000;

/// The texts of a column so far, each different one once.
#[derive(Debug, Default)]
pub(crate) struct Categories {
    counts: HashMap<String, Rows>,
    /// Whether there were too many to keep any.
    too_many: bool,
    /// Whether a text was longer than a schema can list. Such texts count in `rows` alone, among the others.
    any_too_long: bool,
    pub(crate) rows: u64,
    /// Those of them that say their hour.
    pub(crate) by_hour: HourRows,
}

/// The rows of one text.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    all: u64,
    /// Those of them that say their hour; `None` if none does.
    by_hour: Option<Box<HourRows>>,
}

impl Rows {
    fn one(hour: Option<HourOfDay>) -> Rows {
        let mut by_hour = HourRows::default();
        by_hour.add(hour, 1);
        Rows { all: 1, by_hour: hour.map(|_| Box::new(by_hour)) }
    }

    fn join(&mut self, other: &Rows) {
        self.all += other.all;
        if let Some(others) = &other.by_hour {
            self.by_hour.get_or_insert_default().join(others);
        }
    }
}

impl Categories {
    pub(crate) fn add(&mut self, text: &str, hour: Option<HourOfDay>) {
        let Some(rows) = self.counts.get_mut(text) else {
            return self.add_rows(text, &Rows::one(hour));
        };
        rows.all += 1;
        if hour.is_some() {
            rows.by_hour.get_or_insert_default().add(hour, 1);
        }
        self.rows += 1;
        self.by_hour.add(hour, 1);
    }

    /// Adds all rows of a text.
    pub(crate) fn add_rows(&mut self, text: &str, rows: &Rows) {
        self.rows += rows.all;
        if let Some(by_hour) = &rows.by_hour {
            self.by_hour.join(by_hour);
        }
        if CATEGORY_BYTES_MAX < text.len() {
            self.any_too_long = true;
        } else if let Some(known) = self.counts.get_mut(text) {
            known.join(rows);
        } else if self.counts.len() < DIFFERENT_MAX && !self.too_many {
            let mut new = Rows::default();
            new.join(rows);
            self.counts.insert(String::from(text), new);
        } else {
            self.too_many = true;
            self.counts = HashMap::new();
        }
    }

    /// Each different text with its rows.
    pub(crate) fn into_counts(self) -> impl Iterator<Item = (String, Rows)> {
        self.counts.into_iter()
    }

    /// A column with a bin for each of the `wanted` most frequent texts and one for all others, in a profile of
    /// `columns` columns; with its rows by hour if the hours of the `nulls` are given. Texts that cannot be labels, or that have the name of the last bin, are among the others.
    ///
    /// # Errors
    ///
    /// A sentence that continues "the column ...", if there are too many different texts, or none that can be a label.
    pub(crate) fn column(
        self,
        nulls: u64,
        nulls_by_hour: Option<&HourRows>,
        wanted: usize,
        columns: usize,
    ) -> Result<Column, String> {
        if self.too_many {
            return Err(format!(
                "holds more than {DIFFERENT_MAX} different texts, which are no categories; \
                 give it the type text_length"
            ));
        }
        let allowed = self.allowed();
        let fits = |name: &str| name_fault(name).is_none() && name != OTHER;
        let mut named: Vec<(String, Rows)> =
            self.counts.into_iter().filter(|(name, _)| fits(name)).collect();
        if named.is_empty() {
            return Err(String::from("holds no text that could be a label"));
        }
        // Ties go by name: the same data must give the same profile.
        named.sort_by(|a, b| b.1.all.cmp(&a.1.all).then_with(|| a.0.cmp(&b.0)));
        named.truncate(wanted);
        let by_hour = nulls_by_hour.map(|nulls| by_hour(&named, &self.by_hour, nulls));
        let mut counts: Vec<u64> = named.iter().map(|(_, rows)| rows.all).collect();
        counts.push(self.rows - counts.iter().sum::<u64>());
        let names = named.into_iter().map(|(name, _)| name).collect();
        Ok(Column {
            kind: Kind::Category,
            schema: Schema { required: nulls == 0, range: None, categories: allowed },
            nulls,
            bins: Bins::Categories { names },
            chi_square: quantiles(counts.len(), columns),
            counts,
            by_hour,
            numbers: None,
            distinct: None,
        })
    }

    /// All texts, sorted: the allowed live values; `None` if a schema cannot list them.
    fn allowed(&self) -> Option<Vec<String>> {
        let is_listable = self.counts.len() <= CATEGORIES_MAX && !self.any_too_long;
        is_listable.then(|| {
            let mut names: Vec<String> = self.counts.keys().cloned().collect();
            names.sort_unstable();
            names
        })
    }
}

/// The rows of these texts, which have a bin each, and of all others, by hour.
fn by_hour(named: &[(String, Rows)], all: &HourRows, nulls: &HourRows) -> ByHour {
    let mut by_hour = ByHour::new(named.len() + 1);
    let mut others = *all;
    for (bin, (_, rows)) in named.iter().enumerate() {
        for (hour, rows) in rows.by_hour.iter().flat_map(|rows| rows.rows()) {
            by_hour.add(hour, Some(bin), rows);
            others.take(hour, rows);
        }
    }
    others.rows().for_each(|(hour, rows)| by_hour.add(hour, Some(named.len()), rows));
    nulls.rows().for_each(|(hour, rows)| by_hour.add(hour, None, rows));
    by_hour
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], bins: usize, names: &[&str], counts: &[u64]) {
        let mut categories = Categories::default();
        texts.iter().for_each(|text| categories.add(text, None));
        let column = categories.column(0, None, bins, 1).unwrap();
        assert_eq!(
            column.bins,
            Bins::Categories { names: names.iter().map(|&name| name.into()).collect() }
        );
        assert_eq!(column.counts, counts);
    }

    #[test]
    fn the_most_frequent_come_first_and_the_rest_is_one_bin() {
        check(&["b", "a", "c", "b", "d", "a", "b"], 2, &["b", "a"], &[3, 2, 2]);
        check(&["b", "a"], 20, &["a", "b"], &[1, 1, 0]);
    }

    #[test]
    fn what_cannot_be_a_label_is_among_the_others() {
        check(&["a", "x;.;y", "other", "a\nb"], 20, &["a"], &[1, 3]);
        let mut categories = Categories::default();
        categories.add("other", None);
        assert_eq!(
            categories.column(0, None, 20, 1).unwrap_err(),
            "holds no text that could be a label"
        );
    }

    #[test]
    fn every_category_is_allowed_even_without_a_bin() {
        let mut categories = Categories::default();
        ["b", "a", "other", "b", "x;.;y"].into_iter().for_each(|text| categories.add(text, None));
        let schema = categories.column(1, None, 1, 1).unwrap().schema;
        assert!(!schema.required);
        assert_eq!(schema.categories.unwrap(), ["a", "b", "other", "x;.;y"]);
    }

    #[test]
    fn what_a_schema_cannot_list_is_not_restricted() {
        let mut categories = Categories::default();
        (0..=CATEGORIES_MAX).for_each(|name| categories.add(&name.to_string(), None));
        assert_eq!(categories.column(0, None, 20, 1).unwrap().schema.categories, None);
        let mut categories = Categories::default();
        categories.add("short", None);
        categories.add(&"x".repeat(CATEGORY_BYTES_MAX + 1), None);
        assert_eq!(categories.column(0, None, 20, 1).unwrap().schema.categories, None);
    }

    #[test]
    fn identifiers_are_no_categories() {
        let mut categories = Categories::default();
        (0..=DIFFERENT_MAX).for_each(|id| categories.add(&id.to_string(), None));
        assert_eq!(
            categories.column(0, None, 20, 1).unwrap_err(),
            "holds more than 100000 different texts, which are no categories; give it the type text_length"
        );
    }

    #[test]
    fn each_text_and_all_others_have_their_hours() {
        let hour = HourOfDay::new;
        let mut categories = Categories::default();
        let long = "x".repeat(CATEGORY_BYTES_MAX + 1);
        for (text, of_row) in [
            ("b", hour(0)),
            ("a", hour(23)),
            ("b", None),
            ("c", hour(23)),
            (&long, hour(5)),
            ("b", hour(0)),
            ("a", hour(23)),
            ("b", hour(23)),
        ] {
            categories.add(text, of_row);
        }
        let mut nulls = HourRows::default();
        nulls.add(hour(5), 3);
        let column = categories.column(4, Some(&nulls), 2, 1).unwrap();
        assert_eq!(column.counts, [4, 2, 2]);
        let by_hour = column.by_hour.unwrap();
        let of = |index: u8| {
            let hour = hour(index).unwrap();
            (by_hour.bins(hour), by_hour.nulls(hour))
        };
        assert_eq!([of(0), of(5), of(23)], [(&[2, 0, 0][..], 0), (&[0, 0, 1], 3), (&[1, 2, 1], 0)]);
        assert_eq!(of(7), (&[0, 0, 0][..], 0));
    }
}
