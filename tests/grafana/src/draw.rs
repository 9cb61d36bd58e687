//! Draws a dashboard with its answers as one SVG, each panel in the shape that Grafana gives it. It asks nothing.

mod bars;
mod cells;
mod colours;
mod stat;
mod svg;
mod text;
mod time;

use crate::view::{PanelView, View};
use svg::{Area, Svg};

/// The grid of Grafana on a window of 1200 pixels.
const COLUMN: f64 = 50.0;
const LINE: f64 = 38.0;
const MARGIN: f64 = 4.0;
/// What is above the panels.
const HEAD: f64 = 66.0;
/// What is above the contents of a panel.
const TITLE: f64 = 28.0;
const PADDING: f64 = 8.0;

/// The text of the file.
#[must_use]
pub fn dashboard(view: &View) -> String {
    let lines = view.panels.iter().map(|it| it.panel.grid_pos.y + it.panel.grid_pos.h).max();
    let height = HEAD + f64::from(lines.unwrap_or(0)) * LINE + MARGIN;
    let mut svg = Svg::new(24.0 * COLUMN, height, &view.dashboard.title);
    head(view, &mut svg);
    for panel in &view.panels {
        svg.begin(&panel.panel.description);
        draw(panel, view, &mut svg);
        svg.end();
    }
    svg.finish()
}

fn head(view: &View, svg: &mut Svg) {
    svg.text((12.0, 26.0), 18.0, colours::TEXT, "start", &view.dashboard.title);
    let mut x = 12.0;
    for variable in view.dashboard.templating.list.iter().filter(|it| it.hide == 0) {
        let Some(value) = view.choices.shown(&variable.name) else { continue };
        let (label, value) = (format!("{} ", variable.label), value);
        let width = svg::width(&label, 12.0) + svg::width(&value, 12.0) + 16.0;
        svg.rectangle(Area { x, y: 38.0, width, height: 22.0 }, colours::PANEL, 2.0);
        svg.text((x + 6.0, 53.0), 12.0, colours::LINK, "start", &label);
        svg.text((x + 6.0 + svg::width(&label, 12.0), 53.0), 12.0, colours::TEXT, "start", &value);
        x += width + 8.0;
    }
    svg.text((24.0 * COLUMN - 12.0, 26.0), 12.0, colours::WEAK, "end", &view.dashboard.description);
}

fn draw(view: &PanelView, whole: &View, svg: &mut Svg) {
    let place = view.panel.grid_pos;
    let area = Area {
        x: f64::from(place.x) * COLUMN + MARGIN,
        y: HEAD + f64::from(place.y) * LINE + MARGIN,
        width: f64::from(place.w) * COLUMN - 2.0 * MARGIN,
        height: f64::from(place.h) * LINE - 2.0 * MARGIN,
    };
    if view.panel.r#type == "row" {
        svg.text((area.x + 4.0, area.y + 20.0), 15.0, colours::TEXT, "start", &view.title);
        return;
    }
    svg.rectangle(area, colours::PANEL, 3.0);
    let title = svg::shortened(&view.title, 13.0, area.width - 16.0);
    svg.bold((area.x + PADDING, area.y + 19.0), 13.0, colours::TEXT, &title);
    let inner = Area {
        x: area.x + PADDING,
        y: area.y + TITLE,
        width: area.width - 2.0 * PADDING,
        height: area.height - TITLE - PADDING,
    };
    let has_data = view.answers.iter().any(|answer| !answer.series.is_empty());
    if !view.answers.is_empty() && !has_data {
        let middle = (inner.x + inner.width / 2.0, inner.y + inner.height / 2.0);
        svg.text(middle, 14.0, colours::WEAK, "middle", &view.panel.field_config.defaults.no_value);
        return;
    }
    let now = whole.shown.to;
    match view.panel.r#type.as_str() {
        "timeseries" => time::lines(view, whole.shown, inner, svg),
        "heatmap" => time::heat_map(view, whole.shown, inner, svg),
        "state-timeline" => time::states(view, whole.shown, inner, svg),
        "stat" => stat::draw(view, now, inner, svg),
        "bargauge" => bars::horizontal(view, now, inner, svg),
        "barchart" => bars::groups(view, now, inner, svg),
        "table" => cells::draw(view, now, inner, svg),
        "text" => text::draw(view, inner, svg),
        other => svg.text((inner.x, inner.y + 20.0), 13.0, colours::WEAK, "start", other),
    }
}
