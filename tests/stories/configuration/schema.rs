//! The JSON Schema of the configuration in `docs/` against the filter's reader: whoever trusts one can trust the other.
//! Each setting is tried by what its table says of it, so a new one needs nothing here.

use std::{fs, path::Path};

use driftline_monitor::config::{
    Config, SECTION,
    table::{Absent, Condition, Row, Section, Shape, TextShape},
};
use driftline_support::uniform_profile;
use driftline_testbed::pieces;
use serde_json::{Map, Value, json};

use crate::schema::{judged, of_profiles};

/// The schema of configurations, with that of profiles within it, where its references find it.
fn of_configurations() -> Value {
    let text = include_str!("../../../docs/configuration.schema.json");
    let mut schema: Value = serde_json::from_str(text).unwrap();
    schema["$defs"] = json!({"profile": of_profiles()});
    schema
}

/// Configurations that the reader and the schema must judge alike.
#[derive(Default)]
struct Cases {
    configs: Vec<Value>,
    /// What each one is, and whether it is good.
    expected: Vec<(String, bool)>,
}

impl Cases {
    fn accept(&mut self, config: Value, what: impl Into<String>) {
        self.configs.push(config);
        self.expected.push((what.into(), true));
    }

    fn refuse(&mut self, config: Value, what: impl Into<String>) {
        self.configs.push(config);
        self.expected.push((what.into(), false));
    }

