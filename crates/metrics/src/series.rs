//! The series of one configuration: every combination of metric and label values.
//! Their numbers are all known before any traffic, so memory and cardinality are fixed when the proxy reads its
//! configuration; only names that are admitted later get their labels later.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use driftline_labels::{EnumArray, EnumMap, LabelValue};

use crate::catalogue::{Kind, Label, Metric};
use driftline_statistics::document::label_value;

/// A time series of this configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeriesId(u32);

impl SeriesId {
    /// Its number, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    fn new(number: usize) -> SeriesId {
        SeriesId(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

/// Series that were registered one right after another; takes no more memory than one of them and their number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SeriesRun {
    first: SeriesId,
    count: u32,
}

impl SeriesRun {
    /// As many as `registered` gives, each of which must be the next one that was registered.
    #[inline(never)]
    pub fn of(mut registered: impl Iterator<Item = SeriesId>) -> SeriesRun {
        let first = registered.next();
        let count = u32::from(first.is_some())
            .saturating_add(registered.fold(0, |count: u32, _| count.saturating_add(1)));
        SeriesRun { first: first.unwrap_or(SeriesId(0)), count }
    }

    /// The one of a word, of series by all words of an enum.
    #[inline]
    pub fn of_word<K: LabelValue>(&self, word: K) -> Option<SeriesId> {
        self.get(word.into_usize())
    }

    /// The one at this place, from 0.
    #[inline]
    pub fn get(&self, place: usize) -> Option<SeriesId> {
        let place = u32::try_from(place).ok().filter(|&place| place < self.count)?;
        Some(SeriesId(self.first.0.saturating_add(place)))
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = SeriesId> + use<> {
        let SeriesRun { first, count } = *self;
        (0..count).map(move |place| SeriesId(first.0.saturating_add(place)))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A histogram's series together with its two exact counters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Takes the samples.
    pub histogram: SeriesId,
    /// Sum of the samples.
    pub sum: SeriesId,
    /// Number of the samples.
    pub observations: SeriesId,
}

/// One time series, of which nothing is copied: a configuration has thousands, and all that a host needs is a name.
#[derive(Clone, Copy, Debug)]
pub struct SeriesView<'v> {
    /// The exported name of the metric, in pieces.
    name: &'v [&'v str],
    /// How the series behaves over time.
    pub kind: Kind,
    labels: &'v [Label],
    /// A value for each label; where one is empty, the series does not have the label.
    values: &'v [&'v str],
}

impl SeriesView<'_> {
    /// Writes the [stat name](Series::stat_name) in place of what `out` holds.
    pub fn stat_name<'o>(&self, out: &'o mut String) -> &'o str {
        write_stat_name(self.name, self.labels(), out);
        out
    }

    /// The series with all that it is made of.
    pub fn to_series(&self) -> Series {
        let labels = self.labels().map(|(label, value)| (label, value.into_owned()));
        Series { name: self.name.concat(), kind: self.kind, labels: labels.collect() }
    }

    /// The labels that it has, with their values as [`label_value`] writes them.
    fn labels(&self) -> impl Iterator<Item = (Label, Cow<'_, str>)> {
        let all = self.labels.iter().zip(self.values);
        all.filter(|(_, value)| !value.is_empty())
            .map(|(&label, value)| (label, label_value(value)))
    }
}

fn write_stat_name<'v>(
    name: &[&str],
    labels: impl Iterator<Item = (Label, Cow<'v, str>)>,
    out: &mut String,
) {
    out.clear();
    for piece in name {
        out.push_str(piece);
    }
    let mut separator = ".";
    for (label, value) in labels {
        for piece in [core::mem::take(&mut separator), label.name(), "=.=", &value, ";.;"] {
            out.push_str(piece);
        }
    }
}

/// One time series.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Series {
    /// The exported name of the metric.
    pub name: String,
    /// How the series behaves over time.
    pub kind: Kind,
    /// Label values in the order of the metric's definition, as [`label_value`] writes them.
    pub labels: Vec<(Label, String)>,
}

impl Series {
    /// The name under which the proxy knows this series, labels encoded the way that Istio's
    /// `extraStatTags` does it: `driftline_requests_total.model=.=rain;.;outcome=.=complete;.;`.
    ///
    /// The generated `stats_tags` turn it into a name with labels again. Label values must have no
    /// [`name_fault`](driftline_statistics::document::name_fault); the configuration refuses such names.
    pub fn stat_name(&self) -> String {
        let labels = self.labels.iter().map(|(label, value)| (*label, Cow::from(value.as_str())));
        let mut name = String::new();
        write_stat_name(&[&self.name], labels, &mut name);
        name
    }

