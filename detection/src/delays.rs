//! How long it takes from the onset of a change to the verdict. Changes begin at any moment of a step.

use std::collections::BTreeMap;

use anyhow::Result;
use driftline_labels::DriftReason;

use crate::{
    Size,
    defaults::TICK_SECONDS,
    law::{Change, Draw},
    quantile::quantile,
    service::{HOUR_TICKS, STEP_TICKS, Service},
    settings::{laws, traffic},
    traffic::Traffic,
    training, work,
};

/// The feature that changes, a normal one.
const FEATURE: usize = 0;
/// Onsets for each reference.
const ONSETS: u64 = 10;
const DRAWS: u64 = 20;
const REPLAYED_DRAWS: u64 = 4;

/// A change and how often it was played.
#[derive(Clone, Debug)]
pub struct Delay {
    /// The traffic.
    pub rows_per_hour: f64,
    /// What happens.
    pub change: Change,
    /// In minutes, by onset; infinite if it was not found.
    pub minutes: Vec<f64>,
    /// What it was called at first, and how often.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Delay {
    /// The median, in minutes.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// What this share of onsets took at most, in minutes.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(self.minutes.clone(), share)
    }

    /// What the rate is called.
    #[must_use]
    pub fn rate_name(&self) -> &'static str {
        let name =
            RATE_NAMES.iter().find(|(rows_per_hour, _)| *rows_per_hour == self.rows_per_hour);
        name.map_or("another rate", |(_, name)| name)
    }

    /// What the median must be at most, if that is claimed.
    #[must_use]
    pub fn limit(&self) -> Option<f64> {
        let claimed = [
            (36_000.0, Change::Shift(0.35), 4.0),
            (36_000.0, Change::Shift(0.5), 3.0),
            (36_000.0, Change::Shift(1.0), 2.0),
            (36_000.0, Change::Shift(2.0), 1.0),
            (36_000.0, Change::Stuck(0.3), 1.0),
            (3600.0, Change::Shift(0.5), 8.0),
        ];
        let claim = claimed.into_iter().find(|(rows_per_hour, change, _)| {
            *rows_per_hour == self.rows_per_hour && *change == self.change
        });
        claim.map(|(.., minutes)| minutes)
    }
}

/// The changes that are played.
#[must_use]
pub fn changes() -> Vec<Change> {
    let mut changes = [0.3, 0.35, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0].map(Change::Shift).to_vec();
    changes.extend([Change::Times(1.5), Change::Times(0.5), Change::Stuck(0.3)]);
    changes
}

/// A change in words.
#[must_use]
pub fn name(change: &Change) -> String {
    match change {
        Change::Shift(by) => format!("mean +{by} deviations"),
        Change::Times(factor) => format!("deviation x {factor}"),
        Change::Stuck(_) => "a stuck value".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A rate, the hours before the onset, and the hours after it at most.
const RATES: [(f64, u64, u64); 3] = [(36_000.0, 3, 2), (3600.0, 4, 4), (360.0, 12, 12)];

/// What the rates are called.
pub const RATE_NAMES: [(f64, &str); 3] = [
    (36_000.0, "10 requests a second"),
    (3600.0, "1 request a second"),
    (360.0, "1 request in 10 seconds"),
];

/// Plays all changes at all rates.
///
/// # Errors
///
/// If there is no profile of training rows.
pub fn run(size: Size, threads: usize) -> Result<Vec<Delay>> {
    let draws = if size == Size::Full { DRAWS } else { REPLAYED_DRAWS };
    let mut all: Vec<Delay> = Vec::new();
    for (rows_per_hour, ..) in RATES {
        all.extend(changes().into_iter().map(|change| Delay {
            rows_per_hour,
            change,
            minutes: Vec::new(),
            reasons: BTreeMap::new(),
        }));
    }
    let kinds = changes().len();
    for (rate, of_changes) in work::grid(RATES.len(), draws, threads, play) {
        for (number, found) in of_changes?.into_iter().enumerate() {
            let delay = &mut all[rate * kinds + number];
            for onset in found {
                delay.minutes.push(onset.map_or(f64::INFINITY, |(minutes, _)| minutes));
                if let Some((_, reason)) = onset {
                    *delay.reasons.entry(reason.name()).or_default() += 1;
                }
            }
        }
    }
    Ok(all)
}

/// After how many minutes, and why; `None` if it was not found.
type Onset = Option<(f64, DriftReason)>;

/// By change: each onset.
fn play(rate: usize, draw: u64) -> Result<Vec<Vec<Onset>>> {
    let (rows_per_hour, before, after) = RATES[rate];
    let traffic = Traffic { rows_per_hour, ..traffic(laws()) };
    let seed = 100_000_000 + 1_000_000 * rate as u64 + draw;
    let mut draw = Draw::new(seed);
    let profile = training::profile(&traffic, 20_000, &mut draw)?;
    let mut service = Service::new(&traffic, &profile, seed + 1000);
    service.run(before * HOUR_TICKS);
    let mut seed = seed + 10_000;
    let mut found = Vec::new();
    for change in changes() {
        let onsets = (0..ONSETS).map(|_| {
            seed += 100;
            let mut service = service.fork(seed);
            service.run((draw.uniform() * STEP_TICKS as f64) as u64);
            service.changes = vec![change];
            onset(&mut service, after * HOUR_TICKS)
        });
        found.push(onsets.collect());
    }
    Ok(found)
}

fn onset(service: &mut Service<'_>, ticks: u64) -> Onset {
    for tick in 1..=ticks {
        service.tick();
        if let Some(reason) = service.model.columns[FEATURE].reason {
            return Some(((tick * TICK_SECONDS) as f64 / 60.0, reason));
        }
    }
    None
}
