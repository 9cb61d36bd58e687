//! An incremental reader of eventstream messages whose payload is JSON with the event in it as Base64; it keeps none.
//!
//! So Amazon Bedrock wraps a model's own event: `{"bytes":"eyJ0...","p":"abcd"}`, the `p` being padding. What is handed
//! on is the decoded text of `bytes`, of any length, through a scratch of [`PIECE_BYTES`].
//!
//! A message is broken as a message may be ([`aws_event_stream`]), and also if its payload is no JSON or its text no Base64.
//! A payload without `bytes`, such as that of an exception, has no data.

use super::{
    aws_event_stream,
    base64::Decoder,
    json::{JsonEnd, Token, Tokenizer},
};

pub use super::frame::{FrameStep, Progress};

/// A fragment of data is no longer than this.
pub const PIECE_BYTES: usize = 256;

/// A push reader. One value reads one body, in less than 1 KiB of memory.
#[derive(Clone, Debug)]
pub struct Reader {
    messages: aws_event_stream::Reader,
    payload: Tokenizer,
    text: Decoder,
    decoded: [u8; PIECE_BYTES],
}

/// The member that holds the event.
const BYTES: &[u8] = b"bytes";

impl Default for Reader {
    fn default() -> Self {
        Reader::new()
    }
}

impl Reader {
    /// A reader at the start of a body.
    #[must_use]
    pub fn new() -> Reader {
        Reader {
            messages: aws_event_stream::Reader::new(),
            payload: Tokenizer::new(),
            text: Decoder::default(),
            decoded: [0; PIECE_BYTES],
        }
    }

    /// Reads up to the end of the next fragment or message. Fragments are valid until the next call.
    ///
    /// # Termination
    ///
    /// Consumes at least one byte of an input that is not empty. Runs in time linear in the bytes consumed.
    pub fn next<'a>(&'a mut self, input: &'a [u8]) -> Progress<'a> {
        let mut consumed = 0_usize;
        loop {
            // What is decoded is never longer than what it is decoded from, so the scratch has room for it.
            let rest = input.get(consumed..).unwrap_or_default();
            let progress = self.messages.next(rest.get(..PIECE_BYTES).unwrap_or(rest));
            consumed = consumed.saturating_add(progress.consumed);
            let step = match progress.step {
                FrameStep::Data(data) => {
                    let length = self.decode(data);
                    if length == 0 {
                        continue;
                    }
                    FrameStep::Data(self.decoded.get(..length).unwrap_or_default())
                }
                FrameStep::EventEnd => {
                    if self.end_payload() {
                        FrameStep::EventEnd
                    } else {
                        FrameStep::EventBroken
                    }
                }
                FrameStep::EventBroken => {
                    self.end_payload();
                    FrameStep::EventBroken
                }
                FrameStep::InputEmpty if consumed < input.len() => continue,
                FrameStep::InputEmpty => FrameStep::InputEmpty,
            };
            return Progress { consumed, step };
        }
    }

    /// The reader of the messages, for what it says about them.
    #[must_use]
    pub const fn messages(&self) -> &aws_event_stream::Reader {
        &self.messages
    }

    /// Decodes what a piece of the payload holds of the text; gives how many bytes.
    fn decode(&mut self, mut data: &[u8]) -> usize {
        let mut length = 0_usize;
        loop {
            let progress = self.payload.next_shared(data);
            let consumed = progress.consumed;
            match progress.token {
                None => return length,
                Some(Token::Key(key)) => {
                    let is_bytes = key.bytes == BYTES;
                    if is_bytes && self.payload.depth() == 1 {
                        self.payload.pieces();
                    } else {
                        self.payload.skip();
                    }
                }
                Some(Token::Piece(text)) => {
                    let room = self.decoded.get_mut(length..).unwrap_or_default();
                    length = length.saturating_add(self.text.decode(text, room));
                }
                Some(_) => {}
            }
            data = data.get(consumed..).unwrap_or_default();
        }
    }

    /// Ends the payload: whether it was one.
    fn end_payload(&mut self) -> bool {
        let is_text = self.text.finish();
        let is_json = matches!(self.payload.finish().ending, JsonEnd::Complete | JsonEnd::Empty);
        is_text && is_json
    }
}

#[cfg(test)]
mod tests;
