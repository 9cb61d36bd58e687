//! What matters of one feature, where an operator says other than for all; it judges nothing.

use alloc::{string::String, vec::Vec};

use super::{
    drift::{MATERIAL_PSI, MATERIAL_SHARE, MATERIAL_WASSERSTEIN, ROWS_MIN},
    table::{Name, Number, Whole, settings},
};
use driftline_statistics::{
    document::{Object, Problems},
    profile::{FEATURES_MAX, Profile},
};

settings! {
    /// What matters of a feature, in place of what holds for all.
    pub struct Thresholds derives Copy, Default and reads ThresholdFields at "models[].thresholds[]" {
        /// How many rows a window must be worth to be judged.
        rows_min: Option<u64> = Whole(ROWS_MIN), [optional "that of all features"], "500";
        /// From which PSI on a change is material.
        material_psi: Option<f64> = Number(MATERIAL_PSI), [optional "that of all features"], "0.25";
        /// From which distance on it is.
        material_wasserstein: Option<f64> = Number(MATERIAL_WASSERSTEIN),
            [optional "that of all features"], "0.5";
        /// From which change of the share of a class on it is, if that doubled or halved.
        material_class: Option<f64> = Number(MATERIAL_SHARE), [optional "that of all features"], "0.02";
        /// From which change of the share of rows without a value on it is.
        material_nulls: Option<f64> = Number(MATERIAL_SHARE), [optional "that of all features"], "0.2";
        /// The same, if that share doubled or halved.
        material_nulls_doubled: Option<f64> = Number(MATERIAL_SHARE),
            [optional "that of all features"], "0.05";
    }
}

settings! {
    /// What matters of one feature, where it is not what holds for all.
    fields FeatureThresholdFields at "models[].thresholds[]" {
        /// What the profile calls the feature, or `prediction` for the prediction.
        feature: String = Name, [required], r#""age""#;
    }
    also ThresholdFields;
}

/// What stands for a model's output where features have their names, if none is called so.
pub const PREDICTION: &str = "prediction";
/// What the scores of predictions are called among the columns of a model.
pub const SCORE: &str = "score";

impl Thresholds {
    /// What is said, with the number of the column in the profile. `None` only after noting a problem.
    pub(super) fn read(
        fields: &Object<'_, '_>,
        profile: Option<&Profile>,
        problems: &mut Problems,
    ) -> Option<Vec<(usize, Thresholds)>> {
        let mut all = Vec::new();
        let Some(list) = fields.optional("thresholds") else { return Some(all) };
        let allowed = [FeatureThresholdFields::NAMES, ThresholdFields::NAMES].concat();
        let mut said = Vec::new();
        let read = list.array(0..=FEATURES_MAX, problems, |node, problems| {
            let fields = node.object(&allowed, problems)?;
            let node = fields.required("feature", problems)?;
            let name = node.new_name(&mut said, problems)?;
            let thresholds = ThresholdFields::of(&fields, problems).complete()?;
            // Until there is a profile, nothing is judged, and any name may be one of its features.
            let Some(profile) = profile else { return Some(()) };
            let number = column(profile, &name);
            let Some(number) = number else {
                node.refuse(format_args!("the name of a feature of the profile"), problems);
                return None;
            };
            all.push((number, thresholds));
            Some(())
        });
        read.map(|_| all)
    }
}

/// The number of a column: of the feature of this name, or of the prediction.
fn column(profile: &Profile, name: &str) -> Option<usize> {
    let feature = profile.features.iter().position(|feature| feature.name == name);
    feature.or_else(|| {
        let prediction = profile.prediction.as_ref().map(|_| profile.features.len())?;
        match name {
            PREDICTION => Some(prediction),
            SCORE => profile.score().map(|_| prediction.saturating_add(1)),
            _ => None,
        }
    })
}
