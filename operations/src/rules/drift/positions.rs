//! Where the bins of the configured profiles lie, as series of constants: no metric tells it, and Wasserstein's distance
//! cannot be had without. It reads counts of neither side.

use driftline_metrics::catalogue::Label;
use driftline_monitor::config::{Config, PREDICTION, SCORE};
use driftline_statistics::{
    bins::{ABOVE, BELOW, Bins},
    detection::Reference,
    drift::Tail,
    profile::Column,
};

use super::order::numbered;
use crate::{
    promql::{constant, relabelled},
    rules::{Rule, rule, with_labels},
};

/// What the label `role` says of a model's input.
const FEATURE: &str = "feature";
/// How many numbered bins there are rules for if no profile says it: as many as the profiler makes.
const BINS_UNKNOWN: usize = 20;

/// How many bins the configured columns have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Widest {
    /// Those that are numbered because they have an order.
    pub(super) numbered: usize,
    /// All of them, categories as well.
    pub(super) all: usize,
}

impl Widest {
    pub(super) fn of(config: &Config) -> Widest {
        let columns = || columns(config).map(|it| &it.column.bins);
        let numbered = columns().filter_map(|bins| match bins {
            Bins::Quantile { edges } => Some(edges.len().saturating_add(1)),
            Bins::Values { values } => Some(values.len()),
            Bins::Categories { .. } => None,
        });
        Widest {
            numbered: numbered.max().unwrap_or(BINS_UNKNOWN),
            all: columns().map(Bins::count).max().unwrap_or(BINS_UNKNOWN),
        }
    }
}

/// A column with what its series are labelled by.
struct Labelled<'c> {
    column: &'c Column,
    labels: [(&'static str, String); 4],
}

fn columns(config: &Config) -> impl Iterator<Item = Labelled<'_>> {
    let models = config.models.iter().filter_map(|model| Some((model, model.profile.as_ref()?)));
    models.flat_map(|(model, profile)| {
        let features = profile.features.iter().map(|it| (FEATURE, it.name.as_str(), &it.column));
        let prediction = profile.prediction.iter().map(|it| (PREDICTION, PREDICTION, it));
        let score = profile.score().map(|it| (PREDICTION, SCORE, &it.column));
        features.chain(prediction).chain(score).map(|(role, name, column)| Labelled {
            column,
            labels: [
                (Label::Model.name(), model.name.clone()),
                (Label::Version.name(), model.version.clone().unwrap_or_default()),
                (Label::Role.name(), role.to_owned()),
                (Label::Feature.name(), name.to_owned()),
            ],
        })
    })
}

/// The constants of all columns of numbers.
pub(super) fn rules(config: &Config) -> Vec<Rule> {
    columns(config).flat_map(of_column).collect()
}

fn of_column(Labelled { column, labels }: Labelled<'_>) -> Vec<Rule> {
    let Some(positions) = Reference::of(column).positions.filter(|it| 0.0 < it.unit()) else {
        return Vec::new();
    };
    let unit = positions.unit();
    let record = |name: &str, of: String| with_labels(rule(name, of), labels.clone());
    let mut rules = vec![
        record("feature:unit", constant(unit)),
        record("feature:deviation", constant(positions.deviation())),
    ];
    // From each bin to the next one, and none from the last.
    let steps = positions.at().windows(2).enumerate().filter_map(|(bin, pair)| {
        let [from, to] = pair else { return None };
        Some(relabelled(&constant((to - from) / unit), Label::Bin.name(), &numbered(bin)))
    });
    let steps: Vec<String> = steps.collect();
    if !steps.is_empty() {
        rules.push(record("bin:step", steps.join("\nor ")));
    }
    if let (Some([low, high]), [first, .., last] | [first @ last]) =
        (positions.ends(), positions.at())
    {
        let outer = match &column.bins {
            Bins::Quantile { edges } => [numbered(0), numbered(edges.len())],
            _ => [BELOW, ABOVE].map(str::to_owned),
        };
        let usual = [(Tail::Low, low - first), (Tail::High, last - high)];
        let side = |of: &str, tail: Tail| relabelled(of, Label::Side.name(), tail.name());
        let usual = usual.map(|(tail, far)| side(&constant((far / unit).max(0.0)), tail));
        let [low, high] = [(Tail::Low, 0), (Tail::High, 1)].map(|(tail, end)| {
            side(&relabelled("vector(1)", Label::Bin.name(), &outer[end]), tail)
        });
        rules.push(record("feature:tail_usual", usual.join("\nor ")));
        rules.push(record("bin:tail", format!("{low}\nor {high}")));
    }
    rules
}
