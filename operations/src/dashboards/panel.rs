//! Panels of a dashboard, made by a builder: what is asked, how it is drawn, and what a reader is told about it. It knows no
//! metric and no place on the grid.

mod kind;
mod table;

use serde_json::{Value, json};

use super::{
    runbooks,
    variables::{DATA_SOURCE, RUNBOOKS, merge},
    words::{self, BLUE, Word},
};
pub(super) use kind::Kind;
use table::Columns;

/// Units, as Grafana calls them.
pub(super) mod unit {
    pub(in super::super) const BYTES: &str = "bytes";
    pub(in super::super) const COUNT: &str = "short";
    pub(in super::super) const DAYS_AGO: &str = "dateTimeFromNow";
    pub(in super::super) const MICROSECONDS: &str = "µs";
    pub(in super::super) const NONE: &str = "none";
    pub(in super::super) const PER_SECOND: &str = "cps";
    pub(in super::super) const REQUESTS_PER_SECOND: &str = "reqps";
    pub(in super::super) const SECONDS: &str = "s";
    pub(in super::super) const SHARE: &str = "percentunit";
    /// How many times as much as chance.
    pub(in super::super) const TIMES: &str = "suffix: ×";
    pub(in super::super) const TOKENS_PER_SECOND: &str = "suffix: tokens/s";
}

/// A panel.
pub(super) struct Panel {
    kind: Kind,
    title: &'static str,
    about: &'static str,
    unit: &'static str,
    size: (u32, u32),
    queries: Vec<Query>,
    columns: Columns,
    words: &'static [Word],
    /// The colour from each of these values on.
    thresholds: Vec<(f64, &'static str)>,
    /// The colour below all thresholds.
    base: &'static str,
    minimum: Option<f64>,
    maximum: Option<f64>,
    decimals: Option<u32>,
    if_empty: &'static str,
}

/// A question of a panel.
struct Query {
    expression: String,
    /// What its series are called, by their labels in double braces.
    legend: String,
    style: Style,
}

/// How lines of a query differ from others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    Plain,
    /// A reference, or what is only expected.
    Dashed,
}

impl Panel {
    /// A panel of 8 columns and 7 lines.
    pub(super) fn new(
        kind: Kind,
        title: &'static str,
        about: &'static str,
        unit: &'static str,
    ) -> Panel {
        Panel {
            kind,
            title,
            about,
            unit,
            size: (8, 7),
            queries: Vec::new(),
            columns: Columns::default(),
            words: &[],
            thresholds: Vec::new(),
            base: BLUE,
            minimum: None,
            maximum: None,
            decimals: None,
            if_empty: "no data",
        }
    }

    /// Lines over time.
    pub(super) fn lines(title: &'static str, about: &'static str, unit: &'static str) -> Panel {
        Panel::new(Kind::Lines, title, about, unit).at_least(0.0)
    }

    /// Areas over time, one on top of the other.
    pub(super) fn stacked(title: &'static str, about: &'static str, unit: &'static str) -> Panel {
        Panel::new(Kind::Stacked, title, about, unit).at_least(0.0)
    }

    /// Buckets over time.
    pub(super) fn heat_map(title: &'static str, about: &'static str, unit: &'static str) -> Panel {
        Panel::new(Kind::HeatMap, title, about, unit)
    }

    /// One number for each series, now.
    pub(super) fn stat(title: &'static str, about: &'static str, unit: &'static str) -> Panel {
        Panel::new(Kind::Stat, title, about, unit)
    }

    /// One word for each series, now.
    pub(super) fn answer(
        title: &'static str,
        about: &'static str,
        words: &'static [Word],
    ) -> Panel {
        Panel { words, ..Panel::new(Kind::Answer, title, about, unit::NONE) }
    }

    /// One horizontal bar for each series, now.
    pub(super) fn bars(title: &'static str, about: &'static str, unit: &'static str) -> Panel {
        Panel::new(Kind::BarGauge, title, about, unit).at_least(0.0)
    }

