//! A client of the rain model: batches of days over connections that take turns, so that more than one worker sees rows.
//! It counts nothing.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use driftline_testbed::{
    client::{Connection, End, Request, Response},
    rain::Day,
};
use serde_json::{Value, json};

const PREDICT: &str = "/v1/models/rain:predict";
const FEEDBACK: &str = "/driftline/v1/feedback";
/// What a request is called, so that labels find it.
const ID_HEADER: &str = "x-request-id";
const CONNECTIONS: usize = 4;

/// The client. Connections are kept as long as they work.
pub(super) struct RainClient {
    address: SocketAddr,
    connections: [Option<Connection>; CONNECTIONS],
    turn: usize,
}

impl RainClient {
    pub(super) fn new(address: SocketAddr) -> RainClient {
        RainClient { address, connections: Default::default(), turn: 0 }
    }

    /// The model's scores of these days, asked for under this name if they are to have labels.
    ///
    /// # Errors
    ///
    /// If the answer is not that of success, or not whole.
    pub(super) async fn predict(&mut self, name: Option<&str>, days: &[Day]) -> Result<Vec<f64>> {
        let instances: Vec<&[f64]> = days.iter().map(|day| day.features.as_slice()).collect();
        let body = json!({"instances": instances}).to_string();
        let mut request = Request::post_json(PREDICT, body);
        if let Some(name) = name {
            request = request.header(ID_HEADER, name);
        }
        let response = self.send(&request, 200).await?;
        let answer: Value =
            serde_json::from_slice(&response.body).context("an answer is not JSON")?;
        let scores = answer["predictions"].as_array().context("an answer has no predictions")?;
        let score = |score: &Value| score.as_f64().context("a prediction is no number");
        scores.iter().map(score).collect()
    }

    /// Says what was true of the days that were asked for under this name; how many labels found their predictions.
    ///
    /// # Errors
    ///
    /// If the answer is not that of success, or not whole.
    pub(super) async fn label(&mut self, model: &str, name: &str, days: &[Day]) -> Result<u64> {
        let records: Vec<Value> = days
            .iter()
            .enumerate()
            .map(|(row, day)| {
                json!({"model": model, "id": name, "row": row, "label": u8::from(day.rain)})
            })
            .collect();
        let request = Request::post_json(FEEDBACK, Value::from(records).to_string());
        let response = self.send(&request, 202).await?;
        let answer: Value =
            serde_json::from_slice(&response.body).context("an answer is not JSON")?;
        answer["joined"].as_u64().context("an answer does not say how many labels were joined")
    }

    async fn send(&mut self, request: &Request, expected: u16) -> Result<Response> {
        self.turn = (self.turn + 1) % CONNECTIONS;
        let mut open = match self.connections[self.turn].take() {
            Some(open) => open,
            None => Connection::open(self.address).await?,
        };
        let response = open.send(request).await?;
        let status = response.status;
        ensure!(status == expected, "found status {status}, expected {expected}");
        ensure!(response.end == End::Complete, "an answer ended early: {:?}", response.end);
        self.connections[self.turn] = Some(open);
        Ok(response)
    }
}
