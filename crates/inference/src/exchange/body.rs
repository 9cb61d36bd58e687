//! One body of an exchange on its way to its reader, decoded where it must be; it knows no dialect.

use crate::outcome::BodyVerdict;
use driftline_labels::ReadProblem;
use driftline_wire::encoding::{Decoder, Encoding, Fault, Layers, MemoryBudget};

/// How far a body has come.
#[derive(Debug)]
pub(crate) struct Body {
    form: Form,
    /// Bytes that came, read or not.
    pub(super) bytes: u64,
    pub(super) has_bytes: bool,
    /// The proxy saw its end.
    pub(super) is_over: bool,
    /// Why the rest of it was not decoded.
    fault: Option<Fault>,
}

#[derive(Debug)]
enum Form {
    Plain,
    /// In a coding that is not read.
    Unreadable,
    /// To be decoded, once it begins.
    Encoded(Layers),
    Decoding(Decoder),
    /// It was decoded; whether its codings came to their ends.
    Decoded {
        is_whole: bool,
    },
}

impl Form {
    fn new(encoding: Encoding) -> Form {
        match encoding {
            Encoding::None => Form::Plain,
            Encoding::Unreadable => Form::Unreadable,
            Encoding::Readable(layers) => Form::Encoded(layers),
        }
    }
}

impl Body {
    pub(crate) fn new(encoding: Encoding) -> Body {
        let form = Form::new(encoding);
        Body { form, bytes: 0, has_bytes: false, is_over: false, fault: None }
    }

    /// From here on the body is in this encoding.
    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        // Most have none, and had none; to see that is quicker than to drop what may be a decoder.
        if encoding != Encoding::None || !matches!(self.form, Form::Plain) {
            self.form = Form::new(encoding);
        }
    }

    /// Takes the next piece, and calls `take` with what it says.
    pub(crate) fn read(&mut self, room: &MemoryBudget, bytes: &[u8], mut take: impl FnMut(&[u8])) {
        if bytes.is_empty() {
            return;
        }
        self.has_bytes = true;
        if let Form::Encoded(layers) = self.form {
            match Decoder::new(layers, room) {
                Ok(decoder) => self.form = Form::Decoding(decoder),
                Err(fault) => self.give_up(fault, false),
            }
        }
        match &mut self.form {
            Form::Plain => take(bytes),
            Form::Decoding(decoder) => {
                if let Err(fault) = decoder.read(bytes, take) {
                    let is_whole = decoder.is_whole();
                    self.give_up(fault, is_whole);
                }
            }
            Form::Unreadable | Form::Encoded(_) | Form::Decoded { .. } => {}
        }
    }

    /// Whether more of it would be read. What is not decoded, or not any more, would not.
    pub(crate) fn wants_bytes(&self) -> bool {
        !matches!(self.form, Form::Unreadable | Form::Decoded { .. })
    }

    /// Takes note of the end.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
        match &self.form {
            Form::Decoding(decoder) if decoder.is_whole() => {
                self.form = Form::Decoded { is_whole: true };
            }
            Form::Decoding(_) => self.give_up(Fault::Malformed, false),
            _ => {}
        }
    }

    /// Whether its reader was told all of it, up to its end.
    pub(super) fn is_read_to_its_end(&self) -> bool {
        let is_cut = matches!(self.form, Form::Decoded { is_whole: false });
        self.is_over && !is_cut
    }

    /// Whether its reader was told what the other side sent, and not only what could be decoded of it.
    pub(super) fn is_read(&self) -> bool {
        !matches!(self.form, Form::Unreadable | Form::Decoded { is_whole: false })
    }

    /// What its reader's word is worth: where Driftline gave up, nobody knows how the body goes on.
    pub(super) fn verdict(&self, verdict: BodyVerdict) -> BodyVerdict {
        let was_given_up = self.fault.is_some_and(|fault| fault != Fault::Malformed);
        match verdict {
            BodyVerdict::Partial | BodyVerdict::Empty if was_given_up => BodyVerdict::Unreadable,
            _ => verdict,
        }
    }

    /// What is wrong with its coding.
    pub(crate) fn fault(&self) -> Option<Fault> {
        if matches!(self.form, Form::Unreadable) { Some(Fault::Unreadable) } else { self.fault }
    }

    fn give_up(&mut self, fault: Fault, is_whole: bool) {
        self.fault = Some(fault);
        // The decoder's memory is free from here on.
        self.form = Form::Decoded { is_whole };
    }
}

/// Under what a fault of a body's coding is counted, or of a message's in it.
pub(crate) fn problem(fault: Fault) -> ReadProblem {
    match fault {
        Fault::Unreadable => ReadProblem::EncodedBody,
        Fault::Malformed => ReadProblem::EncodingMalformed,
        Fault::TooDense => ReadProblem::DecodedTooDense,
        Fault::TooLarge => ReadProblem::DecoderTooLarge,
        Fault::NoRoom => ReadProblem::NoRoomToDecode,
    }
}
