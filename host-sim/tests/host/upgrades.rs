//! Requests for another protocol through the proxy on real sockets: web sockets pass, and the rest is refused as Envoy does.

use std::io::{Read, Write};

use host_sim::flags;

use crate::{
    callbacks,
    proxy::{GET, before, client, ended_with, nowhere, proxy, read_until},
};

const ASKED: &[u8] = b"GET /ws HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\n\
    connection: keep-alive, Upgrade\r\nsec-websocket-key: x\r\n\r\n";
const AGREED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n";

/// A text frame as a server sends it, not masked.
fn frame(text: &str) -> Vec<u8> {
    [&[0x81, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

#[test]
fn a_web_socket_passes_through_the_filter_in_both_directions_until_its_client_leaves() {
    let server = before(|mut socket| {
        let head = read_until(&mut socket, "\r\n\r\n");
        for passed in ["upgrade: websocket\r\n", "connection: keep-alive, Upgrade\r\n"] {
            assert!(head.contains(passed), "{head}");
        }
        socket.write_all(AGREED).unwrap();
        let mut asked = vec![0; frame("ping").len()];
        socket.read_exact(&mut asked).unwrap();
        assert_eq!(asked, frame("ping"));
        socket.write_all(&frame("pong")).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
    });
    let mut client = client(&server);
    client.write_all(ASKED).unwrap();
    let head = read_until(&mut client, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("connection: Upgrade\r\n") && !head.contains("chunked"), "{head}");
    client.write_all(&frame("ping")).unwrap();
    read_until(&mut client, "pong");
    drop(client);
    assert_eq!(ended_with(&server), flags::DOWNSTREAM_CONNECTION_TERMINATION);
    // As in Envoy's trace 21: an empty chunk each way, then the frames.
    let expected = "create request_headers request_body response_headers response_body \
                    request_body response_body log done delete";
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), expected);
}

#[test]
fn a_web_socket_that_the_upstream_closes_ends_as_a_connection_that_broke() {
    let server = before(|mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(&[AGREED, &frame("bye")].concat()).unwrap();
    });
    let mut client = client(&server);
    client.write_all(ASKED).unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"bye"), "{rest:?}");
    assert_eq!(ended_with(&server), flags::UPSTREAM_CONNECTION_TERMINATION);
}

#[test]
fn what_a_client_says_too_early_waits_for_the_upstreams_consent() {
    let server = before(|mut socket| {
        let mut asked = [0; 1024];
        let mut size = 0;
        while !asked[..size].ends_with(b"\r\n\r\n") {
            size += socket.read(&mut asked[size..]).unwrap();
        }
        socket.write_all(AGREED).unwrap();
        let mut early = [0; 5];
        socket.read_exact(&mut early).unwrap();
        socket.write_all(&early).unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(&[ASKED, b"early"].concat()).unwrap();
    read_until(&mut client, "\r\n\r\n");
    read_until(&mut client, "early");
}

#[test]
fn a_refusal_of_the_upstream_is_an_answer_like_any_other() {
    let server = before(|mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(b"HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(ASKED).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.ends_with("\r\n\r\nno"), "{answer}");
    assert_eq!(ended_with(&server), 0);
}

#[test]
fn an_answer_that_is_no_handshake_passes_without_its_body() {
    let server = before(|mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        socket.write_all(b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 2\r\n\r\nno").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    client.write_all(ASKED).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nx-a: b\r\n"), "{answer}");
    assert!(answer.ends_with("content-length: 0\r\n\r\n"), "{answer}");
}

#[test]
fn a_protocol_that_is_not_allowed_is_refused_at_once_and_its_bytes_are_not_read() {
    let server = proxy(nowhere());
    let mut client = client(&server);
    let asked = String::from_utf8_lossy(ASKED).replace("websocket\r\n", "chat\r\n");
    client.write_all(&[asked.as_bytes(), GET].concat()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{answer}");
    assert!(answer.ends_with("connection: close\r\ncontent-length: 0\r\n\r\n"), "{answer}");
    assert_eq!(ended_with(&server), 0);
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), "create log done delete");
}

#[test]
fn a_wish_for_http2_is_read_over() {
    let server = before(|mut socket| {
        let head = read_until(&mut socket, "\r\n\r\n");
        assert!(!head.contains("upgrade") && !head.contains("settings"), "{head}");
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        let _ = socket.read(&mut [0]);
    });
    let mut client = client(&server);
    let request = "GET / HTTP/1.1\r\nhost: h\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\
                connection: Upgrade, HTTP2-Settings\r\n\r\n";
    client.write_all(request.as_bytes()).unwrap();
    read_until(&mut client, "ok");
}

#[test]
fn a_connection_to_elsewhere_has_no_route() {
    let server = proxy(nowhere());
    let mut client = client(&server);
    client.write_all(b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert_eq!(ended_with(&server), flags::NO_ROUTE_FOUND);
    let expected = "create request_headers response_headers log done delete";
    assert_eq!(callbacks(server.log(), "worker 0").join(" "), expected);
}
