//! Binaryen's `wasm-opt`, which makes a module about a tenth smaller. It never changes what a module computes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    debian, paths,
    process::{find_program, output, say},
};

/// How modules are optimised. Names are kept, and floating point stays exact to the bit.
///
/// Features are listed here and not in the modules, because each version of the compiler and of Binaryen knows other ones.
/// These are what the compiler uses and every proxy has.
const ARGUMENTS: &[&str] = &[
    "-O3",
    "--debuginfo",
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
];

/// After a failed download, builds go without `wasm-opt` for this long, so that not each of them waits for a network.
const RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the path of `wasm-opt`, after downloading Debian's package if it is missing.
///
/// # Errors
///
/// If it cannot be downloaded, the error names the command that installs it.
pub fn set_up() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::unpack("binaryen", &paths::binaryen(), "a filter that is a tenth smaller")?;
    let Some(found) = find() else {
        bail!(
            "Debian's package binaryen has no wasm-opt: install Binaryen so that `wasm-opt` is on the PATH"
        );
    };
    Ok(found)
}

/// Optimises a module. Without a `wasm-opt` that works, says so and returns the module as it is.
///
/// `name` is that of a folder in `target`. It keeps the result, which is returned as long as neither the module nor the
/// version of `wasm-opt` changes.
pub fn optimise(module: Vec<u8>, name: &str) -> Vec<u8> {
    let cache = Cache { folder: paths::wasm_opt().join(name) };
    let optimised = set_up_or_skip(&paths::wasm_opt().join("download-failed"))
        .and_then(|program| cache.optimise(&module, &program));
    optimised.unwrap_or_else(|error| {
        say(&format!(
            "{name} is not optimised, so it is a tenth larger and works alike: {error:#}"
        ));
        module
    })
}

/// Like [`set_up`], but remembers in a file that it has failed, and fails at once for [`RETRY_AFTER`].
fn set_up_or_skip(failed: &Path) -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let failed_lately = fs::metadata(failed)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age < RETRY_AFTER));
    if failed_lately {
        bail!("wasm-opt is missing: install Binaryen, or try again with `cargo xtask setup`");
    }
    set_up().inspect_err(|_| {
        // Without the file, the next build tries again, which only takes time.
        let _ = failed.parent().map(fs::create_dir_all);
        let _ = fs::write(failed, "");
    })
}

fn find() -> Option<PathBuf> {
    let unpacked = paths::binaryen().join("usr/bin/wasm-opt");
    find_program("wasm-opt").or_else(|| unpacked.exists().then_some(unpacked))
}

/// The last module that was optimised, what became of it, and by what.
struct Cache {
    folder: PathBuf,
}

impl Cache {
    fn optimise(&self, module: &[u8], program: &Path) -> Result<Vec<u8>> {
        let version = output(Command::new(program).arg("--version"))?;
        let made_by = format!("{version} {}", ARGUMENTS.join(" "));
        let [given, optimised, made_by_file] =
            ["given.wasm", "optimised.wasm", "made-by"].map(|file| self.folder.join(file));
        let is_same = |file: &Path, content: &[u8]| fs::read(file).is_ok_and(|it| it == content);
        if !(is_same(&made_by_file, made_by.as_bytes()) && is_same(&given, module)) {
            fs::create_dir_all(&self.folder)
                .with_context(|| format!("cannot create {}", self.folder.display()))?;
            // Written again at the end, so that an interrupted run leaves nothing that looks complete.
            let _ = fs::remove_file(&made_by_file);
            write(&given, module)?;
            let mut command = Command::new(program);
            output(command.args(ARGUMENTS).arg(&given).arg("--output").arg(&optimised))?;
            write(&made_by_file, made_by.as_bytes())?;
        }
        fs::read(&optimised).with_context(|| format!("cannot read {}", optimised.display()))
    }
}

fn write(to: &Path, content: &[u8]) -> Result<()> {
    fs::write(to, content).with_context(|| format!("cannot write {}", to.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A `wasm-opt` that takes the version from the file `version` beside it, appends a line to `runs`, and whose output
    /// is the input with that version.
    const FAKE: &str = r#"#!/bin/sh
set -e
here=${0%/*}
if [ "$1" = --version ]; then cat "$here/version"; exit; fi
while [ "$2" != --output ]; do shift; done
echo run >> "$here/runs"
cat "$1" "$here/version" > "$3"
"#;

    #[test]
    fn a_module_is_optimised_again_only_if_it_or_the_tool_changes() {
        let folder = std::env::temp_dir().join(format!("xtask-wasm-opt-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("wasm-opt");
        fs::write(&program, FAKE).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let cache = Cache { folder: folder.join("cache") };
        let steps = [
            ("a", "1", 1),
            ("a", "1", 1),
            ("b", "1", 2),
            ("b", "2", 3),
            ("b", "2", 3),
            ("a", "2", 4),
        ];
        for (module, version, runs) in steps {
            fs::write(folder.join("version"), version).unwrap();
            let optimised = cache.optimise(module.as_bytes(), &program).unwrap();
            assert_eq!(String::from_utf8(optimised).unwrap(), format!("{module}{version}"));
            let found = fs::read_to_string(folder.join("runs")).unwrap().lines().count();
            assert_eq!(found, runs, "after {module} by version {version}");
        }
        fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
        assert!(cache.optimise(b"c", &program).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
