//! The tokenizer against serde_json on generated documents; every difference must be a lenience that is on the list.

use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Map, Value};

use super::*;

#[test]
fn generated_documents_give_the_values_that_serde_json_gives() {
    let mut random = Random(driftline_random::Random::new(0x9e37_79b9_7f4a_7c15));
    for round in 0..4_000 {
        let mut document = String::new();
        random.value(&mut document, 0);
        let expected: Value = serde_json::from_str(&document).unwrap();
        let found = read(&random.cut(document.as_bytes()));
        assert_eq!(found, Outcome::Complete(normal(expected)), "round {round}: {document}");
    }
}

#[test]
fn a_prefix_of_a_document_is_incomplete_and_never_malformed() {
    let mut random = Random(driftline_random::Random::new(0x1234_5678_9abc_def1));
    for _ in 0..300 {
        let mut document = String::from("[");
        random.value(&mut document, 1);
        document.push(']');
        for length in 1..document.len() {
            let found = read(&random.cut(&document.as_bytes()[..length]));
            assert_eq!(
                found,
                Outcome::Refused(JsonEnd::Incomplete),
                "{length} bytes of {document}"
            );
        }
    }
}

#[test]
fn mutated_documents_are_accepted_by_both_or_for_a_known_reason() {
    let mut random = Random(driftline_random::Random::new(0xdead_beef_cafe_f00d));
    let (mut accepted, mut refused, mut lenient) = (0, 0, 0);
    for round in 0..30_000 {
        let mut document = String::new();
        random.value(&mut document, 2);
        let mut bytes = document.into_bytes();
        for _ in 0..=random.below(3) {
            random.mutate(&mut bytes);
        }
        let shown = bytes.escape_ascii();
        let found = read(&random.cut(&bytes));
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(expected) => {
                accepted += 1;
                assert_eq!(found, Outcome::Complete(normal(expected)), "round {round}: {shown}");
            }
            Err(_) if matches!(found, Outcome::Refused(_)) => refused += 1,
            Err(error) => {
                lenient += 1;
                // The list of leniences.
                let reason = error.to_string();
                let known = found == Outcome::NotFinite
                    || core::str::from_utf8(&bytes).is_err()
                    || reason.contains("surrogate")
                    || reason.contains("unexpected end of hex escape")
                    || bytes.starts_with(b"\xef\xbb\xbf");
                assert!(known, "round {round}: {shown}: serde_json says {reason}, we {found:?}");
            }
        }
    }
    // The mutations would prove nothing if all of them fell on one side.
    assert!(3_000 < accepted && 3_000 < refused && 20 < lenient, "{accepted} {refused} {lenient}");
}

#[test]
fn numbers_are_rounded_as_core_rounds_them_wherever_they_are_cut() {
    let mut random = Random(driftline_random::Random::new(0x0bad_5eed_0bad_5eed));
    for _ in 0..20_000 {
        let number = f64::from_bits(random.0.word());
        if !number.is_finite() {
            continue;
        }
        let near = (random.0.word() >> 12) as f64 / 1e9;
        for text in [
            format!("{number:e}"),
            format!("{near}"),
            format!("{}", near as f32),
            format!("{near:.3}"),
        ] {
            let expected: f64 = text.parse().unwrap();
            let cut = random.cut(text.as_bytes());
            assert_eq!(root_number(&[text.as_bytes()]), Some(expected), "{text}");
            assert_eq!(root_number(&cut), Some(expected), "{text} in {} pieces", cut.len());
        }
    }
}

