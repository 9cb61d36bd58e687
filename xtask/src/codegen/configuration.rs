//! The reference of the settings: the tables of `docs/configuration.md` and its JSON Schema, both from the tables by which
//! the filter reads its configuration. Nothing here spells a setting.

mod schema;

use std::fmt::Write;

use anyhow::Result;
use driftline_monitor::config::{
    SECTION,
    table::{Absent, Row, Section, Shape, TextShape},
};
use driftline_statistics::document::WHOLE_MAX;

use super::page::{self, Part};

pub(super) use self::schema::render as render_schema;

const PAGE: &str = "docs/configuration.md";

/// The text of the page.
pub(super) fn render() -> Result<String> {
    page::render(PAGE, &[Part { about: "the settings", render: tables }])
}

fn tables() -> String {
    let mut text = String::new();
    section(&mut text, SECTION, &mut Vec::new());
    text
}

/// An object with its table, and then those within it; one that stands at several places comes once.
fn section(text: &mut String, object: &Section, seen: &mut Vec<&'static str>) {
    seen.push(object.place);
    let heading = match object.place {
        "" => String::from("Settings"),
        place => format!("`{place}`"),
    };
    let about = sentence(object.about);
    let _ = writeln!(text, "## {heading}\n\n{about}\n");
    text.push_str(
        "| field | meaning | allowed | default | example |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in object.all_rows() {
        line(text, row);
    }
    for inner in object.all_rows().filter_map(|row| (row.shape)().section()) {
        if !seen.contains(&inner.place) {
            text.push('\n');
            section(text, inner, seen);
        }
    }
}

fn line(text: &mut String, row: &Row) {
    let Row { field, about, shape, absent, example } = row;
    let default = match absent {
        Absent::Refused => String::from("required"),
        Absent::Means(value) if is_all(&shape(), &value().to_string()) => String::from("all"),
        Absent::Means(value) => format!("`{}`", value()),
        Absent::Said(text) => String::from(*text),
    };
    let cells = [&sentence(about), &allowed(&shape()), &default, &format!("`{example}`")];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(text, "| `{field}` | {} |", cells.join(" | "));
}

/// Whether a default lists every word that there is.
fn is_all(shape: &Shape, default: &str) -> bool {
    let Shape::List { of, .. } = shape else { return false };
    let Shape::Word(words) = &**of else { return false };
    words.iter().all(|word| default.contains(&format!("\"{word}\"")))
}

/// The lines of a doc comment as one.
fn sentence(about: &str) -> String {
    about.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn allowed(shape: &Shape) -> String {
    match shape {
        Shape::Whole(range) => match (range.start(), range.end()) {
            (least, &WHOLE_MAX) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        },
        Shape::Number(range) => format!("{} to {}", range.start(), range.end()),
        Shape::Flag => String::from("`true`, `false`"),
        Shape::Word(words) => listed(words),
        Shape::WordOrList { words, lengths, of } => {
            let (least, most) = (lengths.start(), lengths.end());
            format!("{}, or {least} to {most}, {}", listed(words), allowed(of))
        }
        Shape::Text(form) => String::from(text_form(*form)),
        Shape::Object(inner) => format!("[an object](#{})", anchor(inner)),
        Shape::Profile => String::from("[a profile](profile.md)"),
        Shape::List { lengths, of, is_unique } => {
            let each = if *is_unique { ", each once" } else { "" };
            match &**of {
                Shape::Word(words) => format!("any of {}", listed(words)),
                Shape::Object(inner) => {
                    let (least, most) = (lengths.start(), lengths.end());
                    format!("{least} to {most} [objects](#{})", anchor(inner))
                }
                of => format!("{} to {}, {}{each}", lengths.start(), lengths.end(), allowed(of)),
            }
        }
    }
}

const fn text_form(form: TextShape) -> &'static str {
    match form {
        TextShape::Label => "[a label](#labels)",
        TextShape::ModelName => "[a label](#labels) or [a pattern](#patterns)",
        TextShape::Name => "[a name](#labels)",
        TextShape::Pattern => "[a pattern](#patterns)",
        TextShape::Any => "text",
        TextShape::Secret => "text that is not empty",
        TextShape::Moment => "RFC 3339, from 1970 to 9999",
        TextShape::UrlPattern => "[a pattern](#patterns) that begins with `/` or `*`",
        TextShape::JsonPath => "up to 16 steps, such as `user.age` or `rows[].age`",
        TextShape::HeaderName => "the name of a header",
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The link to a section, as GitHub makes it of its heading.
fn anchor(section: &Section) -> String {
    section.place.chars().filter(|it| it.is_alphanumeric() || matches!(it, '_' | '-')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_breaks_its_table_and_every_link_has_its_heading() {
        let text = tables();
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
        }
        let page = render().unwrap();
        let headings: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(|heading| heading.to_lowercase().replace(' ', "-"))
            .map(|heading| heading.replace(['`', '[', ']', '.'], ""))
            .collect();
        for heading in &headings {
            let alike = headings.iter().filter(|other| *other == heading).count();
            assert_eq!(alike, 1, "{heading}");
        }
        for link in page.split("(#").skip(1).filter_map(|rest| rest.split_once(')')) {
            assert!(headings.iter().any(|heading| heading == link.0), "#{}", link.0);
        }
    }
}
