//! Where feedback goes: a URL, read strictly; it looks up no name and opens nothing.

use hyper::{
    Uri,
    header::{self, HeaderName, HeaderValue},
    http::uri::PathAndQuery,
};

/// The path of feedback where a filter listens.
const PATH: &str = "/driftline/v1/feedback";
const PORT_DEFAULT: u16 = 80;
/// What the command itself says of each request.
const OWN_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::EXPECT,
];

/// A server and a path on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Target {
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Of the header `host`.
    pub(super) authority: String,
    pub(super) path: PathAndQuery,
}

/// Reads `http://host:port`, with or without a path.
pub(super) fn target(text: &str) -> Result<Target, String> {
    const ALLOWED: &str = "allowed is http://HOST:PORT, with or without a path";
    if !text.contains("://") {
        return Err(format!("`{text}` has no scheme; {ALLOWED}"));
    }
    let uri: Uri = text.parse().map_err(|error| format!("`{text}` is none: {error}; {ALLOWED}"))?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => {
            return Err(format!(
                "`{text}` needs TLS, which this command does not speak; send to a listener without TLS instead, such \
                 as one that `kubectl port-forward POD 10000:10000` makes reachable as http://127.0.0.1:10000"
            ));
        }
        scheme => {
            return Err(format!("found the scheme `{}`; {ALLOWED}", scheme.unwrap_or("none")));
        }
    }
    let authority = uri.authority().ok_or_else(|| format!("`{text}` names no host; {ALLOWED}"))?;
    if authority.as_str().contains('@') {
        return Err(format!(
            "found a user name before the host; {ALLOWED}; --header adds a secret"
        ));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(format!("`{text}` names no host; {ALLOWED}"));
    }
    let port = match authority.port_u16() {
        Some(port) => port,
        None if authority.host().len() == authority.as_str().len() => PORT_DEFAULT,
        None => {
            return Err(format!("`{text}` has a port that is no number up to 65535; {ALLOWED}"));
        }
    };
    let given = uri.path_and_query().filter(|path| path.as_str() != "/");
    Ok(Target {
        host: host.to_owned(),
        port,
        authority: authority.to_string(),
        path: given.cloned().unwrap_or(PathAndQuery::from_static(PATH)),
    })
}

/// Reads `name: value`.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    // The value may be a secret, so no message repeats it.
    const ALLOWED: &str = "expected 'name: value'";
    let (name, value) = text.split_once(':').ok_or(format!("found no colon, {ALLOWED}"))?;
    let name: HeaderName = name
        .trim()
        .parse()
        .map_err(|_| format!("found `{}`, which is no name of a header, {ALLOWED}", name.trim()))?;
    if OWN_HEADERS.contains(&name) {
        return Err(format!("found `{name}`, which this command sets itself"));
    }
    let mut value: HeaderValue = value.trim().parse().map_err(|_| {
        format!("the value of `{name}` has bytes that no header has; expected visible ASCII")
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn goes(text: &str, host: &str, port: u16, path: &str) {
        let target = target(text).unwrap();
        assert_eq!((target.host.as_str(), target.port), (host, port), "{text}");
        assert_eq!(target.path.as_str(), path, "{text}");
    }

    #[test]
    fn a_url_without_a_path_gets_the_standard_one() {
        goes("http://localhost:10000", "localhost", 10_000, PATH);
        goes("http://localhost:10000/", "localhost", 10_000, PATH);
        goes("http://envoy", "envoy", 80, PATH);
        goes("http://[::1]:7/a/b?c=d", "::1", 7, "/a/b?c=d");
        assert_eq!(target("http://[::1]:7").unwrap().authority, "[::1]:7");
    }

    #[test]
    fn other_urls_say_what_is_allowed() {
        for (text, expected) in [
            ("localhost:10000", "has no scheme; allowed is http://HOST:PORT"),
            ("https://envoy:443", "needs TLS, which this command does not speak"),
            ("https://envoy:443", "kubectl port-forward"),
            ("ftp://envoy", "found the scheme `ftp`"),
            ("http://user:word@envoy", "--header adds a secret"),
            ("http://envoy:99999", "allowed is"),
            ("http://envoy:", "allowed is"),
            ("http://:80", "allowed is"),
            ("http://", "allowed is"),
        ] {
            let error = target(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("word"), "{text}: {error}");
        }
    }

    #[test]
    fn a_header_is_a_name_and_a_value_which_no_message_repeats() {
        let (name, value) = header("X-Secret:  s3:cret ").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("x-secret", &b"s3:cret"[..]));
        for text in ["s3cret", "x y: s3cret", "x: s3cret\u{7}", "Content-Length: s3cret"] {
            let error = header(text).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