    /// States over time, one line for each series.
    pub(super) fn states(
        title: &'static str,
        about: &'static str,
        words: &'static [Word],
    ) -> Panel {
        Panel { words, ..Panel::new(Kind::States, title, about, unit::NONE) }
    }

    /// A table: one row for each set of labels, one column for each question.
    pub(super) fn table(title: &'static str, about: &'static str) -> Panel {
        Panel::new(Kind::Table, title, about, unit::NONE)
    }

    /// Groups of vertical bars: one group for each value of the one label, one bar for each question.
    pub(super) fn groups(
        title: &'static str,
        about: &'static str,
        unit: &'static str,
        label: &'static str,
    ) -> Panel {
        let panel = Panel::new(Kind::Groups, title, about, unit).at_least(0.0);
        panel.label(label, label)
    }

    /// A text in Markdown.
    pub(super) fn text(title: &'static str, about: &'static str, content: &'static str) -> Panel {
        Panel::new(Kind::Text(content), title, about, unit::NONE)
    }

    /// Asks for series that are called this.
    pub(super) fn ask(mut self, legend: &str, expression: String) -> Panel {
        self.queries.push(Query { expression, legend: legend.to_owned(), style: Style::Plain });
        self
    }

    /// Asks for what others are to be compared with.
    pub(super) fn ask_dashed(mut self, legend: &str, expression: String) -> Panel {
        self.queries.push(Query { expression, legend: legend.to_owned(), style: Style::Dashed });
        self
    }

    /// A column of a table with the values of a label.
    pub(super) fn label(mut self, label: &'static str, title: &'static str) -> Panel {
        self.columns.labels.push((label, title));
        self
    }

    /// A column of a table with numbers.
    pub(super) fn column(
        self,
        title: &'static str,
        unit: &'static str,
        expression: String,
    ) -> Panel {
        self.column_of_words(title, unit, &[], expression)
    }

    /// A column of a table with words.
    pub(super) fn column_of_words(
        mut self,
        title: &'static str,
        unit: &'static str,
        words: &'static [Word],
        expression: String,
    ) -> Panel {
        self.columns.values.push(table::Column { title, unit, words, is_whole: false });
        self.ask("", expression)
    }

    /// The last column has whole numbers.
    pub(super) fn whole(mut self) -> Panel {
        if let Some(column) = self.columns.values.last_mut() {
            column.is_whole = true;
        }
        self
    }

    /// Sorts the rows of a table by a column, the largest first if so.
    pub(super) fn sorted_by(mut self, title: &'static str, is_descending: bool) -> Panel {
        self.columns.sort = Some((title, is_descending));
        self
    }

    /// How many of the 24 columns, and how many lines.
    pub(super) fn sized(self, width: u32, height: u32) -> Panel {
        Panel { size: (width, height), ..self }
    }

