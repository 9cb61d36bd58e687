//! The headers of one message: three of them are kept, all others are passed over by their lengths.

use crate::{
    binary::{Number, take_run},
    name::Name,
};

/// Of a longer value of a header, only this many bytes are kept.
pub const NAME_BYTES_MAX: usize = 64;

/// A push reader of the headers of one message after the other.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    part: Part,
    name: Name<KEY_BYTES_MAX>,
    value_length: Number,
    /// What is left of the name or the value that is open.
    left: u32,
    keeps: Option<Kept>,
    message_type: Name<NAME_BYTES_MAX>,
    event_type: Name<NAME_BYTES_MAX>,
    exception_type: Name<NAME_BYTES_MAX>,
}

/// One byte more than the longest name that is looked for, so that none of those is the beginning of another.
const KEY_BYTES_MAX: usize = 16;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    NameLength,
    Name,
    Type,
    ValueLength,
    Value,
    /// What came is no header, so nobody knows where the next one begins.
    Broken,
}

/// The headers that are kept: `:message-type`, `:event-type` and `:exception-type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kept {
    Message,
    Event,
    Exception,
}

impl Headers {
    pub(super) const fn new() -> Headers {
        Headers {
            part: Part::NameLength,
            name: Name::new(),
            value_length: Number::ZERO,
            left: 0,
            keeps: None,
            message_type: Name::new(),
            event_type: Name::new(),
            exception_type: Name::new(),
        }
    }

    /// Forgets the headers of the last message.
    pub(super) fn clear(&mut self) {
        self.part = Part::NameLength;
        self.value_length = Number::ZERO;
        self.message_type.clear();
        self.event_type.clear();
        self.exception_type.clear();
    }

    /// Takes the next piece of the headers.
    pub(super) fn read(&mut self, mut rest: &[u8]) {
        while let Some((&byte, after)) = rest.split_first() {
            match self.part {
                Part::NameLength => {
                    rest = after;
                    self.name.clear();
                    self.left = u32::from(byte);
                    self.part = if byte == 0 { Part::Broken } else { Part::Name };
                }
                Part::Name => {
                    let run = take_run(&mut rest, &mut self.left);
                    self.name.push(run);
                    if self.left == 0 {
                        self.part = Part::Type;
                    }
                }
                Part::Type => {
                    rest = after;
                    self.begin_value(byte);
                }
                Part::ValueLength => {
                    if let Some(length) = self.value_length.take(&mut rest, 2) {
                        self.expect(length as u32);
                    }
                }
                Part::Value => {
                    let run = take_run(&mut rest, &mut self.left);
                    if let Some(value) = self.kept() {
                        value.push(run);
                    }
                    self.expect(self.left);
                }
                Part::Broken => return,
            }
        }
    }

    /// Ends the headers: they are broken if the last one is not whole.
    pub(super) fn end(&mut self) {
        if self.part != Part::NameLength {
            self.part = Part::Broken;
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.part == Part::Broken
    }

    pub(super) fn message_type(&self) -> &[u8] {
        self.message_type.as_bytes()
    }

    pub(super) fn event_type(&self) -> &[u8] {
        self.event_type.as_bytes()
    }

    pub(super) fn exception_type(&self) -> &[u8] {
        self.exception_type.as_bytes()
    }

    /// Begins a value of the type that this byte stands for.
    fn begin_value(&mut self, byte: u8) {
        self.keeps = None;
        match byte {
            // True and false.
            0 | 1 => self.expect(0),
            // Integers of one, two, four and eight bytes, and a time.
            2 => self.expect(1),
            3 => self.expect(2),
            4 => self.expect(4),
            5 | 8 => self.expect(8),
            // Bytes.
            6 => self.part = Part::ValueLength,
            // A string.
            7 => {
                self.part = Part::ValueLength;
                self.keeps = match self.name.as_bytes() {
                    b":message-type" => Some(Kept::Message),
                    b":event-type" => Some(Kept::Event),
                    b":exception-type" => Some(Kept::Exception),
                    _ => None,
                };
                if let Some(value) = self.kept() {
                    value.clear();
                }
            }
            // A UUID.
            9 => self.expect(16),
            _ => self.part = Part::Broken,
        }
    }

    /// A value goes on for `left` bytes.
    fn expect(&mut self, left: u32) {
        self.left = left;
        self.part = if left == 0 { Part::NameLength } else { Part::Value };
    }

    /// Where the open value is kept, if it is.
    fn kept(&mut self) -> Option<&mut Name<NAME_BYTES_MAX>> {
        Some(match self.keeps? {
            Kept::Message => &mut self.message_type,
            Kept::Event => &mut self.event_type,
            Kept::Exception => &mut self.exception_type,
        })
    }
}