    #[track_caller]
    fn check(&self, least: usize) {
        assert!(least < self.configs.len(), "{} cases", self.configs.len());
        let by_schema = judged(&of_configurations(), &self.configs);
        let mut wrong = String::new();
        for ((config, problems), (what, is_good)) in
            self.configs.iter().zip(by_schema).zip(&self.expected)
        {
            let read = Config::from_json(config.to_string().as_bytes());
            if read.is_ok() != *is_good {
                wrong += &format!("the reader of {what}: {:?}\n", read.err());
            }
            if problems.is_empty() != *is_good {
                wrong += &format!("the schema of {what}: {problems:?}\n");
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}

/// A section with the least configuration that has it: `place` is where it stands there.
struct Least {
    section: &'static Section,
    config: Value,
    place: String,
}

impl Least {
    /// Every object of the configuration.
    fn all() -> Vec<Least> {
        let mut all =
            vec![Least { section: SECTION, config: least(SECTION), place: String::new() }];
        let mut next = 0;
        while let Some(Least { section, config, place }) = all.get(next) {
            let inner: Vec<Least> = section
                .all_rows()
                .filter_map(|row| {
                    let shape = (row.shape)();
                    let section = shape.section()?;
                    let is_list = matches!(shape, Shape::List { .. });
                    let value = if is_list { json!([least(section)]) } else { least(section) };
                    let mut config = config.clone();
                    set(&mut config, place, row.field, value);
                    let element = if is_list { "/0" } else { "" };
                    let place = format!("{place}/{}{element}", row.field);
                    if let (true, Some(model)) =
                        (place.starts_with("/models"), config.pointer_mut("/models/0"))
                    {
                        // Of these there is more to say.
                        model["type"] = json!("predictive");
                    }
                    Some(Least { section, config, place })
                })
                .collect();
            all.extend(inner);
            next += 1;
        }
        all
    }

    /// The configuration with this field of the section, and with those that it needs.
    fn with(&self, row: &Row, value: Value) -> Value {
        let mut config = self.config.clone();
        if matches!((row.shape)(), Shape::Profile) {
            set(&mut config, &self.place, "name", json!("m"));
        }
        let conditions = || self.section.all_conditions();
        let needed = conditions().filter_map(|condition| match condition {
            Condition::Needs(name, other) if *name == row.field => Some(*other),
            _ => None,
        });
        let needed: Vec<&str> = needed.collect();
        for condition in conditions() {
            // What the least object has may be what it must not have beside these.
            if let Condition::AtMostOne(names) = condition
                && names.iter().any(|name| *name == row.field || needed.contains(name))
            {
                let object = config.pointer_mut(&self.place).unwrap().as_object_mut().unwrap();
                object.retain(|name, _| !names.contains(&name.as_str()));
            }
        }
        for other in needed {
            set(&mut config, &self.place, other, example(row_of(self.section, other)));
        }
        set(&mut config, &self.place, row.field, value);
        config
    }

    fn named(&self, row: &Row) -> String {
        format!("{}/{}", self.place, row.field)
    }
}

/// The least object of this section: with what must be there.
fn least(section: &Section) -> Value {
    let mut object = Map::new();
    for row in section.all_rows().filter(|row| matches!(row.absent, Absent::Refused)) {
        object.insert(row.field.into(), example(row));
    }
    for condition in section.all_conditions() {
        if let Condition::AtLeastOne(names) = condition {
            object.insert(names[0].into(), example(row_of(section, names[0])));
        }
    }
    object.into()
}

fn row_of(section: &Section, field: &str) -> &'static Row {
    section.all_rows().find(|row| row.field == field).unwrap_or_else(|| panic!("no {field}"))
}

fn set(config: &mut Value, place: &str, field: &str, value: Value) {
    let object = config.pointer_mut(place).unwrap_or_else(|| panic!("nothing at {place}"));
    object[field] = value;
}

fn example(row: &Row) -> Value {
    match (row.shape)() {
        Shape::Profile => uniform_profile::profile(1, 3),
        _ => serde_json::from_str(row.example)
            .unwrap_or_else(|error| panic!("{}: {error}", row.field)),
    }
}

/// Values at the limits of what is allowed.
fn limits(shape: &Shape) -> Vec<Value> {
    match shape {
        Shape::Whole(range) => vec![json!(range.start()), json!(*range.end() as f64)],
        Shape::Number(range) => vec![json!(range.start()), json!(range.end())],
        Shape::Flag => vec![json!(true), json!(false)],
        Shape::Word(words) => words.iter().map(|word| json!(word)).collect(),
        Shape::Text(_) | Shape::Object(_) | Shape::Profile => Vec::new(),
        Shape::WordOrList { words, of, .. } => {
            let list = json!(limits(of));
            words.iter().map(|word| json!(word)).chain([list]).collect()
        }
        Shape::List { of, .. } => match &**of {
            Shape::Word(words) => vec![json!([]), json!(words)],
            _ => Vec::new(),
        },
    }
}

/// Values just beyond what is allowed, and of other types.
fn beyond(shape: &Shape) -> Vec<Value> {
    let mut values = vec![Value::Null];
    match shape {
        Shape::Whole(range) => {
            let least = *range.start() as f64;
            values.extend([json!(least - 1.0), json!(least + 0.5), json!("1"), json!(true)]);
            values.push(json!(*range.end() as f64 + 1.0));
        }
        Shape::Number(range) => {
            let beside = |limit: &f64| limit.abs().max(1e-6) * 0.001;
            let (start, end) = (range.start(), range.end());
            values.extend([json!(start - beside(start)), json!(end + beside(end)), json!("0.1")]);
        }
        Shape::Flag => values.extend([json!("true"), json!(1)]),
        Shape::Word(_) => values.extend([json!("nonsense"), json!(7), json!([])]),
        Shape::WordOrList { of, .. } => {
            values.extend([json!("nonsense"), json!(7), json!([])]);
            values.extend(beyond(of).into_iter().map(|element| json!([element])));
        }
        Shape::Text(form) => {
            values.push(json!(7));
            values.extend(bad_texts(*form).into_iter().map(Value::from));
        }
        Shape::Object(_) | Shape::Profile => {
            values.extend([json!(7), json!([]), json!({"nonsense": 1})]);
        }
        Shape::List { lengths, of, is_unique } => {
            values.extend([json!({}), json!("gzip")]);
            if 0 < *lengths.start() {
                values.push(json!([]));
            }
            values.extend(beyond(of).into_iter().map(|element| json!([element])));
            let element = match &**of {
                Shape::Object(section) => least(section),
                Shape::Word(words) => json!(words[0]),
                _ => json!("a"),
            };
            values.push(vec![element.clone(); lengths.end() + 1].into());
            if *is_unique {
                values.push(json!([element, element]));
            }
        }
    }
    values
}

fn bad_texts(form: TextShape) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let names = [texts(&["", "a\nb", "a;.b", "a=.=b"]), vec!["x".repeat(129)]].concat();
    match form {
        TextShape::Name | TextShape::Pattern => names,
        TextShape::Label => [names, texts(&["a."])].concat(),
        TextShape::ModelName => [names, texts(&["a.", "other"])].concat(),
        TextShape::Any => Vec::new(),
        TextShape::Secret => texts(&[""]),
        TextShape::Moment => texts(&["yesterday", "2026-11-25", "1969-12-31T23:59:59Z"]),
        TextShape::UrlPattern => [names, texts(&["ask", " /ask"])].concat(),
        TextShape::JsonPath => texts(&["", ".", "a.", ".a", "a..b", "a[", "a[0]", "a[]b", "a.[]"]),
        TextShape::HeaderName => texts(&["", "a b", "x-é", "a:"]),
    }
}

#[test]
fn each_setting_has_an_example_and_limits_that_both_take() {
    let mut cases = Cases::default();
    for least in Least::all() {
        cases.accept(least.config.clone(), format!("the least {}", least.place));
        for row in least.section.all_rows() {
            let values = [example(row)].into_iter().chain(limits(&(row.shape)()));
            for value in values {
                let what = format!("{} = {value}", least.named(row));
                cases.accept(least.with(row, value), what);
            }
        }
    }
    cases.check(100);
}

#[test]
fn what_no_setting_may_be_neither_takes() {
    let mut cases = Cases::default();
    for least in Least::all() {
        for row in least.section.all_rows() {
            for value in beyond(&(row.shape)()) {
                let what = format!("{} = {value}", least.named(row));
                cases.refuse(least.with(row, value), what);
            }
            if matches!(row.absent, Absent::Refused) {
                let mut config = least.config.clone();
                let object = config.pointer_mut(&least.place).unwrap().as_object_mut().unwrap();
                object.remove(row.field);
                cases.refuse(config, format!("a missing {}", least.named(row)));
            }
        }
        let mut config = least.config.clone();
        set(&mut config, &least.place, "nonsense", json!(1));
        cases.refuse(config, format!("an unknown field of {}", least.place));
    }
    cases.check(200);
}

#[test]
fn what_fields_must_have_in_common_both_ask() {
    let mut cases = Cases::default();
    for least in Least::all() {
        let (section, place) = (least.section, &least.place);
        for condition in section.all_conditions() {
            let mut config = least.config.clone();
            match condition {
                Condition::AtLeastOne(names) => {
                    let object = config.pointer_mut(place).unwrap().as_object_mut().unwrap();
                    object.retain(|name, _| !names.contains(&name.as_str()));
                }
                Condition::AtMostOne(names) => {
                    for name in &names[..2] {
                        set(&mut config, place, name, example(row_of(section, name)));
                    }
                }
                Condition::Needs(name, _) => {
                    set(&mut config, place, name, example(row_of(section, name)));
                }
            }
            cases.refuse(config, format!("{place}: {condition:?} broken"));
        }
    }
    cases.check(2);
}

/// Whole configurations in a text: each object in it that begins with its models, or with another setting.
fn configs(text: &str) -> Vec<Value> {
    let starts = text.match_indices('{').map(|(at, _)| at);
    let objects = starts.filter_map(|at| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        values.next()?.ok()
    });
    objects.filter(|value| value.get("models").is_some()).collect()
}

