//! The standard library for wasm32: from rustup if possible, otherwise from Debian's sources.
//! It never replaces one that is installed.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{
    debian,
    process::{find_program, output, run_within, say},
};

/// The target of the filter. Browsers need the same one.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// `rustup` responds within seconds or not at all. A slow connection still transfers 25 MB in this time.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// Debian's newer compiler, its sources of the standard library, and a linker for wasm.
const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "rust-web-src", "rust-web-llvm"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Which standard library to use.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Choice {
    /// One that is installed; otherwise from rustup; otherwise Debian's.
    #[default]
    Auto,
    /// The toolchain's own, from rustup.
    Rustup,
    /// Debian's sources, compiled together with the filter.
    Debian,
}

/// An installed standard library.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum WasmStd {
    /// The compiled one of the current toolchain.
    Toolchain,
    /// The sources for Debian's compiler.
    Debian {
        /// The path of a `rust-lld` that links wasm.
        linker: PathBuf,
    },
}

/// Returns the chosen standard library, after installing it if it is missing.
///
/// # Errors
///
/// If it cannot be installed, the error lists every attempt and the command for each.
pub fn set_up(choice: Choice) -> Result<WasmStd> {
    if let Some(found) = find(choice) {
        return Ok(found);
    }
    let mut problems = Vec::new();
    if choice != Choice::Debian {
        match add_by_rustup() {
            Ok(()) => return Ok(WasmStd::Toolchain),
            Err(problem) => problems.push(problem),
        }
    }
    if choice != Choice::Rustup {
        if choice == Choice::Auto {
            say("rustup cannot install it; trying Debian's packages");
        }
        match add_by_debian() {
            Ok(found) => return Ok(found),
            Err(problem) => problems.push(problem),
        }
    }
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("\n  - {problem:#}")).collect();
    bail!(
        "the standard library for {TARGET} is missing and cannot be installed:{}",
        problems.concat()
    );
}

impl WasmStd {
    /// Configures cargo to use this standard library. The target folder must not be the native one.
    pub fn configure(&self, cargo: &mut Command) {
        if let WasmStd::Debian { linker } = self {
            // `-Zbuild-std` is unstable; the variable enables it on the stable compiler.
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                // `cargo run` sets it to the libraries of another compiler, the toolchain's own.
                .env_remove("LD_LIBRARY_PATH")
                .arg("-Zbuild-std=std,panic_abort");
        }
    }
}

impl fmt::Display for WasmStd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WasmStd::Toolchain => f.write_str("the toolchain's own standard library"),
            WasmStd::Debian { linker } => {
                write!(f, "Debian's sources for {DEBIAN_RUSTC}, linked by {}", linker.display())
            }
        }
    }
}

/// An installed one. Takes milliseconds.
fn find(choice: Choice) -> Option<WasmStd> {
    if choice != Choice::Debian && toolchain_has_it() {
        return Some(WasmStd::Toolchain);
    }
    if choice != Choice::Rustup {
        return find_debian();
    }
    None
}

fn toolchain_has_it() -> bool {
    let libraries = output(rustc().args(["--print", "target-libdir", "--target", TARGET]));
    libraries.is_ok_and(|libraries| {
        std::fs::read_dir(libraries).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
        })
    })
}

fn find_debian() -> Option<WasmStd> {
    let sysroot = output(
        Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]).env_remove("LD_LIBRARY_PATH"),
    );
    let sources = Path::new(&sysroot.ok()?).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    if !sources.exists() {
        return None;
    }
    Some(WasmStd::Debian { linker: find_linker()? })
}

/// The toolchain's own `rust-lld`, otherwise Debian's.
fn find_linker() -> Option<PathBuf> {
    let own = output(rustc().args(["--print", "target-libdir"])).ok().and_then(|libraries| {
        let linker = Path::new(&libraries).parent()?.join("bin/rust-lld");
        linker.exists().then_some(linker)
    });
    own.or_else(|| find_program("rust-lld"))
}

fn add_by_rustup() -> Result<()> {
    let advice = format!("`rustup target add {TARGET}`");
    if find_program("rustup").is_none() {
        bail!("rustup, which would install it with {advice}, is missing");
    }
    say(&format!("rustup: downloading the standard library for {TARGET}"));
    let mut command = Command::new("rustup");
    // rustup's own message is enough if there is no server.
    command.args(["target", "add", TARGET]).env_remove("RUST_BACKTRACE");
    run_within(&mut command, RUSTUP_LIMIT).with_context(|| format!("{advice} failed"))?;
    if !toolchain_has_it() {
        bail!("{advice} succeeded, but `rustc` does not find it: is `rustc` the one from rustup?");
    }
    Ok(())
}

fn add_by_debian() -> Result<WasmStd> {
    let list = DEBIAN_PACKAGES.join(" ");
    debian::install(DEBIAN_PACKAGES, &format!("the standard library for {TARGET}"))?;
    find_debian().with_context(|| {
        format!("{list} are installed, but {DEBIAN_RUSTC} has no sources of the standard library, or `rust-lld` is missing")
    })
}

/// The compiler that cargo will use.
fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}
