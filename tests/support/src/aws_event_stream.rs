//! Makes bodies of AWS event streams from readable text, without any of core's code; it counts nothing.
//!
//! Every line that is not empty and does not begin with `#` is a message:
//!
//! ```text
//! event messageStart {"role":"assistant"}
//! chunk {"outputText":"Hi"}
//! exception throttlingException {"message":"Too many requests"}
//! error InternalFailure Something went wrong
//! ```
//!
//! The payload of a `chunk` has the rest of the line as Base64. A line may begin with what is wrong with its message:
//! `wrong-checksum`, `wrong-prelude` or `first 30 bytes of`.

/// The body that a text describes.
///
/// # Errors
///
/// A line, counted from 0, and what is wrong there.
pub(crate) fn encode(text: &str) -> Result<Vec<u8>, (usize, String)> {
    let mut body = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        if !line.is_empty() && !line.starts_with('#') {
            body.extend(message(line).map_err(|what| (number, what))?);
        }
    }
    Ok(body)
}

fn message(line: &str) -> Result<Vec<u8>, String> {
    const JSON: (&str, &str) = (":content-type", "application/json");
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let named = || rest.split_once(' ').unwrap_or((rest, ""));
    match word {
        "event" => {
            let (name, payload) = named();
            Ok(framed(&[(":event-type", name), JSON, (":message-type", "event")], payload))
        }
        "chunk" => {
            let payload = format!(r#"{{"bytes":"{}","p":"abcdefgh"}}"#, base64(rest.as_bytes()));
            Ok(framed(&[(":event-type", "chunk"), JSON, (":message-type", "event")], &payload))
        }
        "exception" => {
            let (name, payload) = named();
            Ok(framed(&[(":exception-type", name), JSON, (":message-type", "exception")], payload))
        }
        "error" => {
            let (code, text) = named();
            Ok(framed(
                &[(":error-code", code), (":error-message", text), (":message-type", "error")],
                "",
            ))
        }
        "wrong-checksum" => spoil(message(rest)?, |length| length - 1),
        "wrong-prelude" => spoil(message(rest)?, |_| 11),
        "first" => {
            let (count, whole) =
                rest.split_once(" bytes of ").ok_or("expected `first 30 bytes of event ...`")?;
            let count: usize = count.parse().map_err(|error| format!("{count}: {error}"))?;
            let mut bytes = message(whole)?;
            if bytes.len() <= count {
                return Err(format!(
                    "the message has {} bytes, expected more than {count}",
                    bytes.len()
                ));
            }
            bytes.truncate(count);
            Ok(bytes)
        }
        _ => Err(format!(
            "found {word:?}, expected event, chunk, exception, error, wrong-checksum, wrong-prelude or first"
        )),
    }
}

/// Flips a bit of a message.
fn spoil(mut message: Vec<u8>, at: impl Fn(usize) -> usize) -> Result<Vec<u8>, String> {
    let at = at(message.len());
    message[at] ^= 1;
    Ok(message)
}

/// A message with these headers, all of them strings.
fn framed(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).expect("a name is short"));
        block.extend(name.as_bytes());
        block.push(7);
        block.extend(u16::try_from(value.len()).expect("a value is short").to_be_bytes());
        block.extend(value.as_bytes());
    }
    let mut message = Vec::new();
    for length in [16 + block.len() + payload.len(), block.len()] {
        message.extend(u32::try_from(length).expect("a message is short").to_be_bytes());
    }
    message.extend(crc32(&message).to_be_bytes());
    message.extend(block);
    message.extend(payload.as_bytes());
    message.extend(crc32(&message).to_be_bytes());
    message
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, at| bits << 8 | usize::from(group.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let is_padding = group.len() < digit;
            text.push(if is_padding {
                '='
            } else {
                char::from(DIGITS[bits >> (18 - 6 * digit) & 63])
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_the_makers_of_the_format_make_of_it() {
        // The first one of botocore's own tests, and one of its errors but for the order of the headers.
        assert_eq!(framed(&[], ""), b"\0\0\0\x10\0\0\0\0\x05\xc2H\xeb}\x98\xc8\xff");
        let headers =
            [(":message-type", "error"), (":error-code", "code"), (":error-message", "message")];
        let expected = b"\0\0\0\x52\0\0\0\x42\xbf\x23\x63\x7e\x0d:message-type\x07\0\x05error\
            \x0b:error-code\x07\0\x04code\x0e:error-message\x07\0\x07message\x6b\x6c\xea\x3d";
        assert_eq!(framed(&headers, ""), expected);
    }

    #[test]
    fn base64_is_padded() {
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }

    #[test]
    fn an_unknown_word_is_refused() {
        let (line, error) = encode("# fine\n\nevents x {}").unwrap_err();
        assert_eq!(line, 2);
        assert!(error.starts_with("found \"events\", expected event,"), "{error}");
        assert!(encode("first 900 bytes of event x {}").is_err());
    }
}
