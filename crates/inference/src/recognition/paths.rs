//! The paths of all dialects in one table, which the compiler lays out; a path is compared with it from its end.
//!
//! Nothing is decoded, and a search takes no memory. Patterns lie in buckets by their last four bytes, so that a path is
//! compared with a few of them, most of which differ in the last eight bytes.
//!
//! Clients write one path in several ways: with slashes at its end, with two where one is meant, with a colon that is
//! percent-encoded. All of these are the path.

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
    /// The path is that of other servers, too.
    pub(super) is_shared: bool,
}

/// The end of a path: one of [`Dialect::paths`], which is compared byte by byte if its last ones fit.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    /// The bytes from its last slash or colon on, as [`tail`] has them. Of one that ends in a hole, those before that.
    tail: u64,
    /// The four bytes before those, back to the slash before them.
    before: u32,
    /// Of how many low bits of `tail` nothing is known.
    unknown_bits: u8,
    /// Likewise of `before`: all, if a hole comes there.
    unknown_before: u8,
    /// Position in [`Dialect::ALL`].
    dialect: u8,
    /// Position in the paths of the dialect.
    path: u8,
}

/// Of patterns by the bytes of their ends. One more has those that end in a hole.
const BUCKETS: usize = 128;

/// All patterns by bucket. In a bucket those with most segments come first, and of several with as many the dialects'
/// order decides, so the first match counts.
static PATTERNS: [Pattern; COMPILED.pattern_count] = COMPILED.patterns();
/// Where the patterns of each bucket begin, and where the last ones end.
static STARTS: [u8; BUCKETS + 2] = COMPILED.starts();
/// A pattern ends in so many segments that are holes, or fewer.
const HOLES_AT_END_MAX: usize = 2;
/// No path is shorter that matches such a pattern.
const HOLES_AT_END_BYTES: usize = 14;

/// What `path`, without its query, says by itself, of `only` this dialect if one is given. The pattern with most
/// segments decides, and of several the first; one that ends in a hole counts if no other does.
///
/// Runs in time linear in the path, of which it usually looks only at the last bytes.
pub(super) fn find(path: &[u8], only: Option<Dialect>) -> Option<Found<'_>> {
    let path = without_slashes(path);
    let path_tail = tail(path);
    for pattern in patterns(bucket(path_tail)) {
        if (path_tail ^ pattern.tail) >> pattern.unknown_bits == 0
            && pattern.may_follow(path)
            && let Some(found) = pattern.find(path, only)
        {
            return Some(found);
        }
    }
    if path.len() < HOLES_AT_END_BYTES {
        return None;
    }
    // What comes before the last segment, then before the last two.
    let mut end = path;
    for _ in 0..HOLES_AT_END_MAX {
        end = without_slashes(end.get(..last_slash(end)?)?);
        let tail = u64::from_le_bytes(*end.last_chunk()?);
        for pattern in patterns(BUCKETS) {
            if tail == pattern.tail
                && let Some(found) = pattern.find(path, only)
            {
                return Some(found);
            }
        }
    }
    None
}

/// The patterns of a bucket.
#[inline]
fn patterns(bucket: usize) -> &'static [Pattern] {
    let start = STARTS.get(bucket).copied().unwrap_or_default();
    let end = STARTS.get(bucket.wrapping_add(1)).copied().unwrap_or_default();
    PATTERNS.get(usize::from(start)..usize::from(end)).unwrap_or_default()
}

/// Where patterns with this tail lie, by the last four bytes: no pattern is shorter. The factor is one of those that leave few
/// ordinary words in a bucket with patterns.
const fn bucket(tail: u64) -> usize {
    let last_four = (tail >> 32) as u32;
    (last_four.wrapping_mul(0x590b_911b) >> 25) as usize
}

/// The last eight bytes, the last one highest. Of fewer, the lowest are zero.
#[inline]
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

/// A path without the slashes at its end.
#[inline]
fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let [before @ .., b'/'] = path {
        path = before;
    }
    path
}

/// Where the last slash is. Looks at eight bytes at once, and is much quicker for short segments than a search for any byte.
#[inline(never)]
fn last_slash(path: &[u8]) -> Option<usize> {
    const LOW_BITS: u64 = u64::from_ne_bytes([0x7f; 8]);
    let mut rest = path;
    while let Some((before, word)) = rest.split_last_chunk() {
        let differences = u64::from_le_bytes(*word) ^ u64::from_ne_bytes([b'/'; 8]);
        // The highest bit of each byte that is a slash.
        let slashes = !((differences & LOW_BITS).wrapping_add(LOW_BITS) | differences | LOW_BITS);
        if slashes != 0 {
            let after = (slashes.leading_zeros() / u8::BITS) as usize;
            return before.len().checked_add(7_usize.saturating_sub(after));
        }
        rest = before;
    }
    rest.iter().rposition(|&byte| byte == b'/')
}

/// What comes before a colon, which may be percent-encoded.
fn before_colon(path: &[u8]) -> Option<&[u8]> {
    let encoded = || path.strip_suffix(b"%3A").or_else(|| path.strip_suffix(b"%3a"));
    path.strip_suffix(b":").or_else(encoded)
}

impl Pattern {
    /// Whether what comes before the last segment may be what the pattern has there.
    #[inline(never)]
    fn may_follow(&self, path: &[u8]) -> bool {
        let before = last_slash(path).and_then(|slash| path.get(..slash)).unwrap_or_default();
        let before = (tail(without_slashes(before)) >> 32) as u32;
        (before ^ self.before).unbounded_shr(self.unknown_before.into()) == 0
    }

