//! Pieces of PromQL that several rules and panels share. It names no metric.

use std::fmt::Write;

use driftline_metrics::catalogue::{Label, Metric};

/// Names of labels, as they stand in `by (...)`.
#[must_use]
pub fn labels(labels: &[Label]) -> String {
    let names: Vec<&str> = labels.iter().map(|label| label.name()).collect();
    names.join(", ")
}

/// The same samples with one label set.
#[must_use]
pub fn relabelled(vector: &str, label: &str, value: &str) -> String {
    format!("label_replace({vector}, \"{label}\", \"{value}\", \"\", \"\")")
}

/// A text as a string of PromQL.
#[must_use]
pub fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A text as it stands between the quotes of such a string. It means nothing to what a query may pass through: templates of
/// Go (`{{`), those of prometheus-adapter (`<<`), and variables of Grafana (`$`).
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' => escaped += "\\\"",
            '\\' => escaped += "\\\\",
            '{' | '}' | '<' | '>' | '$' | '\0'..='\x1f' | '\x7f' => {
                let _ = write!(escaped, "\\x{:02x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A vector of one number, without a label.
#[must_use]
pub fn constant(number: f64) -> String {
    format!("vector({number})")
}

/// What a gauge that hardly ever changes has said most of the time: its median over a range, as long as it is there.
///
/// While Envoy restarts hot, gauges of the old and the new process add up, by default for a quarter of an hour, and those
/// of a proxy that has just begun may be 0.
#[must_use]
pub fn settled(gauge: &str, range: &str) -> String {
    format!("(quantile_over_time(0.5, {gauge}[{range}]) and {gauge})")
}

/// A series name with matchers: label, operator and value, which is quoted.
#[must_use]
pub fn selected(name: &str, matchers: &[(&str, &str, &str)]) -> String {
    if matchers.is_empty() {
        return name.to_owned();
    }
    let all = matchers
        .iter()
        .map(|(label, operator, value)| format!("{label}{operator}{}", string(value)));
    let all: Vec<String> = all.collect();
    format!("{name}{{{}}}", all.join(","))
}

/// A matcher of one value.
#[must_use]
pub fn equals(label: Label, value: &str) -> String {
    format!("{}={}", label.name(), string(value))
}

/// A matcher of any other value.
#[must_use]
pub fn differs(label: Label, value: &str) -> String {
    format!("{}!={}", label.name(), string(value))
}

/// A matcher of several values, which are words.
#[must_use]
pub fn one_of(label: Label, words: &[&str]) -> String {
    format!("{}=~{}", label.name(), string(&words.join("|")))
}

/// Series of this name with these matchers.
#[must_use]
pub fn matching(name: &str, matchers: &[String]) -> String {
    if matchers.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", matchers.join(", ")) }
}

/// The growth of a counter over the lookback of the rules that have it.
#[must_use]
pub fn increase(counter: &str) -> String {
    format!("increase({counter}[@])")
}

/// The same for each second.
#[must_use]
pub fn rate(counter: &str) -> String {
    format!("rate({counter}[@])")
}

/// Zero for each sample.
#[must_use]
pub fn none_of(vector: &str) -> String {
    format!("{vector} * 0")
}

/// The bucket of a histogram that ends at this bound, in the histogram's unit; without one, that of all samples.
///
/// Prometheus 3 writes bounds as OpenMetrics does, `1000.0` and `2.5e+06`, whatever the page says.
#[must_use]
pub fn at_most(histogram: Metric, bound: Option<u64>, matchers: &[(&str, &str, &str)]) -> String {
    let name = format!("{}_bucket", histogram.definition().name);
    let le = match bound {
        Some(bound) => ("=~", spellings(bound)),
        None => ("=", "+Inf".to_owned()),
    };
    selected(&name, &[matchers, &[(LE, le.0, &le.1)]].concat())
}

/// The label of a bucket's bound.
pub const LE: &str = "le";

/// A pattern for a bound as Prometheus 2 and 3 write it.
fn spellings(bound: u64) -> String {
    let scientific = format!("{:e}", bound as f64);
    match scientific.split_once('e') {
        Some((mantissa, exponent)) if 1_000_000 <= bound => {
            format!("{bound}|{}e[+]{exponent:0>2}", mantissa.replace('.', "[.]"))
        }
        _ => format!("{bound}|{bound}[.]0"),
    }
}

/// How many rows were predicted right, of a confusion by these labels, the class and the predicted class.
#[must_use]
pub fn right(by: &str, confusion: &str) -> String {
    format!("sum by ({by}) (\n  {}\n)", right_cells(by, confusion))
}

/// The cells of a confusion whose rows were predicted right. PromQL cannot compare two labels, but a confusion is right if it
/// still exists with its class in the place of the prediction.
#[must_use]
pub fn right_cells(by: &str, confusion: &str) -> String {
    let [actual, predicted] = [Label::Actual, Label::Predicted].map(Label::name);
    format!(
        "{confusion} and on ({by}, {actual}, {predicted})\n  \
         label_replace(sum by ({by}, {actual}) ({confusion}), \"{predicted}\", \"$1\", \"{actual}\", \"(.*)\")"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_mean_nothing_to_templates() {
        assert_eq!(string("gpt-4o: \"mini\""), r#""gpt-4o: \"mini\"""#);
        assert_eq!(string("a{{b}}$c<<\\\n"), r#""a\x7b\x7bb\x7d\x7d\x24c\x3c\x3c\\\x0a""#);
        assert_eq!(string("Regen – 雨"), "\"Regen – 雨\"");
    }

    #[test]
    fn bounds_are_found_as_either_prometheus_writes_them() {
        for (bound, expected) in [
            (1, "1|1[.]0"),
            (80_000, "80000|80000[.]0"),
            (1_000_000, "1000000|1e[+]06"),
            (2_500_000, "2500000|2[.]5e[+]06"),
            (163_840_000, "163840000|1[.]6384e[+]08"),
        ] {
            assert_eq!(spellings(bound), expected);
        }
    }

    #[test]
    fn values_of_labels_are_quoted() {
        let found = selected("a", &[("b", "=", "x\"y\\z"), ("c", "=~", "d|e")]);
        assert_eq!(found, r#"a{b="x\"y\\z",c=~"d|e"}"#);
        let all = [equals(Label::Model, "x\"y"), one_of(Label::Outcome, &["d", "e"])];
        assert_eq!(matching("a", &all), r#"a{model="x\"y", outcome=~"d|e"}"#);
        assert_eq!(matching("a", &[]), "a");
    }
}
