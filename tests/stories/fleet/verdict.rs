//! What the generated rules decide about random traffic of a fleet: never a drift of what has not drifted, always one of
//! what has, and the numbers of the core on the way. The rows are made up, and no filter is asked.

use std::{collections::BTreeMap, fmt::Write};

use driftline_labels::{DriftReason, Unbinned};
use driftline_random::Random;
use driftline_statistics::{
    bins::{ABOVE, BELOW, OTHER},
    detection::{
        ASSUMED, Budget, LiveRows, Overdispersion, ROWS_MIN, ReferenceRows, debiased_psi,
        evidence::{TwoShares, split},
        total,
    },
    drift::{
        BinPositions,
        probability::{chi_square_beyond, chi_square_log_survival},
    },
};
use serde_json::{Value, json};

use super::{RULES, holds};

/// When a drift begins, by when it must be called, and when the story ends: minutes, and whole hours.
const ONSET: usize = 300;
const END: usize = 420;
/// When one of the two pods is another one, whose counters begin at zero.
const RESTART: usize = 395;
/// As in the rules: how many minutes a stretch has, and how many hours of them tell of clusters.
const STRETCH: usize = 10;
const PAST: usize = 360;
const HOUR: usize = 60;
const PODS: usize = 2;
const REFERENCE_ROWS: usize = 20_000;
const SEEDS: u64 = 2;
/// Of a number, relative to it or to 1.
const TOLERANCE: f64 = 1e-6;

const NUMBER: &str = "number";
const FLAG: &str = "flag";
const COLOUR: &str = "colour";
const FEATURES: [&str; 3] = [NUMBER, FLAG, COLOUR];

/// What becomes of one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    None,
    /// So many standard deviations.
    Shift(f64),
    Nulls(f64),
    Types(f64),
    /// The share of a rare category.
    Teal(f64),
    /// The share of set flags.
    Set(f64),
}

impl Change {
    fn feature(self) -> &'static str {
        match self {
            Change::Teal(_) => COLOUR,
            Change::Set(_) => FLAG,
            _ => NUMBER,
        }
    }
}

/// What a fleet must tell: how many rows come in an hour, in clusters of how many, what becomes of them, and the reason.
const CHANGES: [(&str, usize, usize, Change, &str); 10] = [
    ("shifted", 5000, 1, Change::Shift(0.5), "bins"),
    ("shifted few", 500, 1, Change::Shift(0.5), "bins"),
    ("shifted clusters", 5000, 5, Change::Shift(0.5), "bins"),
    ("nulls", 5000, 1, Change::Nulls(0.045), DriftReason::Nulls.name()),
    ("nulls few", 1000, 1, Change::Nulls(0.045), DriftReason::Nulls.name()),
    ("nulls clusters", 5000, 5, Change::Nulls(0.045), DriftReason::Nulls.name()),
    ("types", 5000, 1, Change::Types(0.03), DriftReason::Types.name()),
    ("all types", 500, 1, Change::Types(1.0), DriftReason::Types.name()),
    ("teal", 5000, 1, Change::Teal(0.04), DriftReason::CategoryShare.name()),
    ("unset", 5000, 1, Change::Set(0.0), DriftReason::CategoryShare.name()),
];

/// Twentieths of a standard normal distribution: scipy.stats.norm.ppf.
fn edges() -> Vec<f64> {
    let upper = [
        0.0, 0.125_661, 0.253_347, 0.385_320, 0.524_401, 0.674_490, 0.841_621, 1.036_433,
        1.281_552, 1.644_854,
    ];
    let lower = upper.iter().skip(1).rev().map(|edge| -edge);
    lower.chain(upper).collect()
}

/// The bins of a feature that live rows have, and how many of them the reference has.
fn bins(feature: &str) -> (Vec<String>, usize) {
    let named = |names: &[&str]| names.iter().map(|&it| it.to_owned()).collect();
    match feature {
        NUMBER => ((0..20).map(|bin| format!("{bin:02}")).collect(), 20),
        FLAG => (named(&["00", "01", OTHER, BELOW, ABOVE]), 3),
        _ => (named(&["red", "blue", "teal", OTHER]), 4),
    }
}

