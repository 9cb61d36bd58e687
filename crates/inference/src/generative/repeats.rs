//! Events that say what one before them said, but for the length of a text: they are known without being read. It never
//! guesses; what does not fit is read.
//!
//! What an event says depends on its bytes, but not on all of them: an identifier that no table has may be any other, and
//! of a text only its length counts and that it is not empty. So a [`Template`] of one event, in which these values may
//! differ, knows what the next one says. It is learnt from events that were read, and only where reading them showed which
//! value means what.

use alloc::boxed::Box;

use driftline_wire::{
    encoding::Reservation,
    fields::Value,
    template::{self, Kind, Template},
};

use crate::generative::{facts::Facts, meaning::Fact};

/// How many forms of events a stream may bring in a row without one that repeats, before none is learnt any more.
const PATIENCE: u8 = 8;
/// What a stream takes to remember an event by, with what the allocator adds.
pub const REPEATS_BYTES: usize = size_of::<Learnt>() + 16;
/// Values of an event that have a meaning; of one with more nothing is learnt.
const NOTED_MAX: usize = 24;
/// The tag of a text whose characters may count.
const COUNTED: u8 = 1;

/// What events have said that the next ones may say again. It takes its memory with the first event that it learns.
#[derive(Debug)]
pub(super) struct Repeats {
    learnt: Option<Box<Learnt>>,
    /// The last event was read and did not fit.
    has_missed: bool,
    patience: u8,
    _room: Option<Reservation>,
}

#[derive(Debug)]
struct Learnt {
    template: Template,
    facts: Facts,
    /// The characters of its texts count.
    counts: bool,
}

/// An event that is read, watched for what its values mean.
#[derive(Debug)]
pub(super) struct Watched<'e> {
    /// It begins with these bytes, which go on after it.
    bytes: &'e [u8],
    noted: [Noted; NOTED_MAX],
    count: usize,
    /// Its data are not in one piece, or have more values than there is room for.
    is_unfit: bool,
    /// How many bytes are left where its data begin and where they end.
    data: Option<[usize; 2]>,
    /// Characters of all texts whose characters may count.
    characters: u64,
}

/// A value that a table has.
#[derive(Clone, Copy, Debug)]
struct Noted {
    /// How many bytes are left after it.
    left: usize,
    role: Role,
}

/// What of a value makes a difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    /// All of it.
    Whole,
    /// That it is there.
    Given,
    /// That it is there, and how many characters it has.
    Counted,
}

impl Role {
    fn of(fact: Fact, value: &Value<'_>) -> Role {
        use Fact::{
            Delta, Foreign, ForeignWithin, Nothing, Output, Part, PartOutput, PartText, Pieces,
            Reasoning, Refusal, Token, Tokenless, Unknown, UnknownWithin, Visible, Whole,
        };
        let is_given = match value {
            Value::String(text) => !text.is_empty(),
            Value::Number(_) => true,
            _ => false,
        };
        match fact {
            Visible | Refusal | Delta | Part | PartText | Pieces | Whole if is_given => {
                Role::Counted
            }
            Reasoning | Output | Tokenless | Token | PartOutput | Unknown | UnknownWithin
            | Foreign | ForeignWithin | Nothing
                if is_given =>
            {
                Role::Given
            }
            _ => Role::Whole,
        }
    }

    const fn tag(self) -> Option<u8> {
        match self {
            Role::Whole => None,
            Role::Given => Some(0),
            Role::Counted => Some(COUNTED),
        }
    }
}

impl Repeats {
    /// Of a stream that has learnt nothing, with room to do so or not.
    pub(super) fn new(room: Option<Reservation>) -> Repeats {
        let patience = if room.is_some() { PATIENCE } else { 0 };
        Repeats { learnt: None, has_missed: false, patience, _room: room }
    }

