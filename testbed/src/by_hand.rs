//! Both ends of a proxy, moved by hand: a client and an upstream that do one step each time they are told. They never
//! act by themselves, and every step can be awaited at the other end, so that no two of them melt into one read.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use framed::Framed;
use plain::Plain;

mod framed;
mod plain;

/// Names in lower case, and values.
pub type Headers<'h> = &'h [(&'h str, &'h str)];

/// What is spoken over a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, without an upgrade.
    Http2,
}

/// One message out and one in, at either end.
#[derive(Debug)]
enum Line {
    Plain(Plain),
    Framed(Framed),
}

/// A client with a connection of its own. It hangs up when it is dropped.
#[derive(Debug)]
pub struct Client {
    line: Line,
}

impl Client {
    /// Connects.
    pub async fn connect(protocol: Protocol, proxy: SocketAddr) -> Result<Client> {
        let stream = TcpStream::connect(proxy).await.context("cannot connect to the proxy")?;
        stream.set_nodelay(true)?;
        let line = match protocol {
            Protocol::Http1 => Line::Plain(Plain::new(stream)),
            Protocol::Http2 => Line::Framed(Framed::client(stream).await?),
        };
        Ok(Client { line })
    }

    /// Sends bytes as they are, which only HTTP/1.1 can.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.line {
            Line::Plain(line) => line.send_raw(bytes).await,
            Line::Framed(_) => bail!("HTTP/2 has no bytes of its own"),
        }
    }

    /// Sends the head of a request, with these headers only; `host` is the authority.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        ended: bool,
    ) -> Result<()> {
        match &mut self.line {
            Line::Plain(line) => line.send_head(&request_line(method, path), headers, ended).await,
            Line::Framed(line) => line.ask(method, path, headers, ended).await,
        }
    }

    /// Waits for the head of the answer, past interim ones, and returns its status.
    pub async fn status(&mut self) -> Result<u16> {
        match &mut self.line {
            Line::Plain(line) => line.read_status().await,
            Line::Framed(line) => line.read_status().await,
        }
    }

    /// A client whose exchange goes over the same connection, at the same time, which only HTTP/2 can.
    pub fn beside(&self) -> Result<Client> {
        match &self.line {
            Line::Plain(_) => bail!("a connection of HTTP/1.1 carries one exchange at a time"),
            Line::Framed(line) => Ok(Client { line: Line::Framed(line.beside()?) }),
        }
    }

    /// Goes away: closes the connection of HTTP/1.1, cancels the stream of HTTP/2.
    pub fn leave(self) {
        self.line.break_off();
    }

    /// Says that nothing more comes, and goes on listening, which only HTTP/1.1 can.
    pub async fn half_close(&mut self) -> Result<()> {
        match &mut self.line {
            Line::Plain(line) => line.half_close().await,
            Line::Framed(_) => bail!("a connection of HTTP/2 has no half"),
        }
    }
}

/// The first line of a request.
pub fn request_line(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1")
}

/// An upstream. It takes the next request of a connection when the one before is answered, or all of them at once.
#[derive(Debug)]
pub struct Upstream {
    protocol: Protocol,
    listener: TcpListener,
}

