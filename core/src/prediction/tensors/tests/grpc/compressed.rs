//! Messages that are compressed each for itself, in codings that are read, that are not, and in none.

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use ruzstd::encoding::{CompressionLevel, compress_to_vec as compress_to_vec_zstd};

use super::*;
use crate::encoding::{Coding, Codings, Fault};

const LEVEL: u8 = 6;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut check = crc32fast::Hasher::new();
    check.update(plain);
    let trailer = [check.finalize(), u32::try_from(plain.len()).unwrap()].map(u32::to_le_bytes);
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    [&header, &compress_to_vec(plain, LEVEL)[..], trailer.as_flattened()].concat()
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(plain, LEVEL)
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    compress_to_vec_zstd(plain, CompressionLevel::Fastest)
}

/// A message that is what a compressor made of it.
fn compressed(content: &[u8]) -> Vec<u8> {
    let mut message = frame(content);
    message[0] = 1;
    message
}

/// What a request says that is not compressed, without its frame.
fn content(values: &[i64]) -> Vec<u8> {
    let tensor = tensor("a", "INT32", &[i64::try_from(values.len()).unwrap()], &packed(2, values));
    request("m", &[tensor]).split_off(5)
}

fn encoding(header: &str) -> Encoding {
    Encoding::of(Some(header.as_bytes()), Codings::ALL)
}

/// Reads a call whose head says this encoding; all of it is there.
#[track_caller]
fn check(
    header: &str,
    body: &[u8],
    is_named: bool,
    expected: &str,
    ending: Ending,
) -> (Option<Fault>, bool) {
    let name = is_named.then_some(("m", "3"));
    let reader = check_coded((Message::Request, encoding(header)), body, name, expected, ending);
    (reader.compressed().fault(), reader.compressed().has_gaps())
}

const READ: (Option<Fault>, bool) = (None, false);

#[test]
fn messages_are_read_in_the_coding_that_the_head_names() {
    let content = content(&[1, 2]);
    let codings =
        [("gzip", gzip(&content)), ("deflate", deflate(&content)), ("zstd", zstd(&content))];
    for (name, content_coded) in codings {
        let one = compressed(&content_coded);
        let found = check(name, &one, true, "a0=1 a1=2 2 rows", Ending::Complete);
        assert_eq!(found, READ, "{name}");
        // Each says for itself whether it is compressed, and an empty one has nothing to be decoded.
        let mixed = [&one[..], &frame(&content), &compressed(b""), &one].concat();
        let expected = "a0=1 a1=2 2 rows a2=1 a3=2 2 rows a4=1 a5=2 2 rows";
        assert_eq!(check(name, &mixed, true, expected, Ending::Complete), READ, "{name}");
    }
}

#[test]
fn answers_are_read_as_well_and_errors_in_them() {
    let response = [field(1, b"m"), described("a", "INT8", &[1]), field(6, &[5])].concat();
    let way = |message| (message, encoding("gzip"));
    let body = compressed(&gzip(&response));
    check_coded(way(Message::Response), &body, None, "a0=5 1 row", Ending::Complete);
    let body = [compressed(&gzip(&field(2, &response))), compressed(&gzip(&field(1, b"no")))];
    let way = way(Message::StreamResponse);
    let reader = check_coded(way, &body.concat(), None, "a0=5 1 row", Ending::Complete);
    assert!(reader.has_error());
}

#[test]
fn a_message_that_is_compressed_in_no_coding_is_malformed_and_the_next_one_is_read() {
    let content = content(&[1]);
    let (one, other) = (compressed(&gzip(&content)), frame(&content));
    for header in ["identity", ""] {
        assert_eq!(check(header, &one, false, "", Ending::Malformed), READ);
        assert_eq!(check(header, &compressed(b""), false, "", Ending::Malformed), READ);
        let both = [&one[..], &other].concat();
        assert_eq!(check(header, &both, true, "a0=1 1 row", Ending::Malformed), READ);
        assert_eq!(check(header, &other, true, "a0=1 1 row", Ending::Complete), READ);
    }
}

#[test]
fn a_coding_that_is_unknown_or_off_passes_and_plain_messages_are_read() {
    let content = content(&[1]);
    let (one, other) = (compressed(&gzip(&content)), frame(&content));
    let unread = (Some(Fault::Unreadable), true);
    assert_eq!(check("snappy", &one, false, "", Ending::Complete), unread);
    let both = [&one[..], &other, &one].concat();
    assert_eq!(check("snappy", &both, true, "a0=1 1 row", Ending::Complete), unread);
    let off = Encoding::of(Some(b"gzip"), Codings::from_iter([Coding::Deflate]));
    let reader = check_coded((Message::Request, off), &one, None, "", Ending::Complete);
    assert_eq!(reader.compressed().fault(), Some(Fault::Unreadable));
    // Within a body that is compressed itself, what either may say would multiply.
    let within = Encoding::of_messages(Some(b"gzip"), encoding("br"), Codings::ALL);
    assert_eq!(within, Encoding::Unreadable);
    assert_eq!(Encoding::of_messages(None, encoding("br"), Codings::ALL), Encoding::None);
    let alone = Encoding::of_messages(Some(b"gzip"), Encoding::None, Codings::ALL);
    assert_eq!(alone, encoding("gzip"));
}

