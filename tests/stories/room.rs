//! A VM that has no memory left: what does not fit passes unmeasured or is refused, no VM is lost, and all that was begun
//! ends. Time is virtual.

mod mixed;

use std::time::Duration;

use driftline_support::uniform_profile;
use host_sim::{EndInfo, Error, Stream, World};

use crate::{
    phrases::{CHAT, token},
    stage::{among_others, draining_world, scrape},
};

/// The most that the module may grow to.
const MODULE_BYTES_MAX: usize = 64 << 20;
const SECOND: Duration = Duration::from_secs(1);
/// What Envoy lets a configuration go on for after an update.
const DRAIN: Duration = Duration::from_secs(600);

/// A language model, and one that predicts with so many features of 20 bins. No two seconds have the same.
fn config(features: usize, second: usize) -> String {
    let profile = uniform_profile::profile(features, 20).to_string();
    let profile = profile.replace("T12:00:00Z", &time_of(second));
    format!(r#"{{"models": [{{"name": "demo-llm"}}, {{"name": "m", "profile": {profile}}}]}}"#)
}

fn time_of(second: usize) -> String {
    format!("T{:02}:{:02}:{:02}Z", 12 + second / 3600, second / 60 % 60, second % 60)
}

/// A stream in the middle of its answer, or one that has none yet.
fn open(world: &World, is_answered: bool) -> Stream {
    let mut stream = world.stream(0).unwrap();
    let head = [(":path", CHAT), (":method", "POST"), ("content-type", "application/json")];
    stream.request_headers(&head, false).unwrap();
    stream.request_body(r#"{"model":"demo-llm","stream":true}"#, true).unwrap();
    if is_answered {
        answer(&mut stream);
    }
    stream
}

fn answer(stream: &mut Stream) {
    stream.update(|info| info.code_details = Some("via_upstream".to_owned()));
    let head = [(":status", "200"), ("content-type", "text/event-stream")];
    stream.response_headers(&head, false).unwrap();
    stream.response_body(token("a word"), false).unwrap();
}

/// The sum of a metric over all that have these labels.
fn sum(world: &World, name: &str, labels: &[(&str, &str)]) -> f64 {
    let (name, page) = (format!("driftline_{name}"), scrape(world));
    page.samples().filter(|(it, _)| it.matches(&name, labels)).map(|(_, value)| value).sum()
}

#[track_caller]
fn check_all_is_well(world: &World) {
    for vm in [world.main(), world.worker(0)] {
        let vm = vm.borrow();
        assert!(!vm.is_dead(), "{}: {:?}", vm.name(), world.log());
        assert!(vm.memory_bytes() <= MODULE_BYTES_MAX, "{}: {}", vm.name(), vm.memory_bytes());
    }
}

#[test]
fn streams_that_a_vm_has_no_room_for_pass_unmeasured_and_the_others_end_as_ever() {
    let _among_others = among_others();
    let world = draining_world(&config(50, 0), DRAIN);
    // Those of the second kind are still to grow when there is no room any more.
    let mut streams: Vec<Stream> = (0..27_000).map(|it| open(&world, it % 2 == 0)).collect();
    let passed = sum(&world, "unmeasured_streams_total", &[("reason", "no_room")]);
    let measured = sum(&world, "requests_in_flight", &[]);
    println!(
        "{measured} measured, {passed} passed, {} KiB of linear memory",
        world.worker(0).borrow().memory_bytes() / 1024
    );
    assert_eq!(passed + measured, 27_000.0);
    assert!(8_000.0 < measured && 1_000.0 < passed, "{measured} measured");
    streams.iter_mut().skip(1).step_by(2).for_each(answer);
    check_all_is_well(&world);
    for stream in streams {
        stream.end(EndInfo::client_disconnect()).unwrap();
    }
    check_all_is_well(&world);
    assert_eq!(sum(&world, "requests_total", &[]), measured);
    assert_eq!(sum(&world, "requests_in_flight", &[]), 0.0);
    // There is room again.
    open(&world, true).end(EndInfo::client_disconnect()).unwrap();
    assert_eq!(sum(&world, "requests_total", &[]), measured + 1.0);
    assert_eq!(sum(&world, "unmeasured_streams_total", &[("reason", "no_room")]), passed);
}

/// Updates, and tells whether it was accepted; refused, it must be for lack of room.
#[track_caller]
fn update(world: &World, config: &str) -> bool {
    match world.reconfigure(config.to_owned()) {
        Ok(()) => true,
        Err(Error::Refused { log, .. }) => {
            let told = log.iter().any(|line| line.message.contains("of memory, expected at most"));
            assert!(told, "{log:?}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// A gzip stream that has begun, and takes all that its decoder needs.
fn open_compressed(world: &World, body: &[u8]) -> Stream {
    let mut stream = world.stream(0).unwrap();
    let head = [
        (":path", CHAT),
        (":method", "POST"),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    stream.request_headers(&head, false).unwrap();
    stream.request_body(body.to_vec(), false).unwrap();
    stream
}

/// The beginning of a text in gzip, in a stored block, which is not the last one.
fn begun_gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn decoders_of_all_configurations_share_the_memory_of_the_vm() {
    let _among_others = among_others();
    let world = draining_world(&config(1, 0), DRAIN);
    let text: String = (0..6_000).map(|number| format!("{number} ")).collect();
    let body = begun_gzip(&format!(
        r#"{{"model":"demo-llm","messages":[{{"role":"user","content":"{text}"}}]}}"#
    ));
    let mut streams = Vec::new();
    for second in 1..=20 {
        streams.extend((0..200).map(|_| open_compressed(&world, &body)));
        assert!(update(&world, &config(1, second)));
        world.advance(SECOND).unwrap();
    }
    check_all_is_well(&world);
    let opened = streams.len() as f64;
    for stream in streams {
        stream.end(EndInfo::client_disconnect()).unwrap();
    }
    let unread = sum(&world, "read_problems_total", &[("reason", "no_room_to_decode")]);
    println!("{unread} of {opened} were not decoded");
    assert!(opened - 500.0 < unread + 300.0 && unread < opened - 300.0, "{unread} of {opened}");
    assert_eq!(sum(&world, "requests_total", &[]), opened);
    check_all_is_well(&world);
}

#[test]
fn a_worker_that_lacks_room_for_what_was_accepted_lets_its_streams_pass() {
    let _among_others = among_others();
    let world = draining_world(&config(1, 0), DRAIN);
    world.advance(6 * SECOND).unwrap();
    // Nobody was told of these when the update comes.
    let streams: Vec<Stream> = (0..27_000).map(|_| open(&world, true)).collect();
    let passed = sum(&world, "unmeasured_streams_total", &[("reason", "no_room")]);
    assert!(update(&world, &config(100, 1)), "by what others were told there is room");
    assert_eq!(sum(&world, "configurations_without_room", &[]), 1.0, "in the worker");
    let log = format!("{:?}", world.log().lines());
    assert!(log.contains("no room for this configuration in one of the VMs"), "{log}");
    open(&world, true).end(EndInfo::client_disconnect()).unwrap();
    assert_eq!(
        sum(&world, "unmeasured_streams_total", &[("reason", "no_room")]),
        passed + 1.0,
        "a stream of the new configuration"
    );
    for stream in streams {
        stream.end(EndInfo::client_disconnect()).unwrap();
    }
    assert_eq!(sum(&world, "requests_in_flight", &[]), 0.0);
    world.advance(6 * SECOND).unwrap();
    assert!(update(&world, &config(100, 2)), "there is room again");
    world.advance(DRAIN).unwrap();
    assert_eq!(sum(&world, "configurations_without_room", &[]), 0.0);
    open(&world, true).end(EndInfo::client_disconnect()).unwrap();
    let requests = 27_000.0 - passed + 1.0;
    assert_eq!(sum(&world, "requests_total", &[]), requests);
    check_all_is_well(&world);
}

#[test]
fn a_million_values_in_one_callback_end_no_vm() {
    const VALUES: usize = 1_000_000;
    let _among_others = among_others();
    let numbers = config(1, 0);
    let moments = numbers.replace(r#""number""#, r#""timestamp""#);
    // The tail of the first overflows 32 bits every few thousand values, and each of the second is a sample of a histogram.
    for (config, value) in [(numbers, "[9e9]"), (moments, "[9e8]")] {
        let world = draining_world(&config, DRAIN);
        let body = format!(r#"{{"instances": [{}]}}"#, vec![value; VALUES].join(","));
        let mut stream = world.stream(0).unwrap();
        let head = [(":path", "/v1/models/m:predict"), (":method", "POST")];
        stream.request_headers(&head, false).unwrap();
        stream.request_body(body, true).unwrap();
        stream.end(EndInfo::client_disconnect()).unwrap();
        check_all_is_well(&world);
        let counted = sum(&world, "feature_bin_total", &[("role", "feature")]);
        assert_eq!(counted, VALUES as f64, "{value}");
        let memory = world.worker(0).borrow().memory_bytes();
        assert!(memory < 4 << 20, "{value}: {memory} bytes of linear memory");
    }
}

#[test]
fn updates_of_a_gateway_without_profiles_are_refused_before_a_worker_lacks_room() {
    let _among_others = among_others();
    let models: Vec<String> =
        (0..60).map(|number| format!(r#"{{"name": "model-{number}-*"}}"#)).collect();
    let config = |second: usize| {
        format!(
            r#"{{"models": [{}], "routes": ["r-*"], "names_max": 500, "window_seconds": {}}}"#,
            models.join(","),
            600 + second
        )
    };
    let world = draining_world(&config(0), DRAIN);
    let (mut accepted, mut refused) = (0, 0);
    for second in 1..=80 {
        if update(&world, &config(second)) {
            accepted += 1;
        } else {
            refused += 1;
        }
        world.advance(5 * SECOND).unwrap();
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(3 < accepted && 3 < refused, "{accepted} accepted, {refused} refused");
    assert_eq!(sum(&world, "configurations_without_room", &[]), 0.0);
    assert!(0.0 < sum(&world, "vm_memory_bytes", &[]));
    check_all_is_well(&world);
}

#[test]
fn windows_of_what_drains_give_way_to_those_of_an_update() {
    let _among_others = among_others();
    // Windows of some 16 MiB, twice which do not fit beside several of such configurations.
    let profile = uniform_profile::profile(215, 99);
    let config = format!(
        r#"{{"slow_windows": 168, "window_seconds": 600, "models": [{{"name": "m", "profile": {profile}}}]}}"#
    );
    let world = draining_world(&config, DRAIN);
    let mut evaluations = 0.0;
    for second in 1..=5 {
        world.advance(6 * SECOND).unwrap();
        assert!(update(&world, &config.replace("T12:00:00Z", &time_of(second))), "{second}");
        world.advance(24 * SECOND).unwrap();
        let now = sum(&world, "evaluations_total", &[]);
        assert!(evaluations + 2.0 <= now, "update {second}: {evaluations} evaluations, then {now}");
        evaluations = now;
    }
    let taken = sum(&world, "vm_memory_bytes", &[]);
    println!("{taken} bytes taken after five updates");
    assert!(f64::from(33 << 20) < taken, "there was room for all: {taken}");
    let log = world.log().lines();
    let lacking: Vec<_> =
        log.iter().filter(|it| it.message.contains("evaluates no drift")).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
    check_all_is_well(&world);
}

#[test]
fn a_configuration_that_is_far_too_long_is_not_even_copied() {
    let _among_others = among_others();
    let world = draining_world(&config(1, 0), DRAIN);
    let before = world.worker(0).borrow().memory_bytes();
    let Err(Error::Refused { log, .. }) = world.reconfigure(vec![b' '; 100 << 20]) else {
        panic!("it was accepted")
    };
    assert!(log[0].message.contains("found 104857600 bytes, expected at most 4194304"), "{log:?}");
    assert_eq!(world.worker(0).borrow().memory_bytes(), before);
    check_all_is_well(&world);
}

#[test]
fn an_update_each_second_for_an_hour_ends_no_vm() {
    let _among_others = among_others();
    let world = draining_world(&config(1, 0), DRAIN);
    let config_at_noon = config(100, 0);
    let (mut accepted, mut refused) = (0, 0);
    for second in 1..=3600 {
        if update(&world, &config_at_noon.replace("T12:00:00Z", &time_of(second))) {
            accepted += 1;
        } else {
            refused += 1;
        }
        world.advance(SECOND).unwrap();
        if second % 60 == 0 {
            open(&world, true).end(EndInfo::client_disconnect()).unwrap();
        }
    }
    check_all_is_well(&world);
    println!(
        "{accepted} accepted, {refused} refused, {} KiB of linear memory",
        world.worker(0).borrow().memory_bytes() / 1024
    );
    assert!(20 < accepted && 20 < refused, "{accepted} accepted, {refused} refused");
    assert_eq!(sum(&world, "requests_total", &[]), 60.0, "no stream passed unmeasured");
    assert_eq!(sum(&world, "configurations_without_room", &[]), 0.0);
    world.advance(DRAIN).unwrap();
    assert!(update(&world, &config(100, 4000)), "once the old ones are gone there is room");
}
