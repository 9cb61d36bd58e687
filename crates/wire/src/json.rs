//! A push tokenizer for JSON documents that arrive in pieces; it never allocates, never fails and never looks back.
//!
//! A chunk may end anywhere: inside a key, an escape, a multi-byte character, a number or a literal. Where it ends
//! never shows in the tokens. The grammar is RFC 8259, read strictly: after the first error the rest of the document
//! passes without tokens, and [`Tokenizer::finish`] says [`JsonEnd::Malformed`].
//!
//! Deliberate leniences, because real servers need them:
//!
//! - `NaN`, which Python servers write, is [`Token::Nan`]; their `Infinity` and `-Infinity` are [`Token::NotFinite`],
//!   as is `1e400`.
//! - A UTF-8 byte order mark at the very start is passed over.
//! - A lone surrogate (`"\ud83d"`) decodes to U+FFFD, and invalid UTF-8 within strings passes as it is.
//! - What was skipped ([`Tokenizer::skip`]) is checked for its brackets and strings only.
//!
//! # Example
//!
//! ```
//! use driftline_wire::json::{JsonEnd, Token, Tokenizer};
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
//! assert_eq!(tokenizer.finish().ending, JsonEnd::Complete);
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
mod text;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

use self::{literal::Literal, number::Number, text::Buffer};
use crate::scan;

pub use self::text::characters;
pub use self::text::{TEXT_BYTES_MAX, Text, drop_blanks};

/// Containers may nest this deep; a document that goes deeper is [`JsonEnd::TooDeep`].
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
    /// `NaN`
    Nan,
    /// `Infinity`, `-Infinity`, or a number beyond the range of a double.
    NotFinite,
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
    /// The next decoded bytes, at least one, of a string that was asked for in pieces: [`Tokenizer::pieces`].
    Piece(&'a [u8]),
    /// The end of a string that came in pieces.
    PiecesEnd,
    /// The end of a value that passed, if it was asked for: [`Tokenizer::skip_to_end`].
    Passed,
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
pub enum JsonEnd {
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
    pub ending: JsonEnd,
    /// The number which is the whole document, since only the end of the document told where it ends.
    /// `None` for every other document.
    pub token: Option<Token<'static>>,
}

/// A push tokenizer. One value reads one document after the other, in less than 400 bytes of memory.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    state: TokenizerState,
    /// How much of something short was there, see [`TokenizerState`].
    matched: u8,
    literal: Literal,
    /// Open containers.
    depth: u8,
    /// One bit per open container, the innermost lowest: 1 for an object, 0 for an array.
    kinds: u64,
    /// How the value that comes next, or the string that is open, gives tokens.
    manner: Manner,
    /// While skipping: the depth to which the skipped value returns.
    floor: u8,
    /// The end of the value that is skipped is a token.
    tells_end: bool,
    /// The string in the scratch is a key.
    is_key: bool,
    /// Length of the last string, which ends before the last byte read, or [`IN_SCRATCH`].
    run: usize,
    number: Number,
    /// The last number that ended.
    value: f64,
    text: Buffer,
}

/// How a value gives tokens.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Manner {
    /// One, or one for each of its parts.
    #[default]
    Plain,
    /// None.
    Quiet,
    /// One for each piece, if it is a string.
    Pieces,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TokenizerState {
    // No variant holds anything: the byte is the index of the jump.
    /// [`Tokenizer::matched`] bytes of a byte order mark; nothing else came yet.
    Start,
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
    /// After `\u` and [`Tokenizer::matched`] hexadecimal digits.
    Unicode,
    Number,
    /// [`Tokenizer::matched`] bytes of [`Tokenizer::literal`].
    Literal,
    /// In a skipped container, outside its strings.
    Skip,
    /// In a skipped string.
    SkipText,
    /// After a backslash in a skipped string.
    SkipEscape,
    /// In a string that comes in pieces.
    Piece,
    Malformed,
    TooDeep,
}

