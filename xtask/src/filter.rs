//! Builds the filter. It never touches the native target folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    paths,
    process::{cargo, say},
    wasm::{NAMES, keep_custom_sections},
    wasm_opt,
    wasm_std::{self, Choice, TARGET},
    watch::compile,
};

/// The limit of a VM's linear memory, in bytes.
///
/// Envoy's own limit is 1 GiB per worker, so the module declares a lower one.
const MEMORY_BYTES_MAX: u32 = 64 << 20;

/// How costly a function may be, in LLVM's measure, to be compiled into each of its callers; LLVM's own limit is 225.
///
/// A tenth of the module is such copies of functions that no traffic waits for. Those that do matter say `#[inline]`, for
/// which LLVM has another limit.
const INLINED_COST_MAX: u32 = 125;

/// Builds the filter at [`paths::filter`], and returns that path. Beside it, [`paths::debug_filter`] is the same module
/// with the names of its functions.
///
/// Sets up the standard library for wasm32 first. If nothing has changed, cargo only checks the sources.
pub fn build(choice: Choice) -> Result<PathBuf> {
    let filter = paths::filter();
    let named = build_package(choice, "driftline-plugin", "driftline")?;
    let shipped = without_names(&named)?;
    write(&paths::debug_filter(), &named)?;
    write(&filter, &shipped)?;
    say(&format!("{} is {}", filter.display(), kibibytes(shipped.len())));
    Ok(filter)
}

/// Builds the core's arithmetic at [`paths::arithmetic`], with the same options as the filter, and returns that path.
pub fn build_arithmetic(choice: Choice) -> Result<PathBuf> {
    let filter = paths::arithmetic();
    let named = build_package(choice, "driftline-arithmetic", "driftline_arithmetic")?;
    write(&filter, &without_names(&named)?)?;
    Ok(filter)
}

/// Builds a package's library as a filter, and returns the optimised module with the names of its functions.
fn build_package(choice: Choice, package: &str, library: &str) -> Result<Vec<u8>> {
    let wasm_std = wasm_std::set_up(choice)?;
    say(&format!("building {package} for {TARGET}"));
    let mut command = cargo();
    command
        .args(["rustc", "--lib", "--crate-type", "cdylib", "--profile", "filter"])
        .args(["--package", package, "--target", TARGET, "--target-dir"])
        .arg(paths::wasm_target())
        // The user's own flags are for the native target.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env(
            "RUSTFLAGS",
            format!(
                "-C link-arg=--max-memory={MEMORY_BYTES_MAX} -C llvm-args=--inline-threshold={INLINED_COST_MAX}{}",
                cargo_home().map(|home| renamed(&home)).unwrap_or_default()
            ),
        );
    wasm_std.configure(&mut command);
    compile(&mut command).with_context(|| format!("cannot build {package}"))?;

    let built = paths::wasm_target().join(TARGET).join(format!("filter/{library}.wasm"));
    let module = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let named = keep_custom_sections(&module, &[NAMES])
        .with_context(|| format!("cannot read {}", built.display()))?;
    Ok(wasm_opt::optimise(named, library))
}

/// The option of the compiler that replaces the folder of cargo in the module: panics name their source, and who has built
/// a filter, and where, is nothing that it should tell. Filters that are built in different places are alike for it.
fn renamed(cargo_home: &Path) -> String {
    let home = cargo_home.to_string_lossy();
    // Options are separated by blanks. Without this one, the filter works alike.
    if home.contains(char::is_whitespace) {
        return String::new();
    }
    format!(" --remap-path-prefix={home}=/cargo")
}

/// Where cargo keeps the sources of packages.
fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

/// What ships: the same module, smaller.
fn without_names(named: &[u8]) -> Result<Vec<u8>> {
    keep_custom_sections(named, &[]).context("the optimised module")
}

/// Writes a module atomically. An identical file is not touched, so its modification time stays.
fn write(to: &Path, module: &[u8]) -> Result<()> {
    if fs::read(to).ok().as_deref() == Some(module) {
        return Ok(());
    }
    let new = to.with_extension("wasm.new");
    fs::write(&new, module).with_context(|| format!("cannot write {}", new.display()))?;
    fs::rename(&new, to).with_context(|| format!("cannot write {}", to.display()))
}

/// A size in KiB, rounded up.
fn kibibytes(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_blank_is_not_renamed() {
        assert_eq!(renamed(Path::new("/a/.cargo")), " --remap-path-prefix=/a/.cargo=/cargo");
        assert_eq!(renamed(Path::new("/a b/.cargo")), "");
    }

    #[test]
    fn a_size_is_rounded_up() {
        assert_eq!(kibibytes(1024), "1 KiB");
        assert_eq!(kibibytes(1025), "2 KiB");
    }
}
