//! promtool, called on files of rules and on tests of them. It knows no rule.

use std::{ffi::OsStr, fs, process::Command};

use serde_json::Value;

use crate::{folder::Folder, pieces};

/// Files by name, with their texts.
pub type Files<'f> = &'f [(&'f str, &'f str)];

/// Calls promtool with these arguments.
///
/// # Errors
///
/// What it says if it fails, or why it cannot be called.
pub fn call(arguments: &[impl AsRef<OsStr>]) -> Result<(), String> {
    let promtool = pieces::promtool().map_err(|error| format!("{error:#}"))?;
    let run = Command::new(promtool).args(arguments).output();
    let run = run.map_err(|error| format!("promtool: {error}"))?;
    let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    if run.status.success() { Ok(()) } else { Err(said) }
}

/// Has it check rules; every lint is an error.
///
/// # Errors
///
/// What it says against them.
pub fn check(rules: Files<'_>) -> Result<(), String> {
    let (_folder, paths) = written(rules)?;
    paths.iter().try_for_each(|path| call(&["check", "rules", "--lint=all", "--lint-fatal", path]))
}

/// Has it carry out a test of rules, which is told where they lie.
///
/// # Errors
///
/// What is otherwise than the test expects.
pub fn test(rules: Files<'_>, test: impl FnOnce(&[String]) -> Value) -> Result<(), String> {
    let (folder, paths) = written(rules)?;
    let file = folder.file("test.yml");
    // JSON is YAML.
    fs::write(&file, test(&paths).to_string()).map_err(|error| error.to_string())?;
    call(&[OsStr::new("test"), OsStr::new("rules"), file.as_os_str()])
}

fn written(files: Files<'_>) -> Result<(Folder, Vec<String>), String> {
    let folder = Folder::new("promtool").map_err(|error| format!("{error:#}"))?;
    let mut paths = Vec::new();
    for (name, text) in files {
        folder.write(name, text).map_err(|error| format!("{error:#}"))?;
        paths.push(folder.file(name).display().to_string());
    }
    Ok((folder, paths))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULE: &str = "groups: [{name: g, rules: [{record: 'a:b', expr: 'sum(c)'}]}]";

    #[test]
    fn rules_are_checked_and_tested() {
        assert_eq!(check(&[("a.yml", RULE)]), Ok(()));
        let said = check(&[("a.yml", &RULE.replace("sum(c)", "sum("))]).unwrap_err();
        assert!(said.contains("unclosed left parenthesis"), "{said}");
        let says = |value: f64| {
            test(&[("a.yml", RULE)], |rules| {
                let series = json!({"series": "c", "values": "2x5"});
                let sample = json!({"labels": "a:b", "value": value});
                let check = json!({"expr": "a:b", "eval_time": "3m", "exp_samples": [sample]});
                json!({
                    "rule_files": rules,
                    "tests": [{"interval": "1m", "input_series": [series], "promql_expr_test": [check]}],
                })
            })
        };
        assert_eq!(says(2.0), Ok(()));
        assert!(says(3.0).unwrap_err().contains("exp"), "{:?}", says(3.0));
    }
}
