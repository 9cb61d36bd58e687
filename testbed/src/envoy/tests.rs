//! The handle on a real Envoy. They need Envoy and the built filter, and say so where there is none.

use serde_json::json;

use std::path::Path;

use super::*;
use crate::upstream::{Script, Upstream};

fn binary() -> PathBuf {
    crate::pieces::envoy().unwrap()
}

/// How often Envoy flushes its stats, unless a bootstrap says otherwise.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

#[tokio::test]
async fn requests_go_through_to_the_upstream_and_are_counted() {
    let upstream = Upstream::start().await.unwrap();
    upstream.on_path("/a", Script::answer(200, "text/plain", "hello"));
    let envoy = Envoy::start(EnvoyOptions::new(binary(), upstream.address())).await.unwrap();
    let response = Request::get("/a").send(envoy.listen()).await.unwrap();
    assert_eq!(response.text(), "hello");
    let scrape = envoy.scrape().await.unwrap();
    let labels =
        [("envoy_http_conn_manager_prefix", "ingress"), ("envoy_response_code_class", "2")];
    assert_eq!(scrape.value("envoy_http_downstream_rq_xx", &labels), Some(1.0));
}

/// What rules must bear: while the parent drains, gauges of both add up; and counters begin anew.
#[tokio::test]
async fn a_hot_restart_resets_counters_and_doubles_gauges_until_the_parent_has_ended() {
    let upstream = Upstream::start().await.unwrap();
    upstream.on_path("/a", Script::answer(200, "text/plain", "hello"));
    let column = json!({
        "name": "dew", "type": "number", "schema": {"required": true, "minimum": 0, "maximum": 3}, "nulls": 0,
        "mean": 1.5, "standard_deviation": 1, "minimum": 0, "maximum": 3,
        "bins": {"kind": "quantile", "edges": [1], "counts": [50, 50], "means": [0.5, 2.5]},
        "tail_excess": {"low": 0.5, "high": 1.5},
        "chi_square": {"five_percent": 3.8, "one_percent": 6.6, "family": 6.6},
    });
    let profile = json!({
        "format": "driftline-profile", "format_version": 4, "created_at": "2026-11-25T12:00:00Z",
        "model": "rain", "version": null, "rows": 100, "features": [column], "prediction": null,
    });
    let config = json!({"models": [{"name": "rain", "profile": profile}]}).to_string();
    let mut options = EnvoyOptions::new(binary(), upstream.address())
        .filter(crate::pieces::filter().unwrap(), config);
    options.drain_seconds = Some(1);
    options.parent_shutdown_seconds = Some(3);
    let mut envoy = Envoy::start(options).await.unwrap();
    assert_eq!(Request::get("/a").send(envoy.listen()).await.unwrap().status, 200);
    let shown = async |envoy: &Envoy| {
        let page = envoy.scrape().await.unwrap();
        let total = |name: &str| -> f64 {
            let samples = page.samples().filter(|(series, _)| series.name.starts_with(name));
            samples.map(|(_, value)| value).sum()
        };
        (total("driftline_reference_bin_rows"), total("driftline_unmeasured_streams_total"))
    };
    assert_eq!(shown(&envoy).await, (100.0, 1.0));
    // What a parent has counted since its last flush, which comes every five seconds, its child gets.
    tokio::time::sleep(FLUSH_INTERVAL + Duration::from_secs(1)).await;
    envoy.restart_hot().await.unwrap();
    let started = Instant::now();
    while shown(&envoy).await != (200.0, 0.0) {
        assert!(started.elapsed() < START_LIMIT, "{:?}", shown(&envoy).await);
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(Request::get("/a").send(envoy.listen()).await.unwrap().status, 200);
    while shown(&envoy).await != (100.0, 1.0) {
        assert!(started.elapsed() < START_LIMIT, "{:?}", shown(&envoy).await);
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn an_envoy_is_gone_when_its_handle_is() {
    let upstream = Upstream::start().await.unwrap();
    let envoy = Envoy::start(EnvoyOptions::new(binary(), upstream.address())).await.unwrap();
    let (admin, folder) = (envoy.admin(), envoy.folder.as_ref().to_path_buf());
    drop(envoy);
    assert!(Request::get("/ready").send(admin).await.is_err());
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_refused_start_quotes_the_reason() {
    let upstream = Upstream::start().await.unwrap();
    let mut options = EnvoyOptions::new(binary(), upstream.address());
    options.routes.push(json!({"match": {"prefix": "/"}, "route": {"cluster": "nobody"}}));
    options.routes.push(json!({"match": {}}));
    let error = format!("{:#}", Envoy::start(options).await.unwrap_err());
    assert!(error.contains("it refuses the configuration"), "{error}");
}

#[tokio::test]
async fn a_bootstrap_that_is_wrong_quotes_the_log() {
    let upstream = Upstream::start().await.unwrap();
    let mut options = EnvoyOptions::new(binary(), upstream.address());
    options.stats_config = "no_such_field: 1\n".to_owned();
    let error = format!("{:#}", Envoy::start(options).await.unwrap_err());
    assert!(error.contains("it ended while we waited"), "{error}");
    assert!(error.contains("no_such_field"), "{error}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let upstream = SocketAddr::from(([127, 0, 0, 1], 1));
    let error = Envoy::start(EnvoyOptions::new("/no/such/envoy", upstream)).await.unwrap_err();
    assert!(format!("{error:#}").contains("/no/such/envoy"), "{error:#}");
}

#[tokio::test]
async fn a_refused_configuration_leaves_the_old_one_in_force() {
    let upstream = Upstream::start().await.unwrap();
    upstream.on_path("/a", Script::answer(200, "text/plain", "hello"));
    let options = EnvoyOptions::new(binary(), upstream.address())
        .filter(crate::pieces::filter().unwrap(), r#"{"models": [{"name": "old"}]}"#);
    let mut envoy = Envoy::start(options).await.unwrap();
    let listen = envoy.listen();

    let refused = envoy.update_filter_config(r#"{"modles": []}"#).await.unwrap();
    let Update::Refused(reason) = refused else { panic!("accepted") };
    assert!(reason.contains("Unable to create Wasm plugin"), "{reason}");
    assert!(envoy.log().contains("modles"), "{}", envoy.log());
    assert_eq!(Request::get("/a").send(listen).await.unwrap().status, 200);

    let accepted = envoy.update_filter_config(r#"{"models": [{"name": "new"}]}"#).await.unwrap();
    assert_eq!(accepted, Update::Accepted);
    assert_eq!(Request::get("/a").send(listen).await.unwrap().status, 200);
}

/// Envoy's validation configures the filter too, so this says that the whole example works.
#[test]
fn the_example_that_users_copy_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let example = fs::read_to_string(root.join("envoy/envoy.yaml")).unwrap();
    let filter = crate::pieces::filter().unwrap();
    let example = example.replace("target/driftline.wasm", filter.to_str().unwrap());
    let stats = fs::read_to_string(root.join("envoy/stats.yaml")).unwrap();
    let folder = Folder::new("envoy").unwrap();
    folder.write("envoy.yaml", &example).unwrap();
    let output = std::process::Command::new(binary())
        .args(["--mode", "validate", "--config-yaml", &stats, "--config-path"])
        .arg(folder.file("envoy.yaml"))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
}
