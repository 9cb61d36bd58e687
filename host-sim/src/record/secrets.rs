//! What of a request or a response is a secret. Names alone decide; values are never looked at.

/// A name one of whose words is here carries a secret: `x-goog-api-key`, `x-amz-security-token`, `set-cookie`.
const WORDS: [&str; 18] = [
    "apikey",
    "assertion",
    "auth",
    "authentication",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "key",
    "passwd",
    "password",
    "secret",
    "session",
    "sig",
    "signature",
    "subscription",
    "token",
];

/// They have such a word, and are public.
const PUBLIC: [&str; 3] = ["idempotency-key", "sec-websocket-key", "surrogate-key"];

/// Replaces a secret in a header.
const REDACTED: &str = "(not recorded)";

/// The same in a path, which holds no spaces.
const REDACTED_IN_PATH: &str = "not-recorded";

/// Puts words in place of the values of secret headers.
pub(super) fn redact_headers(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if is_secret(name) {
            *value = REDACTED.into();
        }
    }
}

/// A path with words in place of secrets in its query, such as Gemini's `?key=`.
pub(super) fn redact_path(path: &str) -> String {
    let Some((before, query)) = path.split_once('?') else { return path.into() };
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={REDACTED_IN_PATH}"),
        _ => parameter.to_owned(),
    });
    format!("{before}?{}", parameters.collect::<Vec<_>>().join("&"))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    !PUBLIC.contains(&&*name) && words.any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_a_secret() {
        for (name, secret) in [
            ("authorization", true),
            ("Proxy-Authorization", true),
            ("set-cookie", true),
            ("x-api-key", true),
            ("api-key", true),
            ("x-goog-api-key", true),
            ("ocp-apim-subscription-key", true),
            ("x-amz-security-token", true),
            ("x-auth", true),
            ("host", false),
            ("content-type", false),
            ("x-ratelimit-remaining-tokens", false),
            ("x-monkey", false),
            ("idempotency-key", false),
        ] {
            let mut headers = [(name.to_owned(), "value".to_owned())];
            redact_headers(&mut headers);
            assert_eq!(headers[0].1 == REDACTED, secret, "{name}");
        }
    }

    #[test]
    fn a_query_keeps_what_is_no_secret() {
        for (path, recorded) in [
            ("/v1/models", "/v1/models"),
            ("/v1/models?key=abc&alt=sse", "/v1/models?key=not-recorded&alt=sse"),
            (
                "/x?a&X-Amz-Signature=1=2&api_key=",
                "/x?a&X-Amz-Signature=not-recorded&api_key=not-recorded",
            ),
            ("/x?", "/x?"),
        ] {
            assert_eq!(redact_path(path), recorded);
        }
    }
}
