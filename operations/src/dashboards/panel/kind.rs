//! The kinds of panels, and what Grafana's plugins are told to draw them. It knows no query.

use serde_json::{Value, json};

/// A kind of panel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Kind {
    /// Lines over time.
    Lines,
    /// Stacked areas over time.
    Stacked,
    /// Buckets over time.
    HeatMap,
    /// Numbers with what came before them.
    Stat,
    /// Words on their colours.
    Answer,
    /// Horizontal bars.
    BarGauge,
    /// Groups of vertical bars.
    Groups,
    /// States over time.
    States,
    /// A table.
    Table,
    /// Markdown.
    Text(&'static str),
}

impl Kind {
    /// The plugin that draws it.
    pub(super) fn plugin(self) -> &'static str {
        match self {
            Kind::Lines | Kind::Stacked => "timeseries",
            Kind::HeatMap => "heatmap",
            Kind::Stat | Kind::Answer => "stat",
            Kind::BarGauge => "bargauge",
            Kind::Groups => "barchart",
            Kind::States => "state-timeline",
            Kind::Table => "table",
            Kind::Text(_) => "text",
        }
    }

    /// Whether it asks for the values of now, and not for those over time.
    pub(super) fn is_instant(self) -> bool {
        matches!(self, Kind::Answer | Kind::BarGauge | Kind::Groups | Kind::Table)
    }

    /// The form in which it wants series.
    pub(super) fn format(self) -> &'static str {
        match self {
            Kind::HeatMap => "heatmap",
            Kind::Groups | Kind::Table => "table",
            _ => "time_series",
        }
    }

    /// How many points of time it asks for at most, if not as many as it is wide.
    pub(super) fn points(self) -> Option<u32> {
        match self {
            Kind::HeatMap => Some(60),
            Kind::States => Some(200),
            _ => None,
        }
    }

    /// Where colours come from.
    pub(super) fn colours(self) -> Value {
        match self {
            Kind::Lines | Kind::Stacked | Kind::Groups => json!({"mode": "palette-classic"}),
            _ => json!({"mode": "thresholds"}),
        }
    }

    /// Fields of the plugin's own that each series has.
    pub(super) fn custom(self, has_thresholds: bool) -> Value {
        let thresholds = json!({"mode": if has_thresholds { "dashed" } else { "off" }});
        match self {
            Kind::Lines => json!({
                "drawStyle": "line", "lineWidth": 1, "fillOpacity": 5, "showPoints": "never",
                "spanNulls": false, "thresholdsStyle": thresholds,
            }),
            Kind::Stacked => json!({
                "drawStyle": "line", "lineWidth": 1, "fillOpacity": 40, "showPoints": "never",
                "spanNulls": false, "thresholdsStyle": thresholds,
                "stacking": {"mode": "normal", "group": "A"},
            }),
            Kind::Groups => json!({"fillOpacity": 80, "lineWidth": 1}),
            Kind::States => json!({"fillOpacity": 80, "lineWidth": 0}),
            _ => json!({}),
        }
    }

    /// The plugin's options.
    pub(super) fn options(self, unit: &str, x_field: Option<&str>, sorting: Value) -> Value {
        let legend = json!({
            "calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true,
        });
        let tooltip = json!({"mode": "multi", "sort": "desc"});
        let last = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
        match self {
            Kind::Lines | Kind::Stacked => json!({"legend": legend, "tooltip": tooltip}),
            Kind::HeatMap => json!({
                "calculate": false,
                "cellGap": 1,
                "color": {
                    "mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5,
                    "fill": "dark-orange", "reverse": false, "steps": 32,
                },
                "exemplars": {"color": "rgba(255,0,255,0.7)"},
                "filterValues": {"le": 1e-9},
                "legend": {"show": true},
                "rowsFrame": {"layout": "auto"},
                "showValue": "never",
                "tooltip": {"mode": "single", "yHistogram": false},
                "yAxis": {"axisPlacement": "left", "unit": unit},
            }),
            Kind::Stat | Kind::Answer => json!({
                "colorMode": if self == Kind::Answer { "background" } else { "value" },
                "graphMode": if self == Kind::Answer { "none" } else { "area" },
                "justifyMode": "auto",
                "orientation": "auto",
                "percentChangeColorMode": "standard",
                "reduceOptions": last,
                "showPercentChange": false,
                "textMode": "value_and_name",
                "wideLayout": true,
            }),
            Kind::BarGauge => json!({
                "displayMode": "basic",
                "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": false},
                "maxVizHeight": 30,
                "minVizHeight": 12,
                "minVizWidth": 8,
                "namePlacement": "left",
                "orientation": "horizontal",
                "reduceOptions": last,
                "showUnfilled": true,
                "sizing": "auto",
                "valueMode": "color",
            }),
            Kind::Groups => json!({
                "barWidth": 0.9,
                "fullHighlight": false,
                "groupWidth": 0.8,
                "legend": legend,
                "orientation": "vertical",
                "showValue": "never",
                "stacking": "none",
                "tooltip": tooltip,
                "xField": x_field,
                "xTickLabelMaxLength": 12,
                "xTickLabelRotation": 0,
            }),
            Kind::States => json!({
                "alignValue": "left",
                "legend": legend,
                "mergeValues": true,
                "rowHeight": 0.8,
                "showValue": "never",
                "tooltip": {"mode": "single", "sort": "none"},
            }),
            Kind::Table => {
                json!({"cellHeight": "sm", "frameIndex": 0, "showHeader": true, "sortBy": sorting})
            }
            Kind::Text(content) => json!({"mode": "markdown", "content": content}),
        }
    }
}
