//! Finds the bytes that mean something, a word of eight at a time; it never copies.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
/// Strings up to this length are short.
const NEAR_BYTES: usize = 64;

/// Bytes before the first quote, backslash or control character.
///
/// One pass instead of `memchr2` and a second look for control characters: most strings are a few bytes long.
#[inline]
pub(crate) fn plain(bytes: &[u8]) -> usize {
    before(
        bytes,
        |word| below_space(word) | equal(word, b'"') | equal(word, b'\\'),
        |byte| byte < b' ' || byte == b'"' || byte == b'\\',
    )
}

/// Bytes before the first quote or backslash.
///
/// Most strings are short, where a call of `memchr2` costs more than it finds; long ones are left to it.
#[inline]
pub(crate) fn unquoted(bytes: &[u8]) -> usize {
    let near = before(
        bytes.get(..NEAR_BYTES).unwrap_or(bytes),
        |word| equal(word, b'"') | equal(word, b'\\'),
        |byte| byte == b'"' || byte == b'\\',
    );
    if near < NEAR_BYTES {
        return near;
    }
    let far = bytes.get(NEAR_BYTES..).unwrap_or_default();
    memchr::memchr2(b'"', b'\\', far).unwrap_or(far.len()).wrapping_add(NEAR_BYTES)
}

/// Bytes before the first end of a line: LF or CR.
///
/// Within wasm, `memchr2` takes words of four bytes, and twice as long.
#[inline]
pub(crate) fn line(bytes: &[u8]) -> usize {
    before(
        bytes,
        |word| equal(word, b'\n') | equal(word, b'\r'),
        |byte| byte == b'\n' || byte == b'\r',
    )
}

/// Bytes before the first quote or bracket.
#[inline]
pub(crate) fn unstructured(bytes: &[u8]) -> usize {
    before(
        bytes,
        // Bit 5 is all that parts `[` from `{` and `]` from `}`.
        |word| {
            let folded = word | ONES.wrapping_mul(0x20);
            equal(folded, b'{') | equal(folded, b'}') | equal(word, b'"')
        },
        |byte| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}'),
    )
}

/// Whether both have the same bytes, sixteen at a time. Within wasm, `==` takes them one by one.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (a_pairs, a_rest) = a.as_chunks::<16>();
    let (b_pairs, b_rest) = b.as_chunks::<16>();
    let word = |bytes: &[u8; 16]| u128::from_le_bytes(*bytes);
    for (a, b) in a_pairs.iter().zip(b_pairs) {
        if word(a) != word(b) {
            return false;
        }
    }
    let (a_words, a_rest) = a_rest.as_chunks::<8>();
    let (b_words, b_rest) = b_rest.as_chunks::<8>();
    for (a, b) in a_words.iter().zip(b_words) {
        if u64::from_le_bytes(*a) != u64::from_le_bytes(*b) {
            return false;
        }
    }
    a_rest.iter().zip(b_rest).all(|(a, b)| a == b)
}

/// Bytes before the first one that `in_byte` finds. `in_word` sets the high bit of the bytes it finds in a word; above
/// the first one it may be wrong.
#[inline]
fn before(bytes: &[u8], in_word: impl Fn(u64) -> u64, in_byte: impl Fn(u8) -> bool) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let found = in_word(u64::from_le_bytes(*word)) & HIGHS;
        if found != 0 {
            return at.wrapping_add((found.trailing_zeros() >> 3) as usize);
        }
        at = at.wrapping_add(8);
    }
    at.wrapping_add(tail.iter().position(|&byte| in_byte(byte)).unwrap_or(tail.len()))
}

/// High bits of the bytes that equal `byte`, exact up to the first one.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ ONES.wrapping_mul(u64::from(byte));
    difference.wrapping_sub(ONES) & !difference
}

/// High bits of the bytes below a space, exact up to the first one.
#[inline]
fn below_space(word: u64) -> u64 {
    word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn the_end_of_a_skipped_string_is_found_near_and_far() {
        for length in 0..200 {
            for (end, rest) in [(&b"\"x"[..], 2), (b"\\", 1), (b"", 0)] {
                let mut bytes: Vec<u8> = std::iter::repeat_n(b'[', length).collect();
                bytes.extend_from_slice(end);
                assert_eq!(bytes.len() - unquoted(&bytes), rest, "{length}");
            }
        }
    }

    #[test]
    fn every_byte_at_every_place_is_classed_alike_by_word_and_by_byte() {
        for byte in 0..=255_u8 {
            for place in 0..20 {
                for filler in [b' ', b'!', b'#', b'Z', b'z', b'|', b'\x7f', b'\x80', b'\xff'] {
                    let mut bytes: Vec<u8> = std::iter::repeat_n(filler, 20).collect();
                    bytes[place] = byte;
                    assert_eq!(plain_length(byte, place), plain(&bytes), "{byte:#x} at {place}");
                    let structure = b"\"[]{}".contains(&byte);
                    let expected = if structure { place } else { 20 };
                    assert_eq!(unstructured(&bytes), expected, "{byte:#x} at {place}");
                    let expected = if b"\n\r".contains(&byte) { place } else { 20 };
                    assert_eq!(line(&bytes), expected, "{byte:#x} at {place}");
                }
            }
        }
    }

    fn plain_length(byte: u8, place: usize) -> usize {
        if byte < 0x20 || byte == b'"' || byte == b'\\' { place } else { 20 }
    }
}