/// The cell of a random row: a bin, no value, or one that is none.
fn cell(feature: &str, change: Change, random: &mut Random) -> usize {
    let count = bins(feature).0.len();
    let (mut nulls, mut types, mut shift, mut teal, mut set) = (0.001, 0.0, 0.0, 0.01, 0.1);
    match change {
        Change::None => {}
        Change::Shift(by) => shift = by,
        Change::Nulls(share) => nulls = share,
        Change::Types(share) => types = share,
        Change::Teal(share) => teal = share,
        Change::Set(share) => set = share,
    }
    let point = random.uniform();
    if point < nulls {
        return count;
    }
    if point < nulls + types {
        return count + 1;
    }
    let point = random.uniform();
    match feature {
        NUMBER => edges().partition_point(|edge| *edge < random.irwin_hall() + shift),
        FLAG => usize::from(point < set),
        _ => [teal, 0.4, 0.998].iter().position(|it| point < *it).map_or(3, |at| [2, 0, 1][at]),
    }
}

/// One feature of a model: the cells of its reference, and of each minute and pod.
struct Column {
    feature: String,
    /// What live bins are called, and how many of them the reference has.
    bins: (Vec<String>, usize),
    reference: Vec<u64>,
    live: Vec<[Vec<u64>; PODS]>,
}

impl Column {
    fn new(
        feature: &'static str,
        rows_per_hour: usize,
        cluster: usize,
        change: Change,
        random: &mut Random,
    ) -> Column {
        let cells = bins(feature).0.len() + 2;
        let mut reference = vec![0; cells];
        for _ in 0..REFERENCE_ROWS {
            reference[cell(feature, Change::None, random)] += 1;
        }
        // Counters begin at zero.
        let mut live = vec![[(); PODS].map(|()| vec![0; cells]); END + 1];
        for _ in 0..rows_per_hour * END / HOUR / cluster {
            let minute = 1 + random.below(END);
            let change =
                if ONSET < minute && change.feature() == feature { change } else { Change::None };
            let cell = cell(feature, change, random);
            live[minute][random.below(PODS)][cell] += cluster as u64;
        }
        Column { feature: feature.to_owned(), bins: bins(feature), reference, live }
    }

    /// By cell, what came after a minute, up to another one.
    fn rows(&self, after: usize, until: usize) -> Vec<u64> {
        let mut rows = vec![0; self.reference.len()];
        for pod in self.live[after + 1..=until].iter().flatten() {
            rows.iter_mut().zip(pod).for_each(|(sum, &count)| *sum += count);
        }
        rows
    }

    /// Adds the series of its pods. Two pods, of which one restarts, or one that sees all.
    fn record(&self, model: &str, pods: usize, series: &mut BTreeMap<String, String>) {
        let (names, of_reference) = &self.bins;
        let labels = format!(
            "model=\"{model}\",version=\"1\",role=\"feature\",feature=\"{}\"",
            self.feature
        );
        let cells = names
            .iter()
            .map(|bin| format!("driftline_feature_bin_total{{{labels},bin=\"{bin}\""))
            .chain([Unbinned::Null, Unbinned::WrongType].map(|it| {
                format!("driftline_feature_unbinned_total{{{labels},reason=\"{}\"", it.name())
            }));
        for (cell, name) in cells.enumerate() {
            for pod in 0..pods {
                let mut total = 0;
                let mut values = String::new();
                for (minute, counts) in self.live.iter().enumerate() {
                    if minute == RESTART && pod == 1 {
                        total = 0;
                    }
                    total += if pods == 1 {
                        counts.iter().map(|pod| pod[cell]).sum()
                    } else {
                        counts[pod][cell]
                    };
                    let _ = write!(values, "{total} ");
                }
                series.insert(format!("{name},pod=\"{pod}\"}}"), values);
            }
        }
        for pod in 0..pods {
            let mut constant = |name: &str, labels: &str, value: u64| {
                series
                    .insert(format!("{name}{{{labels},pod=\"{pod}\"}}"), format!("{value}x{END}"));
            };
            for (bin, &rows) in names.iter().zip(&self.reference).take(*of_reference) {
                constant("driftline_reference_bin_rows", &format!("{labels},bin=\"{bin}\""), rows);
            }
            constant("driftline_reference_unset_rows", &labels, self.reference[names.len()]);
        }
    }
}

/// The evidence that a drift needs, as the gauge says it: that of a hundred columns.
fn needed() -> u64 {
    let budget = Budget { false_alarms_per_day: 0.01, looks_per_day: 17_280.0, columns: 100 };
    (budget.nats() / std::f64::consts::LN_10 * 1e3).round() as u64
}

/// What promtool is asked.
#[derive(Default)]
struct Story {
    series: BTreeMap<String, String>,
    checks: Vec<Value>,
}

