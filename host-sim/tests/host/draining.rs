//! A proxy that ends in time: what is under way goes on, nothing new begins, and a head that comes too slowly is cut.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use host_sim::{
    WorldOptions,
    proxy::{Options, Server},
};

use crate::{
    callbacks, filter,
    proxy::{GET, PATIENCE, before, client, nowhere, read_until},
};

/// Drains in a thread of its own; `true` comes once it has, `false` after the limit.
fn drain(server: &Server, limit: Duration) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(limit, server.drain()).await.is_ok() })
}

/// Waits until the filter has seen a request, and this many connections are open.
fn wait_for_request(server: &Server, connections: usize) {
    let start = Instant::now();
    while !callbacks(server.log(), "worker 0").contains(&"request_headers".to_string())
        || server.open_connections() < connections
    {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(5));
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_under_way_goes_on_and_nothing_new_begins() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let server = before(move |mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        may_go_on.recv_timeout(PATIENCE).unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone").unwrap();
    });
    let mut idle = client(&server);
    let mut asking = client(&server);
    asking.write_all(GET).unwrap();
    wait_for_request(&server, 2);
    assert!(get(server.admin_addr(), "/ready").ends_with("LIVE\n"));

    assert!(!drain(&server, Duration::from_millis(100)), "a request is under way");
    assert_eq!(server.open_connections(), 1);
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "an idle connection is closed");
    assert!(TcpStream::connect(server.listen_addr()).is_err(), "new connections are refused");
    let ready = get(server.admin_addr(), "/ready");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.ends_with("DRAINING\n"), "{ready}");

    go_on.send(()).unwrap();
    let answer = read_until(&mut asking, "done");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(asking.read(&mut [0]).unwrap(), 0);
    assert!(drain(&server, PATIENCE), "it waits no longer than it has to");
    server.stop();
}

#[test]
fn stopping_cuts_what_draining_would_have_waited_for() {
    let server = before(|mut socket| {
        read_until(&mut socket, "\r\n\r\n");
        let _ = socket.read(&mut [0]);
    });
    let mut asking = client(&server);
    asking.write_all(GET).unwrap();
    wait_for_request(&server, 1);
    assert!(!drain(&server, Duration::from_millis(50)));
    server.stop();
    assert_eq!(asking.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn a_head_that_comes_too_slowly_is_cut_and_a_silent_client_is_not() {
    let mut options = Options::new(filter(), WorldOptions::default(), nowhere().into());
    options.request_headers_timeout = Some(Duration::from_millis(300));
    let server = Server::start(options).unwrap();
    let (mut slow, mut silent) = (client(&server), client(&server));
    let start = Instant::now();
    // A byte now and then does not help.
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let mut dripping = slow.try_clone().unwrap();
    thread::spawn(move || {
        while dripping.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let answer = read_until(&mut slow, "request header timeout");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(Duration::from_millis(300) <= start.elapsed());
    // Whoever has sent nothing has all the time, and so has the next request of a connection.
    silent.write_all(GET).unwrap();
    assert!(read_until(&mut silent, "\r\n\r\n").starts_with("HTTP/1.1 503"), "no upstream");
}
