//! `driftline serve` from its start to its end: what it says, how it exits, and what it leaves on disk. How it serves is
//! tested in host-sim.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{FILTER, filter_of, input::Input};

const PATIENCE: Duration = Duration::from_secs(30);

/// Answers every request, those for `/hold` once it is told to.
struct Upstream {
    address: SocketAddr,
    /// Says that a request is held.
    held: Receiver<()>,
    go_on: Sender<()>,
}

impl Upstream {
    fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ((holds, held), (go_on, may_go_on)) = (channel(), channel::<()>());
        thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                let head = read_head(&mut socket);
                if head.starts_with("GET /hold") {
                    holds.send(()).unwrap();
                    let _ = may_go_on.recv_timeout(PATIENCE);
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                let _ = socket.write_all(answer.as_bytes());
            }
        });
        Upstream { address, held, go_on }
    }
}

fn read_head(socket: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(socket.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// The command at work, before an upstream.
struct Served {
    child: Child,
    listen: SocketAddr,
    recording: PathBuf,
    _inputs: [Input; 2],
}

impl Served {
    /// Starts it; `shell` is what runs before it in the same process.
    fn start(name: &str, upstream: &Upstream, shell: &str, more: &[&str]) -> Served {
        let config = Input::new(&format!("{name}.json"), b"");
        let filter = filter_of(&format!("{name}.wasm"), FILTER);
        let recording = config.0.with_extension("jsonl");
        let _ = fs::remove_file(&recording);
        let mut child = Command::new("bash")
            .args(["-c", &format!("{shell} exec \"$@\""), "bash", env!("CARGO_BIN_EXE_driftline")])
            .args(["serve", "--filter", filter.name(), "--config", config.name()])
            .args(["--upstream", &format!("http://{}", upstream.address)])
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--record"])
            .arg(&recording)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        // What is printed later must find a reader.
        thread::spawn(move || output.read_to_string(&mut String::new()));
        let listen = line.trim().strip_prefix("listening on http://").map(|it| it.parse().unwrap());
        let listen = listen.unwrap_or_else(|| panic!("it says {line:?}"));
        Served { child, listen, recording, _inputs: [config, filter] }
    }

    fn ask(&self, path: &str) -> TcpStream {
        self.ask_with(path, "")
    }

    /// `headers` are whole lines.
    fn ask_with(&self, path: &str, headers: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.listen).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: h\r\n{headers}connection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        socket
    }

    #[track_caller]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits until it refuses connections, which is when it drains.
    fn wait_for_drain(&self) {
        let start = Instant::now();
        while TcpStream::connect(self.listen).is_ok() {
            assert!(start.elapsed() < PATIENCE, "it still takes connections");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its exit status, what it said of errors, and what it recorded; `None` if there is no file.
    fn end(self) -> (Option<i32>, String, Option<String>) {
        let output = self.child.wait_with_output().unwrap();
        let recorded = fs::read_to_string(&self.recording).ok();
        let _ = fs::remove_file(&self.recording);
        (output.status.code(), String::from_utf8(output.stderr).unwrap(), recorded)
    }
}

fn answer(mut socket: TcpStream) -> String {
    let mut text = String::new();
    let _ = socket.read_to_string(&mut text);
    text
}

#[test]
fn a_signal_lets_what_is_under_way_end_and_refuses_what_is_new() {
    for (name, signal) in [("drain-term", "-TERM"), ("drain-int", "-INT")] {
        let upstream = Upstream::start();
        let served = Served::start(name, &upstream, "", &[]);
        let asking = served.ask("/hold");
        upstream.held.recv_timeout(PATIENCE).unwrap();
        served.signal(signal);
        served.wait_for_drain();
        upstream.go_on.send(()).unwrap();
        assert!(answer(asking).ends_with("\r\n\r\nok"), "{signal}");
        let (status, stderr, recorded) = served.end();
        assert_eq!(status, Some(0), "{stderr}");
        assert!(!stderr.contains("driftline:"), "{stderr}");
        assert_eq!(recorded.map_or(0, |text| text.lines().count()), 1);
    }
}

#[test]
fn a_second_signal_and_the_end_of_the_time_cut_what_is_left_and_say_so() {
    for (name, more, signals, expected) in [
        ("cut-signal", &[][..], 2, "a second signal came: 1 connection is cut"),
        ("cut-time", &["--drain-seconds", "0.2"][..], 1, "0.2 s are over: 1 connection is cut"),
        ("cut-now", &["--drain-seconds", "0"][..], 1, "0 s are over: 1 connection is cut"),
    ] {
        let upstream = Upstream::start();
        let served = Served::start(name, &upstream, "", more);
        let asking = served.ask("/hold");
        upstream.held.recv_timeout(PATIENCE).unwrap();
        served.signal("-TERM");
        if signals == 2 {
            served.wait_for_drain();
            served.signal("-TERM");
        }
        assert_eq!(answer(asking), "");
        let start = Instant::now();
        let (status, stderr, recorded) = served.end();
        assert!(start.elapsed() < PATIENCE);
        assert_eq!(status, Some(0), "{stderr}");
        assert!(stderr.contains(&format!("driftline: {expected}\n")), "{stderr}");
        assert_eq!(recorded, None, "a file without an exchange would refuse the next recording");
    }
}

#[test]
fn a_head_that_comes_too_slowly_is_cut_in_the_time_that_is_set() {
    let upstream = Upstream::start();
    let more = ["--request-headers-timeout", "0.2"];
    let served = Served::start("slow-head", &upstream, "", &more);
    let mut slow = TcpStream::connect(served.listen).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
    assert!(answer(slow).starts_with("HTTP/1.1 408 "));
    served.signal("-TERM");
    let (status, stderr, _) = served.end();
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn a_disk_that_is_full_is_said_once_and_traffic_goes_on() {
    let upstream = Upstream::start();
    // No file grows beyond 256 KiB, and who writes more gets an error. The memory of a filter needs half of that.
    let served = Served::start("full", &upstream, "trap '' XFSZ; ulimit -f 256;", &[]);
    const REQUESTS: usize = 12;
    let headers = format!("x-long: {}\r\n", "a".repeat(30_000));
    for _ in 0..REQUESTS {
        assert!(answer(served.ask_with("/", &headers)).ends_with("ok"));
    }
    served.signal("-TERM");
    let (status, stderr, recorded) = served.end();
    assert_eq!(
        stderr.matches("an exchange could not be recorded: File too large").count(),
        1,
        "{stderr}"
    );
    let recorded = recorded.unwrap();
    assert!(recorded.ends_with('\n') && recorded.len() <= 256 << 10, "whole lines");
    let missing = REQUESTS - recorded.lines().count();
    assert!(0 < missing && missing < REQUESTS, "{missing}");
    let expected =
        format!("--record: {missing} exchanges could not be written, and are missing in ");
    assert!(stderr.contains(&expected), "{stderr}");
    assert_eq!(status, Some(1), "who needs the recording must notice");
}

#[test]
fn a_start_that_fails_leaves_no_recording_and_the_next_one_makes_it() {
    let upstream = Upstream::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = Input::new("start-refused.json", b"r");
    let fine = Input::new("start-fine.json", b"");
    let filter = filter_of("start.wasm", FILTER);
    let recording = refused.0.with_extension("jsonl");
    for (config, listen, expected) in [
        (&refused, "127.0.0.1:0", "refused its configuration"),
        (&fine, address.as_str(), "cannot listen on"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
            .args(["serve", "--filter", filter.name(), "--config", config.name()])
            .args(["--upstream", "http://127.0.0.1:1", "--admin", "127.0.0.1:0"])
            .args(["--listen", listen, "--record"])
            .arg(&recording)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!recording.exists(), "{expected}");
    }
    let served = Served::start("start-again", &upstream, "", &[]);
    assert!(answer(served.ask("/")).ends_with("ok"));
    served.signal("-TERM");
    let (status, stderr, recorded) = served.end();
    assert_eq!((status, recorded.map(|text| text.lines().count())), (Some(0), Some(1)), "{stderr}");
}
