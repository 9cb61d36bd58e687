//! As much of HTTP/1.1 as the raw client and the raw server share: heads, and bodies in their three framings.
//! It never normalises what it reads, because tests compare byte for byte.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A head beyond this is refused.
const HEAD_BYTES_MAX: usize = 1 << 20;
const READ_BYTES: usize = 64 << 10;

/// The first line and the headers of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) headers: Headers,
}

/// Names, in lower case, and values, in the order of the wire.
pub(crate) type Headers = Vec<(String, String)>;

/// The first value of a header.
pub(crate) fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyEnd {
    /// After this many bytes.
    Length(u64),
    /// With the chunk of size zero.
    LastChunk,
    /// With the connection.
    Close,
}

impl BodyEnd {
    /// How the body that follows these headers ends; `without` is for messages that name no framing.
    pub(crate) fn of(headers: &Headers, without: BodyEnd) -> Result<BodyEnd> {
        if header(headers, "transfer-encoding").is_some_and(|value| value.ends_with("chunked")) {
            return Ok(BodyEnd::LastChunk);
        }
        let Some(length) = header(headers, "content-length") else {
            return Ok(without);
        };
        Ok(BodyEnd::Length(length.parse().with_context(|| format!("content-length `{length}`"))?))
    }
}

/// Bytes read from a peer and not consumed yet.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) bytes: Vec<u8>,
}

