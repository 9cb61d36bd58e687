//! Paths in the project. It never creates or reads files.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Cargo passes the path of this package at run time. The path at compile time is wrong if the target folder was moved
/// or copied from another checkout, because cargo does not rebuild the binary then.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
});

/// The root of the workspace.
pub fn root() -> &'static Path {
    &ROOT
}

/// The built filter. Always in the workspace's own `target`, regardless of `CARGO_TARGET_DIR`.
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

/// Cargo's target folder for wasm32. It is separate, so that native builds do not invalidate it.
pub fn wasm_target() -> PathBuf {
    root().join("target/wasm")
}

/// Where Debian's Binaryen is unpacked.
pub fn binaryen() -> PathBuf {
    root().join("target/binaryen")
}

/// What Binaryen has made of modules.
pub fn wasm_opt() -> PathBuf {
    root().join("target/wasm-opt")
}

/// The Python environment with Envoy and the clients of the stories.
pub fn venv() -> PathBuf {
    root().join("target/venv")
}

/// The Python interpreter in that environment.
pub fn python() -> PathBuf {
    venv().join("bin/python3")
}

/// The list of clients that stories run.
pub fn clients() -> PathBuf {
    root().join("tests/clients/requirements.txt")
}

/// The scripts and lists of versions of real model servers.
pub fn server_sources() -> PathBuf {
    root().join("servers")
}

/// Where these servers are installed, each in a folder of its own.
pub fn servers() -> PathBuf {
    root().join("target/servers")
}

/// Envoy in that environment.
pub fn envoy() -> PathBuf {
    venv().join("bin/envoy")
}

/// Where Debian's Prometheus is unpacked.
pub fn prometheus() -> PathBuf {
    root().join("target/prometheus")
}

/// Where Debian's skopeo is unpacked.
pub fn skopeo() -> PathBuf {
    root().join("target/skopeo")
}

/// The check of dashboards against Grafana's schema.
pub fn dashboard_check() -> PathBuf {
    root().join("tests/grafana/schema")
}

/// Where Grafana's schema is installed.
pub fn grafana_schema() -> PathBuf {
    root().join("target/grafana-schema")
}

/// The filter as images.
pub fn oci() -> PathBuf {
    root().join("target/oci")
}

/// Which validators of rendered documents there are.
pub fn validators() -> PathBuf {
    root().join("tests/validators")
}

/// Where these are installed.
pub fn node() -> PathBuf {
    root().join("target/node")
}
