//! Fuzzing: readies what a target begins with and starts cargo-fuzz; which properties hold, `core/tests/properties` says.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::{cargo, find_program, run, say},
};

/// Fuzzes one target for so many seconds. What it finds new stays in `target/fuzz-corpus`, and an input that breaks a
/// property in `fuzz/artifacts`.
///
/// Instrumenting needs options that are not stable; `RUSTC_BOOTSTRAP` has the stable compiler take them. Without a
/// sanitizer, because there is no `unsafe` in what is fuzzed.
pub fn fuzz(target: &str, seconds: u64) -> Result<()> {
    if find_program("cargo-fuzz").is_none() {
        bail!("cargo-fuzz is not here: `cargo install cargo-fuzz --locked` installs it");
    }
    say("writing what the corpora of the tests begin with");
    run(cargo()
        .args(["test", "--package", "driftline-core", "--test", "properties", "--quiet"])
        .args(["--", "--ignored", "write_seeds"]))?;
    let root = paths::root();
    let new = root.join("target/fuzz-corpus").join(target);
    fs::create_dir_all(&new).with_context(|| format!("cannot make {}", new.display()))?;
    let begins_with =
        [root.join("fuzz/corpus").join(target), root.join("target/fuzz-seeds").join(target)];
    say(&format!("fuzzing {target} for {seconds} s"));
    let mut command = Command::new("cargo");
    command.current_dir(root.join("fuzz")).env("RUSTC_BOOTSTRAP", "1");
    command.args(["fuzz", "run", "--sanitizer", "none"]);
    command.arg(target).arg(new).args(begins_with.iter().filter(|folder| folder.is_dir()));
    command.arg("--").arg(format!("-max_total_time={seconds}"));
    run(&mut command)
}
