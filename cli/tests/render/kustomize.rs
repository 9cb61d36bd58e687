//! Each folder with a kustomization.yaml is one that Kustomize builds. Where there is no kubectl, only the files that it
//! refers to are looked at.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use serde_json::Value;

use super::{
    Rendered,
    configurations::{self, Configuration, DEMO},
};

const FOLDERS: [&str; 4] = ["kubernetes/base", "istio", "envoy-gateway", "kubernetes/envoy"];

/// What `kubectl kustomize` prints, or what it says; `None` where there is none.
fn build(folder: &Path) -> Option<Result<String, String>> {
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|folder| folder.join("kubectl").is_file()) {
        println!("kubectl is not on the PATH, so its check is skipped");
        return None;
    }
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}

/// The objects of a stream, by kind and name.
fn objects(stream: &str) -> BTreeSet<String> {
    let documents =
        stream.split("\n---\n").map(|text| serde_saphyr::from_str::<Value>(text).unwrap());
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    documents
        .map(|object| word(&object["kind"]) + " " + &word(&object["metadata"]["name"]))
        .collect()
}

/// All objects of a folder that is built by the name of its files alone.
fn expected(rendered: &Rendered, folder: &str) -> BTreeSet<String> {
    let kustomization = rendered.document(&format!("{folder}/kustomization.yaml"));
    let mut all = BTreeSet::new();
    for resource in kustomization["resources"].as_array().unwrap() {
        let resource = resource.as_str().unwrap();
        match resource.strip_prefix("../") {
            Some(_) => all.extend(expected(rendered, "kubernetes/base")),
            None => all.extend(objects(&rendered.text(&format!("{folder}/{resource}")))),
        }
    }
    all
}

#[test]
fn kustomize_builds_each_folder() {
    for Configuration { name, text } in configurations::all() {
        let rendered = Rendered::new(&format!("kustomize-{name}"), &text, &[]);
        for folder in FOLDERS {
            let expected = expected(&rendered, folder);
            assert!(
                expected.iter().any(|object| object.starts_with("PrometheusRule ")),
                "{expected:?}"
            );
            let Some(built) = build(&rendered.folder.join(folder)) else { continue };
            let found = objects(&built.unwrap());
            // Of the file with Envoy's configuration, Kustomize makes a ConfigMap.
            let made: Vec<&String> = found.difference(&expected).collect();
            let is_made = |object: &&String| object.starts_with("ConfigMap driftline-envoy-");
            assert!(made.iter().all(is_made), "{folder}: {made:?}");
            assert_eq!(made.len(), usize::from(folder == "kubernetes/envoy"));
            assert!(expected.is_subset(&found), "{folder}: {found:?}");
        }
    }
}

#[test]
fn the_object_of_istio_is_the_one_that_is_asked_for() {
    for (word, kind) in [
        ("envoy-filter", "EnvoyFilter"),
        ("wasm-plugin", "WasmPlugin"),
        ("traffic-extension", "TrafficExtension"),
    ] {
        let rendered = Rendered::new(&format!("kustomize-{word}"), DEMO, &["--istio", word]);
        let objects = expected(&rendered, "istio");
        assert!(objects.contains(&format!("{kind} driftline")), "{objects:?}");
        let filters = objects.iter().filter(|object| object.ends_with(" driftline")).count();
        assert_eq!(filters, 1, "{objects:?}");
    }
}

#[test]
fn kustomize_refuses_what_is_broken() {
    let rendered = Rendered::new("kustomize-broken", DEMO, &[]);
    let path = rendered.folder.join("istio/kustomization.yaml");
    for (from, to, expected) in [
        ("resources:", "resource:", "resource"),
        ("pod-monitor.yaml", "pod-montor.yaml", "pod-montor.yaml"),
    ] {
        let text = rendered.text("istio/kustomization.yaml");
        fs::write(&path, text.replace(from, to)).unwrap();
        if let Some(built) = build(&rendered.folder.join("istio")) {
            let error = built.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        fs::write(&path, text).unwrap();
    }
}
