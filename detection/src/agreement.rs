//! Whether the same true change gets the same verdict at a few rows and at many. Only the number of rows differs.

use anyhow::Result;
use driftline_labels::{Verdict, Window};

use crate::{
    Size,
    law::{Change, Draw},
    service::{HOUR_TICKS, Service},
    settings::{laws, traffic},
    traffic::Traffic,
    training, work,
};

/// The rates that are compared, in rows an hour.
pub const RATES: [f64; 2] = [500.0, 36_000.0];
/// The share of looks that must agree.
pub const AGREEMENT_MIN: f64 = 0.9;
/// Looks of each draw, five minutes apart.
const LOOKS: usize = 48;
const LOOK_TICKS: u64 = 60;

/// Shifts of the mean, in deviations.
const SHIFTS: [f64; 10] = [0.0, 0.1, 0.2, 0.24, 0.3, 0.4, 0.51, 0.6, 0.8, 1.0];

/// What a shift came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreement {
    /// In deviations.
    pub shift: f64,
    /// How many looks were compared.
    pub looks: usize,
    /// In how many the verdicts were the same.
    pub same: usize,
    /// By rate: how many said drift.
    pub drift: [usize; 2],
}

impl Agreement {
    /// The share of looks with the same verdict.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.same as f64 / self.looks.max(1) as f64
    }

    /// The share of looks that said drift at a rate.
    #[must_use]
    pub fn drift_share(&self, rate: usize) -> f64 {
        self.drift[rate] as f64 / self.looks.max(1) as f64
    }

    /// Whether it is claimed that they agree.
    #[must_use]
    pub fn is_claimed(&self) -> bool {
        self.shift < 0.25 || 0.5 < self.shift
    }
}

/// Compares the verdicts of the fast window once it has only rows since the change.
///
/// # Errors
///
/// If there is no profile of training rows.
pub fn run(size: Size, threads: usize) -> Result<Vec<Agreement>> {
    let draws: u64 = if size == Size::Full { 20 } else { 4 };
    let found = work::grid(SHIFTS.len(), draws, threads, |number, draw| {
        let seed = 300_000_000 + 1_000_000 * number as u64 + draw;
        anyhow::Ok([verdicts(RATES[0], number, seed)?, verdicts(RATES[1], number, seed)?])
    });
    let mut all = SHIFTS.map(|shift| Agreement { shift, ..Agreement::default() });
    for (number, found) in found {
        let of_shift = &mut all[number];
        let found = found?;
        let [few, many] = &found;
        of_shift.looks += few.len();
        of_shift.same += few.iter().zip(many).filter(|(few, many)| few == many).count();
        for (count, verdicts) in of_shift.drift.iter_mut().zip(&found) {
            *count += verdicts.iter().filter(|&&it| it == Verdict::Drift).count();
        }
    }
    Ok(all.to_vec())
}

fn verdicts(rows_per_hour: f64, shift: usize, seed: u64) -> Result<Vec<Verdict>> {
    let traffic = Traffic { rows_per_hour, ..traffic(laws()) };
    let profile = training::profile(&traffic, 20_000, &mut Draw::new(seed))?;
    let mut service = Service::new(&traffic, &profile, seed + 1000);
    service.run(3 * HOUR_TICKS);
    service.changes = vec![Change::Shift(SHIFTS[shift])];
    service.run(HOUR_TICKS);
    let looks = (0..LOOKS).map(|_| {
        service.run(LOOK_TICKS);
        service.model.columns[0].verdicts[Window::Fast].unwrap_or(Verdict::Insufficient)
    });
    Ok(looks.collect())
}
