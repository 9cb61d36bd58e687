//! What an operator says of the place where the filter is deployed. It checks the form of each name, and renders nothing.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// The longest name of a Kubernetes object that is also a label.
const NAME_MAX: usize = 63;
/// Hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// Where the filter is deployed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deployment {
    /// The image of the filter.
    pub image: Image,
    /// The filter's module, as the static Envoy finds it.
    pub filter: String,
    /// Where the static Envoy takes requests.
    pub listen: SocketAddr,
    /// Where its admin interface is.
    pub admin: SocketAddr,
    /// Where the static Envoy sends requests.
    pub upstream: Host,
    /// The namespace of the gateway; `None` for the one that `kubectl` uses.
    pub namespace: Option<Name>,
    /// The namespace of rules and dashboards, likewise.
    pub monitoring_namespace: Option<Name>,
    /// Labels of the pods of Istio's gateway; one at least.
    pub selector: Vec<Label>,
    /// Which of Istio's objects the Kustomize folder has.
    pub istio: IstioObject,
    /// The gateway of Envoy Gateway.
    pub gateway: Name,
    /// Labels by which Prometheus' operator selects monitors and rules.
    pub monitor_labels: Vec<Label>,
    /// Where Prometheus answers queries.
    pub prometheus: String,
    /// Requests in flight for which a model gets one replica.
    pub concurrency: u32,
    /// The most replicas of a model.
    pub replicas_max: u32,
}

impl Deployment {
    /// One on this machine, or of one gateway, with an image of this version.
    #[must_use]
    pub fn local() -> Deployment {
        Deployment {
            image: Image {
                reference: format!("registry.example/driftline:{}", env!("CARGO_PKG_VERSION")),
                digest: None,
            },
            filter: String::from("target/driftline.wasm"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 10_000)),
            admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 9901)),
            upstream: Host { name: Ipv4Addr::LOCALHOST.to_string(), port: 8000 },
            namespace: None,
            monitoring_namespace: None,
            selector: vec![Label {
                key: String::from("istio"),
                value: String::from("ingressgateway"),
            }],
            istio: IstioObject::EnvoyFilter,
            gateway: Name(String::from("my-gateway")),
            monitor_labels: Vec::new(),
            prometheus: String::from("http://prometheus-operated.monitoring:9090"),
            concurrency: 8,
            replicas_max: 10,
        }
    }
}

/// An object by which Istio gets the filter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IstioObject {
    /// Keeps open streams if the filter fails, and lets it answer feedback.
    EnvoyFilter,
    /// The one that most of Istio's documentation is about.
    WasmPlugin,
    /// What takes its place from Istio 1.30 on.
    TrafficExtension,
}

impl IstioObject {
    /// All of them.
    pub const ALL: [IstioObject; 3] =
        [IstioObject::EnvoyFilter, IstioObject::WasmPlugin, IstioObject::TrafficExtension];

    /// What its file and the option are called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            IstioObject::EnvoyFilter => "envoy-filter",
            IstioObject::WasmPlugin => "wasm-plugin",
            IstioObject::TrafficExtension => "traffic-extension",
        }
    }
}

/// An image in a registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// Without a scheme and without a digest: `registry.example/driftline:0.1.0`.
    pub reference: String,
    /// The SHA-256 of its manifest, as hexadecimal digits.
    pub digest: Option<String>,
}

impl Image {
    /// As registries' clients take it, with the digest if it is known.
    #[must_use]
    pub fn pinned(&self) -> String {
        let Some(digest) = &self.digest else { return self.reference.clone() };
        format!("{}@sha256:{digest}", self.reference)
    }
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Image, String> {
        let (reference, digest) = match text.split_once('@') {
            Some((reference, digest)) => (reference, Some(read_digest(digest)?)),
            None => (text, None),
        };
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
        let has_scheme = reference.contains("://");
        if reference.is_empty() || has_scheme || !reference.bytes().all(is_part) {
            return Err(format!(
                "`{reference}` is none; allowed is a reference without a scheme, such as registry.example/driftline:0.1.0"
            ));
        }
        Ok(Image { reference: reference.to_owned(), digest })
    }
}

