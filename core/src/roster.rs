//! Who got series of its own at run time: a table that all workers share, and one worker's view of it.
//! It reads and writes bytes only; fetching and replacing what is shared is the host's part.
//!
//! Series of a proxy never go away, so the table only grows, up to a bound, and is one for the whole process: workers
//! that kept one each would admit as many names each. A worker asks for the shared table only for a name that it does
//! not know, and no more once its view is full; so a flood of invented names costs it nothing.
//!
//! What other configurations have admitted stays in the table, and takes no place in the view of one that does not
//! admit it. So a narrower pattern gets its own places after too wide a one was flooded.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::str;

use crate::{
    document::LABEL_BYTES_MAX,
    monitor::{ModelId, Monitor},
    series::{Series, SeriesId},
};

/// Where hosts keep the table. Its last part is the version of the encoding.
pub const ROSTER_KEY: &str = "driftline/names/1";
/// The most entries of the shared table, those of earlier configurations included; then nobody is admitted any more.
pub const ROSTER_ENTRIES_MAX: usize = 2000;

/// Whom an exchange is counted under, as its labels say it.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// The label `model`.
    pub model: String,
    /// The label `route`; empty where routes are not told apart.
    pub route: String,
}

/// One worker's view of the table: those whom its configuration admits.
#[derive(Debug, Default)]
pub struct Roster {
    places: BTreeMap<Subject, usize>,
    places_max: usize,
    /// The table has no room, or is none that this code could have written.
    is_closed: bool,
}

impl Roster {
    /// An empty view, with as many places as the configuration says.
    #[must_use]
    pub fn new(monitor: &Monitor) -> Roster {
        Roster { places_max: monitor.places_max(), ..Roster::default() }
    }

    /// The model of this subject, if it has a place.
    #[must_use]
    pub fn find(&self, monitor: &Monitor, subject: &Subject) -> Option<ModelId> {
        monitor.place(*self.places.get(subject)?)
    }

    /// Whether nobody can be admitted any more: then there is no need to look at the table.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_closed || self.places_max <= self.places.len()
    }

    /// Takes over what the table has, and hands out the series of each one that is new, to be defined with the host.
    ///
    /// Those that the configuration does not admit, or has no place for, are passed over.
    pub fn read(
        &mut self,
        monitor: &Monitor,
        table: &[u8],
        mut define: impl FnMut(SeriesId, &Series),
    ) {
        let mut entries = 0usize;
        let mut rest = table;
        while !rest.is_empty() {
            let Some((subject, behind)) = decode(rest) else {
                self.is_closed = true;
                return;
            };
            rest = behind;
            entries = entries.saturating_add(1);
            let place = self.places.len();
            if place < self.places_max
                && !self.places.contains_key(&subject)
                && monitor.admits(&subject)
            {
                monitor.series_at(place, &subject, &mut define);
                self.places.insert(subject, place);
            }
        }
        self.is_closed |= ROSTER_ENTRIES_MAX <= entries;
    }
}

/// The table with one more entry. It is for the caller to have [read](Roster::read) it and not found the subject.
#[must_use]
pub fn with_subject(table: &[u8], subject: &Subject) -> Vec<u8> {
    let parts = [&subject.model, &subject.route];
    let mut bytes = Vec::from(table);
    for part in parts {
        // Labels are shorter than 256 bytes; of a longer one the table would hold nothing readable.
        let part = part.as_bytes().get(..LABEL_BYTES_MAX).unwrap_or(part.as_bytes());
        bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The first entry, and what stands behind it; `None` if this is none.
fn decode(bytes: &[u8]) -> Option<(Subject, &[u8])> {
    let (model, bytes) = text(bytes)?;
    let (route, bytes) = text(bytes)?;
    Some((Subject { model: model.into(), route: route.into() }, bytes))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&length, bytes) = bytes.split_first()?;
    let length = usize::from(length);
    let (text, rest) = bytes.split_at_checked(length).filter(|_| length <= LABEL_BYTES_MAX)?;
    Some((str::from_utf8(text).ok()?, rest))
}
