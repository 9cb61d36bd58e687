//! What quality to expect of live rows that have no labels yet, from their scores; it never sees a label.
//!
//! The reference says for each score bin how many of its rows are positive, and how many were predicted correctly. Live
//! rows of that bin are expected to be so as often, so a changed mix of scores has another accuracy.
//!
//! # What it cannot see
//!
//! - **Concept drift.** If the same scores no longer mean the same labels, the estimate stays where it was, however
//!   wrong the model has become. Where an estimate is shown this must be said, and labels replace it as soon as they
//!   come.
//! - Scores that move within their bin. Quantile bins of a reference with few high scores have a last bin that is wide.
//!   If live scores move into it, the errors below do not count how wide it is. With a twentieth of the reference
//!   there, accuracy is off by .013 on average, and AUC by .035; with edges every .05 beside the 20 quantiles, by .006
//!   and .007.
//! - Rows without a score.
//!
//! Its errors are one standard error of how far the quality that labels would show lies from the estimate, by the
//! binomial noise of the reference rows of each bin and of the live rows. F1 and AUC follow small changes of counts in
//! proportion (the delta method).
//!
//! References: S. Garg, S. Balakrishnan, Z. C. Lipton, B. Neyshabur, H. Sedghi (2022), "Leveraging Unlabeled Data to
//! Predict Out-of-Distribution Performance", ICLR, whose baseline of mean confidence this is, calibrated by bins; what
//! holds in general, and what not: J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis (2025), "Estimating Model
//! Performance Under Covariate Shift Without Labels", NeurIPS.

use super::scores::area_under_roc;
use crate::counts::total;

/// Rows of the reference by score bin, lowest scores first.
///
/// Quantile bins, 20 of them, do while live scores stay where the reference has many. Edges of equal width beside those
/// of the quantiles keep the outer bins narrow.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceBins<'a> {
    /// All of them.
    pub rows: &'a [u64],
    /// Those of the positive class; empty if not known, or if there is no such class.
    pub positives: &'a [u64],
    /// Those whose prediction is their label; empty if not known. Of several classes, the score may be the confidence
    /// in the predicted one.
    pub correct: &'a [u64],
}

/// Where scores begin that are predicted as positive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Threshold {
    /// The bin with the threshold in it. All later ones are predicted as positive, all earlier ones as negative.
    pub bin: usize,
    /// How many reference rows of that bin are predicted as positive: all of them if the bin begins at the threshold.
    pub rows_above: u64,
}

/// Quality to expect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// From 0 to 1.
    pub value: f64,
    /// One standard error of what labels would show: 19 of 20 lie within two of these.
    pub standard_error: f64,
    /// How far it is off at most, beside that, because rows of one bin have an order that is not counted. 0 except for
    /// AUC.
    pub bin_error: f64,
}

/// Live rows without labels, and the reference that knows their bins.
#[derive(Clone, Copy, Debug)]
pub struct Unlabelled<'a> {
    reference: ReferenceBins<'a>,
    live: &'a [u64],
}

/// Rows of which one share is the same: of a bin, or of the part of one on one side of the threshold.
#[derive(Clone, Copy, Debug)]
struct Part {
    live: f64,
    reference: f64,
    /// Reference rows of the kind that is looked for.
    kind: f64,
}

