//! Where things lie in the project; it never creates or reads them.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> &'static Path {
    let manifest_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_directory.parent().unwrap_or(manifest_directory)
}

/// The built filter. Always under the workspace's own `target`, wherever `CARGO_TARGET_DIR` points.
pub fn filter() -> PathBuf {
    root().join("target/driftline.wasm")
}

/// Cargo's target folder for wasm32, apart from the native one so that neither invalidates the other.
pub fn wasm_target() -> PathBuf {
    root().join("target/wasm")
}

/// The Python environment that holds Envoy, and the clients that stories run.
pub fn venv() -> PathBuf {
    root().join("target/venv")
}

/// The interpreter of the environment.
pub fn python() -> PathBuf {
    venv().join("bin/python3")
}

/// The file that says which clients stories run.
pub fn clients() -> PathBuf {
    root().join("tests/clients/requirements.txt")
}

/// The Envoy of the environment.
pub fn envoy() -> PathBuf {
    venv().join("bin/envoy")
}

/// Where Debian's Prometheus is unpacked.
pub fn prometheus() -> PathBuf {
    root().join("target/prometheus")
}
