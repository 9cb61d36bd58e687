//! What the reader of profiles takes and refuses, and in which words; it writes no profile but to read it back.

use alloc::{format, string::ToString, vec};

use serde_json::{Value, json};

use super::*;
use crate::{
    bins::{BINS_MAX, Bins},
    profile::Kind,
    time::hour::HourOfDay,
    value::Precision,
};

pub(super) fn rain() -> Value {
    let column = json!({
        "type": "number", "schema": {"required": false, "minimum": -2, "maximum": null}, "nulls": 2,
        "mean": 0.25, "standard_deviation": 1.0, "minimum": -2, "maximum": 2.5,
        "bins": {"kind": "quantile", "edges": [-1, 0.1], "counts": [3, 0, 5], "means": [-1.5, null, 1.25]},
        "tail_excess": {"low": 0.5, "high": 1.0},
        "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 12.8}
    });
    let mut first = column.clone();
    first["name"] = json!("dew point");
    let mut second = first.clone();
    second["name"] = json!("cloudy");
    second["type"] = json!("boolean");
    second["bins"] =
        json!({"kind": "values", "values": [0, 1], "counts": [3, 5, 0], "means": [0, 1, null]});
    let third = json!({
        "name": "wind", "type": "category", "nulls": 1,
        "schema": {"required": false, "categories": ["E", "N", "SE"]},
        "bins": {"kind": "categories", "categories": ["N", "E"], "counts": [5, 3, 1]},
        "chi_square": {"five_percent": 5.99, "one_percent": 9.21, "family": 9.21}
    });
    json!({
        "format": FORMAT, "format_version": 2, "model": "rain", "version": "3",
        "created_at": "2026-11-25T12:00:00Z", "rows": 10,
        "features": [first, second, third], "prediction": column
    })
}

/// Sets the value at a JSON pointer of the good profile, and compares what is said about it.
#[track_caller]
fn refuses(pointer: &str, value: Value, message: &str) {
    let mut json = rain();
    *json.pointer_mut(pointer).unwrap() = value;
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.problems().to_string(), message);
}

#[test]
fn what_is_written_is_read_back_unchanged() {
    let profile = Profile::from_json(rain().to_string().as_bytes()).unwrap();
    assert_eq!(profile.features[0].column.bins, Bins::Quantile { edges: [-1.0, 0.1].into() });
    assert_eq!(profile.features[1].column.kind, Kind::Boolean);
    assert_eq!(
        profile.prediction.as_ref().unwrap().numbers.as_ref().unwrap().means,
        [Some(-1.5), None, Some(1.25)]
    );
    assert_eq!(profile.features[2].column.numbers, None);
    let written = serde_json::to_string(&profile).unwrap();
    assert_eq!(Profile::from_json(written.as_bytes()), Ok(profile));
}

#[test]
fn numbers_that_became_doubles_on_their_way_through_envoy_are_the_same_profile() {
    let as_doubles = rain().to_string().replace("\"rows\":10", "\"rows\":10.0");
    assert_eq!(
        Profile::from_json(as_doubles.as_bytes()),
        Profile::from_json(rain().to_string().as_bytes())
    );
}

#[test]
fn a_field_that_is_given_twice_is_refused_wherever_it_stands() {
    for (field, message) in [
        (r#""rows":10"#, "rows: given twice, as 10 and as 10"),
        (
            r#""kind":"categories""#,
            r#"features[2].bins.kind: given twice, as "categories" and as "categories""#,
        ),
    ] {
        let twice = rain().to_string().replace(field, &[field, field].join(","));
        let error = Profile::from_json(twice.as_bytes()).unwrap_err();
        assert_eq!(error.problems().to_string(), message);
    }
}

#[test]
fn another_format_or_version_is_refused_alone() {
    let mut json = rain();
    json["format_version"] = json!(7);
    json["rows"] = json!("many");
    json["kinds"] = json!({});
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "profile refused: format_version: found 7, expected 1 to 6, the versions that this build of \
         Driftline reads"
    );
    refuses(
        "/format",
        json!("parquet"),
        "format: found \"parquet\", expected one of `driftline-profile`",
    );
    refuses("", json!([]), "found [], expected an object");
    refuses("", json!({}), "the field `format` is missing");
}

