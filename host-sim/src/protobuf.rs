//! Just enough of protobuf's wire format for Envoy's foreign functions: fields of bytes and text; it knows no message.

/// How deep groups may be in each other; protobuf's own limit.
const DEPTH_MAX: usize = 100;

/// A message's length-delimited fields; numbers and groups are skipped, because this host uses no such field.
pub(crate) struct Message<'m>(Vec<(u64, &'m [u8])>);

impl<'m> Message<'m> {
    /// `None` for what is no message.
    pub(crate) fn read(mut message: &'m [u8]) -> Option<Message<'m>> {
        let mut fields = Vec::new();
        while !message.is_empty() {
            let (number, kind) = key(&mut message)?;
            if kind == BYTES {
                let length = varint(&mut message)?;
                fields.push((number, take(&mut message, length)?));
            } else {
                skip(&mut message, number, kind, DEPTH_MAX)?;
            }
        }
        Some(Message(fields))
    }

    /// The last occurrence of a field; empty without one, as in proto3.
    pub(crate) fn bytes(&self, number: u64) -> &'m [u8] {
        self.0.iter().rev().find(|(known, _)| *known == number).map_or(&[], |(_, bytes)| bytes)
    }

    /// [`Message::bytes`] of a field of text; `None` if any occurrence is no UTF-8, which makes the message none.
    pub(crate) fn text(&self, number: u64) -> Option<&'m str> {
        let mut occurrences = self.0.iter().filter(|(known, _)| *known == number);
        occurrences.try_fold("", |_, (_, bytes)| std::str::from_utf8(bytes).ok())
    }
}

/// The last number under a field; 0 without one, as in proto3.
pub(crate) fn number(mut message: &[u8], wanted: u64) -> Option<u64> {
    let mut found = 0;
    while !message.is_empty() {
        let (number, kind) = key(&mut message)?;
        if number == wanted && kind == NUMBER {
            found = varint(&mut message)?;
        } else {
            skip(&mut message, number, kind, DEPTH_MAX)?;
        }
    }
    Some(found)
}

/// Appends a field that is true; one that is false is not written.
#[cfg(any(feature = "foreign-functions", test))]
pub(crate) fn write_true(out: &mut Vec<u8>, number: u8) {
    out.extend_from_slice(&[number << 3, 1]);
}

/// Appends a field of bytes or text, unless it is empty. Its number is below 16.
#[cfg(any(feature = "foreign-functions", test))]
pub(crate) fn write_bytes(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    out.push(number << 3 | 2);
    let mut length = bytes.len();
    while 0x7f < length {
        out.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    out.push(length.to_le_bytes()[0]);
    out.extend_from_slice(bytes);
}

const NUMBER: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const BYTES: u64 = 2;
const GROUP: u64 = 3;
const GROUP_END: u64 = 4;
const FOUR_BYTES: u64 = 5;

/// A field's number, which is at least 1, and its kind.
fn key(message: &mut &[u8]) -> Option<(u64, u64)> {
    let key = varint(message)?;
    Some((key >> 3, key & 7)).filter(|(number, _)| 0 < *number)
}

fn skip(message: &mut &[u8], number: u64, kind: u64, depth: usize) -> Option<()> {
    match kind {
        NUMBER => varint(message).map(drop),
        EIGHT_BYTES => take(message, 8).map(drop),
        BYTES => {
            let length = varint(message)?;
            take(message, length).map(drop)
        }
        GROUP => loop {
            let (inner, kind) = key(message)?;
            if kind == GROUP_END {
                return (inner == number).then_some(());
            }
            skip(message, inner, kind, depth.checked_sub(1)?)?;
        },
        FOUR_BYTES => take(message, 4).map(drop),
        _ => None,
    }
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'m>(message: &mut &'m [u8], length: u64) -> Option<&'m [u8]> {
    let (taken, rest) = message.split_at_checked(usize::try_from(length).ok()?)?;
    *message = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_between_numbers_and_cut_messages_are_refused() {
        let message = b"\x0a\x03abc\x10\x96\x01\x1a\x01z";
        let read = Message::read(message).unwrap();
        assert_eq!((read.text(1), read.text(3), read.text(2)), (Some("abc"), Some("z"), Some("")));
        assert_eq!((number(message, 2), number(message, 3)), (Some(150), Some(0)));
        for end in [1, 2, 4, 6, 7, 9, 10] {
            assert!(Message::read(&message[..end]).is_none(), "cut at {end}");
        }
    }

    #[test]
    fn groups_are_read_over_if_they_end_as_they_began() {
        assert_eq!(Message::read(b"\x33\x08\x01\x34\x0a\x01a").unwrap().bytes(1), b"a");
        for wrong in [&b"\x33\x3c"[..], b"\x34", b"\x33", &[0x33; 200]] {
            assert!(Message::read(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_text_that_is_none_spoils_the_message_and_the_last_one_counts() {
        assert_eq!(Message::read(b"\x0a\x01a\x0a\x01b").unwrap().text(1), Some("b"));
        assert_eq!(Message::read(b"\x0a\x01\xff\x0a\x01b").unwrap().text(1), None);
        assert_eq!(Message::read(b"\x0a\x01\xff").unwrap().bytes(1), b"\xff");
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut message = Vec::new();
        write_true(&mut message, 1);
        write_bytes(&mut message, 2, &[7; 300]);
        write_bytes(&mut message, 3, b"");
        assert_eq!(message[..5], [0x08, 0x01, 0x12, 0xac, 0x02]);
        let read = Message::read(&message).unwrap();
        assert_eq!((read.bytes(2), read.bytes(3)), (&[7; 300][..], &b""[..]));
    }
}