    /// Colours: this one below all thresholds, others from a value on.
    pub(super) fn colours(
        self,
        base: &'static str,
        thresholds: impl Into<Vec<(f64, &'static str)>>,
    ) -> Panel {
        Panel { base, thresholds: thresholds.into(), ..self }
    }

    /// Where the axis begins.
    pub(super) fn at_least(self, minimum: f64) -> Panel {
        Panel { minimum: Some(minimum), ..self }
    }

    /// Where the axis ends.
    pub(super) fn at_most(self, maximum: f64) -> Panel {
        Panel { maximum: Some(maximum), ..self }
    }

    /// Where the axis begins is left to the values, which may be below 0.
    pub(super) fn below_zero(self) -> Panel {
        Panel { minimum: None, ..self }
    }

    /// How many digits numbers have after the point.
    pub(super) fn decimals(self, decimals: u32) -> Panel {
        Panel { decimals: Some(decimals), ..self }
    }

    /// What stands there without any sample.
    pub(super) fn if_empty(self, text: &'static str) -> Panel {
        Panel { if_empty: text, ..self }
    }

    /// Its columns and lines on the grid.
    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Its JSON model.
    pub(super) fn model(&self, id: u32, place: Value, dashboard: &str) -> Value {
        let mut model = json!({
            "id": id,
            "type": self.kind.plugin(),
            "title": self.title,
            "description": self.about,
            "gridPos": place,
            "links": links(dashboard, self.title),
            "options": self.kind.options(self.unit, self.columns.first_label(), self.columns.sorting()),
        });
        if matches!(self.kind, Kind::Text(_)) {
            return model;
        }
        merge(
            &mut model,
            json!({
                "datasource": data_source(),
                "fieldConfig": {"defaults": self.defaults(), "overrides": self.overrides()},
                "targets": self.targets(),
                "transformations": self.transformations(),
            }),
        );
        if let Some(points) = self.kind.points() {
            merge(&mut model, json!({"maxDataPoints": points}));
        }
        model
    }

    fn targets(&self) -> Vec<Value> {
        let target = |(index, query): (usize, &Query)| {
            json!({
                "refId": reference(index),
                "datasource": data_source(),
                "expr": query.expression,
                "legendFormat": query.legend,
                "format": self.kind.format(),
                "instant": self.kind.is_instant(),
                "range": !self.kind.is_instant(),
                "editorMode": "code",
            })
        };
        self.queries.iter().enumerate().map(target).collect()
    }

    fn defaults(&self) -> Value {
        let mut steps = vec![json!({"color": self.base, "value": null})];
        steps.extend(
            self.thresholds.iter().map(|(value, color)| json!({"color": color, "value": value})),
        );
        let mut defaults = json!({
            "unit": self.unit,
            "color": self.kind.colours(),
            "mappings": words::mappings(self.words),
            "thresholds": {"mode": "absolute", "steps": steps},
            "noValue": self.if_empty,
            "custom": self.kind.custom(!self.thresholds.is_empty()),
        });
        for (name, value) in
            [("min", self.minimum.map(Value::from)), ("max", self.maximum.map(Value::from))]
        {
            if let Some(value) = value {
                merge(&mut defaults, json!({name: value}));
            }
        }
        if let Some(decimals) = self.decimals {
            merge(&mut defaults, json!({"decimals": decimals}));
        }
        defaults
    }

    fn overrides(&self) -> Vec<Value> {
        let styles = self.queries.iter().enumerate().filter_map(|(index, query)| {
            let properties = match query.style {
                Style::Plain => return None,
                Style::Dashed => json!([
                    {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [6, 4]}},
                    {"id": "custom.fillOpacity", "value": 0},
                ]),
            };
            let matcher = json!({"id": "byFrameRefID", "options": reference(index)});
            Some(json!({"matcher": matcher, "properties": properties}))
        });
        let columns = if self.kind == Kind::Table { self.columns.overrides() } else { Vec::new() };
        styles.chain(columns).collect()
    }

    fn transformations(&self) -> Vec<Value> {
        match self.kind {
            Kind::Table => self.columns.transformations(self.queries.len()),
            Kind::Groups => {
                let named: Vec<&str> = self.queries.iter().map(|it| it.legend.as_str()).collect();
                self.columns.as_groups(&named)
            }
            _ => Vec::new(),
        }
    }
}

/// Links to the runbooks of the alerts that this panel of a dashboard shows to be real.
fn links(dashboard: &str, panel: &str) -> Value {
    let link = |alert: &str| {
        json!({
            "type": "link",
            "title": format!("Runbook: {alert}"),
            "tooltip": "What to do",
            "url": format!("${{{RUNBOOKS}}}/{alert}.md"),
            "icon": "doc",
            "tags": [],
            "asDropdown": false,
            "includeVars": false,
            "keepTime": false,
            "targetBlank": true,
        })
    };
    runbooks::of(dashboard, panel).map(link).collect()
}

fn data_source() -> Value {
    json!({"type": "prometheus", "uid": format!("${{{DATA_SOURCE}}}")})
}

/// What the question at this index is called: `A`, `B`, ...
fn reference(index: usize) -> String {
    ('A'..='Z').nth(index).map_or_else(|| format!("A{index}"), String::from)
}
