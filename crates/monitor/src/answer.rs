//! What the parts of a row of an answer say: the prediction, and its score. It holds one row at a time, and reads no body.

mod shares;

pub(crate) use self::shares::Shares;

use alloc::vec::Vec;

use driftline_inference::predictive::Part;
use driftline_statistics::value::{Cell, class_of};

/// Shares of one row add up to 1, but for what their rounding takes.
const ROUNDED_MAX: f64 = 0.05;

/// Which columns of a model its answers fill, and how.
#[derive(Debug, Default)]
pub(crate) struct AnswerForm {
    pub(crate) prediction: usize,
    /// The column of scores.
    pub(crate) score: Option<usize>,
    /// `None` if it is of no classes.
    pub(crate) shares: Option<Shares>,
}

/// A row of an answer.
#[derive(Debug, Default)]
pub(crate) struct AnswerRow {
    /// `None` between rows.
    row: Option<u64>,
    /// Rows before this one have their prediction.
    given: u64,
    /// What may be the prediction, unless shares say it: how likely, least first, and its value.
    candidate: Option<(usize, Held)>,
    text: Vec<u8>,
    /// What comes first of shares, and whether it had no name.
    first: Option<(Share, bool)>,
    /// The shares after the first one: how many, the largest and its number, and their sum.
    others: usize,
    largest: Option<(usize, Share)>,
    sum: f64,
    /// The share that is the score, if it is not the first and not the largest.
    wanted: Option<Share>,
    /// Values came that are no shares.
    has_others: bool,
    /// A value came under a name that means nothing.
    has_unnamed: bool,
    /// It had a value that belongs to no column.
    has_extra: bool,
}

/// A value that is kept until its row is over; a text is beside it.
#[derive(Clone, Copy, Debug)]
enum Held {
    Cell(Cell<'static>),
    Text { is_untyped: bool },
}

/// A number from 0 to 1, and the value that it was.
#[derive(Clone, Copy, Debug)]
struct Share(f64, Cell<'static>);

/// What a row says.
#[derive(Debug, Default)]
pub(crate) struct Said<'a> {
    /// The prediction.
    pub(crate) prediction: Option<Cell<'a>>,
    /// Its score.
    pub(crate) score: Option<Cell<'a>>,
    /// The score is a share.
    pub(crate) is_share: bool,
    /// It has values that mean nothing.
    pub(crate) has_extra: bool,
    /// It has another number of values than an answer.
    pub(crate) has_wrong_shape: bool,
}

/// How likely a value is the prediction that is at the first position, or under a name that means nothing.
const AT_FIRST_POSITION: usize = 100;
const UNNAMED: usize = 101;

impl AnswerRow {
    /// Takes a part of a row.
    pub(crate) fn take(&mut self, row: u64, part: Part, cell: Cell<'_>, form: &AnswerForm) {
        self.row = Some(row);
        let rank = match part {
            Part::Named(name) => name,
            Part::Element(0) => AT_FIRST_POSITION,
            Part::Element(element) => return self.take_share(element, share(cell), form),
            Part::Unnamed => UNNAMED,
        };
        self.has_unnamed |= part == Part::Unnamed;
        let is_first = part == Part::Element(0);
        if is_first || self.first.is_none() {
            self.first = share(cell).map(|share| (share, is_first));
        }
        if self.candidate.is_none_or(|(known, _)| rank < known) {
            self.candidate = Some((rank, self.hold(cell)));
        }
    }

    fn take_share(&mut self, element: usize, share: Option<Share>, form: &AnswerForm) {
        let Some(share) = share else {
            self.has_others = true;
            return;
        };
        self.others = self.others.saturating_add(1);
        self.sum += share.0;
        if self.largest.is_none_or(|(_, largest)| largest.0 < share.0) {
            self.largest = Some((element, share));
        }
        if form.shares.as_ref().is_some_and(|shares| shares.of_score == Some(element)) {
            self.wanted = Some(share);
        }
    }

