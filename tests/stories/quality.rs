//! The quality of a real model on real weather, from labels that come later: what scikit-learn says of each 1,500 rows is
//! what the counters say, and ADWIN signals soon after row 12,000, where the model becomes wrong.
//!
//! The reference is rows 0 to 2,999, which the model was trained on: see tests/data/weather/README.md. Rows count from 0
//! here, as they do there.

use std::{
    fs,
    ops::{Range, RangeInclusive},
    time::Duration,
};

use driftline_profiler::{Options, QualityOptions, to_text};
use driftline_profiler_files::from_csv;
use driftline_testbed::{client::Request, scrape::Scrape, upstream};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    expectation::PREFIX,
    feedback::{FEEDBACK, JSON, PREDICT, until},
    stage::{among_others, scrape, settings, start_envoy, world_of},
};

const WEATHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/weather/rainfall_data.csv");
const SCORES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/weather/scores.csv");
const QUALITY: &str = include_str!("../data/weather/quality.json");

/// The first row after the reference.
const FIRST: usize = 3_000;
/// Where the data changes.
const CHANGE: usize = 12_000;
/// Rows between two ticks, so that their order is nearly kept.
const BATCH: usize = 100;
/// Rows that `quality.json` measures together.
const BLOCK: usize = 1_500;
const TICK_SECONDS: u64 = 60;
/// A window holds a block.
const WINDOW_SECONDS: u64 = TICK_SECONDS * (BLOCK / BATCH) as u64;
/// Where a change that is found was one.
const FOUND: RangeInclusive<usize> = 12_100..=12_500;
/// What errors are told apart by.
const SEGMENTS: [&str; 3] = ["sea-level pressure", "dew point", "visibility"];

/// The days, and what the model says of them.
struct Days {
    /// Lines of the CSV with the score at their end.
    lines: Vec<String>,
    scores: Vec<String>,
    labels: Vec<String>,
    header: String,
}

impl Days {
    fn read() -> Days {
        let weather = fs::read_to_string(WEATHER).unwrap();
        let scores = fs::read_to_string(SCORES).unwrap();
        let scored = scores.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let (mut days, mut lines) = (Vec::new(), weather.lines());
        let header = format!("{},score", lines.next().unwrap());
        for (line, scored) in lines.zip(scored) {
            let [_, score, _, label] = scored[..] else { panic!("{scored:?}") };
            days.push((format!("{line},{score}"), score.to_owned(), label.to_owned()));
        }
        let lines = days.iter().map(|(line, ..)| line.clone()).collect();
        let scores = days.iter().map(|(_, score, _)| score.clone()).collect();
        let labels = days.into_iter().map(|(.., label)| label).collect();
        Days { lines, scores, labels, header }
    }

    fn count(&self) -> usize {
        self.lines.len()
    }

    /// A table with the features, the label and the score of these rows.
    fn csv(&self, rows: Range<usize>) -> String {
        format!("{}\n{}\n", self.header, self.lines[rows].join("\n"))
    }

    /// What asks for predictions of these rows, and the answer.
    fn prediction(&self, rows: Range<usize>) -> (String, String) {
        let features = |line: &String| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("[{}]", cells[1..9].join(","))
        };
        let instances: Vec<_> = self.lines[rows.clone()].iter().map(features).collect();
        (
            format!("{{\"instances\": [{}]}}", instances.join(",")),
            format!("{{\"predictions\": [{}]}}", self.scores[rows].join(",")),
        )
    }

    /// Their labels, for predictions of a request that is called so.
    fn feedback(&self, id: &str, rows: Range<usize>) -> String {
        let labels = self.labels[rows].iter().enumerate();
        let records: Vec<_> = labels
            .map(|(row, label)| format!(r#"{{"id": "{id}", "row": {row}, "label": {label}}}"#))
            .collect();
        format!("[{}]", records.join(","))
    }

    /// The profile of the reference, with the quality of the model on it.
    fn profile(&self) -> Value {
        let quality = QualityOptions {
            label: "rain".into(),
            score: Some("score".into()),
            segments: SEGMENTS.map(String::from).into(),
            ..QualityOptions::default()
        };
        let options = Options {
            settings: driftline_profiler::Settings::of("rain"),
            prediction: Some("score".into()),
            quality: Some(quality),
            ..Options::default()
        };
        let csv = self.csv(0..FIRST);
        let made = from_csv(csv.as_bytes(), &options).unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_str(&to_text(&made.profile)).unwrap()
    }

    fn config(&self, window_seconds: u64, tick_milliseconds: u64) -> String {
        let segments = SEGMENTS.map(|feature| json!({"feature": feature}));
        json!({
            "models": [{"name": "rain", "profile": self.profile(), "segments": segments}],
            "window_seconds": window_seconds,
            "tick_milliseconds": tick_milliseconds,
            "feedback": {},
        })
        .to_string()
    }
}

/// All batches from the first row after the reference on.
fn batches(end: usize) -> impl Iterator<Item = Range<usize>> {
    (FIRST..end).step_by(BATCH).map(move |first| first..end.min(first + BATCH))
}

fn value(page: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let found = page.value(&format!("{PREFIX}{name}"), labels);
    found.unwrap_or_else(|| panic!("no {name} with {labels:?}"))
}

/// Right and wrong rows of the counters: tn, fp, fn and tp.
fn confusion(page: &Scrape) -> [f64; 4] {
    [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")].map(|(actual, predicted)| {
        let labels = [("model", "rain"), ("actual", actual), ("predicted", predicted)];
        page.value(&format!("{PREFIX}confusion_rows_total"), &labels).unwrap_or(0.0)
    })
}

