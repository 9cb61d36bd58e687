//! The command itself: which files it writes, and what it refuses. What is in the files is judged elsewhere.

use std::{collections::BTreeMap, fs};

use serde_json::json;

use super::{
    Rendered,
    configurations::{DEMO, LANGUAGE, large},
    folder,
};

/// The texts of all files but the notes, by path.
fn texts(rendered: &Rendered) -> BTreeMap<String, String> {
    let files = rendered.files().into_iter().filter(|path| path != "rendered.sha256");
    files.map(|path| (path.clone(), rendered.text(&path))).collect()
}

/// What it says when it must refuse, without having written anything.
#[track_caller]
fn refuses(name: &str, config: &str, options: &[&str], expected: &[&str]) {
    let rendered = Rendered { folder: folder(name) };
    let output = rendered.run(config, options);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    for expected in expected {
        assert!(said.contains(expected), "{name} does not say {expected:?}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    assert!(!rendered.folder.exists(), "{name} has written something");
}

#[test]
fn the_same_configuration_gives_the_same_files() {
    let [first, second] = ["first", "second"].map(|name| texts(&Rendered::new(name, DEMO, &[])));
    assert!(30 <= first.len(), "{:?}", first.keys());
    assert!(first == second);
    for (path, text) in &first {
        assert!(text.ends_with('\n') && !text.contains('\t'), "{path}");
        assert!(text.lines().all(|line| line.trim_end() == line), "{path} has blanks at an end");
    }
}

#[test]
fn only_the_parts_that_are_asked_for_are_written() {
    let rendered = Rendered::new("parts", DEMO, &["envoy", "grafana"]);
    let files = rendered.files();
    assert!(files.contains(&"envoy.yaml".to_owned()), "{files:?}");
    let others = files.iter().filter(|path| {
        !["envoy.yaml", "stats.yaml", "rendered.sha256"].contains(&&***path)
            && !path.starts_with("grafana/")
    });
    assert_eq!(others.count(), 0, "{files:?}");
}

#[test]
fn options_reach_the_documents() {
    let digest = "b9941d90aacaa051f3f58079fe89efec3067afc1eef17e6368d46b901c1ac66d";
    let rendered = Rendered::new(
        "options",
        LANGUAGE,
        &[
            "--image",
            "r.example/driftline:2",
            "--digest",
            &format!("sha256:{digest}"),
            "--upstream",
            "vllm.models.svc:8001",
            "--listen",
            "0.0.0.0:8443",
            "--admin",
            "127.0.0.1:9999",
            "--namespace",
            "ingress",
            "--selector",
            "app=gw",
            "--gateway",
            "eg",
            "--time-scale",
            "240",
            "--prometheus",
            "http://p.example:9090",
            "--concurrency",
            "3",
            "--replicas-max",
            "7",
        ],
    );
    for (path, expected) in [
        ("envoy.yaml", "\"vllm.models.svc\", port_value: 8001"),
        ("envoy.yaml", "port_value: 8443"),
        ("envoy.yaml", "curl 127.0.0.1:9999/stats/prometheus"),
        ("istio/wasm-plugin.yaml", "url: \"oci://r.example/driftline:2\""),
        ("istio/envoy-filter.yaml", digest),
        ("istio/envoy-filter.yaml", "app: \"gw\""),
        ("istio/pod-monitor.yaml", "namespace: \"ingress\""),
        ("envoy-gateway/extension-policy.yaml", &format!("r.example/driftline:2@sha256:{digest}")),
        ("envoy-gateway/extension-policy.yaml", "name: eg"),
        ("kubernetes/envoy/deployment.yaml", "containerPort: 8443"),
        ("prometheus/prometheus.yml", "scrape_interval: 250ms"),
        ("prometheus/prometheus.yml", "127.0.0.1:9999"),
        ("rollouts/analysis-templates.yaml", "[1250ms]"),
        ("rollouts/analysis-templates.yaml", "value: my-llm"),
        ("autoscaling/scaled-objects.yaml", "threshold: \"3\""),
        ("autoscaling/horizontal-pod-autoscalers.yaml", "maxReplicas: 7"),
        ("grafana/provisioning/datasources/driftline.yaml", "http://p.example:9090"),
    ] {
        let text = rendered.text(path);
        assert!(text.contains(expected), "{path} has no {expected}:\n{text}");
    }
}

#[test]
fn a_configuration_that_makes_too_many_series_is_refused_with_what_makes_the_most() {
    let mut config: serde_json::Value = serde_json::from_str(DEMO).unwrap();
    config["series_max"] = json!(1000);
    let expected =
        ["series, expected at most 1000, which `series_max` allows", "model `rain`", "all others"];
    refuses("series-max", &config.to_string(), &[], &expected);
    let mut many = large(250);
    many["measures"] =
        json!(["kullback_leibler", "jensen_shannon", "hellinger", "wasserstein", "chi_square"]);
    refuses("series", &many.to_string(), &[], &["expected at most 60000", "model `large`"]);
}

#[test]
fn what_an_object_cannot_hold_is_refused_with_the_way_out() {
    let large = large(200).to_string();
    refuses(
        "large",
        &large,
        &[],
        &[
            "bytes for istio/wasm-plugin.yaml",
            "kubernetes/envoy/envoy.yaml",
            "expected at most 1048576",
            "for large",
            "driftline profile --bins",
            "render only envoy, prometheus, grafana",
        ],
    );
    let rendered = Rendered::new("large-envoy", &large, &["envoy", "prometheus", "grafana"]);
    assert!(1 << 20 < rendered.text("envoy.yaml").len());
}

#[test]
fn bad_input_is_refused_with_what_is_allowed() {
    for (name, config, options, expected) in [
        ("typo", r#"{"modles": []}"#, &[][..], "modles"),
        ("part", LANGUAGE, &["helm"][..], "[possible values: envoy, istio"),
        ("image", LANGUAGE, &["--image", "oci://r/d"][..], "without a scheme"),
        ("digest", LANGUAGE, &["--digest", "abc"][..], "64 hexadecimal digits"),
        ("upstream", LANGUAGE, &["--upstream", "http://a"][..], "a host with a port"),
        ("namespace", LANGUAGE, &["--namespace", "A b"][..], "lower case letters"),
        ("selector", LANGUAGE, &["--selector", "istio"][..], "KEY=VALUE"),
        ("prometheus", LANGUAGE, &["--prometheus", "p:9090"][..], "allowed is a URL"),
        ("lookback", LANGUAGE, &["--lookback", "1 hour"][..], "such as 1h"),
        ("time-scale", LANGUAGE, &["--time-scale", "0"][..], "--time-scale"),
        ("concurrency", LANGUAGE, &["--concurrency", "0"][..], "--concurrency"),
    ] {
        refuses(name, config, options, &[expected]);
    }
}

#[test]
fn files_of_others_are_not_replaced() {
    let rendered = Rendered { folder: folder("others") };
    fs::create_dir_all(&rendered.folder).unwrap();
    fs::write(rendered.folder.join("envoy.yaml"), "mine: 1\n").unwrap();
    let output = rendered.run(LANGUAGE, &["envoy"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("envoy.yaml") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(rendered.files(), ["envoy.yaml"]);
    assert_eq!(rendered.text("envoy.yaml"), "mine: 1\n");
    assert!(rendered.run(LANGUAGE, &["envoy", "--force"]).status.success());
    assert!(rendered.text("envoy.yaml").contains("my-llm"));

    // What it wrote itself it replaces without being asked.
    let output = rendered.run(DEMO, &["envoy"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("envoy.yaml") && said.ends_with("1 files written, 1 unchanged\n"),
        "{said}"
    );
}
