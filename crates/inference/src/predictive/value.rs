//! One value of a row, token by token: plain, the only one of a list, a vector, Base64, a text of any length.
//! It keeps the beginning of one text, and of a list only its result.

use crate::predictive::{Cell, Projection, Unbinned, cell_of, text::Scratch};
use driftline_statistics::value::{Norm, Precision, length};
use driftline_wire::{base64::Decoder, json::Token};

/// The only member of an object that holds bytes.
pub(super) const BASE64: &[u8] = b"b64";

/// Reads one value after the other.
#[derive(Debug, Default)]
pub(super) struct ValueReader {
    state: ValueState,
    /// The value is in a list, which must have no other.
    is_in_list: bool,
    held: Held,
    text: Scratch,
    base64: Decoder,
    norm: Norm,
}

/// How a value goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ValueStep<'t> {
    /// More of its tokens come.
    More(Next),
    /// It is over.
    Done(Cell<'t>, Next),
}

/// What becomes of the value or container that the last token began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// Its tokens are wanted.
    Read,
    /// It passes unread.
    Skip,
    /// It is Base64 if it is text, and wanted in pieces.
    Pieces,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum ValueState {
    #[default]
    Start,
    /// In a list that must have one value.
    List,
    /// In a list of numbers.
    Vector,
    /// In an object that must have the one member [`BASE64`].
    Object,
    /// In, or right before, the text of that member.
    Base64,
}

/// What is known of a value that is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Held {
    #[default]
    Nothing,
    Number(f64),
    Boolean(bool),
    /// A text, in the scratch.
    Text,
    Unbinned(Unbinned),
}

const WRONG_TYPE: Held = Held::Unbinned(Unbinned::WrongType);

impl ValueReader {
    /// Takes the next token of a value, for a column with the projection `reads`.
    #[inline]
    pub(super) fn step<'t>(&'t mut self, token: Token<'t>, reads: Projection) -> ValueStep<'t> {
        if self.state == ValueState::Start {
            self.begin(token, reads)
        } else {
            self.go_on(token, reads)
        }
    }

    /// Begins in a list of numbers, whose start has passed.
    pub(super) fn begin_vector(&mut self) {
        self.restart(ValueState::Vector);
        self.norm = Norm::default();
    }

    /// Begins in an object, whose start and first key have passed: the key is [`BASE64`].
    pub(super) fn begin_base64(&mut self) {
        self.restart(ValueState::Base64);
    }

    /// Forgets a value that broke off.
    pub(super) fn reset(&mut self) {
        self.restart(ValueState::Start);
    }

    fn restart(&mut self, state: ValueState) {
        self.state = state;
        self.is_in_list = false;
        self.held = Held::Nothing;
        self.base64 = Decoder::default();
        self.text.clear();
    }

    #[inline]
    fn begin<'t>(&'t mut self, token: Token<'t>, reads: Projection) -> ValueStep<'t> {
        match token {
            Token::ArrayStart if reads == Projection::VectorNorm => {
                self.begin_vector();
                ValueStep::More(Next::Read)
            }
            Token::ArrayStart => {
                self.restart(ValueState::List);
                ValueStep::More(Next::Read)
            }
            Token::ObjectStart if reads == Projection::VectorNorm => {
                ValueStep::Done(cell_of(token), Next::Skip)
            }
            Token::ObjectStart => {
                self.restart(ValueState::Object);
                ValueStep::More(Next::Read)
            }
            token => ValueStep::Done(scalar(token, reads), Next::Read),
        }
    }

    fn go_on<'t>(&'t mut self, token: Token<'t>, reads: Projection) -> ValueStep<'t> {
        let next = match self.state {
            ValueState::List => self.in_list(token, reads),
            ValueState::Vector => self.in_vector(token),
            ValueState::Object => self.in_object(token),
            ValueState::Base64 => self.in_base64(token),
            ValueState::Start => Next::Read,
        };
        // What ended has left its state.
        if self.state == ValueState::Start {
            ValueStep::Done(self.cell(reads), next)
        } else {
            ValueStep::More(next)
        }
    }