/// A digest, as `cargo xtask oci` prints it or as its digits alone.
///
/// # Errors
///
/// If it is none.
pub fn read_digest(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() == DIGEST_DIGITS && digits.bytes().all(is_digit) {
        return Ok(digits.to_owned());
    }
    Err(format!(
        "`{text}` is none; allowed is sha256: and {DIGEST_DIGITS} hexadecimal digits in lower case"
    ))
}

/// A host with a port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Host {
    /// A name or an address.
    pub name: String,
    /// Its port.
    pub port: u16,
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Host, String> {
        let read = text.rsplit_once(':').and_then(|(name, port)| {
            let name = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(name);
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
            let is_name = !name.is_empty() && name.bytes().all(is_part);
            let port = port.parse().ok().filter(|&port| port != 0)?;
            is_name.then(|| Host { name: name.to_owned(), port })
        });
        read.ok_or_else(|| {
            format!("`{text}` is none; allowed is a host with a port, such as vllm.models.svc:8000")
        })
    }
}

/// A name of a Kubernetes object: what a DNS label may be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Name, String> {
        let is_inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let ends_well = !text.starts_with('-') && !text.ends_with('-');
        if !text.is_empty() && text.len() <= NAME_MAX && ends_well && text.bytes().all(is_inner) {
            return Ok(Name(text.to_owned()));
        }
        Err(format!(
            "`{text}` is no name of an object; allowed are up to {NAME_MAX} lower case letters, digits and `-` between them"
        ))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A label of a Kubernetes object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// Such as `app.kubernetes.io/name`.
    pub key: String,
    /// Such as `ingressgateway`.
    pub value: String,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Label, String> {
        let is_word = |word: &str, length: usize| {
            let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            let ends = [word.as_bytes().first(), word.as_bytes().last()];
            ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
                && word.len() <= length
                && word.bytes().all(is_inner)
        };
        let read = text.split_once('=').filter(|(key, value)| {
            let (prefix, name) = key.split_once('/').unwrap_or(("x", key));
            is_word(prefix, 253)
                && is_word(name, NAME_MAX)
                && (value.is_empty() || is_word(value, NAME_MAX))
        });
        match read {
            Some((key, value)) => Ok(Label { key: key.to_owned(), value: value.to_owned() }),
            None => Err(format!(
                "`{text}` is no label; allowed is KEY=VALUE, such as istio=ingressgateway, each of up to {NAME_MAX} letters, \
                 digits, `-`, `_` and `.`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "b9941d90aacaa051f3f58079fe89efec3067afc1eef17e6368d46b901c1ac66d";

    #[test]
    fn an_image_has_a_digest_or_none() {
        let image: Image = format!("r.example:5000/a/driftline:1@sha256:{DIGEST}").parse().unwrap();
        assert_eq!(image.reference, "r.example:5000/a/driftline:1");
        assert_eq!(image.pinned(), format!("{}@sha256:{DIGEST}", image.reference));
        assert_eq!("driftline".parse::<Image>().unwrap().pinned(), "driftline");
        for text in ["", "oci://r/driftline", "r/drift line", "r/driftline@sha256:12", "r/\"x\""] {
            assert!(text.parse::<Image>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_is_allowed() {
        for text in ["", "Upper", "-a", "a-", "a.b", "a\n", &"a".repeat(64)] {
            let error = text.parse::<Name>().unwrap_err();
            assert!(error.contains("allowed are up to 63 lower case letters"), "{error}");
        }
        assert_eq!("istio-ingress".parse::<Name>().unwrap().to_string(), "istio-ingress");
    }

    #[test]
    fn labels_and_hosts_are_read() {
        let label: Label = "app.kubernetes.io/name=my_Gateway.1".parse().unwrap();
        assert_eq!((&*label.key, &*label.value), ("app.kubernetes.io/name", "my_Gateway.1"));
        for text in ["a", "=a", "a=b c", "a/b/c=d", "a=-b", "a: b=c"] {
            assert!(text.parse::<Label>().is_err(), "{text}");
        }
        let host = |text: &str| text.parse::<Host>().map(|host| (host.name, host.port));
        assert_eq!(host("[::1]:80").unwrap(), ("::1".to_owned(), 80));
        assert_eq!(host("vllm.models.svc:8000").unwrap(), ("vllm.models.svc".to_owned(), 8000));
        for text in ["vllm", "vllm:0", ":80", "a b:1", "http://a:80/", "a:80 }"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
