//! Reads a file of exchanges, such as `openai_chat.exchanges`; it judges none.
//!
//! `tests/data/README.md` describes the format.

use std::collections::BTreeSet;

use crate::{body::Form, message::Message};

/// An exchange of a file.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its dialect, which is the name of its file, and its own name: `openai_chat/a_plain_stream`.
    pub name: String,
    /// The request's path, query included.
    pub path: String,
    /// The request, without its first line.
    pub request: Message,
    /// The response's status.
    pub status: u16,
    /// The response, without its first line.
    pub response: Message,
    /// What the exchange must count, as JSON.
    pub expected: String,
}

impl Exchange {
    /// The dialect, which is the name of its file.
    #[must_use]
    pub fn dialect(&self) -> &str {
        dialect_of(&self.name)
    }
}

/// The dialect in the name of an exchange.
pub(crate) fn dialect_of(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// Begins an exchange.
const TITLE: &str = "=== ";
/// Begins a message of an exchange.
const PART: &str = "--- ";

/// All exchanges of a file, in its order.
///
/// # Errors
///
/// The first problem, with its line.
pub(crate) fn parse(dialect: &str, text: &str) -> Result<Vec<Exchange>, Problem> {
    let sections = sections(text)?;
    let mut exchanges = Vec::new();
    let mut names = BTreeSet::new();
    for of_one in sections.chunk_by(|_, next| next.part().is_some()) {
        let exchange = exchange(dialect, of_one)?;
        if !names.insert(exchange.name.clone()) {
            return Err(of_one[0].problem(format!("{} comes a second time", exchange.name)));
        }
        exchanges.push(exchange);
    }
    Ok(exchanges)
}

/// A line, counted from 1, and what is wrong there.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// A line that begins with [`TITLE`] or [`PART`], and the lines below it.
#[derive(Debug)]
struct Section<'t> {
    /// Where it begins, counted from 1.
    line: usize,
    mark: &'t str,
    lines: Vec<&'t str>,
}

impl<'t> Section<'t> {
    /// What follows [`PART`]; `None` for the section of a title.
    fn part(&self) -> Option<&'t str> {
        self.mark.strip_prefix(PART)
    }

    fn problem(&self, what: String) -> Problem {
        Problem { line: self.line, what }
    }
}

fn sections(text: &str) -> Result<Vec<Section<'_>>, Problem> {
    let Some(text) = text.strip_suffix('\n') else {
        let line = text.split('\n').count();
        return Err(Problem { line, what: "the last line has no end".to_owned() });
    };
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (line, number) in text.split('\n').zip(1..) {
        if line.starts_with(TITLE) || line.starts_with(PART) {
            sections.push(Section { line: number, mark: line, lines: Vec::new() });
        } else if let Some(open) = sections.last_mut() {
            open.lines.push(line);
        } else if !line.is_empty() && !line.starts_with('#') {
            let what = format!("found {line:?}, expected a comment or `{TITLE}name`");
            return Err(Problem { line: number, what });
        }
    }
    Ok(sections)
}

fn exchange(dialect: &str, sections: &[Section<'_>]) -> Result<Exchange, Problem> {
    let first = &sections[0];
    let Some(name) = first.mark.strip_prefix(TITLE) else {
        return Err(first.problem(format!("found {:?}, expected `{TITLE}name`", first.mark)));
    };
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name) {
        let what = format!("found the name {name:?}, expected words_like_these");
        return Err(first.problem(what));
    }
    let [_, request, response] = sections else {
        let marks = sections[1..].iter().map(|section| section.mark).collect::<Vec<_>>();
        return Err(first.problem(format!(
            "found the sections {marks:?} in {name}, expected `{PART}request` and `{PART}response`"
        )));
    };
    let (line, asked) = message(request, "request")?;
    let path = match line.split(' ').collect::<Vec<_>>()[..] {
        ["POST", path, "HTTP/1.1"] if path.starts_with('/') => path.to_owned(),
        _ => {
            return Err(request.problem(format!(
                "found {line:?} as its first line, expected `POST /path HTTP/1.1`"
            )));
        }
    };
    let (line, answered) = message(response, "response")?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let Some(status) = status else {
        return Err(response.problem(format!(
            "found {line:?} as its first line, expected such as `HTTP/1.1 200 OK`"
        )));
    };
    Ok(Exchange {
        name: format!("{dialect}/{name}"),
        path,
        request: asked,
        status,
        response: answered,
        expected: first.lines.join("\n"),
    })
}

