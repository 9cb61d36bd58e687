//! The proxy on real sockets, between scripted clients and upstreams; every wait is bounded.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use host_sim::{
    Filter, WorldOptions, flags,
    proxy::{Options, Server},
};

use crate::{callbacks, filter};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy before an upstream that plays `script` on its first connection.
pub(crate) fn before(script: impl FnOnce(TcpStream) + Send + 'static) -> Server {
    before_with(filter(), script)
}

/// [`before`], with a filter of its own.
pub(crate) fn before_with(
    filter: Filter,
    script: impl FnOnce(TcpStream) + Send + 'static,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        script(socket);
    });
    Server::start(Options::new(filter, WorldOptions::default(), address.into())).unwrap()
}

pub(crate) fn proxy(upstream: SocketAddr) -> Server {
    let world = WorldOptions::default();
    Server::start(Options::new(filter(), world, upstream.into())).unwrap()
}

/// Where no test listens.
pub(crate) fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

pub(crate) fn client(server: &Server) -> TcpStream {
    let socket = TcpStream::connect(server.listen_addr()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(crate) const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

/// Reads until `end` has come.
#[track_caller]
pub(crate) fn read_until(socket: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(end.as_bytes()) {
        let read = socket.read(&mut byte).unwrap();
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&byte);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until the filter has seen the end of a stream.
#[track_caller]
pub(crate) fn ended_with(server: &Server) -> u64 {
    let start = Instant::now();
    while !callbacks(server.log(), "worker 0").contains(&"delete".to_string()) {
        assert!(start.elapsed() < PATIENCE, "{:?}", server.log().lines());
        thread::sleep(Duration::from_millis(5));
    }
    server.stats().gauge_value("last_flags").unwrap()
}

#[test]
fn a_chunk_is_passed_on_before_the_next_one_comes() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let server = before(move |mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        for _ in 0..3 {
            socket.write_all(b"4\r\nping\r\n").unwrap();
            may_go_on.recv_timeout(PATIENCE).unwrap();
        }
        socket.write_all(b"0\r\n\r\n").unwrap();
        read_until(&mut socket, "never");
    });
    let mut client = client(&server);
    client.write_all(GET).unwrap();
    for _ in 0..3 {
        read_until(&mut client, "4\r\nping\r\n");
        go_on.send(()).unwrap();
    }
    read_until(&mut client, "0\r\n\r\n");
    assert_eq!(ended_with(&server), 0);
    let expected = "create request_headers response_headers response_body response_body \
                    response_body response_body body end log done delete";
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), expected);
}

#[test]
fn a_mebibyte_of_noise_passes_byte_for_byte_in_both_directions() {
    const SIZE: usize = 1 << 20;
    let mut seed = 7_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 56) as u8
    })
    .take(SIZE)
    .collect();
    let server = before(|mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        let mut body = vec![0; SIZE];
        socket.read_exact(&mut body).unwrap();
        write!(socket, "HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n").unwrap();
        socket.write_all(&body).unwrap();
        read_until(&mut socket, "never");
    });
    let mut client = client(&server);
    write!(client, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {SIZE}\r\n\r\n").unwrap();
    client.write_all(&noise).unwrap();
    read_until(&mut client, "\r\n\r\n");
    let mut back = vec![0; SIZE];
    client.read_exact(&mut back).unwrap();
    assert!(back == noise, "the body came back changed");
}

#[test]
fn a_client_that_hangs_up_is_noticed_while_the_upstream_is_silent() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] {
        let (asked, was_asked) = mpsc::channel();
        let server = before(move |mut socket| {
            read_until(&mut socket, "\r\n\r\n");
            socket.write_all(answer).unwrap();
            asked.send(()).unwrap();
            // Silent until the proxy lets go.
            let _ = socket.read(&mut [0]);
        });
        let mut client = client(&server);
        client.write_all(GET).unwrap();
        was_asked.recv_timeout(PATIENCE).unwrap();
        drop(client);
        assert_eq!(ended_with(&server), flags::DOWNSTREAM_CONNECTION_TERMINATION);
    }
}

#[test]
fn an_upstream_that_breaks_off_cuts_the_client_and_has_its_own_flags() {
    for (answer, expected) in [
        (&b""[..], flags::UPSTREAM_CONNECTION_TERMINATION),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", flags::UPSTREAM_PROTOCOL_ERROR),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
            flags::UPSTREAM_PROTOCOL_ERROR,
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nabc", 0),
    ] {
        let server = before(move |mut socket| {
            read_until(&mut socket, "\r\n\r\n");
            socket.write_all(answer).unwrap();
        });
        let mut client = client(&server);
        client.write_all(GET).unwrap();
        let text = String::from_utf8_lossy(answer).into_owned();
        assert_eq!(ended_with(&server), expected, "{text:?}");
        let status = read_until(&mut client, "\r\n");
        let expected = if answer.is_empty() { "HTTP/1.1 503 " } else { "HTTP/1.1 200 " };
        assert!(status.starts_with(expected), "{text:?}: {status}");
    }
}