#[test]
fn whatever_the_reader_takes_of_what_is_written_anywhere_the_schema_takes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read =
        |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let pages =
        ["README.md", "docs/configuration.md", "docs/profile.md", "tests/stories/phrases.rs"];
    let mut found: Vec<Value> = pages
        .iter()
        .flat_map(|page| configs(&String::from_utf8(read(&root.join(page))).unwrap()))
        .collect();
    assert!(4 < found.len(), "{found:?}");
    let fuzzed = fs::read_dir(root.join("fuzz/corpus/config")).unwrap();
    found.extend(fuzzed.filter_map(|it| serde_json::from_slice(&read(&it.unwrap().path())).ok()));
    let mut cases = Cases::default();
    for config in found {
        if Config::from_json(config.to_string().as_bytes()).is_ok() {
            cases.accept(config, "something that is written somewhere");
        }
    }
    cases.check(4);
}

#[test]
fn the_filter_knows_the_fields_and_carries_none_of_their_sentences() {
    let module = fs::read(pieces::filter().unwrap()).unwrap();
    let has = |text: &str| module.windows(text.len()).any(|window| window == text.as_bytes());
    for Least { section, .. } in Least::all() {
        for row in section.all_rows() {
            assert!(has(row.field), "{} is read", row.field);
            let sentence: String = row.about.trim().chars().take(30).collect();
            assert!(!has(&sentence), "{sentence}");
        }
    }
}
