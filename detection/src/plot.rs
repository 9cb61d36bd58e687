//! A plot of lines, as SVG. It knows no result.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// Left, right, top and bottom of the area of lines; the legend is to its right.
const AREA: (f64, f64, f64, f64) = (70.0, 500.0, 40.0, 365.0);
const COLOURS: [&str; 8] =
    ["#1f4e9c", "#3f8ae0", "#9cc4f0", "#c0392b", "#e67e22", "#f1b34c", "#8e44ad", "#7f8c8d"];

/// A plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows.
    pub title: &'static str,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// In the order of the legend.
    pub lines: Vec<Line>,
}

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures, and in what.
    pub label: &'static str,
    /// Whether it is logarithmic.
    pub is_logarithmic: bool,
    /// Its marks; the first and the last one are its ends.
    pub marks: &'static [f64],
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// Whether it is of the filter; others are dashed.
    pub is_ours: bool,
    /// Points from left to right; what is beyond an end lies there, and what is not finite is left out.
    pub points: Vec<(f64, f64)>,
}

impl Axis {
    /// Where a value lies, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let scale = |x: f64| if self.is_logarithmic { libm::log10(x.max(1e-9)) } else { x };
        let (first, last) = (self.marks[0], self.marks[self.marks.len() - 1]);
        ((scale(value) - scale(first)) / (scale(last) - scale(first))).clamp(0.0, 1.0)
    }
}

impl Plot {
    /// The text of the file.
    #[must_use]
    pub fn svg(&self) -> String {
        let (left, right, top, bottom) = AREA;
        let x = |value: f64| left + self.x.place(value) * (right - left);
        let y = |value: f64| bottom - self.y.place(value) * (bottom - top);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            escaped(self.title)
        );
        let mut text = |at: (f64, f64), anchor: &str, more: &str, text: &str| {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\"{more}>{}</text>",
                at.0,
                at.1,
                escaped(text)
            );
        };
        let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
        text((left, 22.0), "start", " font-size=\"15\" font-weight=\"bold\"", self.title);
        text((middle.0, HEIGHT - 12.0), "middle", "", self.x.label);
        let turned = format!(" transform=\"rotate(-90 18 {:.1})\"", middle.1);
        text((18.0, middle.1), "middle", &turned, self.y.label);
        for &mark in self.x.marks {
            text((x(mark), bottom + 18.0), "middle", "", &number(mark));
        }
        for &mark in self.y.marks {
            text((left - 8.0, y(mark) + 4.0), "end", "", &number(mark));
        }
        for (number, line) in self.lines.iter().enumerate() {
            text((right + 44.0, top + 14.0 + 20.0 * number as f64), "start", "", &line.name);
        }
        let mut stroke = |points: &str, style: &str| {
            let _ = writeln!(svg, "<polyline points=\"{points}\" fill=\"none\" {style}/>");
        };
        let grid = "stroke=\"#ddd\"";
        for &mark in self.x.marks {
            stroke(&format!("{0:.1},{top} {0:.1},{bottom}", x(mark)), grid);
        }
        for &mark in self.y.marks {
            stroke(&format!("{left},{0:.1} {right},{0:.1}", y(mark)), grid);
        }
        for (number, line) in self.lines.iter().enumerate() {
            let style = format!(
                "stroke=\"{}\" stroke-width=\"{}\"{}",
                COLOURS[number % COLOURS.len()],
                if line.is_ours { 2.5 } else { 1.5 },
                if line.is_ours { "" } else { " stroke-dasharray=\"5 3\"" }
            );
            let points = line.points.iter().filter(|(_, value)| value.is_finite());
            let points: Vec<String> =
                points.map(|&(at, value)| format!("{:.1},{:.1}", x(at), y(value))).collect();
            stroke(&points.join(" "), &style);
            let at = top + 10.0 + 20.0 * number as f64;
            stroke(&format!("{:.1},{at:.1} {:.1},{at:.1}", right + 12.0, right + 38.0), &style);
        }
        svg + "</svg>\n"
    }
}

/// A number with commas between thousands.
#[must_use]
pub fn number(value: f64) -> String {
    if value.fract() != 0.0 {
        return value.to_string();
    }
    let digits = format!("{}", value as u64);
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_on_their_axes() {
        let axis = Axis { label: "rows", is_logarithmic: true, marks: &[1.0, 10.0, 100.0] };
        let places = [0.1, 1.0, 10.0, 100.0, 1e9].map(|value| axis.place(value));
        assert_eq!(places, [0.0, 0.0, 0.5, 1.0, 1.0]);
        let y = Axis { label: "share < 1", is_logarithmic: false, marks: &[0.0, 1.0] };
        let points = vec![(1.0, 0.0), (10.0, f64::INFINITY), (100.0, 1.0)];
        let line = Line { name: "a".to_owned(), is_ours: true, points };
        let svg = Plot { title: "t", x: axis, y, lines: vec![line] }.svg();
        assert!(svg.contains("points=\"70.0,365.0 500.0,40.0\""), "{svg}");
        assert!(svg.contains("share &lt; 1"));
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0.5, 300.0, 36_000.0, 1e6].map(number), ["0.5", "300", "36,000", "1,000,000"]);
    }
}
