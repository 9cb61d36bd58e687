//! `driftline serve` as its users start it: what it says when it cannot begin; how it serves is `proxy`'s.

use std::{fs, process::Command};

#[test]
fn a_refused_configuration_is_told_once_and_with_the_filters_own_words() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let config = format!("{folder}/refused-{}.json", std::process::id());
    fs::write(&config, "r").unwrap();
    let filter = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/filter.wat");
    let output = Command::new(env!("CARGO_BIN_EXE_driftline"))
        .args(["serve", "--filter", filter, "--config", &config])
        .args(["--upstream", "http://127.0.0.1:1"])
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .output()
        .unwrap();
    fs::remove_file(&config).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{told}");
    assert!(told.contains(&config) && told.contains("refused its configuration"), "{told}");
    assert_eq!(told.matches("refused by test").count(), 1, "{told}");
}
