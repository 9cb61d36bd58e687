//! A column at work: the filter's own detector, given what its own rules count of each value. It draws nothing.

use driftline_labels::{DriftReason, EnumMap, Verdict, Window};
use driftline_statistics::{
    bins::Bins,
    detection::{
        Budget, Cells, Detector, Judge, Limits, LookScratch, Looking, Materiality, Overdispersion,
        ROWS_MIN, Reference, WindowLengths,
    },
    drift::{BinPositions, Tail},
    profile::{self, Schema},
    time::{Timestamp, WallClock},
    value::Precision,
};

use crate::{
    defaults::RECOVERY_NS,
    law::{Value, category_name},
};

/// How many categories there can be at most.
const CATEGORIES: u16 = 1000;

/// A column with all that is compared of it.
#[derive(Clone, Debug)]
pub struct Column {
    bins: Bins,
    schema: Schema,
    /// By category: its bin, and whether the schema lacks it.
    categories: Vec<(usize, bool)>,
    reference: Reference,
    cells: Cells,
    judge: Judge,
    still_chi_square: f64,
    lengths: WindowLengths,
    detector: Detector,
    growth: Vec<u64>,
    /// The verdict of each window; `None` if there is none yet.
    pub verdicts: EnumMap<Window, Option<Verdict>>,
    /// Why it has drifted, if it has.
    pub reason: Option<DriftReason>,
}

impl Column {
    /// Begins at a moment with no past.
    #[must_use]
    pub fn new(
        column: &profile::Column,
        lengths: WindowLengths,
        budget: &Budget,
        begin: Timestamp,
    ) -> Column {
        let reference = Reference::of(column);
        let limits =
            Limits { nats: budget.nats(), rows_min: ROWS_MIN, materiality: Materiality::DEFAULT };
        let has_tails = reference.positions.as_ref().is_some_and(BinPositions::has_tails);
        let cells = Cells { bins: reference.bins.len(), has_tails };
        Column {
            bins: column.bins.clone(),
            schema: column.schema.clone(),
            categories: categories(column),
            judge: Judge::new(&limits, &reference.rows()),
            still_chi_square: Judge::still_chi_square(&reference.rows()),
            reference,
            cells,
            lengths,
            detector: Detector::new(lengths, cells, begin),
            growth: vec![0; cells.count()],
            verdicts: EnumMap::default(),
            reason: None,
        }
    }

    /// Counts a value.
    pub fn count(&mut self, value: Value) {
        let Column { cells, growth, .. } = self;
        match value {
            Value::Number(x) => {
                let bin = self.bins.of_live(x, Precision::Single);
                growth[bin] += 1;
                let range = self.schema.range.as_ref();
                let is_outside = range.is_some_and(|it| !it.allows(x, Precision::Single));
                growth[cells.outside()] += u64::from(is_outside);
                let positions = self.reference.positions.as_ref();
                let positions = positions.filter(|_| self.bins.is_tail(bin));
                if let Some((side, distance)) = positions.and_then(|it| it.tail_distance(x)) {
                    growth[cells.tails() + usize::from(side == Tail::High)] += distance;
                }
            }
            Value::Category(number) => {
                let known = self.categories.get(usize::from(number)).copied();
                let (bin, is_outside) = known.unwrap_or((cells.bins - 1, true));
                growth[bin] += 1;
                growth[cells.outside()] += u64::from(is_outside);
            }
            Value::Null => growth[cells.unset()] += 1,
            Value::Wrong => growth[cells.unusable()] += 1,
        }
    }

    /// Looks at what was counted.
    pub fn look(
        &mut self,
        now: Timestamp,
        step_ended: bool,
        of_model: f64,
        scratch: &mut LookScratch,
    ) {
        self.detector.count(&self.growth, of_model, now);
        self.growth.fill(0);
        let looking = Looking {
            judge: &self.judge,
            still_chi_square: self.still_chi_square,
            hold_ns: RECOVERY_NS,
            reference: self.reference.rows(),
            lengths: self.lengths,
            now,
            // Timestamps of the simulation are times of day.
            wall_clock: Some(WallClock::default()),
        };
        let looked = self.detector.look(&looking, step_ended, scratch, |_, _| {});
        for (window, verdict) in looked.verdicts {
            self.verdicts[window] = verdict.or(self.verdicts[window]);
        }
        self.reason = looked.reason;
    }

    /// What it has found out about rows that come in clusters.
    #[must_use]
    pub fn clusters(&self) -> Overdispersion {
        self.detector.batches
    }

    /// When its verdicts may change with the time alone.
    #[must_use]
    pub fn due_at(&self, now: Timestamp) -> Timestamp {
        let due_at = self.detector.due_at(self.lengths, RECOVERY_NS, now);
        due_at.into_iter().fold(self.lengths.step_end(now), Timestamp::min)
    }
}

fn categories(column: &profile::Column) -> Vec<(usize, bool)> {
    let Bins::Categories { names } = &column.bins else { return Vec::new() };
    let of_number = |number| {
        let name = category_name(number);
        let bin = names.iter().position(|it| *it == name).unwrap_or(names.len());
        let allowed = column.schema.categories.as_ref();
        (bin, allowed.is_some_and(|allowed| !allowed.contains(&name)))
    };
    (0..CATEGORIES).map(of_number).collect()
}