impl Upstream {
    /// Listens on a free port.
    pub async fn start(protocol: Protocol) -> Result<Upstream> {
        Ok(Upstream { protocol, listener: TcpListener::bind(("127.0.0.1", 0)).await? })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Waits for the next connection and the head of its request.
    pub async fn accept(&self) -> Result<Served> {
        let (stream, _) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        let line = match self.protocol {
            Protocol::Http1 => {
                let mut line = Plain::new(stream);
                line.read_request().await?;
                Line::Plain(line)
            }
            Protocol::Http2 => Line::Framed(Framed::server(stream).await?),
        };
        Ok(Served { line })
    }

    /// Calls `serve` for every request of every connection, each in a task of its own, until this is dropped; of a
    /// connection of HTTP/1.1 for the first one only.
    pub async fn serve<S>(&self, serve: impl Fn(Served) -> S + Clone + Send + Sync + 'static)
    where
        S: Future<Output = ()> + Send + 'static,
    {
        // Dropped with this, and with it every connection.
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = self.listener.accept().await {
            let _ = stream.set_nodelay(true);
            let (protocol, serve) = (self.protocol, serve.clone());
            // A peer that breaks off is a part of most stories, so nobody is told.
            connections.spawn(async move {
                match protocol {
                    Protocol::Http1 => {
                        let mut line = Plain::new(stream);
                        if line.read_request().await.is_ok() {
                            serve(Served { line: Line::Plain(line) }).await;
                        }
                    }
                    Protocol::Http2 => {
                        let each = |line| serve(Served { line: Line::Framed(line) });
                        let _ = Framed::serve(stream, each).await;
                    }
                }
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

/// A request that the upstream has, to be answered.
#[derive(Debug)]
pub struct Served {
    line: Line,
}

impl Served {
    /// The value of a header of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        match &self.line {
            Line::Plain(line) => line.header(name),
            Line::Framed(line) => line.header(name),
        }
    }

    /// Sends the head of the answer, with these headers only.
    pub async fn respond(&mut self, status: u16, headers: Headers<'_>, ended: bool) -> Result<()> {
        match &mut self.line {
            Line::Plain(line) => {
                line.send_head(&format!("HTTP/1.1 {status} Scripted"), headers, ended).await
            }
            Line::Framed(line) => line.respond(status, headers, ended),
        }
    }

    /// Sends bytes as they are, which only HTTP/1.1 can.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.line {
            Line::Plain(line) => line.send_raw(bytes).await,
            Line::Framed(_) => bail!("HTTP/2 has no bytes of its own"),
        }
    }

    /// Closes the connection of HTTP/1.1, resets the stream of HTTP/2.
    pub fn break_off(self) {
        self.line.break_off();
    }

    /// Resets the connection of HTTP/1.1, and the stream of HTTP/2.
    pub fn reset(self) -> Result<()> {
        match self.line {
            Line::Plain(line) => line.reset(),
            Line::Framed(line) => {
                line.break_off();
                Ok(())
            }
        }
    }

    /// Waits until the client's side has gone away.
    pub async fn gone(&mut self) {
        match &mut self.line {
            Line::Plain(line) => line.gone().await,
            Line::Framed(line) => line.gone().await,
        }
    }
}

/// What both ends can do once heads are exchanged.
macro_rules! message {
    ($end:ty) => {
        impl $end {
            /// Sends a part of the body, and its end if it is the last. HTTP/1.1 frames it as the head has said.
            pub async fn send(&mut self, data: &[u8], ended: bool) -> Result<()> {
                match &mut self.line {
                    Line::Plain(line) => line.send(data, ended).await,
                    Line::Framed(line) => line.send(data, ended),
                }
            }

            /// Ends the body with trailers.
            pub async fn send_trailers(&mut self, trailers: Headers<'_>) -> Result<()> {
                match &mut self.line {
                    Line::Plain(line) => line.send_trailers(trailers).await,
                    Line::Framed(line) => line.send_trailers(trailers),
                }
            }

            /// Closes the connection, whatever is spoken over it.
            pub fn hang_up(self) -> Result<()> {
                match self.line {
                    Line::Plain(line) => drop(line),
                    Line::Framed(line) => line.hang_up()?,
                }
                Ok(())
            }

            /// Waits until the body has at least so many bytes, counted from its begin.
            pub async fn receive(&mut self, bytes: usize) -> Result<()> {
                match &mut self.line {
                    Line::Plain(line) => line.receive(bytes).await,
                    Line::Framed(line) => line.receive(bytes).await,
                }
            }

            /// What was received of the body by now.
            pub fn received(&self) -> &[u8] {
                match &self.line {
                    Line::Plain(line) => line.received(),
                    Line::Framed(line) => line.received(),
                }
            }

            /// Waits for the end of the body, and says whether it was whole.
            pub async fn receive_end(&mut self) -> Result<bool> {
                match &mut self.line {
                    Line::Plain(line) => line.receive_end().await,
                    Line::Framed(line) => Ok(line.receive_end().await),
                }
            }
        }
    };
}

message!(Client);
message!(Served);

impl Line {
    fn break_off(self) {
        match self {
            Line::Plain(line) => drop(line),
            Line::Framed(line) => line.break_off(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    /// An exchange without a proxy between the two.
    async fn check(protocol: Protocol, headers: Headers<'_>) {
        let upstream = Upstream::start(protocol).await.unwrap();
        let mut client = Client::connect(protocol, upstream.address().unwrap()).await.unwrap();
        client.ask("POST", "/", &[&[("host", "x")], headers].concat(), false).await.unwrap();
        let mut served = upstream.accept().await.unwrap();
        client.send(b"ask", false).await.unwrap();
        served.receive(3).await.unwrap();
        client.send(b"ed", true).await.unwrap();
        assert!(served.receive_end().await.unwrap(), "{protocol:?}");
        assert_eq!(served.received(), b"asked", "{protocol:?}");
        served.respond(201, headers, false).await.unwrap();
        assert_eq!(client.status().await.unwrap(), 201);
        served.send(b"answ", false).await.unwrap();
        client.receive(4).await.unwrap();
        served.send_trailers(&[("x-t", "v")]).await.unwrap();
        assert!(client.receive_end().await.unwrap(), "{protocol:?}");
        assert_eq!(client.received(), b"answ", "{protocol:?}");
    }

    #[tokio::test]
    async fn each_step_arrives_before_the_next_is_made() {
        check(Protocol::Http1, &[("transfer-encoding", "chunked")]).await;
        check(Protocol::Http2, &[]).await;
    }

    #[tokio::test]
    async fn exchanges_go_side_by_side_and_one_that_is_given_up_leaves_the_others() {
        let upstream = Upstream::start(Protocol::Http2).await.unwrap();
        let address = upstream.address().unwrap();
        let gone = Arc::new(Notify::new());
        let serve = {
            let gone = Arc::clone(&gone);
            move |mut served: Served| {
                let gone = Arc::clone(&gone);
                async move {
                    if served.header("x-name") == Some("leaves") {
                        served.respond(200, &[], false).await.unwrap();
                        served.gone().await;
                        gone.notify_one();
                    } else {
                        gone.notified().await;
                        served.respond(200, &[], false).await.unwrap();
                        served.send(b"answer", true).await.unwrap();
                    }
                }
            }
        };
        let serving = tokio::spawn(async move { upstream.serve(serve).await });
        let mut leaves = Client::connect(Protocol::Http2, address).await.unwrap();
        let mut stays = leaves.beside().unwrap();
        stays.ask("GET", "/", &[("x-name", "stays")], true).await.unwrap();
        leaves.ask("GET", "/", &[("x-name", "leaves")], true).await.unwrap();
        assert_eq!(leaves.status().await.unwrap(), 200);
        leaves.leave();
        assert_eq!(stays.status().await.unwrap(), 200);
        assert!(stays.receive_end().await.unwrap());
        assert_eq!(stays.received(), b"answer");
        serving.abort();
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_not_whole() {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let upstream = Upstream::start(protocol).await.unwrap();
            let mut client = Client::connect(protocol, upstream.address().unwrap()).await.unwrap();
            client.ask("GET", "/", &[("host", "x")], true).await.unwrap();
            let mut served = upstream.accept().await.unwrap();
            let head: Headers<'_> = match protocol {
                Protocol::Http1 => &[("content-length", "9")],
                Protocol::Http2 => &[],
            };
            served.respond(200, head, false).await.unwrap();
            client.status().await.unwrap();
            served.send(b"half", false).await.unwrap();
            client.receive(4).await.unwrap();
            served.break_off();
            assert!(!client.receive_end().await.unwrap(), "{protocol:?}");
        }
    }
}