fn adwin(page: &Scrape) -> f64 {
    value(page, "concept_changes_total", &[("detector", "adwin")])
}

fn of_accuracy(page: &Scrape, name: &str, more: &[(&str, &str)]) -> f64 {
    let labels = [&[("window", "fast"), ("measure", "accuracy")], more].concat();
    value(page, name, &labels) / 1e6
}

fn verdict(page: &Scrape) -> &'static str {
    let holds = |verdict: &&str| {
        value(page, "quality_verdict", &[("window", "fast"), ("verdict", verdict)]) == 1.0
    };
    let held: Vec<_> = ["ok", "drift", "insufficient"].into_iter().filter(holds).collect();
    let [verdict] = held[..] else { panic!("{held:?}") };
    verdict
}

/// Cells of segments in the order of their places.
fn ranked(page: &Scrape) -> Vec<String> {
    let name = format!("{PREFIX}segment_rank");
    let ranks = page.samples().filter(|(series, rank)| series.name == name && *rank != 0.0);
    let mut ranks: Vec<_> = ranks
        .map(|(series, rank)| {
            let label = |name| series.label(name).unwrap_or_default();
            (rank as u64, format!("{} {}", label("feature"), label("bin")))
        })
        .collect();
    ranks.sort();
    ranks.into_iter().map(|(_, cell)| cell).collect()
}

/// Compares what the counters grew by with what scikit-learn says of each block.
struct Blocks {
    expected: Vec<Value>,
    before: [f64; 4],
}

impl Blocks {
    fn new() -> Blocks {
        let quality: Value = serde_json::from_str(QUALITY).unwrap();
        let blocks = quality["blocks"].as_array().unwrap();
        let after = |block: &&Value| FIRST as u64 <= block["rows"][0].as_u64().unwrap();
        Blocks { expected: blocks.iter().filter(after).cloned().collect(), before: [0.0; 4] }
    }

    /// Takes a page with all rows before `end`; the accuracy of the block that ends there, if one does.
    #[track_caller]
    fn check(&mut self, page: &Scrape, end: usize) -> Option<f64> {
        let block = self.expected.iter().find(|block| block["rows"][1] == end)?;
        let now = confusion(page);
        let grown: [f64; 4] = std::array::from_fn(|cell| now[cell] - self.before[cell]);
        let expected = ["tn", "fp", "fn", "tp"].map(|name| block[name].as_f64().unwrap());
        assert_eq!(grown, expected, "rows before {end}");
        let accuracy = (grown[0] + grown[3]) / grown.iter().sum::<f64>();
        let of_scikit_learn = block["accuracy"].as_f64().unwrap();
        assert!((accuracy - of_scikit_learn).abs() <= 1e-9, "{end}: {accuracy}");
        self.before = now;
        Some(accuracy)
    }
}

/// What is known of the model at the end of each block.
struct Told {
    end: usize,
    accuracy: f64,
    /// What the scores let expect.
    estimate: f64,
    shortfall: f64,
}

impl Told {
    fn new(page: &Scrape, end: usize, accuracy: f64) -> Told {
        let estimate = of_accuracy(page, "estimated_quality_ppm", &[("rows", "predictions")]);
        let shortfall = of_accuracy(page, "estimate_shortfall_ppm", &[]);
        let ranked = ranked(page);
        println!(
            "{end}: {accuracy:.4}, estimated {estimate:.4}, {shortfall:.4} short, {}, {ranked:?}",
            verdict(page)
        );
        Told { end, accuracy, estimate, shortfall }
    }

    /// Scores look as good as ever, whatever labels say.
    #[track_caller]
    fn check(&self, tolerance: f64) {
        let Told { end, accuracy, estimate, shortfall } = *self;
        // The last thousand days are unlike all before, in their features too.
        let least = if end <= 16_500 { 0.8 } else { 0.74 } - tolerance;
        assert!(least < estimate, "{end}: the estimate is {estimate}");
        if end <= CHANGE {
            let is_short = 0.12 + tolerance <= shortfall;
            assert!(0.74 < accuracy && !is_short, "{end}: {accuracy}, {shortfall} short");
        } else {
            let is_short = 0.2 - tolerance < shortfall;
            assert!(accuracy < 0.64 && is_short, "{end}: {accuracy}, {shortfall} short");
        }
    }
}

