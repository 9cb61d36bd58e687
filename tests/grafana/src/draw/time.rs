//! What has time on its x axis: lines and areas, heat maps, and states.

use std::collections::BTreeMap;

use super::{
    colours,
    svg::{self, Area, Svg},
};
use crate::{
    units,
    variables::Shown,
    view::{PanelView, Series},
};

/// Room for the marks of the axes.
const LEFT: f64 = 44.0;
const HEAT_MAP_LEFT: f64 = 56.0;
const BELOW: f64 = 18.0;
const LEGEND_LINE: f64 = 15.0;
/// Lines of a legend; more series have no name.
const LEGEND_LINES: usize = 2;

/// A line as it is drawn.
struct Line<'v> {
    series: &'v Series,
    is_dashed: bool,
    colour: &'static str,
}

pub(super) fn lines(view: &PanelView, shown: Shown, area: Area, svg: &mut Svg) {
    let field = &view.panel.field_config.defaults;
    let is_stacked = field.custom["stacking"]["mode"] == "normal";
    let lines: Vec<Line<'_>> = view
        .series()
        .enumerate()
        .map(|(number, (ref_id, series))| Line {
            series,
            is_dashed: view.panel.overridden("byFrameRefID", ref_id, "custom.lineStyle").is_some(),
            colour: colours::of_palette(number),
        })
        .collect();
    let tops = stacked(&lines, is_stacked);
    let values = tops.iter().flatten().filter_map(|(_, _, top)| *top);
    let (mut low, mut high) = (field.min.unwrap_or(f64::INFINITY), field.max.unwrap_or(0.0));
    for value in values {
        (low, high) = (low.min(value), high.max(value));
    }
    if !low.is_finite() {
        low = 0.0;
    }
    if high <= low {
        high = low + 1.0;
    }
    let names: Vec<(String, String)> =
        lines.iter().map(|it| (it.series.name.clone(), it.colour.to_owned())).collect();
    let legend_height = LEGEND_LINE * legend_lines(&names, area.width) as f64;
    let height = area.height - 6.0 - BELOW - legend_height;
    let marks = nice_marks(low, high, (height / 34.0).max(2.0) as usize, &field.unit);
    let marks: Vec<(f64, String)> = marks
        .into_iter()
        .map(|mark| (mark, units::shown(mark, &field.unit, None, shown.to)))
        .collect();
    let left = marks.iter().map(|(_, text)| svg::width(text, 11.0) + 12.0).fold(LEFT, f64::max);
    let plot = Area { x: area.x + left, y: area.y + 6.0, width: area.width - left - 6.0, height };
    if field.max.is_none() {
        high = marks.last().map_or(high, |(mark, _)| *mark).max(high);
    }
    let x = |at: f64| plot.x + (at - shown.from) / (shown.to - shown.from) * plot.width;
    let y = |value: f64| plot.y + plot.height * (1.0 - (value - low) / (high - low));
    for (mark, text) in marks {
        svg.path(
            &format!("M{:.1},{:.1} h{:.1}", plot.x, y(mark), plot.width),
            &format!("stroke=\"{}\"", colours::GRID),
        );
        svg.text((plot.x - 6.0, y(mark) + 4.0), 11.0, colours::WEAK, "end", &text);
    }
    time_axis(shown, plot, svg);
    for step in field
        .thresholds
        .steps
        .iter()
        .filter(|_| field.custom["thresholdsStyle"]["mode"] == "dashed")
    {
        let Some(value) = step.value.filter(|value| low <= *value && *value <= high) else {
            continue;
        };
        svg.path(
            &format!("M{:.1},{:.1} h{:.1}", plot.x, y(value), plot.width),
            &format!("stroke=\"{}\" stroke-dasharray=\"8 5\"", colours::named(&step.color)),
        );
    }
    for (line, points) in lines.iter().zip(&tops) {
        let opacity =
            if line.is_dashed { 0.0 } else { field.custom["fillOpacity"].as_f64().unwrap_or(0.0) };
        for stretch in points.split(|(_, _, top)| top.is_none()) {
            draw_stretch(stretch, line, opacity / 100.0, (&x, &y), low, svg);
        }
    }
    let bottom =
        Area { y: area.y + area.height - legend_height + 4.0, height: legend_height, ..area };
    legend(&names, bottom, svg);
}

/// A moment, the lower and the upper end of an area at it.
type Top = (f64, f64, Option<f64>);

