//! Reads the KPIs of a profile, which have the form of features, and checks what feedback asks of them.

use alloc::vec::Vec;

use super::{NAME, column::Within, features};
use crate::{
    document::{Node, Problems, label_fault},
    profile::{FORMAT_VERSION_KPIS, Feature, KPIS_MAX, RECORD_MEMBERS, is_kpi_kind},
};

/// What is wrong with the name of a KPI that is called as another member of a record.
const RESERVED: &str = "must be none that means something else in records of feedback";

/// KPIs, which records of feedback bring under their names whenever they come: so their names are no other members, their
/// values are numbers by themselves, and hours of the day say nothing.
pub(super) fn kpis(
    list: &Node<'_, '_>,
    within: Within,
    problems: &mut Problems,
) -> Option<Vec<Feature>> {
    let Within { format_version, .. } = within;
    if format_version < FORMAT_VERSION_KPIS {
        list.refuse(format_args!("none in a profile of version {format_version}"), problems);
        return None;
    }
    let found = features(list, KPIS_MAX, within, problems)?;
    let before = problems.count();
    for (index, Feature { name, column }) in found.iter().enumerate() {
        let path = list.path().index(index);
        let is_reserved = RECORD_MEMBERS.contains(&name.as_str());
        let fault = label_fault(name).or(is_reserved.then_some(RESERVED));
        if let Some(fault) = fault {
            problems.add(&path.field(NAME), format_args!("found \"{name}\", a name {fault}"));
        }
        if !is_kpi_kind(column.kind) {
            problems.add(
                &path.field("type"),
                format_args!(
                    "found \"{}\", expected `number`, `integer` or `boolean` for a KPI",
                    column.kind.word()
                ),
            );
        }
        if column.by_hour.is_some() {
            problems.add(
                &path.field("by_hour"),
                format_args!(
                    "found it for a KPI, expected none: records of feedback come at hours of their own"
                ),
            );
        }
    }
    (problems.count() == before).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};

    use serde_json::{Value, json};

    use super::*;
    use crate::profile::{FORMAT_VERSION, Profile, read::tests::rain};

    /// A profile of ten rows, of which one has a click and two have no answer.
    fn good() -> Value {
        let mut json = rain();
        let mut clicked = json["features"][1].clone();
        clicked["name"] = json!("clicked");
        json["kpis"] = json!([clicked, json["features"][0]]);
        json["kpis"][1]["name"] = json!("revenue");
        json["format_version"] = json!(5);
        json
    }

    fn read(json: &Value) -> Result<Profile, String> {
        Profile::from_json(json.to_string().as_bytes())
            .map_err(|error| error.problems().to_string())
    }

    #[track_caller]
    fn refuses(change: impl FnOnce(&mut Value), message: &str) {
        let mut json = good();
        change(&mut json);
        assert_eq!(read(&json).unwrap_err(), message);
    }

    #[test]
    fn what_is_written_is_read_back_unchanged() {
        let profile = read(&good()).unwrap();
        assert_eq!(profile.kpi("clicked"), Some(&profile.features[1].column));
        assert_eq!(profile.kpi("dew point"), None);
        let written = serde_json::to_value(&profile).unwrap();
        assert_eq!(written["format_version"], 5);
        assert_eq!(read(&written).as_ref(), Ok(&profile));
        let without = Profile { kpis: Vec::new(), ..profile };
        let written = serde_json::to_value(&without).unwrap();
        assert_eq!(written["format_version"], FORMAT_VERSION);
        assert!(written.get("kpis").is_none());
    }

    #[test]
    fn a_profile_may_have_kpis_alone() {
        let mut json = good();
        json["features"] = json!([]);
        json["prediction"] = Value::Null;
        let profile = read(&json).unwrap();
        assert_eq!((profile.columns().count(), profile.kpis.len()), (0, 2));
    }

    #[test]
    fn older_versions_have_none() {
        for version in 1..=4 {
            refuses(
                |json| {
                    json["format_version"] = json!(version);
                    json["kpis"] = json!([]);
                },
                &std::format!("kpis: found [], expected none in a profile of version {version}"),
            );
        }
    }

    #[test]
    fn names_are_members_of_records_that_mean_nothing_else() {
        let said = "kpis[0].name: found \"score\", a name must be none that means something else in records of feedback";
        refuses(|json| json["kpis"][0]["name"] = json!("score"), said);
        let said =
            "kpis[0].name: found \"a.\", a name must not end in a dot, which Envoy would drop";
        refuses(|json| json["kpis"][0]["name"] = json!("a."), said);
        let said = "kpis[1].name: found \"clicked\" again, expected unique names";
        refuses(|json| json["kpis"][1]["name"] = json!("clicked"), said);
    }

    #[test]
    fn values_are_numbers_by_themselves() {
        let said = "kpis[1].type: found \"timestamp\", expected `number`, `integer` or `boolean` for a KPI";
        refuses(|json| json["kpis"][1]["type"] = json!("timestamp"), said);
        refuses(
            |json| {
                json["kpis"][1] = json["features"][2].clone();
                json["kpis"][0]["by_hour"] = json!(std::vec![std::vec![0; 4]; 24]);
            },
            "kpis[0].by_hour: found it for a KPI, expected none: records of feedback come at hours of their own; \
             kpis[1].type: found \"category\", expected `number`, `integer` or `boolean` for a KPI",
        );
        refuses(
            |json| json["kpis"][0]["bins"]["counts"] = json!([3, 4, 0]),
            "kpis[0].bins.counts: found counts that add up to 7, expected 8: 10 rows less 2 nulls",
        );
        let mut many = good();
        many["kpis"] = json!(std::vec![good()["kpis"][0].clone(); 9]);
        assert_eq!(read(&many).unwrap_err(), "kpis: found 9 elements, expected 0 to 8");
    }
}
