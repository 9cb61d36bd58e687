//! The JSON model of a dashboard, as far as asking and drawing need it. It checks no schema.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// A dashboard.
#[derive(Clone, Debug, Deserialize)]
pub struct Dashboard {
    /// What its address ends with.
    pub uid: String,
    /// What stands above it.
    pub title: String,
    /// What it answers.
    pub description: String,
    /// What can be chosen.
    pub templating: Templating,
    /// Panels and headings.
    pub panels: Vec<Panel>,
}

/// The variables of a dashboard.
#[derive(Clone, Debug, Deserialize)]
pub struct Templating {
    /// In the order in which they depend on each other.
    pub list: Vec<Variable>,
}

/// A variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// What follows the `$`.
    pub name: String,
    /// What people see.
    pub label: String,
    /// `query`, `custom`, `constant` or `datasource`.
    pub r#type: String,
    /// What is asked for its values.
    pub query: Value,
    /// What is chosen at first.
    #[serde(default)]
    pub current: Option<Value>,
    /// Whether several values can be chosen.
    #[serde(default)]
    pub multi: bool,
    /// Whether all can be.
    #[serde(default)]
    pub include_all: bool,
    /// What stands for all.
    #[serde(default)]
    pub all_value: Option<String>,
    /// 2 if people do not see it.
    #[serde(default)]
    pub hide: u32,
}

/// A panel, or a heading.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Unique within the dashboard.
    pub id: u32,
    /// The plugin that draws it, or `row`.
    pub r#type: String,
    /// What stands above it.
    pub title: String,
    /// What people read who point at it.
    #[serde(default)]
    pub description: String,
    /// Where it is.
    pub grid_pos: Place,
    /// What it asks.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// What the plugin is told.
    #[serde(default)]
    pub options: Value,
    /// Units, colours and words.
    #[serde(default)]
    pub field_config: FieldConfig,
    /// What becomes of answers before they are drawn.
    #[serde(default)]
    pub transformations: Vec<Transformation>,
    /// How many points of time it asks for at most.
    #[serde(default)]
    pub max_data_points: Option<u32>,
}

/// A place on the grid of 24 columns.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Place {
    /// Columns from the left.
    pub x: u32,
    /// Lines from the top.
    pub y: u32,
    /// Columns.
    pub w: u32,
    /// Lines.
    pub h: u32,
}

/// A question.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `A`, `B`, ...
    pub ref_id: String,
    /// PromQL with variables.
    pub expr: String,
    /// What series are called.
    pub legend_format: String,
    /// Whether it is about now, and not about the time shown.
    pub instant: bool,
}

/// Units, colours and words of a panel.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct FieldConfig {
    /// Of all fields.
    pub defaults: Field,
    /// Of some.
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// Units, colours and words of a field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Grafana's name of the unit.
    #[serde(default)]
    pub unit: String,
    /// Where the axis begins.
    pub min: Option<f64>,
    /// Where it ends.
    pub max: Option<f64>,
    /// Digits after the point.
    pub decimals: Option<usize>,
    /// What stands there without a value.
    #[serde(default)]
    pub no_value: String,
    /// Words for numbers.
    #[serde(default)]
    pub mappings: Vec<Value>,
    /// Colours from a value on.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What the plugin is told of each field.
    #[serde(default)]
    pub custom: Value,
}

/// Colours from a value on, the lowest first.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Thresholds {
    /// The first one has no value.
    pub steps: Vec<Step>,
}

/// A colour from a value on.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// A name, or `#` and six digits.
    pub color: String,
    /// From here on.
    pub value: Option<f64>,
}

/// What is different of some fields.
#[derive(Clone, Debug, Deserialize)]
pub struct Override {
    /// Which fields.
    pub matcher: Matcher,
    /// What is different.
    pub properties: Vec<Property>,
}

/// Which fields.
#[derive(Clone, Debug, Deserialize)]
pub struct Matcher {
    /// How they are found.
    pub id: String,
    /// What is looked for.
    pub options: Value,
}

/// A property and its value.
#[derive(Clone, Debug, Deserialize)]
pub struct Property {
    /// Its path.
    pub id: String,
    /// Its value.
    pub value: Value,
}

/// What becomes of answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Transformation {
    /// Which.
    pub id: String,
    /// How.
    pub options: Value,
}

impl Dashboard {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// If it is no dashboard, or lacks what asking and drawing need.
    pub fn parse(text: &str) -> Result<Dashboard> {
        serde_json::from_str(text).context("no dashboard that can be asked and drawn")
    }

    /// The panels that ask something.
    pub fn asking(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter().filter(|panel| !panel.targets.is_empty())
    }
}

impl Panel {
    /// The value of a property that is set for a question, or for a column.
    pub(crate) fn overridden(&self, matcher: &str, name: &str, property: &str) -> Option<&Value> {
        let of_field = self
            .field_config
            .overrides
            .iter()
            .filter(|it| it.matcher.id == matcher && it.matcher.options == name);
        let mut properties = of_field.flat_map(|it| &it.properties);
        properties.find(|it| it.id == property).map(|it| &it.value)
    }
}
