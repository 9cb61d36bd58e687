//! What is promised of the models, with the reasons for each default, and how an operator says otherwise. It counts no
//! event.

use std::fmt;

use driftline_labels::Outcome;
use driftline_metrics::buckets::{Buckets, Scale};
use driftline_statistics::document::{self, Node, Object, Path, Problems};

use crate::outcomes::ErrorClass;

/// The longest document of objectives that is read, in bytes.
const BYTES_MAX: usize = 1 << 16;
/// What an objective may be: the share of events that are to be good.
const SHARE: [f64; 2] = [0.01, 0.999_99];
/// How many times the errors of the reference may be allowed.
const TIMES: [f64; 2] = [1.0, 100.0];
/// How many bad events it takes at least to alert.
const BAD_EVENTS: std::ops::RangeInclusive<u64> = 1..=1_000_000;

/// What is promised over thirty days, for every model alike. `None` for what is not promised.
///
/// As JSON, with what is left out at its default, and `false` for none:
///
/// ```
/// use driftline_metrics::buckets::Buckets;
/// use driftline_operations::objectives::Objectives;
///
/// let objectives = Objectives::from_json(
///     br#"{
///         "availability": {"objective": 0.995, "bad_outcomes": ["upstream_reset", "timeout"]},
///         "ttft": {"objective": 0.99, "seconds": 1},
///         "freshness": false,
///         "quality": {"errors_times_reference": 1.5}
///     }"#,
///     &Buckets::Fine,
/// );
/// assert_eq!(objectives.unwrap().freshness, None);
///
/// let refused = Objectives::from_json(br#"{"ttft": {"seconds": 3.3}}"#, &Buckets::Fine).unwrap_err();
/// assert!(refused.to_string().starts_with("objectives refused: ttft.seconds: found 3.3, expected one of 0.001, 0.005,"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Objectives {
    /// That requests are answered.
    pub availability: Option<Availability>,
    /// That streamed answers begin in time.
    pub ttft: Option<Latency>,
    /// That streamed answers flow.
    pub tpot: Option<Latency>,
    /// That timestamps among the features are new.
    pub freshness: Option<Freshness>,
    /// That predictions are right.
    pub quality: Option<QualityBudget>,
    /// Which part of the predictions gets a label that counts. 0.8 by default: set it to the part that yours get. Models that
    /// take no labels have no samples.
    pub labels: Option<f64>,
    /// Fewer bad events than this in the longer window alert nobody: one failure of two requests burns a budget 500 times too
    /// fast. 5 by default.
    pub bad_events_min: u64,
}

/// That requests are answered. 99.9 % of them by default, as is usual for what other services depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// The share of requests that are to be good.
    pub objective: f64,
    /// The outcomes that are bad. By default all but `complete` and `client_cancel`.
    ///
    /// A client that leaves is no failure of the server, and no success: it counts on neither side. `error_status` and
    /// `local_reply` are bad although some are the client's mistake (400, 401, 429), because outcomes do not tell these from
    /// a server that fails, and a page too many is better than an outage that nobody sees. Leave them out where clients
    /// make more mistakes than the budget has room for.
    pub bad_outcomes: Vec<Outcome>,
}

/// That something takes no longer than this. 99 % by default: TTFT within 5 s and TPOT within 200 ms, which is about as fast
/// as people read. With a lower objective it takes more to page: 95 % leave a budget that burns 14.4 times too fast only if
/// 72 % are too slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The share of streamed answers that are to be in time.
    pub objective: f64,
    /// In time is what takes this long at most: a bound of the histogram, since only bounds are counted exactly.
    pub microseconds: u64,
}

/// That a timestamp is no older than this when its request comes. 99 % within a day by default, as features that are computed
/// every night are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freshness {
    /// The share of timestamps that are to be new.
    pub objective: f64,
    /// New is what is this old at most: a bound of the histogram.
    pub seconds: u64,
}

