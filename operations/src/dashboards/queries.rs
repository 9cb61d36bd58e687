//! Pieces of PromQL that panels share, with the variables of dashboards in them. It knows no panel.
//!
//! Counters are summed up over pods after their increase, so that a restart of one is no fall of all. Gauges of a proxy that
//! restarts while its parent still drains add up, so those that are no sums are divided by the number of processes that
//! report them: verdicts say it, of which each process has exactly one. A ratio without a denominator has no sample.

use driftline_labels::{Verdict, Window};
use driftline_metrics::catalogue::{Label, Metric};

use crate::{
    promql::{equals, labels, matching},
    settings::{Lookback, Settings},
};

/// The variable with the label that tells pods apart.
pub(super) const POD_LABEL: &str = "pod_label";
/// The variable with the pods.
pub(super) const POD: &str = "pod";
/// The range of a rate: four scrapes at least.
const RATE_INTERVAL: &str = "$__rate_interval";
/// The time that the dashboard shows.
const RANGE: &str = "$__range";

/// How expressions are written.
pub(super) struct Queries {
    has_routes: bool,
    runbooks: String,
}

/// A condition on a label: it has the value of the variable that is called like it.
pub(super) fn chosen(label: Label) -> String {
    format!("{0}=\"${0}\"", label.name())
}

/// The fast window.
pub(super) fn fast() -> String {
    equals(Label::Window, Window::Fast.name())
}

/// The slow window.
pub(super) fn slow() -> String {
    equals(Label::Window, Window::Slow.name())
}

/// A quotient; no sample where the denominator is 0.
pub(super) fn ratio(numerator: &str, denominator: &str) -> String {
    format!("{numerator} / ({denominator} > 0)")
}

/// A part of a whole that has only these labels; no sample where the whole is 0.
pub(super) fn share(part: &str, whole: &str, by: &[Label]) -> String {
    format!("{part} / on ({}) group_left () ({whole} > 0)", labels(by))
}

/// Those with the largest values, the largest first.
pub(super) fn largest(count: u32, expression: &str) -> String {
    format!("sort_desc(topk({count}, {expression}))")
}

/// The series of a recording rule, of the chosen models and versions.
pub(super) fn recorded(rule: &str, more: &[String]) -> String {
    let [model, version] = [Label::Model, Label::Version].map(any_chosen);
    matching(&format!("driftline:{rule}"), &[&[model, version], more].concat())
}

/// The same of a rule that looks back over an hour.
pub(super) fn recorded_1h(rule: &str, more: &[String]) -> String {
    recorded(&format!("{rule}{}", Lookback::HOUR.name()), more)
}

/// The series of a recording rule that has no versions.
pub(super) fn recorded_by_model(rule: &str, more: &[String]) -> String {
    matching(&format!("driftline:{rule}"), &[&[any_chosen(Label::Model)], more].concat())
}

/// A condition on a label: it has one of the values that are chosen.
fn any_chosen(label: Label) -> String {
    format!("{0}=~\"${0}\"", label.name())
}

impl Queries {
    pub(super) fn new(settings: &Settings<'_>) -> Queries {
        Queries {
            has_routes: !settings.config.routes.is_empty(),
            runbooks: settings.runbooks.clone(),
        }
    }

    pub(super) fn has_routes(&self) -> bool {
        self.has_routes
    }

    /// The folder of the runbooks.
    pub(super) fn runbooks(&self) -> &str {
        &self.runbooks
    }

    /// The series of a metric, of what is chosen, under more conditions.
    pub(super) fn of(&self, metric: Metric, more: &[String]) -> String {
        self.named(metric.definition().name, metric, more)
    }

    /// The series of that name, which have the labels of a metric.
    fn named(&self, name: &str, metric: Metric, more: &[String]) -> String {
        let variables = [Label::Model, Label::Route, Label::Version];
        let conditions = metric
            .definition()
            .labels
            .iter()
            .filter(|label| variables.contains(label))
            .filter(|&&label| label != Label::Route || self.has_routes)
            .map(|&label| any_chosen(label));
        let mut all: Vec<String> = conditions.collect();
        all.push(this_pod());
        all.extend_from_slice(more);
        format!("{name}{{{}}}", all.join(", "))
    }

    /// What a counter grows by in a second.
    pub(super) fn rate(&self, by: &[Label], metric: Metric, more: &[String]) -> String {
        sum(by, &format!("rate({}[{RATE_INTERVAL}])", self.of(metric, more)))
    }

    /// The same, of what occurred in the time that is shown: most reasons never do.
    pub(super) fn rate_of_occurring(
        &self,
        by: &[Label],
        metric: Metric,
        more: &[String],
    ) -> String {
        format!(
            "{} and on ({}) {} > 0",
            self.rate(by, metric, more),
            labels(by),
            self.growth(by, metric, more)
        )
    }

