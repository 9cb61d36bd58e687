//! KPIs of known laws through a detector, tick by tick: what is a drift, how soon, and that healthy days have none.

use alloc::{vec, vec::Vec};

use driftline_labels::{EnumMap, Verdict, Window};
use driftline_random::Random;

use super::*;
use crate::{
    bins::Bins,
    detection::WindowLengths,
    detection::{ASSUMED, Budget, Cells, Detector, Judge, Limits, LookScratch, Looking, ROWS_MIN},
    drift::{BinPositions, Tail},
    time::Timestamp,
    value::Precision,
};

const TICK_SECONDS: u64 = 20;
const DAY_TICKS: u64 = 86_400 / TICK_SECONDS;
const LENGTHS: WindowLengths =
    WindowLengths { window_seconds: 3600, slow_windows: 24, season_windows: 0 };
/// What a change must be part of the mean, as the configuration has it by default.
const PART: f64 = 0.25;
/// Verdicts that share the budget: those on two KPIs and seven features.
const SHARING: usize = 9;

/// A KPI at work.
struct Kpi {
    bins: Bins,
    reference: Reference,
    lowest: f64,
    highest: f64,
    judge: Judge,
    still_chi_square: f64,
    detector: Detector,
    growth: Vec<u64>,
    verdicts: EnumMap<Window, Option<Verdict>>,
    now: Timestamp,
}

/// What a reference of these rows is, in bins of values or between edges.
fn reference(bins: &Bins, rows: &[f64]) -> Reference {
    let count = rows.len() as f64;
    let mean = rows.iter().sum::<f64>() / count;
    let deviation = libm::sqrt(rows.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count);
    let (mut counts, mut sums) = (vec![0; bins.live_count()], vec![0.0; bins.live_count()]);
    for &x in rows {
        counts[bins.of(x)] += 1;
        sums[bins.of(x)] += x;
    }
    let (positions, has_classes, is_on_line) = match bins {
        Bins::Quantile { edges } => {
            let means: Vec<Option<f64>> = sums
                .iter()
                .zip(&counts)
                .map(|(sum, &rows)| (rows != 0).then(|| sum / rows as f64))
                .collect();
            (BinPositions::of_edges(edges, &means, deviation), false, true)
        }
        Bins::Values { values } => {
            (BinPositions::of_values(values, deviation), true, 2 < values.len())
        }
        Bins::Categories { .. } => unreachable!(),
    };
    Reference {
        bins: counts.into(),
        unset: 0,
        by_hour: None,
        positions: Some(positions),
        has_classes,
        is_on_line,
        has_range: true,
    }
}

impl Kpi {
    fn new(bins: Bins, rows: &[f64]) -> Kpi {
        let reference = reference(&bins, rows);
        let budget = Budget {
            false_alarms_per_day: Budget::FALSE_ALARMS_PER_DAY,
            looks_per_day: DAY_TICKS as f64,
            columns: SHARING,
        };
        let materiality = Materiality::DEFAULT.of_kpi(PART, &reference);
        let limits = Limits { nats: budget.nats(), rows_min: ROWS_MIN, materiality };
        let cells = Cells { bins: reference.bins.len(), has_tails: true };
        let now = Timestamp(1_000_000 * 1_000_000_000);
        Kpi {
            judge: Judge::new(&limits, &reference.rows()),
            still_chi_square: Judge::still_chi_square(&reference.rows()),
            detector: Detector::new(LENGTHS, cells, now),
            growth: vec![0; cells.count()],
            lowest: rows.iter().copied().fold(f64::INFINITY, f64::min),
            highest: rows.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            bins,
            reference,
            verdicts: EnumMap::default(),
            now,
        }
    }

