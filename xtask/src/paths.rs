//! Where things lie in the project; it never creates or reads them.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Cargo says at run time where it found this package. What it said when it compiled is of another checkout if the
/// target folder was moved or copied: cargo takes such a binary for fresh.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
});

/// The root of the workspace.
pub fn root() -> &'static Path {
    &ROOT
}

/// The built filter. Always under the workspace's own `target`, wherever `CARGO_TARGET_DIR` points.
pub fn filter() -> PathBuf {
    root().join("target/driftline.wasm")
}

/// The same filter with the names of its functions, which a backtrace shows.
pub fn debug_filter() -> PathBuf {
    root().join("target/driftline.debug.wasm")
}

/// The core's arithmetic as a filter, which tests compare with the native one.
pub fn arithmetic() -> PathBuf {
    root().join("target/arithmetic.wasm")
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
