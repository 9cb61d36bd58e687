//! Columns of tables, and the transformations that make them of the answers to several questions. It knows no metric.

use serde_json::{Map, Value, json};

use crate::dashboards::words::{self, Word};

/// The columns of a table, from left to right.
#[derive(Default)]
pub(super) struct Columns {
    /// Labels, and the titles of their columns.
    pub(super) labels: Vec<(&'static str, &'static str)>,
    /// One for each question.
    pub(super) values: Vec<Column>,
    /// By which title rows are sorted, and whether the largest value comes first.
    pub(super) sort: Option<(&'static str, bool)>,
}

/// A column of values.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) words: &'static [Word],
    pub(super) is_whole: bool,
}

impl Columns {
    pub(super) fn first_label(&self) -> Option<&str> {
        self.labels.first().map(|(label, _)| *label)
    }

    pub(super) fn sorting(&self) -> Value {
        match self.sort {
            Some((title, is_descending)) => json!([{"displayName": title, "desc": is_descending}]),
            None => json!([]),
        }
    }

    /// Units and words of each column.
    pub(super) fn overrides(&self) -> Vec<Value> {
        let column = |Column { title, unit, words, is_whole }: &Column| {
            let mut properties = vec![json!({"id": "unit", "value": unit})];
            if *is_whole {
                properties.push(json!({"id": "decimals", "value": 0}));
            }
            if !words.is_empty() {
                properties.push(json!({"id": "mappings", "value": words::mappings(words)}));
                properties.push(json!({
                    "id": "custom.cellOptions", "value": {"type": "color-text"},
                }));
            }
            let matcher = json!({"id": "byName", "options": title});
            json!({"matcher": matcher, "properties": properties})
        };
        self.values.iter().map(column).collect()
    }

    /// Rows with the same labels become one, and columns get their titles.
    pub(super) fn transformations(&self, questions: usize) -> Vec<Value> {
        let titles: Vec<&str> = self.values.iter().map(|column| column.title).collect();
        vec![json!({"id": "merge", "options": {}}), self.organised(questions, &titles)]
    }

    /// The same with titles of values that are given, in the order of the one label.
    pub(super) fn as_groups(&self, titles: &[&str]) -> Vec<Value> {
        let mut all = vec![json!({"id": "merge", "options": {}})];
        if let Some(label) = self.first_label() {
            all.push(json!({"id": "sortBy", "options": {"sort": [{"field": label}]}}));
        }
        all.push(self.organised(titles.len(), titles));
        all
    }

    fn organised(&self, questions: usize, titles: &[&str]) -> Value {
        let values =
            titles.iter().enumerate().map(|(index, title)| (value_of(index, questions), *title));
        let labels = self.labels.iter().map(|(label, title)| ((*label).to_owned(), *title));
        let columns: Vec<(String, &str)> = labels.chain(values).collect();
        let places: Map<String, Value> = columns
            .iter()
            .enumerate()
            .map(|(place, (field, _))| (field.clone(), place.into()))
            .collect();
        let names: Map<String, Value> =
            columns.into_iter().map(|(field, title)| (field, title.into())).collect();
        json!({"id": "organize", "options": {
            "excludeByName": {"Time": true},
            "indexByName": places,
            "renameByName": names,
        }})
    }
}

/// What Grafana calls the values of a question: the name of the question is part of it only where there are several.
fn value_of(index: usize, questions: usize) -> String {
    if questions == 1 { "Value".to_owned() } else { format!("Value #{}", super::reference(index)) }
}
