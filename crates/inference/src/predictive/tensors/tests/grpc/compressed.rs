//! Messages that are compressed separately, in encodings that are read, that are not, and in none.

use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use ruzstd::encoding::{CompressionLevel, compress_to_vec as compress_to_vec_zstd};

use super::*;
use driftline_wire::encoding::{Coding, Codings, Fault};

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

/// A message as a compressor made it.
fn compressed(content: &[u8]) -> Vec<u8> {
    let mut message = frame(content);
    message[0] = 1;
    message
}

/// An uncompressed request, without its frame.
fn content(values: &[i64]) -> Vec<u8> {
    let tensor = tensor("a", "INT32", &[i64::try_from(values.len()).unwrap()], &packed(2, values));
    request("m", &[tensor]).split_off(5)
}

fn encoding(header: &str) -> Encoding {
    Encoding::of(Some(header.as_bytes()), Codings::ALL)
}

/// Every fault of a message, and that of the first gap.
type Wrong = (Vec<Fault>, Option<Fault>);

fn wrong(reader: &GrpcReader) -> Wrong {
    (reader.compressed().faults().iter().collect(), reader.compressed().gap())
}

/// One fault, which left a gap.
fn gap(fault: Fault) -> Wrong {
    (vec![fault], Some(fault))
}

/// Reads a whole call whose head names this encoding.
#[track_caller]
fn check(header: &str, body: &[u8], is_named: bool, expected: &str, ending: JsonEnd) -> Wrong {
    let name = is_named.then_some(("m", "3"));
    let reader = check_coded((Message::Request, encoding(header)), body, name, expected, ending);
    wrong(&reader)
}

const READ: Wrong = (Vec::new(), None);

#[test]
fn messages_are_read_in_the_coding_that_the_head_names() {
    let content = content(&[1, 2]);
    let codings =
        [("gzip", gzip(&content)), ("deflate", deflate(&content)), ("zstd", zstd(&content))];
    for (name, content_coded) in codings {
        let one = compressed(&content_coded);
        let found = check(name, &one, true, "a0=1 a1=2 2 rows", JsonEnd::Complete);
        assert_eq!(found, READ, "{name}");
        // Each says whether it is compressed itself, and an empty one has nothing to decode.
        let mixed = [&one[..], &frame(&content), &compressed(b""), &one].concat();
        let expected = "a0=1 a1=2 2 rows a2=1 a3=2 2 rows a4=1 a5=2 2 rows";
        assert_eq!(check(name, &mixed, true, expected, JsonEnd::Complete), READ, "{name}");
    }
}

#[test]
fn answers_are_read_as_well_and_errors_in_them() {
    let response = [field(1, b"m"), described("a", "INT8", &[1]), field(6, &[5])].concat();
    let way = |message| (message, encoding("gzip"));
    let body = compressed(&gzip(&response));
    check_coded(way(Message::Response), &body, None, "a0=5 1 row", JsonEnd::Complete);
    let body = [compressed(&gzip(&field(2, &response))), compressed(&gzip(&field(1, b"no")))];
    let way = way(Message::StreamResponse);
    let reader = check_coded(way, &body.concat(), None, "a0=5 1 row", JsonEnd::Complete);
    assert!(reader.has_error());
}

#[test]
fn a_message_that_is_compressed_in_no_coding_is_malformed_and_the_next_one_is_read() {
    let content = content(&[1]);
    let (one, other) = (compressed(&gzip(&content)), frame(&content));
    for header in ["identity", ""] {
        assert_eq!(check(header, &one, false, "", JsonEnd::Malformed), READ);
        assert_eq!(check(header, &compressed(b""), false, "", JsonEnd::Malformed), READ);
        let both = [&one[..], &other].concat();
        assert_eq!(check(header, &both, true, "a0=1 1 row", JsonEnd::Malformed), READ);
        assert_eq!(check(header, &other, true, "a0=1 1 row", JsonEnd::Complete), READ);
    }
}

