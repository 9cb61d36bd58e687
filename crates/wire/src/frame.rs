//! How every reader of a framed stream reports its progress; it reads nothing itself.

/// The outcome of one call of a reader's `next`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress<'a> {
    /// Bytes taken from the input. Pass `&input[consumed..]` next time.
    pub consumed: usize,
    /// Why the call returned.
    pub step: FrameStep<'a>,
}

/// Why a reader's `next` returned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FrameStep<'a> {
    /// A fragment of the open event's data, never empty.
    Data(&'a [u8]),
    /// The open event was closed. It had data, unless it was an empty message of a binary framing.
    EventEnd,
    /// The open event was closed, or given up, because its frame is broken: nothing that was handed out of it is to be
    /// believed. Text has no such frames.
    EventBroken,
    /// The whole input was consumed; an event may be open.
    InputEmpty,
}

#[cfg(test)]
pub(crate) mod testing {
    //! Reads whole streams for the tests of the readers; it knows no framing.

    use std::vec::Vec;

    use super::{FrameStep, Progress};

    /// Reads all of `pieces`. At the end of each event `ended` gets its data, `None` if its frame is broken. Returns the
    /// data of the event that is still open.
    pub(crate) fn read_pieces<R>(
        reader: &mut R,
        pieces: &[&[u8]],
        mut next: impl for<'a> FnMut(&'a mut R, &'a [u8]) -> Progress<'a>,
        mut ended: impl FnMut(&R, Option<Vec<u8>>),
    ) -> Vec<u8> {
        let mut data = Vec::new();
        for piece in pieces {
            let mut input = *piece;
            loop {
                let Progress { consumed, step } = next(reader, input);
                match step {
                    FrameStep::Data(fragment) => {
                        assert_ne!(fragment, b"", "a fragment is never empty");
                        data.extend_from_slice(fragment);
                    }
                    FrameStep::EventEnd => ended(reader, Some(core::mem::take(&mut data))),
                    FrameStep::EventBroken => {
                        data.clear();
                        ended(reader, None);
                    }
                    FrameStep::InputEmpty => {
                        assert_eq!(input[consumed..], *b"", "all is consumed");
                        break;
                    }
                }
                input = &input[consumed..];
            }
        }
        data
    }
}
