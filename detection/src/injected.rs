//! Ten drifts that were once injected behind a proxy, and nine of them missed: when each is found, and what it is called.

use anyhow::Result;
use driftline_labels::DriftReason;

use crate::{
    Size,
    defaults::TICK_SECONDS,
    law::{Change, Draw, Law},
    quantile::quantile,
    service::{HOUR_TICKS, STEP_TICKS, Service},
    settings::{laws, traffic},
    traffic::Traffic,
    training, work,
};

/// A drift of one feature.
#[derive(Clone, Debug)]
pub struct Injected {
    /// What happens, in words.
    pub name: &'static str,
    law: Law,
    change: Change,
    /// What it must be called.
    pub expected: DriftReason,
    /// Each time it was played: after how many minutes it was found, and what it was called at first and after the hour.
    pub found: Vec<Option<Found>>,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// After how many minutes.
    pub minutes: f64,
    /// What it was called at first.
    pub first: DriftReason,
    /// What it was called after an hour; `None` if no longer anything.
    pub last: Option<DriftReason>,
}

impl Injected {
    /// The median delay, in minutes; infinite if most were not found.
    #[must_use]
    pub fn median(&self) -> f64 {
        let minutes = self.found.iter().map(|it| it.map_or(f64::INFINITY, |it| it.minutes));
        quantile(minutes.collect(), 0.5)
    }

    /// How often it was found within the hour and called what it is after it.
    #[must_use]
    pub fn right(&self) -> usize {
        let right = |it: &&Option<Found>| it.is_some_and(|it| it.last == Some(self.expected));
        self.found.iter().filter(right).count()
    }
}

fn all() -> Vec<Injected> {
    let mut all = Vec::new();
    let mut add = |name, law, change, expected| {
        all.push(Injected { name, law, change, expected, found: Vec::new() });
    };
    let normal = || Law::Normal;
    add(
        "the top 5 % pushed by 100 deviations",
        normal(),
        Change::TopShifted(1.645, 100.0),
        DriftReason::Tail,
    );
    add(
        "97 % zeros, the rest times 50",
        Law::ZeroInflated(0.97),
        Change::Times(50.0),
        DriftReason::Tail,
    );
    add("all values became strings", normal(), Change::Wrong(1.0), DriftReason::Types);
    add("half became strings", normal(), Change::Wrong(0.5), DriftReason::Types);
    add(
        "a flag from 1 % to 6 %",
        Law::Flag(0.01),
        Change::Law(Law::Flag(0.06)),
        DriftReason::CategoryShare,
    );
    add(
        "a flag from .9 % to 0",
        Law::Flag(0.009),
        Change::Law(Law::Flag(0.0)),
        DriftReason::CategoryShare,
    );
    add("a constant, 1 % new values", Law::Constant, Change::Novel(0.01), DriftReason::NovelValues);
    add(
        "nulls from .1 % to 4.5 %",
        Law::NormalWithNulls(0.001),
        Change::Nulls(0.045),
        DriftReason::Nulls,
    );
    add("mean +.31 deviations", normal(), Change::Shift(0.31), DriftReason::Location);
    add("deviation times 1.6", normal(), Change::Times(1.6), DriftReason::Spread);
    all
}

/// Injects each, an hour long at 20,000 rows an hour.
///
/// # Errors
///
/// If there is no profile of training rows.
pub fn run(size: Size, threads: usize) -> Result<Vec<Injected>> {
    let draws: u64 = if size == Size::Full { 20 } else { 5 };
    let mut all = all();
    let found = work::grid(all.len(), draws, threads, |number, draw| {
        inject(&all[number], 200_000_000 + 1_000_000 * number as u64 + draw)
    });
    for (number, found) in found {
        all[number].found.push(found?);
    }
    Ok(all)
}

fn inject(drift: &Injected, seed: u64) -> Result<Option<Found>> {
    let mut laws = laws();
    laws[0] = drift.law;
    let traffic = Traffic { rows_per_hour: 20_000.0, ..traffic(laws) };
    let mut draw = Draw::new(seed);
    let profile = training::profile(&traffic, 20_000, &mut draw)?;
    let mut service = Service::new(&traffic, &profile, seed + 1000);
    service.run(3 * HOUR_TICKS + (draw.uniform() * STEP_TICKS as f64) as u64);
    service.changes = vec![drift.change];
    let mut first = None;
    for tick in 1..=HOUR_TICKS {
        service.tick();
        let reason = service.model.columns[0].reason;
        first = first.or(reason.map(|reason| (tick, reason)));
    }
    let last = service.model.columns[0].reason;
    Ok(first.map(|(tick, first)| Found {
        minutes: (tick * TICK_SECONDS) as f64 / 60.0,
        first,
        last,
    }))
}
