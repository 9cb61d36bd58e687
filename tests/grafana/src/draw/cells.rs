//! Tables: as many rows as there is room for.

use super::{
    colours,
    svg::{self, Area, Svg},
};
use crate::{
    dashboard::Field,
    table::{Cell, Table},
    view::PanelView,
};

const ROW: f64 = 24.0;
const SIZE: f64 = 12.0;
const GAP: f64 = 14.0;

pub(super) fn draw(view: &PanelView, now: f64, area: Area, svg: &mut Svg) {
    let table = Table::of(view);
    let fields: Vec<Field> = table.columns.iter().map(|title| field(view, title)).collect();
    let shown = |cell: &Cell, field: &Field| match cell {
        Cell::Empty => (String::new(), colours::TEXT.to_owned()),
        Cell::Text(text) => (text.clone(), colours::TEXT.to_owned()),
        Cell::Number(value) => {
            let (text, colour) = colours::shown(field, *value, now);
            let has_word = colours::word(&field.mappings, *value).is_some();
            (text, if has_word { colour.to_owned() } else { colours::TEXT.to_owned() })
        }
    };
    let room = ((area.height - ROW) / ROW).floor().max(0.0) as usize;
    let rows: Vec<Vec<(String, String)>> = table
        .rows
        .iter()
        .take(room)
        .map(|row| row.iter().zip(&fields).map(|(cell, field)| shown(cell, field)).collect())
        .collect();
    let widths = widths(&table.columns, &rows, area.width);
    let mut x = area.x;
    for (place, (title, width)) in table.columns.iter().zip(&widths).enumerate() {
        let fitted = |text: &str| svg::shortened(text, SIZE, width - 6.0);
        svg.text((x, area.y + 15.0), SIZE, colours::LINK, "start", &fitted(title));
        for (number, row) in rows.iter().enumerate() {
            let y = area.y + ROW * (number + 1) as f64 + 16.0;
            let (text, colour) = &row[place];
            svg.text((x, y), SIZE, colour, "start", &fitted(text));
        }
        x += width;
    }
    for number in 1..=rows.len() {
        let y = area.y + ROW * number as f64;
        svg.path(
            &format!("M{:.1},{y:.1} h{:.1}", area.x, area.width),
            &format!("stroke=\"{}\"", colours::GRID),
        );
    }
}

/// What a column shows: what all have, and its own unit and words.
fn field(view: &PanelView, title: &str) -> Field {
    let mut field = view.panel.field_config.defaults.clone();
    let own = |property: &str| view.panel.overridden("byName", title, property);
    if let Some(unit) = own("unit").and_then(|it| it.as_str()) {
        field.unit = unit.to_owned();
    }
    if let Some(mappings) = own("mappings").and_then(|it| it.as_array()) {
        field.mappings = mappings.clone();
    }
    if let Some(decimals) = own("decimals").and_then(|it| it.as_u64()) {
        field.decimals = Some(decimals as usize);
    }
    field
}

/// As wide as their contents, and what is left over is shared out.
fn widths(titles: &[String], rows: &[Vec<(String, String)>], whole: f64) -> Vec<f64> {
    let mut widths: Vec<f64> = titles
        .iter()
        .enumerate()
        .map(|(place, title)| {
            let cells = rows.iter().map(|row| svg::width(&row[place].0, SIZE));
            cells.fold(svg::width(title, SIZE), f64::max) + GAP
        })
        .collect();
    let mut total: f64 = widths.iter().sum();
    // The widest ones give way.
    while whole + 0.5 < total {
        let widest = widths.iter().copied().fold(0.0, f64::max);
        let second = widths.iter().copied().filter(|it| *it < widest).fold(0.0, f64::max);
        let count = widths.iter().filter(|it| **it == widest).count() as f64;
        let to = second.max(widest - (total - whole) / count);
        for width in widths.iter_mut().filter(|it| **it == widest) {
            *width = to;
        }
        total = widths.iter().sum();
    }
    let spare = ((whole - total) / widths.len().max(1) as f64).max(0.0);
    widths.iter().map(|width| width + spare).collect()
}
