//! What must hold of the results, each claim with what was found. It simulates nothing.

use crate::{
    agreement::{AGREEMENT_MIN, Agreement},
    bound::upper_bound,
    delays::{self, Delay},
    healthy::{FALSE_DAYS_MAX, Healthy, of_group},
    injected::Injected,
    settings::Group,
};

/// A claim and what was found.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What must hold.
    pub text: String,
    /// What was found.
    pub found: String,
    /// Whether it does.
    pub holds: bool,
}

/// False days are few, in each group.
#[must_use]
pub fn of_healthy(all: &[Healthy]) -> Vec<Claim> {
    let groups = Group::ALL.into_iter().map(|group| (group, of_group(all, group)));
    let claims = groups.filter(|&(_, (days, _))| days != 0).map(|(group, (days, found))| {
        let bound = upper_bound(found, days);
        Claim {
            text: format!(
                "{}: less than {} % of days are false",
                group.name(),
                FALSE_DAYS_MAX * 100.0
            ),
            found: format!("{found} of {days}, at most {:.2} %", bound * 100.0),
            holds: bound < FALSE_DAYS_MAX,
        }
    });
    claims.collect()
}

/// Medians are within their limits.
#[must_use]
pub fn of_delays(all: &[Delay]) -> Vec<Claim> {
    let claims = all.iter().filter_map(|it| {
        let (limit, median) = (it.limit()?, it.median());
        Some(Claim {
            text: format!(
                "{} at {} is found within {limit} min",
                delays::name(&it.change),
                it.rate_name()
            ),
            found: format!("median {median:.1} min"),
            holds: median <= limit,
        })
    });
    claims.collect()
}

/// All are found and called what they are, every time.
#[must_use]
pub fn of_injected(all: &[Injected]) -> Vec<Claim> {
    let claims = all.iter().map(|it| Claim {
        text: format!("{} is {} within the hour", it.name, it.expected.name()),
        found: format!("{} of {} times", it.right(), it.found.len()),
        holds: it.right() == it.found.len(),
    });
    claims.collect()
}

/// Verdicts agree, for changes that are surely small or surely large.
#[must_use]
pub fn of_agreement(all: &[Agreement]) -> Vec<Claim> {
    let claims = all.iter().filter(|it| it.is_claimed()).map(|it| Claim {
        text: format!(
            "mean +{} deviations has one verdict at 500 and at 36,000 rows an hour",
            it.shift
        ),
        found: format!("{:.1} % of looks", it.share() * 100.0),
        holds: AGREEMENT_MIN <= it.share(),
    });
    claims.collect()
}