/// Where each line and the area below it run.
fn stacked(lines: &[Line<'_>], is_stacked: bool) -> Vec<Vec<Top>> {
    let mut below: BTreeMap<u64, f64> = BTreeMap::new();
    let mut tops = Vec::new();
    for line in lines {
        let points = line.series.points.iter().map(|&(at, value)| {
            if !is_stacked {
                return (at, 0.0, value);
            }
            let base = below.entry(at.to_bits()).or_default();
            let from = *base;
            *base += value.unwrap_or(0.0);
            (at, from, value.map(|value| from + value))
        });
        tops.push(points.collect());
    }
    tops
}

type Scales<'s> = (&'s dyn Fn(f64) -> f64, &'s dyn Fn(f64) -> f64);

fn draw_stretch(
    points: &[Top],
    line: &Line<'_>,
    opacity: f64,
    (x, y): Scales<'_>,
    low: f64,
    svg: &mut Svg,
) {
    let place = |(at, _, top): &Top| format!("{:.0},{:.1}", x(*at), y(top.unwrap_or(low)));
    let upper: Vec<String> = points.iter().map(place).collect();
    let Some(first) = upper.first() else { return };
    let path = match upper.as_slice() {
        [_] => format!("M{first} h2"),
        _ => format!("M{}", upper.join(" L")),
    };
    if 0.0 < opacity {
        let is_flat = points.iter().all(|(_, from, _)| *from <= low);
        // Along the axis, the ends say it all.
        let step = if is_flat { (points.len() - 1).max(1) } else { 1 };
        let lower: Vec<String> = points
            .iter()
            .rev()
            .step_by(step)
            .map(|(at, from, _)| format!("{:.0},{:.1}", x(*at), y(from.max(low))))
            .collect();
        svg.path(
            &format!("{path} L{} Z", lower.join(" L")),
            &format!("fill=\"{}\" fill-opacity=\"{opacity}\"", line.colour),
        );
    }
    let dashes = if line.is_dashed { " stroke-dasharray=\"6 4\"" } else { "" };
    svg.path(
        &path,
        &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"{dashes}", line.colour),
    );
}

pub(super) fn heat_map(view: &PanelView, shown: Shown, area: Area, svg: &mut Svg) {
    let unit = &view.panel.field_config.defaults.unit;
    // Buckets hold all that is smaller, too.
    let mut buckets: Vec<(f64, &Series)> = view
        .series()
        .filter_map(|(_, series)| Some((series.name.replace("+Inf", "inf").parse().ok()?, series)))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below: BTreeMap<u64, f64> = BTreeMap::new();
    let rows: Vec<(f64, Vec<(f64, f64)>)> = buckets
        .iter()
        .map(|(bound, series)| {
            let counts = series.points.iter().filter_map(|&(at, value)| {
                let value = value?;
                let smaller = below.insert(at.to_bits(), value).unwrap_or(0.0);
                Some((at, (value - smaller).max(0.0)))
            });
            (*bound, counts.collect())
        })
        .collect();
    let is_used = |row: &(f64, Vec<(f64, f64)>)| row.1.iter().any(|(_, count)| 1e-9 < *count);
    let first = rows.iter().position(is_used).unwrap_or(0).saturating_sub(1);
    let last = rows.iter().rposition(is_used).unwrap_or(0);
    let rows = &rows[first..=(last + 1).min(rows.len().saturating_sub(1))];
    let largest = rows.iter().flat_map(|row| &row.1).map(|(_, count)| *count).fold(0.0, f64::max);
    let plot = Area {
        x: area.x + HEAT_MAP_LEFT,
        y: area.y + 6.0,
        width: area.width - HEAT_MAP_LEFT - 6.0,
        height: area.height - 6.0 - BELOW,
    };
    time_axis(shown, plot, svg);
    let height = plot.height / rows.len().max(1) as f64;
    let columns = view.series().map(|(_, series)| series.points.len()).max().unwrap_or(1);
    let width = plot.width / columns.max(1) as f64;
    let mut cells = vec![String::new(); colours::ORANGES.len()];
    let labelled_every = (14.0 / height).ceil().max(1.0) as usize;
    for (number, (bound, counts)) in rows.iter().enumerate() {
        let y = plot.y + plot.height - height * (number + 1) as f64;
        if bound.is_finite() && number % labelled_every == 0 {
            let text = units::shown(*bound, unit, None, shown.to);
            svg.text((plot.x - 6.0, y + 4.0), 11.0, colours::WEAK, "end", &text);
        }
        for (at, count) in counts.iter().filter(|(_, count)| 1e-9 < *count) {
            let level = (count / largest).sqrt() * (cells.len() - 1) as f64;
            let x = plot.x + (at - shown.from) / (shown.to - shown.from) * (plot.width - width);
            cells[level.round() as usize] +=
                &format!("M{x:.1},{y:.1} h{0:.1} v{1:.1} h-{0:.1} Z ", width - 1.0, height - 1.0);
        }
    }
    for (cells, colour) in cells.iter().zip(colours::ORANGES).filter(|(cells, _)| !cells.is_empty())
    {
        svg.path(cells.trim_end(), &format!("fill=\"{colour}\""));
    }
}