    fn in_list(&mut self, token: Token<'_>, reads: Projection) -> Next {
        match token {
            Token::ArrayEnd => {
                self.is_in_list = false;
                self.end();
                return Next::Read;
            }
            Token::ObjectStart if self.held == Held::Nothing => {
                self.is_in_list = true;
                self.state = ValueState::Object;
                return Next::Read;
            }
            Token::ArrayStart | Token::ObjectStart => {
                self.held = WRONG_TYPE;
                return Next::Skip;
            }
            token if self.held == Held::Nothing => self.hold(scalar(token, reads)),
            _ => self.held = WRONG_TYPE,
        }
        Next::Read
    }

    fn in_vector(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::ArrayEnd => {
                self.hold(self.norm.cell());
                self.end();
                Next::Read
            }
            token => {
                self.norm.add(cell_of(token));
                skip_if_opens(token)
            }
        }
    }

    fn in_object(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::Key(key) if key.bytes == BASE64 && self.held == Held::Nothing => {
                self.state = ValueState::Base64;
                Next::Pieces
            }
            Token::Key(_) => {
                self.held = WRONG_TYPE;
                Next::Skip
            }
            _ => {
                if self.held == Held::Nothing {
                    self.held = WRONG_TYPE;
                }
                self.end();
                Next::Read
            }
        }
    }

    fn in_base64(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::Piece(piece) => self.text.push_base64(&mut self.base64, piece),
            Token::PiecesEnd => {
                self.held = if self.base64.finish() { Held::Text } else { WRONG_TYPE };
                self.state = ValueState::Object;
            }
            Token::ArrayStart | Token::ObjectStart => {
                self.held = WRONG_TYPE;
                self.state = ValueState::Object;
                return Next::Skip;
            }
            _ => {
                self.held = WRONG_TYPE;
                self.state = ValueState::Object;
            }
        }
        Next::Read
    }

    /// The value is over, or what was in the list.
    fn end(&mut self) {
        let is_in_list = core::mem::take(&mut self.is_in_list);
        self.state = if is_in_list { ValueState::List } else { ValueState::Start };
    }

    fn hold(&mut self, cell: Cell<'_>) {
        self.held = match cell {
            Cell::Number(number) | Cell::Rounded(number, _) => Held::Number(number),
            Cell::Boolean(value) => Held::Boolean(value),
            Cell::Text(text) | Cell::Untyped(text) => {
                self.text.push(text);
                Held::Text
            }
            Cell::Unbinned(reason) => Held::Unbinned(reason),
        };
    }

    fn cell(&self, reads: Projection) -> Cell<'_> {
        match self.held {
            // JSON has the digits of singles at least.
            Held::Number(number) if reads == Projection::VectorNorm => {
                Cell::Rounded(number, Precision::Norm)
            }
            Held::Number(number) => Cell::Number(number),
            Held::Boolean(value) => Cell::Boolean(value),
            Held::Text if reads == Projection::TextLength => length(self.text.characters()),
            Held::Text => Cell::Text(self.text.bytes()),
            // An empty list is not a value.
            Held::Nothing => Cell::Unbinned(Unbinned::WrongType),
            Held::Unbinned(reason) => Cell::Unbinned(reason),
        }
    }
}