#[test]
fn version_one_is_read_and_has_no_null_texts() {
    let mut json = rain();
    json["null_texts"] = json!(["?", "-999"]);
    let profile = Profile::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(profile.null_texts, ["?", "-999"]);
    let written = serde_json::to_string(&profile).unwrap();
    assert_eq!(Profile::from_json(written.as_bytes()).as_ref(), Ok(&profile));
    json["format_version"] = json!(1);
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    let expected = "null_texts: found [\"?\",\"-999\"], expected none in a profile of version 1";
    assert_eq!(error.problems().to_string(), expected);
    json.as_object_mut().unwrap().remove("null_texts");
    let first = Profile::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(first, Profile { null_texts: Vec::new(), ..profile });
    let mut json = rain();
    json["null_texts"] = json!(["?", 7]);
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.problems().to_string(), "null_texts[1]: found 7, expected text");
    json["null_texts"] = json!(["?", ""]);
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    let expected = "null_texts[1]: found \"\", expected a text that is not empty";
    assert_eq!(error.problems().to_string(), expected);
}

/// The good profile with hours in its first feature: 3, 0 and 5 rows in three bins, and 2 without a value. Of the last of
/// the ten the time is not known.
fn rain_by_hour() -> Value {
    let mut json = rain();
    let mut hours = vec![json!([0, 0, 0, 0]); 24];
    hours[7] = json!([3, 0, 1, 1]);
    hours[23] = json!([0, 0, 4, 0]);
    json["features"][0]["by_hour"] = json!(hours);
    json["format_version"] = json!(3);
    json
}

#[track_caller]
fn refuses_hours(change: impl FnOnce(&mut Value), message: &str) {
    let mut json = rain_by_hour();
    change(&mut json);
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.problems().to_string(), message);
}

#[test]
fn edges_between_values_that_merge_have_a_digit_each() {
    let mut json = rain();
    json["features"][0]["bins"]["merged"] = json!("13");
    let profile = Profile::from_json(json.to_string().as_bytes()).unwrap();
    let merged = &profile.features[0].column.numbers.as_ref().unwrap().merged;
    assert_eq!(merged.digits(2).as_deref(), Some("13"));
    let written = serde_json::to_string(&profile).unwrap();
    assert_eq!(Profile::from_json(written.as_bytes()).unwrap(), profile);
    for (value, said) in [
        (json!("1"), "\"1\", expected 2 digits from 0 to 7, one for each edge"),
        (json!("18"), "\"18\", expected 2 digits from 0 to 7, one for each edge"),
        (json!(13), "13, expected text"),
    ] {
        json["features"][0]["bins"]["merged"] = value;
        let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
        let expected = format!("features[0].bins.merged: found {said}");
        assert!(error.problems().to_string().contains(&expected), "{}", error.problems());
    }
}

#[test]
fn a_profile_by_hour_has_a_version_of_its_own_and_any_other_one_the_old_one() {
    let profile = Profile::from_json(rain_by_hour().to_string().as_bytes()).unwrap();
    let by_hour = profile.features[0].column.by_hour.as_ref().unwrap();
    let hours: Vec<HourOfDay> = HourOfDay::all().collect();
    assert_eq!((by_hour.bins(hours[7]), by_hour.nulls(hours[7])), (&[3, 0, 1][..], 1));
    assert_eq!((by_hour.bins(hours[8]), by_hour.nulls(hours[8])), (&[0, 0, 0][..], 0));
    assert_eq!(profile.features[1].column.by_hour, None);
    let written = serde_json::to_value(&profile).unwrap();
    assert_eq!(written["format_version"], 3);
    assert_eq!(written["features"][0]["by_hour"], rain_by_hour()["features"][0]["by_hour"]);
    assert_eq!(Profile::from_json(written.to_string().as_bytes()).as_ref(), Ok(&profile));
    let mut without = profile;
    without.features[0].column.by_hour = None;
    let written = serde_json::to_value(&without).unwrap();
    assert_eq!(written["format_version"], 2);
    assert!(!written.to_string().contains("by_hour"));
    // What a newer profiler writes may have hours in no column.
    let mut json = rain();
    json["format_version"] = json!(3);
    assert_eq!(Profile::from_json(json.to_string().as_bytes()), Ok(without));
}

