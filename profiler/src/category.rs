//! Counts the texts of a column and turns the most frequent ones into its categories; it reads no numbers.

use std::collections::HashMap;

use driftline_statistics::{
    bins::{Bins, OTHER},
    document::name_fault,
    profile::{CATEGORIES_MAX, CATEGORY_BYTES_MAX, Column, Kind, Schema},
};

use crate::chi_square::quantiles;

/// A column of more different texts has no categories, and none is kept. Together with [`CATEGORY_BYTES_MAX`] this
/// bounds the memory of a column to some 20 MiB.
const DIFFERENT_MAX: usize = 100_000;

/// The texts of a column so far, each different one once.
#[derive(Debug, Default)]
pub(crate) struct Categories {
    counts: HashMap<String, u64>,
    /// Whether there were too many to keep any.
    too_many: bool,
    /// Whether a text was longer than a schema can list. Such texts count in `rows` alone, among the others.
    any_too_long: bool,
    pub(crate) rows: u64,
}

impl Categories {
    pub(crate) fn add(&mut self, text: &str) {
        self.rows += 1;
        if CATEGORY_BYTES_MAX < text.len() {
            self.any_too_long = true;
        } else if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
        } else if self.counts.len() < DIFFERENT_MAX && !self.too_many {
            self.counts.insert(String::from(text), 1);
        } else {
            self.too_many = true;
            self.counts = HashMap::new();
        }
    }

    /// Each different text and how often it came.
    pub(crate) fn into_counts(self) -> impl Iterator<Item = (String, u64)> {
        self.counts.into_iter()
    }

    /// A column with a bin for each of the `wanted` most frequent texts and one for all others, in a profile of
    /// `columns` columns. Texts that cannot be labels, or that have the name of the last bin, are among the others.
    ///
    /// # Errors
    ///
    /// A sentence that continues "the column ...", if there are too many different texts, or none that can be a label.
    pub(crate) fn column(
        self,
        nulls: u64,
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
        let mut named: Vec<(String, u64)> =
            self.counts.into_iter().filter(|(name, _)| fits(name)).collect();
        if named.is_empty() {
            return Err(String::from("holds no text that could be a label"));
        }
        // Ties go by name: the same data must give the same profile.
        named.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        named.truncate(wanted);
        let mut counts: Vec<u64> = named.iter().map(|(_, count)| *count).collect();
        counts.push(self.rows - counts.iter().sum::<u64>());
        let names = named.into_iter().map(|(name, _)| name).collect();
        Ok(Column {
            kind: Kind::Category,
            schema: Schema { required: nulls == 0, range: None, categories: allowed },
            nulls,
            bins: Bins::Categories { names },
            chi_square: quantiles(counts.len(), columns),
            counts,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], bins: usize, names: &[&str], counts: &[u64]) {
        let mut categories = Categories::default();
        texts.iter().for_each(|text| categories.add(text));
        let column = categories.column(0, bins, 1).unwrap();
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
        categories.add("other");
        assert_eq!(categories.column(0, 20, 1).unwrap_err(), "holds no text that could be a label");
    }

    #[test]
    fn every_category_is_allowed_even_without_a_bin() {
        let mut categories = Categories::default();
        ["b", "a", "other", "b", "x;.;y"].into_iter().for_each(|text| categories.add(text));
        let schema = categories.column(1, 1, 1).unwrap().schema;
        assert!(!schema.required);
        assert_eq!(schema.categories.unwrap(), ["a", "b", "other", "x;.;y"]);
    }

    #[test]
    fn what_a_schema_cannot_list_is_not_restricted() {
        let mut categories = Categories::default();
        (0..=CATEGORIES_MAX).for_each(|name| categories.add(&name.to_string()));
        assert_eq!(categories.column(0, 20, 1).unwrap().schema.categories, None);
        let mut categories = Categories::default();
        categories.add("short");
        categories.add(&"x".repeat(CATEGORY_BYTES_MAX + 1));
        assert_eq!(categories.column(0, 20, 1).unwrap().schema.categories, None);
    }

    #[test]
    fn identifiers_are_no_categories() {
        let mut categories = Categories::default();
        (0..=DIFFERENT_MAX).for_each(|id| categories.add(&id.to_string()));
        assert_eq!(
            categories.column(0, 20, 1).unwrap_err(),
            "holds more than 100000 different texts, which are no categories; give it the type text_length"
        );
    }
}
