//! Asks the table that all workers share for series of an exchange's own; which names may ask is decided elsewhere.

use alloc::vec::Vec;
use core::cell::Cell;

use crate::{
    host::{Host, IF_ABSENT},
    ids::{ModelId, SeriesKey},
    label_table::{LABEL_TABLE_KEY, LabelTable, with_series_key},
    layout::Monitor,
};
use driftline_metrics::series::{SeriesId, SeriesView};

/// How often a change is tried again that another worker was quicker than.
const TRIES_MAX: usize = 64;

/// One configuration's view of the table within one VM.
pub(crate) struct Admission {
    label_table: Cell<LabelTable>,
}

impl Admission {
    /// Takes over whom earlier configurations, earlier code and other workers have admitted.
    pub(crate) fn begin(
        host: &impl Host,
        layout: &Monitor,
        define: impl FnMut(SeriesId, SeriesView<'_>),
    ) -> Admission {
        let mut label_table = LabelTable::new(layout);
        if !label_table.is_full() {
            let (table, _) = host.shared_data(LABEL_TABLE_KEY).unwrap_or_default();
            label_table.read(layout, &table, define);
        }
        Admission { label_table: Cell::new(label_table) }
    }

    /// The model under which this key counts, if it has a slot or gets one; `define` receives the series of all that are
    /// new here. Makes no call into the host for one that is known here, or if there is no slot left.
    pub(crate) fn admit(
        &self,
        host: &impl Host,
        layout: &Monitor,
        series_key: &SeriesKey,
        define: impl FnMut(SeriesId, SeriesView<'_>),
    ) -> Option<ModelId> {
        let mut label_table = self.label_table.take();
        let found = find_or_admit(&mut label_table, host, layout, series_key, define);
        self.label_table.set(label_table);
        found
    }
}

fn find_or_admit(
    label_table: &mut LabelTable,
    host: &impl Host,
    layout: &Monitor,
    series_key: &SeriesKey,
    mut define: impl FnMut(SeriesId, SeriesView<'_>),
) -> Option<ModelId> {
    for _ in 0..TRIES_MAX {
        if let Some(found) = label_table.find(layout, series_key) {
            return Some(found);
        }
        if label_table.is_full() {
            return None;
        }
        let (table, version) = host.shared_data(LABEL_TABLE_KEY).unwrap_or((Vec::new(), IF_ABSENT));
        label_table.read(layout, &table, &mut define);
        if label_table.find(layout, series_key).is_some() || label_table.is_full() {
            continue;
        }
        let table = with_series_key(&table, series_key);
        if host.set_shared_data(LABEL_TABLE_KEY, &table, version) {
            label_table.read(layout, &table, &mut define);
            return label_table.find(layout, series_key);
        }
    }
    // Others were quicker each time, or the host keeps no data: this request goes without a slot.
    None
}
