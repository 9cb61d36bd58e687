//! Reads what Prometheus would read: the text exposition format, looked up by name and labels.
//! It never guesses; a line that it cannot read is an error.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    net::SocketAddr,
    str::Chars,
};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Request;

/// The samples of one scrape, in the order of names and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    samples: BTreeMap<Series, f64>,
    /// What `# TYPE` says, by the name of the family.
    types: BTreeMap<String, String>,
}

/// A name with its labels.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Series {
    /// The name of the sample: for a histogram with `_bucket`, `_sum` or `_count`.
    pub name: String,
    /// Label names and their unescaped values.
    pub labels: BTreeMap<String, String>,
}

/// Returns the text of an admin address's `/stats/prometheus`.
pub async fn fetch_text(admin: SocketAddr) -> Result<String> {
    let response = Request::get("/stats/prometheus").send(admin).await?;
    ensure!(response.status == 200, "/stats/prometheus answered {}", response.status);
    String::from_utf8(response.body).context("/stats/prometheus is not UTF-8")
}

/// Scrapes an admin address.
pub async fn fetch(admin: SocketAddr) -> Result<Scrape> {
    Scrape::parse(&fetch_text(admin).await?)
}

impl Scrape {
    /// Reads the text format, version 0.0.4.
    ///
    /// # Errors
    ///
    /// Names the line that cannot be read, or the series or type that stands there twice.
    pub fn parse(text: &str) -> Result<Scrape> {
        let mut scrape = Scrape::default();
        for (index, line) in text.lines().enumerate() {
            scrape
                .read_line(line.trim())
                .with_context(|| format!("line {}: `{line}`", index + 1))?;
        }
        Ok(scrape)
    }

    fn read_line(&mut self, line: &str) -> Result<()> {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').context("expected a name and a type")?;
            let before = self.types.insert(name.to_owned(), kind.to_owned());
            ensure!(before.is_none(), "a second type for `{name}`");
        } else if !line.is_empty() && !line.starts_with('#') {
            let (series, value) = read_sample(line)?;
            let shown = series.to_string();
            ensure!(self.samples.insert(series, value).is_none(), "a second sample of {shown}");
        }
        Ok(())
    }

    /// The sum over all series of this name that have at least these labels, as PromQL's `sum` gives it;
    /// `None` if there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let values = self.samples.iter().filter(|(series, _)| series.matches(name, labels));
        values.map(|(_, value)| *value).reduce(|a, b| a + b)
    }

    /// The value of exactly this series.
    pub fn exactly(&self, series: &Series) -> Option<f64> {
        self.samples.get(series).copied()
    }

    /// All series with their values, in order.
    pub fn samples(&self) -> impl Iterator<Item = (&Series, f64)> {
        self.samples.iter().map(|(series, value)| (series, *value))
    }

    /// The type of a family, if the text says one: `counter`, `gauge` or `histogram`.
    pub fn kind(&self, family: &str) -> Option<&str> {
        self.types.get(family).map(String::as_str)
    }

    /// Only what begins with this, such as `driftline_`.
    #[must_use]
    pub fn only_prefix(&self, prefix: &str) -> Scrape {
        let samples = self.samples.iter().filter(|(series, _)| series.name.starts_with(prefix));
        let types = self.types.iter().filter(|(name, _)| name.starts_with(prefix));
        Scrape {
            samples: samples.map(|(series, value)| (series.clone(), *value)).collect(),
            types: types.map(|(name, kind)| (name.clone(), kind.clone())).collect(),
        }
    }

    /// What was added since `before`: counters and histograms less what they were then, gauges as they are.
    #[must_use]
    pub fn difference(&self, before: &Scrape) -> Scrape {
        let mut difference = self.clone();
        for (series, value) in &mut difference.samples {
            if self.kind(&series.name) != Some("gauge") {
                *value -= before.exactly(series).unwrap_or(0.0);
            }
        }
        difference
    }

    /// What tells this scrape from another one, a line each, for people; empty if they are the same.
    ///
    /// `left` and `right` name the two in the text.
    pub fn compare(&self, left: &str, other: &Scrape, right: &str) -> String {
        let mut text = String::new();
        for (series, value) in &self.samples {
            let _ = match other.exactly(series) {
                None => writeln!(text, "{series}: {value} in {left}, missing in {right}"),
                Some(theirs) if theirs != *value => {
                    writeln!(text, "{series}: {value} in {left}, {theirs} in {right}")
                }
                Some(_) => Ok(()),
            };
        }
        for (series, value) in &other.samples {
            if self.exactly(series).is_none() {
                let _ = writeln!(text, "{series}: missing in {left}, {value} in {right}");
            }
        }
        text
    }

    /// Leaves out the series that a test cannot expect to be equal.
    #[must_use]
    pub fn without(mut self, is_out: impl Fn(&Series) -> bool) -> Scrape {
        self.samples.retain(|series, _| !is_out(series));
        self
    }
}