    /// The event with which these bytes begin, and what it says, if it is one that repeats.
    #[inline(never)]
    pub(super) fn fit<'e>(&mut self, bytes: &'e [u8]) -> Option<(&'e [u8], &Facts)> {
        let Learnt { template, facts, counts } = &mut **self.learnt.as_mut()?;
        let mut characters = 0_u64;
        let length = template.fit(bytes, |kind, tag, value| {
            if *counts && tag == COUNTED && kind == Kind::Text {
                characters = characters.saturating_add(template::characters(value));
            }
            !value.is_empty()
        })?;
        self.has_missed = false;
        self.patience = PATIENCE;
        if *counts {
            facts.characters = characters;
        }
        Some((bytes.get(..length)?, facts))
    }

    /// Watches the event that begins here. Nothing is learnt before output has come in pieces, after which what an event
    /// says depends on nothing before it.
    #[cold]
    pub(super) fn watch<'e>(&self, bytes: &'e [u8], has_pieces: bool) -> Option<Watched<'e>> {
        if !has_pieces || self.patience == 0 || bytes.is_empty() {
            return None;
        }
        Some(Watched {
            bytes,
            noted: [Noted { left: 0, role: Role::Whole }; NOTED_MAX],
            count: 0,
            is_unfit: false,
            data: None,
            characters: 0,
        })
    }

    /// Learns from an event that was read and says this. `left` bytes follow it.
    #[cold]
    pub(super) fn learn(&mut self, watched: &Watched<'_>, left: usize, facts: &Facts) {
        let end = watched.bytes.len().saturating_sub(left);
        let Some(event) = watched.bytes.get(..end).filter(|_| !watched.is_unfit) else { return };
        // Texts count all together, or none does.
        if facts.characters != 0 && facts.characters != watched.characters {
            return;
        }
        if let Some(learnt) = &mut self.learnt {
            if learnt.template.merge(event) {
                return;
            }
            // One event of another form is no reason to forget the usual one.
            if !core::mem::replace(&mut self.has_missed, true) && learnt.template.is_kept() {
                return;
            }
        }
        self.patience = self.patience.saturating_sub(1);
        let learnt = self.learnt.get_or_insert_with(|| {
            Box::new(Learnt { template: Template::new(), facts: Facts::default(), counts: false })
        });
        learnt.facts.clone_from(facts);
        learnt.counts = facts.characters != 0;
        learnt.template.keep(event, |_, value, at| {
            let left = watched.bytes.len().saturating_sub(at);
            watched.role(left, value).tag()
        });
    }
}

impl Watched<'_> {
    /// The next piece of data begins where so many bytes are left, and ends where so many are.
    #[inline]
    pub(super) fn begin_data(&mut self, left: [usize; 2]) {
        self.is_unfit |= self.data.replace(left).is_some();
    }

    /// Takes note of a value, after which so many bytes are left.
    #[cold]
    pub(super) fn note(&mut self, fact: Fact, value: &Value<'_>, left: usize) {
        if !matches!(value, Value::String(_) | Value::Number(_)) {
            // Only these may differ.
            return;
        }
        let role = Role::of(fact, value);
        if let (Role::Counted, Value::String(text)) = (role, value) {
            self.characters = self.characters.saturating_add(text.characters());
        }
        if let Some(place) = self.noted.get_mut(self.count) {
            *place = Noted { left, role };
            self.count = self.count.wrapping_add(1);
        } else {
            self.is_unfit = true;
        }
    }

    /// What of a value makes a difference after which so many bytes are left. One that no table has may be any other, and
    /// one that several rows of a table have must suit all of them.
    #[cold]
    fn role(&self, left: usize, value: &[u8]) -> Role {
        // A digit in the name of an event, which stands beside its data, is no value.
        if !self.data.is_some_and(|[begin, end]| (end..begin).contains(&left)) {
            return Role::Whole;
        }
        let noted = self.noted.get(..self.count).unwrap_or_default();
        let mut roles = noted.iter().filter(|noted| noted.left == left).map(|noted| noted.role);
        let Some(first) = roles.next() else {
            return if value.is_empty() { Role::Whole } else { Role::Given };
        };
        if roles.all(|role| role == first) { first } else { Role::Whole }
    }
}
