//! Compiles the paths of all dialects to one table; it runs in the compiler and is in no module that is built.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the table is a constant, so this runs in the compiler, where a panic is an error message"
)]

use super::{BUCKETS, Hole, Part, Pattern, bucket, tail};
use crate::dialect::Dialect;

const PATTERNS_MAX: usize = 128;
const PARTS_MAX: usize = 255;

/// The table, in more room than it needs.
pub(super) const COMPILED: Compiled = Compiled::of(Dialect::ALL);

pub(super) struct Compiled {
    patterns: [Pattern; PATTERNS_MAX],
    /// How many segments each has.
    segments: [usize; PATTERNS_MAX],
    pub(super) pattern_count: usize,
    parts: [Part; PARTS_MAX],
    pub(super) part_count: usize,
}

const NO_PART: Part = Part { hole: None, literal: b"" };

impl Compiled {
    const fn of(dialects: &[Dialect]) -> Compiled {
        let none = Pattern { dialect: dialects[0], tail: 0, mask: 0, parts: (0, 0) };
        let mut compiled = Compiled {
            patterns: [none; PATTERNS_MAX],
            segments: [0; PATTERNS_MAX],
            pattern_count: 0,
            parts: [NO_PART; PARTS_MAX],
            part_count: 0,
        };
        let mut at = 0;
        while at < dialects.len() {
            let paths = dialects[at].paths();
            let mut path = 0;
            while path < paths.len() {
                compiled.add(dialects[at], paths[path].as_bytes());
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

    pub(super) const fn parts<const COUNT: usize>(&self) -> [Part; COUNT] {
        let mut parts = [NO_PART; COUNT];
        let mut at = 0;
        while at < COUNT {
            parts[at] = self.parts[at];
            at += 1;
        }
        parts
    }

    pub(super) const fn starts(&self) -> [u8; BUCKETS + 1] {
        let mut starts = [0; BUCKETS + 1];
        let mut at = 0;
        while at < self.pattern_count {
            let mut later = self.bucket(at) + 1;
            while later <= BUCKETS {
                starts[later] += 1;
                later += 1;
            }
            at += 1;
        }
        starts
    }

    const fn bucket(&self, at: usize) -> usize {
        // The highest byte of a tail is the pattern's last one.
        bucket(self.patterns[at].tail.to_le_bytes()[7]) as usize
    }

    /// Puts a pattern in its place: after those of its bucket that have as many segments or more.
    const fn add(&mut self, dialect: Dialect, text: &'static [u8]) {
        assert!(!text.is_empty() && text[0] == b'/', "a pattern begins with `/`");
        let first_part = self.part_count;
        self.cut(text);
        let literal = self.parts[first_part].literal;
        assert!(!literal.is_empty(), "a pattern does not end in a hole");
        let unknown = 8 * 8_usize.saturating_sub(literal.len());
        let pattern = Pattern {
            dialect,
            tail: tail(literal),
            mask: u64::MAX << unknown,
            parts: (first_part as u8, self.part_count as u8),
        };
        let mut at = self.pattern_count;
        self.patterns[at] = pattern;
        self.segments[at] = slashes(text);
        self.pattern_count += 1;
        while 0 < at && self.is_before(at, at - 1) {
            self.patterns[at] = self.patterns[at - 1];
            self.patterns[at - 1] = pattern;
            (self.segments[at - 1], self.segments[at]) = (self.segments[at], self.segments[at - 1]);
            at -= 1;
        }
    }

    const fn is_before(&self, one: usize, other: usize) -> bool {
        let (one_bucket, other_bucket) = (self.bucket(one), self.bucket(other));
        one_bucket < other_bucket
            || one_bucket == other_bucket && self.segments[other] < self.segments[one]
    }

    /// Cuts a pattern into its parts, from its end.
    const fn cut(&mut self, mut text: &'static [u8]) {
        loop {
            let mut start = text.len();
            while 0 < start && text[start - 1] != b'}' && text[start - 1] != b'*' {
                start -= 1;
            }
            let (before, literal) = text.split_at(start);
            let hole = match before {
                [] => None,
                [.., b'*'] => Some((Hole::Any, 1)),
                [.., b'{', b'm', b'o', b'd', b'e', b'l', b'}'] => Some((Hole::Model, 7)),
                [.., b'{', b'v', b'e', b'r', b's', b'i', b'o', b'n', b'}'] => {
                    Some((Hole::Version, 9))
                }
                _ => panic!("a hole is `{{model}}`, `{{version}}` or `*`"),
            };
            assert!(self.part_count < PARTS_MAX, "all patterns have 255 parts at most");
            self.parts[self.part_count] = Part { hole: None, literal };
            self.part_count += 1;
            let Some((hole, bytes)) = hole else { return };
            self.parts[self.part_count - 1].hole = Some(hole);
            text = before.split_at(start - bytes).0;
            assert!(matches!(text, [.., b'/']), "a hole begins a segment");
        }
    }
}

/// How many segments a pattern has: as many as it has slashes.
const fn slashes(mut text: &[u8]) -> usize {
    let mut count = 0;
    while let [byte, rest @ ..] = text {
        if *byte == b'/' {
            count += 1;
        }
        text = rest;
    }
    count
}
