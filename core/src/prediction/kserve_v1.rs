//! KServe's V1 protocol, which TensorFlow Serving speaks too: the paths and the two member names. No code but the path.

/// The name by which a configuration declares it.
pub(crate) const DIALECT: &str = "kserve_v1";

/// The request's member that holds the rows.
pub(crate) const INSTANCES: &[u8] = b"instances";

/// The answer's member that holds the predictions.
pub(crate) const PREDICTIONS: &[u8] = b"predictions";

/// The model that a path of the form `.../v1/models/NAME[/versions/V]:predict` names.
pub(crate) fn model_in_path(path: &[u8]) -> Option<&[u8]> {
    const MODELS: &[u8] = b"/v1/models/";
    let path = path.split(|&byte| byte == b'?').next().unwrap_or(path);
    let path = path.strip_suffix(b":predict")?;
    let start = memchr::memmem::find(path, MODELS)?.saturating_add(MODELS.len());
    let name = path.get(start..)?.split(|&byte| byte == b'/').next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(model_in_path(path.as_bytes()), expected.map(str::as_bytes), "{path}");
    }

    #[test]
    fn the_path_names_the_model() {
        check("/v1/models/rain:predict", Some("rain"));
        check("/serving/v1/models/rain:predict?x=1", Some("rain"));
        check("/v1/models/rain/versions/3:predict", Some("rain"));
        check("/v1/models/a:b:predict", Some("a:b"));
        check("/v1/models/rain", None);
        check("/v1/models/rain:explain", None);
        check("/v1/models/:predict", None);
        check("/v2/models/rain:predict", None);
        check("/", None);
    }
}
