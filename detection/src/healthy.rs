//! False days: days on which healthy traffic is called drift at any moment, in any feature. Nothing drifts here.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use driftline_statistics::fingerprint::Fingerprint;

use crate::{
    Size,
    bound::upper_bound,
    law::Draw,
    service::{DAY_TICKS, Service},
    settings::{Group, Setting},
    training, work,
};

/// What a group may have at most: the upper 95 % bound of the share of false days.
pub const FALSE_DAYS_MAX: f64 = 0.02;
/// The days of each group.
const DAYS: u64 = 2000;
/// Over so many draws of the reference.
const DRAWS: u64 = 20;
/// The settings that are replayed in a few minutes, each in so many draws and days.
const REPLAYED: [&str; 6] = [
    "10 features, 3,600 rows an hour, 20,000 training rows",
    "300 rows an hour",
    "each row 20 times",
    "1,000 training rows",
    "one flag, each row 20 times",
    "flags alone, from 1 in 2,000 to every second",
];
/// Days after the first season that do not count: until the slow window, and then the verdict, has let go of it.
const SETTLED_DAYS: u64 = 2;
/// After how many runs it says how far it is, on stderr.
const PROGRESS: usize = 20;
const REPLAYED_DRAWS: u64 = 8;
const REPLAYED_DAYS: u64 = 20;

/// What a setting came to.
#[derive(Clone, Debug)]
pub struct Healthy {
    /// What was simulated.
    pub setting: Setting,
    /// For how long.
    pub days: u64,
    /// On how many days something was called drift.
    pub false_days: u64,
    /// The drifts that were called, by feature and reason: on how many days each.
    pub calls: BTreeMap<(usize, &'static str), u64>,
}

impl Healthy {
    /// The upper 95 % bound of the share of false days.
    #[must_use]
    pub fn bound(&self) -> f64 {
        upper_bound(self.false_days, self.days)
    }
}

/// The days and false days of a group.
#[must_use]
pub fn of_group(all: &[Healthy], group: Group) -> (u64, u64) {
    let of_group = all.iter().filter(|it| it.setting.group == group);
    of_group.fold((0, 0), |(days, found), it| (days + it.days, found + it.false_days))
}

/// Simulates the settings. Says on stderr how far it is, and what was called drift.
///
/// # Errors
///
/// If there is no profile of training rows.
pub fn run(settings: Vec<Setting>, size: Size, threads: usize) -> Result<Vec<Healthy>> {
    let settings: Vec<Setting> = settings
        .into_iter()
        .filter(|it| size == Size::Full || REPLAYED.contains(&it.name))
        .collect();
    let mut jobs = Vec::new();
    for (number, setting) in settings.iter().enumerate() {
        let of_group = settings.iter().filter(|it| it.group == setting.group).count() as u64;
        let (draws, days) = match size {
            Size::Full => (DRAWS, DAYS.div_ceil(DRAWS * of_group)),
            Size::Replay => (REPLAYED_DRAWS, REPLAYED_DAYS),
        };
        jobs.extend((0..draws).map(|draw| Job { number, draw, days }));
    }
    let done = AtomicUsize::new(0);
    let found = work::map(&jobs, threads, |job| {
        let setting = &settings[job.number];
        let found = simulate(setting, job);
        let calls = found.iter().flatten().flatten().collect::<Vec<_>>();
        if !calls.is_empty() {
            eprintln!("{}, draw {}: {calls:?}", setting.name, job.draw);
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) {
            eprintln!("healthy traffic: {done} of {} runs", jobs.len());
        }
        found
    });
    let mut all: Vec<Healthy> = settings
        .into_iter()
        .map(|setting| Healthy { setting, days: 0, false_days: 0, calls: BTreeMap::new() })
        .collect();
    for (job, days) in jobs.iter().zip(found) {
        let it = &mut all[job.number];
        for calls in days? {
            it.days += 1;
            it.false_days += u64::from(!calls.is_empty());
            for call in calls {
                *it.calls.entry(call).or_default() += 1;
            }
        }
    }
    Ok(all)
}

#[derive(Clone, Copy, Debug)]
struct Job {
    /// Of the setting.
    number: usize,
    draw: u64,
    days: u64,
}

/// What was called drift on each day: feature and reason.
type Day = Vec<(usize, &'static str)>;

fn simulate(setting: &Setting, job: &Job) -> Result<Vec<Day>> {
    // Of the name, so that a part which is replayed is a part of the whole.
    let seed = Fingerprint::new().with_text(setting.name).value().wrapping_add(job.draw);
    let profile = training::profile(&setting.traffic, setting.training_rows, &mut Draw::new(seed))?;
    let mut service = Service::new(&setting.traffic, &profile, seed.wrapping_add(1000));
    // Training decides alone until a season has passed, and what it calls drift is in the slow window for a day more.
    if let season @ 1.. = setting.traffic.seasons.days {
        service.run((season + SETTLED_DAYS) * DAY_TICKS);
    }
    let mut days = Vec::new();
    for _ in 0..job.days {
        let mut calls = Day::new();
        for _ in 0..DAY_TICKS {
            service.tick();
            for (feature, reason) in service.model.drifts() {
                let call = (feature, reason.name());
                if !calls.contains(&call) {
                    calls.push(call);
                }
            }
        }
        days.push(calls);
    }
    Ok(days)
}