/// The value of one token for a column with this projection.
#[inline]
pub(super) fn scalar(token: Token<'_>, reads: Projection) -> Cell<'_> {
    if reads == Projection::Value { cell_of(token) } else { projected(token, reads) }
}

/// The same for a column that takes something else than the value.
#[cold]
fn projected(token: Token<'_>, reads: Projection) -> Cell<'static> {
    match (token, reads) {
        (Token::String(text), Projection::TextLength) => length(text.characters()),
        (token, _) => cell_of(token).misfit(),
    }
}

/// Skips what the token opens, if it opens a container.
pub(super) const fn skip_if_opens(token: Token<'_>) -> Next {
    match token {
        Token::ArrayStart | Token::ObjectStart => Next::Skip,
        _ => Next::Read,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        format,
        string::{String, ToString},
    };

    use super::*;
    use crate::predictive::render::render_cell;
    use driftline_cuts::every_cut;
    use driftline_wire::json::Tokenizer;

    /// Reads `{"v": VALUE, "w": 7}`, cut everywhere; what comes after the value must still be there.
    #[track_caller]
    fn check(reads: Projection, value: &str, expected: &str) {
        let body = format!("{{\"v\": {value}, \"w\": 7}}");
        every_cut(body.as_bytes(), |pieces, name| {
            let (mut tokenizer, mut reader) = (Tokenizer::new(), ValueReader::default());
            let (mut found, mut is_value, mut rest) = (String::new(), false, String::new());
            for piece in pieces {
                let mut input = *piece;
                loop {
                    let progress = tokenizer.next(input);
                    let Some(token) = progress.token else { break };
                    input = &input[progress.consumed..];
                    let mut next = Next::Read;
                    match token {
                        Token::Key(key) if !is_value && found.is_empty() => {
                            is_value = key.bytes == b"v";
                        }
                        token if is_value => match reader.step(token, reads) {
                            ValueStep::More(then) => next = then,
                            ValueStep::Done(cell, then) => {
                                found = render_cell(cell);
                                (is_value, next) = (false, then);
                            }
                        },
                        Token::Number(number) => rest = number.to_string(),
                        _ => {}
                    }
                    match next {
                        Next::Read => {}
                        Next::Skip => tokenizer.skip(),
                        Next::Pieces => tokenizer.pieces(),
                    }
                }
            }
            assert_eq!((&*found, &*rest), (expected, "7"), "{value}, {name}");
        });
    }

    #[test]
    fn a_plain_value_is_what_it_says() {
        let check = |value, expected| check(Projection::Value, value, expected);
        check("-2.5e3", "-2500");
        check("true", "true");
        check("null", "null");
        check("NaN", "null");
        check("Infinity", "not_finite");
        check("1e400", "not_finite");
        check("\"N\\u0041\"", "'NA'");
        check("\"\"", "''");
    }

    #[test]
    fn a_list_of_one_is_that_one() {
        let check = |value, expected| check(Projection::Value, value, expected);
        check("[33]", "33");
        check("[\"a\"]", "'a'");
        check("[null]", "null");
        check("[false]", "false");
        check("[NaN]", "null");
        check("[]", "wrong_type");
        check("[1, 2]", "wrong_type");
        check("[[1]]", "wrong_type");
        check("[1, [2]]", "wrong_type");
        check("[{\"b64\": \"YQ==\"}]", "'a'");
        check("[{\"b64\": \"YQ==\"}, 1]", "wrong_type");
    }

    #[test]
    fn an_object_is_no_value_unless_it_is_base64() {
        let check = |value, expected| check(Projection::Value, value, expected);
        check("{\"b64\": \"Zm9vYmFy\"}", "'foobar'");
        check("{\"b64\": \"\"}", "''");
        check("{\"b64\": \"Zm9v YmFy\"}", "wrong_type");
        check("{\"b64\": 7}", "wrong_type");
        check("{\"b64\": {\"b64\": \"\"}}", "wrong_type");
        check("{\"b64\": [\"\"]}", "wrong_type");
        check("{\"b64\": \"YQ==\", \"x\": 1}", "wrong_type");
        check("{\"x\": {\"b64\": \"YQ==\"}}", "wrong_type");
        check("{\"b64\": \"YQ==\", \"b64\": \"YQ==\"}", "wrong_type");
        check("{}", "wrong_type");
    }

    #[test]
    fn the_length_of_a_text_is_in_characters_however_long_it_is() {
        let check = |value, expected| check(Projection::TextLength, value, expected);
        check("\"\"", "null");
        check("\" \"", "1");
        check("\"na\u{ef}ve \\u20ac \\ud83e\\udd80\"", "9");
        check("[\"abc\"]", "3");
        check("[\"\"]", "null");
        check("[\"a\", \"b\"]", "wrong_type");
        check("{\"b64\": \"w6k=\"}", "1");
        check("null", "null");
        check("7", "wrong_type");
        check("NaN", "null");
        check("-Infinity", "not_finite");
        let long = format!("\"{}\"", "\u{e9}".repeat(400));
        check(&long, "400");
    }

    #[test]
    fn the_norm_of_a_list_is_euclidean() {
        let check = |value, expected| check(Projection::VectorNorm, value, expected);
        check("[3, -4]", "5");
        check("[]", "0");
        check("[true, false]", "1");
        check("[3, NaN]", "null");
        check("[3, -Infinity]", "not_finite");
        check("[1e200, 1e200]", "not_finite");
        check("[3, null]", "null");
        check("[NaN, \"1\"]", "wrong_type");
        check("[[3], 4]", "wrong_type");
        check("[{\"b64\": \"\"}]", "wrong_type");
        check("5", "wrong_type");
        check("null", "null");
        check("\"NA\"", "null");
        check("{\"x\": [3]}", "wrong_type");
    }
}
