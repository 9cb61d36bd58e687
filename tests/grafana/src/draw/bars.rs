//! Bars: horizontal ones, one for each series, and groups of vertical ones, one for each row of a table.

use super::{
    colours,
    svg::{self, Area, Svg},
    time::{legend, nice_marks},
};
use crate::{
    table::{Cell, Table},
    units,
    view::PanelView,
};

/// How much of the width is for names.
const NAMES: f64 = 0.42;
const VALUES: f64 = 62.0;

pub(super) fn horizontal(view: &PanelView, now: f64, area: Area, svg: &mut Svg) {
    let field = &view.panel.field_config.defaults;
    let series: Vec<_> =
        view.series().filter_map(|(_, series)| Some((series, series.last()?))).collect();
    let largest = series.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let (low, high) = (field.min.unwrap_or(0.0), field.max.unwrap_or(largest));
    let height = (area.height / series.len().max(1) as f64).min(30.0);
    let left = area.x + area.width * NAMES;
    let room = area.width * (1.0 - NAMES) - VALUES;
    for (number, (series, value)) in series.iter().enumerate() {
        let y = area.y + number as f64 * height;
        let (text, colour) = colours::shown(field, *value, now);
        let share = if low < high { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        let bar = Area { x: left, y: y + 2.0, width: room, height: height - 4.0 };
        let middle = y + height / 2.0 + 4.0;
        let name = svg::shortened(&series.name, 12.0, area.width * NAMES - 10.0);
        svg.text((left - 8.0, middle), 12.0, colours::TEXT, "end", &name);
        svg.rectangle(bar, colours::EMPTY, 1.0);
        svg.rectangle(Area { width: (room * share).max(1.0), ..bar }, colour, 1.0);
        svg.text((left + room + 6.0, middle), 12.0, colour, "start", &text);
    }
}

pub(super) fn groups(view: &PanelView, now: f64, area: Area, svg: &mut Svg) {
    let table = Table::of(view);
    let field = &view.panel.field_config.defaults;
    let named = |row: &Vec<Cell>| match &row[0] {
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    };
    let value = |cell: &Cell| if let Cell::Number(value) = cell { *value } else { 0.0 };
    let largest = table.rows.iter().flat_map(|row| &row[1..]).map(value).fold(0.0, f64::max);
    let marks = nice_marks(0.0, largest, 5, &field.unit);
    let top = marks.last().copied().unwrap_or(1.0).max(largest).max(f64::MIN_POSITIVE);
    let plot = Area {
        x: area.x + 44.0,
        y: area.y + 4.0,
        width: area.width - 44.0,
        height: area.height - 46.0,
    };
    for mark in marks {
        let y = plot.y + plot.height * (1.0 - mark / top);
        svg.path(
            &format!("M{:.1},{y:.1} h{:.1}", plot.x, plot.width),
            &format!("stroke=\"{}\"", colours::GRID),
        );
        let text = units::shown(mark, &field.unit, field.decimals, now);
        svg.text((plot.x - 6.0, y + 4.0), 11.0, colours::WEAK, "end", &text);
    }
    let slot = plot.width / table.rows.len().max(1) as f64;
    let bars = table.columns.len().saturating_sub(1).max(1);
    let width = slot * 0.8 / bars as f64;
    for (number, row) in table.rows.iter().enumerate() {
        let left = plot.x + slot * (number as f64 + 0.1);
        for (place, cell) in row[1..].iter().enumerate() {
            let height = plot.height * value(cell) / top;
            let bar = Area {
                x: left + width * place as f64,
                y: plot.y + plot.height - height,
                width: width * 0.9,
                height,
            };
            svg.rectangle(bar, colours::of_palette(place), 0.0);
        }
        let name = svg::shortened(&named(row), 11.0, slot);
        let middle = left + slot * 0.4;
        svg.text((middle, plot.y + plot.height + 15.0), 11.0, colours::WEAK, "middle", &name);
    }
    let names: Vec<(String, String)> = table.columns[1.min(table.columns.len())..]
        .iter()
        .enumerate()
        .map(|(place, name)| (name.clone(), colours::of_palette(place).to_owned()))
        .collect();
    legend(&names, Area { y: area.y + area.height - 14.0, height: 14.0, ..area }, svg);
}
