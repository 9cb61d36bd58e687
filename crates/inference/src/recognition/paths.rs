//! The paths of all dialects in one table, which the compiler lays out; a path is compared with it from its end.
//!
//! Nothing is decoded, and a search takes no memory. Patterns lie in buckets by their last byte, so that a path is
//! compared with about ten of them, most of which differ in the last eight bytes.

mod compile;

use self::compile::COMPILED;
use crate::dialect::Dialect;

/// What a recognised path says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found<'p> {
    pub(super) dialect: Dialect,
    /// The model, as the path has it: percent-encoding is left as it is.
    pub(super) model: Option<&'p [u8]>,
    /// The version, or the label that stands for one, as the path has it.
    pub(super) version: Option<&'p [u8]>,
}

/// The end of a path.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    dialect: Dialect,
    /// Its last bytes, as [`tail`] has them, and which of them it has.
    tail: u64,
    mask: u64,
    /// Positions in [`PARTS`], of the last part first.
    parts: (u8, u8),
}

/// A piece of a pattern: a hole at the start of a segment, if there is one, and the bytes that follow it.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// `None` for the first part of a pattern.
    hole: Option<Hole>,
    literal: &'static [u8],
}

/// What matches bytes of one segment.
#[derive(Clone, Copy, Debug)]
enum Hole {
    /// `{model}`: one or more.
    Model,
    /// `{version}`: one or more.
    Version,
    /// `*`: any, or none.
    Any,
}

/// Letters differ in the lower five bits.
const BUCKETS: usize = 32;

/// All patterns by bucket. In a bucket those with most segments come first, and of several with as many the dialects'
/// order decides, so the first match counts.
static PATTERNS: [Pattern; COMPILED.pattern_count] = COMPILED.patterns();
static PARTS: [Part; COMPILED.part_count] = COMPILED.parts();
/// Where the patterns of each bucket begin, and where the last ones end.
static STARTS: [u8; BUCKETS + 1] = COMPILED.starts();

/// What `path`, without its query, says by itself, of `only` this dialect if one is given. The pattern with most
/// segments decides, and of several the first.
///
/// Runs in time linear in the path, of which it usually looks only at the last bytes.
pub(super) fn find(path: &[u8], only: Option<Dialect>) -> Option<Found<'_>> {
    let path_tail = tail(path);
    candidates(*path.last()?)
        .iter()
        .filter(|pattern| (path_tail ^ pattern.tail) & pattern.mask == 0)
        .filter(|pattern| only.is_none_or(|only| only == pattern.dialect))
        .find_map(|pattern| pattern.find(path))
}

/// The patterns whose last byte may be this one.
fn candidates(last: u8) -> &'static [Pattern] {
    let bucket = usize::from(bucket(last));
    let start = STARTS.get(bucket).copied().unwrap_or_default();
    let end = STARTS.get(bucket.wrapping_add(1)).copied().unwrap_or_default();
    PATTERNS.get(usize::from(start)..usize::from(end)).unwrap_or_default()
}

const fn bucket(last: u8) -> u8 {
    last & (BUCKETS as u8).wrapping_sub(1)
}

/// The last eight bytes, the last one highest. Of fewer, the lowest are zero.
const fn tail(mut text: &[u8]) -> u64 {
    if let Some(tail) = text.last_chunk::<8>() {
        return u64::from_le_bytes(*tail);
    }
    let mut tail = 0;
    while let [byte, rest @ ..] = text {
        tail = tail >> 8 | (*byte as u64) << 56;
        text = rest;
    }
    tail
}