    /// What a counter grew by in the time that is shown.
    pub(super) fn growth(&self, by: &[Label], metric: Metric, more: &[String]) -> String {
        sum(by, &format!("increase({}[{RANGE}])", self.of(metric, more)))
    }

    /// A quantile of a histogram, in its unit.
    pub(super) fn quantile(
        &self,
        quantile: f64,
        by: &[Label],
        metric: Metric,
        more: &[String],
    ) -> String {
        let buckets = self.named(&format!("{}_bucket", metric.definition().name), metric, more);
        let by = [&["le"], &by.iter().map(|label| label.name()).collect::<Vec<_>>()[..]].concat();
        // Without samples it is no number, which is not greater than anything.
        format!(
            "histogram_quantile({quantile}, sum by ({}) (rate({buckets}[{RATE_INTERVAL}]))) > 0",
            by.join(", ")
        )
    }

    /// How many samples came into each bucket of a histogram.
    pub(super) fn buckets(&self, metric: Metric, more: &[String]) -> String {
        let buckets = self.named(&format!("{}_bucket", metric.definition().name), metric, more);
        format!("sum by (le) (increase({buckets}[{RATE_INTERVAL}]))")
    }

    /// The exact mean of the samples of a histogram, in its unit.
    pub(super) fn mean(&self, by: &[Label], metric: Metric, more: &[String]) -> String {
        let of = |name: &str| {
            sum(by, &format!("rate({}[{RATE_INTERVAL}])", self.named(name, metric, more)))
        };
        match metric.definition().companions() {
            Some([total, observations]) => ratio(&of(&total.name), &of(&observations.name)),
            None => self.rate(by, metric, more),
        }
    }

    /// A gauge as one process has it, whatever number of processes a pod has at the moment.
    pub(super) fn gauge(&self, metric: Metric, more: &[String]) -> String {
        let (counted, conditions) = match metric.definition().labels.contains(&Label::Role) {
            true => (Metric::FeatureVerdict, vec![fast()]),
            false => (Metric::LabelsState, Vec::new()),
        };
        let of_process = [Label::Model, Label::Version, Label::Role, Label::Feature];
        let of_process = &of_process[..if counted == Metric::LabelsState { 2 } else { 4 }];
        let beside = |metric: Metric| {
            let all = metric.definition().labels.iter().copied();
            all.filter(|label| !of_process.contains(label)).collect::<Vec<_>>()
        };
        let processes = format!(
            "sum without ({}) ({})",
            labels(&beside(counted)),
            self.of(counted, &conditions)
        );
        let matched = match beside(metric).as_slice() {
            [] => String::new(),
            more => format!("ignoring ({}) group_left () ", labels(more)),
        };
        format!("{} / {matched}({processes} > 0)", self.of(metric, more))
    }

    /// The same as a number with a point, of a gauge in millionths.
    pub(super) fn millionths(&self, metric: Metric, more: &[String]) -> String {
        format!("{} / 1e6", self.gauge(metric, more))
    }

    /// A verdict as a number: 2 for `drift` in any pod, 1 for `ok`, 0 for too few rows.
    pub(super) fn verdict(&self, by: &[Label], metric: Metric, more: &[String]) -> String {
        let holds = |verdict: Verdict| {
            let conditions = [&[equals(Label::Verdict, verdict.name())], more].concat();
            format!("({} > bool 0)", self.of(metric, &conditions))
        };
        most(by, &format!("{} * 2 or {}", holds(Verdict::Drift), holds(Verdict::Ok)))
    }

    /// A state as a number: its place among these, of the worst or the best pod.
    pub(super) fn state(
        &self,
        by: &[Label],
        metric: Metric,
        states: &[&str],
        more: &[String],
    ) -> String {
        let terms = states.iter().enumerate().map(|(place, state)| {
            let conditions = [&[equals(Label::State, state)], more].concat();
            format!("({} > bool 0) * {place}", self.of(metric, &conditions))
        });
        most(by, &terms.collect::<Vec<_>>().join(" or "))
    }
}

/// The pods that are chosen.
pub(super) fn this_pod() -> String {
    format!("${POD_LABEL}=~\"${POD}\"")
}

/// A sum by labels, or of all.
pub(super) fn sum(by: &[Label], expression: &str) -> String {
    aggregated("sum", by, expression)
}

/// The largest by labels.
pub(super) fn most(by: &[Label], expression: &str) -> String {
    aggregated("max", by, expression)
}

/// The mean by labels.
pub(super) fn average(by: &[Label], expression: &str) -> String {
    aggregated("avg", by, expression)
}

fn aggregated(how: &str, by: &[Label], expression: &str) -> String {
    match by {
        [] => format!("{how}({expression})"),
        _ => format!("{how} by ({}) ({expression})", labels(by)),
    }
}

/// What a legend shows of labels: `{{model}} {{version}}`.
pub(super) fn legend(of: &[Label]) -> String {
    let names: Vec<String> = of.iter().map(|label| format!("{{{{{}}}}}", label.name())).collect();
    names.join(" ")
}