#[test]
fn a_coding_that_is_unknown_or_off_passes_and_plain_messages_are_read() {
    let content = content(&[1]);
    let (one, other) = (compressed(&gzip(&content)), frame(&content));
    let unread = gap(Fault::Unreadable);
    assert_eq!(check("snappy", &one, false, "", JsonEnd::Complete), unread);
    let both = [&one[..], &other, &one].concat();
    assert_eq!(check("snappy", &both, true, "a0=1 1 row", JsonEnd::Complete), unread);
    let off = Encoding::of(Some(b"gzip"), Codings::from_iter([Coding::Deflate]));
    let reader = check_coded((Message::Request, off), &one, None, "", JsonEnd::Complete);
    assert_eq!(wrong(&reader), unread);
    // Within a body that is compressed itself, the expansions of both would multiply.
    let within = Encoding::of_messages(Some(b"gzip"), Some(b"br"), Codings::ALL);
    assert_eq!(within, Encoding::Unreadable);
    assert_eq!(Encoding::of_messages(None, Some(b"br"), Codings::ALL), Encoding::None);
    let alone = Encoding::of_messages(Some(b"gzip"), None, Codings::ALL);
    assert_eq!(alone, encoding("gzip"));
}

#[test]
fn what_a_broken_message_said_before_counts_and_the_next_one_is_read() {
    let content = content(&[1, 2]);
    let whole = gzip(&content);
    let other = frame(&content);
    // The checksum is wrong, which shows only after all of its contents: it does not count as whole.
    let mut changed = whole.clone();
    changed[whole.len() - 8] ^= 1;
    let broken = [compressed(&changed), other.clone()].concat();
    let expected = "a0=1 a1=2 2 rows a2=1 a3=2 2 rows";
    assert_eq!(check("gzip", &broken, true, expected, JsonEnd::Complete), gap(Fault::Malformed));
    // It is cut off within its frame.
    let cut = compressed(&whole[..whole.len() - 1]);
    let expected = "a0=1 a1=2 2 rows";
    assert_eq!(check("gzip", &cut, true, expected, JsonEnd::Complete), gap(Fault::Malformed));
    // Its first byte is wrong: it has no contents, and the next one names the model.
    let none = [compressed(b"no gzip"), other].concat();
    assert_eq!(check("gzip", &none, true, expected, JsonEnd::Complete), gap(Fault::Malformed));
    // Something follows its end.
    let surplus = compressed(&[&whole[..], b"!"].concat());
    let found = check("gzip", &surplus, true, expected, JsonEnd::Complete);
    assert_eq!(found, (vec![Fault::Malformed], None));
    // Its contents are not a message, which is not a fault of its encoding.
    let no_message = compressed(&gzip(&[0x4a, 5, 0x0a]));
    let way = (Message::Request, encoding("gzip"));
    let reader = check_coded(way, &no_message, Some(("", "")), "", JsonEnd::Malformed);
    assert_eq!(wrong(&reader), READ);
}

#[test]
fn a_body_that_breaks_off_amid_a_compressed_message_is_incomplete() {
    let contents = packed(2, &[1, 2, 3]);
    let content = request("m", &[tensor("a", "INT32", &[3], &contents)]).split_off(5);
    // Stored as it is, so that what comes can be read at once.
    let stored = compress_to_vec_zlib(&content, 0);
    let body = compressed(&stored);
    let body = &body[..body.len() - 5];
    let found = check("deflate", body, true, "a0=1 a1=2 shape 2 rows", JsonEnd::Incomplete);
    assert_eq!(found, READ);
}

/// Reads a body at once, with this much memory for decoders.
fn read(body: &[u8], room: usize) -> (String, Wrong) {
    read_pieces(&[body], room)
}

fn read_pieces(pieces: &[&[u8]], room: usize) -> (String, Wrong) {
    let mut reader = GrpcReader::new(Message::Request, encoding("gzip"), &MemoryBudget::new(room));
    let (columns, mut found) = (columns(), Vec::new());
    let take = |event: Event<'_>| note(event, &mut found);
    let mut sink = AwaitsName { columns: [&columns; 2], name: None, take };
    for piece in pieces {
        reader.read(piece, &mut sink);
    }
    assert_eq!(reader.finish(&mut sink), JsonEnd::Complete);
    (found.join(" "), wrong(&reader))
}