/// What ended, without what it holds.
///
/// Tokens are put together last, where the caller takes them apart again: one that is handed up through several calls
/// costs more than finding it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    /// Nothing yet: go round, or the input is used up.
    Nothing,
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Key,
    String,
    Number,
    Nan,
    NotFinite,
    True,
    False,
    Null,
    Piece,
    PiecesEnd,
    Passed,
}

/// In place of the length of a string in the input: it is in the scratch.
const IN_SCRATCH: usize = usize::MAX;

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
            state: TokenizerState::Start,
            matched: 0,
            literal: Literal::Null,
            depth: 0,
            kinds: 0,
            manner: Manner::Plain,
            floor: 0,
            tells_end: false,
            is_key: false,
            run: IN_SCRATCH,
            number: Number::new(),
            value: 0.0,
            text: Buffer::new(),
        }
    }

    /// Reads until the next token ends or the input is used up.
    ///
    /// A number ends with the byte after it, which is left in the input; every other token ends with its own last
    /// byte. The text of a token lies in `input` where that is possible, else in the scratch of the tokenizer.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty, except right before a number, or a piece in place of a
    /// lone surrogate, is handed out whose last byte was consumed before. Runs in time linear in the bytes consumed.
    #[inline]
    pub fn next<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        let (found, consumed) = self.advance(input);
        Progress { consumed, token: self.token(found, input, consumed) }
    }

    /// The same in code of its own, for what is read less often than streams and rows: most of a module that reads documents
    /// in many places would be copies of this.
    #[inline(never)]
    pub fn next_shared<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        self.next(input)
    }

    /// Lets what the last token opened pass without tokens, much faster than reading it.
    ///
    /// Right after [`Token::Key`], its value passes: the next token is the next key of the same object or the end of
    /// that object. Right after [`Token::ObjectStart`] or [`Token::ArrayStart`], the rest of the container passes,
    /// **its end included**: the next token is what follows it, and [`depth`](Self::depth) is then one less
    /// than it was when `skip` was called. At any other time, `skip` does nothing.
    ///
    /// Skipped containers are followed by their brackets and strings only. Errors between these, and control
    /// characters or unknown escapes within skipped strings, pass unseen.
    pub fn skip(&mut self) {
        match self.state {
            TokenizerState::Colon => self.manner = Manner::Quiet,
            TokenizerState::ValueOrEnd | TokenizerState::KeyOrEnd => {
                self.floor = self.depth.saturating_sub(1);
                self.state = TokenizerState::Skip;
            }
            _ => {}
        }
    }

    /// Right after [`Token::Key`], lets its value pass as [`skip`](Self::skip) does, but for one token at its end,
    /// [`Token::Passed`]. At any other time, `skip_to_end` does nothing.
    pub fn skip_to_end(&mut self) {
        if self.state == TokenizerState::Colon {
            self.manner = Manner::Quiet;
            self.tells_end = true;
        }
    }

    /// Right after [`Token::Key`], lets its value come in pieces if it is a string, so that none of it is cut off however
    /// long it is. A value that is no string comes as ever. At any other time, `pieces` does nothing.
    pub fn pieces(&mut self) {
        if self.state == TokenizerState::Colon {
            self.manner = Manner::Pieces;
        }
    }

    /// Containers that are open, from 0 to [`DEPTH_MAX`].
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth as usize
    }

    /// Whether the document's value has ended, so that nothing but white space may follow.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, TokenizerState::Done)
    }

    /// Ends the document: says what it was, and is ready for the next one.
    pub fn finish(&mut self) -> Finish {
        let mut token = None;
        let ending = match self.state {
            TokenizerState::Start if self.matched == 0 => JsonEnd::Empty,
            TokenizerState::Value if self.depth == 0 => JsonEnd::Empty,
            TokenizerState::Done => JsonEnd::Complete,
            TokenizerState::Malformed => JsonEnd::Malformed,
            TokenizerState::TooDeep => JsonEnd::TooDeep,
            TokenizerState::Number if self.depth == 0 && self.number.is_whole() => {
                token = Some(number_token(self.number.value(None)));
                JsonEnd::Complete
            }
            _ => JsonEnd::Incomplete,
        };
        self.reset();
        Finish { ending, token }
    }

    /// Forgets the document and is ready for the next one.
    pub const fn reset(&mut self) {
        self.state = TokenizerState::Start;
        self.matched = 0;
        self.depth = 0;
        self.kinds = 0;
        self.manner = Manner::Plain;
        self.tells_end = false;
    }

    /// Puts the token together that was found at the end of the first `consumed` bytes of `input`.
    #[inline]
    fn token<'a>(&'a self, found: Found, input: &'a [u8], consumed: usize) -> Option<Token<'a>> {
        Some(match found {
            Found::Nothing => return None,
            Found::ObjectStart => Token::ObjectStart,
            Found::ObjectEnd => Token::ObjectEnd,
            Found::ArrayStart => Token::ArrayStart,
            Found::ArrayEnd => Token::ArrayEnd,
            Found::Key => Token::Key(self.text(input, consumed)),
            Found::String => Token::String(self.text(input, consumed)),
            Found::Number => number_token(self.value),
            Found::Nan => Token::Nan,
            Found::NotFinite => Token::NotFinite,
            Found::True => Token::Bool(true),
            Found::False => Token::Bool(false),
            Found::Null => Token::Null,
            Found::Piece => Token::Piece(self.piece(input, consumed)),
            Found::PiecesEnd => Token::PiecesEnd,
            Found::Passed => Token::Passed,
        })
    }

    #[inline]
    fn text<'a>(&'a self, input: &'a [u8], consumed: usize) -> Text<'a> {
        if self.run == IN_SCRATCH {
            return self.text.text();
        }
        let quote = consumed.wrapping_sub(1);
        Text::of(input.get(quote.wrapping_sub(self.run)..quote).unwrap_or_default())
    }

    #[inline]
    fn piece<'a>(&'a self, input: &'a [u8], consumed: usize) -> &'a [u8] {
        if self.run == IN_SCRATCH {
            return self.text.text().bytes;
        }
        input.get(consumed.wrapping_sub(self.run)..consumed).unwrap_or_default()
    }

    /// Reads up to the end of the next token; says what ended, and how many bytes were read.
    ///
    /// Positions and not slices go in and out of what it calls: two registers instead of memory.
    fn advance(&mut self, input: &[u8]) -> (Found, usize) {
        let mut at = 0_usize;
        loop {
            let Some(&byte) = input.get(at) else { return (Found::Nothing, input.len()) };
            let after = at.wrapping_add(1);
            let (found, next) = match self.state {
                TokenizerState::CommaOrEnd => match byte {
                    b',' if self.in_object() => self.key(input, after),
                    b',' => self.value(input, after),
                    b'}' | b']' => self.close(byte, after),
                    _ => self.space(input, at),
                },
                TokenizerState::Colon => match byte {
                    b':' => self.value(input, after),
                    _ => self.space(input, at),
                },
                TokenizerState::Key => match byte {
                    b'"' => self.begin_string(input, after, true),
                    _ => self.space(input, at),
                },
                TokenizerState::KeyOrEnd => match byte {
                    b'"' => self.begin_string(input, after, true),
                    b'}' => self.close(byte, after),
                    _ => self.space(input, at),
                },
                TokenizerState::Value => self.begin_value(input, at, byte),
                TokenizerState::ValueOrEnd if byte == b']' => self.close(byte, after),
                TokenizerState::ValueOrEnd => self.begin_value(input, at, byte),
                TokenizerState::SkipText => {
                    let end = at.wrapping_add(scan::unquoted(input.get(at..).unwrap_or_default()));
                    let found = match input.get(end) {
                        Some(b'"') if self.depth == self.floor => self.end_skipped(),
                        Some(&byte) => {
                            let is_escape = byte == b'\\';
                            self.state = if is_escape {
                                TokenizerState::SkipEscape
                            } else {
                                TokenizerState::Skip
                            };
                            Found::Nothing
                        }
                        None => Found::Nothing,
                    };
                    (found, end.wrapping_add(1))
                }
                TokenizerState::SkipEscape => {
                    self.state = TokenizerState::SkipText;
                    (Found::Nothing, after)
                }
                TokenizerState::Skip => {
                    let end =
                        at.wrapping_add(scan::unstructured(input.get(at..).unwrap_or_default()));
                    let found = match input.get(end) {
                        Some(&byte) => self.skip_structure(byte),
                        None => Found::Nothing,
                    };
                    (found, end.wrapping_add(1))
                }
                TokenizerState::Text => {
                    let rest = input.get(at..).unwrap_or_default();
                    let plain = scan::plain(rest);
                    self.text.push(rest.get(..plain).unwrap_or_default());
                    let end = at.wrapping_add(plain);
                    let after = end.wrapping_add(1);
                    match input.get(end) {
                        None => (Found::Nothing, end),
                        Some(b'"') => {
                            self.text.end();
                            self.end_string(IN_SCRATCH, self.is_key, after)
                        }
                        Some(b'\\') => {
                            self.state = TokenizerState::Escape;
                            (Found::Nothing, after)
                        }
                        Some(_) => self.refuse(),
                    }
                }
                TokenizerState::Piece => self.next_piece(input, at, byte),
                TokenizerState::Escape => match byte {
                    b'u' => {
                        self.matched = 0;
                        self.state = TokenizerState::Unicode;
                        (Found::Nothing, after)
                    }
                    _ if self.text.push_escaped(byte) => self.end_escape(after),
                    _ => self.refuse(),
                },
                TokenizerState::Unicode => {
                    let digits = self.matched;
                    self.matched = digits.wrapping_add(1);
                    match self.text.push_digit(byte, digits) {
                        Some(true) => self.end_escape(after),
                        Some(false) => (Found::Nothing, after),
                        None => self.refuse(),
                    }
                }
                TokenizerState::Number => self.number(input, at, None),
                TokenizerState::Literal => match self.literal.step(self.matched, byte) {
                    literal::LiteralStep::More => {
                        self.matched = self.matched.wrapping_add(1);
                        (Found::Nothing, after)
                    }
                    literal::LiteralStep::Whole => self.end_literal(self.literal, after),
                    literal::LiteralStep::Wrong => self.refuse(),
                },
                TokenizerState::Start => self.start(byte, at),
                TokenizerState::Done => self.space(input, at),
                TokenizerState::Malformed | TokenizerState::TooDeep => {
                    return (Found::Nothing, input.len());
                }
            };
            if found != Found::Nothing {
                return (found, next);
            }
            at = next;
        }
    }

    /// A key must come. That it comes at once, without white space, is worth a look before going round.
    #[inline]
    fn key(&mut self, input: &[u8], at: usize) -> (Found, usize) {
        match input.get(at) {
            Some(b'"') => self.begin_string(input, at.wrapping_add(1), true),
            _ => {
                self.state = TokenizerState::Key;
                (Found::Nothing, at)
            }
        }
    }

    /// A value must come.
    #[inline]
    fn value(&mut self, input: &[u8], at: usize) -> (Found, usize) {
        self.state = TokenizerState::Value;
        match input.get(at) {
            Some(b'"') if self.manner != Manner::Plain => {
                self.begin_unusual_string(at.wrapping_add(1))
            }
            Some(b'"') => self.begin_string(input, at.wrapping_add(1), false),
            _ => (Found::Nothing, at),
        }
    }

    /// Begins the value whose first byte is `byte`, if it is not white space.
    fn begin_value(&mut self, input: &[u8], at: usize, byte: u8) -> (Found, usize) {
        let after = at.wrapping_add(1);
        match byte {
            b'"' if self.manner != Manner::Plain => self.begin_unusual_string(after),
            b'"' => self.begin_string(input, after, false),
            b'-' | b'0'..=b'9' => {
                self.number = Number::new();
                self.number(input, at, Some(at))
            }
            b'{' => self.open(true, after),
            b'[' => self.open(false, after),
            _ => match Literal::of(byte) {
                Some(literal) => {
                    let tail = literal.tail();
                    let end = after.wrapping_add(tail.len());
                    if input.get(after..end) == Some(tail) {
                        self.end_literal(literal, end)
                    } else {
                        self.begin_literal(literal, after)
                    }
                }
                None => self.space(input, at),
            },
        }
    }

    /// Begins a string that passes without tokens, or in pieces.
    #[inline]
    fn begin_unusual_string(&mut self, at: usize) -> (Found, usize) {
        if self.manner == Manner::Pieces {
            // The manner stays until the end of the string.
            self.text.begin(&[]);
            self.state = TokenizerState::Piece;
        } else {
            self.manner = Manner::Plain;
            self.floor = self.depth;
            self.state = TokenizerState::SkipText;
        }
        (Found::Nothing, at)
    }

    /// Goes on in a string that comes in pieces, whose next byte is `byte`.
    #[inline(never)]
    fn next_piece(&mut self, input: &[u8], at: usize, byte: u8) -> (Found, usize) {
        let after = at.wrapping_add(1);
        if byte == b'\\' {
            self.text.restart();
            self.state = TokenizerState::Escape;
            return (Found::Nothing, after);
        }
        if self.text.has_half() {
            self.text.restart();
            self.text.end();
            return self.piece_in_scratch(at);
        }
        self.run = scan::plain(input.get(at..).unwrap_or_default());
        if self.run != 0 {
            return (Found::Piece, at.wrapping_add(self.run));
        }
        if byte != b'"' {
            return self.refuse();
        }
        self.manner = Manner::Plain;
        self.end_value();
        (Found::PiecesEnd, after)
    }

    /// Goes on in a string after an escape, which is a piece of its own if pieces are asked for.
    #[inline(never)]
    fn end_escape(&mut self, at: usize) -> (Found, usize) {
        if self.manner != Manner::Pieces {
            self.state = TokenizerState::Text;
            return (Found::Nothing, at);
        }
        self.state = TokenizerState::Piece;
        self.piece_in_scratch(at)
    }

    fn piece_in_scratch(&mut self, at: usize) -> (Found, usize) {
        self.run = IN_SCRATCH;
        let found = if self.text.text().is_empty() { Found::Nothing } else { Found::Piece };
        (found, at)
    }

    /// Begins a string after its quote: it stays in the input if it ends there and needs no decoding.
    fn begin_string(&mut self, input: &[u8], at: usize, is_key: bool) -> (Found, usize) {
        let rest = input.get(at..).unwrap_or_default();
        let plain = scan::plain(rest);
        let end = at.wrapping_add(plain);
        if let Some(b'"') = input.get(end) {
            return self.end_string(plain, is_key, end.wrapping_add(1));
        }
        self.is_key = is_key;
        self.text.begin(rest.get(..plain).unwrap_or_default());
        self.state = TokenizerState::Text;
        (Found::Nothing, end)
    }

    #[inline]
    fn end_string(&mut self, run: usize, is_key: bool, at: usize) -> (Found, usize) {
        self.run = run;
        if is_key {
            self.state = TokenizerState::Colon;
            (Found::Key, at)
        } else {
            self.end_value();
            (Found::String, at)
        }
    }

    /// Reads on in a number, which ends at the first byte that cannot belong to it. `start` is where it began, if
    /// that was in this input.
    #[inline]
    fn number(&mut self, input: &[u8], at: usize, start: Option<usize>) -> (Found, usize) {
        let rest = input.get(at..).unwrap_or_default();
        let end = at.wrapping_add(self.number.read(rest));
        let Some(&byte) = input.get(end) else {
            self.state = TokenizerState::Number;
            return (Found::Nothing, end);
        };
        if !self.number.is_whole() {
            // `-Infinity` looks like a number for one byte.
            if self.number.is_sign() && byte == b'I' {
                return self.begin_literal(Literal::MinusInfinity, end);
            }
            return self.refuse();
        }
        if core::mem::take(&mut self.manner) == Manner::Quiet {
            return (self.end_skipped(), end);
        }
        self.end_value();
        self.value = self.number.value(start.and_then(|start| input.get(start..end)));
        (Found::Number, end)
    }

    /// Goes on byte by byte in a literal whose first byte was there.
    fn begin_literal(&mut self, literal: Literal, at: usize) -> (Found, usize) {
        self.literal = literal;
        self.matched = 1;
        self.state = TokenizerState::Literal;
        (Found::Nothing, at)
    }

    #[inline]
    fn end_literal(&mut self, literal: Literal, at: usize) -> (Found, usize) {
        if core::mem::take(&mut self.manner) == Manner::Quiet {
            return (self.end_skipped(), at);
        }
        self.end_value();
        (literal.found(), at)
    }

    #[inline]
    fn open(&mut self, is_object: bool, at: usize) -> (Found, usize) {
        if !self.push(is_object) {
            return (Found::Nothing, at);
        }
        if core::mem::take(&mut self.manner) == Manner::Quiet {
            self.floor = self.depth.saturating_sub(1);
            self.state = TokenizerState::Skip;
            return (Found::Nothing, at);
        }
        if is_object {
            self.state = TokenizerState::KeyOrEnd;
            (Found::ObjectStart, at)
        } else {
            self.state = TokenizerState::ValueOrEnd;
            (Found::ArrayStart, at)
        }
    }

    #[inline]
    fn close(&mut self, byte: u8, at: usize) -> (Found, usize) {
        if !self.pop(byte) {
            return (Found::Nothing, at);
        }
        self.end_value();
        (if byte == b'}' { Found::ObjectEnd } else { Found::ArrayEnd }, at)
    }

    /// Passes over white space, which is all that may stand at `at`.
    fn space(&mut self, input: &[u8], at: usize) -> (Found, usize) {
        let rest = input.get(at..).unwrap_or_default();
        match rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            Some(0) => self.refuse(),
            Some(count) => (Found::Nothing, at.wrapping_add(count)),
            None => (Found::Nothing, input.len()),
        }
    }

    /// Passes over a byte order mark.
    fn start(&mut self, byte: u8, at: usize) -> (Found, usize) {
        if BYTE_ORDER_MARK.get(usize::from(self.matched)) == Some(&byte) {
            self.matched = self.matched.wrapping_add(1);
            if usize::from(self.matched) == BYTE_ORDER_MARK.len() {
                self.state = TokenizerState::Value;
            }
            return (Found::Nothing, at.wrapping_add(1));
        }
        if self.matched != 0 {
            return self.refuse();
        }
        self.state = TokenizerState::Value;
        (Found::Nothing, at)
    }

    /// Follows a quote or bracket of a skipped container.
    fn skip_structure(&mut self, byte: u8) -> Found {
        match byte {
            b'"' => self.state = TokenizerState::SkipText,
            b'{' | b'[' => {
                self.push(byte == b'{');
            }
            _ => {
                if self.pop(byte) && self.depth == self.floor {
                    return self.end_skipped();
                }
            }
        }
        Found::Nothing
    }

    /// Ends a value that passed.
    #[inline]
    fn end_skipped(&mut self) -> Found {
        self.end_value();
        let tells_end = core::mem::take(&mut self.tells_end);
        if tells_end { Found::Passed } else { Found::Nothing }
    }

    /// One level down; false if that is too deep.
    #[inline]
    fn push(&mut self, is_object: bool) -> bool {
        if DEPTH_MAX <= usize::from(self.depth) {
            self.state = TokenizerState::TooDeep;
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
            self.state = TokenizerState::Malformed;
            return false;
        }
        self.depth = self.depth.wrapping_sub(1);
        self.kinds >>= 1;
        true
    }

    #[inline]
    fn end_value(&mut self) {
        self.state =
            if self.depth == 0 { TokenizerState::Done } else { TokenizerState::CommaOrEnd };
    }

    /// Malformed from here on.
    #[cold]
    fn refuse(&mut self) -> (Found, usize) {
        self.state = TokenizerState::Malformed;
        (Found::Nothing, 0)
    }

    #[inline]
    const fn in_object(&self) -> bool {
        self.kinds & 1 == 1
    }
}

#[inline]
fn number_token(value: f64) -> Token<'static> {
    if value.is_finite() { Token::Number(value) } else { Token::NotFinite }
}
