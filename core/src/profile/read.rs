//! Reads a profile out of parsed JSON and checks that its numbers fit together; it repairs nothing.

use alloc::{string::String, vec::Vec};
use core::iter;

use super::{Column, FEATURES_MAX, FORMAT, Feature, Kind, Profile, TailExcess, VERSION};
use crate::{
    bins::{BINS_MAX, Bins},
    document::{Node, Object, Problems, WHOLE_MAX},
};

const PROFILE_FIELDS: [&str; 6] = ["format", "version", "model", "rows", "features", "prediction"];
const COLUMN_FIELDS: [&str; 9] = [
    "type",
    "required",
    "nulls",
    "mean",
    "standard_deviation",
    "minimum",
    "maximum",
    "bins",
    "tail_excess",
];
const NAME: &str = "name";

/// The counts of a column's bins and what stands beside them.
struct Counted {
    bins: Bins,
    counts: Vec<u64>,
    means: Vec<Option<f64>>,
}

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
        Some(node) => node
            .object(&COLUMN_FIELDS, problems)
            .and_then(|fields| column(&fields, rows, problems))
            .map(Some),
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
    let allowed: Vec<&str> = iter::once(NAME).chain(COLUMN_FIELDS).collect();
    let fields = node.object(&allowed, problems)?;
    let name = fields.required(NAME, problems).and_then(|node| node.new_label(seen, problems));
    let column = column(&fields, rows, problems);
    Some(Feature { name: name?, column: column? })
}

/// Reads the fields that features and predictions share.
fn column(fields: &Object<'_, '_>, rows: Option<u64>, problems: &mut Problems) -> Option<Column> {
    let kinds = [Kind::Number, Kind::Integer, Kind::Boolean].map(|kind| (kind.word(), kind));
    let kind = fields.required("type", problems).and_then(|node| node.word(&kinds, problems));
    let required = fields.required("required", problems).and_then(|node| node.boolean(problems));
    let nulls =
        fields.required("nulls", problems).and_then(|node| node.whole(0..=WHOLE_MAX, problems));
    let mut number =
        |name: &str| fields.required(name, problems).and_then(|node| node.number(problems));
    let mean = number("mean");
    let standard_deviation = number("standard_deviation");
    let minimum = number("minimum");
    let maximum = number("maximum");
    let counted = fields.required("bins", problems).and_then(|node| counted(&node, kind, problems));
    let tail_excess =
        fields.required("tail_excess", problems).and_then(|node| tail_excess(&node, problems));

    let before = problems.count();
    if let Some(negative) = standard_deviation.filter(|deviation| *deviation < 0.0) {
        problems.add(
            &fields.path().field("standard_deviation"),
            format_args!("found {negative}, expected at least 0"),
        );
    }
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && maximum < minimum
    {
        problems.add(
            &fields.path().field("maximum"),
            format_args!("found {maximum}, expected at least the minimum, {minimum}"),
        );
    }
    if let (Some(counted), Some(nulls), Some(rows)) = (&counted, nulls, rows) {
        adds_up(fields, &counted.counts, nulls, rows, problems);
    }
    let sound = problems.count() == before;

    let Counted { bins, counts, means } = counted?;
    let column = Column {
        kind: kind?,
        required: required?,
        nulls: nulls?,
        mean: mean?,
        standard_deviation: standard_deviation?,
        minimum: minimum?,
        maximum: maximum?,
        bins,
        counts,
        means,
        tail_excess: tail_excess?,
    };
    sound.then_some(column)
}

/// Every row is in exactly one bin or null, and there is something to compare with.
fn adds_up(
    fields: &Object<'_, '_>,
    counts: &[u64],
    nulls: u64,
    rows: u64,
    problems: &mut Problems,
) {
    let counted = counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let bins = fields.path().field("bins");
    if counted == 0 {
        problems.add(&bins.field("counts"), format_args!("found only zeros, expected some rows"));
    } else if counted.saturating_add(nulls) != rows {
        problems.add(
            &bins.field("counts"),
            format_args!(
                "found counts that add up to {counted}, expected {}: {rows} rows less {nulls} nulls",
                rows.saturating_sub(nulls)
            ),
        );
    }
}

