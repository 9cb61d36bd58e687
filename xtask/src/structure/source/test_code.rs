//! Takes the code that is compiled for tests only out of a file's tokens. It never parses what it keeps.

use super::{Kind, Token};

/// Removes attributes, and items that are compiled for tests only.
pub(super) fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut left = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let Some(attribute) = Attribute::at(&tokens, at) else {
            left.push(tokens[at].clone());
            at += 1;
            continue;
        };
        at = attribute.end;
        if !attribute.is_for_tests {
            continue;
        }
        if attribute.is_inner {
            // An inner attribute applies to the whole file.
            return Vec::new();
        }
        at = item_end(&tokens, at);
    }
    left
}

struct Attribute {
    is_for_tests: bool,
    is_inner: bool,
    /// The index of the token after it.
    end: usize,
}

impl Attribute {
    fn at(tokens: &[Token], at: usize) -> Option<Attribute> {
        if !tokens[at].is_sign('#') {
            return None;
        }
        let is_inner = tokens.get(at + 1).is_some_and(|token| token.is_sign('!'));
        let start = at + 1 + usize::from(is_inner);
        if !tokens.get(start)?.is_sign('[') {
            return None;
        }
        let end = closing(tokens, start);
        let words: Vec<&str> = tokens[start..end].iter().filter_map(Token::word).collect();
        // `cfg(not(test))` and `cfg(any(test, ...))` also apply outside of tests.
        let is_for_tests = matches!(words[..], ["cfg", "test"] | ["cfg", "all", "test", ..])
            || matches!(words[..], [.., "test"] if words[0] != "cfg" && words[0] != "cfg_attr");
        Some(Attribute { is_for_tests, is_inner, end: end + 1 })
    }
}

/// The index of the bracket that closes the group at `start`, or of the last token.
fn closing(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

/// The index of the token after the item at `at` and its attributes.
///
/// An item ends with `;` or with a block. A field or a match arm also ends with a comma, or where the group around it
/// ends.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while let Some(attribute) = (at < tokens.len()).then(|| Attribute::at(tokens, at)).flatten() {
        at = attribute.end;
    }
    let ends_with_semicolon = {
        let words = tokens[at..].iter().map_while(Token::word);
        let mut words = words.skip_while(|word| *word == "pub");
        matches!(words.next(), Some("use" | "static" | "let" | "type"))
    };
    let is_item = tokens.get(at).is_some_and(|token| token.word().is_some_and(begins_item));
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Sign(';') => return at + 1,
            Kind::Sign(',') if !is_item => return at + 1,
            Kind::Sign('}' | ')' | ']') => return at,
            Kind::Sign('{') if !ends_with_semicolon => return closing(tokens, at) + 1,
            Kind::Sign('(' | '[' | '{') => at = closing(tokens, at),
            _ => {}
        }
        at += 1;
    }
    at
}

fn begins_item(word: &str) -> bool {
    const WORDS: [&str; 17] = [
        "async",
        "const",
        "enum",
        "extern",
        "fn",
        "impl",
        "let",
        "macro_rules",
        "mod",
        "pub",
        "static",
        "struct",
        "trait",
        "type",
        "union",
        "unsafe",
        "use",
    ];
    WORDS.contains(&word)
}
