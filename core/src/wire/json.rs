//! A push tokenizer for JSON documents that arrive in pieces; it never allocates, never fails and never looks back.
//!
//! A chunk may end anywhere: inside a key, an escape, a multi-byte character, a number or a literal. Where it ends
//! never shows in the tokens. The grammar is RFC 8259, read strictly: after the first error the rest of the document
//! passes without tokens, and [`Tokenizer::finish`] says [`Ending::Malformed`].
//!
//! Deliberate leniences, because real servers need them:
//!
//! - `NaN`, `Infinity` and `-Infinity`, which Python servers write, are [`Token::NotFinite`], as is `1e400`.
//! - A UTF-8 byte order mark at the very start is passed over.
//! - A lone surrogate (`"\ud83d"`) decodes to U+FFFD, and invalid UTF-8 within strings passes as it is.
//! - What was skipped ([`Tokenizer::skip`]) is checked for its brackets and strings only.
//!
//! # Example
//!
//! ```
//! use driftline_core::wire::json::{Ending, Token, Tokenizer};
//!
//! let mut tokenizer = Tokenizer::new();
//! let mut sum = 0.0;
//! // The body arrives in two pieces, cut inside a number.
//! for mut input in [&b"[1, 2"[..], &b"0, 300]"[..]] {
//!     loop {
//!         let progress = tokenizer.next(input);
//!         input = &input[progress.consumed..];
//!         match progress.token {
//!             Some(Token::Number(number)) => sum += number,
//!             Some(_) => {}
//!             None => break,
//!         }
//!     }
//! }
//! assert_eq!(tokenizer.finish().ending, Ending::Complete);
//! assert_eq!(sum, 321.0);
//! ```
//!
//! # Advice for the next hacker
//!
//! Two paths read a string, and both must give the same [`Text`]: [`Tokenizer::begin_string`] when all of it lies in
//! the input without an escape, and the states `Text`, `Escape` and `Unicode` through the scratch otherwise. Numbers
//! have no scratch: they are folded digit by digit, see [`number`].

mod literal;
mod number;
mod scan;
mod text;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

use self::{literal::Literal, number::Number, text::Buffer};

pub use self::text::{TEXT_BYTES_MAX, Text};

/// Containers may nest this deep; a document that goes deeper is [`Ending::TooDeep`].
pub const DEPTH_MAX: usize = 64;

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The name of a member; its value comes next. Given before the colon was seen.
    Key(Text<'a>),
    /// A string that is a value.
    String(Text<'a>),
    /// A finite number, rounded to the nearest double. Of more than 18 significant digits the last ones may be
    /// dropped, which moves the result by one unit in the last place at most.
    Number(f64),
    /// `NaN`, `Infinity`, `-Infinity`, or a number beyond the range of a double.
    NotFinite,
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// The outcome of one [`Tokenizer::next`] call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<'a> {
    /// Bytes taken from the input. Pass `&input[consumed..]` next time.
    pub consumed: usize,
    /// The token that ended within these bytes; `None` when the input is used up.
    pub token: Option<Token<'a>>,
}

/// What a document was, seen from its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Nothing but white space.
    Empty,
    /// One whole value.
    Complete,
    /// The beginning of a value: more bytes could have made it complete.
    Incomplete,
    /// Not JSON, whatever might have followed.
    Malformed,
    /// More than [`DEPTH_MAX`] containers within each other.
    TooDeep,
}

/// The outcome of [`Tokenizer::finish`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finish {
    /// What the document was.
    pub ending: Ending,
    /// The number which is the whole document, since only the end of the document told where it ends.
    /// `None` for every other document.
    pub token: Option<Token<'static>>,
}

/// A push tokenizer. One value reads one document after the other, in less than 400 bytes of memory.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    state: State,
    /// Open containers.
    depth: u8,
    /// One bit per open container, the innermost lowest: 1 for an object, 0 for an array.
    kinds: u64,
    /// The value that comes next gives no token.
    quiet: bool,
    /// While skipping: the depth to which the skipped value returns.
    floor: u8,
    /// The string being read is a key.
    is_key: bool,
    number: Number,
    text: Buffer,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// `n` bytes of a byte order mark have matched; nothing else came yet.
    Start(u8),
    /// A value must come.
    Value,
    /// After `[`: a value or the end.
    ValueOrEnd,
    /// After a comma in an object: a key must come.
    Key,
    /// After `{`: a key or the end.
    KeyOrEnd,
    /// After a key.
    Colon,
    /// After a value in a container.
    CommaOrEnd,
    /// After the value of the document: white space only.
    Done,
    /// In a string that goes through the scratch.
    Text,
    /// After a backslash.
    Escape,
    /// After `\u` and `n` hexadecimal digits.
    Unicode(u8),
    Number,
    /// `n` bytes of the literal have matched.
    Literal(Literal, u8),
    /// In a skipped container, outside its strings.
    Skip,
    /// In a skipped string.
    SkipText,
    /// After a backslash in a skipped string.
    SkipEscape,
    Malformed,
    TooDeep,
}

