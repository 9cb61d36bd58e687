//! The memory of one VM as one account, from which configurations, windows, decoders and exchanges take before they
//! allocate. It allocates nothing for them, and does not know what the allocator really holds.
//!
//! Running out of memory ends a VM with all its streams, so whatever grows with traffic or with updates takes its share
//! here first, by an upper bound that tests compare with a counting allocator. What finds none left does without: a
//! stream passes unmeasured, a body unread, a configuration is refused.

mod workers;

use alloc::{rc::Rc, vec::Vec};
use core::{cell::RefCell, fmt, ops::Deref};

use driftline_inference::generative::{self, Framing};
use driftline_statistics::{document, fingerprint::Fingerprint};
use driftline_wire::encoding::{DECODERS_BYTES_MAX, MemoryBudget, Reservation};

use self::workers::{Entry, Workers};
use crate::{answer::AnswerRow, config::Config, host::Host, leader_lease::unique_start};

/// What a VM's account has. The module may grow to 64 MiB; the rest is for its own data and stack, for the gaps that an
/// allocator leaves between blocks, and for what a single call takes until it returns.
pub const VM_BYTES: usize = 48 << 20;
/// What configurations may take of it, those that are being read and those that go on after an update included. With what
/// decoders may take, it leaves a sixth for windows and streams in any case.
pub const CONFIGURATIONS_BYTES_MAX: usize = 24 << 20;
const HAS_SMALL_POINTERS: bool = size_of::<usize>() == 4;
/// What an exchange with a model that generates takes at most from its headers to its end, beside its decoders.
/// Where pointers take eight bytes, as in tests, it is more.
const GENERATION_BYTES: usize = if HAS_SMALL_POINTERS { 2048 } else { 2560 };
/// The same where the answer comes in messages of an AWS event stream.
const AWS_GENERATION_BYTES: usize = if HAS_SMALL_POINTERS { 2816 } else { 3328 };
/// The same with a model that predicts, beside decoders and held tensors, of columns and of values of headers.
const PREDICTION_BYTES: usize = (5 << 10) + ANSWER_ROW_BYTES;
/// What it takes for each column of the largest model: how many values came, and which name has which place, in both
/// directions.
const COLUMN_BYTES: usize = 8 + 2 * crate::held::HELD_BYTES;
/// The most bytes that are kept of a header in which a feature is looked for. Longer ones are cut.
pub(crate) const HEADER_BYTES_MAX: usize = 1 << 10;

/// What an allocator takes of each block for its own note, beside what it is asked for.
pub(crate) const BLOCK_BYTES: usize = 8;

/// What a row of an answer takes at most until it is over, with a text.
const ANSWER_ROW_BYTES: usize = size_of::<AnswerRow>() + 256 + 2 * BLOCK_BYTES;

/// What streams may take together of what decoders may, to remember an event by: with a KiB each, some 4,000 streams of a
/// worker. Further ones read every event in full.
pub(crate) const REPEATS_BYTES_MAX: usize = 4 << 20;

/// What the series of a configuration take each: their numbers here and in the proxy, and what they wait in for a flush.
const SERIES_BYTES: usize = 40;
/// What any configuration takes, whatever it says.
const CONFIGURATION_BYTES: usize = 64 << 10;
/// What is read of a configuration takes at most so much as its text.
const CONFIG_PER_TEXT: usize = 3;

/// The account of one VM; clones are of the same one.
#[derive(Clone, Debug)]
pub struct VmMemory(Rc<Account>);

#[derive(Debug)]
struct Account {
    all: MemoryBudget,
    configurations: MemoryBudget,
    decoders: MemoryBudget,
    /// The configurations that are in force, those that drain included.
    in_force: RefCell<Vec<Fingerprint>>,
    /// What other VMs were told of this one.
    told: RefCell<Option<Entry>>,
}

/// The account of a VM in which a configuration is in force.
#[derive(Debug)]
pub(crate) struct InUse {
    vm: VmMemory,
    configuration: Fingerprint,
}

impl Deref for InUse {
    type Target = VmMemory;

    fn deref(&self) -> &VmMemory {
        &self.vm
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let mut in_force = self.vm.0.in_force.borrow_mut();
        if let Some(place) = in_force.iter().position(|it| *it == self.configuration) {
            in_force.swap_remove(place);
        }
    }
}

/// What a configuration takes, before it is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ConfigurationBytes {
    /// While it is read.
    pub(crate) reading: usize,
    /// As long as it is in force; windows come on top, in the VM that evaluates.
    pub(crate) in_force: usize,
}

/// Why there is no room for a configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoRoom {
    needed: usize,
    left: usize,
    /// Of which VM.
    of: Whose,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Whose {
    This,
    TheFullest,
}

impl Default for VmMemory {
    fn default() -> VmMemory {
        VmMemory::new(VM_BYTES)
    }
}

impl VmMemory {
    /// An account of so many bytes, of which nothing is taken.
    #[must_use]
    pub fn new(bytes: usize) -> VmMemory {
        let all = MemoryBudget::new(bytes);
        let configurations = all.part(CONFIGURATIONS_BYTES_MAX);
        let decoders = all.part(DECODERS_BYTES_MAX);
        VmMemory(Rc::new(Account {
            all,
            configurations,
            decoders,
            in_force: RefCell::default(),
            told: RefCell::default(),
        }))
    }

