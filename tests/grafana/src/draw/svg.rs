//! Shapes and texts as SVG. It knows no panel.

use std::fmt::Write;

use super::colours;

/// A rectangle on the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A picture under way.
pub(super) struct Svg(String);

/// About how wide a text is.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let units: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | 'I' | '!' => 0.28,
            'f' | 't' | 'r' | ' ' | '(' | ')' | '-' | '/' => 0.36,
            'm' | 'w' | 'M' | 'W' | '%' => 0.86,
            'A'..='Z' => 0.68,
            _ => 0.56,
        })
        .sum();
    units * size
}

/// A text that is no wider than this: what is cut off is an ellipsis.
pub(super) fn shortened(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if limit < width(&kept, size) + size * 0.8 {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

impl Svg {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Svg {
        Svg(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Inter, Helvetica, Arial, sans-serif\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            escaped(title),
            colours::BACKGROUND
        ))
    }

    /// Begins a group that says this to whoever points at it.
    pub(super) fn begin(&mut self, about: &str) {
        self.0 += "<g>\n";
        if !about.is_empty() {
            let _ = writeln!(self.0, "<title>{}</title>", escaped(about));
        }
    }

    pub(super) fn end(&mut self) {
        self.0 += "</g>\n";
    }

    pub(super) fn finish(self) -> String {
        self.0 + "</svg>\n"
    }

    pub(super) fn rectangle(&mut self, area: Area, fill: &str, radius: f64) {
        let Area { x, y, width, height } = area;
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius}\" fill=\"{fill}\"/>",
            width.max(0.0),
            height.max(0.0)
        );
    }

    pub(super) fn text(&mut self, at: (f64, f64), size: f64, fill: &str, anchor: &str, text: &str) {
        self.written(at, size, fill, anchor, "", text);
    }

    pub(super) fn bold(&mut self, at: (f64, f64), size: f64, fill: &str, text: &str) {
        self.written(at, size, fill, "start", " font-weight=\"600\"", text);
    }

    /// A large text in the middle.
    pub(super) fn large(&mut self, at: (f64, f64), size: f64, fill: &str, text: &str) {
        self.written(at, size, fill, "middle", " font-weight=\"600\"", text);
    }

    fn written(
        &mut self,
        (x, y): (f64, f64),
        size: f64,
        fill: &str,
        anchor: &str,
        more: &str,
        text: &str,
    ) {
        let anchor = match anchor {
            "start" => String::new(),
            other => format!(" text-anchor=\"{other}\""),
        };
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{fill}\"{anchor}{more}>{}</text>",
            escaped(text)
        );
    }

    /// A path, such as `M1,2 L3,4`, with these attributes.
    pub(super) fn path(&mut self, path: &str, attributes: &str) {
        let _ = writeln!(self.0, "<path d=\"{path}\" {attributes}/>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_wide_is_shortened() {
        let short = shortened("maximum temperature", 12.0, 60.0);
        assert!(short.ends_with('…') && width(&short, 12.0) <= 66.0, "{short}");
        assert_eq!(shortened("rain", 12.0, 60.0), "rain");
    }
}
