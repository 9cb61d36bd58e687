//! A confusion matrix of counts and what it says about a classifier; it never sees a row or a score.
//!
//! Averages are those of scikit-learn with `zero_division=0`, so numbers can be compared with a notebook's. Measures of
//! one class are `None` where they are not defined, and averages count these as 0.
//!
//! References: C. J. van Rijsbergen (1979), "Information Retrieval", 2nd edition, chapter 7; B. W. Matthews (1975),
//! "Comparison of the Predicted and Observed Secondary Structure of T4 Phage Lysozyme", Biochimica et Biophysica Acta
//! 405(2); for more classes: J. Gorodkin (2004), "Comparing Two K-category Assignments by a K-category Correlation
//! Coefficient", Computational Biology and Chemistry 28.

use crate::counts::total;

/// The fewest classes of a classifier.
pub const CLASSES_MIN: usize = 2;
/// The most classes whose confusions are counted: they take the square of it in counters.
pub const CLASSES_MAX: usize = 32;

/// Rows by class and predicted class.
#[derive(Clone, Copy, Debug)]
pub struct Confusion<'a> {
    counts: &'a [u64],
    classes: usize,
}

/// One class against all others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClassCounts {
    /// Rows of the class that were predicted as such.
    pub true_positives: u64,
    /// Rows that were predicted as the class.
    pub predicted: u64,
    /// Rows of the class.
    pub support: u64,
}

/// Precision, recall and F1 of all classes together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    /// From 0 to 1.
    pub precision: f64,
    /// From 0 to 1.
    pub recall: f64,
    /// From 0 to 1. The average of the F1 of classes, not the F1 of averages.
    pub f1: f64,
}

impl Average {
    /// That of nothing.
    pub(super) const ZERO: Average = Average { precision: 0.0, recall: 0.0, f1: 0.0 };
}

impl<'a> Confusion<'a> {
    /// A view over `counts`, row-major: the row is the class by its label, the column the predicted class.
    ///
    /// `None` for other than 2 to 32 classes, or other than `classes * classes` counts. Sums of counts stop at
    /// 2^64 - 1.
    #[must_use]
    pub fn new(counts: &'a [u64], classes: usize) -> Option<Confusion<'a>> {
        let fits = (CLASSES_MIN..=CLASSES_MAX).contains(&classes)
            && Some(counts.len()) == classes.checked_mul(classes);
        fits.then_some(Confusion { counts, classes })
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        total(self.counts)
    }

    /// Rows whose predicted class is their class.
    #[must_use]
    pub fn correct(&self) -> u64 {
        right_and_wrong(self.counts, self.classes).0
    }

    /// The share of rows that are correct; `None` without rows.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.correct(), self.rows())
    }

    /// The counts of one class; `None` if there is no such class. Reads its row and its column.
    #[must_use]
    pub fn class(&self, class: usize) -> Option<ClassCounts> {
        let row = self.counts.chunks_exact(self.classes).nth(class)?;
        let column = self.counts.iter().skip(class).step_by(self.classes);
        Some(ClassCounts {
            true_positives: row.get(class).copied()?,
            predicted: column.fold(0, plus),
            support: total(row),
        })
    }

    /// The plain mean over the classes that occur, as a label or as a prediction; `None` without rows.
    ///
    /// Classes that occur on neither side do not count, as scikit-learn takes its labels from the rows. A class that
    /// was never predicted has precision 0, and one without rows has recall 0.
    #[must_use]
    pub fn macro_average(&self) -> Option<Average> {
        self.average(|class| if class.occurs() { 1.0 } else { 0.0 })
    }

    /// The mean over classes, each as often as it has rows; `None` without rows.
    #[must_use]
    pub fn weighted_average(&self) -> Option<Average> {
        self.average(|class| class.support as f64)
    }

    /// The average over all rows; `None` without rows. Each row has one class and one prediction, so precision, recall
    /// and F1 are the accuracy.
    #[must_use]
    pub fn micro_average(&self) -> Option<Average> {
        self.accuracy().map(|share| Average { precision: share, recall: share, f1: share })
    }

    /// Matthews correlation of classes and predictions, from -1 to 1, for any number of classes. `None` where one class
    /// has all rows or all predictions: there it is not defined, and scikit-learn says 0.
    #[must_use]
    pub fn matthews(&self) -> Option<f64> {
        let rows = self.rows();
        let (mut by_chance, mut labels, mut predictions) = (0_u128, 0.0, 0.0);
        for ClassCounts { predicted, support, .. } in self.each() {
            by_chance = by_chance.saturating_add(product(predicted, support));
            labels += product(support, rows.saturating_sub(support)) as f64;
            predictions += product(predicted, rows.saturating_sub(predicted)) as f64;
        }
        // Of almost equal numbers; as integers their difference is exact.
        let found = product(self.correct(), rows);
        let excess = found.abs_diff(by_chance) as f64;
        let size = libm::sqrt(labels) * libm::sqrt(predictions);
        let sign = if found < by_chance { -1.0 } else { 1.0 };
        (0.0 < size).then(|| sign * excess / size)
    }

    fn each(&self) -> impl Iterator<Item = ClassCounts> {
        (0..self.classes).filter_map(|class| self.class(class))
    }

