//! Every detector, row by row, against what river says: see tests/data/vectors/README.md. Nothing here is computed by
//! us.

use std::{string::String, vec::Vec};

use driftline_random::Random;
use serde_json::Value;

use super::{
    Signal,
    adwin::{self, Adwin},
    ddm::{self, Ddm},
    eddm::Eddm,
    evenly,
    page_hinkley::{self, Direction, PageHinkley},
};

fn streams() -> serde_json::Map<String, Value> {
    let text = include_str!("../../../../tests/data/vectors/streams.json");
    let file: Value = serde_json::from_str(text).unwrap();
    file["streams"].as_object().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn indices(list: &Value) -> Vec<usize> {
    list.as_array().unwrap().iter().map(|it| it.as_u64().unwrap() as usize).collect()
}

/// The portable generators of tests/data/vectors/versions.json.
fn generated(spec: &Value) -> Vec<f64> {
    let Some(name) = spec[0].as_str() else {
        return spec.as_array().unwrap().iter().flat_map(generated).collect();
    };
    let mut random = Random::new(spec[1].as_u64().unwrap());
    let mut error = |rate: f64| if random.uniform() < rate { 1.0 } else { 0.0 };
    let rows = |value: &Value| value.as_u64().unwrap();
    match name {
        "bern_list" => {
            let mut all = Vec::new();
            for segment in spec[2].as_array().unwrap() {
                let rate = number(&segment[0]);
                all.extend((0..rows(&segment[1])).map(|_| error(rate)));
            }
            all
        }
        "ramp_list" => {
            let (before, from) = (rows(&spec[2]), number(&spec[3]));
            let (during, to) = (rows(&spec[4]), number(&spec[5]));
            let mut all: Vec<f64> = (0..before).map(|_| error(from)).collect();
            let rate = |row: u64| from + (to - from) * (row as f64 / during as f64);
            all.extend((0..during).map(|row| error(rate(row))));
            all
        }
        "ih_list" => {
            let (times, plus) = (number(&spec[3]), number(&spec[4]));
            (0..rows(&spec[2])).map(|_| random.irwin_hall() * times + plus).collect()
        }
        other => panic!("no generator {other}"),
    }
}

/// The rows of a stream, which are those that river saw.
fn rows(name: &str, stream: &Value) -> Vec<f64> {
    let rows = generated(&stream["spec"]);
    assert_eq!(rows.len() as u64, stream["n"].as_u64().unwrap(), "{name}");
    let first = stream.get("first64").unwrap_or(&stream["first4"]).as_array().unwrap();
    assert!(first.iter().map(number).eq(rows[..first.len()].iter().copied()), "{name}");
    if let Some(sum) = stream.get("sum") {
        assert_eq!(rows.iter().sum::<f64>(), number(sum), "{name}");
    }
    rows
}

/// Compares the rows at which a detector signals; returns how many lists there were.
fn check(what: &str, known: &Value, signals: &[Signal]) -> usize {
    let at = |which: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..signals.len()).filter(|&row| which(row)).collect()
    };
    let drifts = at(&|row| signals[row] == Signal::Drift);
    assert_eq!(drifts, indices(&known["drift_indices"]), "{what}: drifts");
    let Some(known) = known.get("warning_onset_indices") else {
        return 1;
    };
    let warns = |row: usize| signals[row] == Signal::Warning;
    let onsets = at(&|row| warns(row) && (row == 0 || !warns(row - 1)));
    assert_eq!(onsets, indices(known), "{what}: warnings");
    2
}

/// Checks all answers whose name begins so, with what makes signals of rows for a name.
fn check_all(prefix: &str, detect: impl Fn(&str, &[f64], &Value) -> Vec<Signal>) -> usize {
    let mut compared = 0;
    for (name, stream) in streams() {
        let rows = rows(&name, &stream);
        for (setting, known) in stream.as_object().unwrap() {
            if setting.starts_with(prefix) {
                let what = std::format!("{name} {setting}");
                compared += check(&what, known, &detect(setting, &rows, known));
            }
        }
    }
    compared
}

