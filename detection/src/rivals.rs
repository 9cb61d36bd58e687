//! What a user would otherwise have: the rules of other tools, each with its own defaults, run on every whole hour of the
//! same traffic. None of them is given any of the filter's numbers.

pub mod measures;
mod reference;

use self::{
    measures::{chi_square, jensen_shannon, kolmogorov_smirnov, psi, wasserstein},
    reference::{Reference, Rows},
};
use crate::{
    Size,
    law::{Change, Draw, Value},
    quantile::quantile,
    settings::{laws, traffic},
    traffic::Traffic,
    work,
};

/// How many rules there are.
pub const RULES: usize = 5;
/// What they are called.
pub const NAMES: [&str; RULES] = [
    "Kolmogorov-Smirnov or chi-square, p < .05 by Bonferroni (alibi-detect)",
    "PSI > 0.1 of deciles",
    "PSI > 0.2 of deciles",
    "Wasserstein > 0.1 deviations, Jensen-Shannon > 0.1 (evidently)",
    "Jensen-Shannon > mean + 3 deviations of ten chunks (NannyML)",
];
/// The same in plots.
pub const SHORT_NAMES: [&str; RULES] = [
    "KS by Bonferroni, hourly",
    "PSI > 0.1, hourly",
    "PSI > 0.2, hourly",
    "evidently, hourly",
    "NannyML, hourly",
];
const TRAINING_ROWS: usize = 20_000;
const DRAWS: u64 = 20;
const DAYS: u64 = 5;
/// Hours after a change at most.
const HOURS: u64 = 24;
const ONSETS: usize = 10;

/// False days of the rules.
#[derive(Clone, Debug)]
pub struct FalseDays {
    /// The traffic.
    pub rows_per_hour: f64,
    /// How often each row comes.
    pub cluster: u64,
    /// How many days were simulated.
    pub days: u64,
    /// By rule.
    pub found: [u64; RULES],
}

/// How long the rules took for a change.
#[derive(Clone, Debug)]
pub struct Delays {
    /// In deviations.
    pub shift: f64,
    /// By rule: the median in minutes.
    pub median: [f64; RULES],
}

/// The traffic: rows an hour, and how often each row comes.
const TRAFFIC: [(f64, u64); 7] =
    [(300.0, 1), (1000.0, 1), (3600.0, 1), (10_000.0, 1), (36_000.0, 1), (3600.0, 5), (3600.0, 20)];
/// Shifts of the mean, in deviations.
pub const SHIFTS: [f64; 9] = [0.3, 0.35, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0];

/// A model as other tools know it.
struct Tools {
    traffic: Traffic,
    references: Vec<Reference>,
    draw: Draw,
    /// How often the row at hand is still to come.
    repeats: u64,
    row: Vec<Value>,
}

impl Tools {
    fn new(traffic: Traffic, seed: u64) -> Tools {
        let mut draw = Draw::new(seed);
        let mut columns = vec![Vec::new(); traffic.laws.len()];
        let mut row = Vec::new();
        for _ in 0..TRAINING_ROWS {
            traffic.row(&mut draw, 0.0, &[], &mut row);
            columns.iter_mut().zip(&row).for_each(|(column, &value)| column.push(value));
        }
        let references = columns.iter().map(|column| Reference::new(column)).collect();
        Tools { traffic, references, draw, repeats: 0, row }
    }

    /// By rule: whether an hour is called drift in any of the first `columns`, which changes from a part of the hour on.
    fn hour(&mut self, columns: usize, change: Change, from: f64) -> [bool; RULES] {
        // A Poisson variable of a large mean, nearly.
        let mean = self.traffic.rows_per_hour;
        let rows = (mean + libm::sqrt(mean) * self.draw.normal()).round().max(1.0) as u64;
        let mut live = vec![Rows::default(); self.references.len()];
        for number in 0..rows {
            if self.repeats == 0 {
                let is_changed = from <= number as f64 / rows as f64;
                let changes = if is_changed { &[change][..] } else { &[] };
                self.traffic.row(&mut self.draw, 0.0, changes, &mut self.row);
                self.repeats = self.traffic.cluster;
            }
            self.repeats -= 1;
            live.iter_mut().zip(&self.row).for_each(|(rows, &value)| rows.add(value));
        }
        let all = self.references.len() as f64;
        let mut found = [false; RULES];
        for (reference, rows) in self.references.iter().zip(&mut live).take(columns) {
            let called = call(reference, rows, 0.05 / all);
            found.iter_mut().zip(called).for_each(|(found, called)| *found |= called);
        }
        found
    }
}