/// How many labelled rows may be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QualityBudget {
    /// This many times the share that was wrong on the reference. 1.25 by default: what is normal for a model is known only
    /// from its reference, and a quarter more errors is more than the noise of a month. A wrong row of a regression is one
    /// whose error is in the bins that held the last tenth of the reference's.
    TimesReference(f64),
    /// What is left of this share of rows that are to be right.
    Objective(f64),
}

impl Objectives {
    /// The defaults with these buckets: of latencies the bounds that are not below the usual ones, or the highest.
    #[must_use]
    pub fn usual(buckets: &Buckets) -> Objectives {
        let bad_outcomes = Outcome::ALL
            .into_iter()
            .filter(|&it| ErrorClass::of(it).is_some_and(|class| class != ErrorClass::Client));
        let latency = |scale, usual| {
            let bounds = buckets.bounds(scale);
            let microseconds = bounds.iter().find(|&&it| usual <= it).or(bounds.last())?;
            Some(Latency { objective: 0.99, microseconds: *microseconds })
        };
        Objectives {
            availability: Some(Availability {
                objective: 0.999,
                bad_outcomes: bad_outcomes.collect(),
            }),
            ttft: latency(Scale::FirstToken, 5_000_000),
            tpot: latency(Scale::PerToken, 200_000),
            freshness: Some(Freshness { objective: 0.99, seconds: 86_400 }),
            quality: Some(QualityBudget::TimesReference(1.25)),
            labels: Some(0.8),
            bad_events_min: 5,
        }
    }
}

/// Everything wrong with a document of objectives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObjectivesError(Problems);

impl ObjectivesError {
    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.0
    }
}

impl fmt::Display for ObjectivesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "objectives refused: {}", self.0)
    }
}

impl std::error::Error for ObjectivesError {}

impl Objectives {
    /// Reads them from JSON.
    ///
    /// # Errors
    ///
    /// Lists every problem with its path, what was found and what is allowed.
    pub fn from_json(json: &[u8], buckets: &Buckets) -> Result<Objectives, ObjectivesError> {
        let mut problems = Problems::default();
        let value = document::parse(json, BYTES_MAX, &mut problems);
        let read =
            value.and_then(|value| read(&Node::new(&value, Path::ROOT), buckets, &mut problems));
        read.filter(|_| problems.is_empty()).ok_or(ObjectivesError(problems))
    }
}

fn read(node: &Node<'_, '_>, buckets: &Buckets, problems: &mut Problems) -> Option<Objectives> {
    let names =
        ["availability", "ttft", "tpot", "freshness", "quality", "labels", "bad_events_min"];
    let fields = node.object(&names, problems)?;
    let usual = Objectives::usual(buckets);
    Some(Objectives {
        availability: section(&fields, "availability", usual.availability, problems, availability),
        ttft: section(&fields, "ttft", usual.ttft, problems, |node, usual, problems| {
            latency(node, usual, buckets.bounds(Scale::FirstToken), problems)
        }),
        tpot: section(&fields, "tpot", usual.tpot, problems, |node, usual, problems| {
            latency(node, usual, buckets.bounds(Scale::PerToken), problems)
        }),
        freshness: section(
            &fields,
            "freshness",
            usual.freshness,
            problems,
            |node, usual, problems| freshness(node, usual, buckets.bounds(Scale::Age), problems),
        ),
        quality: section(&fields, "quality", usual.quality, problems, quality),
        labels: section(&fields, "labels", usual.labels, problems, |node, usual, problems| {
            let fields = node.object(&["objective"], problems)?;
            Some(objective(&fields, usual, problems))
        }),
        bad_events_min: match fields.optional("bad_events_min") {
            Some(node) => node.whole(BAD_EVENTS, problems)?,
            None => usual.bad_events_min,
        },
    })
}

/// A promise: the default if the field is not there, and none if it is `false`.
fn section<T>(
    fields: &Object<'_, '_>,
    name: &str,
    usual: Option<T>,
    problems: &mut Problems,
    read: impl FnOnce(&Node<'_, '_>, T, &mut Problems) -> Option<T>,
) -> Option<T> {
    let Some(node) = fields.optional(name) else { return usual };
    match node.boolean(&mut Problems::default()) {
        Some(false) => None,
        Some(true) => usual,
        None => read(&node, usual?, problems),
    }
}

