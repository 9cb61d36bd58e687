//! What feedback says of a model beside its labels, as an operator may write it: business figures, and the parts of its
//! traffic that are told apart. It counts none.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use driftline_inference::predictive::COLUMNS_MAX;

use super::table::{Condition, HeaderName, Label, Name, Number, Shape, settings};
use driftline_statistics::{
    document::{Node, Object, Problems},
    profile::{KPIS_MAX, Numbers, Profile, RECORD_MEMBERS, quality::SEGMENTS_MAX},
};

/// The most values of a header that are told apart.
pub(super) const HEADER_VALUES_MAX: usize = 30;
/// What the least value of a KPI may be.
const MINIMUM: RangeInclusive<f64> = -1e7..=0.0;
/// What its largest value may be.
const MAXIMUM: RangeInclusive<f64> = 1e-6..=1e7;
/// What its unit may be.
const UNIT: RangeInclusive<f64> = 1e-6..=1e6;
/// What part of its size a change of a KPI may have to be to matter.
const MATERIAL_MEAN: RangeInclusive<f64> = 0.001..=1000.0;
/// The most units between 0 and a bound: sums of 10^12 values fit into 64 bits.
const UNITS_MAX: f64 = 1e7;
/// The most names of KPIs and segments that all models have together: readers look for them and for
/// [`RECORD_MEMBERS`].
pub(super) const FEEDBACK_NAMES_MAX: usize = COLUMNS_MAX - 1 - RECORD_MEMBERS.len();

settings! {
    /// A business figure: a number in feedback, under its name.
    pub struct Kpi reads KpiFields at "models[].kpis[]" {
        /// Its name, in feedback and as the label `kpi`.
        name: String = Label, [required], r#""revenue""#;
        /// The least that it can be, 0 or less.
        minimum: f64 = Number(MINIMUM), [or 0.0], "-100";
        /// The most that it can be. Values beyond the bounds are refused, and detectors of change need to know them.
        maximum: f64 = Number(MAXIMUM), [or 1.0], "500";
        /// What is counted as one: 0.01 for cents of a currency. There are ten million at most from 0 to a bound.
        unit: f64 = Number(UNIT), [or 1.0], "0.01";
        /// From which change on the verdict takes it for material, in parts of its mean in the profile: 0.25 for a conversion
        /// rate of 2 % that becomes 1.5 %. Of the mean size if values may be negative.
        material_mean: f64 = Number(MATERIAL_MEAN), [or 0.25], "0.1";
    }
}

/// A part of the traffic that errors are told apart by.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentSource {
    /// The bins of a feature, by its number in the profile.
    Feature(usize),
    /// The values of a header, by its name in lower case.
    Header {
        /// The name.
        name: String,
        /// The values that are told apart.
        values: Vec<String>,
    },
}

settings! {
    /// A part of the traffic that errors are told apart by.
    fields SegmentFields at "models[].segments[]" {
        /// What the profile calls the feature whose bins are told apart; beyond 31 of them the others are one.
        feature: Option<String> = Name, [optional], r#""age""#;
        /// The header whose values are told apart.
        header: Option<String> = HeaderName, [optional], r#""x-region""#;
        /// Those of its values that are; all others are one.
        values: Vec<String> = Shape::list(1..=HEADER_VALUES_MAX, Shape::Text(super::table::TextShape::Label)),
            [later "none; needed with `header`"], r#"["eu", "us"]"#;
    }
    where [
        Condition::AtLeastOne(&["feature", "header"]),
        Condition::AtMostOne(&["feature", "header"]),
        Condition::Needs("values", "header"),
        Condition::Needs("header", "values"),
    ];
}

impl Kpi {
    /// Those of a model; `None` only after noting a problem.
    pub(super) fn read_all(
        fields: &Object<'_, '_>,
        profile: Option<&Profile>,
        problems: &mut Problems,
    ) -> Option<Vec<Kpi>> {
        let Some(list) = fields.optional("kpis") else { return Some(Vec::new()) };
        let mut seen = Vec::new();
        list.array(0..=KPIS_MAX, problems, |node, problems| {
            Kpi::read(&node, profile, &mut seen, problems)
        })
    }

