//! Places panels on Grafana's grid of 24 columns, in the order in which they are listed. It knows no panel's contents.

use serde_json::{Value, json};

use super::panel::Panel;

/// Columns of the grid.
const WIDTH: u32 = 24;

/// Panels under a heading. One without a heading stands at the top.
pub(super) struct Row {
    heading: Option<&'static str>,
    panels: Vec<Panel>,
}

/// Panels under a heading.
pub(super) fn row(heading: &'static str, panels: impl IntoIterator<Item = Panel>) -> Row {
    Row { heading: Some(heading), panels: panels.into_iter().collect() }
}

/// Panels at the top of a dashboard.
pub(super) fn top(panels: impl IntoIterator<Item = Panel>) -> Row {
    Row { heading: None, panels: panels.into_iter().collect() }
}

/// The models of all panels: from left to right, and a new line where the next one would not fit.
pub(super) fn panels(rows: Vec<Row>, dashboard: &str) -> Vec<Value> {
    let mut models = Vec::new();
    let mut id = 0;
    let mut next_id = || {
        id += 1;
        id
    };
    let mut y = 0;
    for Row { heading, panels } in rows {
        if let Some(title) = heading {
            models.push(json!({
                "type": "row",
                "id": next_id(),
                "title": title,
                "collapsed": false,
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
                "panels": [],
            }));
            y += 1;
        }
        let (mut x, mut line_height) = (0, 0);
        for panel in panels {
            let (width, height) = panel.size();
            if WIDTH < x + width {
                y += line_height;
                (x, line_height) = (0, 0);
            }
            let place = json!({"x": x, "y": y, "w": width, "h": height});
            models.push(panel.model(next_id(), place, dashboard));
            x += width;
            line_height = line_height.max(height);
        }
        y += line_height;
    }
    models
}
