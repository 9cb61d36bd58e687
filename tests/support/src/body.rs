//! The forms in which a file of exchanges writes a body, and the bytes of each; it knows no dialect.

use crate::aws_event_stream;

/// How a body is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// As it is.
    Verbatim,
    /// As it is, but with CRLF at the end of every line.
    Crlf,
    /// With escapes for what is invisible: see [`unescaped`].
    Escaped,
    /// As a line for each message of an AWS event stream: see [`aws_event_stream`].
    AwsEventStream,
}

/// A line of a body, counted from 0, and what is wrong there.
pub(crate) type Problem = (usize, String);

impl Form {
    const MARKED: [(&str, Form); 3] = [
        ("(crlf)", Form::Crlf),
        ("(escaped)", Form::Escaped),
        ("(aws_event_stream)", Form::AwsEventStream),
    ];

    /// The form of that mark.
    pub(crate) fn from_mark(mark: &str) -> Option<Form> {
        Form::MARKED.into_iter().find_map(|(known, form)| (known == mark).then_some(form))
    }

    /// All marks, for a message.
    pub(crate) fn marks() -> String {
        Form::MARKED.map(|(mark, _)| mark).join(", ")
    }

    /// The bytes of a body that is written so.
    pub(crate) fn bytes(self, text: &str) -> Result<Vec<u8>, Problem> {
        check_visible(text)?;
        match self {
            Form::Verbatim => Ok(text.into()),
            Form::Crlf => Ok(text.replace('\n', "\r\n").into()),
            Form::Escaped => unescaped(text),
            Form::AwsEventStream => aws_event_stream::encode(text),
        }
    }
}

/// Refuses text with bytes that a reader cannot see or an editor may change.
fn check_visible(text: &str) -> Result<(), Problem> {
    for (number, line) in text.split('\n').enumerate() {
        if line.trim_end() != line {
            let what =
                "ends in white space, which is invisible: write the body (escaped), with \\x20";
            return Err((number, what.to_owned()));
        }
        let is_hidden = |character: &char| character.is_control() || *character == '\u{feff}';
        if let Some(hidden) = line.chars().find(is_hidden) {
            let what = format!("holds {hidden:?}, which is invisible: write the body (escaped)");
            return Err((number, what));
        }
    }
    Ok(())
}

/// `\n`, `\r`, `\t`, `\0`, `\\` and `\x1b` are a byte each; a line that ends in `\` continues in the next one.
fn unescaped(text: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let mut rest = line;
        let mut goes_on = false;
        while let Some((plain, escape)) = rest.split_once('\\') {
            bytes.extend(plain.as_bytes());
            let (byte, length) = escaped(escape).ok_or_else(|| {
                let found: String = escape.chars().take(3).collect();
                (number, format!("found \"\\{found}\", expected \\n, \\r, \\t, \\0, \\\\ or \\x1b"))
            })?;
            bytes.extend(byte);
            goes_on = byte.is_none();
            rest = &escape[length..];
        }
        bytes.extend(rest.as_bytes());
        if !goes_on {
            bytes.push(b'\n');
        }
    }
    // The text separates lines by ends, so the last line has none.
    bytes.pop();
    Ok(bytes)
}

/// The byte of an escape, `None` at the end of a line, and the length of the escape after its backslash.
fn escaped(text: &str) -> Option<(Option<u8>, usize)> {
    let byte = match *text.as_bytes() {
        [] => return Some((None, 0)),
        [b'n', ..] => b'\n',
        [b'r', ..] => b'\r',
        [b't', ..] => b'\t',
        [b'0', ..] => 0,
        [b'\\', ..] => b'\\',
        [b'x', ..] => return Some((Some(u8::from_str_radix(text.get(1..3)?, 16).ok()?), 3)),
        _ => return None,
    };
    Some((Some(byte), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: Form, text: &str, bytes: &[u8]) {
        assert_eq!(
            form.bytes(text).unwrap().escape_ascii().to_string(),
            bytes.escape_ascii().to_string()
        );
    }

    #[test]
    fn a_body_is_as_it_is_written() {
        check(Form::Verbatim, "", b"");
        check(Form::Verbatim, "data: \\n\n\n", b"data: \\n\n\n");
        check(Form::Crlf, "a\n\n", b"a\r\n\r\n");
    }

    #[test]
    fn an_escape_is_a_byte() {
        check(Form::Escaped, "", b"");
        check(
            Form::Escaped,
            "a\\r\nb\\n\\t\\0\\\\n\\xff\u{e9}\n",
            b"a\r\nb\n\t\0\\n\xff\xc3\xa9\n",
        );
        check(Form::Escaped, "a\\\nb\\\\\nc", b"ab\\\nc");
        check(Form::Escaped, "\\x3d== \\x20", b"===  ");
    }

    #[track_caller]
    fn refuses(form: Form, text: &str, line: usize, what: &str) {
        let (found_line, found) = form.bytes(text).unwrap_err();
        assert!(found_line == line && found.contains(what), "{found_line}: {found}");
    }

    #[test]
    fn invisible_text_and_unknown_escapes_are_refused() {
        refuses(Form::Verbatim, "a\nb ", 1, "ends in white space");
        refuses(Form::Verbatim, "a\rb", 0, "holds '\\r'");
        refuses(Form::Crlf, "\u{feff}a", 0, "holds '\\u{feff}'");
        refuses(Form::Escaped, "a\n\\x1", 1, "found \"\\x1\"");
        refuses(Form::Escaped, "\\e", 0, "found \"\\e\"");
        refuses(Form::AwsEventStream, "# fine\n\nevents x {}", 2, "found \"events\"");
    }
}
