//! An incremental decoder of Base64 (RFC 4648) in either alphabet, padded or not; it keeps a few bits and no text.
//!
//! No crate that is at hand decodes without the whole text, or a reader that can wait for it.

/// A push decoder. One value reads one text after the other.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The bits that are no whole byte yet, lowest.
    bits: u16,
    bit_count: u8,
    /// Digits of the open group of four.
    digits: u8,
    padding: u8,
    is_broken: bool,
}

impl Decoder {
    /// Decodes the next piece of the text into `output`, and says how many bytes that gave: at most as many as `text`
    /// has. A text that is broken gives no more bytes.
    pub fn decode(&mut self, text: &[u8], output: &mut [u8]) -> usize {
        let mut written = 0_usize;
        let mut room = output.iter_mut();
        for &symbol in text {
            if symbol == b'=' {
                self.padding = self.padding.saturating_add(1);
                continue;
            }
            let digit = DIGITS.get(usize::from(symbol)).copied().unwrap_or(NO_DIGIT);
            if digit == NO_DIGIT || self.padding != 0 || self.is_broken {
                self.is_broken = true;
                return written;
            }
            self.digits = self.digits.wrapping_add(1) & 3;
            self.bits = self.bits << 6 | u16::from(digit);
            self.bit_count = self.bit_count.wrapping_add(6);
            if let Some(left) = self.bit_count.checked_sub(8) {
                self.bit_count = left;
                if let Some(slot) = room.next() {
                    *slot = (self.bits >> left) as u8;
                    written = written.saturating_add(1);
                }
            }
        }
        written
    }

    /// Ends the text: whether it was one, and is ready for the next one.
    pub fn finish(&mut self) -> bool {
        let Decoder { digits, padding, is_broken, .. } = core::mem::take(self);
        let is_padded = match digits {
            0 => padding == 0,
            2 => padding == 0 || padding == 2,
            3 => padding <= 1,
            _ => false,
        };
        is_padded && !is_broken
    }
}

const NO_DIGIT: u8 = 0xff;

/// What each symbol stands for, in both alphabets.
#[expect(
    clippy::indexing_slicing,
    reason = "a constant, so this runs in the compiler, where a panic is an error message"
)]
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut symbol = 0_u8;
    while symbol < u8::MAX {
        digits[symbol as usize] = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NO_DIGIT,
        };
        symbol += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use std::{string::String, vec, vec::Vec};

    use super::*;
    use driftline_cuts::every_cut;

    fn decode(pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let mut decoder = Decoder::default();
        let mut decoded = Vec::new();
        for piece in pieces {
            let mut output = vec![0; piece.len()];
            let written = decoder.decode(piece, &mut output);
            decoded.extend_from_slice(&output[..written]);
        }
        decoder.finish().then_some(decoded)
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&[u8]>) {
        every_cut(text.as_bytes(), |pieces, name| {
            assert_eq!(decode(pieces).as_deref(), expected, "{text}, {name}");
        });
    }

    #[test]
    fn the_vectors_of_rfc_4648_are_decoded() {
        check("", Some(b""));
        check("Zg==", Some(b"f"));
        check("Zm8=", Some(b"fo"));
        check("Zm9v", Some(b"foo"));
        check("Zm9vYg==", Some(b"foob"));
        check("Zm9vYmE=", Some(b"fooba"));
        check("Zm9vYmFy", Some(b"foobar"));
    }

    #[test]
    fn padding_may_be_left_out_and_either_alphabet_used() {
        check("Zg", Some(b"f"));
        check("Zm9vYmE", Some(b"fooba"));
        check("+/+/", Some(b"\xfb\xff\xbf"));
        check("-_-_", Some(b"\xfb\xff\xbf"));
    }

    #[test]
    fn what_is_no_base64_is_broken() {
        check("Z", None);
        check("Zg=", None);
        check("Zm8==", None);
        check("Zm9v=", None);
        check("Zg==Zg==", None);
        check("Zm 9v", None);
        check("Zm9\u{e9}", None);
        check("=", None);
    }

    #[test]
    fn every_byte_comes_back() {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bytes: Vec<u8> = (0..=255).collect();
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte))
                << (8 * (3 - group.len()));
            for digit in 0..=group.len() {
                text.push(char::from(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]));
            }
        }
        check(&text, Some(&bytes));
    }
}