    fn hold(&mut self, cell: Cell<'_>) -> Held {
        Held::Cell(match cell {
            Cell::Text(text) | Cell::Untyped(text) => {
                self.text.clear();
                self.text.extend_from_slice(text);
                return Held::Text { is_untyped: matches!(cell, Cell::Untyped(_)) };
            }
            Cell::Number(x) => Cell::Number(x),
            Cell::Rounded(x, precision) => Cell::Rounded(x, precision),
            Cell::Boolean(value) => Cell::Boolean(value),
            Cell::Unbinned(reason) => Cell::Unbinned(reason),
        })
    }

    /// Notes that the row has a value of no column.
    pub(crate) fn note_extra(&mut self) {
        self.has_extra |= self.row.is_some();
    }

    /// Forgets the row that is held.
    pub(crate) fn drop_row(&mut self) {
        let text = core::mem::take(&mut self.text);
        *self = AnswerRow { given: self.given, text, ..AnswerRow::default() };
    }

    /// What the row says that is held, whose number is this; `None` between rows.
    #[inline(never)]
    pub(crate) fn said<'a>(&'a mut self, form: &'a AnswerForm) -> Option<(u64, Said<'a>)> {
        let row = self.row?;
        let is_given = row < self.given;
        self.given = self.given.max(row.saturating_add(1));
        let mut said = Said::default();
        let shares = form.shares.as_ref().and_then(|shares| self.shares(shares));
        if let Some((prediction, score)) = shares {
            said =
                Said { prediction: Some(prediction), score: Some(score), is_share: true, ..said };
        }
        let is_named = |rank: usize| rank < AT_FIRST_POSITION;
        let first_is_plain = self.first.is_some_and(|(_, is_first)| is_first);
        match self.candidate {
            Some((rank, _)) if shares.is_some() && !(is_named(rank) && first_is_plain) => {}
            Some((UNNAMED, _)) if self.others != 0 || self.has_others || self.has_extra => {}
            Some((rank, held)) => {
                let is_first = rank == AT_FIRST_POSITION;
                let cell = match held {
                    Held::Cell(cell) => cell,
                    Held::Text { is_untyped: true } => Cell::Untyped(&self.text),
                    Held::Text { is_untyped: false } => Cell::Text(&self.text),
                };
                let of_triton = match held {
                    Held::Text { .. } => class_of(&self.text),
                    Held::Cell(_) => None,
                };
                said.prediction = Some(cell);
                if let Some((score, _)) = of_triton {
                    said.score = said.score.or(Some(Cell::Untyped(score)));
                }
                // Further ones of Triton's are what is less likely.
                let has_more = self.others != 0 || self.has_others;
                said.has_wrong_shape =
                    is_first && has_more && of_triton.is_none() && shares.is_none();
            }
            None => {}
        }
        let unnamed_is_used =
            matches!(self.candidate, Some((UNNAMED, _))) && said.prediction.is_some();
        said.has_extra = self.has_unnamed && !unnamed_is_used && !self.has_extra;
        if is_given {
            said.prediction = None;
        }
        Some((row, said))
    }

    /// The prediction and the score that shares say.
    fn shares<'f>(&self, form: &'f Shares) -> Option<(Cell<'f>, Cell<'static>)> {
        let (first, _) = self.first?;
        let (number, other) = self.largest?;
        let is_whole = self.others.saturating_add(1) == form.classes.len() && !self.has_others;
        if !is_whole || ROUNDED_MAX < libm::fabs(self.sum + first.0 - 1.0) {
            return None;
        }
        let (number, largest) = if first.0 < other.0 { (number, other) } else { (0, first) };
        let score = match form.of_score {
            None => largest,
            Some(0) => first,
            Some(_) => self.wanted?,
        };
        let class = form.classes.get(number)?;
        Some((if form.is_score { score.1 } else { Cell::Untyped(class.as_bytes()) }, score.1))
    }
}

/// A number from 0 to 1.
fn share(cell: Cell<'_>) -> Option<Share> {
    let (share, cell) = match cell {
        Cell::Number(x) => (x, Cell::Number(x)),
        Cell::Rounded(x, precision) => (x, Cell::Rounded(x, precision)),
        _ => return None,
    };
    (0.0..=1.0).contains(&share).then_some(Share(share, cell))
}