    fn read(
        node: &Node<'_, '_>,
        profile: Option<&Profile>,
        seen: &mut Vec<String>,
        problems: &mut Problems,
    ) -> Option<Kpi> {
        let fields = node.object(KpiFields::NAMES, problems)?;
        let kpi = KpiFields::of(&fields, problems).complete()?;
        let name = fields.required("name", problems)?;
        name.new_label(seen, problems)?;
        if is_reserved(&name, &kpi.name, problems) {
            return None;
        }
        let farthest = libm::fabs(kpi.minimum).max(libm::fabs(kpi.maximum));
        if UNITS_MAX < farthest / kpi.unit {
            let path = fields.path().field("unit");
            problems.add(
                &path,
                format_args!(
                    "found {}, expected {} or more: a bound is at most {UNITS_MAX} units from 0",
                    kpi.unit,
                    farthest / UNITS_MAX
                ),
            );
            return None;
        }
        let numbers = profile.and_then(|it| it.kpi(&kpi.name)?.numbers.as_ref());
        let is_within = numbers.is_none_or(|numbers| kpi.holds(numbers, &fields, problems));
        is_within.then_some(kpi)
    }

    /// Whether all values of the reference lie within the bounds: live ones beyond them would be refused, and look like a
    /// change.
    fn holds(&self, reference: &Numbers, fields: &Object<'_, '_>, problems: &mut Problems) -> bool {
        let before = problems.count();
        let mut refuse = |field, bound, expected, reached| {
            problems.add(
                &fields.path().field(field),
                format_args!(
                    "found {bound}, expected {expected} {reached}, which \"{}\" has in the profile",
                    self.name
                ),
            );
        };
        if reference.minimum < self.minimum {
            refuse("minimum", self.minimum, "at most", reference.minimum);
        }
        if self.maximum < reference.maximum {
            refuse("maximum", self.maximum, "at least", reference.maximum);
        }
        problems.count() == before
    }
}

/// Whether records of feedback have another member of this name, which then is refused.
fn is_reserved(node: &Node<'_, '_>, name: &str, problems: &mut Problems) -> bool {
    let is_reserved = RECORD_MEMBERS.contains(&name);
    if is_reserved {
        node.refuse(
            format_args!("another name: this one means something else in feedback"),
            problems,
        );
    }
    is_reserved
}

impl SegmentSource {
    /// Those of a model; `None` only after noting a problem.
    pub(super) fn read_all(
        fields: &Object<'_, '_>,
        profile: Option<&Profile>,
        kpis: &[Kpi],
        problems: &mut Problems,
    ) -> Option<Vec<SegmentSource>> {
        let Some(list) = fields.optional("segments") else { return Some(Vec::new()) };
        let mut seen = Vec::new();
        list.array(0..=SEGMENTS_MAX, problems, |node, problems| {
            SegmentSource::read(&node, profile, kpis, &mut seen, problems)
        })
    }

    fn read(
        node: &Node<'_, '_>,
        profile: Option<&Profile>,
        kpis: &[Kpi],
        seen: &mut Vec<String>,
        problems: &mut Problems,
    ) -> Option<SegmentSource> {
        let fields = node.object(SegmentFields::NAMES, problems)?;
        let SegmentFields { feature, header, .. } = SegmentFields::of(&fields, problems);
        let holds = Condition::all_hold(SegmentFields::CONDITIONS, &fields, problems);
        let (feature, header) = (feature?, header?);
        if !holds {
            return None;
        }
        let name = fields.optional(if feature.is_some() { "feature" } else { "header" })?;
        name.new_name(seen, problems)?;
        // Records that bring their prediction along say the value under this name, that of a header in lower case.
        let called = feature.as_deref().or(header.as_deref()).unwrap_or_default();
        if is_reserved(&name, called, problems) {
            return None;
        }
        if kpis.iter().any(|kpi| kpi.name == *called) {
            name.refuse(
                format_args!(
                    "another name than that of a KPI: a record of feedback has one value under it"
                ),
                problems,
            );
            return None;
        }
        if let Some(header) = header {
            let mut said = Vec::new();
            let values = fields.required("values", problems)?.array(
                1..=HEADER_VALUES_MAX,
                problems,
                |node, problems| node.new_label(&mut said, problems),
            );
            return Some(SegmentSource::Header { name: header, values: values? });
        }
        let feature = feature.unwrap_or_default();
        // Until there is a profile, nothing is counted, and any name may be one of its features.
        let Some(profile) = profile else { return Some(SegmentSource::Feature(0)) };
        let found = profile.features.iter().position(|it| it.name == feature);
        if found.is_none() {
            name.refuse(format_args!("the name of a feature of the profile"), problems);
        }
        found.map(SegmentSource::Feature)
    }
}

#[cfg(test)]
mod tests;