#[test]
fn an_upstream_that_is_not_there_gives_503_through_the_filter() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = proxy(gone);
    let mut client = client(&server);
    client.write_all(GET).unwrap();
    let answer = read_until(&mut client, "reset reason: remote connection failure");
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert_eq!(ended_with(&server), flags::UPSTREAM_CONNECTION_FAILURE);
    let expected = "create request_headers response_headers response_body body end log done delete";
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), expected);
}

#[test]
fn a_request_without_a_host_is_refused_before_the_filter_sees_it() {
    let server = proxy(nowhere());
    let mut client = client(&server);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert_eq!(ended_with(&server), 0);
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), "create log done delete");
}

#[test]
fn a_question_about_the_whole_server_is_refused_and_the_connection_goes_on() {
    let server = before(|mut socket| {
        let head = read_until(&mut socket, "\r\n\r\n");
        assert!(head.starts_with("GET / "), "{head}");
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        read_until(&mut socket, "never");
    });
    let mut client = client(&server);
    client.write_all(b"OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    let answer = read_until(&mut client, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.contains("content-length: 0\r\n"), "{answer}");
    assert_eq!(ended_with(&server), 0);
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), "create log done delete");
    client.write_all(GET).unwrap();
    read_until(&mut client, "ok");
}

#[test]
fn a_body_whose_chunks_break_off_is_answered_or_cut() {
    for (answer, status) in [
        (&b""[..], "HTTP/1.1 400 Bad Request\r\n"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
            "HTTP/1.1 200 OK\r\n",
        ),
    ] {
        let (answered, was_answered) = mpsc::channel();
        let server = before(move |mut socket| {
            read_until(&mut socket, "3\r\nabc\r\n");
            socket.write_all(answer).unwrap();
            answered.send(()).unwrap();
            let _ = socket.read(&mut [0]);
        });
        let mut client = client(&server);
        let begun = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
        client.write_all(begun).unwrap();
        was_answered.recv_timeout(PATIENCE).unwrap();
        let mut text = String::new();
        if !answer.is_empty() {
            text = read_until(&mut client, "hi\r\n");
        }
        client.write_all(b"this is no chunk\r\n").unwrap();
        client.read_to_string(&mut text).unwrap();
        assert!(text.starts_with(status), "{text}");
        assert_eq!(text.ends_with("Bad Request"), answer.is_empty(), "{text}");
        assert_eq!(ended_with(&server), flags::DOWNSTREAM_PROTOCOL_ERROR);
    }
}

#[test]
fn a_chunked_body_that_came_with_its_head_is_chunked_for_the_upstream_too() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
    let (seen, was_seen) = mpsc::channel();
    for body in ["3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\nx-t: v\r\n\r\n", "0\r\n\r\n"] {
        let (seen, end) = (seen.clone(), body.to_owned());
        let server = before(move |mut socket| {
            let head = read_until(&mut socket, "\r\n\r\n");
            let body = read_until(&mut socket, &end);
            seen.send((head, body)).unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
            read_until(&mut socket, "never");
        });
        let mut client = client(&server);
        // One write, and so one read: the proxy knows the body's end before it asks the upstream.
        client.write_all([head, body].concat().as_bytes()).unwrap();
        let (head, passed) = was_seen.recv_timeout(PATIENCE).unwrap();
        assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
        assert_eq!(passed, body);
        read_until(&mut client, "ok");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let server = before(|mut socket| {
        for body in ["one", "two"] {
            read_until(&mut socket, "\r\n\r\n");
            write!(socket, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{body}").unwrap();
        }
        read_until(&mut socket, "never");
    });
    let mut client = client(&server);
    client.write_all(&[GET, GET].concat()).unwrap();
    read_until(&mut client, "one");
    read_until(&mut client, "two");
    assert_eq!(server.stats().counter_value("requests"), Some(2));
}

#[test]
fn the_admin_page_serves_what_the_store_holds() {
    let server = proxy(nowhere());
    for (path, expected) in [
        ("/ready", "LIVE\n"),
        ("/stats", "wasmcustom.last_flags: 0\nwasmcustom.requests: 0\n"),
        (
            "/stats/prometheus",
            "# TYPE requests counter\nrequests{} 0\n# TYPE last_flags gauge\nlast_flags{} 0\n",
        ),
    ] {
        let mut socket = TcpStream::connect(server.admin_addr()).unwrap();
        write!(socket, "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, expected, "{path}");
    }
}

#[test]
fn stopping_ends_the_root_of_every_vm() {
    let server = proxy(nowhere());
    let (log, address) = (server.shared_log(), server.listen_addr());
    server.stop();
    for vm in ["main", "worker 0"] {
        assert_eq!(callbacks(&log, vm), ["done", "delete"], "{vm}");
    }
    assert!(TcpStream::connect(address).is_err());
}
