//! What a proxy needs to know before it starts; nothing here is read from the environment.

use std::{collections::BTreeSet, fmt, net::SocketAddr, str::FromStr, time::Duration};

use crate::{Filter, Recorder, WorldOptions};

/// How to run the proxy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The filter, compiled.
    pub filter: Filter,
    /// The VMs: configuration, number of workers, stats. The clock should be the real one.
    pub world: WorldOptions,
    /// Where clients connect; port 0 chooses a free one.
    pub listen: SocketAddr,
    /// Where stats are; port 0 chooses a free one.
    pub admin: SocketAddr,
    /// Where requests go.
    pub upstream: Upstream,
    /// The name of the only route. Envoy's routes have no name unless the configuration gives them one.
    pub route_name: String,
    /// From the end of the request to the end of the response; `None` lets streams run.
    pub timeout: Option<Duration>,
    /// From the first byte of a request to the end of its headers; a client that takes longer is answered with 408. As
    /// Envoy's `request_headers_timeout`, which has no limit unless set; here it is 60 s. `None` for no limit.
    pub request_headers_timeout: Option<Duration>,
    /// Protocols that a request may ask for with `upgrade`; others are answered with 403. As
    /// Envoy's `upgrade_configs`.
    pub upgrades: BTreeSet<String>,
    /// Where exchanges are recorded, if anywhere.
    pub recorder: Option<Recorder>,
}

impl Options {
    /// Both listeners on free ports of the loopback address, web sockets allowed, without timeout.
    #[must_use]
    pub fn new(filter: Filter, world: WorldOptions, upstream: Upstream) -> Options {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Options {
            filter,
            world,
            listen: loopback,
            admin: loopback,
            upstream,
            route_name: String::new(),
            timeout: None,
            request_headers_timeout: Some(Duration::from_secs(60)),
            upgrades: BTreeSet::from(["websocket".into()]),
            recorder: None,
        }
    }
}

/// A server that speaks HTTP/1.1 without TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upstream {
    host: String,
    port: u16,
}

/// Why a text is not the address of an upstream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpstreamError(String);

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UpstreamError {}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl From<SocketAddr> for Upstream {
    fn from(address: SocketAddr) -> Upstream {
        let host = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        Upstream { host, port: address.port() }
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    /// `http://HOST[:PORT]`, without a path: the client's path is passed on as it is.
    fn from_str(url: &str) -> Result<Upstream, UpstreamError> {
        let refuse = |reason: &str| {
            Err(UpstreamError(format!("`{url}` {reason}; allowed is http://HOST[:PORT]")))
        };
        let Some(rest) = url.strip_prefix("http://") else {
            return refuse("does not begin with http://");
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return refuse("has more or less than a host and a port");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (host, port),
                Err(_) => return refuse("has a port that is no number from 0 to 65535"),
            },
            _ => (authority, 80),
        };
        Ok(Upstream { host: host.to_string(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_host_and_a_port() {
        for (url, shown) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://models.local/", "models.local:80"),
            ("http://[::1]:9", "[::1]:9"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_eq!(url.parse::<Upstream>().unwrap().to_string(), shown);
        }
        for url in
            ["", "https://x", "x:1", "http://", "http://x/v1", "http://x:y", "http://x:99999"]
        {
            let error = url.parse::<Upstream>().unwrap_err().to_string();
            assert!(error.contains("http://HOST[:PORT]"), "{url}: {error}");
        }
    }
}
