//! One column over time: its rings of counts, what they tell of clusters, and its verdicts. It is told the time and what
//! counters grew by, and sets no gauge.

use alloc::{boxed::Box, vec, vec::Vec};
use core::mem;

use driftline_labels::{DriftReason, EnumMap, Verdict, Window};

use super::{
    ASSUMED, Cells, Clusters, Holding, Judge, Length, LiveRows, Overdispersion, ReferenceRows,
    SeasonScratch, Turned, WindowLengths,
    overdispersion::{KEPT_OF_BATCHES, KEPT_OF_STEPS},
    season::Seasons,
    total,
};
use crate::{
    time::{Timestamp, WallClock},
    window::Ring,
};

/// How many steps back the oldest one is that a length of the fast ring covers.
const OLDEST: u64 = 8;

/// How many rows make a batch: enough for a few clusters of twenty, and a few seconds at ten rows a second.
const BATCH_ROWS: u64 = 100;

/// The cells of two batches.
const fn batch_cells(cells: Cells) -> usize {
    cells.rows().saturating_mul(2)
}

/// A column's counts and verdicts.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    /// Quarters of the step that is under way, and of the one before it.
    pub fresh: Ring,
    /// Steps of the fast window, and of the one before it.
    pub fast: Ring,
    /// Whole fast windows.
    pub slow: Ring,
    /// What batches have told.
    pub batches: Overdispersion,
    /// What steps have told that are older than all lengths.
    pub past: Overdispersion,
    /// How the cells lie.
    cells: Cells,
    /// The batch that is under way, by cell, and then the one before it. Those with more rows than these count to tell
    /// nothing.
    pub batch: Box<[u16]>,
    /// How many rows count as one in all columns of the model: what is assumed before the column's own rows tell. Rare
    /// classes tell little, but rows come in the clusters of all columns.
    of_model: f32,
    /// By length of the fast ring, but for the whole window: what steps before it have told.
    steps: [Overdispersion; Length::OF_FAST.len() - 1],
    /// What is known of each window.
    pub holding: EnumMap<Window, Holding>,
}

/// What a look found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// `None` for a window that was not looked at.
    pub verdicts: EnumMap<Window, Option<Verdict>>,
    /// Why the column has drifted, if it has.
    pub reason: Option<DriftReason>,
    /// Since when it has.
    pub since: Option<Timestamp>,
    /// How often it turned to drift or back.
    pub turns: u64,
    /// The rows in bins of the fast window, those of a cluster counting as one.
    pub effective_rows: f64,
    /// Whether what came a season before was there to be compared with.
    pub has_before: bool,
}

/// What a look needs; kept to be allocated once.
#[derive(Clone, Debug, Default)]
pub struct LookScratch {
    /// By cell.
    pub sums: Vec<u64>,
    season: SeasonScratch,
}

/// How a look is done.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// What begins a drift.
    pub judge: &'a Judge,
    /// What chi-square a drift must keep: see [`Judge::still`].
    pub still_chi_square: f64,
    /// For how long it must.
    pub hold_ns: u64,
    /// What the column is compared with.
    pub reference: ReferenceRows<'a>,
    /// How long windows are, and the season.
    pub lengths: WindowLengths,
    /// The time.
    pub now: Timestamp,
    /// The time of day; without one, hours of the day are not told apart.
    pub wall_clock: Option<WallClock>,
}

impl Detector {
    /// Begins with no past.
    #[must_use]
    pub fn new(lengths: WindowLengths, cells: Cells, now: Timestamp) -> Detector {
        let count = cells.count();
        Detector {
            fresh: lengths.fresh_ring(count, now),
            fast: lengths.fast_ring(count, now),
            slow: lengths.slow_ring(count, now),
            cells,
            of_model: ASSUMED as f32,
            batch: vec![0; batch_cells(cells)].into_boxed_slice(),
            ..Detector::default()
        }
    }

    /// What one with so many cells takes at most beside itself, in bytes.
    #[must_use]
    pub fn bytes_max(lengths: WindowLengths, cells: Cells) -> usize {
        let batches = batch_cells(cells).saturating_mul(size_of::<u16>());
        lengths.rings_bytes_max(cells.count()).saturating_add(batches)
    }

