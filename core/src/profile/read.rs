//! Reads a profile out of parsed JSON and checks that its numbers fit together; it repairs nothing.

mod bins;
mod column;

use alloc::{string::String, vec::Vec};

use self::column::column;
use super::{FEATURES_MAX, FORMAT, Feature, Profile, VERSION};
use crate::document::{Node, Problems, WHOLE_MAX};

const PROFILE_FIELDS: [&str; 6] = ["format", "version", "model", "rows", "features", "prediction"];
const NAME: &str = "name";

pub(super) fn profile(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Profile> {
    // Nothing is said about the other fields of an unknown version: they may be right there.
    is_ours(node, problems)?;
    let fields = node.object(&PROFILE_FIELDS, problems)?;
    let model = fields.required("model", problems).and_then(|node| node.label(problems));
    let rows =
        fields.required("rows", problems).and_then(|node| node.whole(1..=WHOLE_MAX, problems));
    let mut seen = Vec::new();
    let features = fields.required("features", problems).and_then(|list| {
        list.array(0..=FEATURES_MAX, problems, |node, problems| {
            feature(&node, rows, &mut seen, problems)
        })
    });
    let prediction = match fields.required("prediction", problems) {
        Some(node) if node.is_null() => Some(None),
        Some(node) => column(&node, &[], rows, problems).and_then(|(_, column)| column.map(Some)),
        None => None,
    };
    let profile =
        Profile { model: model?, rows: rows?, features: features?, prediction: prediction? };
    if profile.features.is_empty() && profile.prediction.is_none() {
        problems.add(
            node.path(),
            format_args!(
                "found neither a feature nor a prediction, expected at least one to watch"
            ),
        );
        return None;
    }
    Some(profile)
}

/// Checks `format` and `version` before anything else.
fn is_ours(node: &Node<'_, '_>, problems: &mut Problems) -> Option<()> {
    let fields = node.open_object(problems)?;
    let format = fields.required("format", problems)?;
    format.word(&[(FORMAT, ())], problems)?;
    let version = fields.required("version", problems)?;
    // Any other number is a version too, of a newer profiler perhaps.
    if version.whole(0..=WHOLE_MAX, problems)? != VERSION {
        version.refuse(
            format_args!("{VERSION}, the only version that this build of Driftline reads"),
            problems,
        );
        return None;
    }
    Some(())
}

fn feature(
    node: &Node<'_, '_>,
    rows: Option<u64>,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Feature> {
    let (fields, column) = column(node, &[NAME], rows, problems)?;
    let name = fields.required(NAME, problems).and_then(|node| node.new_label(seen, problems));
    Some(Feature { name: name?, column: column? })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        bins::{BINS_MAX, Bins},
        profile::Kind,
    };

    fn rain() -> Value {
        let column = json!({
            "type": "number", "required": false, "nulls": 2,
            "mean": 0.25, "standard_deviation": 1.0, "minimum": -2, "maximum": 2.5,
            "bins": {"kind": "quantile", "edges": [-1, 0.1], "counts": [3, 0, 5], "means": [-1.5, null, 1.25]},
            "tail_excess": {"low": 0.5, "high": 1.0}
        });
        let mut first = column.clone();
        first["name"] = json!("dew point");
        let mut second = first.clone();
        second["name"] = json!("cloudy");
        second["type"] = json!("boolean");
        second["bins"] =
            json!({"kind": "values", "values": [0, 1], "counts": [3, 5, 0], "means": [0, 1, null]});
        let third = json!({
            "name": "wind", "type": "category", "required": false, "nulls": 1,
            "bins": {"kind": "categories", "categories": ["N", "E"], "counts": [5, 3, 1]}
        });
        json!({
            "format": FORMAT, "version": 1, "model": "rain", "rows": 10,
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
    fn another_format_or_version_is_refused_alone() {
        let mut json = rain();
        json["version"] = json!(2);
        json["rows"] = json!("many");
        json["kinds"] = json!({});
        let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "profile refused: version: found 2, expected 1, the only version that this build of \
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
    fn each_number_has_its_bounds() {
        refuses(
            "/features/0/bins/counts/2",
            json!("x"),
            "features[0].bins.counts[2]: found \"x\", expected a whole number from 0 to 9007199254740991",
        );
        refuses(
            "/rows",
            json!(0),
            "rows: found 0, expected a whole number from 1 to 9007199254740991",
        );
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
            "features[1].type: found \"text\", expected one of `number`, `integer`, `boolean`, `category`",
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
            "/features/1/type",
            json!("category"),
            "features[1]: unknown field \"maximum\", allowed are `name`, `type`, `required`, `nulls`, `bins`; \
             features[1]: unknown field \"mean\", allowed are `name`, `type`, `required`, `nulls`, `bins`; \
             features[1]: unknown field \"minimum\", allowed are `name`, `type`, `required`, `nulls`, `bins`; \
             features[1]: unknown field \"standard_deviation\", allowed are `name`, `type`, `required`, `nulls`, `bins`; \
             features[1]: unknown field \"tail_excess\", allowed are `name`, `type`, `required`, `nulls`, `bins`; \
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
        let json = json!({"format": FORMAT, "version": 1, "model": "m", "rows": 1, "features": [], "prediction": null});
        let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            error.problems().to_string(),
            "found neither a feature nor a prediction, expected at least one to watch"
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
            "profile refused: unknown field \"note\", allowed are `format`, `version`, `model`, \
             `rows`, `features`, `prediction`; \
             model: found 7, expected text; \
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
}
