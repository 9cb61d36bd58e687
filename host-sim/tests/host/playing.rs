//! Many exchanges at once, cut and broken by a seed: the same seed gives the same result, byte for byte.

use std::time::{Duration, Instant};

use host_sim::{
    Chunking, Clock, Faults, Filter, Pace, Recording, Step, Trace, World, WorldOptions,
};

use crate::guest::{guest, traced};

/// Counts requests and ends, and samples the sizes of bodies.
fn counting() -> Filter {
    guest(&[
        (
            "configure",
            "$call define_metric (i32.const 0) @\"requests\" (i32.const 0);
             $call define_metric (i32.const 2) @\"chunk_bytes\" (i32.const 4);
             $call define_metric (i32.const 0) @\"flags\" (i32.const 8);
             $call set_tick_period_milliseconds (i32.const 5000);",
        ),
        ("request_headers", "$call increment_metric (i32.load (i32.const 0)) (i64.const 1);"),
        (
            "response_body",
            "$call get_buffer_bytes (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 24) (i32.const 28);
             $call record_metric (i32.load (i32.const 4)) (i64.extend_i32_u (local.get $1));
             (global.set $free (i32.const 16384))",
        ),
        (
            "log",
            "$call get_property @\"response\\0flags\" (i32.const 16) (i32.const 20);
             (if (i32.eq (i32.load (i32.const 20)) (i32.const 8)) (then
               $call record_metric (i32.load (i32.const 8)) (i64.load (i32.load (i32.const 16)));))
             (global.set $free (i32.const 16384))",
        ),
    ])
}

fn answer(index: u64) -> Recording {
    let mut recording = Recording::new("POST", "/v1/chat/completions");
    recording.start_us = index * 1_500;
    recording.steps = vec![
        Step::request_data(0, b"{\"model\":\"demo\",\"stream\":true}"),
        Step::RequestEnd { at_us: 10 },
        Step::Response { at_us: 40_000, status: 200, headers: Vec::new(), ended: false },
    ];
    for token in 0..20 {
        let event = format!("data: {{\"token\":{token},\"of\":{index}}}\n\n");
        recording.steps.push(Step::response_data(50_000 + token * 20_000, event.as_bytes()));
    }
    recording.steps.push(Step::ResponseEnd { at_us: 460_000 });
    recording
}

fn recordings(seed: u64, count: u64) -> Vec<Recording> {
    let mut faults = Faults::new(seed, 20);
    let make = |index| {
        let mut recording = answer(index).chunked(Chunking::Fuzzed(seed ^ index));
        faults.break_some(&mut recording);
        recording
    };
    (0..count).map(make).collect()
}

fn run(filter: &Filter, seed: u64, count: u64, trace: Trace) -> String {
    let mut options = traced(WorldOptions::default());
    options.workers = 4;
    options.seed = seed;
    options.trace = trace;
    let world = World::new(filter, options).unwrap();
    let outcomes = world.play(&recordings(seed, count), Pace::Virtual).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.over && outcome.error.is_none()));
    assert_eq!(world.stats().counter_value("requests"), Some(count));
    world.stats().prometheus()
}

#[test]
fn a_thousand_streams_with_faults_scrape_the_same_for_the_same_seed() {
    let filter = counting();
    let start = Instant::now();
    let first = run(&filter, 1, 1_000, Trace::off());
    // For the reader of the output; a slow machine is no failure.
    println!("4 workers, 1,000 streams, 20 % faults: {:?}", start.elapsed());
    assert_eq!(first, run(&filter, 1, 1_000, Trace::off()));
    assert_ne!(first, run(&filter, 2, 1_000, Trace::off()));
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    let filter = counting();
    let trace = |seed| {
        let trace = Trace::on();
        run(&filter, seed, 100, trace.clone());
        trace.text()
    };
    let first = trace(3);
    assert!(2_000 < first.lines().count());
    assert_eq!(first, trace(3));
    assert_ne!(first, trace(4));
}

#[test]
fn however_a_body_is_cut_the_client_gets_it_whole() {
    let filter = counting();
    let world = World::new(&filter, traced(WorldOptions::default())).unwrap();
    let whole = answer(0);
    let body: Vec<u8> = whole
        .steps
        .iter()
        .filter(|step| matches!(step, Step::ResponseData { .. }))
        .flat_map(|step| step.data().to_vec())
        .collect();
    let fixed = [Chunking::AsWritten, Chunking::Bytes, Chunking::Events, Chunking::Coalesced];
    for chunking in Chunking::every_split(body.len()).chain(fixed) {
        let outcomes = world.play(&[whole.chunked(chunking)], Pace::Virtual).unwrap();
        assert_eq!(&outcomes[0].client.body[..], body, "{chunking:?}");
        assert!(outcomes[0].client.complete, "{chunking:?}");
        let _ = world.trace().take();
    }
}

#[test]
fn samples_show_after_the_flush_interval_if_one_is_set() {
    let mut options = traced(WorldOptions::default());
    options.flush_interval = Some(Duration::from_secs(5));
    let world = World::new(&counting(), options).unwrap();
    world.play(&[answer(0)], Pace::Virtual).unwrap();
    let shown = || world.stats().histogram_value("chunk_bytes").unwrap().count();
    assert_eq!(shown(), 0, "half a second has passed");
    assert_eq!(world.stats().counter_value("requests"), Some(1), "counters never wait");
    world.advance(Duration::from_secs(5)).unwrap();
    let samples = shown();
    assert!(20 <= samples, "{samples}");
    world.advance(Duration::from_secs(50)).unwrap();
    assert_eq!(shown(), samples, "each sample shows once");
}

#[test]
fn ten_thousand_simulated_hours_pass_while_one_waits() {
    let filter = guest(&[("configure", "$call set_tick_period_milliseconds (i32.const 60000);")]);
    let mut options = WorldOptions::default();
    options.clock = Clock::virtual_from(Duration::from_secs(1_790_000_000));
    let world = World::new(&filter, options).unwrap();
    let hours = Duration::from_secs(10_000 * 3_600);
    let (start, before) = (Instant::now(), world.clock().monotonic_ns());
    world.advance(hours).unwrap();
    println!("10,000 hours of a tick per minute on two VMs: {:?}", start.elapsed());
    assert_eq!(u128::from(world.clock().monotonic_ns() - before), hours.as_nanos());
}