    /// Counts growth, by cell, in the slots of now.
    ///
    /// `of_model` is how many rows count as one in all columns of the model, as far as is known.
    pub fn count(&mut self, growth: &[u64], of_model: f64, now: Timestamp) {
        self.of_model = of_model as f32;
        let cells = self.cells;
        while let Some(next) = self.fast.next_slot(now) {
            self.fast.advance(next);
            self.learn_past();
            self.look_back();
        }
        self.add_to_batch(growth.get(..cells.rows()).unwrap_or_default());
        self.fresh.advance(now);
        self.slow.advance(now);
        for (cell, &grown) in growth.iter().enumerate().filter(|&(_, &grown)| grown != 0) {
            self.fresh.add(cell, grown);
            self.fast.add(cell, grown);
            self.slow.add(cell, grown);
        }
    }

    /// Learns what the two steps tell that no length covers any more.
    fn learn_past(&mut self) {
        let (mut newer, mut older) = Default::default();
        self.sum_step(OLDEST, &mut newer);
        self.sum_step(OLDEST.saturating_add(1), &mut older);
        let pair = Overdispersion::of_pair(&newer, &older);
        self.past.learn(pair, f64::from(self.clusters(Length::Slow).found), KEPT_OF_STEPS);
    }

    /// The rows of the step so far back, by cell.
    fn sum_step(&self, back: u64, sums: &mut Vec<u64>) {
        self.fast.sum(back..back.saturating_add(1), 0..self.cells.rows(), sums);
    }

    /// Adds rows to the batch, and compares it with the one before when it is large enough.
    fn add_to_batch(&mut self, growth: &[u64]) {
        let (batch, before) = self.batch.split_at_mut(growth.len().min(self.batch.len()));
        for (sum, &grown) in batch.iter_mut().zip(growth) {
            *sum = sum.saturating_add(u16::try_from(grown).unwrap_or(u16::MAX));
        }
        if total(batch) < BATCH_ROWS {
            return;
        }
        let pair = Overdispersion::of_pair(batch, before);
        let is_exact = !batch.contains(&u16::MAX) && !before.contains(&u16::MAX);
        before.iter_mut().zip(&*batch).for_each(|(before, &count)| *before = count);
        batch.fill(0);
        if is_exact {
            // What is assumed while little is known is no measure of what is usual.
            self.batches.learn(pair, self.batches.factor(1.0), KEPT_OF_BATCHES);
        }
    }

    /// To be called when rings and what they have told were put back.
    pub fn restored(&mut self) {
        self.look_back();
    }

    /// Looks back at the steps before each length, when one has ended.
    fn look_back(&mut self) {
        let (mut newer, mut older) = Default::default();
        let mut steps = [self.past; Length::OF_FAST.len() - 1];
        let (mut all, mut back) = (self.past, OLDEST);
        self.sum_step(back, &mut older);
        for (told, (length, _)) in steps.iter_mut().zip(Length::OF_FAST).rev() {
            while length.steps() < back {
                back = back.saturating_sub(1);
                self.sum_step(back, &mut newer);
                all = all.with(Overdispersion::of_pair(&newer, &older));
                mem::swap(&mut newer, &mut older);
            }
            *told = all;
        }
        self.steps = steps;
    }

    /// How many rows of a length count as one.
    #[must_use]
    pub fn clusters(&self, length: Length) -> Clusters {
        let known = self.batches.factor(1.0);
        let by_batches = self.batches.factor(f64::from(self.of_model));
        let told = match length {
            Length::QuarterStep | Length::HalfStep | Length::Step => self.steps.first(),
            Length::TwoSteps => self.steps.get(1),
            Length::FourSteps => self.steps.get(2),
            Length::Fast | Length::Slow => None,
        };
        let told = told.unwrap_or(&self.past);
        Clusters {
            found: self.past.factor(known).max(known) as f32,
            assumed: told.factor(by_batches).max(by_batches) as f32,
        }
    }