#[test]
fn hours_must_be_those_of_a_day_and_of_the_whole() {
    let hours = |json: &mut Value| json["features"][0]["by_hour"].take();
    for version in [1, 2] {
        let shown = "[[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0],";
        let error = {
            let mut json = rain_by_hour();
            json["format_version"] = json!(version);
            Profile::from_json(json.to_string().as_bytes()).unwrap_err().to_string()
        };
        let start = std::format!("profile refused: features[0].by_hour: found {}", &shown[..20]);
        let end = std::format!(", expected none in a profile of version {version}");
        assert!(error.starts_with(&start) && error.ends_with(&end), "{error}");
    }
    refuses_hours(
        |json| {
            let mut found = hours(json);
            found.as_array_mut().unwrap().pop();
            json["features"][0]["by_hour"] = found;
        },
        "features[0].by_hour: found 23 elements, expected 24",
    );
    refuses_hours(
        |json| json["features"][0]["by_hour"][5] = json!([0, 0, 0]),
        "features[0].by_hour[5]: found 3 elements, expected 4: one for each of 3 bins, and one for the rows without \
         a value",
    );
    refuses_hours(
        |json| json["features"][0]["by_hour"][5] = json!([0, -1, 0.5, 4_294_967_296_u64]),
        "features[0].by_hour[5][1]: found -1, expected a whole number from 0 to 4294967295; \
         features[0].by_hour[5][2]: found 0.5, expected a whole number from 0 to 4294967295; \
         features[0].by_hour[5][3]: found 4294967296, expected a whole number from 0 to 4294967295",
    );
    refuses_hours(
        |json| json["features"][0]["by_hour"][5] = json!([1, 0, 1, 2]),
        "features[0].by_hour: found 4 rows in all hours at index 0, expected at most 3, which the whole has there; \
         features[0].by_hour: found 6 rows in all hours at index 2, expected at most 5, which the whole has there; \
         features[0].by_hour: found 3 rows in all hours at index 3, expected at most 2, which the whole has there",
    );
    refuses_hours(
        |json| json["prediction"]["by_hour"] = json!(7),
        "prediction.by_hour: found 7, expected an array",
    );
    // What is wrong with the bins is said, too.
    refuses_hours(
        |json| json["features"][0]["bins"]["counts"] = json!([3, 0]),
        "features[0].bins.counts: found 2 elements, expected 3: one more than `edges`",
    );
}

/// Envoy makes doubles of all numbers.
#[test]
fn hours_may_be_doubles() {
    let doubles = rain_by_hour().to_string().replace("[3,0,1,1]", "[3.0,0.0,1e0,1.0]");
    assert_eq!(
        Profile::from_json(doubles.as_bytes()),
        Profile::from_json(rain_by_hour().to_string().as_bytes())
    );
}

#[test]
fn each_number_has_its_bounds() {
    refuses(
        "/features/0/bins/counts/2",
        json!("x"),
        "features[0].bins.counts[2]: found \"x\", expected a whole number from 0 to 9007199254740991",
    );
    refuses("/rows", json!(0), "rows: found 0, expected a whole number from 1 to 9007199254740991");
    refuses(
        "/prediction/standard_deviation",
        json!(-1.5),
        "prediction.standard_deviation: found -1.5, expected at least 0",
    );
    refuses(
        "/prediction/maximum",
        json!(-9),
        "prediction.maximum: found -9, expected at least the minimum, -2",
    );
    refuses(
        "/features/1/type",
        json!("text"),
        "features[1].type: found \"text\", expected one of `number`, `integer`, \
         `boolean`, `category`, `text_length`, `vector_norm`, `timestamp`",
    );
}

#[test]
fn bins_must_fit_together() {
    refuses(
        "/features/0/bins/edges",
        json!([0.1, 0.1]),
        "features[0].bins.edges[1]: found 0.1, expected more than the one before it, 0.1",
    );
    refuses(
        "/features/0/bins/edges",
        json!([0.1]),
        "features[0].bins.counts: found 3 elements, expected 2: one more than `edges`; \
         features[0].bins.means: found 3 elements, expected 2: one more than `edges`",
    );
    refuses(
        "/features/0/bins/counts",
        json!([3, 0, 6]),
        "features[0].bins.counts: found counts that add up to 9, expected 8: 10 rows less 2 nulls",
    );
    refuses(
        "/features/0/bins/counts",
        json!([0, 0, 0]),
        "features[0].bins.counts: found only zeros, expected some rows",
    );
    refuses(
        "/features/1/bins/values/1",
        json!(2),
        "features[1].bins.values[1]: found 2, expected 0 or 1 for the type `boolean`",
    );
    refuses(
        "/features/0/bins/kind",
        json!("values"),
        "features[0].bins: unknown field \"edges\", allowed are `kind`, `values`, `counts`, `means`; \
         features[0].bins: the field `values` is missing",
    );
    let edges: Vec<usize> = (0..BINS_MAX).collect();
    refuses(
        "/features/0/bins/edges",
        json!(edges),
        "features[0].bins.edges: found 100 elements, expected 1 to 99",
    );
}