impl Pattern {
    /// What `path` has at the holes; `None` if the pattern does not match its end.
    fn find<'p>(&self, path: &'p [u8]) -> Option<Found<'p>> {
        let mut found = Found { dialect: self.dialect, model: None, version: None };
        let mut rest = path;
        for part in PARTS.get(usize::from(self.parts.0)..usize::from(self.parts.1))? {
            rest = rest.strip_suffix(part.literal)?;
            let Some(hole) = part.hole else { break };
            // A hole begins after a slash.
            let slash = memchr::memrchr(b'/', rest)?;
            let (before, name) = rest.split_at_checked(slash.wrapping_add(1))?;
            match hole {
                Hole::Any => {}
                _ if name.is_empty() => return None,
                Hole::Model => found.model = Some(name),
                Hole::Version => found.version = Some(name),
            }
            rest = before;
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, string::String, vec::Vec};

    use super::*;

    /// The same by a plain search: every pattern of every dialect, segment by segment.
    fn plain(path: &[u8], only: Option<Dialect>) -> Option<Found<'_>> {
        let mut best: Option<(usize, Found<'_>)> = None;
        let dialects = Dialect::ALL.iter().filter(|it| only.is_none_or(|only| only == **it));
        for (dialect, pattern) in
            dialects.flat_map(|it| it.paths().iter().map(move |path| (it, path)))
        {
            let segments = pattern.matches('/').count();
            if best.is_some_and(|(most, _)| segments <= most) {
                continue;
            }
            let mut found = Found { dialect: *dialect, model: None, version: None };
            let mut of_path = path.rsplit(|&byte| byte == b'/');
            let fits = pattern[1..].rsplit('/').all(|expected| {
                of_path.next().is_some_and(|segment| fits(expected, segment, &mut found))
            });
            if fits && of_path.next().is_some() {
                best = Some((segments, found));
            }
        }
        best.map(|(_, found)| found)
    }

    fn fits<'p>(expected: &str, segment: &'p [u8], found: &mut Found<'p>) -> bool {
        for (hole, name) in [("{model}", &mut found.model), ("{version}", &mut found.version)] {
            if let Some(after) = expected.strip_prefix(hole) {
                *name = segment.strip_suffix(after.as_bytes());
                return name.is_some_and(|name| !name.is_empty());
            }
        }
        expected == "*" || expected.as_bytes() == segment
    }

    /// Paths of all dialects after up to three segments, most with some of their segments exchanged for others.
    fn paths() -> impl Iterator<Item = String> {
        let named = |path: &str| path.replace("{model}", "m").replace("{version}", "3");
        let patterns: Vec<String> = Dialect::ALL
            .iter()
            .flat_map(|dialect| dialect.paths())
            .map(|path| named(&path[1..]))
            .collect();
        let segments: BTreeSet<&str> = patterns.iter().flat_map(|path| path.split('/')).collect();
        let strange = [":predict", "predict", "s", "", "*", "m:predicts"];
        let segments: Vec<String> = segments.into_iter().chain(strange).map(String::from).collect();
        let mut state = 1_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        (0..100_000).map(move |_| {
            let mut path = String::new();
            for _ in 0..random(4) {
                path.extend(["/", &segments[random(segments.len())]]);
            }
            for segment in patterns[random(patterns.len())].split('/') {
                let is_exchanged = random(4) == 0;
                let other = &segments[random(segments.len())];
                path.extend(["/", if is_exchanged { other } else { segment }]);
            }
            path
        })
    }

    #[test]
    fn the_table_finds_what_a_plain_search_finds() {
        let mut recognised = BTreeSet::new();
        for (number, path) in paths().enumerate() {
            let only = Dialect::ALL.get(number % (2 * Dialect::ALL.len())).copied();
            let found = find(path.as_bytes(), only);
            assert_eq!(found, plain(path.as_bytes(), only), "{path} of {only:?}");
            recognised.extend(found.map(|found| found.dialect.name()));
        }
        let with_paths = Dialect::ALL.iter().filter(|dialect| !dialect.paths().is_empty());
        assert_eq!(recognised.len(), with_paths.count(), "{recognised:?}");
    }

    #[test]
    fn every_pattern_finds_itself() {
        for dialect in Dialect::ALL {
            for pattern in dialect.paths() {
                let path = pattern.replace("{model}", "m").replace("{version}", "3");
                let found = find(path.as_bytes(), None).map(|found| found.dialect);
                assert_eq!(found, Some(*dialect), "{pattern}");
            }
        }
    }

    #[test]
    fn few_patterns_share_a_bucket() {
        let most = (0..=u8::MAX).map(|last| candidates(last).len()).max();
        assert!(most.is_some_and(|most| most < 32), "{most:?} of {}", PATTERNS.len());
        assert!(candidates(b'?').is_empty());
    }
}
