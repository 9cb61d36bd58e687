//! Rows and columns that Grafana's transformations make of answers: those that our dashboards use. It draws nothing.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::Value;

use crate::view::PanelView;

/// A table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The titles of the columns.
    pub(crate) columns: Vec<String>,
    /// As many cells as there are columns.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(f64),
}

impl Table {
    /// The table of a panel: `merge`, then `sortBy` and `organize`, then the order that the panel itself asks for.
    pub(crate) fn of(view: &PanelView) -> Table {
        let mut table = Table::merged(view);
        for transformation in &view.panel.transformations {
            match transformation.id.as_str() {
                "sortBy" => {
                    let sort = &transformation.options["sort"][0];
                    table.sort(&sort["field"], sort["desc"] == true);
                }
                "organize" => table.organize(&transformation.options),
                _ => {}
            }
        }
        let sort = &view.panel.options["sortBy"][0];
        table.sort(&sort["displayName"], sort["desc"] == true);
        table
    }

    /// One row for each set of labels.
    fn merged(view: &PanelView) -> Table {
        let mut rows: BTreeMap<&BTreeMap<String, String>, BTreeMap<String, Cell>> = BTreeMap::new();
        let mut columns: Vec<String> = Vec::new();
        for answer in &view.answers {
            let value = match view.answers.len() {
                1 => "Value".to_owned(),
                _ => format!("Value #{}", answer.ref_id),
            };
            for series in &answer.series {
                let row = rows.entry(&series.labels).or_default();
                for (label, text) in &series.labels {
                    row.insert(label.clone(), Cell::Text(text.clone()));
                }
                row.insert(value.clone(), series.last().map_or(Cell::Empty, Cell::Number));
                for column in row.keys() {
                    if !columns.contains(column) {
                        columns.push(column.clone());
                    }
                }
            }
        }
        let row = |cells: BTreeMap<String, Cell>| {
            columns.iter().map(|it| cells.get(it).cloned().unwrap_or(Cell::Empty)).collect()
        };
        Table { rows: rows.into_values().map(row).collect(), columns: columns.clone() }
    }

    fn sort(&mut self, field: &Value, is_descending: bool) {
        let place = self.columns.iter().position(|column| field == column);
        let Some(place) = place else { return };
        self.rows.sort_by(|a, b| {
            let order = a[place].compare(&b[place]);
            if is_descending { order.reverse() } else { order }
        });
    }

    fn organize(&mut self, options: &Value) {
        let excluded = |column: &String| options["excludeByName"][column] == true;
        let mut kept: Vec<usize> =
            (0..self.columns.len()).filter(|&it| !excluded(&self.columns[it])).collect();
        kept.sort_by_key(|&it| {
            options["indexByName"][&self.columns[it]].as_u64().unwrap_or(u64::MAX)
        });
        for row in &mut self.rows {
            *row = kept.iter().map(|&it| row[it].clone()).collect();
        }
        let renamed = |it: &usize| {
            let column = &self.columns[*it];
            options["renameByName"][column].as_str().unwrap_or(column).to_owned()
        };
        self.columns = kept.iter().map(renamed).collect();
    }
}

impl Cell {
    /// Empty cells come first.
    fn compare(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Cell::Empty => 0,
            Cell::Text(_) => 1,
            Cell::Number(_) => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::view::{Answer, Series};

    fn answer(ref_id: &str, series: &[(&str, f64)]) -> Answer {
        let series = series.iter().map(|(model, value)| Series {
            labels: [("model".to_owned(), (*model).to_owned())].into(),
            name: String::new(),
            points: vec![(0.0, Some(*value))],
        });
        Answer {
            ref_id: ref_id.to_owned(),
            question: String::new(),
            refused: None,
            series: series.collect(),
        }
    }

    #[test]
    fn rows_with_the_same_labels_become_one() {
        let panel = json!({
            "id": 1, "type": "table", "title": "t", "gridPos": {"x": 0, "y": 0, "w": 8, "h": 8},
            "options": {"sortBy": [{"displayName": "rows", "desc": true}]},
            "transformations": [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {
                    "indexByName": {"Value #B": 0, "model": 1, "Value #A": 2},
                    "renameByName": {"Value #A": "errors", "Value #B": "rows"},
                }},
            ],
        });
        let view = PanelView {
            panel: serde_json::from_value(panel).unwrap(),
            title: String::new(),
            answers: vec![answer("A", &[("x", 1.0)]), answer("B", &[("x", 2.0), ("y", 3.0)])],
        };
        let table = Table::of(&view);
        assert_eq!(table.columns, ["rows", "model", "errors"]);
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(
            table.rows,
            [
                [Cell::Number(3.0), text("y"), Cell::Empty],
                [Cell::Number(2.0), text("x"), Cell::Number(1.0)]
            ]
        );
    }
}
