//! Numbers and words in large letters, one tile for each series.

use super::{
    colours,
    svg::{self, Area, Svg},
};
use crate::view::PanelView;

pub(super) fn draw(view: &PanelView, now: f64, area: Area, svg: &mut Svg) {
    let field = &view.panel.field_config.defaults;
    let options = &view.panel.options;
    let series: Vec<_> = view.series().map(|(_, series)| series).collect();
    let count = series.len().max(1) as f64;
    let width = (area.width - (count - 1.0) * 6.0) / count;
    for (number, series) in series.into_iter().enumerate() {
        let tile = Area { x: area.x + number as f64 * (width + 6.0), width, ..area };
        let (text, colour) = match series.last() {
            Some(value) => colours::shown(field, value, now),
            None => (field.no_value.clone(), colours::WEAK),
        };
        let is_filled = options["colorMode"] == "background";
        if is_filled {
            svg.rectangle(tile, colour, 3.0);
        }
        if options["graphMode"] == "area" {
            spark_line(&series.points, tile, colour, svg);
        }
        let ink = if is_filled { colours::BACKGROUND } else { colour };
        let middle = tile.x + tile.width / 2.0;
        let widest = 26.0 * (tile.width - 12.0) / svg::width(&text, 30.0);
        let size = (tile.height * 0.3).min(36.0).min(widest);
        let name = svg::shortened(&series.name, 13.0, tile.width - 8.0);
        let name_ink = if is_filled { colours::BACKGROUND } else { colours::TEXT };
        svg.text((middle, tile.y + tile.height * 0.26), 13.0, name_ink, "middle", &name);
        svg.large((middle, tile.y + tile.height * 0.58), size, ink, &text);
    }
}

/// What came before the last value, at the bottom of the tile.
fn spark_line(points: &[(f64, Option<f64>)], tile: Area, colour: &str, svg: &mut Svg) {
    let values: Vec<f64> = points.iter().filter_map(|(_, value)| *value).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 || most <= least {
        return;
    }
    let height = tile.height * 0.28;
    let bottom = tile.y + tile.height;
    let step = tile.width / (values.len() - 1) as f64;
    let mut path = format!("M{:.1},{bottom:.1}", tile.x);
    for (number, value) in values.iter().enumerate() {
        let y = bottom - (value - least) / (most - least) * height;
        path += &format!(" L{:.1},{y:.1}", tile.x + number as f64 * step);
    }
    path += &format!(" L{:.1},{bottom:.1} Z", tile.x + tile.width);
    svg.path(&path, &format!("fill=\"{colour}\" fill-opacity=\"0.25\""));
}
