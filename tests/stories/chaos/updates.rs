//! The configurations of the chaos, good and bad, and what hands them to Envoy. It never looks at traffic.

use std::time::{Duration, Instant};

use driftline_testbed::envoy::{Envoy, Update};
use serde_json::{Value, json};

use crate::phrases::CONFIG;

const EVERY: Duration = Duration::from_secs(1);

/// A good configuration, whose series do not depend on its number.
pub(super) fn config(number: usize) -> Value {
    let mut config: Value = serde_json::from_str(CONFIG).expect("it is JSON");
    config["models"].as_array_mut().expect("a list").push(json!({"name": "tenant-*"}));
    config["endpoints"] = json!([{"path": "/internal/*", "dialect": "none"}]);
    config["tick_milliseconds"] = json!(500);
    config["event_bytes_max"] = json!(1024 + number);
    config
}

/// What cannot be in force.
fn bad_config(number: usize) -> String {
    let mut config = config(number);
    match number % 5 {
        0 => return config.to_string()[1..].to_owned(),
        1 => config["no such setting"] = json!(1),
        2 => config["models"][1]["profile"]["features"][0]["bins"]["edges"] = json!([3, 2]),
        3 => {
            config["models"] =
                (0..65).map(|number| json!({"name": format!("m{number}")})).collect();
        }
        // More than a configuration may have.
        _ => config["models"][0]["name"] = json!("x".repeat(5 << 20)),
    }
    config.to_string()
}

/// How many configurations were handed over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Updates {
    pub(super) accepted: usize,
    pub(super) refused: usize,
}

/// Gives Envoy a configuration each second until a moment, good and bad ones by turns. Each is another one, because Envoy
/// remembers what it refused.
pub(super) async fn update(envoy: &mut Envoy, until: Instant) -> Updates {
    let mut updates = Updates::default();
    let mut next = Instant::now();
    while Instant::now() < until {
        next += EVERY;
        let number = updates.refused;
        if updates.accepted == updates.refused {
            let good = config(1 + number).to_string();
            let update = envoy.update_filter_config(&good).await.unwrap();
            assert_eq!(update, Update::Accepted, "{}", envoy.log());
            updates.accepted += 1;
        } else {
            let update = envoy.update_filter_config(&bad_config(number)).await.unwrap();
            assert!(matches!(update, Update::Refused(_)), "the bad one {number} is accepted");
            updates.refused += 1;
        }
        tokio::time::sleep_until(next.into()).await;
    }
    updates
}
