//! One direction of a stream: what has passed, and what is held because the filter stopped it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Frame, Received};
use crate::HeaderMap;

/// The state of one direction.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) stop: Stop,
    /// The filter keeps its headers back: with true if nothing follows them.
    pub(crate) headers_wait: Option<bool>,
    /// Frames that came while everything was stopped.
    pub(crate) waiting: VecDeque<Frame>,
    /// Data that the filter keeps back, or that follows held headers.
    pub(crate) buffer: BytesMut,
    /// The last of the data is in `buffer`.
    pub(crate) buffer_ends: bool,
    /// The filter has seen headers.
    pub(crate) seen: bool,
    /// Nothing more is passed in this direction: the proxy has answered already.
    pub(crate) closed: bool,
    pub(crate) passed: Received,
}

/// Why a direction is held.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) enum Stop {
    /// It is not.
    #[default]
    Open,
    /// At its headers: nothing passes, the filter sees nothing more.
    All,
    /// At its headers: nothing passes, and the filter sees what follows.
    Headers,
    /// In its body: the filter sees what follows together with what is held.
    Buffering,
    /// In its body: what follows is held, but the filter sees only the new part.
    Watermark,
    /// At its trailers.
    Trailers(HeaderMap),
}

/// The raw answers of callbacks; larger ones stop, too.
const CONTINUE: u32 = 0;
const BUFFER: u32 = 1;
const WATERMARK: u32 = 2;

/// What a body callback wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DataAction {
    Continue,
    Buffer,
    Watermark,
    Drop,
}

impl DataAction {
    pub(crate) fn from_raw(action: u32) -> DataAction {
        match action {
            CONTINUE => DataAction::Continue,
            BUFFER => DataAction::Buffer,
            WATERMARK => DataAction::Watermark,
            _ => DataAction::Drop,
        }
    }
}

impl Lane {
    /// Everything held as frames, in order; the lane is open afterwards. `headers` are those that wait.
    pub(crate) fn release(&mut self, headers: Option<HeaderMap>) -> Vec<Frame> {
        let stop = std::mem::take(&mut self.stop);
        let mut frames = Vec::from_iter(self.held_headers(headers));
        frames.extend(self.held_data());
        if let Stop::Trailers(trailers) = stop {
            frames.push(Frame::Trailers(trailers));
        }
        frames
    }

    /// The headers, unless they have passed; `headers` are as the filter has left them.
    pub(crate) fn held_headers(&mut self, headers: Option<HeaderMap>) -> Option<Frame> {
        let ended = self.headers_wait.take()?;
        Some(Frame::Headers(headers?, ended))
    }

    pub(crate) fn held_data(&mut self) -> Option<Frame> {
        let ends = std::mem::take(&mut self.buffer_ends);
        if self.buffer.is_empty() && !ends {
            return None;
        }
        Some(Frame::Data(self.buffer.split().freeze(), ends))
    }

    /// How much is kept back.
    pub(crate) fn held_bytes(&self) -> usize {
        let size = |frame: &Frame| if let Frame::Data(data, _) = frame { data.len() } else { 0 };
        self.buffer.len() + self.waiting.iter().map(size).sum::<usize>()
    }

    /// Keeps `data` back.
    pub(crate) fn hold(&mut self, data: &Bytes, ended: bool) {
        self.buffer.extend_from_slice(data);
        self.buffer_ends |= ended;
    }
}
