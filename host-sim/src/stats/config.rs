//! The `stats_config` of an Envoy bootstrap, as far as it shapes what Prometheus sees; other fields are refused.

use regex::Regex;
use serde::Deserialize;

/// Tags and buckets, checked and compiled.
#[derive(Clone, Debug, Default)]
pub struct StatsConfig {
    pub(super) tags: Vec<Tag>,
    pub(super) buckets: Vec<Buckets>,
}

#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) regex: Regex,
}

/// Bounds for the histograms whose full name, `wasmcustom.` included, matches.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    pub(super) matcher: Matcher,
    pub(super) bounds: Vec<f64>,
}

#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Prefix(String),
    Exact(String),
    Whole(Regex),
}

/// Everything that is wrong with a stats configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatsConfigError {
    problems: Vec<String>,
}

impl std::fmt::Display for StatsConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stats configuration refused: {}", self.problems.join("; "))
    }
}

impl std::error::Error for StatsConfigError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stats_config: Section,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    stats_tags: Vec<TagEntry>,
    histogram_bucket_settings: Vec<BucketEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagEntry {
    tag_name: String,
    regex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketEntry {
    r#match: MatchEntry,
    buckets: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum MatchEntry {
    Prefix(String),
    Exact(String),
    SafeRegex(RegexEntry),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegexEntry {
    regex: String,
}

impl StatsConfig {
    /// Reads YAML with one top-level key, `stats_config`, as in an Envoy bootstrap.
    ///
    /// # Errors
    /// YAML that cannot be read, an unknown field, a regex without a capture
    /// group or one that does not compile, and buckets that do not ascend;
    /// all of the latter at once.
    pub fn from_yaml(yaml: &str) -> Result<StatsConfig, StatsConfigError> {
        let file: File = serde_saphyr::from_str(yaml)
            .map_err(|error| StatsConfigError { problems: vec![error.to_string()] })?;
        let mut problems = Vec::new();
        let mut config = StatsConfig::default();
        for (index, entry) in file.stats_config.stats_tags.into_iter().enumerate() {
            match entry.compile() {
                Ok(tag) => config.tags.push(tag),
                Err(problem) => problems.push(format!("stats_tags[{index}]: {problem}")),
            }
        }
        let settings = file.stats_config.histogram_bucket_settings;
        for (index, entry) in settings.into_iter().enumerate() {
            match entry.compile() {
                Ok(buckets) => config.buckets.push(buckets),
                Err(problem) => {
                    problems.push(format!("histogram_bucket_settings[{index}]: {problem}"));
                }
            }
        }
        if problems.is_empty() { Ok(config) } else { Err(StatsConfigError { problems }) }
    }
}

impl TagEntry {
    fn compile(self) -> Result<Tag, String> {
        if self.tag_name.is_empty() {
            return Err("tag_name is empty".into());
        }
        let regex = compile(&self.regex)?;
        if regex.captures_len() < 2 {
            return Err(format!("regex `{}` has no capture group to cut out", self.regex));
        }
        Ok(Tag { name: self.tag_name, regex })
    }
}

impl BucketEntry {
    fn compile(self) -> Result<Buckets, String> {
        if self.buckets.is_empty() {
            return Err("buckets is empty".into());
        }
        if !self.buckets.is_sorted_by(|a, b| a < b) || self.buckets[0] <= 0.0 {
            return Err("buckets must be positive and ascend, each value once".into());
        }
        let matcher = match self.r#match {
            MatchEntry::Prefix(prefix) => Matcher::Prefix(prefix),
            MatchEntry::Exact(name) => Matcher::Exact(name),
            // Envoy's `safe_regex` matches the whole name.
            MatchEntry::SafeRegex(entry) => {
                Matcher::Whole(compile(&format!("^(?:{})$", entry.regex))?)
            }
        };
        Ok(Buckets { matcher, bounds: self.buckets })
    }
}

impl Matcher {
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Matcher::Prefix(prefix) => name.starts_with(prefix),
            Matcher::Exact(exact) => name == exact,
            Matcher::Whole(regex) => regex.is_match(name),
        }
    }
}

fn compile(regex: &str) -> Result<Regex, String> {
    Regex::new(regex).map_err(|error| format!("regex does not compile: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(yaml: &str, parts: &[&str]) {
        let message = StatsConfig::from_yaml(yaml).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "`{part}` is missing in: {message}");
        }
    }

    #[test]
    fn an_unknown_field_is_named() {
        refuses("stats_config: {stats_tag: []}", &["unknown field `stats_tag`", "stats_tags"]);
        refuses("stats_config: {}\nadmin: {}", &["unknown field `admin`"]);
        refuses(
            "stats_config: {histogram_bucket_settings: [{match: {suffix: a}, buckets: [1]}]}",
            &["suffix", "safe_regex"],
        );
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        refuses(
            "stats_config:\n  stats_tags: [{tag_name: a, regex: b}, {tag_name: c, regex: '('}]\n  \
             histogram_bucket_settings: [{match: {prefix: x}, buckets: [2, 1]}]",
            &["stats_tags[0]: regex `b` has no", "stats_tags[1]: regex does not", "settings[0]: b"],
        );
    }

    #[test]
    fn a_bucket_setting_matches_by_prefix_by_name_or_by_the_whole_regex() {
        let yaml = "stats_config: {histogram_bucket_settings: [\
            {match: {prefix: wasmcustom.a}, buckets: [1]},\
            {match: {exact: wasmcustom.b}, buckets: [2]},\
            {match: {safe_regex: {regex: '.*c'}}, buckets: [3]}]}";
        let config = StatsConfig::from_yaml(yaml).unwrap();
        let first = |name: &str| {
            let hit = config.buckets.iter().find(|buckets| buckets.matcher.matches(name));
            hit.map(|buckets| buckets.bounds[0])
        };
        for (name, bound) in [
            ("wasmcustom.axx", Some(1.0)),
            ("wasmcustom.b", Some(2.0)),
            ("wasmcustom.bb", None),
            ("wasmcustom.zc", Some(3.0)),
            ("wasmcustom.zcd", None),
        ] {
            assert_eq!(first(name), bound, "{name}");
        }
    }
}
