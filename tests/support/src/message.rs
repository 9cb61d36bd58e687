//! Reads a message of a corpus as it stands on the wire: a first line, headers, and the bytes of its body; it judges none.
//!
//! A file that does not look so is a mistake of its author: reading it panics with the file and what is wrong with it.

use std::{
    fs,
    path::{Path, PathBuf},
    str,
};

/// What stands below the first line of a message.
#[derive(Debug)]
pub struct Message {
    /// Names in lower case, in the order of the file.
    pub headers: Vec<(String, String)>,
    /// Byte for byte as in the file.
    pub body: Vec<u8>,
}

impl Message {
    /// A request: the path that it asks, query included, and what stands below.
    pub fn request(file: &Path) -> (String, Message) {
        let (line, message) = Message::read(file);
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["POST", path, "HTTP/1.1"] if path.starts_with('/') => (path.to_owned(), message),
            _ => panic!(
                "{}: found {line:?} as its first line, expected `POST /path HTTP/1.1`",
                file.display()
            ),
        }
    }

    /// A response: its status, and what stands below.
    pub fn response(file: &Path) -> (u16, Message) {
        let (line, message) = Message::read(file);
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| {
            panic!(
                "{}: found {line:?} as its first line, expected such as `HTTP/1.1 200 OK`",
                file.display()
            )
        });
        (status, message)
    }

    /// The first line of a message, and the rest of it.
    fn read(file: &Path) -> (String, Message) {
        let bytes = bytes(file);
        let mut rest = &bytes[..];
        let mut lines = Vec::new();
        loop {
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
                panic!("{}: no empty line ends its head", file.display());
            };
            let line = str::from_utf8(&rest[..end]).unwrap_or_else(|error| {
                panic!("{}: line {} of its head: {error}", file.display(), lines.len() + 1)
            });
            rest = &rest[end + 1..];
            if line.is_empty() {
                break;
            }
            lines.push(line.to_owned());
        }
        assert!(!lines.is_empty(), "{}: it begins with an empty line", file.display());
        let first = lines.remove(0);
        let headers = lines.iter().map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| {
                panic!("{}: found {line:?}, expected `name: value`", file.display())
            });
            (name.to_ascii_lowercase(), value.to_owned())
        });
        (first, Message { headers: headers.collect(), body: rest.to_vec() })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What is in a file.
pub fn bytes(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What a folder holds, by name.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<PathBuf> = read.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}
