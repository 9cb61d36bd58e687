//! host-sim as the author of another filter gets it: packaged, outside this workspace, used as its README says. It knows no
//! test but those of the README.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::{
    paths,
    process::{cargo, run_within, say},
    wasm_std::{self, Choice, TARGET},
};

/// The package, and its folder in a copy of the repository.
const PACKAGE: &str = "driftline-host-sim";
const FOLDER: &str = "host-sim";

/// A first build compiles wasmtime, which takes minutes where processors are few.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Packages host-sim, makes the filter and the test of its README in a folder outside this workspace, and runs the commands
/// that the README names.
///
/// The package is uploaded nowhere. What is compiled stays in `target/outside`, so that the next run compiles host-sim and
/// the filter only.
///
/// # Errors
///
/// If the package lacks something that it needs, if the README does not say all that has to be done, or if its test fails.
pub fn run() -> Result<()> {
    let readme = fs::read_to_string(paths::root().join(FOLDER).join("README.md"))
        .context("cannot read the README of host-sim")?;
    let target = paths::root().join("target/outside");
    let folder = env::temp_dir().join(format!("{PACKAGE}-outside"));
    // What an earlier run has left may be of other files.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let result = run_in(&folder, &target, &readme);
    // It is small, and what it was made of is here.
    let _ = fs::remove_dir_all(&folder);
    result
}

fn run_in(folder: &Path, target: &Path, readme: &str) -> Result<()> {
    unpack(&package(target)?, &folder.join("driftline"))?;
    let mut own = None;
    for (name, text) in files(readme) {
        let path = folder.join(name);
        let parent = path.parent().context("a file without a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        own = own.or(name.split_once('/').map(|(own, _)| folder.join(own)));
    }
    let own = own.context("the README of host-sim names no file of a first test")?;
    // Versions that are fetched already, and a target folder that outlives this run.
    fs::copy(paths::root().join("Cargo.lock"), own.join("Cargo.lock"))
        .context("cannot copy Cargo.lock")?;
    symlink(target, own.join("target")).context("cannot link the target folder")?;

    let wasm_std = wasm_std::set_up(Choice::Auto)?;
    let commands = commands(readme);
    ensure!(!commands.is_empty(), "the README of host-sim has no command that runs a first test");
    for arguments in commands {
        say(&format!("outside this workspace: cargo {}", arguments.join(" ")));
        let mut command = cargo();
        command.current_dir(&own).args(&arguments).env_remove("CARGO_TARGET_DIR");
        if arguments.contains(&TARGET) {
            wasm_std.configure(&mut command);
        }
        run_within(&mut command, LIMIT)?;
    }
    Ok(())
}

/// Packages host-sim as it is in the work tree. Building it is left to the filter outside.
fn package(target: &Path) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["package", "--package", PACKAGE, "--no-verify", "--allow-dirty"]);
    run_within(command.arg("--target-dir").arg(target), LIMIT)?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(target.join(format!("package/{PACKAGE}-{version}.crate")))
}

/// Unpacks it where a copy of the repository would have it.
fn unpack(packed: &Path, repository: &Path) -> Result<()> {
    let folder = repository.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut tar = std::process::Command::new("tar");
    tar.arg("--extract").arg("--file").arg(packed).arg("--directory").arg(&folder);
    run_within(tar.args(["--gzip", "--strip-components=1"]), LIMIT)
}

/// The files that a README shows: after a line of the name alone, a block of code with the text.
fn files(readme: &str) -> Vec<(&str, &str)> {
    let mut files = Vec::new();
    let mut rest = readme;
    while let Some((before, after)) = rest.split_once("`:\n\n```") {
        let name = before.rsplit_once("\n`").map_or("", |(_, name)| name);
        let Some((text, after)) = block(after) else { break };
        if name.contains('/') && !name.contains(char::is_whitespace) {
            files.push((name, text));
        }
        rest = after;
    }
    files
}

/// The cargo commands of the first block of shell commands, without the word itself.
fn commands(readme: &str) -> Vec<Vec<&str>> {
    let text = readme.split_once("\n```sh").and_then(|(_, after)| block(after));
    let lines = text.map_or("", |(text, _)| text).lines();
    lines.filter_map(|line| line.strip_prefix("cargo ")).map(|it| it.split(' ').collect()).collect()
}

/// The text of a block whose opening fence ends in this line, and what follows the block.
fn block(after_fence: &str) -> Option<(&str, &str)> {
    let (_, text) = after_fence.split_once('\n')?;
    let end = text.find("\n```\n")? + 1;
    Some((&text[..end], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_commands_of_a_page_are_found() {
        let page = "a\n\n`my/Cargo.toml`:\n\n```toml\n[package]\n\n[lib]\n```\n\n`no file`:\n\n```\nx\n```\n\n\
                    ```rust\nlet a;\n```\n\n`my/src/lib.rs`:\n\n```rust,ignore\n// `x`:\n```\n\n\
                    ```sh\ncargo build --release\ncd x\ncargo test\n```\n";
        let expected = [("my/Cargo.toml", "[package]\n\n[lib]\n"), ("my/src/lib.rs", "// `x`:\n")];
        assert_eq!(files(page), expected);
        assert_eq!(commands(page), [vec!["build", "--release"], vec!["test"]]);
    }

    #[test]
    fn the_readme_shows_all_files_of_a_first_test() {
        let readme = fs::read_to_string(paths::root().join(FOLDER).join("README.md")).unwrap();
        let names: Vec<&str> = files(&readme).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["my_filter/Cargo.toml", "my_filter/src/lib.rs", "my_filter/tests/first.rs"]
        );
        assert_eq!(commands(&readme).len(), 2);
    }

    /// What `cargo publish` asks for, but for an address of a repository, which there is none of yet.
    #[test]
    fn the_package_says_what_it_is() {
        let manifest = fs::read_to_string(paths::root().join(FOLDER).join("Cargo.toml")).unwrap();
        for key in ["description", "readme", "keywords", "categories", "license.workspace"] {
            assert!(manifest.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key}");
        }
        assert!(!manifest.contains("path = \"../"), "it depends on no crate of ours");
        assert!(paths::root().join(FOLDER).join("LICENSE").exists());
    }
}