#[test]
fn of_adwin() {
    let probes = core::cell::Cell::new(0);
    let compared = check_all("ADWIN", |setting, rows, known| {
        let (delta, clock) = match setting {
            "ADWIN(delta=0.002,clock=32)" => (0.002, 32),
            "ADWIN(delta=0.002,clock=1)" => (0.002, 1),
            "ADWIN(delta=0.05,clock=32)" => (0.05, 32),
            other => panic!("no setting {other}"),
        };
        let settings = adwin::Settings { delta, clock, ..adwin::Settings::default() };
        let mut adwin = Adwin::new(settings).unwrap();
        let observe = |(row, &value): (usize, &f64)| {
            let signal = adwin.update(value);
            let probe = known.get("probes").and_then(|all| all.get(std::format!("{row}")));
            if let Some(known) = probe {
                let window = adwin.window();
                for (key, found) in [
                    ("width", window.width() as f64),
                    ("total", window.total()),
                    ("variance_sum_sq_dev", window.squared_deviations()),
                    ("estimation", window.mean().unwrap()),
                ] {
                    let expected = number(&known[key]);
                    let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                    assert!(close, "{setting} {row} {key}: {found}, expected {expected}");
                }
                probes.set(probes.get() + 1);
            }
            signal
        };
        rows.iter().enumerate().map(observe).collect()
    });
    assert_eq!((compared, probes.get()), (22, 172));
}

#[test]
fn of_ddm() {
    let compared = check_all("DDM", |_, rows, _| {
        let settings = ddm::Settings { warm_start_rows: 30, ..ddm::Settings::default() };
        let mut ddm = Ddm::new(settings).unwrap();
        rows.iter().map(|&row| ddm.update(row == 1.0)).collect()
    });
    assert_eq!(compared, 12);
}

#[test]
fn of_eddm() {
    let compared = check_all("EDDM", |_, rows, _| {
        let mut eddm = Eddm::default();
        rows.iter().map(|&row| eddm.update(row == 1.0)).collect()
    });
    assert_eq!(compared, 12);
}

#[test]
fn of_page_hinkley() {
    let compared = check_all("PageHinkley", |setting, rows, _| {
        let (threshold, direction) = match setting {
            "PageHinkley(30,.005,50,.9999,both)" => (50.0, Direction::Both),
            "PageHinkley(threshold=10,up)" => (10.0, Direction::Up),
            "PageHinkley(threshold=5,up)" => (5.0, Direction::Up),
            other => panic!("no setting {other}"),
        };
        let settings =
            page_hinkley::Settings { threshold, direction, ..page_hinkley::Settings::default() };
        let mut test = PageHinkley::new(settings).unwrap();
        rows.iter().map(|&row| test.update(row)).collect()
    });
    assert_eq!(compared, 16);
}

/// Rows of a tick of five seconds at ten rows a second.
const TICK_ROWS: usize = 50;

/// In ticks, as the filter knows them: errors of 0 and 1 evenly spread, other numbers by their sums.
#[test]
fn adwin_finds_in_ticks_what_it_finds_in_rows_a_tick_later_at_most() {
    for (name, stream) in streams() {
        let rows = rows(&name, &stream);
        let are_errors = rows.iter().all(|&row| row == 0.0 || row == 1.0);
        let mut adwin = Adwin::default();
        let mut found = Vec::new();
        for (number, tick) in rows.chunks(TICK_ROWS).enumerate() {
            let sum: f64 = tick.iter().sum();
            let signal = if are_errors {
                let errors = evenly(sum as u64, tick.len() as u64);
                let signals = errors.map(|error| adwin.update(f64::from(u8::from(error))));
                signals.max().unwrap()
            } else {
                let squares = tick.iter().map(|row| row * row).sum();
                adwin.update_batch(
                    &adwin::Batch::from_sums(tick.len() as u64, sum, squares).unwrap(),
                )
            };
            if signal == Signal::Drift {
                found.push(number);
            }
        }
        let by_rows = indices(&stream["ADWIN(delta=0.002,clock=32)"]["drift_indices"]);
        let by_rows: Vec<usize> = by_rows.into_iter().map(|row| row / TICK_ROWS).collect();
        let is_later = |(tick, by_rows): (&usize, usize)| by_rows + 1 < *tick;
        assert_eq!(found.len(), by_rows.len(), "{name}: {found:?}");
        assert!(!found.iter().zip(by_rows).any(is_later), "{name}: {found:?}");
    }
}
