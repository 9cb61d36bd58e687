//! What an operator may say about windows, measures and verdicts; it judges nothing.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use driftline_statistics::{
    document::{Node, Object, Problems},
    measure::Measure,
};

/// What `slow_windows` may be: up to a week of hours.
pub const SLOW_WINDOWS: RangeInclusive<u64> = 2..=168;
/// What `rows_min` may be.
pub const ROWS_MIN: RangeInclusive<u64> = 1..=1_000_000_000;
/// What `material_psi` may be.
pub const MATERIAL_PSI: RangeInclusive<f64> = 0.001..=100.0;

const SLOW_WINDOWS_DEFAULT: u64 = 24;
const MATERIAL_PSI_DEFAULT: f64 = 0.1;

/// How drift is told, for all models.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// How many windows of `window_seconds` the slow one has, within [`SLOW_WINDOWS`]. 24 if nothing is said: a day.
    pub slow_windows: u64,
    /// How many rows a window must have to be judged, within [`ROWS_MIN`]; 20 for each bin of the feature if nothing is
    /// said.
    pub rows_min: Option<u64>,
    /// The PSI from which on a drift that is beyond chance matters, within [`MATERIAL_PSI`]. 0.1 if nothing is said.
    pub material_psi: f64,
    /// The measures that are exported beside PSI, in the order of [`Measure::ALL`]; all of them if nothing is said.
    pub measures: Vec<Measure>,
}

impl Drift {
    /// The fields that [`Drift::read`] reads.
    pub(super) const FIELDS: [&str; 4] = ["slow_windows", "rows_min", "material_psi", "measures"];

    pub(super) fn read(fields: &Object<'_, '_>, problems: &mut Problems) -> Option<Drift> {
        let slow_windows = match fields.optional("slow_windows") {
            Some(node) => node.whole(SLOW_WINDOWS, problems),
            None => Some(SLOW_WINDOWS_DEFAULT),
        };
        let rows_min = match fields.optional("rows_min") {
            Some(node) => node.whole(ROWS_MIN, problems).map(Some),
            None => Some(None),
        };
        let material_psi = match fields.optional("material_psi") {
            Some(node) => material_psi(&node, problems),
            None => Some(MATERIAL_PSI_DEFAULT),
        };
        let measures = match fields.optional("measures") {
            Some(node) => measures(&node, problems),
            None => Some(Measure::ALL.to_vec()),
        };
        Some(Drift {
            slow_windows: slow_windows?,
            rows_min: rows_min?,
            material_psi: material_psi?,
            measures: measures?,
        })
    }
}

fn material_psi(node: &Node<'_, '_>, problems: &mut Problems) -> Option<f64> {
    let found = node.number(problems)?;
    if !MATERIAL_PSI.contains(&found) {
        let (least, most) = (MATERIAL_PSI.start(), MATERIAL_PSI.end());
        node.refuse(format_args!("a number from {least} to {most}"), problems);
        return None;
    }
    Some(found)
}

fn measures(node: &Node<'_, '_>, problems: &mut Problems) -> Option<Vec<Measure>> {
    let words = Measure::ALL.map(|measure| (measure.word(), measure));
    let listed: Vec<Measure> =
        node.array(0..=words.len(), problems, |node, problems| node.word(&words, problems))?;
    Some(Measure::ALL.into_iter().filter(|measure| listed.contains(measure)).collect())
}
