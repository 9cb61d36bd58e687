//! Builds the filter. It never touches the native target folder.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    paths,
    process::{cargo, run, say},
    wasm_std::{self, Choice, TARGET},
};

/// The most linear memory that a VM of the filter can have, in bytes.
///
/// Envoy has no limit of its own below 1 GiB per worker, so the module carries this one.
const MEMORY_BYTES_MAX: u32 = 64 << 20;

/// Leaves the filter at [`paths::filter`], and returns that path.
///
/// Sets up the standard library for wasm32 first. If nothing has changed, this costs cargo's look at
/// the sources.
pub fn build(choice: Choice) -> Result<PathBuf> {
    let wasm_std = wasm_std::set_up(choice)?;
    say(&format!("building the filter for {TARGET}"));
    let mut command = cargo();
    command
        .args(["build", "--package", "driftline-plugin", "--profile", "filter"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(paths::wasm_target())
        // Flags that the user has set are meant for the native processor.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", format!("-C link-arg=--max-memory={MEMORY_BYTES_MAX}"));
    wasm_std.configure(&mut command);
    run(&mut command).context("the filter was not built")?;

    let built = paths::wasm_target().join(TARGET).join("filter/driftline.wasm");
    let module = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    let filter = paths::filter();
    // Left alone if it is the same, so that whoever watches its age sees no change.
    if fs::read(&filter).ok().as_deref() != Some(&module[..]) {
        let new = filter.with_extension("wasm.new");
        fs::write(&new, &module).with_context(|| format!("cannot write {}", new.display()))?;
        fs::rename(&new, &filter).with_context(|| format!("cannot write {}", filter.display()))?;
    }
    say(&format!("{} is {}", filter.display(), kibibytes(module.len())));
    Ok(filter)
}

/// A size for people, rounded up so that a limit is never passed unseen.
fn kibibytes(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_rounded_up() {
        assert_eq!(kibibytes(1024), "1 KiB");
        assert_eq!(kibibytes(1025), "2 KiB");
    }
}
