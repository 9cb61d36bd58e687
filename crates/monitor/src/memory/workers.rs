//! What the VMs of a proxy have told each other of the memory that is left in them; it holds back nothing that it is told,
//! and trusts nothing that is old.

use alloc::{format, string::String, vec::Vec};

use driftline_statistics::{fingerprint::Fingerprint, time::Timestamp};

use crate::{
    codec::{Reader, Writer},
    host::{Host, IF_ABSENT},
};

/// Where they tell it. VMs of other code are others: when they begin, nothing is taken in them.
fn key() -> String {
    format!("driftline/memory/1/{}", env!("CARGO_PKG_VERSION"))
}

/// How long what a VM told holds: several times as long as any configuration lets pass between two ticks, at most.
const HOLDS_NS: u64 = 200_000_000_000;
/// How often a VM tells what has not changed.
const TELLS_EVERY_NS: u64 = 50_000_000_000;
/// How much has to change for a VM to tell it at once.
const NEWS_BYTES: u64 = 256 << 10;
/// The most VMs that are listed; a proxy has one for each thread and update of the code.
const ENTRIES_MAX: usize = 512;
/// How often a change is tried again that another VM was quicker than.
const TRIES_MAX: usize = 16;

/// What one VM tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// Unlike that of any other VM of the process.
    pub(super) vm: u64,
    told_at: Timestamp,
    left: u64,
    left_for_configurations: u64,
    /// The configurations that are in force in it.
    configurations: Vec<u64>,
}

/// What all of them told, but for what is old.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Workers(Vec<Entry>);

impl Entry {
    /// What a VM tells now: what is left of all of its memory and for configurations, and which ones are in force.
    pub(super) fn new(
        vm: u64,
        told_at: Timestamp,
        left: [usize; 2],
        in_force: &[Fingerprint],
    ) -> Entry {
        let [left, left_for_configurations] = left.map(number);
        let configurations = in_force.iter().map(|it| it.value()).collect();
        Entry { vm, told_at, left, left_for_configurations, configurations }
    }

    /// Whether it need not be told again. What is left for configurations changes only with them, or with what is left of
    /// all.
    pub(super) fn holds(
        &self,
        now: Timestamp,
        [left, _]: [usize; 2],
        in_force: &[Fingerprint],
    ) -> bool {
        let configurations = in_force.iter().map(|it| it.value());
        number(left).abs_diff(self.left) <= NEWS_BYTES
            && now.0.saturating_sub(self.told_at.0) <= TELLS_EVERY_NS
            && configurations.eq(self.configurations.iter().copied())
    }
}

impl Workers {
    pub(super) fn read(host: &impl Host) -> Workers {
        Workers::read_versioned(host).0
    }

    fn read_versioned(host: &impl Host) -> (Workers, u32) {
        let (bytes, version) = host.shared_data(&key()).unwrap_or((Vec::new(), IF_ABSENT));
        let now = host.now().0;
        let mut workers = Workers::decode(&bytes).unwrap_or_default();
        workers.0.retain(|it| now.saturating_sub(it.told_at.0) < HOLDS_NS);
        (workers, version)
    }

    /// Puts an entry in the place of what its VM told before. What the fullest has left, this one included.
    pub(super) fn tell(host: &impl Host, entry: &Entry) -> usize {
        let mut least = usize::try_from(entry.left).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        for _ in 0..TRIES_MAX {
            let (mut workers, version) = Workers::read_versioned(host);
            workers.0.retain(|it| it.vm != entry.vm);
            workers.0.truncate(ENTRIES_MAX.saturating_sub(1));
            workers.0.push(entry.clone());
            least = workers.least_left().unwrap_or(least);
            workers.encode(&mut bytes);
            if host.set_shared_data(&key(), &bytes, version) {
                break;
            }
        }
        least
    }

    /// What the fullest has left; `None` if none has told anything.
    pub(super) fn least_left(&self) -> Option<usize> {
        least(self.0.iter().map(|it| it.left))
    }

