//! A message of an exchange, without its first line; it judges none.

/// The headers and the body of a message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Names in lower case, in the order of the file.
    pub headers: Vec<(String, String)>,
    /// Byte for byte as sent.
    pub body: Vec<u8>,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// # Errors
    ///
    /// A line that is no header.
    pub(crate) fn headers(lines: &[&str]) -> Result<Vec<(String, String)>, String> {
        let header = |line: &&str| match line.split_once(": ") {
            Some((name, value)) => Ok((name.to_ascii_lowercase(), value.to_owned())),
            None => Err(format!("found {line:?}, expected `name: value`")),
        };
        lines.iter().map(header).collect()
    }
}