/// By rule: whether a feature has drifted.
fn call(reference: &Reference, rows: &mut Rows, p_value: f64) -> [bool; RULES] {
    match reference {
        Reference::Numbers(it) => {
            rows.numbers.sort_by(f64::total_cmp);
            let psi = psi(&it.in_deciles, &it.deciles(&rows.numbers));
            let distance = jensen_shannon(&it.in_doane, &it.doane(&rows.numbers));
            [
                kolmogorov_smirnov(&it.sorted, &rows.numbers) < p_value,
                0.1 < psi,
                0.2 < psi,
                0.1 <= wasserstein(&it.sorted, &rows.numbers) / it.deviation.max(0.001),
                it.usual_distance < distance,
            ]
        }
        Reference::Categories { counts, usual_distance } => {
            rows.categories.resize(counts.len().max(rows.categories.len()), 0);
            let mut counts = counts.clone();
            counts.resize(rows.categories.len(), 0);
            let psi = psi(&counts, &rows.categories);
            let distance = jensen_shannon(&counts, &rows.categories);
            // evidently takes the natural logarithm.
            let natural = distance * libm::sqrt(core::f64::consts::LN_2);
            [
                chi_square(&counts, &rows.categories) < p_value,
                0.1 < psi,
                0.2 < psi,
                0.1 <= natural,
                *usual_distance < distance,
            ]
        }
    }
}

/// Counts the false days of every rule.
#[must_use]
pub fn false_days(threads: usize) -> Vec<FalseDays> {
    let mut all = TRAFFIC.map(|(rows_per_hour, cluster)| FalseDays {
        rows_per_hour,
        cluster,
        days: 0,
        found: [0; RULES],
    });
    let found = work::grid(all.len(), DRAWS, threads, |number, draw| {
        let FalseDays { rows_per_hour, cluster, .. } = all[number];
        let traffic = Traffic { rows_per_hour, cluster, ..traffic(laws()) };
        let features = traffic.laws.len();
        let mut tools = Tools::new(traffic, 400_000_000 + 1_000_000 * number as u64 + draw);
        let days = (0..DAYS).map(|_| {
            let hours = (0..24).map(|_| tools.hour(features, Change::None, 0.0));
            hours.fold([false; RULES], |day, hour| std::array::from_fn(|it| day[it] || hour[it]))
        });
        days.collect::<Vec<_>>()
    });
    for (number, days) in found {
        let it = &mut all[number];
        it.days += days.len() as u64;
        for day in days {
            it.found.iter_mut().zip(day).for_each(|(found, day)| *found += u64::from(day));
        }
    }
    all.to_vec()
}

/// Measures how long each rule takes for a shift of one feature, which begins at any moment of an hour, at 3,600 rows an
/// hour.
#[must_use]
pub fn delays(size: Size, threads: usize) -> Vec<Delays> {
    let draws = if size == Size::Full { DRAWS } else { 4 };
    let jobs: Vec<u64> = (0..draws).collect();
    let found = work::map(&jobs, threads, |&draw| {
        let mut tools = Tools::new(traffic(laws()), 500_000_000 + draw);
        SHIFTS.map(|shift| [(); ONSETS].map(|()| onset(&mut tools, shift)))
    });
    let all = SHIFTS.iter().enumerate().map(|(number, &shift)| {
        let median = std::array::from_fn(|rule| {
            let minutes = found.iter().flat_map(|it| &it[number]).map(|it| it[rule]);
            quantile(minutes.collect(), 0.5)
        });
        Delays { shift, median }
    });
    all.collect()
}

/// By rule: the minutes from a shift to the end of the first hour that is called drift.
fn onset(tools: &mut Tools, shift: f64) -> [f64; RULES] {
    let begin = tools.draw.uniform();
    let mut minutes = [f64::INFINITY; RULES];
    for hour in 0..HOURS {
        let from = if hour == 0 { begin } else { 0.0 };
        let called = tools.hour(1, Change::Shift(shift), from);
        for (minutes, _) in minutes.iter_mut().zip(called).filter(|it| it.1 && it.0.is_infinite()) {
            *minutes = ((hour + 1) as f64 - begin) * 60.0;
        }
        if minutes.iter().all(|it| it.is_finite()) {
            break;
        }
    }
    minutes
}
