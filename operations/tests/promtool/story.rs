//! A story of one file of rules: series minute by minute, and what rules say of them in the end. It knows no rule by name.

use std::collections::{BTreeMap, BTreeSet};

use driftline_operations::{File, render, settings::Settings};
use driftline_testbed::promtool;
use serde_json::{Value, json};

/// When all is looked at, in minutes.
pub(crate) const END: usize = 120;
/// How many minutes before the end counters grow: within the last hour, and the last five minutes.
const JUMP: usize = 3;
/// How many before it the second pod becomes another one, whose counters begin at zero.
const RESTART: usize = 40;
/// What the second pod has counted in its first life.
const FIRST_LIFE: u64 = 977;
/// Of a number, relative to it or to 1.
const TOLERANCE: f64 = 1e-9;

/// A label and its value.
pub(crate) type Label<'l> = (&'l str, &'l str);

/// What promtool is asked of one file.
pub(crate) struct Story {
    file: File,
    series: BTreeMap<String, String>,
    checks: Vec<Value>,
    expected: BTreeSet<String>,
    /// How often rules are evaluated, in minutes.
    every: usize,
    end: usize,
}

/// The file of a subject.
#[track_caller]
pub(crate) fn file(subject: &str, settings: &Settings<'_>) -> File {
    let path = format!("prometheus/{subject}.rules.yml");
    let files = render::rule_files(settings);
    files.into_iter().find(|file| file.path == path).unwrap()
}

impl Story {
    pub(crate) fn of(subject: &str, settings: &Settings<'_>) -> Story {
        Story {
            file: file(subject, settings),
            series: BTreeMap::new(),
            checks: Vec::new(),
            expected: BTreeSet::new(),
            every: 10,
            end: END,
        }
    }

    /// The same, evaluated this often and up to this minute.
    pub(crate) fn lasting(self, every: usize, end: usize) -> Story {
        Story { every, end, ..self }
    }

    /// A series with these samples, in promtool's notation.
    pub(crate) fn series(&mut self, name: &str, labels: &[Label<'_>], values: String) {
        assert!(self.series.insert(selector(name, labels), values).is_none(), "{name} twice");
    }

    /// A counter that grows by this much late in the last hour, at two pods, one of which restarts before.
    pub(crate) fn counter(&mut self, name: &str, labels: &[Label<'_>], grows: u64) {
        let (first, jump, restart) = (grows / 3, self.end - JUMP, self.end - RESTART);
        let [one, two] = ["one", "two"].map(|pod| [labels, &[("pod", pod)]].concat());
        self.series(name, &one, format!("0x{} {first}x{JUMP}", jump - 1));
        let second = grows - first;
        let lives = format!("{FIRST_LIFE}x{} 0x{}", restart - 1, jump - restart - 1);
        self.series(name, &two, format!("{lives} {second}x{JUMP}"));
    }

    /// A gauge that always says this, at both pods.
    pub(crate) fn gauge(&mut self, name: &str, labels: &[Label<'_>], value: u64) {
        for pod in ["one", "two"] {
            let labels = [labels, &[("pod", pod)]].concat();
            self.series(name, &labels, format!("{value}x{}", self.end));
        }
    }

    /// A histogram whose samples fall into these buckets, by bound and how many are in it alone.
    pub(crate) fn histogram(&mut self, name: &str, labels: &[Label<'_>], buckets: &[(&str, u64)]) {
        let mut sum = 0;
        for (bound, samples) in buckets {
            sum += samples;
            self.counter(&format!("{name}_bucket"), &[labels, &[("le", bound)]].concat(), sum);
        }
    }

    /// A rule says this, in the one series that these labels select.
    pub(crate) fn says(&mut self, rule: &str, labels: &[Label<'_>], value: f64) {
        self.says_within(rule, labels, value, TOLERANCE);
    }

    /// The same, to this part of the value, or of one.
    pub(crate) fn says_within(
        &mut self,
        rule: &str,
        labels: &[Label<'_>],
        value: f64,
        tolerance: f64,
    ) {
        assert!(value.is_finite(), "{rule}: {value}");
        let selected = selector(rule, labels);
        let tolerance = tolerance * value.abs().max(1.0);
        self.holds_at(self.end, format!("sum(abs({selected} - {value}) < bool {tolerance})"), 1.0);
        self.expected.insert(rule.to_owned());
    }

    /// An expression has this value at this minute.
    pub(crate) fn holds_at(&mut self, minute: usize, expression: String, value: f64) {
        self.checks.push(json!({
            "expr": expression,
            "eval_time": format!("{minute}m"),
            "exp_samples": [{"labels": "{}", "value": value}],
        }));
    }

    /// There is no sample at this minute.
    pub(crate) fn is_silent_at(&mut self, minute: usize, expression: String) {
        self.checks.push(json!({
            "expr": format!("count({expression})"),
            "eval_time": format!("{minute}m"),
            "exp_samples": [],
        }));
    }

    /// Of what these labels select, no rule says anything but these.
    pub(crate) fn only(&mut self, labels: &[Label<'_>], rules: &[&str]) {
        self.only_of("", labels, rules);
    }

    /// The same, of rules over one length of time.
    pub(crate) fn only_of(&mut self, span: &str, labels: &[Label<'_>], rules: &[&str]) {
        for rule in self.recorded().into_iter().filter(|rule| rule.ends_with(span)) {
            let expression = selector(&rule, labels);
            if rules.contains(&rule.as_str()) {
                self.holds_at(self.end, format!("min(count({expression}) >= bool 1)"), 1.0);
            } else {
                self.is_silent_at(self.end, expression);
            }
        }
    }

    /// All names that rules record.
    pub(crate) fn recorded(&self) -> BTreeSet<String> {
        names(&self.file.text)
    }

    /// Has promtool check the rules and carry out the story.
    ///
    /// # Panics
    ///
    /// If anything is otherwise than expected, if a rule says what is no number, or if one has no expectation.
    #[track_caller]
    pub(crate) fn holds(mut self) {
        let missing: Vec<String> = self.recorded().difference(&self.expected).cloned().collect();
        assert!(
            missing.is_empty(),
            "rules of {} without an expectation: {missing:#?}",
            self.file.path
        );
        self.is_carried_out();
    }

    /// The same, of some of the rules.
    #[track_caller]
    pub(crate) fn is_carried_out(&mut self) {
        for rule in self.recorded() {
            // What is no number is not what it is.
            self.is_silent_at(self.end, format!("{rule} != {rule}"));
        }
        let series: Vec<Value> = self
            .series
            .iter()
            .map(|(series, values)| json!({"series": series, "values": values}))
            .collect();
        check(std::slice::from_ref(&self.file), |rules| {
            json!({
                "rule_files": rules,
                "evaluation_interval": format!("{}m", self.every),
                "group_eval_order": groups(&self.file.text),
                "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": self.checks}],
            })
        });
    }
}

/// Has promtool check files of rules, and carry out a test of them.
#[track_caller]
pub(crate) fn check(files: &[File], test: impl FnOnce(&[String]) -> Value) {
    let names: Vec<String> = files.iter().map(|file| file.path.replace('/', "-")).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(files).map(|(name, file)| (&**name, &*file.text)).collect();
    let told = promtool::check(&files).and_then(|()| promtool::test(&files, test));
    told.unwrap_or_else(|said| panic!("{said}"));
}

/// The names that a file of rules records.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("- record: "));
    lines.map(str::to_owned).collect()
}

fn groups(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("  - name: ")).collect()
}

fn selector(name: &str, labels: &[Label<'_>]) -> String {
    let labels: Vec<String> =
        labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}