pub(super) fn states(view: &PanelView, shown: Shown, area: Area, svg: &mut Svg) {
    let field = &view.panel.field_config.defaults;
    let series: Vec<&Series> = view.series().map(|(_, series)| series).collect();
    let names = (area.width * 0.42).min(230.0);
    let words: Vec<(String, String)> = field
        .mappings
        .iter()
        .filter_map(|it| it["options"].as_object())
        .flatten()
        .filter_map(|(_, it)| {
            let colour = colours::named(it["color"].as_str()?).to_owned();
            Some((it["text"].as_str()?.to_owned(), colour))
        })
        .collect();
    let plot = Area {
        x: area.x + names,
        y: area.y,
        width: area.width - names - 6.0,
        height: area.height - BELOW - LEGEND_LINE,
    };
    let height = (plot.height / series.len().max(1) as f64).min(34.0);
    for (number, series) in series.iter().enumerate() {
        let y = plot.y + number as f64 * height;
        let size = (height * 0.7).min(12.0);
        let name = svg::shortened(&series.name, size, names - 8.0);
        svg.text((plot.x - 8.0, y + height / 2.0 + size * 0.35), size, colours::TEXT, "end", &name);
        let width = plot.width / series.points.len().max(1) as f64;
        let mut begin = 0;
        for (place, (_, value)) in series.points.iter().enumerate() {
            let next = series.points.get(place + 1).map(|it| it.1);
            if next == Some(*value) {
                continue;
            }
            if let Some(value) = value {
                let colour = colours::shown(field, *value, shown.to).1;
                let bar = Area {
                    x: plot.x + begin as f64 * width,
                    y: y + height * 0.1,
                    width: (place + 1 - begin) as f64 * width,
                    height: height * 0.8,
                };
                svg.rectangle(bar, colour, 0.0);
            }
            begin = place + 1;
        }
    }
    let used = Area { height: height * series.len() as f64, ..plot };
    time_axis(shown, used, svg);
    legend(
        &words,
        Area { y: area.y + area.height - LEGEND_LINE + 4.0, height: LEGEND_LINE, ..area },
        svg,
    );
}

/// Moments below a plot.
fn time_axis(shown: Shown, plot: Area, svg: &mut Svg) {
    let count = (plot.width / 62.0).floor().max(1.0);
    let span = shown.to - shown.from;
    let steps = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];
    let step = steps.into_iter().find(|step| span / step <= count).unwrap_or(7200.0);
    let mut at = (shown.from / step).ceil() * step;
    while at <= shown.to {
        let x = plot.x + (at - shown.from) / span * plot.width;
        let second = at as u64 % 86_400;
        let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
        let text = match step < 60.0 {
            true => format!("{hours:02}:{minutes:02}:{seconds:02}"),
            false => format!("{hours:02}:{minutes:02}"),
        };
        svg.text((x, plot.y + plot.height + 14.0), 11.0, colours::WEAK, "middle", &text);
        at += step;
    }
}

/// Numbers that are round in their unit, from at most the lower end to at least the upper one, about this many.
pub(super) fn nice_marks(low: f64, high: f64, count: usize, unit: &str) -> Vec<f64> {
    let scale = units::scale(high.abs().max(low.abs()), unit);
    let (low, high) = (low / scale, high / scale);
    let rough = (high - low) / count.max(1) as f64;
    if !(rough.is_finite() && 0.0 < rough) {
        return vec![low * scale];
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power).into_iter().find(|it| rough <= *it);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step).floor() as i64, (high / step - 1e-9).ceil() as i64);
    let marks = (first..=last).map(|number| number as f64 * step);
    marks.filter(|mark| low - step * 1e-6 <= *mark).map(|mark| mark * scale).collect()
}

fn legend_lines(names: &[(String, String)], width: f64) -> usize {
    let mut lines = 1;
    let mut used = 0.0;
    for (name, _) in names {
        let needed = legend_width(name);
        if width < used + needed && 0.0 < used {
            lines += 1;
            used = 0.0;
        }
        used += needed;
    }
    lines.min(LEGEND_LINES)
}

fn legend_width(name: &str) -> f64 {
    svg::width(name, 11.0) + 30.0
}

/// Names with their colours, in as many lines as there is room for.
pub(super) fn legend(names: &[(String, String)], area: Area, svg: &mut Svg) {
    let (mut x, mut y) = (area.x, area.y + 8.0);
    for (name, colour) in names {
        let needed = legend_width(name);
        if area.x + area.width < x + needed && area.x < x {
            (x, y) = (area.x, y + LEGEND_LINE);
        }
        if area.y + area.height < y {
            return;
        }
        svg.path(
            &format!("M{x:.1},{:.1} h14", y - 4.0),
            &format!("stroke=\"{colour}\" stroke-width=\"4\""),
        );
        let name = svg::shortened(name, 11.0, area.x + area.width - x - 18.0);
        svg.text((x + 18.0, y), 11.0, colours::TEXT, "start", &name);
        x += needed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round() {
        assert_eq!(nice_marks(0.0, 97.0, 5, "none"), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(
            nice_marks(-0.3, 0.2, 5, "none"),
            [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2].map(|it: f64| (it * 10.0).round() * 0.1)
        );
        assert_eq!(nice_marks(0.0, 7000.0, 2, "s"), [0.0, 3600.0, 7200.0]);
        assert_eq!(nice_marks(3.0, 3.0, 5, "none"), [3.0]);
    }
}