#[test]
fn digits_beyond_the_eighteenth_move_the_last_place_at_most_and_never_by_the_cut() {
    let mut random = Random(driftline_random::Random::new(0x5eed));
    for _ in 0..5_000 {
        let mut text = String::from(if random.below(2) == 0 { "-" } else { "" });
        text.push(char::from(b'1' + random.below(9) as u8));
        let point = random.below(40);
        for place in 0..20 + random.below(150) {
            if place == point {
                text.push('.');
            }
            text.push(char::from(b'0' + random.below(10) as u8));
        }
        let text = text.trim_end_matches('.');
        let expected: f64 = text.parse().unwrap();
        let whole = root_number(&[text.as_bytes()]).unwrap();
        assert!(whole.to_bits().abs_diff(expected.to_bits()) <= 1, "{text}: {whole}");
        assert_eq!(root_number(&random.cut(text.as_bytes())), Some(whole), "{text}");
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Complete(Value),
    /// Complete, with a number that JSON cannot have.
    NotFinite,
    Refused(JsonEnd),
}

/// Builds a value from the tokens, all numbers as doubles.
fn read(pieces: &[&[u8]]) -> Outcome {
    let mut tokenizer = Tokenizer::new();
    let mut build = Build::default();
    for piece in pieces {
        let mut input = *piece;
        loop {
            let progress = tokenizer.next(input);
            input = &input[progress.consumed..];
            match progress.token {
                Some(token) => build.push(token),
                None => break,
            }
        }
    }
    let finish = tokenizer.finish();
    if let Some(token) = finish.token {
        build.push(token);
    }
    match finish.ending {
        JsonEnd::Complete if build.not_finite => Outcome::NotFinite,
        JsonEnd::Complete => Outcome::Complete(build.root.unwrap()),
        ending => Outcome::Refused(ending),
    }
}

#[derive(Default)]
struct Build {
    root: Option<Value>,
    open: Vec<Value>,
    keys: Vec<String>,
    not_finite: bool,
}

impl Build {
    fn push(&mut self, token: Token<'_>) {
        let value = match token {
            Token::ObjectStart => return self.open.push(Value::Object(Map::new())),
            Token::ArrayStart => return self.open.push(Value::Array(Vec::new())),
            Token::Key(text) => return self.keys.push(owned(text)),
            Token::ObjectEnd | Token::ArrayEnd => self.open.pop().unwrap(),
            Token::String(text) => Value::String(owned(text)),
            Token::Number(number) => Value::from(number),
            Token::Nan | Token::NotFinite => {
                self.not_finite = true;
                Value::Null
            }
            Token::Bool(bool) => Value::Bool(bool),
            Token::Null => Value::Null,
            Token::Piece(_) | Token::PiecesEnd | Token::Passed => {
                unreachable!("none was asked for")
            }
        };
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Value::Array(elements)) => elements.push(value),
            Some(Value::Object(members)) => {
                members.insert(self.keys.pop().unwrap(), value);
            }
            Some(_) => unreachable!("only containers are open"),
        }
    }
}

fn owned(text: Text<'_>) -> String {
    assert!(text.is_whole());
    String::from_utf8_lossy(text.bytes).into_owned()
}

/// The same value with all numbers as doubles.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        Value::Array(elements) => elements.into_iter().map(normal).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(key, value)| (key, normal(value))).collect()
        }
        other => other,
    }
}

/// The number that `pieces` are.
fn root_number(pieces: &[&[u8]]) -> Option<f64> {
    let mut tokenizer = Tokenizer::new();
    let mut closed = pieces.to_vec();
    closed.push(b" ");
    // White space at the end takes the way through `next` instead of `finish`; both must agree.
    for piece in pieces {
        assert_eq!(tokenizer.next(piece).token, None);
    }
    let at_finish = number(tokenizer.finish().token);
    let mut last = None;
    for piece in &closed {
        last = number(tokenizer.next(piece).token);
    }
    assert_eq!(last, at_finish);
    if let [whole] = pieces {
        tokenizer.reset();
        let mut document = whole.to_vec();
        document.push(b' ');
        assert_eq!(number(tokenizer.next(&document).token), at_finish);
    }
    at_finish
}

fn number(token: Option<Token<'_>>) -> Option<f64> {
    if let Some(Token::Number(number)) = token { Some(number) } else { None }
}

