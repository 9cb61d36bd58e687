//! Has promtool check rules and carry out tests of them. It knows no rule.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use driftline_testbed::pieces;
use serde_json::{Value, json};

/// Files of one call of promtool, removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("driftline-alerts-{}-{call}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks rules, lints included.
///
/// # Errors
///
/// What promtool says.
pub(crate) fn check(rules: &str) -> Result<(), String> {
    let folder = Folder::new();
    let rules = folder.write("rules.yml", rules);
    call(&["check", "rules", "--lint=all", "--lint-fatal", &rules])
}

/// Carries out a test of rules, which are evaluated as often as this.
///
/// # Errors
///
/// What promtool says.
pub(crate) fn test(rules: &str, interval: &str, test: &Value) -> Result<(), String> {
    let folder = Folder::new();
    let rules = folder.write("rules.yml", rules);
    let file = json!({"rule_files": [rules], "evaluation_interval": interval, "tests": [test]});
    // JSON is YAML.
    let file = folder.write("test.yml", &file.to_string());
    call(&["test", "rules", &file])
}

fn call(arguments: &[&str]) -> Result<(), String> {
    let promtool = pieces::promtool().unwrap_or_else(|error| panic!("{error:#}"));
    let run = Command::new(promtool).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    if run.status.success() { Ok(()) } else { Err(said) }
}