#[test]
fn a_model_that_becomes_wrong_is_told_by_its_labels_and_not_by_its_scores() {
    let _among_others = among_others();
    let days = Days::read();
    let world = world_of(2, &days.config(WINDOW_SECONDS, TICK_SECONDS * 1000));
    let (mut blocks, mut first_change, mut first_drift) = (Blocks::new(), None, None);
    for (number, rows) in batches(days.count()).enumerate() {
        let id = format!("day-{}", rows.start);
        let (asked, answered) = days.prediction(rows.clone());
        let headers = [JSON, ("x-request-id", &id)];
        let exchange = world.exchange(number % 2).request("POST", PREDICT, &headers);
        exchange.request_last_chunk(asked).answer(200, answered).outcome();
        // Labels come in by whichever worker.
        let labels = world.exchange(number / 2 % 2).request("POST", FEEDBACK, &[JSON]);
        let told = labels.request_last_chunk(days.feedback(&id, rows.clone())).outcome();
        assert_eq!((told.status(), joined(&told.client.body)), (Some(202), rows.len() as u64));
        world.advance(Duration::from_secs(TICK_SECONDS)).unwrap();

        let page = scrape(&world);
        first_change = first_change.or((adwin(&page) != 0.0).then_some(rows.end));
        first_drift = first_drift.or((verdict(&page) == "drift").then_some(rows.end));
        if rows.end <= CHANGE {
            assert_eq!(ranked(&page), [""; 0], "{}: nothing became worse", rows.end);
        }
        if let Some(accuracy) = blocks.check(&page, rows.end) {
            Told::new(&page, rows.end, accuracy).check(0.0);
            let worst = ranked(&page);
            let jumped = |cell: &String| SEGMENTS[..2].iter().any(|it| cell.starts_with(it));
            assert_eq!(CHANGE < rows.end, worst.iter().any(jumped), "{}: {worst:?}", rows.end);
        }
    }
    println!("ADWIN signals at {first_change:?}, the verdict at {first_drift:?}");
    assert!(first_change.is_some_and(|row| FOUND.contains(&row)), "{first_change:?}");
    // A window has to be full of what is wrong.
    let is_soon = first_drift.is_some_and(|row| CHANGE < row && row <= CHANGE + BLOCK);
    assert!(is_soon, "{first_drift:?}");
}

/// How many labels an answer says to have found their predictions.
fn joined(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    answer["joined"].as_u64().unwrap()
}

/// In real time, on two workers.
#[test]
fn a_real_envoy_tells_a_model_that_becomes_wrong() {
    const END: usize = CHANGE + BLOCK;
    let _among_others = among_others();
    let days = Days::read();
    let settings = settings(&days.config(2, 100)).workers(2);
    let total = |page: &Scrape, name: &str| page.value(&format!("{PREFIX}{name}"), &[]);
    Runtime::new().unwrap().block_on(async {
        let (_envoy, host) = start_envoy(&settings).await.unwrap();
        let (mut blocks, mut first_change) = (Blocks::new(), None);
        for rows in batches(END) {
            let id = format!("day-{}", rows.start);
            let (asked, answered) = days.prediction(rows.clone());
            host.upstream().push(upstream::Script::answer(200, JSON.1, answered));
            let request = Request::post_json(PREDICT, asked).header("x-request-id", &id);
            assert_eq!(request.send(host.listen()).await.unwrap().status, 200);
            // A client may have its answer before the filter has.
            let made = (rows.end - FIRST) as f64;
            let is_made = |page: &Scrape| total(page, "predictions_tracked_total") == Some(made);
            until(&host, "the predictions are not there", is_made).await;
            let request = Request::post_json(FEEDBACK, days.feedback(&id, rows.clone()));
            let told = request.send(host.listen()).await.unwrap();
            assert_eq!((told.status, joined(&told.body)), (202, rows.len() as u64));

            let evaluations = |page: &Scrape| total(page, "evaluations_total");
            let before = evaluations(&host.scrape().await.unwrap());
            let is_evaluated = |page: &Scrape| before < evaluations(page);
            let page = until(&host, "nothing is evaluated", is_evaluated).await;
            first_change = first_change.or((adwin(&page) != 0.0).then_some(rows.end));
            if let Some(accuracy) = blocks.check(&page, rows.end) {
                // How many rows a window has depends on the machine.
                Told::new(&page, rows.end, accuracy).check(0.05);
            }
        }
        println!("ADWIN signals at {first_change:?}");
        assert!(first_change.is_some_and(|row| FOUND.contains(&row)), "{first_change:?}");
    });
}
