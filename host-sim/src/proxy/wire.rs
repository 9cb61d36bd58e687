//! One TCP connection with what was read and not yet used, and what is to be written; it never blocks.

use std::{io, time::Duration};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Room for one read. Envoy's slices are as large.
const READ_BYTES: usize = 16 * 1024;

/// Beyond this much unread input of one kind, the other side has to wait.
pub(super) const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Envoy's default for `delayed_close_timeout`.
const LINGER: Duration = Duration::from_secs(1);

/// A connection of either side.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) tcp: TcpStream,
    pub(super) input: BytesMut,
    pub(super) output: BytesMut,
}

/// What reading found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Read {
    /// Maybe new bytes; the connection is still open.
    Open,
    /// The other side has closed or reset; what came before that is in the input.
    Closed,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream) -> Wire {
        // Only a latency hint: a socket that refuses it works all the same.
        let _ = tcp.set_nodelay(true);
        Wire { tcp, input: BytesMut::new(), output: BytesMut::new() }
    }

    /// Takes what the socket has, until the input holds `limit` bytes.
    pub(super) fn read_now(&mut self, limit: usize) -> Read {
        while self.input.len() < limit {
            self.input.reserve(READ_BYTES);
            match self.tcp.try_read_buf(&mut self.input) {
                Ok(0) => return Read::Closed,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Read::Open,
                Err(_) => return Read::Closed,
            }
        }
        Read::Open
    }

    /// Writes what the socket takes; the rest stays in the output.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) fn write_now(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.tcp.try_write(&self.output) {
                Ok(written) => self.output.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that nothing more comes, and takes what the other side still sends for a while: it would
    /// lose the answer to a connection that is closed over its bytes.
    pub(super) async fn linger(&mut self) {
        let drained = async {
            self.tcp.shutdown().await?;
            loop {
                self.input.clear();
                self.input.reserve(READ_BYTES);
                if self.tcp.read_buf(&mut self.input).await? == 0 {
                    return Ok::<_, io::Error>(());
                }
            }
        };
        // A peer that sends for longer, or has gone, gets what there is.
        let _ = timeout(LINGER, drained).await;
    }

    /// Waits until the whole output is written.
    ///
    /// # Errors
    /// The connection is broken.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        loop {
            self.write_now()?;
            if self.output.is_empty() {
                return Ok(());
            }
            self.tcp.writable().await?;
        }
    }
}
