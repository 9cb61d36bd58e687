//! Just enough of protobuf's wire format to read the arguments of Envoy's foreign functions; it writes nothing.

/// The length-delimited fields of a message by number; `None` if it is none.
///
/// Numbers are read over: no field that this host uses is one.
pub(crate) fn fields(mut message: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        match key & 7 {
            0 => drop(varint(&mut message)?),
            1 => drop(take(&mut message, 8)?),
            2 => {
                let length = varint(&mut message)?;
                fields.push((key >> 3, take(&mut message, length)?));
            }
            5 => drop(take(&mut message, 4)?),
            _ => return None,
        }
    }
    Some(fields)
}

/// The last occurrence of a field, as text.
pub(crate) fn text<'m>(fields: &[(u64, &'m [u8])], number: u64) -> Option<&'m str> {
    let (_, bytes) = fields.iter().rev().find(|(known, _)| *known == number)?;
    std::str::from_utf8(bytes).ok()
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
        let read = fields(message).unwrap();
        assert_eq!(
            (text(&read, 1), text(&read, 3), text(&read, 2)),
            (Some("abc"), Some("z"), None)
        );
        for end in [1, 2, 4, 6, 7, 9, 10] {
            assert_eq!(fields(&message[..end]), None, "cut at {end}");
        }
    }
}