    /// Looks at every length, at that of the slow window only if `with_slow` says so. `window` is given the counts of each
    /// window that is looked at.
    pub fn look(
        &mut self,
        looking: &Looking<'_>,
        with_slow: bool,
        scratch: &mut LookScratch,
        mut window: impl FnMut(Window, &[u64]),
    ) -> Looked {
        let mut looked = Looked::default();
        let LookScratch { sums, season } = scratch;
        let cells = self.cells;
        let mut found = None;
        for (ring, lengths) in
            [(&self.fresh, &Length::OF_FRESH[..]), (&self.fast, &Length::OF_FAST[..])]
        {
            sums.clear();
            sums.resize(cells.count(), 0);
            for (length, slots) in lengths {
                ring.add_sum(slots.clone(), 0..cells.count(), sums);
                let live = cells.split(sums);
                // The longest that finds something knows best what it is.
                found = self.find(looking, *length, &live, season, &mut looked).or(found);
            }
        }
        // What is summed up now is the fast window.
        window(Window::Fast, sums);
        let live = cells.split(sums);
        let rows_of_one = f64::from(self.clusters(Length::Fast).found);
        looked.effective_rows = live.binned as f64 / rows_of_one;
        self.turn(Window::Fast, found, &live, looking, season, &mut looked);
        if with_slow {
            self.slow.sum(0..looking.lengths.slow_windows, 0..cells.count(), sums);
            let live = cells.split(sums);
            let found = self.find(looking, Length::Slow, &live, season, &mut looked);
            window(Window::Slow, sums);
            self.turn(Window::Slow, found, &live, looking, season, &mut looked);
        }
        let drifted = self.holding.values().filter(|it| it.since().is_some());
        let first = drifted.min_by_key(|it| it.since());
        looked.since = first.and_then(Holding::since);
        looked.reason = self.holding.values().find_map(Holding::reason);
        looked
    }

    /// Whether the verdict of a window, as it was found last, is drift.
    #[must_use]
    pub fn has_drifted(&self, window: Window) -> bool {
        self.holding[window].since().is_some()
    }

    /// When verdicts may change with the time alone, if they may: when rows leave the shortest lengths, and when a drift
    /// that is gone has been so for long enough.
    #[must_use]
    pub fn due_at(
        &self,
        lengths: WindowLengths,
        hold_ns: u64,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let gone = self.holding.values().filter_map(Holding::gone);
        let ends = gone.map(|gone| Timestamp(gone.0.saturating_add(hold_ns)));
        let fresh = self.fresh.filled().next().map(|_| lengths.quarter_end(now));
        ends.chain(fresh).min()
    }

    fn seasons(&self, looking: &Looking<'_>) -> Seasons<'_> {
        let Detector { fresh, fast, slow, cells, .. } = self;
        let Looking { lengths, now, wall_clock, .. } = *looking;
        Seasons { fresh, fast, slow, cells: *cells, lengths, now, wall_clock }
    }

    /// What a length finds: a drift from training, and if there is a season, from what came before as well. Until
    /// something did, training decides alone.
    fn find(
        &self,
        looking: &Looking<'_>,
        length: Length,
        live: &LiveRows<'_>,
        scratch: &mut SeasonScratch,
        looked: &mut Looked,
    ) -> Option<DriftReason> {
        let (clusters, seasons) = (self.clusters(length), self.seasons(looking));
        let training = seasons.training(length, &looking.reference, scratch);
        let reason = looking.judge.look(&training, live, clusters, length.errors());
        if reason.is_none() && length != Length::Fast {
            return None;
        }
        let assumed = f64::from(clusters.assumed);
        let before = seasons.before(length, &looking.reference, assumed, scratch);
        let before = before.filter(|rows| looking.judge.rows_min <= rows.effective);
        looked.has_before |= before.is_some();
        reason.filter(|_| {
            before.is_none_or(|before| {
                looking.judge.look(&before, live, clusters, length.errors()).is_some()
            })
        })
    }

    /// Brings the verdict of a window up to what was found.
    fn turn(
        &mut self,
        window: Window,
        found: Option<DriftReason>,
        live: &LiveRows<'_>,
        looking: &Looking<'_>,
        scratch: &mut SeasonScratch,
        looked: &mut Looked,
    ) {
        let length = if window == Window::Fast { Length::Fast } else { Length::Slow };
        let clusters = self.clusters(length);
        let has_rows = looking.judge.has_rows(live, clusters);
        // It began when both said so, and ends when training no longer does.
        let is_still_there = || {
            let still = looking.judge.still(looking.still_chi_square);
            let training = self.seasons(looking).training(length, &looking.reference, scratch);
            still.look(&training, live, clusters, length.errors()).is_some()
        };
        let mut holding = self.holding[window];
        let turned = holding.note(found, is_still_there, looking.now, looking.hold_ns);
        self.holding[window] = holding;
        if turned != Turned::No {
            looked.turns = looked.turns.saturating_add(1);
        }
        looked.verdicts[window] = Some(match (holding.reason(), has_rows) {
            (Some(_), _) => Verdict::Drift,
            (None, true) => Verdict::Ok,
            (None, false) => Verdict::Insufficient,
        });
    }
}
