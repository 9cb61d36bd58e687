//! What headers say, and bodies that the reference encoders made (`tests/data/encoded/make.py`): in every cut, bombs,
//! and bytes that are no body at all.

use std::{format, string::String, vec, vec::Vec};

use driftline_random::Random;

use super::*;

macro_rules! data {
    ($($name:literal),+) => {
        include_bytes!(concat!("../../../../tests/data/encoded/", $($name),+))
    };
}

#[track_caller]
fn check(header: &str, expected: Encoding) {
    assert_eq!(Encoding::of(Some(header.as_bytes()), Codings::ALL), expected, "{header}");
}

fn readable(first: Coding, second: Option<Coding>) -> Encoding {
    Encoding::Readable(Layers([Some(first), second]))
}

#[test]
fn codings_have_their_registered_names_in_any_case() {
    check("gzip", readable(Coding::Gzip, None));
    check("x-gzip", readable(Coding::Gzip, None));
    check(" GZip ", readable(Coding::Gzip, None));
    check("deflate", readable(Coding::Deflate, None));
    check("br", readable(Coding::Brotli, None));
    check("ZSTD", readable(Coding::Zstd, None));
}

#[test]
fn identity_is_no_coding() {
    assert_eq!(Encoding::of(None, Codings::ALL), Encoding::None);
    check("", Encoding::None);
    check(" Identity ", Encoding::None);
    check("identity, br", readable(Coding::Brotli, None));
}

#[test]
fn the_last_coding_comes_off_first() {
    check("gzip, br", readable(Coding::Gzip, Some(Coding::Brotli)));
    let layers = Layers([Some(Coding::Gzip), Some(Coding::Brotli)]);
    assert!(layers.outermost_first().eq([Coding::Brotli, Coding::Gzip]));
}

#[test]
fn what_is_unknown_or_off_or_too_much_is_not_read() {
    check("compress", Encoding::Unreadable);
    check("gzip, aes128gcm", Encoding::Unreadable);
    check("gzip, gzip, gzip", Encoding::Unreadable);
    let only_gzip = Codings::from_iter([Coding::Gzip]);
    assert_eq!(Encoding::of(Some(b"br"), only_gzip), Encoding::Unreadable);
    assert_eq!(Encoding::of(Some(b"gzip"), only_gzip), readable(Coding::Gzip, None));
}

/// A stream, where each of its events is there, and a bomb of the same coding.
struct Sample {
    name: &'static str,
    coding: Coding,
    stream: &'static [u8],
    ends: &'static [u8],
    bomb: &'static [u8],
}

macro_rules! sample {
    ($name:literal, $coding:ident) => {
        Sample {
            name: $name,
            coding: Coding::$coding,
            stream: data!("stream.", $name),
            ends: data!("stream.", $name, ".ends"),
            bomb: data!("bomb.", $name),
        }
    };
}

const PLAIN: &[u8] = data!("stream.txt");
const SAMPLES: [Sample; 5] = [
    sample!("gzip", Gzip),
    sample!("zlib", Deflate),
    sample!("raw", Deflate),
    sample!("br", Brotli),
    sample!("zstd", Zstd),
];

/// A body that was read.
#[derive(Debug, PartialEq)]
struct Read {
    said: Vec<u8>,
    fault: Option<Fault>,
    is_whole: bool,
}

impl Read {
    fn whole(said: &[u8]) -> Read {
        Read { said: said.to_vec(), fault: None, is_whole: true }
    }
}

fn decoder(coding: Coding, room: &MemoryBudget) -> Decoder {
    Decoder::new(Layers([Some(coding), None]), room).unwrap()
}

fn read<'b>(coding: Coding, pieces: impl IntoIterator<Item = &'b [u8]>) -> Read {
    let room = MemoryBudget::new(DECODERS_BYTES_MAX);
    let mut decoder = decoder(coding, &room);
    let (mut said, mut fault) = (Vec::new(), None);
    for piece in pieces {
        if let Err(found) = decoder.read(piece, |piece| said.extend_from_slice(piece)) {
            fault = Some(found);
            break;
        }
    }
    let is_whole = decoder.is_whole();
    drop(decoder);
    assert_eq!(room.bytes_left(), DECODERS_BYTES_MAX, "its memory is given back");
    Read { said, fault, is_whole }
}

