//! Exchanges recorded at the embedded proxy, played again to a world and over the network.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

use host_sim::{
    Filter, Pace, Recorder, RecorderOptions, Recording, Step, World, WorldOptions,
    proxy::{Options, Server},
    replay,
};

use crate::guest::{guest, seen, traced};

const PATIENCE: Duration = Duration::from_secs(10);

/// A file of this test's own, gone with it.
struct TraceFile(PathBuf);

impl TraceFile {
    fn new(name: &str) -> TraceFile {
        TraceFile(std::env::temp_dir().join(format!("host-sim-{}-{name}", std::process::id())))
    }

    /// Waits until this many exchanges are written.
    fn read(&self, count: usize) -> Vec<Recording> {
        let start = Instant::now();
        loop {
            let text = fs::read_to_string(&self.0).unwrap();
            if text.lines().count() == count && text.ends_with('\n') {
                return Recording::from_json_lines(&text).unwrap();
            }
            assert!(start.elapsed() < PATIENCE, "{text}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Answers one request with two events, the second once the client has the first: at once, they might pass as one.
fn upstream() -> (SocketAddr, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (has_first, first_is_there) = channel();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"ping") {
            socket.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        let head = "HTTP/1.1 200 OK\r\nset-cookie: secret\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).unwrap();
        let mut send = |event: &str| {
            thread::sleep(Duration::from_millis(20));
            write!(socket, "{:x}\r\n{event}\r\n", event.len()).unwrap();
        };
        send("one\n\n");
        first_is_there.recv_timeout(PATIENCE).unwrap();
        send("two\n\n");
        socket.write_all(b"0\r\n\r\n").unwrap();
        let _ = socket.read(&mut byte);
    });
    (address, has_first)
}

fn record(name: &str, bodies: bool) -> Recording {
    let file = TraceFile::new(name);
    let (upstream, has_first) = upstream();
    let mut options = Options::new(guest(&[]), WorldOptions::default(), upstream.into());
    let mut recorded = RecorderOptions::default();
    recorded.bodies = bodies;
    recorded.paths.insert("/x".into());
    options.recorder = Some(Recorder::create(&file.0, &recorded).unwrap());
    let server = Server::start(options).unwrap();
    let mut client = TcpStream::connect(server.listen_addr()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = "POST /x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer secret\r\n\
                   content-length: 4\r\nconnection: close\r\n\r\nping";
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"one\n\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    has_first.send(()).unwrap();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(b"two\n\n\r\n0\r\n\r\n"), "{answer:?}");
    file.read(1).remove(0)
}

fn data(recording: &Recording) -> Vec<String> {
    let data = recording.steps.iter().map(Step::data).filter(|data| !data.is_empty());
    data.map(|data| String::from_utf8(data.to_vec()).unwrap()).collect()
}

#[test]
fn a_recording_has_times_and_sizes_and_bodies_on_demand_and_no_secret() {
    let with = record("with-bodies", true);
    assert_eq!((&with.method[..], &with.path[..]), ("POST", "/x"));
    assert_eq!(data(&with), ["ping", "one\n\n", "two\n\n"]);
    let line = with.to_json_line();
    assert!(!line.contains("secret"), "{line}");
    let end = with.steps.last().unwrap();
    assert!(matches!(end, Step::ResponseEnd { at_us } if 40_000 <= *at_us), "{end:?}");

    let without = record("without-bodies", false);
    assert_eq!(data(&without), ["    ", "     ", "     "]);
    assert!(!without.to_json_line().contains("one"));
}

/// Stands for whatever somebody must not read.
const MARKER: &str = "Mar-ker5";

/// Answers one request with the marker in every place that an answer has.
fn telling_upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while !seen.ends_with(b"0\r\nx-trailer: Mar-ker5\r\n\r\n") {
            socket.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
        let head = "HTTP/1.1 200 OK\r\nset-cookie: id=Mar-ker5\r\ngrpc-message: Mar-ker5\r\n\
                    x-tier: gold\r\nlocation: http://h/?code=Mar-ker5\r\n\
                    transfer-encoding: chunked\r\n\r\n8\r\nMar-ker5\r\n\
                    0\r\ngrpc-status: 0\r\nx-trailer: Mar-ker5\r\n\r\n";
        socket.write_all(head.as_bytes()).unwrap();
        let _ = socket.read(&mut byte);
    });
    address
}

#[test]
fn a_marker_in_any_header_path_query_cookie_or_body_is_in_no_recording() {
    let headers: String = [
        "authorization: Bearer {}",
        "x-accesskey: {}",
        "apitoken: {}",
        "x-forwarded-client-cert: Hash={}",
        "cookie: a=1; session={}",
        "referer: https://u:{}@h/?accessToken={}#{}",
        "sec-websocket-protocol: key.{}",
        "traceparent: {}",
        "user-agent: {}",
        "x-tier: silver",
        "content-type: text/csv",
    ]
    .map(|line| line.replace("{}", MARKER) + "\r\n")
    .concat();
    let request = |target: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nhost: {MARKER}.example\r\n{headers}connection: close\r\n\
             transfer-encoding: chunked\r\n\r\n8\r\n{MARKER}\r\n0\r\nx-trailer: {MARKER}\r\n\r\n"
        )
    };
    for (index, target) in [
        "http://u:{}@h:8/v1/models/rain:predict/{}?accessToken={}&code={}&api%5Fkey={}&{}=1&{}&alt=sse",
        "http://h:8?api_key={}&redirect=/{}",
        "/%4dar-ker5/{}:{}/;jsessionid={}#{}?{}",
    ]
    .iter()
    .enumerate()
    {
        let file = TraceFile::new(&format!("marker-{index}"));
        let mut recorded = RecorderOptions::default();
        recorded.paths.insert("/v1/models/rain:predict".into());
        recorded.headers.insert("X-Tier".into());
        let mut options =
            Options::new(guest(&[]), WorldOptions::default(), telling_upstream().into());
        options.recorder = Some(Recorder::create(&file.0, &recorded).unwrap());
        let server = Server::start(options).unwrap();
        let mut client = TcpStream::connect(server.listen_addr()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let target = target.replace("{}", MARKER);
        client.write_all(request(&target).as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(MARKER), "{answer}");

        let recording = file.read(1).remove(0);
        let line = recording.to_json_line();
        // A host that a client makes up is one that it is asked for.
        let line = line.replace(&format!("{MARKER}.example"), "");
        assert!(!line.contains("ar-ker5"), "{target}: {line}");
        for kept in ["text/csv", "silver", "gold"] {
            assert!(line.contains(kept), "{target}: {line}");
        }
        if index == 0 {
            let path = "/v1/models/rain:predict/xxxxxxxx\
                        ?xxxxxxxxxxx=xxxxxxxx&xxxx=xxxxxxxx&xxxxxxxxx=xxxxxxxx&xxxxxxxx=x&xxxxxxxx&alt=sse";
            assert_eq!(recording.path, path);
            assert_eq!(recording.headers[0], ("host".into(), "xxxxxxxxxx@h:8".into()));
        }
        let mode = fs::metadata(&file.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "its owner alone may read it");
    }
}