/// The first line of a message, and the rest of it.
fn message<'t>(section: &Section<'t>, part: &str) -> Result<(&'t str, Message), Problem> {
    let found = section.part().unwrap_or_default();
    let (name, form) = match found.split_once(' ') {
        Some((name, form)) => (name, Form::from_mark(form)),
        None => (found, Some(Form::Verbatim)),
    };
    let Some(form) = form.filter(|_| name == part) else {
        return Err(section.problem(format!(
            "found {:?}, expected `{PART}{part}`, with a form of its body or none: {}",
            section.mark,
            Form::marks()
        )));
    };
    let Some(end) = section.lines.iter().position(|line| line.is_empty()) else {
        return Err(section.problem("no empty line ends its head".to_owned()));
    };
    let (head, body) = section.lines.split_at(end);
    let (first, headers) =
        head.split_first().ok_or_else(|| section.problem("it has no head".to_owned()))?;
    let headers = Message::headers(headers).map_err(|what| section.problem(what))?;
    let body = form.bytes(&body[1..].join("\n")).map_err(|(below, what)| Problem {
        // Below the mark, the head and the empty line.
        line: section.line + head.len() + 2 + below,
        what,
    })?;
    Ok((first, Message { headers, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
# A comment.

=== first
{\"about\": \"x\"}
--- request
POST /a?b HTTP/1.1
Content-Type: application/json

{}
--- response
HTTP/1.1 200 OK

data: 1


=== second
{}
--- request (escaped)
POST / HTTP/1.1

\\0
--- response (crlf)
HTTP/1.1 404 Not Found

a
";

    #[test]
    fn the_line_end_before_a_section_is_not_part_of_a_body() {
        let exchanges = parse("d", TWO).unwrap();
        let [first, second] = &exchanges[..] else { panic!("{exchanges:?}") };
        assert_eq!((&*first.name, &*first.path, first.status), ("d/first", "/a?b", 200));
        assert_eq!(first.request.header("content-type"), Some("application/json"));
        assert_eq!(
            (&*first.request.body, &*first.response.body),
            (&b"{}"[..], &b"data: 1\n\n"[..])
        );
        assert_eq!(first.expected, "{\"about\": \"x\"}");
        assert_eq!((&*second.name, second.status), ("d/second", 404));
        assert_eq!((&*second.request.body, &*second.response.body), (&b"\0"[..], &b"a"[..]));
    }

    #[test]
    fn a_head_without_a_body_is_all_there_is() {
        let text = TWO.replace("\n{}\n--- response", "\n--- response");
        assert_eq!(parse("d", &text).unwrap()[0].request.body, b"");
    }

    #[track_caller]
    fn refuses(from: &str, to: &str, line: usize, what: &str) {
        let text = TWO.replacen(from, to, 1);
        assert_ne!(text, TWO);
        assert_eq!(parse("d", &text).unwrap_err(), Problem { line, what: what.to_owned() });
    }

    #[test]
    fn a_malformed_file_is_refused_with_the_line() {
        refuses("# A", "A", 1, "found \"A comment.\", expected a comment or `=== name`");
        refuses("=== first", "=== First", 3, "found the name \"First\", expected words_like_these");
        refuses("=== second", "=== first", 16, "d/first comes a second time");
        refuses(
            "--- response\n",
            "",
            3,
            "found the sections [\"--- request\"] in first, expected `--- request` and `--- response`",
        );
        refuses(
            "--- request\n",
            "--- request (gzip)\n",
            5,
            "found \"--- request (gzip)\", expected `--- request`, with a form of its body or none: \
             (crlf), (escaped), (aws_event_stream)",
        );
        refuses(
            "POST /a?b",
            "GET /a?b",
            5,
            "found \"GET /a?b HTTP/1.1\" as its first line, expected `POST /path HTTP/1.1`",
        );
        refuses(
            "HTTP/1.1 200",
            "HTTP/2 200",
            10,
            "found \"HTTP/2 200 OK\" as its first line, expected such as `HTTP/1.1 200 OK`",
        );
        refuses(
            "Type: ",
            "Type",
            5,
            "found \"Content-Typeapplication/json\", expected `name: value`",
        );
        refuses("OK\n\ndata: 1\n\n\n", "OK\n", 10, "no empty line ends its head");
        refuses(
            "data: 1",
            "\ndata: 1 ",
            14,
            "ends in white space, which is invisible: write the body (escaped), with \\x20",
        );
        let open = TWO.strip_suffix('\n').unwrap();
        assert_eq!(parse("d", open).unwrap_err().what, "the last line has no end");
    }
}
