//! What a count of rare events says of their share, at most; it draws nothing.

/// Five in a hundred: how often the bound is wrong.
const ERROR: f64 = 0.05;

/// The upper 95 % bound of a share of which `found` of `all` were seen (C. Clopper and E. Pearson, 1934): exact, one-sided.
#[must_use]
pub fn upper_bound(found: u64, all: u64) -> f64 {
    if all <= found {
        return 1.0;
    }
    let (mut low, mut high) = (found as f64 / all as f64, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(found, all, middle) < ERROR {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// How probable so few are of a binomial.
fn at_most(found: u64, all: u64, share: f64) -> f64 {
    let mut chance = all as f64 * libm::log1p(-share);
    let mut sum = libm::exp(chance);
    for count in 1..=found {
        let odds = (all - count + 1) as f64 / count as f64 * share / (1.0 - share);
        chance += libm::log(odds);
        sum += libm::exp(chance);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by bisection of the sum of exact binomial probabilities.
    #[test]
    fn it_is_that_of_clopper_and_pearson() {
        for (found, all, expected) in [
            (0, 149, 0.019_904_816_2),
            (0, 2000, 0.001_496_744_9),
            (1, 100, 0.046_559_811_5),
            (30, 2000, 0.020_290_783_3),
        ] {
            let bound = upper_bound(found, all);
            assert!((bound - expected).abs() < 1e-9, "{found} of {all}: {bound}");
        }
        assert_eq!((upper_bound(0, 0), upper_bound(3, 3)), (1.0, 1.0));
    }
}
