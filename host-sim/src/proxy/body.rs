//! How a message's body is delimited: reading it from a connection's input and writing it again; it never looks inside.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::fields::{FIELDS_MAX, write_field};
use crate::HeaderMap;

/// The longest line of a chunk's size or of all trailers together.
const LINE_BYTES_MAX: usize = 60 * 1024;

/// The rest of a message's body, as its head announced it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    /// Nothing more comes.
    Ended,
    /// This many bytes.
    Length(u64),
    /// Chunks, at this place in them.
    Chunked(Chunk),
    /// Everything until the connection closes.
    UntilClose,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Chunk {
    Size,
    Data(u64),
    /// The line end after a chunk's data.
    DataEnd,
    Trailers,
}

/// What one read held.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Piece {
    pub(super) data: Bytes,
    pub(super) ended: bool,
    /// Trailers, if there were any; they come with the end.
    pub(super) trailers: Option<HeaderMap>,
}

/// The body is not delimited as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken;

impl Framing {
    pub(super) fn chunked() -> Framing {
        Framing::Chunked(Chunk::Size)
    }

    pub(super) fn length(bytes: u64) -> Framing {
        if bytes == 0 { Framing::Ended } else { Framing::Length(bytes) }
    }

    pub(super) fn is_ended(self) -> bool {
        self == Framing::Ended
    }

    /// Takes everything of this body out of `input`: the data of all chunks in it as one piece, as Envoy does.
    pub(super) fn take(&mut self, input: &mut BytesMut) -> Result<Piece, Broken> {
        match *self {
            Framing::Ended => Ok(Piece { ended: true, ..Piece::default() }),
            Framing::UntilClose => Ok(Piece { data: input.split().freeze(), ..Piece::default() }),
            Framing::Length(rest) => {
                let data = split(input, rest);
                *self = Framing::length(rest - data.len() as u64);
                Ok(Piece { data, ended: self.is_ended(), trailers: None })
            }
            Framing::Chunked(chunk) => self.take_chunks(chunk, input),
        }
    }

    fn take_chunks(&mut self, mut chunk: Chunk, input: &mut BytesMut) -> Result<Piece, Broken> {
        let mut parts: Vec<Bytes> = Vec::new();
        let mut piece = Piece::default();
        loop {
            match chunk {
                Chunk::Size => {
                    let Some(line) = take_line(input)? else { break };
                    let size = chunk_size(&line)?;
                    chunk = if size == 0 { Chunk::Trailers } else { Chunk::Data(size) };
                }
                Chunk::Data(rest) => {
                    let data = split(input, rest);
                    let rest = rest - data.len() as u64;
                    if !data.is_empty() {
                        parts.push(data);
                    }
                    if 0 < rest {
                        chunk = Chunk::Data(rest);
                        break;
                    }
                    chunk = Chunk::DataEnd;
                }
                Chunk::DataEnd => {
                    let Some(line) = take_line(input)? else { break };
                    if !line.is_empty() {
                        return Err(Broken);
                    }
                    chunk = Chunk::Size;
                }
                Chunk::Trailers => {
                    let Some(trailers) = take_trailers(input)? else { break };
                    piece.ended = true;
                    piece.trailers = (!trailers.is_empty()).then_some(trailers);
                    break;
                }
            }
        }
        *self = if piece.ended { Framing::Ended } else { Framing::Chunked(chunk) };
        // One chunk per read is the rule for streams, and needs no copy.
        piece.data =
            if parts.len() < 2 { parts.pop().unwrap_or_default() } else { parts.concat().into() };
        Ok(piece)
    }
}

/// How a body is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Writing {
    /// The head has announced the length, or there is no body.
    Plain,
    Chunked,
}

impl Writing {
    pub(super) fn data(self, data: &[u8], output: &mut BytesMut) {
        if data.is_empty() {
            return;
        }
        if self == Writing::Plain {
            output.extend_from_slice(data);
            return;
        }
        output.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        output.extend_from_slice(data);
        output.extend_from_slice(b"\r\n");
    }

    pub(super) fn end(self, trailers: Option<&HeaderMap>, output: &mut BytesMut) {
        if self == Writing::Plain {
            return;
        }
        output.extend_from_slice(b"0\r\n");
        for (name, value) in trailers.into_iter().flat_map(HeaderMap::iter) {
            write_field(name, value, output);
        }
        output.extend_from_slice(b"\r\n");
    }
}