fn counted(node: &Node<'_, '_>, kind: Option<Kind>, problems: &mut Problems) -> Option<Counted> {
    // The kind decides which other fields may stand here, so it is read before they are judged.
    let kind_of_bins = node
        .open_object(problems)?
        .required("kind", problems)
        .and_then(|node| node.word(&[("quantile", "edges"), ("values", "values")], problems))?;
    let fields = node.object(&["kind", kind_of_bins, "counts", "means"], problems)?;
    let bounds = fields
        .required(kind_of_bins, problems)
        .and_then(|node| bounds(&node, problems))
        .map(|bounds| match kind_of_bins {
            "edges" => Bins::Quantile { edges: bounds },
            _ => Bins::Values { values: bounds },
        });
    if let (Some(Bins::Values { values }), Some(kind)) = (&bounds, kind) {
        values_fit(&fields, values, kind, problems);
    }
    let counts = fields.required("counts", problems).and_then(|node| {
        let counts = node
            .array(2..=BINS_MAX, problems, |node, problems| node.whole(0..=WHOLE_MAX, problems))?;
        one_per_bin(&node, counts, bounds.as_ref(), problems)
    });
    let means = fields.required("means", problems).and_then(|node| {
        let means = node.array(2..=BINS_MAX, problems, |node, problems| {
            if node.is_null() { Some(None) } else { node.number(problems).map(Some) }
        })?;
        one_per_bin(&node, means, bounds.as_ref(), problems)
    });
    Some(Counted { bins: bounds?, counts: counts?, means: means? })
}

/// Edges or values: finite and strictly increasing.
fn bounds(list: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<f64>> {
    let bounds = list
        .array(1..=BINS_MAX.saturating_sub(1), problems, |node, problems| node.number(problems))?;
    let mut increasing = true;
    for (index, (before, after)) in bounds.iter().zip(bounds.iter().skip(1)).enumerate() {
        if after <= before {
            problems.add(
                &list.path().index(index.saturating_add(1)),
                format_args!("found {after}, expected more than the one before it, {before}"),
            );
            increasing = false;
        }
    }
    increasing.then_some(bounds)
}

fn values_fit(fields: &Object<'_, '_>, values: &[f64], kind: Kind, problems: &mut Problems) {
    let list = fields.path().field("values");
    for (index, value) in values.iter().enumerate() {
        let (fits, expected) = match kind {
            Kind::Number => (true, ""),
            Kind::Integer => (libm::trunc(*value) == *value, "a whole number"),
            Kind::Boolean => (*value == 0.0 || *value == 1.0, "0 or 1"),
        };
        if !fits {
            problems.add(
                &list.index(index),
                format_args!("found {value}, expected {expected} for the type `{}`", kind.word()),
            );
        }
    }
}

fn one_per_bin<T>(
    list: &Node<'_, '_>,
    found: Vec<T>,
    bins: Option<&Bins>,
    problems: &mut Problems,
) -> Option<Vec<T>> {
    let bins = bins?;
    if found.len() == bins.count() {
        return Some(found);
    }
    let bounds: String = match bins {
        Bins::Quantile { .. } => "edges".into(),
        Bins::Values { .. } => "values".into(),
    };
    problems.add(
        list.path(),
        format_args!(
            "found {} elements, expected {}: one more than `{bounds}`",
            found.len(),
            bins.count()
        ),
    );
    None
}

fn tail_excess(node: &Node<'_, '_>, problems: &mut Problems) -> Option<TailExcess> {
    let fields = node.object(&["low", "high"], problems)?;
    let low = fields.required("low", problems).and_then(|node| node.number(problems));
    let high = fields.required("high", problems).and_then(|node| node.number(problems));
    Some(TailExcess { low: low?, high: high? })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use serde_json::{Value, json};

    use super::*;

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
        json!({
            "format": FORMAT, "version": 1, "model": "rain", "rows": 10,
            "features": [first, second], "prediction": column
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
        assert_eq!(profile.prediction.as_ref().unwrap().means, [Some(-1.5), None, Some(1.25)]);
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
            json!("category"),
            "features[1].type: found \"category\", expected one of `number`, `integer`, `boolean`",
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
