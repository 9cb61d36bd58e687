//! The variables of a dashboard, filled in as Grafana fills them in for Prometheus. It never guesses: an unknown variable is an
//! error.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use driftline_testbed::prometheus::Prometheus;
use serde_json::Value;

use crate::dashboard::{Dashboard, Variable};

/// How Grafana calls the choice of all values.
const ALL: &str = "$__all";

/// The time that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// From when, in seconds since 1970.
    pub from: f64,
    /// Until when.
    pub to: f64,
    /// How often Prometheus scrapes, in seconds, as the data source says it.
    pub scrape: f64,
}

/// What is chosen of each variable.
#[derive(Clone, Debug, Default)]
pub struct Choices(BTreeMap<String, Choice>);

#[derive(Clone, Debug)]
enum Choice {
    /// One value of a variable that has one at a time.
    One(String),
    /// Values of a variable that may have several.
    Several(Vec<String>),
    /// All, as this regular expression.
    All(String),
}

impl Shown {
    /// How far apart points are of a panel that asks for so many at most.
    #[must_use]
    pub fn step(self, points: u32) -> f64 {
        ((self.to - self.from) / f64::from(points)).max(self.scrape)
    }

    /// `$__rate_interval` at this step: four scrapes, or a step and a scrape.
    fn rate_interval(self, step: f64) -> f64 {
        (step + self.scrape).max(4.0 * self.scrape)
    }
}

impl Choices {
    /// What a dashboard shows at first, but for these variables, of which other values are chosen.
    ///
    /// # Errors
    ///
    /// If Prometheus refuses a question, or a variable has no value, or is of a type that is unknown here.
    pub async fn of(
        dashboard: &Dashboard,
        prometheus: &Prometheus,
        shown: Shown,
        chosen: &[(&str, &str)],
    ) -> Result<Choices> {
        let mut choices = Choices::default();
        for variable in &dashboard.templating.list {
            let name = &variable.name;
            let value = chosen.iter().find(|(it, _)| it == name).map(|(_, value)| *value);
            let choice = choices.choice(variable, prometheus, shown, value).await;
            choices.0.insert(name.clone(), choice.with_context(|| format!("${name}"))?);
        }
        Ok(choices)
    }

    async fn choice(
        &self,
        variable: &Variable,
        prometheus: &Prometheus,
        shown: Shown,
        value: Option<&str>,
    ) -> Result<Choice> {
        let current = variable.current.as_ref().and_then(|it| it.get("value"));
        match variable.r#type.as_str() {
            "datasource" => Ok(Choice::One("prometheus".to_owned())),
            "constant" => Ok(Choice::One(text(&variable.query)?)),
            "custom" => Ok(Choice::One(match value {
                Some(value) => value.to_owned(),
                None => text(current.context("nothing is chosen")?)?,
            })),
            "query" => {
                let query = self.filled(&text(
                    variable.query.get("query").context("no question for its values")?,
                )?)?;
                let values = label_values(prometheus, shown, &query).await?;
                ensure!(!values.is_empty(), "`{query}` has no value");
                if let Some(value) = value {
                    ensure!(values.iter().any(|it| it == value), "no `{value}` in {values:?}");
                    return Ok(match variable.multi {
                        true => Choice::Several(vec![value.to_owned()]),
                        false => Choice::One(value.to_owned()),
                    });
                }
                let is_all = current.and_then(Value::as_array).is_some_and(|it| it[0] == ALL);
                if is_all {
                    ensure!(variable.include_all, "all are chosen, which it does not allow");
                    return Ok(match &variable.all_value {
                        Some(all) => Choice::All(all.clone()),
                        None => Choice::Several(values),
                    });
                }
                let current = current.and_then(Value::as_str);
                let kept = current.filter(|current| values.iter().any(|it| it == current));
                Ok(Choice::One(kept.unwrap_or(&values[0]).to_owned()))
            }
            other => bail!("variables of the type `{other}` are unknown here"),
        }
    }

    /// What people see of the choice; `None` of an unknown variable.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<String> {
        Some(match self.0.get(name)? {
            Choice::One(value) => value.clone(),
            Choice::Several(values) => values.join(" + "),
            Choice::All(_) => "All".to_owned(),
        })
    }

    /// A question with its variables filled in.
    ///
    /// # Errors
    ///
    /// Names a variable that is unknown.
    pub fn question(&self, expression: &str, shown: Shown, step: f64) -> Result<String> {
        let seconds = |seconds: f64| format!("{}ms", (seconds * 1000.0).round().max(1.0));
        let expression = expression
            .replace("$__rate_interval", &seconds(shown.rate_interval(step)))
            .replace("$__interval", &seconds(step))
            .replace("$__range", &seconds(shown.to - shown.from));
        self.filled(&expression)
    }

    /// A text for people with its variables filled in.
    ///
    /// # Errors
    ///
    /// Names a variable that is unknown.
    pub fn text(&self, text: &str) -> Result<String> {
        replaced(text, |name| self.shown(name))
    }

    fn filled(&self, text: &str) -> Result<String> {
        replaced(text, |name| Some(self.0.get(name)?.in_promql()))
    }
}

