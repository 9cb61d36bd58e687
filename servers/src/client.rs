//! What a client in Python has counted of what it sent and got. It knows nothing of what the filter counted.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{
    case::{MODEL, Served},
    place::Place,
    server::run,
};

/// Twenty-four requests, each of which a client gives up after twenty seconds.
const LIMIT: Duration = Duration::from_secs(120);

/// Values by the label of their bin; those without a value are `null`.
pub type Bins = BTreeMap<String, u64>;

/// The counts of one client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Requests that were answered.
    pub requests: u64,
    /// Rows that were sent.
    pub rows: u64,
    /// Predictions that came.
    pub predictions: u64,
    /// Values that the schema does not allow.
    pub breaches: u64,
    /// The values of each feature.
    pub features: BTreeMap<String, Bins>,
    /// The values of the prediction.
    pub prediction: Bins,
}

/// Sends all training rows to the proxy.
///
/// # Errors
///
/// What the client says of a request that failed.
pub async fn send(
    place: &Place,
    way: &str,
    proxy: SocketAddr,
    served: Served,
    training: &Path,
    profile: &Path,
) -> Result<Counted> {
    let mut command = place.python();
    command.arg(place.common("client.py"));
    command.args([way, &proxy.to_string(), MODEL, served.name]).arg(training).arg(profile);
    let printed = run(command, LIMIT).await.context("the client failed")?;
    let line = printed.lines().next_back().unwrap_or_default();
    serde_json::from_str(line).with_context(|| format!("the client printed `{line}`"))
}
