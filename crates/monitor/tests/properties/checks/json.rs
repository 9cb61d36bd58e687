//! The tokenizer, and the reader of fields: whole or cut, they find the same; what serde_json says to the same documents
//! has a test beside the tokenizer.

use driftline_wire::{
    field_table,
    fields::{FieldReader, FieldTable, Value},
    json::{Text, Token, Tokenizer},
};

use super::input::{Cuts, Digest};

pub(crate) fn tokens(input: &[u8]) {
    let (cuts, body) = Cuts::take(input);
    for skips in [false, true] {
        assert_eq!(all_tokens([body].into_iter(), skips), all_tokens(cuts.of(body), skips));
    }
}

/// With `skips`, values whose key begins with `s` are passed over, and those of one with `p` come in pieces.
fn all_tokens<'b>(pieces: impl Iterator<Item = &'b [u8]>, skips: bool) -> Digest {
    let mut tokenizer = Tokenizer::new();
    let mut found = Digest::EMPTY;
    for piece in pieces {
        let mut rest = piece;
        for left in (0..=2 * piece.len() + 2).rev() {
            assert_ne!(left, 0, "a tokenizer that is called again and again comes to no end");
            let progress = tokenizer.next(rest);
            let consumed = progress.consumed;
            let Some(token) = progress.token else {
                assert_eq!(consumed, rest.len(), "input that is used up was taken");
                break;
            };
            push(&mut found, token);
            if let Token::Key(key) = token {
                match key.bytes.first() {
                    Some(b's') if skips => tokenizer.skip(),
                    Some(b'p') if skips => tokenizer.pieces(),
                    _ => {}
                }
            }
            rest = &rest[consumed..];
        }
    }
    let finish = tokenizer.finish();
    found.number(finish.ending as u64);
    if let Some(token) = finish.token {
        push(&mut found, token);
    }
    found
}

fn push(found: &mut Digest, token: Token<'_>) {
    match token {
        Token::ObjectStart => found.number(1),
        Token::ObjectEnd => found.number(2),
        Token::ArrayStart => found.number(3),
        Token::ArrayEnd => found.number(4),
        Token::Key(key) => text(found, 5, key),
        Token::String(string) => text(found, 6, string),
        Token::Number(number) => {
            assert!(number.is_finite());
            found.number(7);
            found.number(number.to_bits());
        }
        Token::NotFinite => found.number(8),
        Token::Nan => found.number(14),
        Token::Bool(bool) => found.number(9 + u64::from(bool)),
        Token::Null => found.number(11),
        // Where a string is cut into pieces is nobody's business.
        Token::Piece(piece) => found.bytes(piece),
        Token::PiecesEnd => found.number(12),
        Token::Passed => found.number(13),
    }
}

fn text(found: &mut Digest, kind: u64, text: Text<'_>) {
    found.number(kind);
    found.number(text.length);
    found.bytes(text.bytes);
}

/// Paths of every shape that a table may have: shared beginnings, elements, elements of elements, ends at a container.
static TABLE: FieldTable<u64> = field_table![
    ("a", 1),
    ("a.b", 2),
    ("a.b[]", 3),
    ("a.b[].c", 4),
    ("choices[].delta.content", 5),
    ("choices[].delta.reasoning_content", 6),
    ("usage.prompt_tokens", 7),
    ("usage", 8),
    ("error", 9),
    ("error.message", 10),
    ("instances[][]", 11),
    ("[][]", 12),
    ("[].a", 13),
    ("type", 14),
    ("type", 15),
];

pub(crate) fn fields(input: &[u8]) {
    let (cuts, body) = Cuts::take(input);
    assert_eq!(all_fields([body].into_iter()), all_fields(cuts.of(body)));
}

fn all_fields<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> Digest {
    let mut reader = FieldReader::new(TABLE);
    let mut found = Digest::EMPTY;
    for piece in pieces {
        reader.read(piece, &mut |slot, value| {
            found.number(slot);
            match value {
                Value::String(string) => text(&mut found, 1, string),
                Value::Number(number) => found.number(number.to_bits()),
                Value::NotFinite => found.number(2),
                Value::Bool(bool) => found.number(3 + u64::from(bool)),
                Value::Null => found.number(5),
                Value::Object => found.number(6),
                Value::Array => found.number(7),
            }
        });
    }
    found.number(reader.finish() as u64);
    found
}
