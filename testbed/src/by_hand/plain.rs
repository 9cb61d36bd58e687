//! One end of an HTTP/1.1 connection that carries one exchange. It never reads ahead of what it is asked for.

use anyhow::{Context, Result, ensure};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::Headers as Given;
use crate::http1::{self, BodyEnd, BodyReader, Headers, Incoming};

#[derive(Debug)]
pub(super) struct Plain {
    stream: TcpStream,
    incoming: Incoming,
    /// Of the request that a server has read.
    headers: Headers,
    /// The body that comes in, from its head on.
    reader: Option<BodyReader>,
    received: Vec<u8>,
    /// How the body that goes out ends.
    out: BodyEnd,
    /// An answer to HEAD has no body, whatever its head says.
    asked_for_head: bool,
}

impl Plain {
    pub(super) fn new(stream: TcpStream) -> Plain {
        Plain {
            stream,
            incoming: Incoming::default(),
            headers: Headers::new(),
            reader: None,
            received: Vec::new(),
            out: BodyEnd::Close,
            asked_for_head: false,
        }
    }

    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    pub(super) async fn half_close(&mut self) -> Result<()> {
        Ok(self.stream.shutdown().await?)
    }

    pub(super) async fn send_head(
        &mut self,
        first_line: &str,
        headers: Given<'_>,
        ended: bool,
    ) -> Result<()> {
        self.asked_for_head = first_line.starts_with("HEAD ");
        let owned = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        self.out = BodyEnd::of(&owned.collect(), BodyEnd::Close)?;
        if ended {
            self.out = BodyEnd::Length(0);
        }
        self.stream.write_all(http1::head(first_line, headers).as_bytes()).await?;
        Ok(())
    }

    pub(super) async fn send(&mut self, data: &[u8], ended: bool) -> Result<()> {
        let mut bytes = match self.out {
            BodyEnd::LastChunk => http1::chunk(data),
            BodyEnd::Length(_) | BodyEnd::Close => data.to_vec(),
        };
        if ended && self.out == BodyEnd::LastChunk {
            bytes.extend_from_slice(http1::LAST_CHUNK);
        }
        self.stream.write_all(&bytes).await?;
        if ended && self.out == BodyEnd::Close {
            self.stream.shutdown().await?;
        }
        Ok(())
    }

    pub(super) async fn send_trailers(&mut self, trailers: Given<'_>) -> Result<()> {
        ensure!(self.out == BodyEnd::LastChunk, "only chunks can end with trailers");
        self.stream.write_all(http1::head("0", trailers).as_bytes()).await?;
        Ok(())
    }

    pub(super) async fn read_request(&mut self) -> Result<()> {
        let head = self.incoming.read_head(&mut self.stream).await?.context("no request")?;
        // What follows an upgrade has no length.
        let without = match http1::header(&head.headers, "upgrade") {
            Some(_) => BodyEnd::Close,
            None => BodyEnd::Length(0),
        };
        self.asked_for_head = head.first_line.starts_with("HEAD ");
        self.reader = Some(BodyReader::new(BodyEnd::of(&head.headers, without)?));
        self.headers = head.headers;
        Ok(())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        http1::header(&self.headers, name)
    }

    pub(super) fn reset(self) -> Result<()> {
        Ok(self.stream.set_zero_linger()?)
    }

    pub(super) async fn gone(&mut self) {
        while self.read().await {
            self.incoming.bytes.clear();
        }
    }

    pub(super) async fn read_status(&mut self) -> Result<u16> {
        loop {
            let head = self.incoming.read_head(&mut self.stream).await?.context("no answer")?;
            let status = head.first_line.split(' ').nth(1).unwrap_or_default();
            let status: u16 = status.parse().with_context(|| format!("`{}`", head.first_line))?;
            if (100..200).contains(&status) && status != 101 {
                continue;
            }
            let end = match status {
                204 | 304 => BodyEnd::Length(0),
                _ if self.asked_for_head => BodyEnd::Length(0),
                _ => BodyEnd::of(&head.headers, BodyEnd::Close)?,
            };
            self.reader = Some(BodyReader::new(end));
            self.received.clear();
            return Ok(status);
        }
    }

    pub(super) async fn receive(&mut self, bytes: usize) -> Result<()> {
        while self.take()?.len() < bytes {
            ensure!(self.read().await, "the peer closed after {} bytes", self.received.len());
        }
        Ok(())
    }

    pub(super) fn received(&self) -> &[u8] {
        &self.received
    }

    pub(super) async fn receive_end(&mut self) -> Result<bool> {
        loop {
            self.take()?;
            let reader = self.reader.as_ref().context("no head was read")?;
            let (done, may_close) = (reader.is_done(), reader.may_close());
            if done || !self.read().await {
                return Ok(done || may_close);
            }
        }
    }

    fn take(&mut self) -> Result<&[u8]> {
        let reader = self.reader.as_mut().context("no head was read")?;
        reader.take(&mut self.incoming, &mut self.received)?;
        Ok(&self.received)
    }

    /// False once the peer has closed or reset the connection.
    async fn read(&mut self) -> bool {
        matches!(self.incoming.read(&mut self.stream).await, Ok(1..))
    }
}
