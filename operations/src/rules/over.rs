//! One set of rules over each length of time: rules are written once, with `@` in the place of that length. It evaluates
//! none.

use super::{Recording, Rule};
use crate::{
    settings::{Lookback, Settings},
    time_scale::TimeScale,
};

/// A length of time that a set of rules looks back over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) lookback: Lookback,
    pub(crate) scale: TimeScale,
}

impl Over {
    /// One for each lookback of the settings, each once.
    pub(crate) fn all(settings: &Settings<'_>) -> Vec<Over> {
        Over::each(settings.lookbacks.clone(), settings.scale)
    }

    /// The same, and one for what is now.
    pub(crate) fn all_and_now(settings: &Settings<'_>) -> Vec<Over> {
        Over::each([&[Lookback::NOW], &settings.lookbacks[..]].concat(), settings.scale)
    }

    /// One for each lookback, each once, the shortest first.
    pub(crate) fn each(mut lookbacks: Vec<Lookback>, scale: TimeScale) -> Vec<Over> {
        lookbacks.sort_unstable();
        lookbacks.dedup();
        lookbacks.into_iter().map(|lookback| Over { lookback, scale }).collect()
    }

    /// The length at this scale, as ranges and offsets have it.
    pub(crate) fn span(self) -> String {
        self.lookback.range(self.scale)
    }

    /// `[@]` becomes the range, and every other `@` what names end with.
    pub(crate) fn text(self, template: &str) -> String {
        let ranges = template.replace("[@]", &format!("[{}]", self.span()));
        ranges.replace('@', &self.lookback.name())
    }

    /// Rules over this length.
    pub(crate) fn rules(self, templates: Vec<Rule>) -> Vec<Rule> {
        let of_template = |rule| match rule {
            Rule::Recording(Recording { record, expr, labels }) => {
                let (record, expr) = (self.text(&record), self.text(&expr));
                Rule::Recording(Recording { record, expr, labels })
            }
            Rule::Alert(mut alert) => {
                alert.expr = self.text(&alert.expr);
                Rule::Alert(alert)
            }
        };
        templates.into_iter().map(of_template).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::rule;

    #[test]
    fn names_keep_the_true_length_and_ranges_are_scaled() {
        let rehearsal = TimeScale::divided_by(240.try_into().unwrap());
        let [over] = &Over::each(vec![Lookback::HOUR; 2], rehearsal)[..] else { panic!() };
        let [Rule::Recording(found)] =
            &over.rules(vec![rule("a@", "increase(b[@]) / c@".to_owned())])[..]
        else {
            panic!()
        };
        assert_eq!(found.record, "driftline:a1h");
        assert_eq!(found.expr, "increase(b[15s]) / c1h");
    }
}