    /// A tick of these values; what the fast window says.
    fn tick(&mut self, values: impl Iterator<Item = f64>) -> Option<Verdict> {
        let cells = Cells { bins: self.reference.bins.len(), has_tails: true };
        self.growth.fill(0);
        for x in values {
            let (bin, is_tail) = self.bins.place_of(x, Precision::Single);
            self.growth[bin] += 1;
            self.growth[cells.outside()] += u64::from(x < self.lowest || self.highest < x);
            let positions = self.reference.positions.as_ref().filter(|_| is_tail);
            if let Some((side, distance)) = positions.and_then(|it| it.tail_distance(x)) {
                self.growth[cells.tails() + usize::from(side == Tail::High)] += distance;
            }
        }
        let step_ended = self.detector.fast.next_slot(self.now).is_some();
        // It is all that is compared of its model.
        let of_model = self.detector.batches.factor(ASSUMED);
        self.detector.count(&self.growth, of_model, self.now);
        let looking = Looking {
            judge: &self.judge,
            still_chi_square: self.still_chi_square,
            hold_ns: 450 * 1_000_000_000,
            reference: self.reference.rows(),
            lengths: LENGTHS,
            now: self.now,
            wall_clock: None,
        };
        let scratch = &mut LookScratch::default();
        let looked = self.detector.look(&looking, step_ended, scratch, |_, _| {});
        for (window, verdict) in looked.verdicts {
            self.verdicts[window] = verdict.or(self.verdicts[window]);
        }
        self.now = Timestamp(self.now.0 + TICK_SECONDS * 1_000_000_000);
        self.verdicts[Window::Fast]
    }

    /// So many rows a tick until a verdict is drift, and how many rows that took; `None` if none is after `ticks`.
    fn rows_until_drift(
        &mut self,
        ticks: u64,
        rows: u64,
        mut draw: impl FnMut() -> f64,
    ) -> Option<u64> {
        (1..=ticks).find_map(|tick| {
            self.tick((0..rows).map(|_| draw()));
            let has_drifted = self.verdicts.values().any(|it| *it == Some(Verdict::Drift));
            has_drifted.then_some(tick * rows)
        })
    }
}

fn click(random: &mut Random, rate: f64) -> f64 {
    f64::from(u8::from(random.uniform() < rate))
}

/// 3 % of rows with a purchase, of 30 on average times `times`; all others are 0.
fn revenue(random: &mut Random, rate: f64, times: f64) -> f64 {
    if random.uniform() < rate { -30.0 * times * libm::log(1.0 - random.uniform()) } else { 0.0 }
}

/// Profit, which falls below 0 in a quarter of the rows.
fn profit(random: &mut Random, by: f64) -> f64 {
    2.0 + 3.0 * random.irwin_hall() + by
}

fn clicks(random: &mut Random) -> Kpi {
    let rows: Vec<f64> = (0..20_000).map(|_| click(random, 0.02)).collect();
    Kpi::new(Bins::Values { values: vec![0.0, 1.0] }, &rows)
}

/// A bin for 0, and nineteen of as many purchases each.
fn revenues(random: &mut Random) -> Kpi {
    let rows: Vec<f64> = (0..20_000).map(|_| revenue(random, 0.03, 1.0)).collect();
    let quantile = |k: u32| -30.0 * libm::log(1.0 - f64::from(k) / 19.0);
    let edges = [0.01].into_iter().chain((1..19).map(quantile)).collect();
    Kpi::new(Bins::Quantile { edges }, &rows)
}

fn profits(random: &mut Random) -> Kpi {
    let mut rows: Vec<f64> = (0..20_000).map(|_| profit(random, 0.0)).collect();
    rows.sort_by(f64::total_cmp);
    let edges = (1..20).map(|k| rows[k * 1000]).collect();
    Kpi::new(Bins::Quantile { edges }, &rows)
}

/// Rows of a tick, 20,000 in a fast window.
const MANY: u64 = 112;
/// The ticks of that window.
const WINDOW_TICKS: u64 = 3600 / TICK_SECONDS;
/// Ticks of traffic as it was, before anything changes.
const BEFORE: u64 = 2 * WINDOW_TICKS;

