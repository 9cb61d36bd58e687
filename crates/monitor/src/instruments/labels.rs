//! Instruments of labels: how good a model is over both windows, whether that is worse than on the reference, whether its
//! KPIs differ from it, and whether its errors have changed. They share one panel, so each counter is read once.

mod cells;
mod concept;
mod estimate;
mod kpis;
mod quality;
mod segments;
mod state;
mod sums;
mod verdict;
mod windows;

pub(super) use self::{concept::ConceptDrift, verdict::LabelVerdict, windows::LabelWindows};

use super::{
    DriftSettings, Evaluation, Instrument, LabelContext, LabelInstrument, detector_record,
    ranks::Places, verdict::VerdictGauges,
};
