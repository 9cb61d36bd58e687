//! Where the events of a body end, found in the whole body without any of core's readers, so that the two cannot share
//! a mistake. It reads no data.

use serde::de::IgnoredAny;

/// By its last byte: how many bytes of the body are there when an event is whole; `None` if the body ends before that.
pub type End = Option<usize>;

/// The ends of a body's events. The first byte tells the kind of body, because content types do not.
pub(crate) fn ends(body: &[u8]) -> Vec<End> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(0) => binary_messages(body),
        Some(b'{') => lines(body),
        Some(b'[') => elements(body),
        _ => server_sent_events(body),
    }
}

/// Lines with their ends, without the bytes that end them; the last one may have no end.
fn with_ends(body: &[u8]) -> Vec<(&[u8], End)> {
    let (mut lines, mut start) = (Vec::new(), 0);
    while start < body.len() {
        let length = body[start..].iter().position(|byte| b"\r\n".contains(byte));
        let end = length.map(|length| start + length);
        lines.push((&body[start..end.unwrap_or(body.len())], end.map(|end| end + 1)));
        start = match end {
            Some(end) if body[end..].starts_with(b"\r\n") => end + 2,
            Some(end) => end + 1,
            None => body.len(),
        };
    }
    lines
}

/// An empty line ends an event; one without data is none. So does another line of data after one that is a whole document,
/// as soon as it is known to be one.
fn server_sent_events(body: &[u8]) -> Vec<End> {
    let mut ends = Vec::new();
    let (mut data, mut has_data, mut is_bare) = (Vec::new(), false, false);
    let mut start = 0;
    for (line, end) in with_ends(body) {
        let at = start;
        start = end.unwrap_or(body.len());
        if body[..start].ends_with(b"\r") && body[start..].starts_with(b"\n") {
            start += 1;
        }
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.is_empty() {
            ends.extend(std::mem::take(&mut has_data).then_some(end));
            data.clear();
            continue;
        }
        let goes_on = has_data && is_bare && b" \t\"}]".contains(&line[0]);
        let field = [&b"data:"[..], b"error:"].into_iter().find(|field| line.starts_with(field));
        let bare = field.is_none() && (b"{<".contains(&line[0]) || goes_on);
        if field.is_none() && !bare && !(line == b"data" && end.is_some()) {
            continue;
        }
        let is_container = data.trim_ascii().first().is_some_and(|byte| b"{[".contains(byte));
        if has_data && is_container && serde_json::from_slice::<IgnoredAny>(&data).is_ok() {
            ends.push(Some(at + field.map_or(1, <[u8]>::len)));
            data.clear();
        }
        data.extend_from_slice(&line[field.map_or(0, <[u8]>::len)..]);
        data.push(b'\n');
        (has_data, is_bare) = (true, bare);
    }
    ends.extend(has_data.then_some(None));
    ends
}

/// Lines of more than white space.
fn lines(body: &[u8]) -> Vec<End> {
    let lines = with_ends(body).into_iter();
    lines.filter(|(line, _)| !line.trim_ascii().is_empty()).map(|(_, end)| end).collect()
}

/// The objects of one array.
fn elements(body: &[u8]) -> Vec<End> {
    let mut ends = Vec::new();
    let mut at = body.iter().position(|&byte| byte == b'[').map_or(body.len(), |at| at + 1);
    loop {
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        at += body[at..].iter().take_while(|byte| is_between(byte)).count();
        if matches!(body.get(at), None | Some(b']')) {
            return ends;
        }
        let mut values =
            serde_json::Deserializer::from_slice(&body[at..]).into_iter::<IgnoredAny>();
        if !matches!(values.next(), Some(Ok(_))) {
            ends.push(None);
            return ends;
        }
        at += values.byte_offset();
        ends.push(Some(at));
    }
}

/// AWS's event streams: a message says in its first four bytes how long it is.
fn binary_messages(body: &[u8]) -> Vec<End> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while at < body.len() {
        let prefix = body[at..].first_chunk::<4>().map(|length| u32::from_be_bytes(*length));
        let length =
            prefix.and_then(|length| usize::try_from(length).ok()).filter(|&length| 16 <= length);
        let end = length.and_then(|length| at.checked_add(length)).filter(|&end| end <= body.len());
        ends.push(end);
        at = end.unwrap_or(body.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &[u8], expected: &[End]) {
        assert_eq!(ends(body), expected, "{}", body.escape_ascii());
    }

    #[test]
    fn events_end_with_an_empty_line() {
        check(b"data: a\n\ndata: b\n\n", &[Some(9), Some(18)]);
        check(b"data:a\r\n\r\n: c\n\ndata\n\n", &[Some(9), Some(21)]);
        check(b"\xef\xbb\xbfevent: x\ndata: 1\ndata: 2\n\nid: 7\n\ndata: open", &[Some(29), None]);
        check(b"", &[]);
    }

    #[test]
    fn a_line_of_data_after_a_document_begins_another_event() {
        check(b"data: {}\ndata: {}\ndata: x\n\n", &[Some(14), Some(23), Some(27)]);
        check(b"data: {\ndata: }\r\n\r\nerror: {}\n\n", &[Some(18), Some(30)]);
        check(b"data: {}\n{\n \"a\": 1\n}\n", &[Some(10), None]);
    }

    #[test]
    fn lines_end_with_a_line_end() {
        check(b"{}\n\n {\"a\":1}\r\n{}", &[Some(3), Some(13), None]);
    }

    #[test]
    fn elements_end_with_their_bracket() {
        check(b"[{\"a\":\"}]\"},\n{}]", &[Some(11), Some(15)]);
        check(b"[{\"a\":1},{\"b\"", &[Some(8), None]);
        check(b"[]", &[]);
    }

    #[test]
    fn binary_messages_end_where_they_say() {
        let message = [&[0, 0, 0, 18][..], &[7; 14]].concat();
        check(&[&message[..], &message].concat(), &[Some(18), Some(36)]);
        check(&[&message[..], &message[..5]].concat(), &[Some(18), None]);
    }
}
