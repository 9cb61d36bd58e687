//! What the values of a feature are like, in training and later; it knows no bins and no time.

use driftline_random::Random;

/// A value, as a column receives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A category, by its number.
    Category(u16),
    /// None.
    Null,
    /// A value of the wrong type.
    Wrong,
}

/// The name of a category.
#[must_use]
pub fn category_name(number: u16) -> String {
    format!("c{number}")
}

/// How values are distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Standard normal.
    Normal,
    /// Normal, and a null in this share of rows.
    NormalWithNulls(f64),
    /// The exponential of a normal value: a long tail.
    LogNormal,
    /// The ratio of two normal values: tails so heavy that there is no mean.
    Cauchy,
    /// Zero in this share of rows, otherwise exponential with mean 1.
    ZeroInflated(f64),
    /// 1 in this share of rows, otherwise 0.
    Flag(f64),
    /// The heads among this many coins: a whole number with few values.
    Coins(u32),
    /// This many categories, the n-th as often as 1/n.
    Categories(u16),
    /// Always the same number.
    Constant,
}

/// What happens to the values of a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing.
    None,
    /// Numbers grow by this much: by standard deviations of [`Law::Normal`].
    Shift(f64),
    /// Numbers are multiplied by this.
    Times(f64),
    /// All numbers are this one.
    Stuck(f64),
    /// Numbers above the first one grow by the second one.
    TopShifted(f64, f64),
    /// This share of values has the wrong type.
    Wrong(f64),
    /// This share of values is null.
    Nulls(f64),
    /// This share of values is a new one.
    Novel(f64),
    /// Another law holds.
    Law(Law),
}

/// Draws values.
#[derive(Clone, Debug)]
pub struct Draw {
    random: Random,
    /// The second of two normal values, which are made in pairs.
    spare: Option<f64>,
}

impl Law {
    /// Whether the time of day can move it.
    #[must_use]
    pub fn has_season(&self) -> bool {
        matches!(self, Law::Normal | Law::NormalWithNulls(_) | Law::LogNormal)
    }
}

impl Draw {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Draw {
        // Seeds that follow each other are the same sequence in steps; a word of each is not.
        Draw { random: Random::new(Random::new(seed).word()), spare: None }
    }

    /// From 0 to 1, which it never is.
    pub fn uniform(&mut self) -> f64 {
        self.random.uniform()
    }

    /// Standard normal (G. Marsaglia and T. Bray, 1964).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if 0.0 < square && square < 1.0 {
                let factor = libm::sqrt(-2.0 * libm::log(square) / square);
                self.spare = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Poisson, by the waiting times in between; `mean` is below 700.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let limit = libm::exp(-mean);
        let (mut count, mut product) = (0, self.uniform());
        while limit < product {
            count += 1;
            product *= self.uniform();
        }
        count
    }

    /// A value, first moved by `season` deviations if its law has a season, then changed.
    pub fn value(&mut self, law: &Law, season: f64, change: &Change) -> Value {
        match (change, law) {
            (Change::None, law) => self.of(law, season),
            (Change::Law(other), _) => self.of(other, season),
            (Change::Wrong(share), _) if self.uniform() < *share => Value::Wrong,
            (Change::Nulls(share), _) if self.uniform() < *share => Value::Null,
            (Change::Nulls(_), Law::NormalWithNulls(_)) => self.of(&Law::Normal, season),
            (change, law) => {
                let value = self.of(law, season);
                self.changed(value, change)
            }
        }
    }

    fn changed(&mut self, value: Value, change: &Change) -> Value {
        match (value, change) {
            (Value::Number(x), Change::Shift(by)) => Value::Number(x + by),
            (Value::Number(x), Change::Times(factor)) => Value::Number(x * factor),
            (Value::Number(_), Change::Stuck(at)) => Value::Number(*at),
            (Value::Number(x), Change::TopShifted(above, by)) if *above < x => {
                Value::Number(x + by)
            }
            (Value::Number(x), Change::Novel(share)) if self.uniform() < *share => {
                Value::Number(x + 1.0)
            }
            (Value::Category(_), Change::Novel(share)) if self.uniform() < *share => {
                Value::Category(u16::MAX)
            }
            (value, _) => value,
        }
    }

    fn of(&mut self, law: &Law, season: f64) -> Value {
        Value::Number(match law {
            Law::Normal => self.normal() + season,
            Law::NormalWithNulls(share) => {
                if self.uniform() < *share {
                    return Value::Null;
                }
                self.normal() + season
            }
            Law::LogNormal => libm::exp(self.normal() + season),
            Law::Cauchy => self.normal() / self.normal(),
            Law::ZeroInflated(share) if self.uniform() < *share => 0.0,
            Law::ZeroInflated(_) => -libm::log(1.0 - self.uniform()),
            Law::Flag(share) => f64::from(u8::from(self.uniform() < *share)),
            Law::Coins(coins) => (0..*coins).filter(|_| self.uniform() < 0.5).count() as f64,
            Law::Categories(count) => return Value::Category(self.category(*count)),
            Law::Constant => 7.0,
        })
    }

    fn category(&mut self, count: u16) -> u16 {
        let total: f64 = (1..=count).map(|n| 1.0 / f64::from(n)).sum();
        let mut left = self.uniform() * total;
        let mut number = 0;
        while number + 1 < count && 1.0 / f64::from(number + 1) <= left {
            left -= 1.0 / f64::from(number + 1);
            number += 1;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_mean(law: &Law, change: &Change, expected: f64) {
        let mut draw = Draw::new(3);
        let numbers = (0..40_000).map(|_| match draw.value(law, 0.0, change) {
            Value::Number(x) => x,
            Value::Category(number) => f64::from(number),
            Value::Null | Value::Wrong => -1.0,
        });
        let mean = numbers.sum::<f64>() / 40_000.0;
        assert!((mean - expected).abs() < 0.03, "{law:?} {change:?}: {mean}");
    }

    #[test]
    fn laws_have_their_means() {
        check_mean(&Law::Normal, &Change::None, 0.0);
        check_mean(&Law::Normal, &Change::Shift(0.5), 0.5);
        check_mean(&Law::NormalWithNulls(0.5), &Change::None, -0.5);
        check_mean(&Law::NormalWithNulls(0.5), &Change::Nulls(0.25), -0.25);
        check_mean(&Law::Normal, &Change::Wrong(1.0), -1.0);
        check_mean(&Law::ZeroInflated(0.9), &Change::None, 0.1);
        check_mean(&Law::ZeroInflated(0.9), &Change::Times(5.0), 0.5);
        check_mean(&Law::Flag(0.2), &Change::Law(Law::Flag(0.6)), 0.6);
        check_mean(&Law::Coins(8), &Change::None, 4.0);
        // (0 * 1 + 1 / 2 + 2 / 3) / (1 + 1 / 2 + 1 / 3)
        check_mean(&Law::Categories(3), &Change::None, 7.0 / 11.0);
        check_mean(&Law::Constant, &Change::Novel(0.25), 7.25);
    }

    #[test]
    fn counts_are_as_many_as_they_should_be() {
        let mut draw = Draw::new(4);
        for mean in [0.4, 5.0, 50.0] {
            let sum: u64 = (0..4000).map(|_| draw.poisson(mean)).sum();
            assert!((sum as f64 / 4000.0 / mean - 1.0).abs() < 0.05, "{mean}: {sum}");
        }
    }
}