impl Story {
    fn model(
        &mut self,
        name: &str,
        rows_per_hour: usize,
        cluster: usize,
        change: Change,
        seed: u64,
    ) -> Vec<Column> {
        let mut random = Random::new(seed);
        let columns =
            FEATURES.map(|it| Column::new(it, rows_per_hour, cluster, change, &mut random));
        for column in &columns {
            column.record(name, PODS, &mut self.series);
        }
        self.needs(name);
        columns.into()
    }

    fn needs(&mut self, model: &str) {
        let series = format!(
            "driftline_drift_evidence_needed_thousandths{{model=\"{model}\",version=\"1\"}}"
        );
        self.series.insert(series, format!("{}x{END}", needed()));
    }

    /// An expression has this value at this minute; `None` if it has none.
    fn check(&mut self, expression: String, minute: usize, value: Option<u64>) {
        let samples: Vec<Value> =
            value.iter().map(|value| json!({"labels": "{}", "value": value})).collect();
        self.checks.push(
            json!({"expr": expression, "eval_time": format!("{minute}m"), "exp_samples": samples}),
        );
    }

    /// Of all features that this selects, this many drifted at some minute up to this one.
    fn drifted(&mut self, selected: &str, until: usize, count: u64) {
        let expression =
            format!("sum(max_over_time(driftline:feature:drift1h{{{selected}}}[{until}m:10m]))");
        self.check(expression, until, Some(count));
    }

    /// A rule says this number of a feature in the end.
    fn says(&mut self, rule: &str, model: &str, feature: &str, value: f64) {
        let selected = format!("{rule}{{model=\"{model}\",feature=\"{feature}\"}}");
        let tolerance = TOLERANCE * value.abs().max(1.0);
        self.check(format!("sum(abs({selected} - {value}) < bool {tolerance})"), END, Some(1));
    }

    #[track_caller]
    fn holds(self) {
        let Story { series, checks } = self;
        let series: Vec<Value> = series
            .into_iter()
            .map(|(series, values)| json!({"series": series, "values": values.trim_end()}))
            .collect();
        holds(RULES, |rules| {
            json!({
                "rule_files": rules,
                // A sixth of the looks of a real one, which promtool is slow at; stretches are as long.
                "evaluation_interval": "10m",
                "tests": [{
                    "interval": "1m",
                    "input_series": series,
                    "promql_expr_test": checks,
                }],
            })
        });
    }
}

#[test]
fn a_fleet_tells_no_drift_of_traffic_that_has_not_drifted() {
    let mut story = Story::default();
    for rows_per_hour in [100, 500, 5000] {
        for cluster in [1, 5, 20] {
            for seed in 1..=3 {
                let name = format!("{rows_per_hour} by {cluster}, {seed}");
                story.model(&name, rows_per_hour, cluster, Change::None, seed);
            }
        }
    }
    story.check("count(driftline:feature:drift1h)".to_owned(), END, Some(3 * 3 * 3 * 3));
    story.drifted("", END, 0);
    // What a fixed limit of the raw index makes of the same rows: all numbers drift at 100 rows an hour.
    let raw = "driftline:feature:psi1h{model=~\"100 by .*\",feature=\"number\"}";
    story.check(format!("min({raw}) > bool 0.1"), END, Some(1));
    story.holds();
}

#[test]
fn a_fleet_tells_drifts_and_what_drifted() {
    let mut story = Story::default();
    for (name, rows_per_hour, cluster, change, reason) in CHANGES {
        for seed in 1..=SEEDS {
            let model = format!("{name}, {seed}");
            story.model(&model, rows_per_hour, cluster, change, seed);
            let selected = format!("model=\"{model}\"");
            story.drifted(&selected, ONSET, 0);
            story.drifted(&selected, END, 1);
            let feature = change.feature();
            let told = format!(
                "driftline:feature:drift_reason1h{{{selected},feature=\"{feature}\",reason=\"{reason}\"}}"
            );
            story.check(format!("sum({told})"), END, Some(1));
        }
    }
    let all = "driftline:feature:drift1h == 1";
    story.check(format!("count({all})"), END, Some(CHANGES.len() as u64 * SEEDS));
    story.check(format!("count({all})"), ONSET, None);
    story.holds();
}