#[test]
fn a_conversion_rate_that_halves_is_a_drift_within_twenty_thousand_rows() {
    for seed in 1..=10 {
        let mut random = Random::new(seed);
        let mut kpi = clicks(&mut random);
        assert_eq!(kpi.rows_until_drift(BEFORE, MANY, || click(&mut random, 0.02)), None);
        assert_eq!(kpi.verdicts[Window::Fast], Some(Verdict::Ok));
        let rows = kpi.rows_until_drift(WINDOW_TICKS, MANY, || click(&mut random, 0.01));
        assert!(rows.is_some(), "{seed}");
    }
}

#[test]
fn one_that_doubles_is_a_drift_too() {
    let mut random = Random::new(6);
    let mut kpi = clicks(&mut random);
    assert_eq!(kpi.rows_until_drift(BEFORE, MANY, || click(&mut random, 0.02)), None);
    let rows = kpi.rows_until_drift(WINDOW_TICKS, MANY, || click(&mut random, 0.04));
    assert!(rows.is_some_and(|rows| rows < 8000), "{rows:?}");
}

#[test]
fn revenue_that_a_third_stays_away_of_is_a_drift_whether_buyers_or_baskets_get_fewer() {
    for (rate, times) in [(0.02, 1.0), (0.03, 0.6)] {
        let mut random = Random::new(7);
        let mut kpi = revenues(&mut random);
        assert_eq!(kpi.rows_until_drift(BEFORE, MANY, || revenue(&mut random, 0.03, 1.0)), None);
        let day = 24 * WINDOW_TICKS;
        let rows = kpi.rows_until_drift(day, MANY, || revenue(&mut random, rate, times));
        assert!(rows.is_some_and(|rows| rows < 120_000), "{rate} {times}: {rows:?}");
    }
}

#[test]
fn a_change_that_is_a_smaller_part_of_the_mean_does_not_matter_however_many_rows_show_it() {
    let mut random = Random::new(8);
    let mut kpi = clicks(&mut random);
    let days = 2 * 24 * WINDOW_TICKS;
    assert_eq!(kpi.rows_until_drift(days, 4 * MANY, || click(&mut random, 0.018)), None);
}

#[test]
fn what_may_be_negative_is_measured_by_its_size() {
    let mut random = Random::new(9);
    let mut kpi = profits(&mut random);
    // As for a feature: .27 deviations, which are 3.
    assert!((kpi.judge.materiality.wasserstein - 0.25 * 3.0 / 3.0).abs() < 0.05);
    assert_eq!(kpi.rows_until_drift(BEFORE, MANY, || profit(&mut random, 0.3)), None);
    let rows = kpi.rows_until_drift(BEFORE, MANY, || profit(&mut random, -1.2));
    assert!(rows.is_some_and(|rows| rows < 3000), "{rows:?}");
}

#[test]
fn limits_of_a_constant_are_those_of_a_feature() {
    let zero = reference(&Bins::Values { values: vec![0.0] }, &[0.0; 100]);
    let limits = Materiality::DEFAULT.of_kpi(PART, &zero);
    assert_eq!(limits.wasserstein, Materiality::DEFAULT.wasserstein);
    assert_eq!(limits.class.points, 0.05);
    let rating = reference(&Bins::Values { values: vec![1.0, 2.0, 3.0] }, &[1.0, 2.0, 3.0]);
    assert_eq!(Materiality::DEFAULT.of_kpi(PART, &rating).class, Materiality::DEFAULT.class);
}

#[test]
fn twenty_healthy_days_have_no_drift() {
    const ROWS: u64 = 20;
    let mut random = Random::new(10);
    let (mut clicks, mut revenues, mut profits) =
        (clicks(&mut random), revenues(&mut random), profits(&mut random));
    let ticks = 20 * DAY_TICKS;
    assert_eq!(clicks.rows_until_drift(ticks, ROWS, || click(&mut random, 0.02)), None);
    assert_eq!(revenues.rows_until_drift(ticks, ROWS, || revenue(&mut random, 0.03, 1.0)), None);
    assert_eq!(profits.rows_until_drift(ticks, ROWS, || profit(&mut random, 0.0)), None);
    assert_eq!(clicks.verdicts[Window::Slow], Some(Verdict::Ok));
}
