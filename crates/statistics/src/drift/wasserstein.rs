//! Wasserstein's distance of two sets of weighted points on a line: how far the mass has to go; it knows no bins.
//!
//! The points of bins are their means. With the reference's means on both sides it is blind to what happens within the
//! outer bins; with the live rows' own means there (two sums per feature), the error is a few thousandths of a standard
//! deviation.
//!
//! Reference: L. N. Wasserstein (1969), "Markov Processes over Denumerable Products of Spaces", Problems of
//! Information Transmission 5(3); on a line it is the area between the two distribution functions: S. S. Vallender
//! (1974), "Calculation of the Wasserstein Distance Between Probability Distributions on the Line", Theory of
//! Probability and its Applications 18(4).

/// Weighted points in ascending order.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Where they lie; ascending and finite.
    pub at: &'a [f64],
    /// How much lies there, in any unit; as many as points.
    pub weights: &'a [u64],
}

/// The first Wasserstein distance, in the unit of the points. Divide by the reference's standard deviation to compare
/// features.
///
/// `None` if either side has no weight, or fewer weights than points or the reverse. Runs in time linear in the
/// points, without allocation. Points out of order give a wrong distance and no panic.
#[must_use]
pub fn wasserstein(a: Points<'_>, b: Points<'_>) -> Option<f64> {
    let (total_a, total_b) = (a.total()?, b.total()?);
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let (mut below_a, mut below_b) = (0.0, 0.0);
    let mut distance = 0.0;
    let mut before: Option<f64> = None;
    loop {
        let at = match (left.peek(), right.peek()) {
            (Some(&(x, _)), Some(&(y, _))) => x.min(y),
            (Some(&(x, _)), None) | (None, Some(&(x, _))) => x,
            (None, None) => return Some(distance),
        };
        if let Some(before) = before {
            distance += libm::fabs(below_a / total_a - below_b / total_b) * (at - before);
        }
        before = Some(at);
        while let Some((_, weight)) = left.next_if(|&(x, _)| x <= at) {
            below_a += weight;
        }
        while let Some((_, weight)) = right.next_if(|&(y, _)| y <= at) {
            below_b += weight;
        }
    }
}

impl<'a> Points<'a> {
    /// Points that carry weight.
    fn iter(self) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let pairs = self.at.iter().copied().zip(self.weights);
        pairs.filter(|&(_, &weight)| weight != 0).map(|(at, &weight)| (at, weight as f64))
    }

    fn total(self) -> Option<f64> {
        let total: f64 = self.weights.iter().map(|&weight| weight as f64).sum();
        (self.at.len() == self.weights.len() && 0.0 < total).then_some(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: (&[f64], &[u64]), b: (&[f64], &[u64]), expected: Option<f64>) {
        let points = |(at, weights)| Points { at, weights };
        assert_eq!(wasserstein(points(a), points(b)), expected);
        assert_eq!(wasserstein(points(b), points(a)), expected, "it is symmetric");
    }

    #[test]
    fn mass_times_way() {
        check((&[0.0], &[7]), (&[3.0], &[1]), Some(3.0));
        check((&[0.0, 1.0], &[1, 1]), (&[0.0, 1.0], &[3, 1]), Some(0.25));
        check((&[-1.0, 2.0], &[1, 1]), (&[0.0, 5.0], &[5, 5]), Some(2.0));
    }

    #[test]
    fn points_without_weight_are_none() {
        check((&[-9e9, 0.0], &[0, 7]), (&[3.0, 9e9], &[1, 0]), Some(3.0));
    }

    #[test]
    fn sides_that_do_not_fit_have_no_distance() {
        check((&[0.0], &[0]), (&[3.0], &[1]), None);
        check((&[0.0, 1.0], &[1]), (&[3.0], &[1]), None);
        check((&[], &[]), (&[3.0], &[1]), None);
    }
}
