//! Finds the bytes that mean something, a word of eight at a time; it never copies.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Splits before the first quote, backslash or control character.
///
/// One pass instead of `memchr2` and a second look for control characters: most strings are a few bytes long.
#[inline]
pub(super) fn split_plain(bytes: &[u8]) -> (&[u8], &[u8]) {
    split_before(
        bytes,
        |word| below_space(word) | equal(word, b'"') | equal(word, b'\\'),
        |byte| byte < b' ' || byte == b'"' || byte == b'\\',
    )
}

/// Passes over everything before the first quote or bracket.
#[inline]
pub(super) fn after_plain_structure(bytes: &[u8]) -> &[u8] {
    let (_, rest) = split_before(
        bytes,
        // Bit 5 is all that parts `[` from `{` and `]` from `}`.
        |word| {
            let folded = word | ONES.wrapping_mul(0x20);
            equal(folded, b'{') | equal(folded, b'}') | equal(word, b'"')
        },
        |byte| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}'),
    );
    rest
}

/// Splits before the first byte that `in_byte` finds. `in_words` sets the high bit of the bytes it finds in a word;
/// above the first one it may be wrong.
#[inline]
fn split_before(
    bytes: &[u8],
    in_words: impl Fn(u64) -> u64,
    in_byte: impl Fn(u8) -> bool,
) -> (&[u8], &[u8]) {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut at = 0_usize;
    for word in words {
        let found = in_words(u64::from_le_bytes(*word)) & HIGHS;
        if found != 0 {
            at = at.wrapping_add((found.trailing_zeros() >> 3) as usize);
            return bytes.split_at_checked(at).unwrap_or((bytes, &[]));
        }
        at = at.wrapping_add(8);
    }
    let in_tail = tail.iter().position(|&byte| in_byte(byte)).unwrap_or(tail.len());
    bytes.split_at_checked(at.wrapping_add(in_tail)).unwrap_or((bytes, &[]))
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
    fn every_byte_at_every_place_is_classed_alike_by_word_and_by_byte() {
        for byte in 0..=255_u8 {
            for place in 0..20 {
                for filler in [b' ', b'!', b'#', b'Z', b'z', b'|', b'\x7f', b'\x80', b'\xff'] {
                    let mut bytes: Vec<u8> = std::iter::repeat_n(filler, 20).collect();
                    bytes[place] = byte;
                    let plain = !(byte < 0x20 || byte == b'"' || byte == b'\\');
                    let expected = if plain { 20 } else { place };
                    assert_eq!(split_plain(&bytes).0.len(), expected, "{byte:#x} at {place}");
                    let structure = b"\"[]{}".contains(&byte);
                    let expected = if structure { 20 - place } else { 0 };
                    assert_eq!(
                        after_plain_structure(&bytes).len(),
                        expected,
                        "{byte:#x} at {place}"
                    );
                }
            }
        }
    }
}