    /// The series of this kind that has such a [stat name](Series::stat_name); `None` if none has.
    pub fn of_stat_name(kind: Kind, stat_name: &str) -> Option<Series> {
        let (name, mut rest) = match stat_name.split_once('.') {
            Some((name, rest)) => (name, rest),
            None => (stat_name, ""),
        };
        let mut labels = Vec::new();
        while !rest.is_empty() {
            let (pair, after) = rest.split_once(";.;")?;
            let (label, value) = pair.split_once("=.=")?;
            let label = Label::ALL.iter().find(|known| known.name() == label)?;
            labels.push((*label, value.to_string()));
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        Some(Series { name: name.to_string(), kind, labels })
    }
}

/// Takes each series as it is registered.
type Register<'t> = &'t mut dyn FnMut(SeriesId, SeriesView<'_>);

/// Numbers series one after another, and hands each to whatever keeps its name; it keeps none itself, since names take
/// far more memory than all that is needed of a series afterwards.
pub struct SeriesRegistrar<'t> {
    next: usize,
    /// `None` for series that are only numbered.
    register: Option<Register<'t>>,
}

/// What a field of series is made of: one series, or several that belong together.
pub trait Registered {
    /// Registers it. `values` are the label values in the order of the metric's definition, but for those that the field
    /// itself tells apart; where one is empty the series does not have the label.
    fn register(registrar: &mut SeriesRegistrar<'_>, metric: Metric, values: &[&str]) -> Self;
}

impl<'t> SeriesRegistrar<'t> {
    /// A registrar whose first series has the number `first`.
    pub fn starting_at(first: usize, register: Register<'t>) -> SeriesRegistrar<'t> {
        SeriesRegistrar { next: first, register: Some(register) }
    }

    /// The same for series that have no labels yet, so that only their numbers are of use.
    pub fn numbering(first: usize) -> SeriesRegistrar<'t> {
        SeriesRegistrar { next: first, register: None }
    }

    /// The number of the next series.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Registers what a field is made of: see [`Registered::register`].
    pub fn add<R: Registered>(&mut self, metric: Metric, values: &[&str]) -> R {
        R::register(self, metric, values)
    }

    /// Registers a series for each of these values of the metric's last label, one after another.
    ///
    /// One function for all kinds of values: a filter has it once.
    pub fn each(
        &mut self,
        metric: Metric,
        before: &[&str],
        last: &mut dyn Iterator<Item = &str>,
    ) -> SeriesRun {
        let first = SeriesId::new(self.next);
        let mut count: u32 = 0;
        for value in last {
            let _: SeriesId = self.add_all(metric, &mut before.iter().copied().chain([value]));
            count = count.saturating_add(1);
        }
        SeriesRun { first, count }
    }

    /// Registers a series for each combination of words of the metric's last labels, those of the last one by turns.
    pub fn product(&mut self, metric: Metric, before: &[&str], words: &[&[&str]]) -> SeriesRun {
        let first = SeriesId::new(self.next);
        self.combine(metric, before, words);
        let count = self.next.saturating_sub(first.index());
        SeriesRun { first, count: u32::try_from(count).unwrap_or(u32::MAX) }
    }

    fn combine(&mut self, metric: Metric, before: &[&str], words: &[&[&str]]) {
        let Some((these, others)) = words.split_first() else {
            let _: SeriesId = self.add(metric, before);
            return;
        };
        for word in *these {
            let all: Vec<&str> = before.iter().copied().chain([*word]).collect();
            self.combine(metric, &all, others);
        }
    }

    fn add_all(&mut self, metric: Metric, values: &mut dyn Iterator<Item = &str>) -> SeriesId {
        // No metric has more labels.
        let mut all = [""; Label::ALL.len()];
        let mut length: usize = 0;
        for (slot, value) in all.iter_mut().zip(values) {
            *slot = value;
            length = length.saturating_add(1);
        }
        self.add(metric, all.get(..length).unwrap_or(&all))
    }