    fn average(&self, weight: impl Fn(&ClassCounts) -> f64) -> Option<Average> {
        let mut weights = 0.0;
        let mut sum = Average { precision: 0.0, recall: 0.0, f1: 0.0 };
        for class in self.each() {
            let weight = weight(&class);
            weights += weight;
            sum.precision += weight * class.precision().unwrap_or(0.0);
            sum.recall += weight * class.recall().unwrap_or(0.0);
            sum.f1 += weight * class.f1().unwrap_or(0.0);
        }
        (0.0 < weights).then(|| Average {
            precision: sum.precision / weights,
            recall: sum.recall / weights,
            f1: sum.f1 / weights,
        })
    }
}

impl ClassCounts {
    /// The share of rows predicted as the class that are of it; `None` if it was never predicted.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives, self.predicted)
    }

    /// The share of its rows that were predicted as such; `None` if it has no rows.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives, self.support)
    }

    /// The harmonic mean of precision and recall, `2 tp / (predicted + support)`. `None` if the class occurs on neither
    /// side; 0 if it occurs on one only, although precision or recall is not defined there.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let both = self.predicted as f64 + self.support as f64;
        (0.0 < both).then(|| 2.0 * self.true_positives as f64 / both)
    }

    /// Whether any row has the class as its label or its prediction.
    fn occurs(&self) -> bool {
        self.predicted != 0 || self.support != 0
    }
}

fn plus(sum: u64, &count: &u64) -> u64 {
    sum.saturating_add(count)
}

/// Two counts of 64 bits cannot overflow it.
fn product(a: u64, b: u64) -> u128 {
    u128::from(a).saturating_mul(u128::from(b))
}

/// `None` for a part of nothing.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

/// Rows of a row-major matrix whose predicted class is their class, and all others. Sums stop at 2^64 - 1.
#[must_use]
pub fn right_and_wrong(counts: &[u64], classes: usize) -> (u64, u64) {
    let right = counts.iter().step_by(classes.saturating_add(1)).fold(0, plus);
    (right, total(counts).saturating_sub(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_that_do_not_fit_are_refused() {
        for (counts, classes) in [(4, 3), (1, 1), (0, 0), (33 * 33, 33), (4, usize::MAX)] {
            assert!(Confusion::new(&alloc::vec![1; counts], classes).is_none(), "{classes}");
        }
        for classes in CLASSES_MIN..=CLASSES_MAX {
            assert!(Confusion::new(&alloc::vec![1; classes * classes], classes).is_some());
        }
    }

    #[test]
    fn without_rows_nothing_is_said() {
        let none = Confusion::new(&[0; 9], 3).unwrap();
        assert_eq!((none.rows(), none.accuracy(), none.matthews()), (0, None, None));
        let averages = [none.macro_average(), none.micro_average(), none.weighted_average()];
        assert_eq!(averages, [None; 3]);
        let class = none.class(2).unwrap();
        assert_eq!([class.precision(), class.recall(), class.f1()], [None; 3]);
        assert_eq!(none.class(3), None);
    }

    #[test]
    fn classes_are_rows_and_predictions_are_columns() {
        let confusion = Confusion::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 3).unwrap();
        let expected = ClassCounts { true_positives: 5, predicted: 15, support: 15 };
        assert_eq!(confusion.class(1), Some(expected));
        let expected = ClassCounts { true_positives: 1, predicted: 12, support: 6 };
        assert_eq!(confusion.class(0), Some(expected));
        assert_eq!((confusion.rows(), confusion.correct()), (45, 15));
    }

    #[test]
    fn classes_that_do_not_occur_are_not_averaged() {
        // f1_score([0, 0, 2], [0, 2, 2], average="macro"): 2/3; class 1 is in no row.
        let confusion = Confusion::new(&[1, 0, 1, 0, 0, 0, 0, 0, 1], 3).unwrap();
        let average = confusion.macro_average().unwrap();
        assert!((average.f1 - 2.0 / 3.0).abs() < 1e-12, "{average:?}");
        // A class that is predicted only has precision 0 and counts: precision_score([0, 0], [0, 1], average="macro").
        let confusion = Confusion::new(&[1, 1, 0, 0], 2).unwrap();
        assert_eq!(confusion.macro_average().unwrap().precision, 0.5);
        assert_eq!(confusion.class(1).unwrap().recall(), None);
        assert_eq!(confusion.class(1).unwrap().f1(), Some(0.0));
    }

    #[test]
    fn correlation_has_a_sign_and_needs_two_classes() {
        let of = |counts: &[u64; 4]| Confusion::new(counts, 2).unwrap().matthews();
        assert_eq!([of(&[5, 0, 0, 9]), of(&[0, 5, 9, 0])], [Some(1.0), Some(-1.0)]);
        assert_eq!(
            [of(&[4, 4, 2, 2]), of(&[4, 4, 0, 0]), of(&[4, 0, 4, 0])],
            [Some(0.0), None, None]
        );
        // Far more rows than a double has digits: the exact value of so rare a class.
        let rare = of(&[1_000_000_000_000, 1, 1, 1]).unwrap();
        assert!((rare - 0.5).abs() < 1e-11, "{rare}");
    }

    #[test]
    fn no_count_is_too_large() {
        let most = [u64::MAX; 4];
        let confusion = Confusion::new(&most, 2).unwrap();
        assert!(confusion.accuracy().unwrap().is_finite() && confusion.macro_average().is_some());
        assert_eq!(confusion.matthews(), None);
    }
}
