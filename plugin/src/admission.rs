//! Asks the table that all workers share for series of an exchange's own; which names may ask is decided in the core.

use std::cell::Cell;

use driftline_core::{
    monitor::{ModelId, Monitor},
    roster::{ROSTER_KEY, Roster, Subject, with_subject},
    series::{Series, SeriesId},
};

use crate::host;

/// How often a change is tried again that another worker was quicker than.
const TRIES_MAX: usize = 64;

/// One configuration's view of the table within one VM.
pub(crate) struct Admission {
    roster: Cell<Roster>,
}

impl Admission {
    /// Takes over whom earlier configurations, earlier code and other workers have admitted.
    pub(crate) fn begin(monitor: &Monitor, define: impl FnMut(SeriesId, &Series)) -> Admission {
        let mut roster = Roster::new(monitor);
        if !roster.is_full() {
            let (table, _) = host::shared_data(ROSTER_KEY).unwrap_or_default();
            roster.read(monitor, &table, define);
        }
        Admission { roster: Cell::new(roster) }
    }

    /// The model under which a subject counts, if it has a place or gets one; `define` is told the series of all that
    /// are new here. Costs no call of the host for one that is known here, or if there is no place left.
    pub(crate) fn admit(
        &self,
        monitor: &Monitor,
        subject: &Subject,
        define: impl FnMut(SeriesId, &Series),
    ) -> Option<ModelId> {
        let mut roster = self.roster.take();
        let found = find_or_admit(&mut roster, monitor, subject, define);
        self.roster.set(roster);
        found
    }
}

fn find_or_admit(
    roster: &mut Roster,
    monitor: &Monitor,
    subject: &Subject,
    mut define: impl FnMut(SeriesId, &Series),
) -> Option<ModelId> {
    for _ in 0..TRIES_MAX {
        if let Some(found) = roster.find(monitor, subject) {
            return Some(found);
        }
        if roster.is_full() {
            return None;
        }
        let (table, cas) =
            host::shared_data(ROSTER_KEY).unwrap_or((Vec::new(), host::CAS_IF_ABSENT));
        roster.read(monitor, &table, &mut define);
        if roster.find(monitor, subject).is_some() || roster.is_full() {
            continue;
        }
        let table = with_subject(&table, subject);
        if host::set_shared_data(ROSTER_KEY, &table, cas) {
            roster.read(monitor, &table, &mut define);
            return roster.find(monitor, subject);
        }
    }
    // Others were quicker each time, or the host keeps no data: this request goes without a place.
    None
}
