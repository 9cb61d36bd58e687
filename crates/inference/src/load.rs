//! What a model server says about its own load, in the headers or trailers of a response (ORCA, `OrcaLoadReport` of
//! xds.data.orca.v3); it never asks for more than the report that is there.
//!
//! `endpoint-load-metrics` holds a word for a format and a report in it:
//!
//! ```text
//! endpoint-load-metrics: TEXT cpu_utilization=0.7, named_metrics.kv_cache_usage_perc=0.4
//! endpoint-load-metrics: JSON {"cpu_utilization": 0.7, "named_metrics": {"kv_cache_usage_perc": 0.4}}
//! endpoint-load-metrics: BIN CWZmZmZmZuY/
//! endpoint-load-metrics-bin: CWZmZmZmZuY/
//! ```
//!
//! Some servers leave the word out, and older ones write `name:value`; both are read. A report is read whole or not at
//! all: one wrong value makes it malformed, and nothing of it counts. Names that [`NAMES`] does not have are ignored,
//! so that no server can create series.

mod json;
mod protobuf;
#[cfg(test)]
mod tests;
mod text;

use driftline_labels::EnumMap;

/// The header, or trailer, with a report in any format.
pub const REPORT_HEADER: &str = "endpoint-load-metrics";
/// The header, or trailer, with a report as Base64 of a protobuf message.
pub const BINARY_REPORT_HEADER: &str = "endpoint-load-metrics-bin";
/// The request header that asks a model server for reports.
pub const FORMAT_HEADER: &str = "endpoint-load-metrics-format";

/// The format of reports that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReportFormat {
    /// Names and values; read by vLLM and Triton.
    Text,
    /// A JSON object; read by vLLM and Triton.
    Json,
    /// A protobuf message in Base64.
    Binary,
}

impl ReportFormat {
    /// All formats.
    pub const ALL: [ReportFormat; 3] =
        [ReportFormat::Text, ReportFormat::Json, ReportFormat::Binary];

    /// The word for it in the configuration and in [`FORMAT_HEADER`]; Triton knows it in lower case only.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ReportFormat::Text => "text",
            ReportFormat::Json => "json",
            ReportFormat::Binary => "bin",
        }
    }
}

/// The values of the two headers, where they are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportHeaders<'a> {
    /// That of [`REPORT_HEADER`].
    pub report: Option<&'a [u8]>,
    /// That of [`BINARY_REPORT_HEADER`], which goes before the other one, as it does in Envoy.
    pub binary: Option<&'a [u8]>,
}

driftline_labels::labels! {
    /// Something that reports say.
    pub enum LoadMeasure {
        /// The share of the processors in use.
        CpuUtilization = "cpu_utilization",
        /// The share of the memory in use.
        MemoryUtilization = "memory_utilization",
        /// What the server itself calls its utilization.
        ApplicationUtilization = "application_utilization",
        /// Requests per second.
        RequestRate = "request_rate",
        /// Errors per second.
        ErrorRate = "error_rate",
        /// The share of the KV cache in use.
        KvCacheUsage = "kv_cache_usage",
        /// Tokens that the KV cache holds.
        KvCacheCapacity = "kv_cache_capacity",
        /// Requests being served.
        RequestsRunning = "requests_running",
        /// Requests in the queue.
        RequestsWaiting = "requests_waiting",
    }
}

impl LoadMeasure {
    /// How many units of the gauge one of the report is.
    const fn scale(self) -> f64 {
        match self {
            LoadMeasure::CpuUtilization
            | LoadMeasure::MemoryUtilization
            | LoadMeasure::ApplicationUtilization
            | LoadMeasure::KvCacheUsage => 1e6,
            LoadMeasure::RequestRate | LoadMeasure::ErrorRate => 1e3,
            LoadMeasure::KvCacheCapacity
            | LoadMeasure::RequestsRunning
            | LoadMeasure::RequestsWaiting => 1.0,
        }
    }
}