    /// What `path` has at the holes; `None` if the pattern does not match its end, or is not one of `only` this dialect.
    #[inline(never)]
    fn find<'p>(&self, path: &'p [u8], only: Option<Dialect>) -> Option<Found<'p>> {
        let dialect = *Dialect::ALL.get(usize::from(self.dialect))?;
        if only.is_some_and(|only| only != dialect) {
            return None;
        }
        let mut found = Found { dialect, model: None, version: None, is_shared: false };
        let mut pattern = dialect.paths().get(usize::from(self.path))?.as_bytes();
        // Of a path that is a slash nothing is left.
        let mut rest = path;
        while let Some((&expected, before)) = pattern.split_last() {
            // Most is literal, and eight bytes are compared at once.
            if let (Some((before, one)), Some((of_path, other))) =
                (pattern.split_last_chunk::<8>(), rest.split_last_chunk())
                && u64::from_le_bytes(*one) == u64::from_le_bytes(*other)
            {
                pattern = before;
                rest = if one.starts_with(b"/") { without_slashes(of_path) } else { of_path };
                continue;
            }
            pattern = before;
            match expected {
                b'?' => found.is_shared = true,
                b'/' if path.is_empty() => {}
                b':' => rest = before_colon(rest)?,
                b'}' | b'*' => {
                    // A hole begins after a slash.
                    let slash = last_slash(rest)?;
                    let (before, name) = rest.split_at_checked(slash.wrapping_add(1))?;
                    rest = before;
                    if expected == b'*' {
                        continue;
                    }
                    if name.is_empty() {
                        return None;
                    }
                    if let Some(before) = pattern.strip_suffix(b"{model") {
                        (pattern, found.model) = (before, Some(name));
                    } else {
                        pattern = pattern.strip_suffix(b"{version")?;
                        found.version = Some(name);
                    }
                }
                _ => {
                    let (&last, before) = rest.split_last()?;
                    if last != expected {
                        return None;
                    }
                    rest = if last == b'/' { without_slashes(before) } else { before };
                }
            }
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
        let mut best: Option<((bool, usize), Found<'_>)> = None;
        let dialects = Dialect::ALL.iter().filter(|it| only.is_none_or(|only| only == **it));
        for (dialect, pattern) in
            dialects.flat_map(|it| it.paths().iter().map(move |path| (it, path)))
        {
            let is_shared = pattern.starts_with('?');
            let pattern = pattern.trim_start_matches('?');
            let rank = (!pattern.ends_with('}'), pattern.matches('/').count());
            if best.is_some_and(|(best, _)| rank <= best) {
                continue;
            }
            let mut found = Found { dialect: *dialect, model: None, version: None, is_shared };
            let mut of_path = path.split(|&byte| byte == b'/').rev().filter(|it| !it.is_empty());
            let fits = match pattern {
                "/" => of_path.next().is_none(),
                pattern => pattern[1..].rsplit('/').all(|expected| {
                    of_path.next().is_some_and(|segment| fits(expected, segment, &mut found))
                }),
            };
            if fits {
                best = Some((rank, found));
            }
        }
        best.map(|(_, found)| found)
    }

    fn fits<'p>(expected: &str, segment: &'p [u8], found: &mut Found<'p>) -> bool {
        for (hole, name) in [("{model}", &mut found.model), ("{version}", &mut found.version)] {
            if let Some(after) = expected.strip_prefix(hole) {
                let encoded = ["%3A", "%3a"].map(|colon| after.replace(':', colon));
                let ends = [after, &encoded[0], &encoded[1]];
                *name = ends.iter().find_map(|end| segment.strip_suffix(end.as_bytes()));
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
            .map(|path| named(path.trim_start_matches(['?', '/'])))
            .collect();
        let segments: BTreeSet<&str> = patterns.iter().flat_map(|path| path.split('/')).collect();
        let strange = [":predict", "predict", "s", "", "*", "m:predicts", "m%3apredict", "m%3Ax"];
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
            path.extend([["", "/", "//"][random(3)]]);
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
    fn every_pattern_finds_itself_however_it_is_written() {
        for dialect in Dialect::ALL {
            for pattern in dialect.paths() {
                let is_shared = pattern.starts_with('?');
                let path = pattern.trim_start_matches('?');
                let path = path.replace("{model}", "m").replace("{version}", "3");
                let forms = [path.clone(), path.replace('/', "//"), path + "/"];
                let encoded = ["%3a", "%3A"].map(|colon| forms[0].replace(':', colon));
                for path in forms.iter().chain(&encoded) {
                    let found = find(path.as_bytes(), None);
                    let found = found.map(|found| (found.dialect, found.is_shared));
                    assert_eq!(found, Some((*dialect, is_shared)), "{path}");
                }
            }
        }
    }

    #[test]
    fn few_patterns_share_a_bucket() {
        let most = (0..=BUCKETS).map(|bucket| patterns(bucket).len()).max();
        assert!(most.is_some_and(|most| most <= 28), "{most:?} of {}", PATTERNS.len());
        for ordinary in ["app.js", "index.html", "logo.png", "style.css", "/cart", "/api/users"] {
            let near = patterns(bucket(tail(ordinary.as_bytes()))).len();
            assert!(near <= 4, "{ordinary}: {near}");
        }
    }

    #[test]
    fn the_last_slash_is_found_wherever_it_is() {
        for path in [
            "",
            "/",
            "a",
            "/a",
            "/abcdefg",
            "/abcdefgh",
            "/0123456/8",
            "\u{af}/\u{af}a",
            "/aaaaaaaaaaaaaaaaaa",
        ] {
            let expected = path.bytes().rposition(|byte| byte == b'/');
            assert_eq!(last_slash(path.as_bytes()), expected, "{path}");
        }
    }
}