impl Choice {
    /// As the Prometheus data source writes it.
    fn in_promql(&self) -> String {
        match self {
            Choice::One(value) => value.replace('\\', r"\\").replace('"', "\\\""),
            Choice::All(all) => all.clone(),
            Choice::Several(values) => {
                let escaped: Vec<String> = values.iter().map(|it| in_regex(it)).collect();
                match escaped.as_slice() {
                    [one] => one.clone(),
                    several => format!("({})", several.join("|")),
                }
            }
        }
    }
}

/// A value within a regular expression within a string.
fn in_regex(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        match character {
            '\\' => escaped += r"\\\\",
            '$' | '^' | '*' | '{' | '}' | '[' | ']' | '\'' | '+' | '?' | '.' | '(' | ')' | '|' => {
                escaped += r"\\";
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Puts values into the place of `$name` and `${name}`.
fn replaced(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled += before;
        let (name, behind) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').context("a `${` without its `}`")?,
            None => {
                let end = after.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
                after.split_at(end.unwrap_or(after.len()))
            }
        };
        filled += &value(name).with_context(|| format!("`{text}` has an unknown ${name}"))?;
        rest = behind;
    }
    Ok(filled + rest)
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("expected a text, found {value}"))?.to_owned())
}

/// What `label_values(series, label)` gives for the time that is shown, in order.
async fn label_values(prometheus: &Prometheus, shown: Shown, query: &str) -> Result<Vec<String>> {
    let inner = query.strip_prefix("label_values(").and_then(|it| it.strip_suffix(')'));
    let (series, label) = inner
        .and_then(|it| it.rsplit_once(','))
        .with_context(|| format!("expected label_values(series, label), found `{query}`"))?;
    let label = label.trim();
    let range = (shown.to - shown.from).ceil();
    let question = format!("group by ({label}) (last_over_time({series}[{range}s]))");
    let found = prometheus.query_at(&question, shown.to).await?;
    let mut values: Vec<String> =
        found.iter().filter_map(|(series, _)| Some(series.label(label)?.to_owned())).collect();
    values.sort();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Choices {
        let choice = |name: &str, choice| (name.to_owned(), choice);
        Choices(BTreeMap::from([
            choice("model", Choice::Several(vec!["a.b".into(), "c|d".into()])),
            choice("version", Choice::All(".*".into())),
            choice("pod", Choice::Several(vec!["10.0.0.1:9901".into()])),
            choice("feature", Choice::One("dew \"point\"".into())),
            choice("by", Choice::One("instance".into())),
        ]))
    }

    const SHOWN: Shown = Shown { from: 0.0, to: 3600.0, scrape: 15.0 };

    #[test]
    fn values_are_written_as_grafana_writes_them() {
        for (text, expected) in [
            (r#"a{model=~"$model"}"#, r#"a{model=~"(a\\.b|c\\|d)"}"#),
            (r#"a{version=~"${version}"}"#, r#"a{version=~".*"}"#),
            (r#"a{$by=~"$pod"}"#, r#"a{instance=~"10\\.0\\.0\\.1:9901"}"#),
            (r#"a{feature="$feature"}"#, r#"a{feature="dew \"point\""}"#),
            ("rate(a[$__rate_interval])", "rate(a[75000ms])"),
            ("increase(a[$__range])", "increase(a[3600000ms])"),
        ] {
            assert_eq!(choices().question(text, SHOWN, 60.0).unwrap(), expected);
        }
        assert_eq!(choices().text("$model of $version").unwrap(), "a.b + c|d of All");
    }

    #[test]
    fn a_rate_covers_four_scrapes_at_least() {
        assert_eq!(choices().question("$__rate_interval", SHOWN, 15.0).unwrap(), "60000ms");
        let steps = [10, 1000].map(|points| SHOWN.step(points));
        assert_eq!(steps, [360.0, 15.0]);
    }

    #[test]
    fn an_unknown_variable_is_named() {
        let error = choices().question("a{b=\"$modle\"}", SHOWN, 15.0).unwrap_err();
        assert!(error.to_string().contains("unknown $modle"), "{error}");
    }
}
