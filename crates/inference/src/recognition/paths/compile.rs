//! Compiles the paths of all dialects to one table; it runs in the compiler and is in no module that is built.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "the table is a constant, so this runs in the compiler, where a panic is an error message"
)]

use super::{BUCKETS, HOLES_AT_END_BYTES, HOLES_AT_END_MAX, Pattern, bucket, tail};
use crate::dialect::Dialect;

/// The most that a position of 8 bits can tell apart.
const PATTERNS_MAX: usize = 255;

const NO_PATTERN: Pattern =
    Pattern { tail: 0, before: 0, unknown_bits: 0, unknown_before: 32, dialect: 0, path: 0 };

/// The table, in more room than it needs.
pub(super) const COMPILED: Compiled = Compiled::of(Dialect::ALL);

pub(super) struct Compiled {
    patterns: [Pattern; PATTERNS_MAX],
    /// Where each belongs.
    places: [Place; PATTERNS_MAX],
    pub(super) pattern_count: usize,
}

/// In which bucket a pattern lies, and how many segments it has.
#[derive(Clone, Copy)]
struct Place {
    bucket: usize,
    segments: usize,
}

impl Compiled {
    const fn of(dialects: &[Dialect]) -> Compiled {
        let mut compiled = Compiled {
            patterns: [NO_PATTERN; PATTERNS_MAX],
            places: [Place { bucket: 0, segments: 0 }; PATTERNS_MAX],
            pattern_count: 0,
        };
        let mut at = 0;
        while at < dialects.len() {
            let paths = dialects[at].paths();
            let mut path = 0;
            while path < paths.len() {
                compiled.add(at as u8, path as u8, paths[path].as_bytes());
                path += 1;
            }
            at += 1;
        }
        compiled
    }

    pub(super) const fn patterns<const COUNT: usize>(&self) -> [Pattern; COUNT] {
        let mut patterns = [self.patterns[0]; COUNT];
        let mut at = 0;
        while at < COUNT {
            patterns[at] = self.patterns[at];
            at += 1;
        }
        patterns
    }

    pub(super) const fn starts(&self) -> [u8; BUCKETS + 2] {
        let mut starts = [0; BUCKETS + 2];
        let mut at = 0;
        while at < self.pattern_count {
            let mut later = self.places[at].bucket + 1;
            while later < starts.len() {
                starts[later] += 1;
                later += 1;
            }
            at += 1;
        }
        starts
    }

    /// Puts a pattern in its place: after those of its bucket that have as many segments or more.
    const fn add(&mut self, dialect: u8, path: u8, text: &'static [u8]) {
        let (pattern, bucket) = Pattern::of(dialect, path, text);
        let place = Place { bucket, segments: count(text, b'/') };
        let mut at = self.pattern_count;
        self.pattern_count += 1;
        while 0 < at && is_before(place, self.places[at - 1]) {
            self.patterns[at] = self.patterns[at - 1];
            self.places[at] = self.places[at - 1];
            at -= 1;
        }
        self.patterns[at] = pattern;
        self.places[at] = place;
    }
}

impl Pattern {
    /// A pattern and its bucket.
    const fn of(dialect: u8, path: u8, text: &'static [u8]) -> (Pattern, usize) {
        check(text);
        let (literal, holes) = without_holes(text);
        let (known, bucket) = match literal {
            // Of a path that is a slash nothing is left when those at its end are.
            b"/" | b"?/" => (literal.split_at(0).0, bucket(0)),
            _ => {
                let known = last_word(literal);
                (known, if holes == 0 { bucket(tail(known)) } else { BUCKETS })
            }
        };
        let is_root = known.is_empty();
        assert!(is_root || 4 <= known.len(), "a pattern ends in four bytes or more");
        assert!(
            holes == 0 || HOLES_AT_END_BYTES - 2 <= known.len(),
            "twelve bytes come before a hole at the end"
        );
        let unknown = if is_root { 0 } else { 8_usize.saturating_sub(known.len()) };
        let unknown_bits = 8 * unknown as u8;
        let (before, unknown_before) = if is_root { (0, 32) } else { before(literal, known.len()) };
        let tail = tail(known);
        (Pattern { tail, before, unknown_bits, unknown_before, dialect, path }, bucket)
    }
}

/// Fails for what is no pattern.
const fn check(text: &[u8]) {
    let text = match text {
        [b'?', text @ ..] => text,
        text => text,
    };
    assert!(!text.is_empty() && text[0] == b'/', "a pattern begins with `/`");
    let mut at = 1;
    while at < text.len() {
        if matches!(text[at], b'{' | b'*') {
            assert!(text[at - 1] == b'/', "a hole begins a segment");
        }
        at += 1;
    }
}

/// A pattern without the segments at its end that are holes, and how many these are.
const fn without_holes(mut text: &[u8]) -> (&[u8], usize) {
    let mut holes = 0;
    while text[text.len() - 1] == b'}' {
        let mut start = text.len();
        while text[start - 1] != b'/' {
            start -= 1;
        }
        text = text.split_at(start - 1).0;
        holes += 1;
    }
    assert!(holes <= HOLES_AT_END_MAX, "a pattern ends in few holes");
    (text, holes)
}

/// The four bytes before the last word of a pattern, and how many bits of them are unknown.
const fn before(text: &[u8], word: usize) -> (u32, u8) {
    let before = text.split_at(text.len() - word).0;
    let mut known = 0;
    while known < 4 && known < before.len() {
        match before[before.len() - known - 1] {
            b'}' | b'*' | b':' | b'?' => break,
            b'/' => {
                known += 1;
                break;
            }
            _ => known += 1,
        }
    }
    ((tail(before) >> 32) as u32, 32 - 8 * known as u8)
}

/// What a pattern has from its last slash on, or after its last colon.
const fn last_word(text: &[u8]) -> &[u8] {
    let mut start = text.len();
    while 0 < start {
        start -= 1;
        if text[start] == b':' {
            return text.split_at(start + 1).1;
        }
        if text[start] == b'/' {
            return text.split_at(start).1;
        }
    }
    text
}

const fn is_before(one: Place, other: Place) -> bool {
    one.bucket < other.bucket || one.bucket == other.bucket && other.segments < one.segments
}

const fn count(mut text: &[u8], wanted: u8) -> usize {
    let mut count = 0;
    while let [byte, rest @ ..] = text {
        if *byte == wanted {
            count += 1;
        }
        text = rest;
    }
    count
}
