//! The images of the filter, as `cargo xtask oci` writes them, in the hands of others. Nothing here pushes to a registry.

mod istio;
mod layout;
mod skopeo;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, SystemTime},
};

use layout::{Folder, files};
use xtask::{paths, process::output};

const TAGS: [&str; 2] = [xtask::oci::COMPAT, xtask::oci::ARTIFACT];
/// 2009-02-13T23:31:30Z.
const EPOCH: &str = "1234567890";

/// The built filter: `DRIFTLINE_WASM`, else where `cargo xtask build` leaves it.
fn filter() -> PathBuf {
    let filter = env::var_os("DRIFTLINE_WASM").map_or_else(paths::filter, PathBuf::from);
    assert!(filter.exists(), "{} is not there: run `cargo xtask build`", filter.display());
    filter
}

/// Runs `cargo xtask oci` in a shell of its own, after `before`, and returns the digests that it prints, by what they are
/// of.
fn write(filter: &Path, folder: &Path, before: &str) -> BTreeMap<String, String> {
    let mut shell = Command::new("sh");
    shell.env("SOURCE_DATE_EPOCH", EPOCH).arg("-c");
    shell.arg(format!("{before}; exec \"$0\" \"$@\""));
    shell.arg(env!("CARGO_BIN_EXE_xtask")).args(["oci", "--filter"]).arg(filter);
    let printed = output(shell.arg("--output").arg(folder)).unwrap();
    let line = |line: &str| line.split_once(' ').map(|(what, it)| (what.into(), it.trim().into()));
    printed.lines().filter_map(line).collect()
}

#[test]
fn another_umask_and_another_time_give_the_same_bytes() {
    let temporary = Folder::new("reproducible");
    let copy = temporary.path("copied.wasm");
    fs::copy(filter(), &copy).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    fs::File::options().write(true).open(&copy).unwrap().set_modified(long_ago).unwrap();

    let folders = ["first", "second"].map(|name| temporary.path(name));
    let first = write(&filter(), &folders[0], "umask 022");
    // Times are whole seconds.
    thread::sleep(Duration::from_millis(1_100));
    let second = write(&copy, &folders[1], "umask 077; export TZ=Asia/Tokyo; cd /");
    assert_eq!(first, second);
    let [one, other] = folders.each_ref().map(|folder| files(folder));
    assert_eq!(one.len(), 8, "{:?}", one.keys());
    assert!(one == other, "{:?} and {:?} differ", one.keys(), other.keys());

    // Over a layout that is there, and with a time of its own.
    let third = write(&filter(), &folders[1], "SOURCE_DATE_EPOCH=0");
    assert_eq!(third["driftline.wasm"], first["driftline.wasm"]);
    assert!(TAGS.iter().all(|tag| third[*tag] != first[*tag]), "{third:?}");
    assert_eq!(files(&folders[1]).len(), 8);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let temporary = Folder::new("refused");
    let text = temporary.path("text.wasm");
    fs::write(&text, "text").unwrap();
    let check = |filter: &Path, folder: &Path, epoch: &str, expected: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.env("SOURCE_DATE_EPOCH", epoch).args(["oci", "--filter"]).arg(filter);
        let error = output(command.arg("--output").arg(folder)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let new = temporary.path("new");
    check(&text, &new, EPOCH, "the filter is no Wasm module");
    check(&temporary.path("missing.wasm"), &new, EPOCH, "cannot read");
    check(&filter(), &new, "today", "SOURCE_DATE_EPOCH is `today`: allowed are the seconds since");
    assert!(!new.exists());
    check(&filter(), &temporary.path(""), EPOCH, "is not an OCI image layout");
    assert!(text.exists());
}

/// The runtime that the artifact names is the one that the filter is built for.
#[test]
fn the_filter_has_the_abi_that_the_artifact_names() {
    let module = fs::read(filter()).unwrap();
    let export = b"proxy_abi_version_0_2_1";
    assert!(module.windows(export.len()).any(|bytes| bytes == export));
}

#[test]
fn the_filter_does_not_tell_where_it_was_built() {
    let home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|it| it + "/.cargo"));
    let module = fs::read(filter()).unwrap();
    for place in [home.unwrap(), paths::root().display().to_string()] {
        let found = module.windows(place.len()).any(|bytes| bytes == place.as_bytes());
        // A place with a blank in it cannot be replaced.
        assert!(!found || place.contains(char::is_whitespace), "{place}");
    }
}
