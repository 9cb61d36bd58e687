//! Series that are healthy until something happens, and what may befall the proxy that has them. It knows no alert.

use std::ops::Range;

use serde_json::{Value, json};

/// How the samples of a series are made.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Grows by a number each minute.
    Counter,
    /// Is a number, and doubled while Envoy restarts hot.
    Gauge,
    /// Is a number that Prometheus makes, or one of a gauge whose value is not of the filter.
    Recorded,
}

/// A series by what it does in health and in a fault.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    name: String,
    kind: Kind,
    health: Option<f64>,
    fault: Option<f64>,
    /// When it has its own fault, if not with all others.
    during: Option<Range<usize>>,
}

fn series(name: &str, kind: Kind, health: f64, fault: f64) -> Series {
    Series { name: name.to_owned(), kind, health: Some(health), fault: Some(fault), during: None }
}

/// A counter that grows by so much a minute in health, and by so much in a fault.
pub(crate) fn counter(name: &str, health: f64, fault: f64) -> Series {
    series(name, Kind::Counter, health, fault)
}

/// A gauge of the filter.
pub(crate) fn gauge(name: &str, health: f64, fault: f64) -> Series {
    series(name, Kind::Gauge, health, fault)
}

/// What a recording rule or Prometheus itself makes.
pub(crate) fn recorded(name: &str, health: f64, fault: f64) -> Series {
    series(name, Kind::Recorded, health, fault)
}

/// A budget that burns so fast over a long and a short window, as the rules of objectives record it.
pub(crate) fn burns(objective: &str, [long, short]: [&str; 2], rate: f64) -> Vec<Series> {
    let of = |name: &str| format!("driftline:slo:{name}{{slo={objective:?}, model=\"rain\"}}");
    vec![
        recorded(&of(&format!("burn_rate{long}")), 0.5, rate),
        recorded(&of(&format!("burn_rate{short}")), 0.5, rate),
        recorded(&of(&format!("bad{long}")), 10.0, 50.0),
    ]
}

impl Series {
    /// With another label, so that it stands beside one of the same name.
    pub(crate) fn of_pod(mut self, pod: &str) -> Series {
        self.name = self.name.replace('}', &format!(", pod={pod:?}}}"));
        self
    }

    /// The same, but without samples in a fault.
    pub(crate) fn that_ends(mut self) -> Series {
        self.fault = None;
        self
    }

    /// The same, but with samples in a fault alone.
    pub(crate) fn that_begins(mut self) -> Series {
        self.health = None;
        self
    }

    /// With a fault of its own.
    pub(crate) fn during(mut self, minutes: Range<usize>) -> Series {
        self.during = Some(minutes);
        self
    }
}

/// One of several cases that promtool carries out at once: each has a model and a proxy of its own, so that the rules are
/// evaluated once for all.
pub(crate) struct Case(pub(crate) String);

impl Case {
    /// The text with the model `rain` and the proxy `a` of this case.
    pub(crate) fn own(&self, text: &str) -> String {
        text.replace("\"rain\"", &format!("\"rain{}\"", self.0))
            .replace("\"a:9901\"", &format!("\"a{}:9901\"", self.0))
    }
}

/// What happens, by minutes.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// How many minutes there are samples for.
    pub(crate) minutes: usize,
    /// From when to when there is a fault.
    pub(crate) fault: Range<usize>,
    /// When Envoy restarts hot: gauges are doubled.
    pub(crate) doubled: Range<usize>,
    /// When the process ends and another one begins at zero.
    pub(crate) reset: Option<usize>,
    /// When the first sample is scraped: of a proxy that has run before, and of gauges before its first tick.
    pub(crate) begins: usize,
    /// From when on nothing is counted any more.
    pub(crate) silence: usize,
}

impl Course {
    pub(crate) fn of_health(minutes: usize) -> Course {
        Course { minutes, fault: 0..0, doubled: 0..0, reset: None, begins: 0, silence: usize::MAX }
    }

    /// The series as promtool reads it, with all names that a case has for itself.
    pub(crate) fn input(&self, series: &Series, case: &Case) -> Value {
        let values: Vec<String> = self
            .samples(series)
            .into_iter()
            .map(|sample| sample.map_or_else(|| "_".to_owned(), |value| value.to_string()))
            .collect();
        json!({"series": case.own(&series.name), "values": values.join(" ")})
    }

    fn samples(&self, series: &Series) -> Vec<Option<f64>> {
        // What it had counted before it was seen.
        let mut total = if self.begins == 0 { 0.0 } else { 1e6 };
        let sample = |minute: usize| {
            let fault = series.during.as_ref().unwrap_or(&self.fault);
            let now = if fault.contains(&minute) { series.fault } else { series.health };
            match series.kind {
                Kind::Counter => {
                    if self.reset == Some(minute) {
                        total = 0.0;
                    }
                    if minute < self.silence {
                        total += now.unwrap_or(0.0);
                    }
                    now.map(|_| total)
                }
                Kind::Gauge if self.begins != 0 && minute == self.begins => Some(0.0),
                Kind::Gauge if self.doubled.contains(&minute) => now.map(|now| 2.0 * now),
                Kind::Gauge | Kind::Recorded => now,
            }
        };
        let all: Vec<Option<f64>> = (0..self.minutes).map(sample).collect();
        all.into_iter()
            .enumerate()
            .map(|(minute, sample)| sample.filter(|_| self.begins <= minute))
            .collect()
    }
}
