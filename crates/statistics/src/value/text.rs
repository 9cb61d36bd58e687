//! What a text says, whatever format it stands in: a number, a truth value, nothing, or itself. It knows no column.

use alloc::{string::String, vec::Vec};

use super::Precision;

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading<'a> {
    /// Nothing in any column: it is empty, NaN, or a text that stands for a missing value.
    Null,
    /// Nothing in a column of numbers: `NA`, `N/A` or `null`, in any case. In a column of categories it is itself.
    NullWord(&'a [u8]),
    /// A number, or an infinity.
    Number(f64),
    /// `true` or `false`, in any case.
    Boolean(bool),
    /// Itself, without the blanks around it.
    Text(&'a [u8]),
}

/// What a category says that is a number or a truth value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// A finite number, and the precision that it came in.
    Number(f64, Precision),
    /// True or false.
    Truth(bool),
}

/// Words for a missing value among numbers.
const NULL_WORDS: [&[u8]; 3] = [b"na", b"n/a", b"null"];
/// The word for it that every kind of column has.
const NAN: &[u8] = b"nan";

/// Whether a double has all digits of a number of this size.
#[must_use]
pub fn is_exact(x: f64) -> bool {
    /// From here on, doubles skip whole numbers.
    const WHOLE_END: f64 = 9_007_199_254_740_992.0;
    libm::fabs(x) < WHOLE_END
}

/// Further texts that stand for a missing value, which a profile names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NullTexts {
    /// Without blanks around them.
    texts: Vec<String>,
    /// Those that say a number, or an infinity: a column of numbers has them as numbers, too.
    numbers: Vec<f64>,
    /// Whether one of them says false, and whether one says true.
    truths: [bool; 2],
}

impl NullTexts {
    /// None.
    pub const NONE: NullTexts =
        NullTexts { texts: Vec::new(), numbers: Vec::new(), truths: [false; 2] };

    /// These, without the blanks around them.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> NullTexts {
        let texts: Vec<String> = texts.into_iter().map(|text| String::from(text.trim())).collect();
        let numbers = texts.iter().filter_map(|text| text.parse().ok()).collect();
        let says =
            |value| texts.iter().any(|text| said(text.as_bytes()) == Some(Said::Truth(value)));
        let truths = [says(false), says(true)];
        NullTexts { texts, numbers, truths }
    }

    /// As a profile keeps them.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether a text without blanks around it is one of them, byte by byte.
    #[inline(never)]
    pub(super) fn has(&self, text: &[u8]) -> bool {
        self.texts.iter().any(|null| null.as_bytes() == text)
    }

    /// Whether one of them says what this text says, which has no blanks around it: `1.0` for `1`, `False` for `false`.
    #[inline]
    pub(super) fn says(&self, text: &[u8]) -> bool {
        !self.texts.is_empty() && self.says_it(text)
    }

    #[inline(never)]
    fn says_it(&self, text: &[u8]) -> bool {
        match said(text) {
            Some(Said::Number(number, precision)) => self.has_number(number, precision),
            Some(Said::Truth(value)) => self.has_truth(value),
            None => false,
        }
    }

    /// Whether none of them says a number.
    #[inline]
    pub(super) const fn has_no_number(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Whether one of them says this number, which came in this precision.
    #[inline]
    pub(super) fn has_number(&self, x: f64, precision: Precision) -> bool {
        self.numbers.iter().any(|&null| precision.same(null, x))
    }

    /// Whether one of them says an infinity.
    pub(super) fn has_infinity(&self) -> bool {
        self.numbers.iter().any(|null| null.is_infinite())
    }

    /// Whether one of them says this truth value.
    pub(super) fn has_truth(&self, value: bool) -> bool {
        let [no, yes] = self.truths;
        if value { yes } else { no }
    }
}

/// A text without the blanks around it, those of Unicode included. Of text that is no UTF-8 only ASCII's are found.
#[inline]
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    let is_plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if is_plain(text.first()) && is_plain(text.last()) { text } else { trim_slow(text) }
}

#[cold]
fn trim_slow(text: &[u8]) -> &[u8] {
    str::from_utf8(text).map_or_else(|_| text.trim_ascii(), |text| text.trim().as_bytes())
}

/// Whether a name is that of a data frame's index, which numbers the rows and is no feature: none at all, and
/// `__index_level_0__` and its like.
#[must_use]
pub fn is_index(name: &[u8]) -> bool {
    let name = trim(name);
    let level = name.strip_prefix(b"__index_level_").and_then(|it| it.strip_suffix(b"__"));
    name.is_empty()
        || level.is_some_and(|level| level.iter().all(u8::is_ascii_digit) && !level.is_empty())
}

/// Whether a text without blanks around it stands for a missing value in every kind of column.
#[inline]
pub(super) fn is_null(text: &[u8], nulls: &NullTexts) -> bool {
    // Most texts are of another length, and most profiles name no others.
    text.is_empty()
        || (matches!(text.len(), 3 | 4) && is_nan(text))
        || (!nulls.texts.is_empty() && nulls.has(text))
}

#[inline(never)]
fn is_nan(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    unsigned.eq_ignore_ascii_case(NAN)
}