impl Series {
    /// Whether it has this name and at least these labels.
    pub fn matches(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.name == name && labels.iter().all(|(key, value)| self.label(key) == Some(*value))
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let mut before = '{';
        for (key, value) in &self.labels {
            write!(f, "{before}{key}={value:?}")?;
            before = ',';
        }
        f.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

fn read_sample(line: &str) -> Result<(Series, f64)> {
    let name_end = line.find(['{', ' ']).context("expected a name and a value")?;
    let (name, rest) = line.split_at(name_end);
    let mut labels = BTreeMap::new();
    let rest = match rest.strip_prefix('{') {
        Some(rest) => read_labels(rest, &mut labels)?,
        None => rest,
    };
    // A timestamp may follow; nothing here asks for it.
    let value = rest.split_whitespace().next().context("expected a value")?;
    let value = match value {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        _ => value.parse().with_context(|| format!("value `{value}`"))?,
    };
    Ok((Series { name: name.to_owned(), labels }, value))
}

/// Reads labels up to the closing brace, and returns what follows it.
fn read_labels<'t>(mut text: &'t str, labels: &mut BTreeMap<String, String>) -> Result<&'t str> {
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            return Ok(rest);
        }
        let (key, rest) = text.split_once("=\"").context("expected a label or `}`")?;
        let mut chars = rest.chars();
        let value = read_label_value(&mut chars)?;
        ensure!(labels.insert(key.to_owned(), value).is_none(), "a second label `{key}`");
        text = chars.as_str();
    }
}

/// Reads up to the closing quote.
fn read_label_value(chars: &mut Chars<'_>) -> Result<String> {
    let mut value = String::new();
    loop {
        value.push(match chars.next().context("a label value without an end")? {
            '"' => return Ok(value),
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some(char @ ('\\' | '"')) => char,
                other => bail!("no such escape in a label value: {other:?}"),
            },
            char => char,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
# TYPE requests_total counter
requests_total{model="a",outcome="complete"} 3
requests_total{model="a",outcome="timeout"} 1
requests_total{model="quote \" slash \\ line \n, {brace}",outcome="complete"} 7
# HELP in_flight said by others
# TYPE in_flight gauge
in_flight{} 2
# TYPE seconds histogram
seconds_bucket{le="0.5"} 1
seconds_bucket{le="+Inf"} 2 1700000000000
seconds_sum 1.25e1
seconds_count 2
"#;

    #[test]
    fn samples_are_found_by_name_and_labels() {
        let scrape = Scrape::parse(TEXT).unwrap();
        let check = |name: &str, labels: &[(&str, &str)], expect: Option<f64>| {
            assert_eq!(scrape.value(name, labels), expect, "{name} {labels:?}");
        };
        check("requests_total", &[("model", "a"), ("outcome", "complete")], Some(3.0));
        check("requests_total", &[("model", "a")], Some(4.0));
        check("requests_total", &[], Some(11.0));
        check("requests_total", &[("model", "quote \" slash \\ line \n, {brace}")], Some(7.0));
        check("requests_total", &[("model", "b")], None);
        check("requests_total", &[("route", "a")], None);
        check("in_flight", &[], Some(2.0));
        check("seconds_bucket", &[("le", "+Inf")], Some(2.0));
        check("seconds_sum", &[], Some(12.5));
        check("missing", &[], None);
        assert_eq!(scrape.kind("seconds"), Some("histogram"));
    }

    #[test]
    fn a_difference_subtracts_all_but_gauges() {
        let before = Scrape::parse("# TYPE a counter\na 2\n# TYPE g gauge\ng 5\n").unwrap();
        let after = Scrape::parse("# TYPE a counter\na 9\nb 1\n# TYPE g gauge\ng 4\n").unwrap();
        let difference = after.difference(&before);
        let values: Vec<_> =
            difference.samples().map(|(s, value)| (s.name.as_str(), value)).collect();
        assert_eq!(values, [("a", 7.0), ("b", 1.0), ("g", 4.0)]);
    }

    #[test]
    fn a_comparison_says_what_differs_and_where() {
        let left = Scrape::parse("a{x=\"1\"} 1\nb 2\nsame 3\n").unwrap();
        let right = Scrape::parse("b 4\nc 5\nsame 3\n").unwrap();
        assert_eq!(
            left.compare("envoy", &right, "sim"),
            "a{x=\"1\"}: 1 in envoy, missing in sim\nb: 2 in envoy, 4 in sim\nc: missing in envoy, 5 in sim\n"
        );
        assert_eq!(left.compare("envoy", &left, "itself"), "");
    }

    #[test]
    fn only_what_begins_with_the_prefix_is_left() {
        let scrape = Scrape::parse(TEXT).unwrap().only_prefix("seconds");
        assert_eq!(scrape.samples().count(), 4);
        assert_eq!(scrape.kind("in_flight"), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, problem) in [
            ("a", "expected a name and a value"),
            ("a b", "value `b`"),
            ("a{b} 1", "expected a label or `}`"),
            ("a{b=\"c 1", "a label value without an end"),
            (r#"a{b="\t"} 1"#, "no such escape in a label value: Some('t')"),
            ("a 1\na 2", "a second sample of a"),
            ("# TYPE a counter\n# TYPE a gauge", "a second type for `a`"),
        ] {
            let error = format!("{:#}", Scrape::parse(text).unwrap_err());
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }
}