impl<'a> Unlabelled<'a> {
    /// `live` are the rows by score bin. `None` if either side has no rows, or if the bins are not equally many in all
    /// slices that are not empty, or if a bin has more rows of a kind than it has rows.
    #[must_use]
    pub fn new(reference: ReferenceBins<'a>, live: &'a [u64]) -> Option<Unlabelled<'a>> {
        let ReferenceBins { rows, positives, correct } = reference;
        let fits = |kind: &[u64]| {
            kind.is_empty()
                || kind.len() == rows.len() && kind.iter().zip(rows).all(|(kind, all)| kind <= all)
        };
        let are_fit = rows.len() == live.len()
            && fits(positives)
            && fits(correct)
            && total(rows) != 0
            && total(live) != 0;
        are_fit.then_some(Unlabelled { reference, live })
    }

    /// The share of live rows whose prediction will turn out to be correct. `None` if the reference does not say. One
    /// pass, one root.
    #[must_use]
    pub fn accuracy(&self) -> Option<Expected> {
        let (mut expected, mut noise, mut rows) = (0.0, Noise::default(), 0.0);
        for part in self.parts(self.reference.correct) {
            expected += part.expected();
            noise.add(part, 1.0);
            rows += part.live;
        }
        (0.0 < rows).then(|| Expected {
            value: expected / rows,
            standard_error: noise.deviation() / rows,
            bin_error: 0.0,
        })
    }

    /// F1 of the positive class, if scores from the threshold on are predicted as it: of expected counts. `None` if the
    /// reference has no positives, or if the threshold divides a bin and the reference does not say which rows are
    /// correct, or if neither positives nor predictions of them are expected. Two passes, one root.
    ///
    /// A bin that the threshold divides is taken apart as in the reference.
    #[must_use]
    pub fn f1(&self, threshold: Threshold) -> Option<Expected> {
        let divided = self.divided(threshold)?;
        let bins = self.parts(self.reference.positives).enumerate();
        let parts = bins
            .filter(|&(bin, _)| bin != threshold.bin)
            .map(|(bin, part)| (threshold.bin < bin, part))
            .chain(divided);
        let (mut true_positives, mut both) = (0.0, 0.0);
        for (is_predicted, part) in parts.clone() {
            both += part.expected();
            if is_predicted {
                true_positives += part.expected();
                both += part.live;
            }
        }
        let value = (0.0 < both).then(|| 2.0 * true_positives / both)?;
        // One negative more that is positive: 2 - F1 more if it was predicted as such, F1 less otherwise.
        let mut noise = Noise::default();
        for (is_predicted, part) in parts {
            noise.add(part, if is_predicted { 2.0 - value } else { value });
        }
        Some(Expected { value, standard_error: noise.deviation() / both, bin_error: 0.0 })
    }

    /// The area under the ROC curve. `None` if the reference has no positives, or if positives or negatives are not
    /// expected at all. Two passes, one root.
    ///
    /// The value takes the rows of a bin for ties. It is a little low, since within a bin too higher scores are
    /// positive more often: by .001 with 20 quantile bins.
    #[must_use]
    pub fn auc_roc(&self) -> Option<Expected> {
        let parts = self.parts(self.reference.positives);
        let counts = parts.clone().map(|part| (part.expected(), part.live - part.expected()));
        let area = area_under_roc(counts.clone())?;
        let (all_positives, all_negatives) =
            counts.clone().fold((0.0, 0.0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1));
        let pairs = all_positives * all_negatives;
        let (mut noise, mut above, mut below) = (Noise::default(), all_positives, 0.0);
        for (part, (positives, negatives)) in parts.zip(counts) {
            above -= positives;
            // How many pairs are in order, and how many pairs there are, with one negative of the bin more a positive.
            let ordered = below + negatives / 2.0 - above - positives / 2.0;
            let paired = all_negatives - all_positives;
            noise.add(part, (ordered - area.value * paired) / pairs);
            below += negatives;
        }
        Some(Expected {
            value: area.value,
            standard_error: noise.deviation(),
            bin_error: (area.high - area.low) / 2.0,
        })
    }

    /// By bin; none if rows of the kind are not known.
    fn parts(&self, kind: &'a [u64]) -> impl Iterator<Item = Part> + Clone + use<'a> {
        let rows = self.live.iter().zip(self.reference.rows).zip(kind);
        rows.map(|((&live, &reference), &kind)| Part {
            live: live as f64,
            reference: reference as f64,
            kind: kind as f64,
        })
    }

    /// The bin with the threshold, below and above it, and whether that is predicted as positive.
    fn divided(&self, threshold: Threshold) -> Option<[(bool, Part); 2]> {
        let Some(bin) = self.parts(self.reference.positives).nth(threshold.bin) else {
            // All scores are below it.
            let none = Part { live: 0.0, reference: 0.0, kind: 0.0 };
            return (!self.reference.positives.is_empty()).then_some([(false, none), (true, none)]);
        };
        let rows_above = (threshold.rows_above as f64).min(bin.reference);
        let rows_below = bin.reference - rows_above;
        let kind_above = if rows_below == 0.0 {
            bin.kind
        } else if rows_above == 0.0 {
            0.0
        } else {
            // Correct rows are positives above and negatives below.
            let correct = self.reference.correct.get(threshold.bin).copied()? as f64;
            let positives = (correct + bin.kind - rows_below) / 2.0;
            positives.max(bin.kind - rows_below).max(0.0).min(bin.kind).min(rows_above)
        };
        // Without reference rows no one knows, so half of the live rows are.
        let share = if 0.0 < bin.reference { rows_above / bin.reference } else { 0.5 };
        let above = Part { live: bin.live * share, reference: rows_above, kind: kind_above };
        let below = Part {
            live: bin.live - above.live,
            reference: rows_below,
            kind: bin.kind - kind_above,
        };
        Some([(false, below), (true, above)])
    }
}

impl Part {
    /// Live rows of the kind. Half of them where the reference has no row, and the noise says so.
    fn expected(&self) -> f64 {
        let share = if 0.0 < self.reference { self.kind / self.reference } else { 0.5 };
        self.live * share
    }

    /// The variance of the live rows of the kind about [`Part::expected`]. Half a row of either kind is added to the
    /// reference, so that a share of 0 or 1 in a few rows is not certain.
    fn variance(&self) -> f64 {
        let reference = self.reference + 1.0;
        let share = (self.kind + 0.5) / reference;
        share * (1.0 - share) * (self.live * self.live / reference + self.live)
    }
}

/// What the parts of a sum add to its variance.
#[derive(Clone, Copy, Debug, Default)]
struct Noise {
    independent: f64,
    /// The deviations of parts without reference rows, which err alike: most often they are neighbours.
    common: f64,
}

impl Noise {
    /// Adds a part each of whose rows counts so much.
    fn add(&mut self, part: Part, weight: f64) {
        if 0.0 < part.reference {
            self.independent += weight * weight * part.variance();
        } else {
            self.common += libm::fabs(weight) * part.live / 2.0;
        }
    }

    /// The standard deviation of the sum.
    fn deviation(&self) -> f64 {
        libm::sqrt(self.independent + self.common * self.common)
    }
}

#[cfg(test)]
mod tests;
