//! The filter's configuration as it is put into other documents: text that is JSON and YAML at once. Numbers stay as they
//! are written, members stay in their order, and nothing is checked but the form.

use crate::yaml::quoted;

/// How deep values may lie within each other; configurations lie less than ten deep.
const DEPTH_MAX: usize = 64;

/// A JSON value, as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Json {
    /// A number, a word or a text, as it is written; texts are escaped as YAML wants it.
    Scalar(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a document; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { rest: text };
        let json = reader.value(0)?;
        reader.skip_blanks();
        reader.rest.is_empty().then_some(json)
    }

    /// On one line, as short as it gets.
    pub(super) fn compact(&self) -> String {
        let mut text = String::new();
        self.write_line(&mut text, "");
        text
    }

    /// On lines of at most this width where that is possible, with two blanks for each level.
    pub(super) fn lines(&self, width: usize) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, width);
        text
    }

    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        let quoted = quoted(name);
        members.iter().find(|(member, _)| *member == quoted).map(|(_, value)| value)
    }

    /// The items of an array; of anything else none.
    pub(super) fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    fn write_line(&self, text: &mut String, blank: &str) {
        let separated = |text: &mut String, index: usize| {
            if index != 0 {
                text.push(',');
                *text += blank;
            }
        };
        match self {
            Json::Scalar(scalar) => *text += scalar,
            Json::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    separated(text, index);
                    item.write_line(text, blank);
                }
                text.push(']');
            }
            Json::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    separated(text, index);
                    *text += name;
                    text.push(':');
                    *text += blank;
                    value.write_line(text, blank);
                }
                text.push('}');
            }
        }
    }

    /// Writes the value, whose first line begins somewhere and whose others are indented this far.
    fn write(&self, text: &mut String, indent: usize, width: usize) {
        let mut line = String::new();
        self.write_line(&mut line, " ");
        // A comma may follow.
        if column(text).saturating_add(line.len()) < width {
            *text += &line;
            return;
        }
        let inner = indent.saturating_add(2);
        match self {
            Json::Scalar(_) => *text += &line,
            Json::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    let is_scalar =
                        |index: usize| matches!(items.get(index), Some(Json::Scalar(_)));
                    let mut short = String::new();
                    item.write_line(&mut short, " ");
                    let fits = column(text).saturating_add(short.len()).saturating_add(2) < width;
                    if index != 0 {
                        text.push(',');
                    }
                    // Numbers stand side by side.
                    if index != 0 && fits && is_scalar(index) && is_scalar(index.saturating_sub(1))
                    {
                        text.push(' ');
                    } else {
                        new_line(text, inner);
                    }
                    item.write(text, inner, width);
                }
                new_line(text, indent);
                text.push(']');
            }
            Json::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index != 0 {
                        text.push(',');
                    }
                    new_line(text, inner);
                    *text += name;
                    *text += ": ";
                    value.write(text, inner, width);
                }
                new_line(text, indent);
                text.push('}');
            }
        }
    }
}

fn column(text: &str) -> usize {
    text.len().saturating_sub(text.rfind('\n').map_or(0, |end| end.saturating_add(1)))
}

fn new_line(text: &mut String, indent: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Json> {
        if DEPTH_MAX < depth {
            return None;
        }
        self.skip_blanks();
        match self.rest.chars().next()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' => self.string().map(Json::Scalar),
            _ => self.word().map(Json::Scalar),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take('{')?;
        let mut members = Vec::new();
        if self.take('}').is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.skip_blanks();
            let name = self.string()?;
            self.take(':')?;
            members.push((name, self.value(depth.saturating_add(1))?));
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(Json::Object(members));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        self.take('[')?;
        let mut items = Vec::new();
        if self.take(']').is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            if self.take(',').is_none() {
                self.take(']')?;
                return Some(Json::List(items));
            }
        }
    }

    /// A text, escaped anew.
    fn string(&mut self) -> Option<String> {
        let mut is_escaped = false;
        let end = self.rest.char_indices().skip(1).find(|&(_, character)| {
            let ends = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            ends
        });
        let (token, rest) = self.rest.split_at_checked(end?.0.saturating_add(1))?;
        let text: String = serde_json::from_str(token).ok()?;
        self.rest = rest;
        Some(quoted(&text))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<String> {
        let ends = |character: char| ",]}".contains(character) || is_blank(character);
        let (token, rest) =
            self.rest.split_at_checked(self.rest.find(ends).unwrap_or(self.rest.len()))?;
        serde_json::from_str::<serde_json::Value>(token).ok()?;
        self.rest = rest;
        Some(token.to_owned())
    }

    fn take(&mut self, character: char) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }
}

fn is_blank(character: char) -> bool {
    " \t\r\n".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, width: usize, expected: &str) {
        let json = Json::parse(text).unwrap();
        assert_eq!(json.lines(width), expected);
        let [before, after] =
            [text, expected].map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap());
        assert_eq!(before, after);
        assert_eq!(Json::parse(&json.compact()).unwrap(), json);
    }

    #[test]
    fn what_fits_stands_on_one_line_and_numbers_side_by_side() {
        check(" { \"b\" : [1,2.50],\n\"a\":{}}", 40, r#"{"b": [1, 2.50], "a": {}}"#);
        check(
            r#"{"edges":[1e-5,22222,33333,4,5],"c":[{"d":1},{"e":[]}]}"#,
            24,
            "{\n  \"edges\": [\n    1e-5, 22222, 33333,\n    4, 5\n  ],\n  \"c\": [\n    {\"d\": 1},\n    {\"e\": []}\n  ]\n}",
        );
    }

    #[test]
    fn texts_are_escaped_as_yaml_wants_it() {
        check(r#""\/\u00e9\ud83d\ude00\"\\\u0085\u2028\t""#, 80, r#""/é😀\"\\\u0085\u2028\t""#);
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "\"a", "nul", "1 2", "{\"a\":1}}", "[01]"] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn members_and_items_are_found() {
        let json = Json::parse(r#"{"models":[{"na\u006de":1}]}"#).unwrap();
        assert_eq!(
            json.get("models").unwrap().items()[0].get("name"),
            Some(&Json::Scalar("1".into()))
        );
        assert_eq!(json.get("nothing"), None);
        assert!(json.items().is_empty());
    }
}