/// What is drawn from one sequence of random numbers.
struct Random(driftline_random::Random);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.word() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// Cuts into pieces of 1 to 16 bytes, or none at all.
    fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let longest = 1 << self.below(8);
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let length = (1 + self.below(longest) as usize).min(bytes.len());
            pieces.push(&bytes[..length]);
            bytes = &bytes[length..];
        }
        pieces
    }

    fn value(&mut self, out: &mut String, depth: u32) {
        self.space(out);
        let kinds = if depth < 5 { 10 } else { 6 };
        match self.below(kinds) {
            0 => out.push_str(self.pick(&["true", "false", "null"])),
            1 | 2 => self.string(out),
            3..=5 => self.number(out),
            6 | 7 => self.list(out, "[", "]", |random, out| random.value(out, depth + 1)),
            _ => self.list(out, "{", "}", |random, out| {
                random.string(out);
                random.space(out);
                out.push(':');
                random.value(out, depth + 1);
            }),
        }
        self.space(out);
    }

    fn list(
        &mut self,
        out: &mut String,
        open: &str,
        close: &str,
        element: impl Fn(&mut Random, &mut String),
    ) {
        out.push_str(open);
        for number in 0..self.below(5) {
            if number != 0 {
                out.push(',');
            }
            self.space(out);
            element(self, out);
        }
        self.space(out);
        out.push_str(close);
    }

    fn space(&mut self, out: &mut String) {
        if self.below(6) == 0 {
            out.push_str(self.pick(&[" ", "\n", "\r\n", "\t", "  "]));
        }
    }

    fn string(&mut self, out: &mut String) {
        out.push('"');
        for _ in 0..self.below(8) {
            out.push_str(self.pick(&[
                "a",
                "usage",
                "content",
                " ",
                "\u{e9}",
                "\u{20ac}",
                "\u{1f980}",
                "\u{7f}",
                "[",
                "}",
                ":",
                ",",
                "\\n",
                "\\\"",
                "\\\\",
                "\\/",
                "\\b",
                "\\f",
                "\\r",
                "\\t",
                "\\u0041",
                "\\u00e9",
                "\\u20AC",
                "\\ud83e\\udd80",
                "\\u0000",
                "\\uffff",
                "a longer run of plain text",
                "0",
                "-",
            ]));
        }
        out.push('"');
    }

    fn number(&mut self, out: &mut String) {
        let digits = self.0.word() >> self.below(64);
        match self.below(6) {
            0 => out.push_str(
                self.pick(&["0", "-0", "0.0", "1e5", "-1E-5", "0e0", "1e22", "1e23", "5e-324"]),
            ),
            1 => out.push_str(&format!("{digits}")),
            2 => out.push_str(&format!("-{}", digits >> 40)),
            3 => out.push_str(&format!("{}.{}", digits >> 50, digits >> 20)),
            4 => out.push_str(&format!("{}e{}", digits >> 30, self.below(40).cast_signed() - 20)),
            _ => out.push_str(&format!("{:?}", (digits >> 11) as f64 / 1e12)),
        }
    }

    /// Removes, inserts, replaces or doubles a byte, or cuts the end off.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const INSERTS: &[u8] = b"\"\\{}[]:,0123456789.eE+-ntfuNaI \x00\x1f\xff\xc3d8";
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len() as u64) as usize;
        let byte = INSERTS[self.below(INSERTS.len() as u64) as usize];
        match self.below(16) {
            0..=3 => {
                bytes.remove(at);
            }
            4..=7 => bytes.insert(at, byte),
            8..=11 => bytes[at] = byte,
            12 => bytes.insert(at, bytes[at]),
            13 => bytes.truncate(at),
            14 => {
                bytes.splice(at..at, *b"NaN");
            }
            _ => {
                bytes.splice(at..at, *b"\\ud83e");
            }
        }
    }
}
