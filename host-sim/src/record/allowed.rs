//! What of a message's head a recording holds: named values, and named parts of a path. Of everything else it keeps the
//! length, so that sizes stay what they were. It never looks for what is secret: nobody knows all names of secrets.

use std::collections::BTreeSet;

use crate::HeaderMap;

/// Headers and trailers whose values are recorded: those that delimit and encode a message, and those by which a filter of
/// model traffic reads it.
pub(super) const HEADERS: [&str; 24] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "endpoint-load-metrics",
    "endpoint-load-metrics-bin",
    "endpoint-load-metrics-format",
    "expect",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-status",
    "grpc-timeout",
    "inference-header-content-length",
    "keep-alive",
    "sec-websocket-version",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-envoy-upstream-service-time",
    "x-forwarded-proto",
    "x-request-id",
];

/// Query parameters that are recorded: they choose the form of an API, and everyone may know them.
pub(super) const QUERY: [&str; 2] = ["alt", "api-version"];

/// In place of each byte that is not recorded.
const FILLER: u8 = b'x';

/// A number of more digits is no version.
const VERSION_DIGITS_MAX: usize = 3;

/// What is recorded as it came.
#[derive(Debug)]
pub(super) struct Allowed {
    /// In lower case.
    headers: BTreeSet<String>,
    query: BTreeSet<String>,
    /// Parts of paths.
    words: BTreeSet<Vec<u8>>,
}

impl Allowed {
    /// The names above, and these.
    pub(super) fn new<'a>(
        headers: impl IntoIterator<Item = &'a String>,
        query: impl IntoIterator<Item = &'a String>,
        paths: impl IntoIterator<Item = &'a String>,
    ) -> Allowed {
        let own = headers.into_iter().map(|name| name.to_ascii_lowercase());
        let words = paths.into_iter().flat_map(|path| parts(path.as_bytes()));
        Allowed {
            headers: HEADERS.iter().map(|&name| name.to_owned()).chain(own).collect(),
            query: QUERY
                .iter()
                .map(|&name| name.to_owned())
                .chain(query.into_iter().cloned())
                .collect(),
            words: words.filter(|part| !part.is_separator).map(|part| part.bytes.into()).collect(),
        }
    }

    /// Headers or trailers in order, without pseudo headers.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let pairs = headers.iter().filter(|(name, _)| !name.starts_with(b":"));
        pairs
            .map(|(name, value)| {
                let name = text(name);
                let is_kept = self.headers.contains(&name);
                let value = if is_kept { text(value) } else { filled(value.len()) };
                (name, value)
            })
            .collect()
    }

    /// A path with its query.
    pub(super) fn path(&self, path: &[u8]) -> String {
        let mut cut = path.splitn(2, |&byte| byte == b'?');
        let (before, query) = (cut.next().unwrap_or_default(), cut.next());
        let mut kept = Vec::with_capacity(path.len());
        for Part { bytes, is_separator } in parts(before) {
            if is_separator || is_version(bytes) || self.words.contains(bytes) {
                kept.extend_from_slice(bytes);
            } else {
                kept.resize(kept.len() + bytes.len(), FILLER);
            }
        }
        if let Some(query) = query {
            for (index, parameter) in query.split(|&byte| byte == b'&').enumerate() {
                kept.push(if index == 0 { b'?' } else { b'&' });
                self.parameter(parameter, &mut kept);
            }
        }
        // `CONNECT` has none, and a recording without one is none.
        if kept.is_empty() { "/".into() } else { String::from_utf8_lossy(&kept).into_owned() }
    }

    /// A parameter as it came if its name is known; otherwise only where its `=` is. A name that nobody knows may be a
    /// secret itself, as in `?3fa1c7`.
    fn parameter(&self, parameter: &[u8], kept: &mut Vec<u8>) {
        let name_bytes = parameter.iter().position(|&byte| byte == b'=');
        let name = name_bytes.map(|end| &parameter[..end]);
        let is_known =
            |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| self.query.contains(name));
        if name.is_some_and(is_known) && parameter.is_ascii() {
            return kept.extend_from_slice(parameter);
        }
        let from = kept.len();
        kept.resize(from + parameter.len(), FILLER);
        if let Some(equals) = name_bytes {
            kept[from + equals] = b'=';
        }
    }
}

/// Host and port. A user with a password, a path or a query that a client has written there is kept as its length.
pub(super) fn authority(authority: &[u8]) -> String {
    let end = authority.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(authority.len());
    let (host, rest) = authority.split_at(end);
    let user = host.iter().rposition(|&byte| byte == b'@').unwrap_or(0);
    let (user, host) = host.split_at(user);
    filled(user.len()) + &String::from_utf8_lossy(host) + &filled(rest.len())
}

/// A piece of a path, or what stands between two.
struct Part<'p> {
    bytes: &'p [u8],
    is_separator: bool,
}

