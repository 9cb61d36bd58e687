//! How much evidence a finding needs so that false alarms stay within what a model may have in a day; it judges nothing.

use super::{Length, judge::TESTS};

/// What false alarms are rationed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// How many false alarms a model may raise in a day, by all of its columns together; more than 0.
    pub false_alarms_per_day: f64,
    /// How often each column is looked at in a day.
    pub looks_per_day: f64,
    /// The columns of the model.
    pub columns: usize,
}

impl Budget {
    /// The false alarms that a model may raise in a day if nobody says.
    pub const FALSE_ALARMS_PER_DAY: f64 = 0.01;

    /// The nats that a finding needs.
    ///
    /// A union bound: each test of each look at each length has the same share of the budget. Looks that follow each other
    /// see nearly the same rows, so true false alarms are far fewer; what is left is slack for what tests do not know,
    /// such as the error of [`Overdispersion`](super::Overdispersion). It costs little: ten times as many looks need 2.3
    /// nats more, which is an eighth more rows.
    #[must_use]
    pub fn nats(&self) -> f64 {
        let tests = TESTS as f64 * Length::ALL.len() as f64;
        let looks = self.looks_per_day.max(1.0) * self.columns.max(1) as f64;
        libm::log(looks * tests / self.false_alarms_per_day).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_looks_and_columns_need_more_evidence() {
        let one = Budget { false_alarms_per_day: 0.01, looks_per_day: 17_280.0, columns: 1 };
        let ten = Budget { columns: 10, ..one };
        assert!((ten.nats() - one.nats() - libm::log(10.0)).abs() < 1e-12);
        let looks = libm::exp(-one.nats()) * 17_280.0 * (TESTS * Length::ALL.len()) as f64;
        assert!((looks - 0.01).abs() < 1e-9, "{looks}");
    }
}