/// A token, or the news that one lies in the scratch.
enum Found<'i> {
    Token(Token<'i>),
    Scratch,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Default for Tokenizer {
    fn default() -> Self {
        Tokenizer::new()
    }
}

impl Tokenizer {
    /// A tokenizer at the start of a document.
    #[must_use]
    pub const fn new() -> Tokenizer {
        Tokenizer {
            state: State::Start(0),
            depth: 0,
            kinds: 0,
            quiet: false,
            floor: 0,
            is_key: false,
            number: Number::new(),
            text: Buffer::new(),
        }
    }

    /// Reads until the next token ends or the input is used up.
    ///
    /// A number ends with the byte behind it, which is left in the input; every other token ends with its own last
    /// byte. The text of a token lies in `input` where that is possible, else in the scratch of the tokenizer.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty, except right before a number is handed out whose last
    /// byte was consumed before. Runs in time linear in the bytes consumed.
    #[inline]
    pub fn next<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        let (rest, found) = self.advance(input);
        let consumed = input.len().saturating_sub(rest.len());
        let token = match found {
            None => None,
            Some(Found::Token(token)) => Some(token),
            Some(Found::Scratch) => Some(text_token(self.is_key, self.text.text())),
        };
        Progress { consumed, token }
    }

    /// Lets what the last token opened pass without tokens, much faster than reading it.
    ///
    /// Right after [`Token::Key`], its value passes: the next token is the next key of the same object or the end of
    /// that object. Right after [`Token::ObjectStart`] or [`Token::ArrayStart`], the rest of the container passes,
    /// **its end included**: the next token is what follows behind it, and [`depth`](Self::depth) is then one less
    /// than it was when `skip` was called. At any other time, `skip` does nothing.
    ///
    /// Skipped containers are followed by their brackets and strings only. Errors between these, and control
    /// characters or unknown escapes within skipped strings, pass unseen.
    pub fn skip(&mut self) {
        match self.state {
            State::Colon => self.quiet = true,
            State::ValueOrEnd | State::KeyOrEnd => {
                self.floor = self.depth.saturating_sub(1);
                self.state = State::Skip;
            }
            _ => {}
        }
    }

    /// Containers that are open, from 0 to [`DEPTH_MAX`].
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth as usize
    }

    /// Ends the document: says what it was, and is ready for the next one.
    pub fn finish(&mut self) -> Finish {
        let mut token = None;
        let ending = match self.state {
            State::Start(0) => Ending::Empty,
            State::Value if self.depth == 0 => Ending::Empty,
            State::Done => Ending::Complete,
            State::Malformed => Ending::Malformed,
            State::TooDeep => Ending::TooDeep,
            State::Number if self.depth == 0 && self.number.is_whole() => {
                token = Some(number_token(self.number.value(None)));
                Ending::Complete
            }
            _ => Ending::Incomplete,
        };
        self.reset();
        Finish { ending, token }
    }

    /// Forgets the document and is ready for the next one.
    pub const fn reset(&mut self) {
        self.state = State::Start(0);
        self.depth = 0;
        self.kinds = 0;
        self.quiet = false;
    }

    /// Reads up to the end of the next token; returns the unread rest.
    fn advance<'i>(&mut self, input: &'i [u8]) -> (&'i [u8], Option<Found<'i>>) {
        let mut rest = input;
        loop {
            let found = match self.state {
                State::CommaOrEnd => {
                    let Some((byte, _)) = significant(&mut rest) else { return (rest, None) };
                    match byte {
                        b',' if self.in_object() => {
                            self.state = State::Key;
                            None
                        }
                        b',' => {
                            self.state = State::Value;
                            None
                        }
                        _ => self.close(byte),
                    }
                }
                State::Key | State::KeyOrEnd => {
                    let Some((byte, _)) = significant(&mut rest) else { return (rest, None) };
                    match byte {
                        b'"' => self.begin_string(&mut rest, true),
                        b'}' if self.state == State::KeyOrEnd => self.close(byte),
                        _ => self.refuse(),
                    }
                }
                State::Colon => {
                    let Some((byte, _)) = significant(&mut rest) else { return (rest, None) };
                    self.state = if byte == b':' { State::Value } else { State::Malformed };
                    None
                }
                State::Value => {
                    let Some((_, from)) = significant(&mut rest) else { return (rest, None) };
                    self.begin_value(from, &mut rest)
                }
                State::ValueOrEnd => {
                    let Some((byte, from)) = significant(&mut rest) else { return (rest, None) };
                    if byte == b']' { self.close(byte) } else { self.begin_value(from, &mut rest) }
                }
                State::Start(matched) => {
                    let Some((&byte, after)) = rest.split_first() else { return (rest, None) };
                    if BYTE_ORDER_MARK.get(usize::from(matched)) == Some(&byte) {
                        rest = after;
                        let done = usize::from(matched).wrapping_add(1) == BYTE_ORDER_MARK.len();
                        self.state =
                            if done { State::Value } else { State::Start(matched.wrapping_add(1)) };
                    } else {
                        self.state = if matched == 0 { State::Value } else { State::Malformed };
                    }
                    None
                }
                State::Text => {
                    let (run, after) = scan::split_plain(rest);
                    self.text.push(run);
                    let Some((&byte, after)) = after.split_first() else { return (after, None) };
                    rest = after;
                    match byte {
                        b'"' => {
                            self.text.end();
                            self.end_string();
                            Some(Found::Scratch)
                        }
                        b'\\' => {
                            self.state = State::Escape;
                            None
                        }
                        _ => self.refuse(),
                    }
                }
                State::Escape => {
                    let Some((&byte, after)) = rest.split_first() else { return (rest, None) };
                    rest = after;
                    self.state = match byte {
                        b'u' => State::Unicode(0),
                        _ if self.text.push_escaped(byte) => State::Text,
                        _ => State::Malformed,
                    };
                    None
                }
                State::Unicode(digits) => {
                    let Some((&byte, after)) = rest.split_first() else { return (rest, None) };
                    rest = after;
                    self.state = match self.text.push_digit(byte, digits) {
                        Some(true) => State::Text,
                        Some(false) => State::Unicode(digits.wrapping_add(1)),
                        None => State::Malformed,
                    };
                    None
                }
                State::Number => {
                    rest = self.number.read(rest);
                    if rest.is_empty() {
                        return (rest, None);
                    }
                    self.end_number(rest, None)
                }
                State::Literal(literal, matched) => {
                    let Some((&byte, after)) = rest.split_first() else { return (rest, None) };
                    rest = after;
                    match literal.step(matched, byte) {
                        literal::Step::More => {
                            self.state = State::Literal(literal, matched.wrapping_add(1));
                            None
                        }
                        literal::Step::Whole => self.end_literal(literal),
                        literal::Step::Wrong => self.refuse(),
                    }
                }
                State::Skip => {
                    rest = scan::after_plain_structure(rest);
                    let Some((&byte, after)) = rest.split_first() else { return (rest, None) };
                    rest = after;
                    self.skip_structure(byte);
                    None
                }
                State::SkipText => {
                    let Some(at) = memchr::memchr2(b'"', b'\\', rest) else { return (&[], None) };
                    let Some((&byte, after)) = rest.get(at..).and_then(<[u8]>::split_first) else {
                        return (&[], None);
                    };
                    rest = after;
                    if byte == b'\\' {
                        self.state = State::SkipEscape;
                    } else if self.depth == self.floor {
                        self.end_value();
                    } else {
                        self.state = State::Skip;
                    }
                    None
                }
                State::SkipEscape => {
                    let Some((_, after)) = rest.split_first() else { return (rest, None) };
                    rest = after;
                    self.state = State::SkipText;
                    None
                }
                State::Done => {
                    if significant(&mut rest).is_none() {
                        return (rest, None);
                    }
                    self.refuse()
                }
                State::Malformed | State::TooDeep => return (&[], None),
            };
            if found.is_some() {
                return (rest, found);
            }
        }
    }

    /// Begins the value at the start of `from`, whose first byte was just taken.
    #[inline]
    fn begin_value<'i>(&mut self, from: &'i [u8], rest: &mut &'i [u8]) -> Option<Found<'i>> {
        let byte = from.first().copied().unwrap_or_default();
        match byte {
            b'"' if self.quiet => {
                self.quiet = false;
                self.floor = self.depth;
                self.state = State::SkipText;
                None
            }
            b'"' => self.begin_string(rest, false),
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'-' | b'0'..=b'9' => self.begin_number(from, rest),
            _ => match Literal::of(byte) {
                Some(literal) => match rest.strip_prefix(literal.tail()) {
                    Some(after) => {
                        *rest = after;
                        self.end_literal(literal)
                    }
                    None => {
                        self.state = State::Literal(literal, 1);
                        None
                    }
                },
                None => self.refuse(),
            },
        }
    }

    /// Begins a string behind its quote: given from the input if it ends there and needs no decoding.
    #[inline]
    fn begin_string<'i>(&mut self, rest: &mut &'i [u8], is_key: bool) -> Option<Found<'i>> {
        self.is_key = is_key;
        let (run, after) = scan::split_plain(rest);
        if let Some(after) = after.strip_prefix(b"\"") {
            *rest = after;
            self.end_string();
            return Some(Found::Token(text_token(is_key, Text::of(run))));
        }
        self.text.begin(run);
        *rest = after;
        self.state = State::Text;
        None
    }

    #[inline]
    fn end_string(&mut self) {
        if self.is_key {
            self.state = State::Colon;
        } else {
            self.end_value();
        }
    }

    #[inline]
    fn begin_number<'i>(&mut self, from: &'i [u8], rest: &mut &'i [u8]) -> Option<Found<'i>> {
        self.number = Number::new();
        *rest = self.number.read(from);
        if rest.is_empty() {
            self.state = State::Number;
            return None;
        }
        let length = from.len().saturating_sub(rest.len());
        self.end_number(rest, from.get(..length))
    }

    /// Ends a number at the byte that cannot belong to it; `text` is the whole number, if at hand.
    #[inline]
    fn end_number<'i>(&mut self, rest: &[u8], text: Option<&[u8]>) -> Option<Found<'i>> {
        if !self.number.is_whole() {
            // `-Infinity` looks like a number for one byte.
            if self.number.is_sign() && rest.first() == Some(&b'I') {
                self.state = State::Literal(Literal::MinusInfinity, 1);
                return None;
            }
            return self.refuse();
        }
        self.end_value();
        if core::mem::take(&mut self.quiet) {
            return None;
        }
        Some(Found::Token(number_token(self.number.value(text))))
    }

    #[inline]
    fn end_literal<'i>(&mut self, literal: Literal) -> Option<Found<'i>> {
        self.end_value();
        if core::mem::take(&mut self.quiet) {
            return None;
        }
        Some(Found::Token(literal.token()))
    }

    #[inline]
    fn open<'i>(&mut self, is_object: bool) -> Option<Found<'i>> {
        if !self.push(is_object) {
            return None;
        }
        if core::mem::take(&mut self.quiet) {
            self.floor = self.depth.saturating_sub(1);
            self.state = State::Skip;
            return None;
        }
        let (state, token) = if is_object {
            (State::KeyOrEnd, Token::ObjectStart)
        } else {
            (State::ValueOrEnd, Token::ArrayStart)
        };
        self.state = state;
        Some(Found::Token(token))
    }

    #[inline]
    fn close<'i>(&mut self, byte: u8) -> Option<Found<'i>> {
        if !self.pop(byte) {
            return None;
        }
        self.end_value();
        Some(Found::Token(if byte == b'}' { Token::ObjectEnd } else { Token::ArrayEnd }))
    }

    /// Follows a quote or bracket of a skipped container.
    fn skip_structure(&mut self, byte: u8) {
        match byte {
            b'"' => self.state = State::SkipText,
            b'{' | b'[' => {
                self.push(byte == b'{');
            }
            _ => {
                if self.pop(byte) && self.depth == self.floor {
                    self.end_value();
                }
            }
        }
    }

    /// One level down; false if that is too deep.
    #[inline]
    fn push(&mut self, is_object: bool) -> bool {
        if DEPTH_MAX <= usize::from(self.depth) {
            self.state = State::TooDeep;
            return false;
        }
        self.depth = self.depth.wrapping_add(1);
        self.kinds = self.kinds << 1 | u64::from(is_object);
        true
    }

    /// One level up; false if `byte` does not close the innermost container.
    #[inline]
    fn pop(&mut self, byte: u8) -> bool {
        let closes = if self.in_object() { b'}' } else { b']' };
        if byte != closes || self.depth == 0 {
            self.state = State::Malformed;
            return false;
        }
        self.depth = self.depth.wrapping_sub(1);
        self.kinds >>= 1;
        true
    }

    #[inline]
    fn end_value(&mut self) {
        self.state = if self.depth == 0 { State::Done } else { State::CommaOrEnd };
    }

    #[cold]
    fn refuse<'i>(&mut self) -> Option<Found<'i>> {
        self.state = State::Malformed;
        None
    }

    #[inline]
    const fn in_object(&self) -> bool {
        self.kinds & 1 == 1
    }
}

/// Takes the next byte that is not white space; returns it, and the input from it on.
#[inline]
fn significant<'i>(rest: &mut &'i [u8]) -> Option<(u8, &'i [u8])> {
    let mut from = *rest;
    while let Some((&byte, after)) = from.split_first() {
        *rest = after;
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return Some((byte, from));
        }
        from = after;
    }
    None
}

#[inline]
fn text_token(is_key: bool, text: Text<'_>) -> Token<'_> {
    if is_key { Token::Key(text) } else { Token::String(text) }
}

#[inline]
fn number_token(value: f64) -> Token<'static> {
    if value.is_finite() { Token::Number(value) } else { Token::NotFinite }
}
