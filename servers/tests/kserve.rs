//! KServe behind a real Envoy, over each of its protocols. `cargo xtask servers` plays the other servers; no page is
//! written here.

use driftline_servers::{case, play, report};

/// Each protocol once.
const PLAYED: [&str; 4] = [
    "kserve/classes/v1_instances",
    "kserve/classes/v2_json_columns",
    "kserve/classes/v2_binary",
    "kserve/classes/v2_grpc",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_filter_counts_is_what_kserves_clients_sent_and_got() {
    let server = case::server("kserve").unwrap();
    let is_asked = |name: &str| PLAYED.contains(&name);
    let played = play::play(server, is_asked, |it| println!("{}", report::line(it))).await.unwrap();
    assert_eq!(played.len(), PLAYED.len());
    let differences: Vec<String> = played.iter().flat_map(report::differences).collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