#[test]
fn a_fleet_has_the_numbers_of_the_core() {
    let mut story = Story::default();
    for (name, rows_per_hour, cluster, change) in [
        ("plain", 5000, 1, Change::None),
        ("few", 100, 1, Change::None),
        ("clusters", 5000, 20, Change::None),
        ("shifted", 500, 1, Change::Shift(0.5)),
        ("far", 5000, 1, Change::Shift(2.0)),
        ("nulls", 5000, 5, Change::Nulls(0.3)),
        ("types", 500, 1, Change::Types(0.1)),
        ("teal", 5000, 1, Change::Teal(0.04)),
    ] {
        let columns = story.model(name, rows_per_hour, cluster, change, 9);
        let clusters = overdispersions(&columns, END, &mut BTreeMap::new());
        for (column, overdispersion) in columns.iter().zip(clusters) {
            for (rule, value) in numbers(column, overdispersion) {
                story.says(&format!("driftline:feature:{rule}"), name, &column.feature, value);
            }
        }
    }
    // The same traffic at one pod that never restarted.
    let mut random = Random::new(31);
    let column = Column::new(NUMBER, 5000, 5, Change::Shift(0.5), &mut random);
    for (model, pods) in [("two", PODS), ("one", 1)] {
        column.record(model, pods, &mut story.series);
        story.needs(model);
    }
    for rule in
        ["overdispersion1h", "psi_sure1h", "bins_nats1h", "nulls_nats1h", "types_nats1h", "drift1h"]
    {
        let of = |model: &str| format!("sum(driftline:feature:{rule}{{model=\"{model}\"}})");
        story.check(format!("abs({} - {}) < bool 1e-9", of("two"), of("one")), END, Some(1));
    }
    // No traffic, or a filter that does not say what it needs.
    Column { live: vec![[(); PODS].map(|()| vec![0; 22]); END + 1], ..column }.record(
        "idle",
        PODS,
        &mut story.series,
    );
    story.needs("idle");
    let mut random = Random::new(32);
    Column::new(NUMBER, 500, 1, Change::Shift(2.0), &mut random).record(
        "old",
        PODS,
        &mut story.series,
    );
    story.check(
        "count({__name__=~\"driftline:feature:.*(drift|nats|psi).*\",model=\"idle\"})".to_owned(),
        END,
        None,
    );
    story.check(
        "count({__name__=~\"driftline:feature:drift.*\",model=\"old\"})".to_owned(),
        END,
        None,
    );
    story.holds();
}

fn has_classes(column: &Column) -> bool {
    column.bins.0.iter().any(|bin| bin == OTHER)
}

/// Chi-square of few and of many degrees of freedom, from what happens now and then to what needs no question.
#[test]
fn the_evidence_of_bins_is_that_of_chi_square() {
    let mut story = Story::default();
    let (reference, live) = (1000_u64, 600_u64);
    let mut columns = Vec::new();
    for bins in [2_u64, 3, 6, 20, 50, 100] {
        for nats in [6_u32, 12, 21, 40] {
            let names = (0..bins).map(|bin| format!("{bin:02}")).collect::<Vec<_>>();
            let mut of_reference = vec![reference; names.len()];
            of_reference.extend([0, 0]);
            let even: Vec<u64> = names.iter().map(|_| live / HOUR as u64).chain([0, 0]).collect();
            let none = vec![0; even.len()];
            let mut minutes = vec![[even, none.clone()]; END + 1];
            minutes[0] = [none.clone(), none];
            // Now every other bin has more rows, by as much as makes about so many nats.
            let chi_square = chi_square_beyond(f64::from(nats), bins as f64 - 1.0);
            let rate = 1.0 + live as f64 / reference as f64;
            let more = 2.0 * (chi_square / bins as f64 * live as f64 * rate).sqrt();
            minutes[END][0]
                .iter_mut()
                .take(names.len())
                .step_by(2)
                .for_each(|it| *it += more as u64);
            columns.push(Column {
                feature: format!("{bins} bins, {nats} nats"),
                bins: (names, bins as usize),
                reference: of_reference,
                live: minutes,
            });
        }
    }
    let clusters = overdispersions(&columns, END, &mut BTreeMap::new());
    for (column, overdispersion) in columns.iter().zip(clusters) {
        column.record("evidence", 1, &mut story.series);
        let numbers = numbers(column, overdispersion);
        let (_, nats) = numbers.iter().find(|(rule, _)| *rule == "bins_nats1h").unwrap();
        assert!((3.0..60.0).contains(nats), "{}: {nats}", column.feature);
        story.says("driftline:feature:bins_nats1h", "evidence", &column.feature, *nats);
    }
    story.holds();
}

