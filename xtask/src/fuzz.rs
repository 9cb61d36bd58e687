//! Prepares the corpus of a fuzz target and starts cargo-fuzz. The properties are in `crates/monitor/tests/properties`, not here.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    paths,
    process::{cargo, find_program, run, say},
};

/// Fuzzes one target for `seconds`. New inputs are kept in `target/fuzz-corpus`, and inputs that break a property in
/// `fuzz/artifacts`.
///
/// Instrumentation needs unstable options, which `RUSTC_BOOTSTRAP` enables on the stable compiler. There is no
/// sanitizer, because the fuzzed code has no `unsafe`.
pub fn fuzz(target: &str, seconds: u64) -> Result<()> {
    if find_program("cargo-fuzz").is_none() {
        bail!("cargo-fuzz is missing: install it with `cargo install cargo-fuzz --locked`");
    }
    say("writing the seeds from the corpora of the tests");
    run(cargo()
        .args(["test", "--package", "driftline-monitor", "--test", "properties", "--quiet"])
        .args(["--", "--ignored", "write_seeds"]))?;
    let root = paths::root();
    let new = root.join("target/fuzz-corpus").join(target);
    fs::create_dir_all(&new).with_context(|| format!("cannot create {}", new.display()))?;
    let seeds =
        [root.join("fuzz/corpus").join(target), root.join("target/fuzz-seeds").join(target)];
    say(&format!("fuzzing {target} for {seconds} s"));
    let mut command = Command::new("cargo");
    command.current_dir(root.join("fuzz")).env("RUSTC_BOOTSTRAP", "1");
    command.args(["fuzz", "run", "--sanitizer", "none"]);
    command.arg(target).arg(new).args(seeds.iter().filter(|folder| folder.is_dir()));
    command.arg("--").arg(format!("-max_total_time={seconds}"));
    run(&mut command)
}
