//! What the messages of a body say, in any cut; it knows no frames and no coding.

use super::{
    Message,
    message::{CONTENTS_FP32, CONTENTS_FP64, Next, Tensors},
};
use crate::predictive::{Event, Sink, tensors::datatype::Datatype};
use driftline_wire::protobuf::{Reader, Step};

/// Reads one message after the other.
#[derive(Debug)]
pub(super) struct Content {
    message: Message,
    fields: Reader,
    tensors: Tensors,
    is_malformed: bool,
}

impl Content {
    pub(super) fn new(message: Message) -> Content {
        Content {
            message,
            fields: Reader::new(),
            tensors: Tensors::new(message),
            is_malformed: false,
        }
    }

    /// Takes the next piece of a message.
    pub(super) fn read<'c>(&mut self, mut bytes: &[u8], sink: &mut impl Sink<'c>) {
        let Content { fields, tensors, .. } = self;
        let mut columns = sink.columns();
        loop {
            let progress = fields.next(bytes);
            bytes = bytes.get(progress.consumed..).unwrap_or_default();
            if let Step::Start { field, .. } = progress.step
                && tensors.is_behind_the_name(field)
            {
                tensors.tell_name(sink);
                columns = sink.columns();
            }
            let mut take = |event: Event<'_>| sink.take(event);
            let take = &mut take;
            match progress.step {
                Step::InputEmpty => return,
                Step::Broken => self.is_malformed = true,
                Step::Start { field, length } => {
                    match tensors.start(field, length, columns, take) {
                        Next::Read => {}
                        Next::Enter => fields.enter(),
                        Next::Unpack => fields.unpack(),
                        Next::Skip => fields.skip(),
                    }
                }
                Step::Number { field, value } => tensors.number(field, value, columns, take),
                Step::Fixed32 { field: CONTENTS_FP32, bits } => {
                    tensors.element(Datatype::Single, u64::from(bits), columns, take);
                }
                Step::Fixed64 { field: CONTENTS_FP64, bits } => {
                    tensors.element(Datatype::Double, bits, columns, take);
                }
                Step::Fixed32 { .. } | Step::Fixed64 { .. } => {}
                Step::Data(run) => tensors.data(run, columns, take),
                Step::End => tensors.end_field(columns, take),
                Step::MessageEnd => tensors.end_level(columns, take),
            }
        }
    }

    /// Ends a message. `is_read` says whether all of it was: the rest of one that could not be decoded might say anything,
    /// even the model's name.
    pub(super) fn end<'c>(&mut self, is_read: bool, sink: &mut impl Sink<'c>) {
        let is_cut = !self.fields.is_whole();
        // What broke off within its frame is no message, whatever might follow.
        self.is_malformed |= is_read && is_cut;
        if is_read {
            self.tensors.tell_name(sink);
        }
        self.tensors.end_message(is_cut || !is_read, &mut |event| sink.take(event));
        self.fields = Reader::new();
    }

    /// Ends a message that is none.
    pub(super) fn end_malformed<'c>(&mut self, sink: &mut impl Sink<'c>) {
        self.is_malformed = true;
        self.end(false, sink);
    }

    /// Ends the body, and a message that broke off with it.
    pub(super) fn finish<'c>(&mut self, sink: &mut impl Sink<'c>) {
        self.tensors.end_message(true, &mut |event| sink.take(event));
    }

    pub(super) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    pub(super) fn has_tensors(&self) -> bool {
        self.tensors.has_tensors
    }

    pub(super) fn has_error(&self) -> bool {
        self.tensors.has_error
    }

    pub(super) fn is_stream(&self) -> bool {
        self.message == Message::StreamResponse
    }
}
