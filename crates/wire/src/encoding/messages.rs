//! Messages of one body that are compressed each for itself, as gRPC has them; it knows no frames, and keeps no decoder
//! between two messages.

use super::{
    Encoding, Fault, Faults,
    decoder::{Decoder, ExpansionGuard},
    memory::MemoryBudget,
};

/// Reads the compressed messages of a body.
///
/// They have one limit together of what they may say, as if they were one, so that many small bombs are as bad as a large
/// one. A message that cannot be decoded is given up, and the next one is tried; only where they say too much, or need too
/// much, no further one is.
#[derive(Debug)]
pub struct Messages {
    encoding: Encoding,
    room: MemoryBudget,
    /// What messages said that are over.
    meter: ExpansionGuard,
    open: Open,
    /// Why no further one is decoded.
    end: Option<Fault>,
    /// What was wrong with the first one that has a gap.
    gap: Option<Fault>,
    faults: Faults,
}

/// The message that is read.
#[derive(Debug)]
enum Open {
    /// None, or one of which no byte has come.
    Nothing,
    Decoding(Decoder),
    /// The rest of it passes unread, which is a gap unless its coding had come to its end by then.
    GivenUp {
        gap: Option<Fault>,
    },
}

impl Messages {
    /// Messages in this encoding, whose decoders take their memory from there.
    pub fn new(encoding: Encoding, room: &MemoryBudget) -> Messages {
        Messages {
            encoding,
            room: room.clone(),
            meter: ExpansionGuard::default(),
            open: Open::Nothing,
            end: None,
            gap: None,
            faults: Faults::default(),
        }
    }

    /// Whether a message may be compressed: the body has named a coding, be it one that is not read.
    pub fn may_come(&self) -> bool {
        self.encoding != Encoding::None
    }

    /// Takes the next piece of a message, and calls `take` with what it says.
    pub fn read(&mut self, bytes: &[u8], take: impl FnMut(&[u8])) {
        if let Open::Nothing = self.open {
            match self.begin() {
                Ok(decoder) => self.open = Open::Decoding(decoder),
                Err(fault) => self.give_up(fault, false),
            }
        }
        if let Open::Decoding(decoder) = &mut self.open
            && let Err(fault) = decoder.read(bytes, take)
        {
            let is_whole = decoder.is_whole();
            self.meter = decoder.meter();
            self.give_up(fault, is_whole);
        }
    }

    /// Ends a message; whether all that it says was handed out. One without a byte says nothing.
    pub fn end(&mut self) -> bool {
        let gap = match core::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => None,
            Open::Decoding(decoder) => {
                self.meter = decoder.meter();
                let gap = (!decoder.is_whole()).then_some(Fault::Malformed);
                self.faults.extend(gap);
                gap
            }
            Open::GivenUp { gap } => gap,
        };
        self.gap = self.gap.or(gap);
        gap.is_none()
    }

    /// What was wrong with messages, be they whole.
    pub fn faults(&self) -> Faults {
        self.faults
    }

    /// What was wrong with the first message that was not read to its end, if there was one.
    pub fn gap(&self) -> Option<Fault> {
        self.gap
    }

    fn begin(&self) -> Result<Decoder, Fault> {
        match (self.end, self.encoding) {
            // Else each of many small messages would take a decoder, and have it begin.
            (Some(fault), _) => Err(fault),
            (None, Encoding::Readable(layers)) => Decoder::metered(layers, &self.room, self.meter),
            (None, Encoding::None | Encoding::Unreadable) => Err(Fault::Unreadable),
        }
    }

    fn give_up(&mut self, fault: Fault, is_whole: bool) {
        if matches!(fault, Fault::TooDense | Fault::TooLarge) {
            self.end.get_or_insert(fault);
        }
        self.faults.extend([fault]);
        self.open = Open::GivenUp { gap: (!is_whole).then_some(fault) };
    }
}
