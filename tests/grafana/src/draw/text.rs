//! Texts in Markdown: paragraphs, and bold words as plain ones.

use super::{
    colours,
    svg::{self, Area, Svg},
};
use crate::view::PanelView;

const SIZE: f64 = 13.0;
const LEADING: f64 = 19.0;

pub(super) fn draw(view: &PanelView, area: Area, svg: &mut Svg) {
    let content = view.panel.options["content"].as_str().unwrap_or_default().replace("**", "");
    let mut y = area.y + SIZE;
    for paragraph in content.split("\n\n") {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = format!("{line} {word}");
            if area.width < svg::width(&longer, SIZE) {
                svg.text((area.x, y), SIZE, colours::TEXT, "start", line.trim());
                y += LEADING;
                line = word.to_owned();
            } else {
                line = longer;
            }
        }
        svg.text((area.x, y), SIZE, colours::TEXT, "start", line.trim());
        y += LEADING * 1.5;
    }
}
