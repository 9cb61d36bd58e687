//! Any exchanges at all, begun and broken off in any order, under configurations that come and go, in a VM that has hardly
//! any memory left: each is counted once. Nothing here knows what an exchange must count.

use std::{env, ops::Range, time::Duration};

use driftline_random::Random;
use driftline_support::corpus::{Case, LLM, PREDICT};
use host_sim::{EndInfo, Stream, World};

use super::{check_all_is_well, config, open, sum, time_of};
use crate::stage::{among_others, draining_world};

/// How many exchanges there are unless `DRIFTLINE_MIXED_STREAMS` says another number.
const STREAMS: usize = 4_000;
/// Streams that only stand there, to take the memory that the others then lack.
const STANDING: Range<usize> = 22_500..24_500;
/// The most exchanges that are under way at once.
const UNDER_WAY_MAX: usize = 600;
const DRAIN: Duration = Duration::from_secs(30);

/// An exchange that is under way.
struct UnderWay<'c> {
    case: &'c Case,
    stream: Stream,
    request: Vec<u8>,
    response: Vec<u8>,
    is_answered: bool,
}

/// A piece off the front of a body: all of it, or a little.
fn piece(random: &mut Random, body: &mut Vec<u8>) -> Vec<u8> {
    let end = if random.below(3) == 0 { body.len() } else { random.below(200).min(body.len()) };
    body.drain(..end).collect()
}

/// The body as it is, or with something cut out, doubled or changed.
fn mutated(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..random.below(3) {
        if body.is_empty() {
            break;
        }
        let at = random.below(body.len());
        match random.below(3) {
            0 => drop(body.drain(at..(at + 1 + random.below(9)).min(body.len()))),
            1 => body.insert(at, random.word() as u8),
            _ => body.extend_from_within(at..(at + random.below(4_000)).min(body.len())),
        }
    }
    body
}

impl<'c> UnderWay<'c> {
    fn begin(world: &World, random: &mut Random, case: &'c Case) -> UnderWay<'c> {
        let mut stream = world.stream(0).unwrap();
        let headers =
            case.request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let first = [(":path", case.path.as_str()), (":method", "POST")];
        let headers: Vec<_> = first.into_iter().chain(headers).collect();
        stream.request_headers(&headers[..], false).unwrap();
        let request = mutated(random, &case.request.body);
        let response = mutated(random, &case.response.body);
        UnderWay { case, stream, request, response, is_answered: false }
    }

    /// Goes on by a step; whether there is another one.
    fn go_on(&mut self, random: &mut Random) -> bool {
        if !self.request.is_empty() {
            let bytes = piece(random, &mut self.request);
            let is_end = self.request.is_empty() && random.below(8) != 0;
            self.stream.request_body(bytes, is_end).unwrap();
            return true;
        }
        if !self.is_answered {
            self.is_answered = true;
            self.stream.update(|info| info.code_details = Some("via_upstream".to_owned()));
            let headers = self.case.response.headers.iter();
            let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
            let status = self.case.status.to_string();
            let headers: Vec<_> =
                [(":status", status.as_str())].into_iter().chain(headers).collect();
            self.stream.response_headers(&headers[..], self.response.is_empty()).unwrap();
        } else if !self.response.is_empty() {
            let bytes = piece(random, &mut self.response);
            self.stream.response_body(bytes, self.response.is_empty()).unwrap();
        }
        !self.response.is_empty()
    }

    fn end(self, random: &mut Random) {
        let end = match random.below(3) {
            0 => EndInfo::client_disconnect(),
            1 => EndInfo::upstream_reset(),
            _ => EndInfo::complete(),
        };
        self.stream.end(end).unwrap();
    }
}

/// Another configuration: small, large, or none at all.
fn update(world: &World, random: &mut Random, texts: &[String; 2], second: usize) {
    let text = match random.below(4) {
        0 => "{".to_owned(),
        1 => texts[1].replace("T12:00:00Z", &time_of(second)),
        _ => texts[0].replace("T12:00:00Z", &time_of(second)),
    };
    // It may be refused, for what it says or for lack of room.
    let _ = world.reconfigure(text);
}

#[test]
fn whatever_comes_to_a_vm_near_its_end_is_counted_once() {
    let _among_others = among_others();
    let streams = env::var("DRIFTLINE_MIXED_STREAMS").map_or(STREAMS, |it| it.parse().unwrap());
    let mut random = Random::new(7);
    let cases: Vec<Case> = LLM.cases().into_iter().chain(PREDICT.cases()).collect();
    let texts = [config(3, 0), config(60, 0)];
    let world = draining_world(&texts[0], DRAIN);
    let mut standing: Vec<Stream> = (0..STANDING.start).map(|_| open(&world, true)).collect();
    let mut opened = standing.len();
    let mut under_way: Vec<UnderWay<'_>> = Vec::new();
    for number in 0..streams {
        let case = &cases[random.below(cases.len())];
        under_way.push(UnderWay::begin(&world, &mut random, case));
        opened += 1;
        for _ in 0..4 {
            let at = random.below(under_way.len());
            let goes_on = under_way[at].go_on(&mut random);
            if !goes_on || UNDER_WAY_MAX < under_way.len() || random.below(50) == 0 {
                under_way.swap_remove(at).end(&mut random);
            }
            if under_way.is_empty() {
                break;
            }
        }
        match number % 50 {
            0 => world.advance(Duration::from_millis(500)).unwrap(),
            1 => update(&world, &mut random, &texts, number),
            2 if standing.len() < STANDING.end => {
                standing.extend((0..200).map(|_| open(&world, true)));
                opened += 200;
            }
            3 if random.below(8) == 0 => {
                for stream in standing.drain(STANDING.start - 2_000..) {
                    stream.end(EndInfo::client_disconnect()).unwrap();
                }
            }
            _ => {}
        }
    }
    check_all_is_well(&world);
    under_way.into_iter().for_each(|it| it.end(&mut random));
    standing.into_iter().for_each(|it| it.end(EndInfo::client_disconnect()).unwrap());
    check_all_is_well(&world);
    let measured = sum(&world, "requests_total", &[]);
    let unmeasured = |reason| sum(&world, "unmeasured_streams_total", &[("reason", reason)]);
    println!(
        "{opened} streams, {measured} measured, {} without room; {} bodies without; {} KiB of linear memory",
        unmeasured("no_room"),
        sum(&world, "read_problems_total", &[("reason", "no_room_to_decode")]),
        world.worker(0).borrow().memory_bytes() / 1024
    );
    assert_eq!(measured + sum(&world, "unmeasured_streams_total", &[]), opened as f64);
    assert_eq!(sum(&world, "requests_in_flight", &[]), 0.0);
    assert!(0.0 < unmeasured("no_room"), "there always was room");
}
