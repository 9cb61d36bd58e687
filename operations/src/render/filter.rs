//! The filter as Envoy's own configuration has it, in a static file or through Istio. It knows no file.

use super::{Bundle, template::fill};
use crate::yaml::quoted;

/// The filter's `typed_config`.
pub(super) fn typed_config(bundle: &Bundle<'_>, code: &str) -> String {
    let configuration = bundle.configuration();
    fill(
        include_str!("templates/filter.yaml"),
        &[("code", code), ("configuration", &configuration)],
    )
}

/// Code from a file.
pub(super) fn local(path: &str) -> String {
    format!("local: {{ filename: {} }}", quoted(path))
}

/// Code from an image. Istio's agent fetches it, and hands a file to Envoy, which asks no cluster.
pub(super) fn image(bundle: &Bundle<'_>) -> String {
    let image = &bundle.deployment.image;
    let digest =
        image.digest.as_ref().map_or(String::new(), |digest| format!("  sha256: {digest}\n"));
    let uri = quoted(&format!("oci://{}", image.reference));
    format!("remote:\n{digest}  http_uri:\n    uri: {uri}\n    timeout: 30s\n    cluster: \"_\"")
}