impl Incoming {
    /// Waits for more bytes. Returns how many came; 0 when the peer has closed.
    pub(crate) async fn read(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> std::io::Result<usize> {
        self.bytes.reserve(READ_BYTES);
        from.read_buf(&mut self.bytes).await
    }

    /// Reads a head; `None` if the peer closes before its first byte.
    pub(crate) async fn read_head(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Head>> {
        loop {
            if let Some(end) = find(&self.bytes, b"\r\n\r\n") {
                let head = parse_head(&self.bytes[..end])?;
                self.bytes.drain(..end + 4);
                return Ok(Some(head));
            }
            ensure!(
                self.bytes.len() <= HEAD_BYTES_MAX,
                "a head of more than {HEAD_BYTES_MAX} bytes"
            );
            if self.read(from).await? == 0 {
                ensure!(
                    self.bytes.is_empty(),
                    "closed within a head: {:?}",
                    String::from_utf8_lossy(&self.bytes)
                );
                return Ok(None);
            }
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Head> {
    let text = std::str::from_utf8(bytes).context("a head that is not UTF-8")?;
    let mut lines = text.split("\r\n");
    let first_line = lines.next().unwrap_or_default().to_owned();
    let mut headers = Headers::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            bail!("a header without a colon: `{line}`");
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Head { first_line, headers })
}

/// Takes a body out of its framing, however the bytes are cut.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
}

#[derive(Debug)]
enum State {
    Length(u64),
    UntilClose,
    ChunkHead,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Done,
}

impl BodyReader {
    pub(crate) fn new(end: BodyEnd) -> BodyReader {
        let state = match end {
            BodyEnd::Length(0) => State::Done,
            BodyEnd::Length(length) => State::Length(length),
            BodyEnd::LastChunk => State::ChunkHead,
            BodyEnd::Close => State::UntilClose,
        };
        BodyReader { state }
    }

    /// Whether the framing says that the body is over.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether the body is whole if the connection ends now.
    pub(crate) fn may_close(&self) -> bool {
        matches!(self.state, State::Done | State::UntilClose)
    }

    /// Moves what belongs to the body from `incoming` to the end of `body`, as far as it is there.
    pub(crate) fn take(&mut self, incoming: &mut Incoming, body: &mut Vec<u8>) -> Result<()> {
        let mut rest = &incoming.bytes[..];
        loop {
            match &mut self.state {
                State::Done => break,
                State::UntilClose => {
                    body.extend_from_slice(rest);
                    rest = &[];
                    break;
                }
                State::Length(left) | State::ChunkData(left) => {
                    let count = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let (data, after) = rest.split_at(count);
                    body.extend_from_slice(data);
                    rest = after;
                    *left -= count as u64;
                    if *left != 0 {
                        break;
                    }
                    self.state = match self.state {
                        State::Length(_) => State::Done,
                        _ => State::ChunkEnd,
                    };
                }
                State::ChunkHead | State::ChunkEnd | State::Trailers => {
                    let Some(end) = find(rest, b"\r\n") else {
                        break;
                    };
                    let line = &rest[..end];
                    rest = &rest[end + 2..];
                    self.state = match self.state {
                        State::ChunkHead => match chunk_size(line)? {
                            0 => State::Trailers,
                            size => State::ChunkData(size),
                        },
                        State::ChunkEnd if line.is_empty() => State::ChunkHead,
                        State::ChunkEnd => bail!("a chunk is longer than its size"),
                        _ if line.is_empty() => State::Done,
                        _ => State::Trailers,
                    };
                }
            }
        }
        let consumed = incoming.bytes.len() - rest.len();
        incoming.bytes.drain(..consumed);
        Ok(())
    }
}

fn chunk_size(line: &[u8]) -> Result<u64> {
    let text = String::from_utf8_lossy(line);
    let digits = text.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(digits, 16).with_context(|| format!("chunk size `{digits}`"))
}

/// A head, or the last chunk with its trailers.
pub(crate) fn head(first_line: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{first_line}\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// Bytes as one chunk of the chunked framing. Empty ones give nothing, for that would end the body.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}

/// What ends a body of the chunked framing.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The position of the first occurrence.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the body of the framed bytes, cut into pieces of every size.
    #[track_caller]
    fn check(end: BodyEnd, framed: &[u8], body: &[u8], left_over: &[u8]) {
        for size in 1..=framed.len() {
            let mut reader = BodyReader::new(end);
            let mut incoming = Incoming::default();
            let mut read = Vec::new();
            for piece in framed.chunks(size) {
                incoming.bytes.extend_from_slice(piece);
                reader.take(&mut incoming, &mut read).unwrap();
            }
            assert_eq!(read, body, "in pieces of {size}");
            assert_eq!(incoming.bytes, left_over, "in pieces of {size}");
            assert!(reader.may_close(), "in pieces of {size}");
        }
    }

    #[test]
    fn bodies_are_read_in_every_framing() {
        check(BodyEnd::Length(5), b"helloGET /", b"hello", b"GET /");
        check(BodyEnd::Length(0), b"GET /", b"", b"GET /");
        check(BodyEnd::Close, b"hello", b"hello", b"");
        check(BodyEnd::LastChunk, b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\nGET /", b"hello", b"GET /");
        check(BodyEnd::LastChunk, b"A\r\n0123456789\r\n0\r\na: b\r\n\r\n", b"0123456789", b"");
        check(BodyEnd::LastChunk, &[chunk(b"hello"), LAST_CHUNK.to_vec()].concat(), b"hello", b"");
    }

    #[test]
    fn a_body_that_is_cut_is_not_whole() {
        for (end, framed) in [
            (BodyEnd::Length(6), &b"hello"[..]),
            (BodyEnd::LastChunk, b"5\r\nhello\r\n"),
            (BodyEnd::LastChunk, b"5\r\nhello\r\n0\r\n"),
        ] {
            let mut reader = BodyReader::new(end);
            let mut body = Vec::new();
            reader.take(&mut Incoming { bytes: framed.to_vec() }, &mut body).unwrap();
            assert!(!reader.may_close());
            assert_eq!(body, b"hello");
        }
    }

    #[test]
    fn broken_chunks_are_refused() {
        for framed in [&b"x\r\n"[..], b"2\r\nhello\r\n"] {
            let mut reader = BodyReader::new(BodyEnd::LastChunk);
            let result = reader.take(&mut Incoming { bytes: framed.to_vec() }, &mut Vec::new());
            assert!(result.is_err(), "{framed:?}");
        }
    }

    #[tokio::test]
    async fn a_head_is_read_up_to_its_end() {
        let mut wire = &b"GET /a HTTP/1.1\r\nHost: x\r\nA:  b:c \r\n\r\nrest"[..];
        let mut incoming = Incoming::default();
        let head = incoming.read_head(&mut wire).await.unwrap().unwrap();
        assert_eq!(head.first_line, "GET /a HTTP/1.1");
        assert_eq!(head.headers, [("host".into(), "x".into()), ("a".into(), "b:c".into())]);
        assert_eq!(incoming.bytes, b"rest");
    }

    #[tokio::test]
    async fn no_head_is_not_an_error_but_half_a_head_is() {
        assert_eq!(Incoming::default().read_head(&mut &b""[..]).await.unwrap(), None);
        assert!(Incoming::default().read_head(&mut &b"GET /"[..]).await.is_err());
    }
}