/// What the core says of a column's last hour, by rule.
fn numbers(column: &Column, overdispersion: f64) -> Vec<(&'static str, f64)> {
    let count = column.reference.len() - 2;
    let live = column.rows(END - HOUR, END);
    let (bins, reference) = (&live[..count], &column.reference[..count]);
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let (rows, reference_rows) = (sum(bins), sum(reference));
    let effective = rows / overdispersion;
    let positions = BinPositions::of_values(&[0.0, 1.0], 0.3);
    let of_reference = ReferenceRows {
        bins: reference,
        binned: total(reference),
        effective: reference_rows,
        unset: column.reference[count],
        positions: (column.feature == FLAG).then_some(&positions),
        has_classes: has_classes(column),
        is_on_line: !has_classes(column),
        has_range: false,
        by_hour: None,
    };
    let of_live = LiveRows {
        bins,
        binned: total(bins),
        unset: live[count],
        unusable: live[count + 1],
        outside: 0,
        tail_distance: [0; 2],
    };
    let debiased = debiased_psi(&of_reference, &of_live, effective);
    let noise = 1.0 / effective + 1.0 / reference_rows;
    let sure =
        debiased - 2.0 * (4.0 * debiased * noise + 2.0 * count as f64 * noise * noise).sqrt();
    let ratio: f64 = reference
        .iter()
        .zip(bins)
        .map(|(&r, &l)| {
            split(r as f64, l as f64 / overdispersion, effective / (effective + reference_rows))
        })
        .sum();
    let degrees = of_reference.filled().max(2) as f64 - 1.0;
    let bins_nats = -chi_square_log_survival(2.0 * ratio, degrees);
    let unbinned = |of_reference: u64, of_live: u64| {
        let shares = TwoShares {
            reference: (of_reference as f64, sum(&column.reference[..=count])),
            live: (of_live as f64 / overdispersion, sum(&live) / overdispersion),
        };
        shares.nats()
    };
    let mut numbers = vec![
        ("overdispersion1h", overdispersion),
        ("effective1h", effective),
        ("psi_debiased1h", debiased),
        ("psi_sure1h", sure),
        ("bins_ratio1h", ratio),
        ("nulls_nats1h", unbinned(column.reference[count], live[count])),
        ("types_nats1h", unbinned(0, live[count + 1])),
    ];
    // Below three nats the rules only say that there is little.
    if 3.0 < bins_nats {
        numbers.push(("bins_nats1h", bins_nats));
    }
    let changed = reference.iter().zip(bins).filter_map(|(&r, &l)| {
        let (from, to) = (r as f64 / reference_rows, l as f64 / rows);
        let matters = 0.005 <= (to - from).abs() && (2.0 * from <= to || 2.0 * to <= from);
        let shares = TwoShares {
            reference: (r as f64, reference_rows),
            live: (l as f64 / overdispersion, effective),
        };
        matters.then(|| shares.nats() - (count as f64).ln())
    });
    if let Some(nats) = changed.filter(|_| has_classes(column)).max_by(f64::total_cmp) {
        numbers.push(("class_nats1h", nats));
    }
    assert!(ROWS_MIN == 50 && !numbers.is_empty());
    numbers
}

/// How many rows count as one in each column of a model, at a minute. `known` has those of earlier minutes.
fn overdispersions(
    columns: &[Column],
    minute: usize,
    known: &mut BTreeMap<usize, Vec<f64>>,
) -> Vec<f64> {
    if let Some(found) = known.get(&minute) {
        return found.clone();
    }
    let last = minute.saturating_sub(HOUR);
    let pairs = (2 * STRETCH..=last).step_by(STRETCH).filter(|&end| last < end + PAST);
    let mut told = vec![Overdispersion::default(); columns.len()];
    for end in pairs {
        let usual = overdispersions(columns, end, known);
        for ((told, column), usual) in told.iter_mut().zip(columns).zip(usual) {
            let [newer, older] =
                [STRETCH, 2 * STRETCH].map(|back| column.rows(end - back, end - back + STRETCH));
            told.learn(Overdispersion::of_pair(&newer, &older), usual, 1.0);
        }
    }
    let all = told.iter().copied().fold(Overdispersion::default(), Overdispersion::with);
    let found: Vec<f64> = told.iter().map(|told| told.factor(all.factor(ASSUMED))).collect();
    known.insert(minute, found.clone());
    found
}
