//! One HTTP stream through the filter, driven by a test or by the embedded proxy. There is no network here.

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;

use crate::{EndInfo, Error, HeaderMap, StreamInfo, Worker, direction::Direction};

/// An open stream of one worker. Every method is one callback into the filter.
///
/// The methods do not check that their order makes sense: a proxy delivers
/// some strange ones, and a test must be able to. A stream that is dropped
/// without [`Stream::end`] ends as if the client had hung up.
#[derive(Debug)]
pub struct Stream {
    worker: Rc<RefCell<Worker>>,
    /// `None` once it has ended, or if it passes a dead VM by.
    id: Option<u32>,
}

impl Stream {
    pub(crate) fn open(worker: Rc<RefCell<Worker>>, info: StreamInfo) -> Result<Stream, Error> {
        let mut borrowed = worker.borrow_mut();
        let id = match borrowed.dead().filter(|_| borrowed.is_dead()) {
            None => Some(borrowed.open_stream(info)?),
            Some(_) if borrowed.failure_policy().new_streams_bypass() => None,
            Some(dead) => return Err(dead),
        };
        drop(borrowed);
        Ok(Stream { worker, id })
    }

    /// A stream that no filter sees.
    pub(crate) fn bypass(worker: Rc<RefCell<Worker>>) -> Stream {
        Stream { worker, id: None }
    }

    /// Request headers, pseudo headers (`:authority`, `:path`, `:method`, `:scheme`) included.
    ///
    /// # Errors
    /// As every callback here: [`Error::Trap`], [`Error::Paused`] for an answer other than Continue, or [`Error::Dead`] if
    /// the VM has crashed before, unless the failure policy is [`FailOpen`](crate::FailurePolicy::FailOpen).
    pub fn request_headers(
        &mut self,
        headers: impl IntoHeaders,
        end_of_stream: bool,
    ) -> Result<(), Error> {
        self.headers(Direction::Request, headers.into_headers(), end_of_stream)
    }

    /// One chunk of the request body; returns it as the filter left it.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn request_body(
        &mut self,
        chunk: impl Into<Bytes>,
        end_of_stream: bool,
    ) -> Result<Bytes, Error> {
        let (chunk, outcome) = self.body(Direction::Request, chunk.into(), end_of_stream);
        outcome.map(|()| chunk)
    }

    /// The request's trailers; they end it, and no body chunk did.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn request_trailers(&mut self, trailers: impl IntoHeaders) -> Result<(), Error> {
        self.trailers(Direction::Request, trailers.into_headers())
    }

    /// Response headers, `:status` included.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn response_headers(
        &mut self,
        headers: impl IntoHeaders,
        end_of_stream: bool,
    ) -> Result<(), Error> {
        self.headers(Direction::Response, headers.into_headers(), end_of_stream)
    }

    /// One chunk of the response body; returns it as the filter left it.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn response_body(
        &mut self,
        chunk: impl Into<Bytes>,
        end_of_stream: bool,
    ) -> Result<Bytes, Error> {
        let (chunk, outcome) = self.body(Direction::Response, chunk.into(), end_of_stream);
        outcome.map(|()| chunk)
    }

    /// The response's trailers; they end it, and no body chunk did.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn response_trailers(&mut self, trailers: impl IntoHeaders) -> Result<(), Error> {
        self.trailers(Direction::Response, trailers.into_headers())
    }

    /// The end, in Envoy's order: log, done, delete.
    ///
    /// # Errors
    /// As [`Stream::request_headers`].
    pub fn end(mut self, end: EndInfo) -> Result<(), Error> {
        let reached = self.reach();
        match self.id.take() {
            Some(id) => self.worker.borrow_mut().end_stream(id, end).and(reached),
            None => Ok(()),
        }
    }

    /// An error if the VM has died since this stream began, and the policy has no stream outlive it.
    fn reach(&self) -> Result<(), Error> {
        let worker = self.worker.borrow();
        if self.id.is_none()
            || worker.failure_policy().running_streams_bypass()
            || !worker.is_dead()
        {
            return Ok(());
        }
        worker.dead().map_or(Ok(()), Err)
    }

    /// Changes what the filter can learn through properties.
    pub fn update(&mut self, change: impl FnOnce(&mut StreamInfo)) {
        if let Some(id) = self.id
            && let Some(info) = self.worker.borrow_mut().info_mut(id)
        {
            change(info);
        }
    }

    /// A property that the filter has set on this stream, path parts separated by zero bytes.
    #[must_use]
    pub fn property(&self, path: &[u8]) -> Option<Bytes> {
        self.worker.borrow().property(self.id?, path)
    }

    /// The request headers as the filter left them; `None` for a stream that bypasses it.
    #[must_use]
    pub fn request_header_map(&self) -> Option<HeaderMap> {
        self.worker.borrow().headers_of(self.id?, Direction::Request).cloned()
    }

    /// The response headers as the filter left them; `None` for a stream that bypasses it.
    #[must_use]
    pub fn response_header_map(&self) -> Option<HeaderMap> {
        self.worker.borrow().headers_of(self.id?, Direction::Response).cloned()
    }

    pub(crate) fn headers(
        &mut self,
        direction: Direction,
        headers: HeaderMap,
        end_of_stream: bool,
    ) -> Result<(), Error> {
        let Some(id) = self.id else { return Ok(()) };
        self.reach()?;
        self.worker.borrow_mut().headers(id, direction, headers, end_of_stream)
    }

    pub(crate) fn body(
        &mut self,
        direction: Direction,
        chunk: Bytes,
        end_of_stream: bool,
    ) -> (Bytes, Result<(), Error>) {
        let Some(id) = self.id else { return (chunk, Ok(())) };
        if let Err(dead) = self.reach() {
            return (chunk, Err(dead));
        }
        self.worker.borrow_mut().body(id, direction, chunk, end_of_stream)
    }

    pub(crate) fn trailers(
        &mut self,
        direction: Direction,
        trailers: HeaderMap,
    ) -> Result<(), Error> {
        let Some(id) = self.id else { return Ok(()) };
        self.reach()?;
        self.worker.borrow_mut().trailers(id, direction, trailers)
    }

    /// Headers that no callback has shown, for `on_log`.
    pub(crate) fn sent_headers(&mut self, request: Option<HeaderMap>, response: HeaderMap) {
        if let Some(id) = self.id {
            self.worker.borrow_mut().sent_headers(id, request, response);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // While a test unwinds, its worker may be borrowed; there is nothing left to tell then.
        if let Some(id) = self.id.take()
            && let Ok(mut worker) = self.worker.try_borrow_mut()
        {
            let _ = worker.end_stream(id, EndInfo::client_disconnect());
        }
    }
}

/// What can be given as headers: a [`HeaderMap`], or pairs of strings.
pub trait IntoHeaders {
    /// The headers in order.
    fn into_headers(self) -> HeaderMap;
}

impl IntoHeaders for HeaderMap {
    fn into_headers(self) -> HeaderMap {
        self
    }
}

impl IntoHeaders for &[(&str, &str)] {
    fn into_headers(self) -> HeaderMap {
        self.iter().copied().collect()
    }
}

impl<const N: usize> IntoHeaders for &[(&str, &str); N] {
    fn into_headers(self) -> HeaderMap {
        self.iter().copied().collect()
    }
}
