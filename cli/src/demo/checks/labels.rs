//! What must be seen of the labels: what the filter's own gauges say, before the first label, before the change and after it.

use super::{Check, Limit};
use crate::demo::{label_readings::LabelReading, record::LabelsRecord};

const CHAPTER: u8 = 4;

/// What must hold of the chapter.
pub(super) fn checks(record: &LabelsRecord) -> Vec<Check> {
    let LabelsRecord { clients, filter, without, few, before, after, .. } = record;
    let counted = |number: u64| (clients.sent != 0).then_some(number as f64);
    let all = Limit::Exactly(clients.labels as f64);
    let check = |what: &str, found, limit| Check::new(CHAPTER, what, found).limit(limit, "");
    let number =
        |reading: &Option<LabelReading>, of: fn(&LabelReading) -> f64| reading.as_ref().map(of);
    let state = |when: &str, reading: &Option<LabelReading>, state: &str| {
        let found = reading.as_ref().map(|reading| f64::from(reading.state == state));
        check(&format!("the labels are `{state}` {when}"), found, Limit::Exactly(1.0))
    };
    let verdict = |when: &str, reading: &Option<LabelReading>, verdict: &str| {
        let found = reading.as_ref().map(|reading| f64::from(reading.verdict == verdict));
        check(&format!("the verdict is `{verdict}` {when} the change"), found, Limit::Exactly(1.0))
    };
    let changes = |reading: &LabelReading| reading.adwin_changes as f64;
    let adwin_after = number(after, changes).zip(number(before, changes)).map(|(a, b)| a - b);
    let named = number(after, |reading| f64::from(u8::from(reading.worst.is_some())));
    vec![
        check("predictions that the clients got", counted(clients.predictions), all)
            .hint(clients.problem.as_ref()),
        check("labels that found their prediction, by the answers", counted(clients.joined), all),
        check("the same in the metrics", counted(filter.joined), all),
        check(
            "wrong predictions in the metrics",
            counted(filter.wrong),
            Limit::Exactly(clients.wrong as f64),
        ),
        state("before the first one", without, "none"),
        state("after the first 20", few, "late"),
        state("before the change", before, "live"),
        check(
            "accuracy before the change that labels show",
            number(before, |it| it.realised),
            Limit::AtLeast(0.72),
        ),
        verdict("before", before, "ok"),
        check("changes that ADWIN found before", number(before, changes), Limit::Exactly(0.0)),
        check(
            "accuracy after the change that scores let expect",
            number(after, |it| it.estimated),
            Limit::AtLeast(0.72),
        ),
        check(
            "accuracy after the change that labels show",
            number(after, |it| it.realised),
            Limit::AtMost(0.65),
        ),
        check(
            "shortfall of what labels show",
            number(after, |it| it.shortfall),
            Limit::AtLeast(0.1),
        ),
        verdict("after", after, "drift"),
        check("changes that ADWIN found after the change", adwin_after, Limit::AtLeast(1.0)),
        check("segments that are named as the worst one", named, Limit::Exactly(1.0)),
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::demo::{checks::tests::fails, label_readings::Worst, record::LabelClients};

    /// A record in which everything is as it should be.
    pub(in crate::demo::checks) fn good_record() -> LabelsRecord {
        let reading = |joined, in_window, accuracies: [f64; 3], state: &str, verdict: &str| {
            let [estimated, realised, shortfall] = accuracies;
            LabelReading {
                joined,
                in_window,
                estimated,
                realised,
                shortfall,
                state: state.into(),
                verdict: verdict.into(),
                ..LabelReading::default()
            }
        };
        let after = LabelReading {
            wrong: 4479,
            adwin_changes: 2,
            worst: Some(Worst { feature: "dew point".into(), bin: "08".into() }),
            ..reading(15_000, 5000, [0.809, 0.608, 0.206], "live", "drift")
        };
        LabelsRecord {
            planned: 301,
            clients: LabelClients {
                sent: 301,
                predictions: 15_000,
                wrong: 4479,
                labels: 15_000,
                joined: 15_000,
                problem: None,
            },
            filter: after.clone(),
            without: Some(reading(0, 0, [0.848, 0.0, 0.0], "none", "insufficient")),
            few: Some(reading(20, 20, [0.85, 0.8, 0.05], "late", "insufficient")),
            before: Some(reading(9000, 6000, [0.879, 0.758, 0.102], "live", "ok")),
            after: Some(after),
        }
    }

    #[test]
    fn each_check_can_fail() {
        fails(
            |story| story.labels.clients.joined = 14_950,
            "chapter 4: labels that found their prediction, by the answers: 14950 (expected 15000)",
        );
        fails(
            |story| story.labels.filter.joined = 14_950,
            "chapter 4: the same in the metrics: 14950 (expected 15000)",
        );
        fails(
            |story| story.labels.filter.wrong = 4478,
            "chapter 4: wrong predictions in the metrics: 4478 (expected 4479)",
        );
        fails(
            |story| story.labels.few.as_mut().unwrap().state = "live".into(),
            "chapter 4: the labels are `late` after the first 20: 0 (expected 1)",
        );
        fails(
            |story| story.labels.after.as_mut().unwrap().verdict = "ok".into(),
            "chapter 4: the verdict is `drift` after the change: 0 (expected 1)",
        );
        fails(
            |story| story.labels.after.as_mut().unwrap().adwin_changes = 0,
            "chapter 4: changes that ADWIN found after the change: 0 (expected at least 1)",
        );
        fails(
            |story| story.labels.after.as_mut().unwrap().worst = None,
            "chapter 4: segments that are named as the worst one: 0 (expected 1)",
        );
        fails(
            |story| story.labels.after.as_mut().unwrap().realised = 0.7,
            "chapter 4: accuracy after the change that labels show: 0.70 (expected at most 0.65)",
        );
    }
}
