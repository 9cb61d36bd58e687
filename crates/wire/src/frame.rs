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