#[test]
fn categories_have_names_and_no_numbers() {
    refuses(
        "/features/2/bins/categories/1",
        json!("N"),
        "features[2].bins.categories[1]: found \"N\" again, expected unique names",
    );
    refuses(
        "/features/2/bins/categories/0",
        json!("other"),
        "features[2].bins.categories[0]: found \"other\", expected another name: this one stands for all \
         categories without a bin",
    );
    refuses(
        "/features/2/bins/counts",
        json!([5, 4]),
        "features[2].bins.counts: found 2 elements, expected 3: one more than `categories`",
    );
    refuses(
        "/features/2/bins/kind",
        json!("values"),
        "features[2].bins.kind: found \"values\", expected one of `categories`",
    );
    refuses(
        "/features/2/schema",
        json!({"required": true, "minimum": 0, "maximum": 1}),
        "features[2].schema: unknown field \"maximum\", allowed are `required`, `categories`; \
         features[2].schema: unknown field \"minimum\", allowed are `required`, `categories`; \
         features[2].schema: the field `categories` is missing",
    );
    refuses(
        "/features/1",
        json!({
            "name": "city", "type": "category", "nulls": 0, "mean": 1,
            "schema": {"required": true, "categories": null},
            "bins": {"kind": "values", "categories": ["N"], "counts": [9, 1]},
            "chi_square": {"five_percent": 3.84, "one_percent": 6.63, "family": 7.88}
        }),
        "features[1]: unknown field \"mean\", allowed are `name`, `type`, `schema`, `nulls`, `bins`, `by_hour`, `chi_square`, `distinct`; \
         features[1].bins.kind: found \"values\", expected one of `categories`",
    );
}

#[test]
fn names_are_labels_and_unique() {
    refuses(
        "/features/1/name",
        json!("dew point"),
        "features[1].name: found \"dew point\" again, expected unique names",
    );
    refuses(
        "/features/1/name",
        json!("a;.;b"),
        "features[1].name: found \"a;.;b\", a name must not contain `;.` or `=.=`, \
         which delimit labels in Envoy's stat names",
    );
}

#[test]
fn a_profile_of_nothing_is_refused() {
    let json = json!({
        "format": FORMAT, "format_version": 2, "model": "m", "version": null,
        "created_at": "1970-01-01T00:00:00Z", "rows": 1, "features": [], "prediction": null
    });
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        error.problems().to_string(),
        "found neither a feature, nor a prediction, nor a KPI, expected at least one to watch"
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let mut json = rain();
    json["model"] = json!(7);
    json["note"] = json!("hello");
    json["features"][1]["nulls"] = json!(-1);
    json["prediction"]["tail_excess"] = json!({"low": 0});
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "profile refused: unknown field \"note\", allowed are `format`, `format_version`, \
         `model`, `version`, `created_at`, `rows`, `null_texts`, `features`, `prediction`, \
         `answer`, `quality`, `kpis`; model: found 7, expected text; \
         features[1].nulls: found -1, expected a whole number from 0 to 9007199254740991; \
         prediction.tail_excess: the field `high` is missing"
    );
}

#[test]
fn too_many_features_are_not_even_looked_at() {
    let mut json = rain();
    json["features"] = json!(Vec::from([0; FEATURES_MAX + 1]));
    let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.problems().to_string(), "features: found 257 elements, expected 0 to 256");
}