fn split(input: &mut BytesMut, most: u64) -> Bytes {
    let size = usize::try_from(most).unwrap_or(usize::MAX).min(input.len());
    input.split_to(size).freeze()
}

/// A line without its end; `None` if the end has not come.
fn take_line(input: &mut BytesMut) -> Result<Option<Bytes>, Broken> {
    let Some(end) = memchr(b'\n', input) else {
        return if LINE_BYTES_MAX < input.len() { Err(Broken) } else { Ok(None) };
    };
    let line = input.split_to(end).freeze();
    input.advance(1);
    match line.last() {
        Some(b'\r') => Ok(Some(line.slice(..line.len() - 1))),
        _ => Err(Broken),
    }
}

/// A chunk extension, after `;`, is allowed and ignored.
fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| plain).ok_or(Broken)?;
    u64::from_str_radix(text, 16).map_err(|_| Broken)
}

fn take_trailers(input: &mut BytesMut) -> Result<Option<HeaderMap>, Broken> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    match httparse::parse_headers(input, &mut fields) {
        Ok(httparse::Status::Complete((size, fields))) => {
            let trailers = fields.iter().map(|field| (field.name, field.value)).collect();
            input.advance(size);
            Ok(Some(trailers))
        }
        Ok(httparse::Status::Partial) if input.len() <= LINE_BYTES_MAX => Ok(None),
        _ => Err(Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `wire` in two parts, cut at every position: the cut must not show.
    #[track_caller]
    fn check(wire: &str, body: &str, trailers: &[(&str, &str)]) {
        for cut in 0..=wire.len() {
            let (data, found, ended) = read_in_two(wire, cut).unwrap();
            assert!(ended, "cut at {cut}");
            assert_eq!(data, body.as_bytes(), "cut at {cut}");
            assert_eq!(
                found.unwrap_or_default(),
                trailers.iter().copied().collect(),
                "cut at {cut}"
            );
        }
    }

    #[track_caller]
    fn check_broken(wire: &str) {
        for cut in 0..=wire.len() {
            assert_eq!(read_in_two(wire, cut), Err(Broken), "cut at {cut}");
        }
    }

    fn read_in_two(wire: &str, cut: usize) -> Result<(Vec<u8>, Option<HeaderMap>, bool), Broken> {
        let mut framing = Framing::chunked();
        let mut input = BytesMut::new();
        let (mut data, mut trailers) = (Vec::new(), None);
        for part in [&wire[..cut], &wire[cut..]] {
            input.extend_from_slice(part.as_bytes());
            let piece = framing.take(&mut input)?;
            data.extend_from_slice(&piece.data);
            trailers = piece.trailers.or(trailers);
        }
        Ok((data, trailers, framing.is_ended()))
    }

    #[test]
    fn chunks_read_the_same_wherever_they_are_cut() {
        check("3\r\nabc\r\n0\r\n\r\n", "abc", &[]);
        check(
            "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nx-t: v\r\n\r\n",
            "abc0123456789",
            &[("x-t", "v")],
        );
        check("0\r\n\r\n", "", &[]);
    }

    #[test]
    fn broken_chunks_are_refused() {
        check_broken("x\r\n");
        check_broken("3\r\nabcd\r\n");
        check_broken("3\nabc");
        check_broken("-3\r\nabc");
        check_broken("11111111111111111\r\n");
    }

    #[test]
    fn all_chunks_of_one_read_are_one_piece() {
        let mut input = BytesMut::from("1\r\na\r\n1\r\nb\r\n1\r\nc");
        let piece = Framing::chunked().take(&mut input).unwrap();
        assert_eq!(piece, Piece { data: "abc".into(), ended: false, trailers: None });
    }

    #[test]
    fn a_length_leaves_the_next_message_alone() {
        let mut input = BytesMut::from("abcNEXT");
        let mut framing = Framing::length(3);
        let piece = framing.take(&mut input).unwrap();
        assert_eq!((&piece.data[..], piece.ended), (&b"abc"[..], true));
        assert_eq!(input, "NEXT");
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut wire = BytesMut::new();
        let trailers: HeaderMap = [("x-t", "v")].into_iter().collect();
        Writing::Chunked.data(b"0123456789abcdef!", &mut wire);
        Writing::Chunked.data(b"", &mut wire);
        Writing::Chunked.end(Some(&trailers), &mut wire);
        let piece = Framing::chunked().take(&mut wire).unwrap();
        assert_eq!(piece.data, "0123456789abcdef!");
        assert_eq!(piece.trailers, Some(trailers));
    }
}