/// What `tests/data/encoded/make.py` compresses as `long` and as the middle of `far`.
fn numbers(count: usize) -> Vec<u8> {
    (0..count).map(|number| format!("{number:07}")).collect::<String>().into_bytes()
}

#[test]
fn no_cut_changes_what_a_body_says() {
    for Sample { name, coding, stream, .. } in SAMPLES {
        for cut in 0..=stream.len() {
            let (first, second) = stream.split_at(cut);
            assert_eq!(read(coding, [first, second]), Read::whole(PLAIN), "{name} cut at {cut}");
        }
        for length in [1, 2, 3, 7] {
            assert_eq!(
                read(coding, stream.chunks(length)),
                Read::whole(PLAIN),
                "{name} by {length}"
            );
        }
    }
}

#[test]
fn each_event_is_there_with_the_byte_that_brings_it() {
    for Sample { name, coding, stream, ends, .. } in SAMPLES {
        let expected: Vec<usize> = serde_json::from_slice(ends).unwrap();
        let room = MemoryBudget::new(DECODERS_BYTES_MAX);
        let mut decoder = decoder(coding, &room);
        let (mut said, mut found) = (Vec::new(), Vec::new());
        for (byte, at) in stream.chunks(1).zip(1..) {
            decoder.read(byte, |piece| said.extend_from_slice(piece)).unwrap();
            let events = said.windows(2).filter(|end| end == b"\n\n").count();
            found.resize(events, at);
        }
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_body_that_breaks_off_says_what_it_could_and_is_not_whole() {
    for Sample { name, coding, stream, .. } in SAMPLES {
        for end in 0..stream.len() {
            let Read { said, fault, is_whole } = read(coding, [&stream[..end]]);
            assert!(PLAIN.starts_with(&said) && fault.is_none() && !is_whole, "{name} until {end}");
        }
    }
}

#[test]
fn what_stands_behind_the_end_is_malformed_and_the_body_whole_all_the_same() {
    for Sample { name, coding, stream, .. } in SAMPLES {
        let expected = Read { fault: Some(Fault::Malformed), ..Read::whole(PLAIN) };
        let garbage = [stream, b"!!!!"].concat();
        for cut in stream.len() - 1..garbage.len() {
            let (first, second) = garbage.split_at(cut);
            let found = read(coding, [first, second]);
            // The beginning of a frame may be garbage only with its fourth byte.
            let found = Read { is_whole: found.is_whole || coding == Coding::Zstd, ..found };
            assert_eq!(found, expected, "{name} cut at {cut}");
        }
    }
}

#[test]
fn a_bomb_is_given_up_in_little_memory() {
    for Sample { name, coding, bomb, .. } in SAMPLES {
        let Read { said, fault, .. } = read(coding, bomb.chunks(1000));
        let fault = fault.unwrap();
        assert!(matches!(fault, Fault::TooDense | Fault::TooLarge), "{name}: {fault:?}");
        let allowed = (bomb.len() as u64 * DECODED_PER_ENCODED_BYTE_MAX).max(DECODED_BYTES_FREE);
        assert!(said.len() as u64 <= allowed, "{name} said {}", said.len());
    }
}

#[test]
fn two_codings_cannot_multiply_what_one_may_say() {
    let sizes = [data!("bomb.gzip").len(), data!("bomb.gzip.br").len()];
    let room = MemoryBudget::new(DECODERS_BYTES_MAX);
    let layers = Layers([Some(Coding::Gzip), Some(Coding::Brotli)]);
    let mut decoder = Decoder::new(layers, &room).unwrap();
    let mut said = 0;
    let fault =
        decoder.read(data!("bomb.gzip.br"), |piece| said += piece.len() as u64).unwrap_err();
    assert_eq!(fault, Fault::TooDense);
    assert!(said <= DECODED_BYTES_FREE, "{said} of {sizes:?}");
}

#[test]
fn members_and_frames_follow_each_other() {
    let padded = [&data!("members.gzip")[..], &[0; 9]].concat();
    for (coding, body) in [
        (Coding::Gzip, &data!("members.gzip")[..]),
        (Coding::Gzip, &padded),
        (Coding::Zstd, data!("frames.zstd")),
    ] {
        for cut in 0..body.len() {
            let (first, second) = body.split_at(cut);
            assert_eq!(
                read(coding, [first, second]),
                Read::whole(PLAIN),
                "{coding:?} cut at {cut}"
            );
        }
    }
}

#[test]
fn a_body_may_be_longer_than_its_window() {
    let plain = numbers(40_000);
    let samples: [(Coding, &[u8]); 3] = [
        (Coding::Gzip, data!("long.gzip")),
        (Coding::Brotli, data!("long.br")),
        (Coding::Zstd, data!("long.zstd")),
    ];
    for (coding, body) in samples {
        for length in [1, 1000, body.len()] {
            let found = read(coding, body.chunks(length));
            assert!(found == Read::whole(&plain), "{coding:?} by {length}: {:?}", found.fault);
        }
    }
}

#[test]
fn a_body_that_needs_too_large_a_window_is_given_up() {
    let far = read(Coding::Zstd, data!("far.zstd").chunks(1000));
    assert_eq!(far.fault, Some(Fault::TooLarge));
    assert!(numbers(150_000).starts_with(&far.said[20_000..]), "what was said before is right");
    let wide = read(Coding::Brotli, data!("wide.br").chunks(1000));
    assert_eq!(wide.fault, Some(Fault::TooLarge));
    // A window of 16 MiB is too much before anything is said.
    assert_eq!(read(Coding::Zstd, [&b"\x28\xb5\x2f\xfd\x00\x70"[..]]).fault, Some(Fault::TooLarge));
}

#[test]
fn many_bodies_at_once_take_no_more_than_the_room() {
    for Sample { name, coding, stream, .. } in SAMPLES {
        let room = MemoryBudget::new(1 << 20);
        let mut decoders = Vec::new();
        let fault = loop {
            assert!(decoders.len() < 1000, "{name}");
            let mut decoder = match Decoder::new(Layers([Some(coding), None]), &room) {
                Ok(decoder) => decoder,
                Err(fault) => break fault,
            };
            if let Err(fault) = decoder.read(&stream[..stream.len() / 2], |_| ()) {
                break fault;
            }
            decoders.push(decoder);
        };
        assert_eq!(fault, Fault::NoRoom, "{name}");
        let each = (1 << 20) / decoders.len();
        std::println!("{name}: {each} bytes for a small stream");
        assert!(each < 64 << 10, "{name}: {each} bytes for a small stream");
        decoders.clear();
        assert_eq!(room.bytes_left(), 1 << 20, "{name}");
    }
}

#[test]
fn whatever_the_bytes_are_memory_and_work_are_bounded() {
    const ROUNDS: u64 = 1_000;
    let dense: [(Coding, &[u8]); 3] = [
        (Coding::Gzip, data!("dense.gzip")),
        (Coding::Brotli, data!("dense.br")),
        (Coding::Zstd, data!("dense.zstd")),
    ];
    let streams = SAMPLES.iter().map(|sample| (sample.coding, sample.stream));
    for ((coding, body), seed) in streams.chain(dense).zip(1..) {
        let mut random = Random::new(seed);
        for round in 0..ROUNDS {
            let body = mutation(&mut random, body);
            let length = 1 + random.below(body.len());
            let Read { said, .. } = read(coding, body.chunks(length));
            let allowed =
                (body.len() as u64 * DECODED_PER_ENCODED_BYTE_MAX).max(DECODED_BYTES_FREE);
            assert!(said.len() as u64 <= allowed, "{coding:?} {round}");
        }
    }
}

/// A body with some bytes changed, taken out, put in or moved; now and then nothing but noise after a good head.
fn mutation(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    if random.below(8) == 0 {
        let head = random.below(24);
        body[head..].fill_with(|| random.word() as u8);
        return body;
    }
    for _ in 0..=random.below(6) {
        let at = random.below(body.len());
        match random.below(5) {
            0 => body[at] ^= 1 << random.below(8),
            1 => body[at] = random.word() as u8,
            2 => drop(body.remove(at)),
            3 => body.insert(at, random.word() as u8),
            _ => {
                let end = (at + random.below(30)).min(body.len());
                let piece = body[at..end].to_vec();
                let to = random.below(body.len());
                body.splice(to..to, piece);
            }
        }
        if body.is_empty() {
            body = vec![0];
        }
    }
    body
}