/// What reports call each measure, in JSON's form of paths. The named ones are those of vLLM, before and since 2025,
/// and of Triton's TensorRT-LLM backend. JSON of protobuf has the names of fields in either case.
const NAMES: [(&str, LoadMeasure); 21] = [
    ("cpu_utilization", LoadMeasure::CpuUtilization),
    ("mem_utilization", LoadMeasure::MemoryUtilization),
    ("application_utilization", LoadMeasure::ApplicationUtilization),
    ("rps_fractional", LoadMeasure::RequestRate),
    ("eps", LoadMeasure::ErrorRate),
    ("named_metrics.kv_cache_usage_perc", LoadMeasure::KvCacheUsage),
    ("named_metrics.gpu_cache_usage_perc", LoadMeasure::KvCacheUsage),
    ("named_metrics.kv_cache_utilization", LoadMeasure::KvCacheUsage),
    ("named_metrics.max_token_capacity", LoadMeasure::KvCacheCapacity),
    ("named_metrics.num_requests_running", LoadMeasure::RequestsRunning),
    ("named_metrics.num_requests_waiting", LoadMeasure::RequestsWaiting),
    ("cpuUtilization", LoadMeasure::CpuUtilization),
    ("memUtilization", LoadMeasure::MemoryUtilization),
    ("applicationUtilization", LoadMeasure::ApplicationUtilization),
    ("rpsFractional", LoadMeasure::RequestRate),
    ("namedMetrics.kv_cache_usage_perc", LoadMeasure::KvCacheUsage),
    ("namedMetrics.gpu_cache_usage_perc", LoadMeasure::KvCacheUsage),
    ("namedMetrics.kv_cache_utilization", LoadMeasure::KvCacheUsage),
    ("namedMetrics.max_token_capacity", LoadMeasure::KvCacheCapacity),
    ("namedMetrics.num_requests_running", LoadMeasure::RequestsRunning),
    ("namedMetrics.num_requests_waiting", LoadMeasure::RequestsWaiting),
];

/// The prefix of names that a server chose itself.
const NAMED: &str = "named_metrics.";

/// What claims to be a report is not one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed;

/// What a report says, in the units of the gauges.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Report(EnumMap<LoadMeasure, Option<u64>>);

impl Report {
    /// Reads the report of response headers or trailers; `None` if there is none.
    pub fn read(headers: &ReportHeaders<'_>) -> Option<Result<Report, Malformed>> {
        let read = match (headers.binary, headers.report) {
            (Some(binary), _) => protobuf::read(binary),
            (None, Some(report)) => any(report),
            (None, None) => return None,
        };
        Some(read)
    }

    /// What was said.
    pub fn values(&self) -> impl Iterator<Item = (LoadMeasure, u64)> {
        self.0.into_iter().filter_map(|(measure, value)| Some((measure, value?)))
    }

    /// Takes a value over; of several for one measure, the last.
    fn set(&mut self, measure: LoadMeasure, value: f64) -> Result<(), Malformed> {
        if !value.is_finite() || value < 0.0 {
            return Err(Malformed);
        }
        // Beyond the last whole number the cast stays there.
        self.0[measure] = Some(libm::round(value * measure.scale()) as u64);
        Ok(())
    }
}

/// Reads a report in the format that it names, or else in the one that its first byte shows.
fn any(report: &[u8]) -> Result<Report, Malformed> {
    let report = report.trim_ascii();
    let (word, rest) = match report.iter().position(u8::is_ascii_whitespace) {
        Some(end) => report.split_at_checked(end).unwrap_or((report, b"")),
        None => (report, &b""[..]),
    };
    if word.eq_ignore_ascii_case(b"TEXT") {
        text::read(rest)
    } else if word.eq_ignore_ascii_case(b"JSON") {
        json::read(rest)
    } else if word.eq_ignore_ascii_case(b"BIN") {
        protobuf::read(rest)
    } else if report.starts_with(b"{") {
        json::read(report)
    } else {
        text::read(report)
    }
}

/// The measure that goes by this name.
fn measure(name: &[u8]) -> Option<LoadMeasure> {
    NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, measure)| measure)
}