    /// The same for configurations.
    pub(super) fn least_left_for_configurations(&self) -> Option<usize> {
        least(self.0.iter().map(|it| it.left_for_configurations))
    }

    /// Whether this configuration is in force in one of them.
    pub(super) fn have(&self, configuration: Fingerprint) -> bool {
        self.0.iter().any(|it| it.configurations.contains(&configuration.value()))
    }

    fn decode(bytes: &[u8]) -> Option<Workers> {
        let mut record = Reader::new(bytes);
        let mut entries = Vec::new();
        while let Some(vm) = record.u64() {
            let told_at = Timestamp(record.u64()?);
            entries.push(Entry {
                vm,
                told_at,
                left: record.u64()?,
                left_for_configurations: record.u64()?,
                configurations: {
                    let count = record.u16()?;
                    (0..count).map(|_| record.u64()).collect::<Option<_>>()?
                },
            });
        }
        record.end()?;
        Some(Workers(entries))
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        let mut record = Writer::new(bytes);
        for entry in &self.0 {
            let Entry { vm, told_at, left, left_for_configurations, configurations } = entry;
            for number in [*vm, told_at.0, *left, *left_for_configurations] {
                record.u64(number);
            }
            let count = u16::try_from(configurations.len()).unwrap_or(u16::MAX);
            record.u16(count);
            for &configuration in configurations.iter().take(usize::from(count)) {
                record.u64(configuration);
            }
        }
    }
}

fn number(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn least(left: impl Iterator<Item = u64>) -> Option<usize> {
    left.min().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::NativeHost;

    const SECOND: u64 = 1_000_000_000;

    fn entry(vm: u64, seconds: u64, left: u64) -> Entry {
        Entry {
            vm,
            told_at: Timestamp(seconds * SECOND),
            left,
            left_for_configurations: left / 2,
            configurations: alloc::vec![vm * 10],
        }
    }

    #[test]
    fn the_fullest_counts_and_what_is_old_does_not() {
        let host = NativeHost::starting_at(Timestamp(1000 * SECOND));
        assert_eq!(Workers::read(&host).least_left(), None);
        assert_eq!(Workers::tell(&host, &entry(1, 1000, 70)), 70);
        assert_eq!(Workers::tell(&host, &entry(2, 1000, 50)), 50);
        assert_eq!(Workers::tell(&host, &entry(1, 1000, 60)), 50, "one entry for each VM");
        assert_eq!(Workers::read(&host).0.len(), 2);
        assert_eq!(Workers::read(&host).least_left_for_configurations(), Some(25));
        assert!(!Workers::read(&host).have(Fingerprint::new()));
        host.now.set(Timestamp(1100 * SECOND));
        assert_eq!(Workers::tell(&host, &entry(1, 1100, 65)), 50);
        host.now.set(Timestamp(1200 * SECOND));
        assert_eq!(Workers::read(&host).least_left(), Some(65), "the other one is gone");
    }

    #[test]
    fn bytes_that_are_no_list_are_nothing_told() {
        let host = NativeHost::starting_at(Timestamp(0));
        assert!(host.set_shared_data(&key(), &[1; 33], 0));
        assert_eq!(Workers::read(&host), Workers::default());
        assert_eq!(Workers::tell(&host, &entry(1, 0, 70)), 70);
        assert_eq!(Workers::read(&host), Workers(alloc::vec![entry(1, 0, 70)]));
    }

    #[test]
    fn only_what_is_new_is_told() {
        let news = usize::try_from(NEWS_BYTES).unwrap();
        let in_force = [Fingerprint::new()];
        let told = Entry::new(1, Timestamp(0), [100 * news, 0], &in_force);
        let holds = |seconds, left, in_force: &[Fingerprint]| {
            told.holds(Timestamp(seconds * SECOND), [left, 0], in_force)
        };
        assert!(holds(50, 99 * news, &in_force));
        assert!(!holds(51, 100 * news, &in_force));
        assert!(!holds(0, 98 * news, &in_force));
        assert!(!holds(0, 100 * news, &[]));
        assert!(!holds(0, 100 * news, &[Fingerprint::new().with(b"another")]));
    }
}