/// A message that expands to this many bytes, and has no row.
fn bomb(length: usize) -> Vec<u8> {
    let content = [field(1, b"m"), field(3, &vec![0; length])].concat();
    compressed(&gzip(&content))
}

#[test]
fn a_bomb_is_given_up_and_many_small_ones_are_as_bad() {
    let good = content(&[1]);
    let plain = frame(&good);
    let found = read(&[&bomb(300 << 10)[..], &plain].concat(), DECODERS_BYTES_MAX);
    assert_eq!(found, ("a0=1 1 row".to_string(), gap(Fault::TooDense)));
    assert_eq!(
        read(&bomb(200 << 10), DECODERS_BYTES_MAX),
        (String::new(), READ),
        "alone it is none"
    );
    let small = [bomb(200 << 10), bomb(200 << 10), compressed(&gzip(&good)), plain].concat();
    // After they expanded too much, no further one is decoded, however small; plain ones are read.
    assert_eq!(read(&small, DECODERS_BYTES_MAX), ("a0=1 1 row".to_string(), gap(Fault::TooDense)));
}

#[test]
fn a_bomb_is_given_up_whatever_was_wrong_before_it() {
    let good = content(&[1]);
    let one = compressed(&gzip(&good));
    let bomb = bomb(300 << 10);
    let both = vec![Fault::Malformed, Fault::TooDense];
    let check = |messages: [&[u8]; 4], expected: &str, wrong: &Wrong| {
        let body = messages.concat();
        for cut in 0..=body.len() {
            let (first, second) = body.split_at(cut);
            let found = read_pieces(&[first, second], DECODERS_BYTES_MAX);
            assert_eq!((&*found.0, &found.1), (expected, wrong), "cut at {cut}");
        }
    };
    // What is compressed after the bomb is not decoded, and what is plain is read.
    let junk = compressed(b"no gzip");
    let expected = (both.clone(), Some(Fault::Malformed));
    check([&junk, &bomb, &one, &frame(&content(&[7]))], "a0=7 1 row", &expected);
    // One that is read to its end has no gap, whatever follows: the first gap is the bomb's.
    let surplus = compressed(&[&gzip(&good)[..], b"!"].concat());
    check([&surplus, &bomb, &one, b""], "a0=1 1 row", &(both, Some(Fault::TooDense)));
    // One without a gap leaves none, and a gap after it has its own reason.
    let cut_off = compressed(&gzip(&good)[..12]);
    let expected = (vec![Fault::Malformed], Some(Fault::Malformed));
    check([&surplus, &cut_off, &one, b""], "a0=1 1 row a1=1 1 row", &expected);
}

#[test]
fn a_message_that_found_no_room_does_not_keep_the_next_one_from_being_read() {
    let one = compressed(&gzip(&content(&[1])));
    let room = MemoryBudget::new(48 << 10);
    let mut reader = GrpcReader::new(Message::Request, encoding("gzip"), &room);
    let mut other = GrpcReader::new(Message::Request, encoding("gzip"), &room);
    let (columns, mut found) = (columns(), Vec::new());
    let take = |event: Event<'_>| note(event, &mut found);
    let mut sink = AwaitsName { columns: [&columns; 2], name: None, take };
    reader.read(
        &one[..one.len() - 4],
        &mut AwaitsName { columns: [&columns; 2], name: None, take: |_: Event<'_>| {} },
    );
    other.read(&one, &mut sink);
    drop(reader);
    other.read(&one, &mut sink);
    assert_eq!(other.finish(&mut sink), JsonEnd::Complete);
    assert_eq!(wrong(&other), gap(Fault::NoRoom));
    assert_eq!(found.join(" "), "a0=1 1 row");
}

#[test]
fn a_decoder_takes_its_memory_for_one_message_and_gives_it_back() {
    let one = compressed(&gzip(&content(&[1])));
    let body = [&one[..], &one, &one].concat();
    let expected = "a0=1 1 row a1=1 1 row a2=1 1 row";
    assert_eq!(read(&body, 48 << 10), (expected.to_string(), READ));
    let (said, wrong) = read(&[&one[..], &frame(&content(&[7]))].concat(), 32 << 10);
    assert_eq!((&*said, wrong), ("a0=7 1 row", gap(Fault::NoRoom)));
}
