//! An HTTP server that takes feedback as the filter does, counts it, and keeps what came. It knows the model `rain`.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use serde_json::{Value, json};

pub(super) const SECRET: &str = "swordfish";

#[derive(Debug, Default)]
struct State {
    connections: usize,
    heads: Vec<String>,
    batches: Vec<Vec<Value>>,
    wants_secret: bool,
    closes: bool,
    /// How many requests are taken without an answer.
    breaks: usize,
}

/// A running server. Its threads end with the connections.
pub(super) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(super) fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(&stream.unwrap(), &shared));
            }
        });
        Server { address, state }
    }

    pub(super) fn with_secret() -> Server {
        let server = Server::start();
        server.state().wants_secret = true;
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn break_next(&self, requests: usize) {
        self.state().breaks = requests;
    }

    pub(super) fn close_after_each(&self) {
        self.state().closes = true;
    }

    pub(super) fn connections(&self) -> usize {
        self.state().connections
    }

    pub(super) fn heads(&self) -> Vec<String> {
        self.state().heads.clone()
    }

    /// The records that came, by request.
    pub(super) fn batches(&self) -> Vec<Vec<Value>> {
        self.state().batches.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    state.lock().unwrap().connections += 1;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some((head, body)) = receive(&mut reader) {
        let mut state = state.lock().unwrap();
        let is_known = !state.wants_secret || head.contains(&format!("x-secret: {SECRET}\r\n"));
        state.heads.push(head);
        let (status, answer) = if is_known {
            let records: Vec<Value> =
                body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let answer = counted(&records);
            state.batches.push(records);
            (202, answer.to_string())
        } else {
            (401, String::new())
        };
        if state.breaks != 0 {
            state.breaks -= 1;
            return;
        }
        let length = answer.len();
        // Without a word, a request could be on its way already when the connection closes.
        let close = if state.closes { "connection: close\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} X\r\n{close}content-length: {length}\r\n\r\n");
        writer.write_all((head + &answer).as_bytes()).unwrap();
        if state.closes {
            return;
        }
    }
}

/// A head and a body; `None` at the end of the connection.
fn receive(reader: &mut BufReader<&TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn counted(records: &[Value]) -> Value {
    let refused: Vec<usize> =
        (0..records.len()).filter(|&row| records[row]["model"] != "rain").collect();
    let joined = records.iter().filter(|it| it["model"] == "rain" && it["id"].is_string()).count();
    let problems: Vec<Value> =
        refused.iter().take(5).map(|row| json!({"row": row, "reason": "unknown_model"})).collect();
    json!({
        "accepted": records.len() - refused.len(), "joined": joined, "unmatched": 0, "duplicate": 0, "refused": refused.len(), "problems": problems,
    })
}