#[test]
fn a_schema_can_leave_ends_open() {
    let with = |schema: Value| {
        let mut json = rain();
        json["features"][0]["schema"] = schema;
        let profile = Profile::from_json(json.to_string().as_bytes()).unwrap();
        let written = serde_json::to_string(&profile).unwrap();
        assert_eq!(Profile::from_json(written.as_bytes()).as_ref(), Ok(&profile));
        profile.features[0].column.schema.range
    };
    let from_zero = with(json!({"required": true, "minimum": 0, "maximum": null})).unwrap();
    assert_eq!((from_zero.minimum, from_zero.maximum), (0.0, f64::INFINITY));
    let allows = |x| from_zero.allows(x, Precision::Single);
    assert!(allows(0.0) && allows(1e300) && !allows(-1e-30) && !allows(f64::NAN));
    assert_eq!(with(json!({"required": true, "minimum": null, "maximum": null})), None);
    refuses(
        "/features/0/schema",
        json!({"required": "yes", "minimum": 2, "maximum": 1}),
        "features[0].schema.required: found \"yes\", expected true or false; \
         features[0].schema.maximum: found 1, expected at least the minimum, 2",
    );
}

#[test]
fn allowed_categories_are_sorted_so_that_they_can_be_searched() {
    let at = "/features/2/schema/categories";
    let schema = |categories: Value| {
        let mut json = rain();
        *json.pointer_mut(at).unwrap() = categories;
        Profile::from_json(json.to_string().as_bytes()).unwrap().features[2].column.schema.clone()
    };
    assert_eq!(schema(json!(["", "other", "x;.;y"])).categories.unwrap(), ["", "other", "x;.;y"]);
    assert_eq!(schema(json!(null)).categories, None);
    refuses(
        at,
        json!(["N", "E", "E"]),
        "features[2].schema.categories[1]: found \"E\" after \"N\", expected each category once, sorted by \
         their bytes; features[2].schema.categories[2]: found \"E\" after \"E\", expected each category once, \
         sorted by their bytes",
    );
    refuses(at, json!([]), "features[2].schema.categories: found 0 elements, expected 1 to 1000");
    refuses(
        at,
        json!(["x".repeat(129)]),
        &std::format!(
            "features[2].schema.categories[0]: found \"{}..., expected at most 128 bytes",
            "x".repeat(59)
        ),
    );
}

#[test]
fn quantiles_rise() {
    refuses(
        "/prediction/chi_square",
        json!({"five_percent": 0, "one_percent": -1, "family": "x"}),
        "prediction.chi_square.five_percent: found 0, expected a number above 0; \
         prediction.chi_square.one_percent: found -1, expected a number above 0; \
         prediction.chi_square.family: found \"x\", expected a number",
    );
    refuses(
        "/prediction/chi_square",
        json!({"five_percent": 3, "one_percent": 2, "family": 1}),
        "prediction.chi_square.one_percent: found 2, expected at least the one before it, 3; \
         prediction.chi_square.family: found 1, expected at least the one before it, 2",
    );
}

#[test]
fn a_profile_says_of_which_version_it_is_and_when_it_was_made() {
    let profile = Profile::from_json(rain().to_string().as_bytes()).unwrap();
    assert_eq!((profile.version.as_deref(), profile.created_at), (Some("3"), 1_795_608_000));
    for text in ["2026-11-25", "1969-12-31T23:59:59Z", "today"] {
        refuses(
            "/created_at",
            json!(text),
            &std::format!(
                "created_at: found {text:?}, expected a moment from 1970 to 9999 as RFC 3339 has it, like \
                 2026-11-25T12:00:00Z"
            ),
        );
    }
    refuses("/version", json!(3), "version: found 3, expected text");
    refuses("/version", json!(""), "version: found \"\", a name must not be empty");
}

#[test]
fn lengths_and_norms_are_numbers_from_zero_up() {
    let mut json = rain();
    json["features"][0]["type"] = json!("vector_norm");
    json["features"][1]["type"] = json!("text_length");
    let profile = Profile::from_json(json.to_string().as_bytes()).unwrap();
    let written = serde_json::to_string(&profile).unwrap();
    assert_eq!(Profile::from_json(written.as_bytes()).as_ref(), Ok(&profile));
    for (kind, value, expected) in [
        ("text_length", json!(-1), "a whole number from 0 up"),
        ("text_length", json!(0.5), "a whole number from 0 up"),
        ("vector_norm", json!(-1), "at least 0"),
    ] {
        json["features"][1]["type"] = json!(kind);
        json["features"][1]["bins"]["values"][0] = value.clone();
        let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.problems().to_string(),
            std::format!(
                "features[1].bins.values[0]: found {value}, expected {expected} for the type `{kind}`"
            )
        );
    }
}
