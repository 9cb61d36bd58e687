//! The world that dashboards are asked about: what the demo plays, and what it has no room for. Streams of a language model
//! whose first tokens become slow, two versions of a rain model before and after the weather changes, labels that come late,
//! stale data, nulls, errors, clients that leave, and feedback that is refused. It asks no dashboard.

use std::{
    collections::VecDeque,
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use driftline_profiler::{AsOf, Options, QualityOptions, Settings, to_text};
use driftline_profiler_files::from_csv;
use driftline_statistics::profile::Kind;
use driftline_testbed::{
    client::{Connection, HangUp, Request},
    envoy::{Envoy, EnvoyOptions},
    llm::Pace,
    models::ModelServer,
    pieces,
    rain::{Day, RainModel, Versions, Weather},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::stage::STATS_YAML;

const CSV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/weather/rainfall_data.csv");
pub(super) const LANGUAGE_MODEL: &str = "demo-llm";
pub(super) const RAIN: &str = "rain";
/// Versions of the rain model. The second one has seen the changed weather, too.
const VERSIONS: [&str; 2] = ["3", "4"];
/// A feature that says when its row was observed.
const OBSERVED: &str = "observed at";
pub(super) const SEGMENT: &str = "dew point";
const KPI: &str = "umbrellas sold";
/// What becomes null in a part of the rows.
const OFTEN_NULL: &str = "visibility";
/// Days that models are fitted to, days before and days after the change.
const TRAINING: std::ops::Range<usize> = 0..3000;
const BEFORE: std::ops::Range<usize> = 3000..12_000;
const AFTER: std::ops::Range<usize> = 12_000..18_000;
/// When first tokens are slow, in parts of the load.
const SLOW: std::ops::Range<f64> = 0.3..0.45;
/// Every so many requests go to the second version.
const CANDIDATE_EVERY: usize = 4;
/// The request with a value of the wrong type, which the model refuses.
const WRONG_TYPE: usize = 100;
const BATCH: usize = 25;
const LANES: usize = 4;

/// Model servers, and an Envoy with the filter in front of them.
pub(super) struct World {
    models: ModelServer,
    pub(super) envoy: Envoy,
    /// The filter's configuration.
    pub(super) config: String,
    before: Vec<Day>,
    after: Vec<Day>,
    names: Vec<String>,
    /// How long the load lasts.
    lasts: Duration,
}

impl World {
    /// Everything that is there before the first request.
    pub(super) async fn start(lasts: Duration) -> World {
        let csv = fs::read_to_string(CSV).unwrap();
        let Weather { names, days } = Weather::parse(&csv).unwrap();
        let old = RainModel::fit(&names, &days[TRAINING]);
        let new = RainModel::fit(&names, &[&days[TRAINING], &days[AFTER]].concat());
        let config = config(&csv, &days[TRAINING], &old, lasts);
        let named = VERSIONS.map(str::to_owned).into_iter().zip([old.clone(), new]).collect();
        let pace = Pace { first_token: Duration::from_millis(80), ..Pace::default() };
        let models = ModelServer::start(pace, Versions { default: old, named }).await.unwrap();
        let mut options = EnvoyOptions::new(pieces::envoy().unwrap(), models.address())
            .filter(pieces::filter().unwrap(), config.clone());
        options.stats_config = STATS_YAML.to_owned();
        options.workers = 2;
        for (name, prefix) in [("chat", "/v1/chat"), ("predict", "/v1/models")] {
            options.routes.push(json!({
                "name": name, "match": {"prefix": prefix},
                "route": {"cluster": "upstream", "timeout": "0s"},
            }));
        }
        let envoy = Envoy::start(options).await.unwrap();
        let (before, after) = (days[BEFORE].to_vec(), days[AFTER].to_vec());
        World { models, envoy, config, before, after, names, lasts }
    }

    /// All of the load.
    pub(super) async fn play(&self) {
        let started = Instant::now();
        tokio::join!(
            self.weather(started),
            self.slow_down(started),
            self.streams(started, 0),
            self.streams(started, 1),
            self.streams(started, 2),
            self.streams(started, 3),
            self.oddities(started),
        );
    }

    fn at(&self, started: Instant, share: f64) -> Instant {
        started + self.lasts.mul_f64(share)
    }

    fn is_slow(&self, started: Instant) -> bool {
        SLOW.contains(&(started.elapsed().as_secs_f64() / self.lasts.as_secs_f64()))
    }

    /// First tokens are slow for a while.
    async fn slow_down(&self, started: Instant) {
        let healthy = Pace { first_token: Duration::from_millis(80), ..Pace::default() };
        for (share, first_token) in [(0.0, 80), (SLOW.start, 600), (SLOW.end, 80)] {
            sleep_until(self.at(started, share)).await;
            self.models
                .set_pace(Pace { first_token: Duration::from_millis(first_token), ..healthy });
        }
    }

    /// A client of the language model after the other: streams, whole answers, short ones, streams without usage, clients that
    /// leave, requests that are refused, and a model that only a pattern admits.
    async fn streams(&self, started: Instant, lane: usize) {
        let end = self.at(started, 1.0);
        let mut number = lane;
        while Instant::now() < end {
            number += LANES;
            let model = if number.is_multiple_of(7) { "team-a" } else { LANGUAGE_MODEL };
            let mut body = json!({
                "model": model,
                "messages": [{"role": "user", "content": "Tell me about the weather, if you please."}],
                "stream": !number.is_multiple_of(5),
            });
            if !number.is_multiple_of(11) {
                body["stream_options"] = json!({"include_usage": true});
            }
            if number.is_multiple_of(3) {
                body["max_tokens"] = 12.into();
            }
            // Some requests are wrong while first tokens are slow.
            if number.is_multiple_of(5) && self.is_slow(started) {
                body["messages"] = Value::Null;
            }
            let mut text = body.to_string();
            if number.is_multiple_of(15) && self.is_slow(started) {
                text.truncate(text.len() - 2);
            }
            let mut request = Request::post_json("/v1/chat/completions", text);
            if number.is_multiple_of(17) {
                request = request.hang_up(HangUp::After(Duration::from_millis(200)));
            }
            // What becomes of it is for the filter to say.
            let _ = request.send(self.envoy.listen()).await;
        }
    }

    /// Days and their labels: those before the change in the first half, those after it in the second one.
    async fn weather(&self, started: Instant) {
        let mut client = Connection::open(self.envoy.listen()).await.unwrap();
        let mut waiting: VecDeque<(Instant, String, &[Day])> = VecDeque::new();
        let late = self.lasts.mul_f64(0.03);
        let mut number = 0_usize;
        for (phase, days) in [&self.before, &self.after].into_iter().enumerate() {
            let batches = days.len().div_ceil(BATCH);
            for (index, batch) in days.chunks(BATCH).enumerate() {
                let share = 0.5 * (phase as f64 + index as f64 / batches as f64);
                sleep_until(self.at(started, share)).await;
                let id = format!("days-{number}");
                let version = VERSIONS[usize::from(number.is_multiple_of(CANDIDATE_EVERY))];
                let asked = self.asked(batch, number, share);
                let path = format!("/v1/models/{RAIN}/versions/{version}:predict");
                let request =
                    Request::post_json(&path, asked.to_string()).header("x-request-id", &id);
                client.send(&request).await.unwrap();
                waiting.push_back((Instant::now() + late, id, batch));
                while waiting.front().is_some_and(|(due, ..)| *due <= Instant::now()) {
                    let Some((_, id, days)) = waiting.pop_front() else { break };
                    let labels = feedback(&id, days).to_string();
                    let request = Request::post_json("/driftline/v1/feedback", labels);
                    client.send(&request).await.unwrap();
                }
                number += 1;
            }
        }
    }

    /// A request for these days. Its data are stale in the last quarter, in which a column is often null.
    fn asked(&self, days: &[Day], number: usize, share: f64) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let is_late = 0.75 <= share;
        let instances = days.iter().enumerate().map(|(row, day)| {
            let mut instance: serde_json::Map<String, Value> = self
                .names
                .iter()
                .zip(&day.features)
                .map(|(name, value)| (name.clone(), (*value).into()))
                .collect();
            let age = age(number * BATCH + row) * if is_late { 20.0 } else { 1.0 };
            instance.insert(OBSERVED.to_owned(), ((now - age) as u64).into());
            if row == 0 && number.is_multiple_of(8) {
                instance.insert(OBSERVED.to_owned(), ((now + 3600.0) as u64).into());
                instance.insert("station".to_owned(), "north".into());
            }
            if is_late && row.is_multiple_of(4) {
                instance.insert(OFTEN_NULL.to_owned(), Value::Null);
            }
            if row == 1 && number == WRONG_TYPE {
                instance.insert(OFTEN_NULL.to_owned(), "foggy".into());
            }
            Value::Object(instance)
        });
        json!({"instances": instances.collect::<Vec<_>>()})
    }

    /// What is not to be measured, not to be read, or refused.
    async fn oddities(&self, started: Instant) {
        let end = self.at(started, 1.0);
        let record = |member: &str, value: Value| {
            let mut record =
                json!({"model": RAIN, "version": VERSIONS[0], "id": "unheard-of", "label": 1});
            record[member] = value;
            Request::post_json("/driftline/v1/feedback", record.to_string())
        };
        while Instant::now() < end {
            let requests = [
                Request::get("/healthz"),
                Request::get("/v1/models/rain:predict"),
                record("model", "snow".into()),
                record("label", "drizzle".into()),
                record("id", "unheard-of".into()),
                Request::post_json("/driftline/v1/feedback", "{"),
            ];
            for request in requests {
                let _ = request.send(self.envoy.listen()).await;
                tokio::time::sleep(self.lasts.mul_f64(0.005)).await;
            }
        }
    }
}

/// How many seconds old a row is: from half a minute to some five minutes.
fn age(row: usize) -> f64 {
    30.0 + (row * 37 % 271) as f64
}

/// How many umbrellas a shop sells on a day.
fn sold(day: &Day, row: usize) -> f64 {
    let by_weather = if day.rain { 40.0 } else { 5.0 };
    by_weather + (row % 10) as f64
}

/// The labels of these days, and what a shop sold on them.
fn feedback(id: &str, days: &[Day]) -> Value {
    let records = days.iter().enumerate().map(|(row, day)| {
        let (label, sold) = (u8::from(day.rain), sold(day, row));
        json!({"model": RAIN, "id": id, "row": row, "label": label, KPI: sold})
    });
    Value::Array(records.collect())
}

fn config(csv: &str, training: &[Day], model: &RainModel, lasts: Duration) -> String {
    let entries = VERSIONS.into_iter().map(|version| {
        // As text: a number of the profile that is read and written again might not be the same.
        format!(
            r#"{{"name":"{RAIN}","version":"{version}","deployed_at":"2026-11-25T12:00:00Z","segments":[{{"feature":"{SEGMENT}"}}],"kpis":[{{"name":"{KPI}","maximum":100}}],"profile":{}}}"#,
            profile(csv, training, version, model)
        )
    });
    let entries: Vec<String> = entries.collect();
    let window = (lasts.as_secs() / 4).max(1);
    format!(
        r#"{{"models":[{{"name":"{LANGUAGE_MODEL}"}},{{"name":"team-*"}},{}],"names_max":10,"routes":["chat","predict"],"feedback":{{}},"request_load_reports":"text","window_seconds":{window},"slow_windows":2,"tick_milliseconds":250,"false_alarms":10}}"#,
        entries.join(",")
    )
}

/// The profile of the training days, and of what a model says of them. A candidate is compared with the same reference, so
/// that predictions of both are counted in the same bins.
fn profile(csv: &str, training: &[Day], version: &str, model: &RainModel) -> String {
    const SCORE: &str = "probability of rain";
    const ASKED: &str = "asked at";
    const ASKED_AT: u32 = 1_600_000_000;
    let header = format!("{SCORE},{KPI},{OBSERVED},{ASKED}");
    let cells = training.iter().enumerate().map(|(row, day)| {
        let score = model.score(&day.features);
        format!("{score},{},{},{ASKED_AT}", sold(day, row), f64::from(ASKED_AT) - age(row))
    });
    let lines = csv.lines().zip(std::iter::once(header).chain(cells));
    let table: String = lines.map(|(line, cells)| format!("{line},{cells}\n")).collect();
    let quality = QualityOptions {
        label: "rain".into(),
        score: Some(SCORE.into()),
        segments: vec![SEGMENT.into()],
        ..QualityOptions::default()
    };
    let options = Options {
        settings: Settings { version: Some(version.to_owned()), ..Settings::of(RAIN) },
        prediction: Some(SCORE.into()),
        quality: Some(quality),
        kpis: vec![KPI.into()],
        kinds: vec![(OBSERVED.into(), Kind::Timestamp)],
        as_of: Some(AsOf::Column(ASKED.into())),
        ..Options::default()
    };
    let made = from_csv(table.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
    to_text(&made.profile)
}