    /// What nobody has taken.
    #[must_use]
    pub fn bytes_left(&self) -> usize {
        self.0.all.bytes_left()
    }

    /// The part of it that decoders and held tensors may take together.
    pub(crate) fn decoders(&self) -> &MemoryBudget {
        &self.0.decoders
    }

    /// Takes memory before it is allocated; `None` if there is not so much left.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        self.0.all.reserve(bytes).ok()
    }

    /// The same for a configuration.
    pub(crate) fn reserve_for_configuration(&self, bytes: usize) -> Result<Reservation, NoRoom> {
        let configurations = &self.0.configurations;
        let left = configurations.bytes_left();
        configurations.reserve(bytes).map_err(|_| NoRoom { needed: bytes, left, of: Whose::This })
    }

    /// Whether a configuration is in force here. Where none is, nothing is lost if this VM refuses one.
    pub(crate) fn is_in_use(&self) -> bool {
        !self.0.in_force.borrow().is_empty()
    }

    /// Notes that a configuration is in force here, until what this gives is dropped.
    pub(crate) fn enter(&self, configuration: Fingerprint) -> InUse {
        self.0.in_force.borrow_mut().push(configuration);
        InUse { vm: self.clone(), configuration }
    }

    /// Whether the fullest VM has room for so much, as far as VMs have told. A proxy asks one VM of its own, with nothing
    /// in it, whether an update is good, and then gives it to all.
    ///
    /// One that is in force in any VM has room: this VM then begins anew, in the place of one that is gone.
    pub(crate) fn check_the_fullest(
        &self,
        host: &impl Host,
        bytes: usize,
        configuration: Fingerprint,
    ) -> Result<(), NoRoom> {
        let workers = Workers::read(host);
        let left = workers.least_left_for_configurations().unwrap_or(usize::MAX);
        if bytes <= left || workers.have(configuration) {
            return Ok(());
        }
        Err(NoRoom { needed: bytes, left, of: Whose::TheFullest })
    }

    /// Tells the other VMs what is left here, if that has changed by much or was told long ago; what the fullest VM has
    /// taken, if that was done.
    pub(crate) fn tell(&self, host: &impl Host) -> Option<usize> {
        let (all, configurations) = (&self.0.all, &self.0.configurations);
        let left = [all.bytes_left(), configurations.bytes_left()];
        let mut told = self.0.told.borrow_mut();
        let in_force = self.0.in_force.borrow();
        let now = host.now();
        if told.as_ref().is_some_and(|told| told.holds(now, left, &in_force)) {
            return None;
        }
        let vm = told.as_ref().map_or_else(|| unique_start(host), |told| told.vm);
        let entry = Entry::new(vm, now, left, &in_force);
        let least = Workers::tell(host, &entry);
        *told = Some(entry);
        Some(VM_BYTES.saturating_sub(least))
    }
}

/// What an exchange with a model that generates takes at most in this dialect.
pub(crate) fn generation_bytes(dialect: &generative::Dialect) -> usize {
    match dialect.framing {
        Framing::AwsEventStream | Framing::BedrockPayload => AWS_GENERATION_BYTES,
        Framing::ServerSentEvents | Framing::Ndjson | Framing::EventsOrJsonArray => {
            GENERATION_BYTES
        }
    }
}

/// What an exchange with a model that predicts takes at most where models have so many columns, and so many headers are
/// looked at.
pub(crate) fn prediction_bytes(columns: usize, headers: usize) -> usize {
    let of_header = HEADER_BYTES_MAX.saturating_add(size_of::<Option<Vec<u8>>>());
    PREDICTION_BYTES
        .saturating_add(columns.saturating_mul(COLUMN_BYTES))
        .saturating_add(headers.saturating_mul(of_header))
}

impl ConfigurationBytes {
    /// What reading a text takes beside it: its tree, and what is made of it.
    pub(crate) fn reading(text: &[u8]) -> usize {
        text.len().saturating_mul(CONFIG_PER_TEXT).saturating_add(document::tree_bytes(text))
    }

    /// What a configuration takes that makes so many series and was written in so many bytes.
    pub(crate) fn of(config: &Config, series: usize, text_bytes: usize) -> ConfigurationBytes {
        let names = config.slots().saturating_mul(4 * 128);
        // Beside twice the text: an hour of zeros takes twice as much as it is long.
        let profiles = config.models.iter().filter_map(|model| model.profile.as_ref());
        let by_hour = profiles.fold(0, |all: usize, it| all.saturating_add(it.by_hour_bytes()));
        let in_force = CONFIGURATION_BYTES
            .saturating_add(series.saturating_mul(SERIES_BYTES))
            .saturating_add(text_bytes.saturating_mul(2))
            .saturating_add(names)
            .saturating_add(by_hour);
        let reading = text_bytes.saturating_mul(CONFIG_PER_TEXT);
        ConfigurationBytes { reading, in_force }
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoRoom { needed, left, of } = self;
        let whose = match of {
            Whose::This => "this VM",
            Whose::TheFullest => "the fullest worker",
        };
        write!(
            f,
            "found a configuration that takes {needed} bytes of memory, expected at most {left}, which {whose} has left of \
             {CONFIGURATIONS_BYTES_MAX} for configurations, those that still drain included"
        )
    }
}
