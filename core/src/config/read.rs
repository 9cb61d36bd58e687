//! Reads the configuration out of parsed JSON; the profiles within read themselves.

use alloc::{string::String, vec::Vec};

use super::{
    Config, EVENT_BYTES_MAX, EVENT_BYTES_MAX_DEFAULT, MODELS_MAX, Model, OTHER_MODEL, SERIES_MAX,
    TICK_MILLISECONDS, TICK_MILLISECONDS_DEFAULT, WINDOW_SECONDS, WINDOW_SECONDS_DEFAULT,
};
use crate::{
    document::{Node, Problems},
    encoding::{Coding, Codings},
    model::MonitoredColumn,
    profile::Profile,
};

const FIELDS: [&str; 6] = [
    "models",
    "window_seconds",
    "tick_milliseconds",
    "event_bytes_max",
    "decode",
    "remove_accept_encoding",
];
const MODEL_FIELDS: [&str; 2] = ["name", "profile"];
const MILLISECONDS_PER_SECOND: u64 = 1000;

pub(super) fn config(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Config> {
    let fields = node.object(&FIELDS, problems)?;
    let mut seen = Vec::new();
    let models = fields.required("models", problems).and_then(|list| {
        list.array(1..=MODELS_MAX, problems, |node, problems| model(&node, &mut seen, problems))
    });
    let series = models.as_deref().map_or(0, series);
    if SERIES_MAX < series {
        problems.add(
            &fields.path().field("models"),
            format_args!(
                "found profiles that make {series} series, expected at most {SERIES_MAX}: two for each bin and {} for each \
                 feature and prediction",
                MonitoredColumn::series(0)
            ),
        );
    }
    let mut whole = |name: &str, allowed, default| match fields.optional(name) {
        Some(node) => node.whole(allowed, problems),
        None => Some(default),
    };
    let window_seconds = whole("window_seconds", WINDOW_SECONDS, WINDOW_SECONDS_DEFAULT);
    let window_milliseconds =
        window_seconds.map(|seconds| seconds.saturating_mul(MILLISECONDS_PER_SECOND));
    // Whoever only shortens the window gets a tick that fits.
    let tick_default = window_milliseconds.unwrap_or(u64::MAX).min(TICK_MILLISECONDS_DEFAULT);
    let tick_milliseconds = whole("tick_milliseconds", TICK_MILLISECONDS, tick_default);
    let event_bytes_max = whole("event_bytes_max", EVENT_BYTES_MAX, EVENT_BYTES_MAX_DEFAULT);
    let decode = match fields.optional("decode") {
        Some(node) => codings(&node, problems),
        None => Some(Codings::ALL),
    };
    let remove_accept_encoding = match fields.optional("remove_accept_encoding") {
        Some(node) => node.boolean(problems),
        None => Some(false),
    };
    if let (Some(window), Some(tick)) = (window_milliseconds, tick_milliseconds)
        && window < tick
    {
        problems.add(
            &fields.path().field("tick_milliseconds"),
            format_args!("found {tick}, expected at most {window}, the length of the window"),
        );
    }
    Some(Config {
        models: models?,
        window_seconds: window_seconds?,
        tick_milliseconds: tick_milliseconds?,
        event_bytes_max: event_bytes_max?,
        decode: decode?,
        remove_accept_encoding: remove_accept_encoding?,
    })
}

fn codings(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Codings> {
    let words = Coding::ALL.map(|coding| (coding.name(), coding));
    let codings =
        node.array(0..=words.len(), problems, |node, problems| node.word(&words, problems));
    codings.map(Codings::from_iter)
}

/// How many series the profiles make.
fn series(models: &[Model]) -> usize {
    models
        .iter()
        .filter_map(|model| model.profile.as_ref())
        .flat_map(|profile| {
            profile.features.iter().map(|feature| &feature.column).chain(&profile.prediction)
        })
        .fold(0, |sum, column| sum.saturating_add(MonitoredColumn::series(column.bins.count())))
}

fn model(node: &Node<'_, '_>, seen: &mut Vec<String>, problems: &mut Problems) -> Option<Model> {
    let fields = node.object(&MODEL_FIELDS, problems)?;
    let name_node = fields.required("name", problems);
    let name = name_node.and_then(|node| node.new_label(seen, problems));
    if let Some(node) = name_node.filter(|_| name.as_deref() == Some(OTHER_MODEL)) {
        node.refuse(
            format_args!("another name: models that are not listed are counted under this one"),
            problems,
        );
    }
    let profile = match fields.optional("profile") {
        Some(node) => Some(Profile::from_node(&node, problems)?),
        None => None,
    };
    if let (Some(name), Some(profile)) = (&name, &profile)
        && profile.model != *name
    {
        let path = fields.path().field("profile");
        problems.add(
            &path.field("model"),
            format_args!(
                "found the profile of \"{}\", expected that of \"{name}\", the name of this entry",
                profile.model
            ),
        );
    }
    Some(Model { name: name?, profile })
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;
    use crate::catalogue::Label;

    #[track_caller]
    fn refuses(json: &str, message: &str) {
        let error = Config::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("configuration refused: {message}"));
    }

    #[track_caller]
    fn accepts(json: &str) -> Config {
        Config::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A model with a profile of one feature, called `model` within.
    fn with_profile(name: &str, model: &str, version: u64) -> String {
        format!(
            r#"{{"name": "{name}", "profile": {{
                "format": "driftline-profile", "version": {version}, "model": "{model}", "rows": 5,
                "features": [{{
                    "name": "dew point", "type": "number", "required": true, "nulls": 0, "mean": 0.5,
                    "standard_deviation": 1, "minimum": -1, "maximum": 2,
                    "bins": {{"kind": "quantile", "edges": [0.0], "counts": [2, 3], "means": [-0.5, 1]}},
                    "tail_excess": {{"low": 0.5, "high": 1}}
                }}],
                "prediction": null
            }}}}"#
        )
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = accepts(r#"{"models": [{"name": "demo-llm"}]}"#);
        assert_eq!(
            config,
            Config {
                models: [Model { name: "demo-llm".into(), profile: None }].into(),
                window_seconds: 3600,
                tick_milliseconds: 5000,
                event_bytes_max: 65_536,
                decode: Codings::ALL,
                remove_accept_encoding: false,
            }
        );
    }

    #[test]
    fn what_is_written_counts() {
        let config = accepts(&format!(
            r#"{{"models": [{{"name": "demo-llm"}}, {}], "window_seconds": 10.0,
                "tick_milliseconds": 1e4, "event_bytes_max": 1024}}"#,
            with_profile("rain", "rain", 1)
        ));
        assert_eq!(config.window_seconds, 10);
        assert_eq!(config.tick_milliseconds, 10_000);
        assert_eq!(config.event_bytes_max, 1024);
        let (index, rain) = config.model("rain").unwrap();
        assert_eq!((index, rain.profile.as_ref().unwrap().rows), (1, 5));
        assert_eq!(config.model("snow"), None);
    }

    #[test]
    fn codings_are_switched_on_one_by_one() {
        let config = accepts(
            r#"{"models": [{"name": "m"}], "decode": ["gzip", "br"], "remove_accept_encoding": true}"#,
        );
        assert_eq!(config.decode, Codings::from_iter([Coding::Gzip, Coding::Brotli]));
        assert!(config.remove_accept_encoding);
        let none = accepts(r#"{"models": [{"name": "m"}], "decode": []}"#);
        assert_eq!(none.decode, Codings::default());
        refuses(
            r#"{"models": [{"name": "m"}], "decode": ["brotli"], "remove_accept_encoding": "yes"}"#,
            "2 problems: decode[0]: found \"brotli\", expected one of `gzip`, `deflate`, `br`, `zstd`; \
             remove_accept_encoding: found \"yes\", expected true or false",
        );
    }

    /// `models` models, each with a profile of one feature that has two bins, and with as many more as `features` says.
    fn with_features(models: usize, features: usize) -> String {
        let models: Vec<String> = (0..models)
            .map(|model| {
                let name = format!("m{model}");
                let text = with_profile(&name, &name, 1);
                let (start, end) = (text.find("[{").unwrap() + 1, text.find("}],").unwrap() + 1);
                let more: String = (0..features)
                    .map(|feature| {
                        text[start..end].replace("dew point", &format!("f{feature}")) + ","
                    })
                    .collect();
                format!("{}{more}{}", &text[..start], &text[start..])
            })
            .collect();
        format!(r#"{{"models": [{}]}}"#, models.join(","))
    }

    #[test]
    fn series_are_counted_as_they_will_be_made() {
        let bare = accepts(r#"{"models": [{"name": "m0"}, {"name": "m1"}]}"#);
        let config = accepts(&with_features(2, 1));
        assert_eq!(series(&bare.models), 0);
        assert_eq!(series(&config.models), 4 * 11);
        let columns = crate::monitor::Monitor::new(&config)
            .series()
            .iter()
            .filter(|series| series.labels.iter().any(|(label, _)| *label == Label::Role))
            .count();
        assert_eq!(columns, 4 * 11);
    }

    #[test]
    fn more_series_than_fit_into_memory_are_refused() {
        accepts(&with_features(25, 199));
        refuses(
            &with_features(28, 199),
            "models: found profiles that make 61600 series, expected at most 60000: two for each bin and 7 for each \
             feature and prediction",
        );
    }

    #[test]
    fn a_short_window_shortens_the_tick_unless_one_is_written() {
        let config = accepts(r#"{"models": [{"name": "m"}], "window_seconds": 2}"#);
        assert_eq!(config.tick_milliseconds, 2000);
        refuses(
            r#"{"models": [{"name": "m"}], "window_seconds": 2, "tick_milliseconds": 2001}"#,
            "tick_milliseconds: found 2001, expected at most 2000, the length of the window",
        );
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_place() {
        refuses(
            r#"{"models": [{"name": "m", "profil": {}}]}"#,
            "models[0]: unknown field \"profil\", allowed are `name`, `profile`",
        );
        refuses(
            r#"{"modles": []}"#,
            "2 problems: unknown field \"modles\", allowed are `models`, `window_seconds`, \
             `tick_milliseconds`, `event_bytes_max`, `decode`, `remove_accept_encoding`; the field `models` is missing",
        );
    }

    #[test]
    fn null_is_not_a_way_to_say_nothing() {
        refuses(
            r#"{"models": [{"name": "m", "profile": null}], "window_seconds": null}"#,
            "2 problems: models[0].profile: found null, expected an object; \
             window_seconds: found null, expected a whole number from 1 to 604800",
        );
    }

    #[test]
    fn text_that_is_not_json_has_a_line_and_a_column() {
        refuses("", "not valid JSON: EOF while parsing a value at line 1 column 0");
        refuses("models:\n- name: m", "not valid JSON: expected value at line 1 column 1");
    }

    #[test]
    fn names_are_unique_labels_and_not_reserved() {
        refuses(
            r#"{"models": [{"name": "a"}, {"name": "other"}, {"name": "a"}, {"name": "x\n"}]}"#,
            "3 problems: models[1].name: found \"other\", expected another name: models that are \
             not listed are counted under this one; \
             models[2].name: found \"a\" again, expected unique names; \
             models[3].name: found \"x\u{fffd}\", a name must not contain control characters",
        );
    }

    #[test]
    fn the_number_of_models_is_bounded() {
        refuses(r#"{"models": []}"#, "models: found 0 elements, expected 1 to 64");
        let many: String = (0..65).map(|index| format!(r#"{{"name": "m{index}"}},"#)).collect();
        refuses(
            &format!(r#"{{"models": [{}]}}"#, many.trim_end_matches(',')),
            "models: found 65 elements, expected 1 to 64",
        );
    }

    #[test]
    fn a_profile_of_another_version_is_refused_with_its_path() {
        refuses(
            &format!(r#"{{"models": [{{"name": "m"}}, {}]}}"#, with_profile("rain", "rain", 7)),
            "models[1].profile.version: found 7, expected 1, the only version that this build of \
             Driftline reads",
        );
    }

    #[test]
    fn a_profile_belongs_to_its_entry() {
        refuses(
            &format!(r#"{{"models": [{}]}}"#, with_profile("rain", "snow", 1)),
            "models[0].profile.model: found the profile of \"snow\", expected that of \"rain\", \
             the name of this entry",
        );
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let profile = with_profile("rain", "rain", 1).replace("[2, 3]", "[2, \"x\"]");
        refuses(
            &format!(
                r#"{{"models": [{{"name": 7}}, {profile}, "m"], "window_seconds": 0,
                    "tick_milliseconds": "fast", "event_bytes_max": 9e9, "debug": true}}"#
            ),
            "7 problems: unknown field \"debug\", allowed are `models`, `window_seconds`, \
             `tick_milliseconds`, `event_bytes_max`, `decode`, `remove_accept_encoding`; \
             models[0].name: found 7, expected text; \
             models[1].profile.features[0].bins.counts[1]: found \"x\", expected a whole number \
             from 0 to 9007199254740991; \
             models[2]: found \"m\", expected an object with the fields `name`, `profile`; \
             window_seconds: found 0, expected a whole number from 1 to 604800; \
             tick_milliseconds: found \"fast\", expected a whole number from 100 to 60000; \
             event_bytes_max: found 9000000000.0, expected a whole number from 1024 to 1048576",
        );
    }

    #[test]
    fn a_configuration_that_is_too_long_is_not_parsed() {
        let long = " ".repeat(super::super::CONFIG_BYTES_MAX + 1);
        refuses(&long, "found 4194305 bytes, expected at most 4194304");
    }

    #[test]
    fn whatever_the_bytes_are_a_refusal_has_a_reason() {
        let good = format!(
            r#"{{"models":[{{"name":"m"}},{}],"window_seconds":60}}"#,
            with_profile("rain", "rain", 1)
        );
        let good = good.as_bytes();
        let mut refused = 0;
        for position in 0..good.len() {
            let mut inputs = [good[..position].to_vec(), good.to_vec(), good.to_vec()];
            inputs[1].remove(position);
            for other in *b"\"0-9e{[]},:.nt\xff" {
                inputs[2][position] = other;
                for input in &inputs {
                    if let Err(error) = Config::from_json(input) {
                        assert_ne!(error.problems().count(), 0, "{}", input.escape_ascii());
                        refused += 1;
                    }
                }
            }
        }
        assert!(good.len() < refused);
    }

    #[test]
    fn hundreds_of_problems_stay_readable() {
        let bad = r#"{"name": 0}"#;
        let models = [bad; 64].join(",");
        let error =
            Config::from_json(format!(r#"{{"models": [{models}]}}"#).as_bytes()).unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with("configuration refused: 64 problems: models[0].name"), "{shown}");
        assert!(shown.ends_with("; and 14 more"), "{shown}");
    }
}