fn availability(
    node: &Node<'_, '_>,
    usual: Availability,
    problems: &mut Problems,
) -> Option<Availability> {
    let fields = node.object(&["objective", "bad_outcomes"], problems)?;
    let objective = objective(&fields, usual.objective, problems);
    let words: Vec<(&str, Outcome)> = Outcome::ALL
        .into_iter()
        .filter(|&outcome| ErrorClass::of(outcome).is_some())
        .map(|outcome| (outcome.name(), outcome))
        .collect();
    let bad_outcomes = match fields.optional("bad_outcomes") {
        Some(node) => {
            node.array(1..=words.len(), problems, |it, problems| it.word(&words, problems))?
        }
        None => usual.bad_outcomes,
    };
    Some(Availability { objective, bad_outcomes })
}

fn latency(
    node: &Node<'_, '_>,
    usual: Latency,
    bounds: &[u64],
    problems: &mut Problems,
) -> Option<Latency> {
    let fields = node.object(&["objective", "seconds"], problems)?;
    let objective = objective(&fields, usual.objective, problems);
    let microseconds = match fields.optional("seconds") {
        Some(node) => bound(&node, bounds, 1e6, problems)?,
        None => usual.microseconds,
    };
    Some(Latency { objective, microseconds })
}

fn freshness(
    node: &Node<'_, '_>,
    usual: Freshness,
    bounds: &[u64],
    problems: &mut Problems,
) -> Option<Freshness> {
    let fields = node.object(&["objective", "seconds"], problems)?;
    let objective = objective(&fields, usual.objective, problems);
    let seconds = match fields.optional("seconds") {
        Some(node) => bound(&node, bounds, 1.0, problems)?,
        None => usual.seconds,
    };
    Some(Freshness { objective, seconds })
}

fn quality(
    node: &Node<'_, '_>,
    usual: QualityBudget,
    problems: &mut Problems,
) -> Option<QualityBudget> {
    let names = ["objective", "errors_times_reference"];
    let fields = node.object(&names, problems)?;
    match names.map(|name| fields.optional(name)) {
        [Some(node), None] => Some(QualityBudget::Objective(number(&node, SHARE, problems)?)),
        [None, Some(node)] => Some(QualityBudget::TimesReference(number(&node, TIMES, problems)?)),
        [None, None] => Some(usual),
        [Some(_), Some(_)] => {
            node.refuse(
                format_args!("either `objective` or `errors_times_reference`, not both"),
                problems,
            );
            None
        }
    }
}

fn objective(fields: &Object<'_, '_>, usual: f64, problems: &mut Problems) -> f64 {
    let found = fields.optional("objective").and_then(|node| number(&node, SHARE, problems));
    found.unwrap_or(usual)
}

fn number(node: &Node<'_, '_>, [least, most]: [f64; 2], problems: &mut Problems) -> Option<f64> {
    let found = node.number(&mut Problems::default()).filter(|it| (least..=most).contains(it));
    if found.is_none() {
        node.refuse(format_args!("a number from {least} to {most}"), problems);
    }
    found
}

