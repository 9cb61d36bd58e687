//! The dashboards against the types of `@grafana/schema`: TypeScript refuses wrong values, and a walk over the types finds keys
//! that they do not have.

use std::{env, fs, path::PathBuf, process::Command};

use driftline_monitor::config::Config;
use driftline_operations::{dashboards, settings::Settings};
use driftline_testbed::pieces;
use serde_json::{Value, json};

use super::{CONFIG, root};

/// What the check prints of dashboards, and whether it is content.
fn checked(name: &str, dashboards: &[(String, String)]) -> (bool, String) {
    let folder = env::temp_dir().join(format!("driftline-schema-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files: Vec<PathBuf> = dashboards
        .iter()
        .map(|(file, text)| {
            let file = folder.join(file);
            fs::write(&file, text).unwrap();
            file
        })
        .collect();
    let output = Command::new("node")
        .arg(root().join("tests/grafana/schema/check.mjs"))
        .arg(pieces::grafana_schema().unwrap())
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("node, of the package nodejs: {error}"));
    fs::remove_dir_all(folder).unwrap();
    let said = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    (output.status.success(), said)
}

fn rendered() -> Vec<(String, String)> {
    let config = Config::from_json(CONFIG.as_bytes()).unwrap();
    let name = |path: &str| path.trim_start_matches("grafana/").to_owned();
    let files = dashboards::files(&Settings::of(&config));
    files.into_iter().map(|file| (name(&file.path), file.text)).collect()
}

#[test]
fn grafanas_schema_accepts_every_dashboard() {
    let (is_content, said) = checked("good", &rendered());
    assert!(is_content && said.is_empty(), "\n{said}");
}

#[test]
fn grafanas_schema_refuses_what_is_wrong_and_what_is_unknown() {
    let (_, serving) = &rendered()[1];
    let serving: Value = serde_json::from_str(serving).unwrap();
    let lines = serving["panels"].as_array().unwrap().iter();
    let panel = lines.clone().position(|panel| panel["type"] == "timeseries").unwrap();
    // What is changed, to what, and what is said of it.
    let faults = [
        ("/title", json!(7), "not assignable to type 'string"),
        ("/schemaVersion", json!("38"), "not assignable to type 'number"),
        ("/tittle", json!("Serving"), "unknown key tittle"),
        ("/panels/P/gridPos/z", json!(1), "unknown key panels[P].gridPos.z"),
        ("/panels/P/fieldConfig/defaults/units", json!("s"), "defaults.units"),
        ("/panels/P/fieldConfig/defaults/color/mode", json!("rainbow"), "rainbow"),
        ("/panels/P/fieldConfig/defaults/custom/lineWidht", json!(1), "custom.lineWidht"),
        ("/panels/P/options/legend/placement", json!("top"), "top"),
        ("/panels/P/options/legends", json!({}), "options.legends"),
        ("/panels/P/targets/0/expression", json!("up"), "targets[0].expression"),
        ("/panels/P/type", json!("graph"), "expected type 'never'"),
        ("/templating/list/0/allvalue", json!(".*"), "templating.list[0].allvalue"),
    ];
    let panel = panel.to_string();
    let broken: Vec<(String, String)> = faults
        .iter()
        .enumerate()
        .map(|(number, (path, value, _))| {
            let path = path.replace("/P/", &format!("/{panel}/"));
            let (parent, key) = path.rsplit_once('/').unwrap();
            let mut dashboard = serving.clone();
            dashboard.pointer_mut(parent).unwrap()[key] = value.clone();
            (format!("fault{number}.json"), dashboard.to_string())
        })
        .collect();
    let (is_content, said) = checked("broken", &broken);
    assert!(!is_content);
    for (number, (path, _, expected)) in faults.iter().enumerate() {
        let expected = expected.replace("[P]", &format!("[{panel}]"));
        let file = format!("fault{number}.json: ");
        let found = said.lines().any(|it| it.starts_with(&file) && it.contains(&expected));
        assert!(found, "{path}: nothing says `{expected}` in\n{said}");
    }
}