#[test]
fn a_recording_is_not_written_over() {
    let file = TraceFile::new("kept");
    fs::write(&file.0, "{}").unwrap();
    let error = Recorder::create(&file.0, &RecorderOptions::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&file.0).unwrap(), "{}");
}

#[test]
fn a_world_shows_the_filter_what_the_proxy_did() {
    let recording = record("world", true);
    let world = World::new(&guest(&[]), traced(WorldOptions::default())).unwrap();
    world.trace().take();
    let before = world.clock().monotonic_ns();
    let outcomes = world.play(std::slice::from_ref(&recording), Pace::Virtual).unwrap();
    assert_eq!(outcomes[0].text(), "one\n\ntwo\n\n");
    let took = (world.clock().monotonic_ns() - before) / 1_000;
    assert_eq!(took, recording.steps.last().unwrap().at_us());
    let expected = [
        "context_create(2, 1)",
        "request_headers(2, 8, 0)",
        "request_body(2, 4, 0)",
        "request_body(2, 0, 1)",
        "response_headers(2, 4, 0)",
        "response_body(2, 5, 0)",
        "response_body(2, 5, 0)",
        "response_body(2, 0, 1)",
        "log(2)",
        "done(2)",
        "delete(2)",
    ];
    assert_eq!(seen(&world), expected);
}

#[test]
fn client_and_upstream_play_around_any_proxy() {
    let mut whole = Recording::new("POST", "/whole");
    whole.steps = vec![
        Step::request_data(0, b"ask"),
        Step::RequestEnd { at_us: 0 },
        Step::Response { at_us: 10_000, status: 201, headers: Vec::new(), ended: false },
        Step::response_data(20_000, b"answer"),
        Step::ResponseEnd { at_us: 30_000 },
    ];
    let mut aborted = whole.clone();
    aborted.start_us = 5_000;
    aborted.steps.truncate(4);
    aborted.steps.push(Step::ClientAborts { at_us: 60_000 });
    let mut reset = whole.clone();
    reset.steps.truncate(2);
    reset.steps.push(Step::UpstreamResets { at_us: 5_000 });
    let recordings = [whole, aborted, reset];

    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let upstream = replay::Upstream::start(loopback, &recordings, 2.0).unwrap();
    let options = Options::new(counting(), WorldOptions::default(), upstream.address().into());
    let server = Server::start(options).unwrap();
    let summary = replay::play_client(&recordings, server.listen_addr(), 2.0);

    assert_eq!(summary.failed, [""; 0]);
    assert_eq!(summary.by_status, [(201, 2), (503, 1)].into());
    assert_eq!(summary.aborted, 1);
    assert_eq!(server.stats().counter_value("requests"), Some(3));
}

fn counting() -> Filter {
    guest(&[
        ("configure", "$call define_metric (i32.const 0) @\"requests\" (i32.const 0);"),
        ("request_headers", "$call increment_metric (i32.load (i32.const 0)) (i64.const 1);"),
    ])
}

#[test]
fn every_callback_has_its_cost() {
    let module = crate::guest::module_of(include_str!("filter.wat"));
    let mut options = traced(WorldOptions::with_config("k"));
    options.measure_cost = true;
    let world = World::new(&Filter::metered(&module).unwrap(), options).unwrap();
    for _ in 0..3 {
        let _ = world.exchange(0).get("/").answer(200, "ok").outcome();
    }
    let costs = world.costs();
    let row = costs.rows["proxy_on_response_body"];
    assert_eq!(row.calls, 6);
    assert!(0 < row.instructions_mean() && row.instructions_mean() <= row.instructions_max);
    // The canary's start is not among them.
    assert_eq!(costs.rows["proxy_on_vm_start"].calls, 2);
    assert_eq!(costs.memory_bytes["worker 0"], 2 * 65_536);
    let table = costs.to_string();
    assert!(table.contains("proxy_on_response_body") && table.contains("worker 0: 128 KiB"));
}
