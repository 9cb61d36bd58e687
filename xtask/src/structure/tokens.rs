//! Splits Rust source into tokens, as far as paths need it. It never parses, and discards comments and literals.

/// A token with its line, counted from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

/// What a token is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// An identifier or a keyword, without `r#`.
    Word(String),
    /// `::`
    Colons,
    /// Any other character. A literal or a lifetime is represented by `'"'`.
    Sign(char),
}

impl Token {
    /// Whether it is this character.
    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The word, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// All tokens of a file.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let first = self.rest.chars().next().unwrap_or_default();
        if self.rest.starts_with("//") {
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(block_comment(self.rest));
        } else if let Some(bytes) = string(self.rest).or_else(|| quoted(self.rest)) {
            self.push(Kind::Sign('"'), bytes);
        } else if let Some((word, bytes)) = word(self.rest) {
            self.push(Kind::Word(word.to_owned()), bytes);
        } else if first.is_ascii_digit() {
            self.push(Kind::Sign('"'), number(self.rest));
        } else if self.rest.starts_with("::") {
            self.push(Kind::Colons, 2);
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.push(Kind::Sign(first), first.len_utf8());
        }
    }

    fn push(&mut self, kind: Kind, bytes: usize) {
        self.tokens.push(Token { kind, line: self.line });
        self.skip(bytes);
    }

    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// An identifier, and how many bytes it takes.
fn word(text: &str) -> Option<(&str, usize)> {
    let (raw, text) = match text.strip_prefix("r#") {
        Some(rest) => (2, rest),
        None => (0, text),
    };
    let end = text.find(|it| !is_of_word(it)).unwrap_or(text.len());
    let starts = text.starts_with(|it: char| is_of_word(it) && !it.is_ascii_digit());
    starts.then(|| (&text[..end], raw + end))
}

/// The bytes of a number. In `1..2` and `1.max(2)`, the dot is not part of it.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|it| !is_of_word(it)).unwrap_or(text.len());
    let whole = digits(text);
    match text[whole..].strip_prefix('.') {
        Some(rest) if rest.starts_with(|it: char| it.is_ascii_digit()) => whole + 1 + digits(rest),
        _ => whole,
    }
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The bytes of a string literal with any prefix.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let rest = text.strip_prefix(prefix);
        let rest = rest
            .map(|rest| if prefix.ends_with('r') { rest.trim_start_matches('#') } else { rest });
        rest.is_some_and(|rest| rest.starts_with('"'))
    })?;
    let rest = &text[prefix.len()..];
    let hashes = rest.find('"')?;
    let body = prefix.len() + hashes + 1;
    if prefix.ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text[body..].find(&end).map_or(text.len(), |at| body + at + end.len()));
    }
    Some(body + closed(&text[body..], '"'))
}

/// The bytes of a character literal or of a lifetime.
fn quoted(text: &str) -> Option<usize> {
    let prefix = usize::from(text.starts_with("b'"));
    let body = text[prefix..].strip_prefix('\'')?;
    let mut next = body.chars();
    let is_character = next.next() == Some('\\') || next.next() == Some('\'');
    let start = prefix + 1;
    if is_character {
        return Some(start + closed(body, '\''));
    }
    Some(start + body.find(|it| !is_of_word(it)).unwrap_or(body.len()))
}

/// The bytes up to and including the quote that closes a literal.
fn closed(body: &str, by: char) -> usize {
    let mut is_escaped = false;
    let end = body.char_indices().find(|&(_, it)| {
        let closes = it == by && !is_escaped;
        is_escaped = it == '\\' && !is_escaped;
        closes
    });
    end.map_or(body.len(), |(at, it)| at + it.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = tokens(text).into_iter().map(|token| match token.kind {
            Kind::Word(word) => word,
            Kind::Colons => "::".to_owned(),
            Kind::Sign(sign) => sign.to_string(),
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn words_signs_and_paths() {
        check("use crate::a::{b, r#type};", "use crate :: a :: { b , type } ;");
        check("x.y::<u8>()", "x . y :: < u8 > ( )");
        check("größe_2", "größe_2");
    }

    #[test]
    fn comments_leave_nothing() {
        check("a // b::c\nd /* e /* f */ g */ h /// doc\n", "a d h");
        check("a /* open", "a");
    }

    #[test]
    fn literals_and_lifetimes_are_signs() {
        check(
            r#"f("a::b \" c", b"x", 'x', '\'', b'\\', 1.5e3, 0xff_u8)"#,
            "f ( \" , \" , \" , \" , \" , \" , \" )",
        );
        check("r#\"a \" b\"# br##\"x\"#y\"## c\"z\" end", "\" \" \" end");
        check("&'a str, 'outer: loop", "& \" str , \" : loop");
        check("1..2.max(3)", "\" . . \" . max ( \" )");
    }

    #[test]
    fn lines_are_counted_through_everything() {
        let lines: Vec<usize> =
            tokens("a\n/* \n */ b \"\n\n\" c\nd").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 3, 5, 6]);
    }
}