/// Cuts a path at `/` and `:`, percent-encoded or not: names of models and operations stand between them.
fn parts(path: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < path.len() {
        let size = match path[at] {
            b'/' | b':' => 1,
            b'%' if is_encoded_separator(&path[at + 1..]) => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        parts.push(Part { bytes: &path[from..at], is_separator: false });
        parts.push(Part { bytes: &path[at..at + size], is_separator: true });
        at += size;
        from = at;
    }
    parts.push(Part { bytes: &path[from..], is_separator: false });
    parts
}

fn is_encoded_separator(after_percent: &[u8]) -> bool {
    let digits = after_percent.get(..2).map(<[u8]>::to_ascii_lowercase);
    digits.is_some_and(|digits| digits == b"2f" || digits == b"3a")
}

/// `1`, `v1`, `v2.0`, `v1beta1`: every API has them, and they say nothing.
fn is_version(part: &[u8]) -> bool {
    let number = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = part.strip_prefix(b"v").unwrap_or(part);
    let digits = number(rest);
    if digits == 0 || VERSION_DIGITS_MAX < digits {
        return false;
    }
    let rest = &rest[digits..];
    let rest = match rest.strip_prefix(b".") {
        Some(minor) if (1..=VERSION_DIGITS_MAX).contains(&number(minor)) => &minor[number(minor)..],
        Some(_) => return false,
        None => rest,
    };
    let stage = [&b"alpha"[..], b"beta"].iter().find_map(|stage| rest.strip_prefix(*stage));
    match stage {
        Some(after) => number(after) == after.len() && after.len() <= VERSION_DIGITS_MAX,
        None => rest.is_empty(),
    }
}

fn filled(bytes: usize) -> String {
    char::from(FILLER).to_string().repeat(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[&str], query: &[&str], paths: &[&str]) -> Allowed {
        let owned = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        Allowed::new(&owned(headers), &owned(query), &owned(paths))
    }

    #[test]
    fn a_header_has_its_value_only_if_its_name_is_allowed() {
        let given: HeaderMap = [
            (":path", "/"),
            ("content-type", "text/csv"),
            ("x-accesskey", "abc"),
            ("X-Tier", "gold"),
            ("x-forwarded-client-cert", "Cert=é"),
            ("referer", "https://h/?accessToken=abc"),
        ]
        .into_iter()
        .collect();
        let recorded = |own: &[&str]| -> Vec<String> {
            let pairs = allowed(own, &[], &[]).headers(&given);
            pairs.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
        };
        let filled = ["x-forwarded-client-cert: xxxxxxx", "referer: xxxxxxxxxxxxxxxxxxxxxxxxxx"];
        let first = ["content-type: text/csv", "x-accesskey: xxx"];
        assert_eq!(recorded(&[]), [&first[..], &["x-tier: xxxx"], &filled].concat());
        assert_eq!(recorded(&["X-TIER"]), [&first[..], &["x-tier: gold"], &filled].concat());
    }

    #[test]
    fn a_path_keeps_the_words_that_are_allowed_and_its_length() {
        let allowed =
            allowed(&[], &["stream"], &["/models/rain:predict", "anthropic.claude-v2", "a/b"]);
        for (path, recorded) in [
            ("/v1/models/rain:predict", "/v1/models/rain:predict"),
            ("/v1beta1/models/other:predict", "/v1beta1/models/xxxxx:predict"),
            ("/models/anthropic.claude-v2%3A1/x", "/models/anthropic.claude-v2%3A1/x"),
            ("/b%2fa/v2.0/versions/3", "/b%2fa/v2.0/xxxxxxxx/3"),
            ("/models;jsessionid=abc/1234#s", "/xxxxxxxxxxxxxxxxxxxxx/xxxxxx"),
            ("/models?key=abc&alt=sse", "/models?xxx=xxx&alt=sse"),
            ("/?accessToken=1=2&code=&%6bey=3&abc", "/?xxxxxxxxxxx=xxx&xxxx=&xxxxx=x&xxx"),
            ("/?a?b/models&stream=1&Alt=2", "/?xxxxxxxxxx&stream=1&xxx=x"),
            ("/é", "/xx"),
            ("/?", "/?"),
            ("", "/"),
        ] {
            assert_eq!(allowed.path(path.as_bytes()), recorded);
        }
        assert_eq!(allowed.path(b"/\xff/v1234/v1x/v1."), "/x/xxxxx/xxx/xxx");
    }

    #[test]
    fn a_host_is_recorded_without_user_password_and_query() {
        for (given, recorded) in [
            ("h:8080", "h:8080"),
            ("[::1]:9", "[::1]:9"),
            ("me:pa@ss@h:1", "xxxxxxxx@h:1"),
            ("h?key=a@b", "hxxxxxxxx"),
            ("@h", "@h"),
        ] {
            assert_eq!(authority(given.as_bytes()), recorded);
        }
    }
}