/// One of the bounds of a histogram, which a document has in seconds.
fn bound(
    node: &Node<'_, '_>,
    bounds: &[u64],
    per_second: f64,
    problems: &mut Problems,
) -> Option<u64> {
    let seconds = |bound: u64| bound as f64 / per_second;
    let said = node.number(&mut Problems::default());
    let found = bounds.iter().find(|&&bound| {
        said.is_some_and(|said| (said - seconds(bound)).abs() < seconds(bound) * 1e-9)
    });
    if found.is_none() {
        let all: Vec<String> = bounds.iter().map(|&bound| seconds(bound).to_string()).collect();
        node.refuse(format_args!("one of {}", all.join(", ")), problems);
    }
    found.copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let error = Objectives::from_json(json.as_bytes(), &Buckets::Fine).unwrap_err();
        assert_eq!(error.to_string(), format!("objectives refused: {message}"));
    }

    #[test]
    fn latencies_lie_on_bounds_that_the_histogram_has() {
        let with = |bounds: &[u64]| Objectives::usual(&Buckets::These(bounds.into()));
        let at = |latency: Option<Latency>| latency.map(|it| it.microseconds);
        let usual = with(&[150_000, 300_000, 1_000_000]);
        assert_eq!((at(usual.ttft), at(usual.tpot)), (Some(1_000_000), Some(300_000)));
        let said = Objectives::from_json(
            br#"{"tpot": {"seconds": 0.15}}"#,
            &Buckets::These([150_000].into()),
        );
        assert_eq!(at(said.unwrap().tpot), Some(150_000));
    }

    #[test]
    fn an_empty_object_is_the_default_and_true_too() {
        let usual = Objectives::usual(&Buckets::Fine);
        assert_eq!(Objectives::from_json(b"{}", &Buckets::Fine).unwrap(), usual);
        assert_eq!(
            Objectives::from_json(br#"{"ttft": true, "labels": {}}"#, &Buckets::Fine).unwrap(),
            usual
        );
    }

    #[test]
    fn what_is_said_counts_and_the_rest_is_as_usual() {
        let found = Objectives::from_json(
            br#"{"tpot": {"seconds": 0.05}, "freshness": {"seconds": 3600, "objective": 0.9}, "quality": {"objective": 0.7},
                 "availability": {"bad_outcomes": ["timeout"]}, "labels": false, "bad_events_min": 20}"#,
            &Buckets::Fine,
        )
        .unwrap();
        assert_eq!(found.tpot, Some(Latency { objective: 0.99, microseconds: 50_000 }));
        assert_eq!(found.freshness, Some(Freshness { objective: 0.9, seconds: 3600 }));
        assert_eq!(found.quality, Some(QualityBudget::Objective(0.7)));
        let availability = found.availability.unwrap();
        assert_eq!(availability.bad_outcomes, [Outcome::Timeout]);
        assert_eq!((found.labels, found.bad_events_min), (None, 20));
        assert_eq!(found.ttft, Objectives::usual(&Buckets::Fine).ttft);
    }

    #[test]
    fn a_threshold_that_no_bucket_ends_at_is_refused_with_those_that_there_are() {
        refuses(
            r#"{"freshness": {"seconds": 7200}}"#,
            "freshness.seconds: found 7200, expected one of 1, 5, 15, 60, 300, 900, 3600, 14400, 43200, 86400, 172800, \
             604800, 2592000, 7776000, 31536000, 157680000",
        );
    }

    #[test]
    fn all_problems_are_said_at_once() {
        refuses(
            r#"{"availability": {"objective": 99.9, "bad_outcomes": ["complete"]}, "labels": {"goal": 1}, "slow": 1}"#,
            "unknown field \"slow\", allowed are `availability`, `ttft`, `tpot`, `freshness`, `quality`, `labels`, \
             `bad_events_min`; availability.objective: found 99.9, expected a number from 0.01 to 0.99999; \
             availability.bad_outcomes[0]: found \"complete\", expected one of `client_cancel`, `upstream_reset`, `timeout`, \
             `truncated`, `error_event`, `error_status`, `no_output`, `local_reply`; labels: unknown field \"goal\", allowed \
             are `objective`",
        );
        refuses(
            r#"{"quality": {"objective": 0.9, "errors_times_reference": 2}}"#,
            "quality: found {\"objective\":0.9,\"errors_times_reference\":2}, expected either `objective` or \
             `errors_times_reference`, not both",
        );
        refuses(
            "[]",
            "found [], expected an object with the fields `availability`, `ttft`, `tpot`, `freshness`, `quality`, \
                       `labels`, `bad_events_min`",
        );
    }
}