/// The number or the truth value that a category says, without blanks around it; `None` for every other text.
///
/// A number is one as JSON has it. Codes are none: `007`, `+49`, `1_000`, and whole numbers of more digits than a double
/// has.
pub(super) fn said(text: &[u8]) -> Option<Said> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0', b'0'..=b'9', ..] => None,
        [b'0'..=b'9', ..] => number_said(text, digits),
        _ if text.eq_ignore_ascii_case(b"true") => Some(Said::Truth(true)),
        _ if text.eq_ignore_ascii_case(b"false") => Some(Said::Truth(false)),
        _ => None,
    }
}

fn number_said(text: &[u8], digits: &[u8]) -> Option<Said> {
    let is_whole = digits.iter().all(u8::is_ascii_digit);
    // Rust takes `5.` and `5.e1`, too.
    let has_bare_point = digits
        .split(|&byte| byte == b'.')
        .skip(1)
        .any(|it| !it.first().is_some_and(u8::is_ascii_digit));
    let number = str::from_utf8(text).ok()?.parse::<f64>().ok()? + 0.0;
    let is_one = number.is_finite() && !has_bare_point && (is_exact(number) || !is_whole);
    is_one.then_some(Said::Number(number, Precision::Single))
}

/// What a text says. Numbers are what Rust's `f64` reads, so `inf` and `1e400` are infinite.
#[must_use]
pub fn reading<'a>(text: &'a [u8], nulls: &NullTexts) -> Reading<'a> {
    let text = trim(text);
    if is_null(text, nulls) {
        return Reading::Null;
    }
    // Most texts that are read for a number are one.
    match str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()) {
        Some(number) if number.is_nan() => Reading::Null,
        Some(number) => Reading::Number(number),
        None if text.eq_ignore_ascii_case(b"true") => Reading::Boolean(true),
        None if text.eq_ignore_ascii_case(b"false") => Reading::Boolean(false),
        None if NULL_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            Reading::NullWord(text)
        }
        None => Reading::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Reading<'_>) {
        assert_eq!(reading(text.as_bytes(), &NullTexts::NONE), expected, "{text:?}");
    }

    #[test]
    fn the_spellings_of_a_cell() {
        for text in ["", "  ", "\u{a0}", "NaN", "nan", " -nan ", "NAN"] {
            check(text, Reading::Null);
        }
        for text in ["-NaN", "+nan"] {
            assert!(is_null(text.as_bytes(), &NullTexts::NONE), "{text}");
        }
        for text in ["NA", "na", "N/A", "n/a", "NULL", "null"] {
            check(text, Reading::NullWord(text.as_bytes()));
        }
        for (text, number) in [
            ("-1.5e3", -1500.0),
            (" +7\t", 7.0),
            ("007", 7.0),
            ("-0", 0.0),
            ("inf", f64::INFINITY),
            ("+inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1e400", f64::INFINITY),
        ] {
            check(text, Reading::Number(number));
        }
        check("TRUE", Reading::Boolean(true));
        check(" false ", Reading::Boolean(false));
        for text in ["1,5", "1,234", "0x10", "1_000", "None", "N/E", "t"] {
            check(text, Reading::Text(text.as_bytes()));
        }
        check("\u{2003}N/E\u{a0}", Reading::Text(b"N/E"));
        assert_eq!(reading(b"\xff ", &NullTexts::NONE), Reading::Text(b"\xff"));
    }

    #[test]
    fn a_category_says_a_number_if_it_is_plain() {
        let check = |text: &str, expected| assert_eq!(said(text.as_bytes()), expected, "{text:?}");
        for (text, number) in [
            ("1", 1.0),
            ("1.0", 1.0),
            ("1e0", 1.0),
            ("-0", 0.0),
            ("1e+16", 1e16),
            ("1e-05", 1e-5),
            ("1E21", 1e21),
            ("10000000000000000.0", 1e16),
            ("9007199254740991", 9_007_199_254_740_991.0),
        ] {
            check(text, Some(Said::Number(number, Precision::Single)));
        }
        for text in [
            "007",
            "00",
            "+7",
            "5.",
            "5.e1",
            ".5",
            "1,5",
            "1_000",
            "0x1",
            "1e400",
            "inf",
            "nan",
            "-",
            "",
            "1.0.0",
            "9007199254740992",
            "1 2",
        ] {
            check(text, None);
        }
        check("tRue", Some(Said::Truth(true)));
        check("False", Some(Said::Truth(false)));
    }

    #[test]
    fn a_text_that_stands_for_nothing_does_so_everywhere() {
        let nulls = NullTexts::new([" ? ", "-999"]);
        assert_eq!(nulls.texts(), ["?", "-999"]);
        for text in ["?", " ? ", "-999"] {
            assert_eq!(reading(text.as_bytes(), &nulls), Reading::Null, "{text}");
        }
        assert_eq!(reading(b"-999.0", &nulls), Reading::Number(-999.0));
        let has = |x| nulls.has_number(x, Precision::Single);
        assert!(has(-999.0) && !has(999.0));
        assert!(nulls.has_number(-1000.0, Precision::Brain));
        assert!(nulls.says(b"-999.00") && nulls.says(b"-9.99e2") && !nulls.says(b"-0999"));
        assert!(NullTexts::new(["False"]).says(b"FALSE") && !nulls.says(b"false"));
    }
}