    fn push(&mut self, name: &[&str], kind: Kind, labels: &[Label], values: &[&str]) -> SeriesId {
        debug_assert_eq!(labels.len(), values.len(), "{name:?}: a value for every label");
        let id = SeriesId::new(self.next);
        self.next = self.next.saturating_add(1);
        if let Some(register) = &mut self.register {
            register(id, SeriesView { name, kind, labels, values });
        }
        id
    }
}

/// How many series `add` adds, none of which is kept.
pub fn count<T>(add: impl FnOnce(&mut SeriesRegistrar<'_>) -> T) -> usize {
    let mut registrar = SeriesRegistrar::numbering(0);
    add(&mut registrar);
    registrar.next()
}

impl Registered for SeriesId {
    #[inline(never)]
    fn register(registrar: &mut SeriesRegistrar<'_>, metric: Metric, values: &[&str]) -> SeriesId {
        let shape = metric.shape();
        registrar.push(&[shape.name], shape.kind, shape.labels, values)
    }
}

/// A histogram and its exact counters.
impl Registered for Timing {
    #[inline(never)]
    fn register(registrar: &mut SeriesRegistrar<'_>, metric: Metric, values: &[&str]) -> Timing {
        let shape = metric.shape();
        let histogram = registrar.add(metric, values);
        let [sum, observations] = match shape.companions() {
            Some(companions) => {
                companions.map(|name| registrar.push(&name, Kind::Counter, shape.labels, values))
            }
            // Not a histogram: its own series takes all three, which no caller does.
            None => [histogram, histogram],
        };
        Timing { histogram, sum, observations }
    }
}

/// One for each word of the metric's last label.
impl<K: LabelValue + EnumArray<R>, R: Registered> Registered for EnumMap<K, R> {
    #[inline(never)]
    fn register(
        registrar: &mut SeriesRegistrar<'_>,
        metric: Metric,
        values: &[&str],
    ) -> EnumMap<K, R> {
        EnumMap::from_fn(|key: K| {
            // No metric has more labels.
            let mut all = [""; Label::ALL.len()];
            for (slot, value) in all.iter_mut().zip(values.iter().copied().chain([key.word()])) {
                *slot = value;
            }
            let length = values.len().saturating_add(1);
            registrar.add(metric, all.get(..length).unwrap_or(&all))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::ToOwned, vec};

    use super::*;

    #[track_caller]
    fn check(metric: Metric, values: &[&str], stat_name: &str) {
        let mut told = Vec::new();
        let mut written = String::new();
        let mut tell = |id, series: SeriesView<'_>| {
            assert_eq!(series.to_series().stat_name(), series.stat_name(&mut written));
            told.push((id, written.clone()));
        };
        let id: SeriesId = SeriesRegistrar::starting_at(7, &mut tell).add(metric, values);
        assert_eq!((id.index(), told), (7, vec![(id, stat_name.to_owned())]));
    }

    #[test]
    fn labels_are_encoded_behind_the_name() {
        check(Metric::Evaluations, &[], "driftline_evaluations_total");
        check(
            Metric::RequestsInFlight,
            &["a.b", ""],
            "driftline_requests_in_flight.model=.=a.b;.;",
        );
        check(
            Metric::Requests,
            &["rain", "chat", "complete"],
            "driftline_requests_total.model=.=rain;.;route=.=chat;.;outcome=.=complete;.;",
        );
        check(
            Metric::RequestsInFlight,
            &["a.", "%2E"],
            "driftline_requests_in_flight.model=.=a%2E;.;route=.=%252E;.;",
        );
    }

    #[test]
    fn each_combination_of_words_has_a_series() {
        let mut told = Vec::new();
        let mut tell = |_, series: SeriesView<'_>| told.push(series.to_series().stat_name());
        let mut registrar = SeriesRegistrar::starting_at(3, &mut tell);
        let windows: &[&str] = &["fast", "slow"];
        let run = registrar.product(Metric::Quality, &["m", ""], &[windows, &["f1", "mae"]]);
        let sides = &mut ["low", "high"].into_iter();
        let each = registrar.each(Metric::RegressionError, &["m", ""], sides);
        assert_eq!((run.len(), each.len()), (4, 2));
        assert_eq!((run.get(2).unwrap().index(), each.get(0).unwrap().index()), (5, 7));
        assert_eq!(told[2], "driftline_quality_ppm.model=.=m;.;window=.=slow;.;measure=.=f1;.;");
        assert_eq!(
            told[5],
            "driftline_regression_error_thousandths_total.model=.=m;.;side=.=high;.;"
        );
    }

    #[test]
    fn a_timing_has_its_exact_counters() {
        let mut told = Vec::new();
        let mut tell = |_, series: SeriesView<'_>| told.push(series.to_series().name);
        let mut registrar = SeriesRegistrar::starting_at(0, &mut tell);
        let timing: Timing = registrar.add(Metric::InterChunkGap, &["m", ""]);
        assert_eq!(registrar.next(), 3);
        let name = |id: SeriesId| told[id.index()].as_str();
        assert_eq!(name(timing.histogram), "driftline_inter_chunk_gap_microseconds");
        assert_eq!(name(timing.sum), "driftline_inter_chunk_gap_microseconds_total");
        assert_eq!(name(timing.observations), "driftline_inter_chunk_gap_observations_total");
    }
}