#[test]
fn what_a_broken_message_said_before_counts_and_the_next_one_is_read() {
    let content = content(&[1, 2]);
    let whole = gzip(&content);
    let malformed = Some(Fault::Malformed);
    let other = frame(&content);
    // The checksum is wrong, which shows behind all that it says: as nobody may believe it, it is not taken for whole.
    let mut changed = whole.clone();
    changed[whole.len() - 8] ^= 1;
    let broken = [compressed(&changed), other.clone()].concat();
    let expected = "a0=1 a1=2 2 rows a2=1 a3=2 2 rows";
    assert_eq!(check("gzip", &broken, true, expected, Ending::Complete), (malformed, true));
    // It is cut off within its frame.
    let cut = compressed(&whole[..whole.len() - 1]);
    let expected = "a0=1 a1=2 2 rows";
    assert_eq!(check("gzip", &cut, true, expected, Ending::Complete), (malformed, true));
    // Its first byte is wrong: it says nothing, and the next one names the model.
    let none = [compressed(b"no gzip"), other].concat();
    assert_eq!(check("gzip", &none, true, expected, Ending::Complete), (malformed, true));
    // Behind its end stands something.
    let surplus = compressed(&[&whole[..], b"!"].concat());
    assert_eq!(check("gzip", &surplus, true, expected, Ending::Complete), (malformed, false));
    // What it says is no message, which is no fault of its coding.
    let no_message = compressed(&gzip(&[0x4a, 5, 0x0a]));
    let way = (Message::Request, encoding("gzip"));
    let reader = check_coded(way, &no_message, Some(("", "")), "", Ending::Malformed);
    assert_eq!((reader.compressed().fault(), reader.compressed().has_gaps()), READ);
}

#[test]
fn a_body_that_breaks_off_amid_a_compressed_message_is_incomplete() {
    let contents = packed(2, &[1, 2, 3]);
    let content = request("m", &[tensor("a", "INT32", &[3], &contents)]).split_off(5);
    // Stored as it is, so that what comes can be read at once.
    let stored = compress_to_vec_zlib(&content, 0);
    let body = compressed(&stored);
    let body = &body[..body.len() - 5];
    let found = check("deflate", body, true, "a0=1 a1=2 shape 2 rows", Ending::Incomplete);
    assert_eq!(found, READ);
}

/// Reads a body at once, with so much memory for decoders.
fn read(body: &[u8], room: usize) -> (String, Option<Fault>) {
    let mut reader = GrpcReader::new(Message::Request, encoding("gzip"), &Room::new(room));
    let (columns, mut found) = (columns(), Vec::new());
    let take = |event: Event<'_>| found.push(said(event));
    let mut sink = AwaitsName { columns: [&columns; 2], name: None, take };
    reader.read(body, &mut sink);
    assert_eq!(reader.finish(&mut sink), Ending::Complete);
    (found.join(" "), reader.compressed().fault())
}

#[test]
fn a_bomb_is_given_up_and_many_small_ones_are_as_bad() {
    let good = content(&[1]);
    let bomb = |length: usize| {
        let content = [field(1, b"m"), field(3, &vec![0; length])].concat();
        compressed(&gzip(&content))
    };
    let plain = frame(&good);
    let found = read(&[&bomb(300 << 10)[..], &plain].concat(), ROOM_BYTES_MAX);
    assert_eq!(found, ("a0=1 1 row".to_string(), Some(Fault::TooDense)));
    assert_eq!(read(&bomb(200 << 10), ROOM_BYTES_MAX), (String::new(), None), "alone it is none");
    let small = [bomb(200 << 10), bomb(200 << 10), compressed(&gzip(&good)), plain].concat();
    // Where they said too much no further one is decoded, however small; what is plain is read.
    assert_eq!(read(&small, ROOM_BYTES_MAX), ("a0=1 1 row".to_string(), Some(Fault::TooDense)));
}

#[test]
fn a_decoder_takes_its_memory_for_one_message_and_gives_it_back() {
    let one = compressed(&gzip(&content(&[1])));
    let body = [&one[..], &one, &one].concat();
    let expected = "a0=1 1 row a1=1 1 row a2=1 1 row";
    assert_eq!(read(&body, 48 << 10), (expected.to_string(), None));
    let (said, fault) = read(&[&one[..], &frame(&content(&[7]))].concat(), 32 << 10);
    assert_eq!((&*said, fault), ("a0=7 1 row", Some(Fault::NoRoom)));
}
