//! Filters that hold, answer and close streams in the proxy on real sockets; the same filters in a world are `holding`'s.

use std::{
    io::{self, Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use host_sim::{
    WorldOptions,
    proxy::{Options, Server},
};

use crate::{
    guest::guest,
    proxy::{GET, PATIENCE, before_with, client, nowhere, read_until},
};

const PAUSE: &str = "(return (i32.const 1))";
const REPLY: &str = r#"$call send_local_response (i32.const 418) @"own_words" @"I am a teapot" @{x-a=1} (i32.const -1);"#;

/// A proxy whose filter does what `bodies` say, without an upstream.
fn alone(bodies: &[(&str, &str)]) -> Server {
    let options = Options::new(guest(bodies), WorldOptions::default(), nowhere().into());
    Server::start(options).unwrap()
}

/// A proxy that holds no more than a small part of a body, before an upstream that says nothing.
fn holding_little(request_body: &str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let _ = io::copy(&mut socket, &mut io::sink());
    });
    let mut world = WorldOptions::default();
    world.buffer_bytes_max = 100_000;
    let filter = guest(&[("request_body", request_body)]);
    Server::start(Options::new(filter, world, address.into())).unwrap()
}

#[test]
fn an_answer_of_the_filters_own_needs_no_upstream_and_keeps_the_connection() {
    let server = alone(&[("request_headers", &format!("{REPLY} {PAUSE}"))]);
    let mut client = client(&server);
    for _ in 0..2 {
        client.write_all(GET).unwrap();
        let answer = read_until(&mut client, "I am a teapot");
        assert!(answer.starts_with("HTTP/1.1 418 I'm a teapot\r\nx-a: 1\r\n"), "{answer}");
        assert!(answer.contains("content-length: 13\r\n"), "{answer}");
    }
}

#[test]
fn an_answer_to_the_upstreams_answer_takes_its_place() {
    let reply = format!("{REPLY} {PAUSE}");
    let server = before_with(guest(&[("response_headers", &reply)]), |mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nnever").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(GET).unwrap();
    let answer = read_until(&mut client, "I am a teapot");
    assert!(!answer.contains("never"), "{answer}");
}

#[test]
fn an_answer_without_a_body_says_that_it_has_none() {
    let reply = r#"$call send_local_response (i32.const 403) @"no" @"" @{x-a=1} (i32.const -1);"#;
    let server = alone(&[("request_headers", &format!("{reply} {PAUSE}"))]);
    let mut client = client(&server);
    client.write_all(GET).unwrap();
    let answer = read_until(&mut client, "\r\n\r\n");
    assert!(answer.contains("content-length: 0\r\n") && !answer.contains("chunked"), "{answer}");
}

#[test]
fn a_stream_that_the_filter_closes_is_cut() {
    let close = "(if (i32.eqz (local.get $2)) (then $call close_stream (i32.const 1);))";
    let server = before_with(guest(&[("response_body", close)]), |mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(GET).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
}

#[test]
fn a_request_that_is_held_reaches_the_upstream_once_a_tick_lets_it_go() {
    const HELD: Duration = Duration::from_millis(300);
    let resume = "$call set_effective_context (i32.const 2); $call continue_stream (i32.const 0);";
    let tick = format!("$call set_tick_period_milliseconds (i32.const {});", HELD.as_millis());
    let bodies = [("configure", &tick[..]), ("request_headers", PAUSE), ("tick", resume)];
    let started = Instant::now();
    let server = before_with(guest(&bodies), |mut socket| {
        let asked = read_until(&mut socket, "abc");
        assert!(asked.contains("content-length: 3\r\n"), "{asked}");
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc").unwrap();
    read_until(&mut client, "ok");
    assert!(HELD <= started.elapsed(), "{:?}", started.elapsed());
}

#[test]
fn a_body_that_the_filter_buffers_beyond_the_limit_is_refused() {
    let server = holding_little(PAUSE);
    let mut client = client(&server);
    let size = 1 << 20;
    write!(client, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {size}\r\n\r\n").unwrap();
    let mut writer = client.try_clone().unwrap();
    // The proxy stops reading and closes; how much is written until then is chance.
    thread::spawn(move || drop(writer.write_all(&vec![b'x'; size])));
    let answer = read_until(&mut client, "Payload Too Large");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_body_that_is_held_back_in_parts_makes_its_client_wait() {
    // Pause with the watermark: what is held is bounded, and the client is not read beyond it.
    let server = holding_little("(return (i32.const 2))");
    let mut client = client(&server);
    let size = 64 << 20;
    write!(client, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {size}\r\n\r\n").unwrap();
    client.set_write_timeout(Some(PATIENCE / 20)).unwrap();
    assert!(client.write_all(&vec![b'x'; size]).is_err(), "64 MiB were taken");
}

/// A proxy without an upstream, and with a filter that stops at the headers of requests and takes their bodies in: it
/// drains each piece, and answers at the end, be it within the body or at trailers.
fn taking_in() -> Server {
    let drain = format!(
        "$call set_buffer_bytes (i32.const 0) (i32.const 0) (local.get $1) (i32.const 0) (i32.const 0);
         (if (local.get $2) (then {REPLY})) (return (i32.const 2))"
    );
    let at_trailers = format!("{REPLY} {PAUSE}");
    let bodies = [
        ("request_headers", PAUSE),
        ("request_body", &*drain),
        ("request_trailers", &*at_trailers),
    ];
    let mut world = WorldOptions::default();
    world.allow_on_headers_stop_iteration = true;
    world.buffer_bytes_max = 100_000;
    Server::start(Options::new(guest(&bodies), world, nowhere().into())).unwrap()
}

#[test]
fn a_request_that_the_filter_takes_in_is_answered_and_keeps_the_connection() {
    let server = taking_in();
    let mut client = client(&server);
    for body in [
        "content-length: 3\r\n\r\nabc",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: v\r\n\r\n",
    ] {
        write!(client, "POST / HTTP/1.1\r\nhost: h\r\n{body}").unwrap();
        let answer = read_until(&mut client, "I am a teapot");
        assert!(answer.starts_with("HTTP/1.1 418 "), "{answer}");
    }
}

#[test]
fn a_body_that_the_filter_takes_in_may_be_larger_than_what_may_be_held() {
    let server = taking_in();
    let mut client = client(&server);
    let size = 10 << 20;
    write!(client, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {size}\r\n\r\n").unwrap();
    // What is kept beyond the limit would make the client wait for ever.
    client.write_all(&vec![b'x'; size]).unwrap();
    read_until(&mut client, "I am a teapot");
}

#[test]
fn a_client_that_leaves_a_request_that_the_filter_takes_in_ends_it() {
    let server = taking_in();
    let mut client = client(&server);
    client.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc").unwrap();
    drop(client);
    // The worker's only thread goes on.
    let mut next = crate::proxy::client(&server);
    next.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\na").unwrap();
    read_until(&mut next, "I am a teapot");
}
