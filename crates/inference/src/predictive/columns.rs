//! Which values of a body are looked for, and where: by name, by position, or by tensor and index.
//! It is laid out at configuration, reads no body, and never grows.
//!
//! A column is a feature or the prediction of a model; columns are numbered as in the model's profile, the prediction
//! after the features. One [`Columns`] is for one side of an exchange: the request's, or the answer's.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use super::{
    CLASSES_MAX, COLUMNS_MAX, Part,
    unlisted::{Notes, Unlisted},
};
use driftline_statistics::{
    profile::Kind,
    value::{is_index, trim},
};

/// The highest position or index, exclusive, at which a value may be looked for.
pub(super) const POSITIONS_MAX: usize = 1 << 16;

/// Where a column's values are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Under this name in rows, columns or tensors; without names, at this position. Values of the first tensor of a
    /// body are matched by index if no column has the tensor's name.
    Usual {
        /// The column's name.
        name: Box<[u8]>,
        /// Its position, from 0.
        position: usize,
    },
    /// Only under this name in rows, columns or tensors.
    Name(Box<[u8]>),
    /// Only at this position of a row.
    Position(usize),
    /// Only at this index of each row of the tensor with this name.
    Tensor {
        /// The tensor's name.
        name: Box<[u8]>,
        /// Which of a row's elements, from 0.
        index: usize,
    },
    /// In parts of rows: see [`Columns::look_for_answer`].
    Parts,
}

/// What a column takes of its values.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Projection {
    /// The value itself: a number, a boolean, a text.
    #[default]
    Value,
    /// How many characters a text has, of any length: [`Cell::Number`](super::Cell::Number).
    TextLength,
    /// The Euclidean norm of a list of numbers: [`Cell::Number`](super::Cell::Number). Of a tensor, it is the norm of
    /// each row.
    VectorNorm,
}

impl Projection {
    /// What a column of this kind takes.
    pub const fn of(kind: Kind) -> Projection {
        match kind {
            Kind::Number | Kind::Integer | Kind::Boolean | Kind::Category | Kind::Timestamp => {
                Projection::Value
            }
            Kind::TextLength => Projection::TextLength,
            Kind::VectorNorm => Projection::VectorNorm,
        }
    }
}

/// A tensor in which columns are looked for. Valid for the [`Columns`] that returned it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tensor(usize);

impl Tensor {
    /// Whether it is looked into only because it is the first one, and no column has its name.
    pub const fn is_nameless(self) -> bool {
        self.0 == 0
    }
}

/// The columns that one side of an exchange is searched for.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// By number; `None` for a column that is not looked for on this side.
    reads: Vec<Option<Projection>>,
    /// In the order of the names.
    names: Vec<(Box<[u8]>, usize)>,
    positions: Positions,
    /// Those of them that have only a position.
    fixed: Positions,
    /// What the first tensor is if no column has its name, and then those with names.
    tensors: Vec<(Box<[u8]>, Positions)>,
    /// What bodies have and no column looks for.
    notes: Notes,
    has_vectors: bool,
    /// How many positions a row without names is expected to have.
    width: u32,
    /// How many it may have besides, if they are shares of classes; 0 if there are no such.
    shares: u8,
    /// What the parts of an answer take of their values; `None` if none are looked for.
    answer: Option<Projection>,
    /// Values under names that mean nothing are parts, too.
    takes_any: bool,
}

/// Column numbers by position.
#[derive(Clone, Debug, Default)]
struct Positions(Vec<Option<u16>>);

/// What a tensor of a body is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FoundTensor {
    /// Columns look for its elements.
    Wanted(Tensor),
    /// The index of a data frame, which training data leaves out as well.
    LeftOut,
    /// None of the features.
    Extra,
}

impl FoundTensor {
    /// The tensor, if any column looks for its elements.
    pub const fn wanted(self) -> Option<Tensor> {
        if let FoundTensor::Wanted(tensor) = self { Some(tensor) } else { None }
    }
}

impl Columns {
    /// Columns by number, each with what it takes of its values, if it is looked for on this side.
    ///
    /// Of two columns with the same place the first one gets the values; the configuration refuses such columns.
    /// Columns beyond [`COLUMNS_MAX`] and positions beyond [`POSITIONS_MAX`] are never found.
    pub fn new(columns: impl IntoIterator<Item = Option<(Place, Projection)>>) -> Columns {
        let mut found = Columns { tensors: vec![Default::default()], ..Columns::default() };
        for (number, column) in columns.into_iter().take(COLUMNS_MAX).enumerate() {
            let reads = column.as_ref().map(|(_, reads)| *reads);
            found.has_vectors |= reads == Some(Projection::VectorNorm);
            found.reads.push(reads);
            match column.map(|(place, _)| place) {
                Some(Place::Usual { name, position }) => {
                    found.tensor_mut(&name).set(0, number);
                    found.positions.set(position, number);
                    found.add_name(name, number);
                }
                Some(Place::Name(name)) => {
                    found.tensor_mut(&name).set(0, number);
                    found.add_name(name, number);
                }
                Some(Place::Position(position)) => {
                    found.positions.set(position, number);
                    found.fixed.set(position, number);
                }
                Some(Place::Tensor { name, index }) => found.tensor_mut(&name).set(index, number),
                Some(Place::Parts) => found.answer = reads,
                None => {}
            }
        }
        found.width = found.positions.0.len() as u32;
        if let Some((_, first)) = found.tensors.first_mut() {
            first.0.clone_from(&found.positions.0);
        }
        found
    }

    /// Reports the prediction, whose place is [`Place::Parts`], as [`Part`]s, because it takes a whole row to say what it
    /// is. It has one of these names, the likeliest first, or any name and none if `takes_any`. Its classes, if it has
    /// any, are in the order of their shares.
    #[inline(never)]
    pub fn look_for_answer(&mut self, names: &[&str], takes_any: bool, classes: &[String]) {
        let shares = classes.len().min(CLASSES_MAX);
        (self.shares, self.takes_any) = (shares as u8, takes_any);
        for (rank, name) in names.iter().enumerate() {
            let tensor = self.tensor_mut(name.as_bytes());
            tensor.set(0, Part::Named(rank).column());
            tensor.set_elements(1, shares);
            self.add_name(name.as_bytes().into(), Part::Named(rank).column());
        }
        if takes_any {
            self.width = self.width.max(1);
            self.positions.set_elements(0, shares.max(1));
            if let Some((_, first)) = self.tensors.first_mut() {
                first.set_elements(0, shares.max(1));
            }
            for (number, class) in classes.iter().enumerate() {
                if let Some(column) = self.other_member(number) {
                    self.add_name(class.as_bytes().into(), column);
                }
            }
        }
    }

    /// The part that a row's member is under a name that means nothing, after this many such members; `None` if it is
    /// none.
    pub(super) fn other_member(&self, before: usize) -> Option<usize> {
        match before {
            0 => self.takes_any.then(|| Part::Unnamed.column()),
            _ => (before < self.shares()).then(|| Part::Element(before).column()),
        }
    }

    /// How many shares of classes a row may have; 0 if there are no such.
    pub(super) const fn shares(&self) -> usize {
        self.shares as usize
    }

    /// Whether values under names that mean nothing are those of the prediction.
    pub(super) const fn takes_any(&self) -> bool {
        self.takes_any
    }

    /// How many columns the model has, whether they are looked for here or not; at most [`COLUMNS_MAX`].
    pub fn count(&self) -> usize {
        self.reads.len()
    }

    /// What this column takes of its values; `None` if it is not looked for on this side.
    pub fn reads(&self, column: usize) -> Option<Projection> {
        match self.reads.get(column) {
            Some(reads) => *reads,
            None if COLUMNS_MAX <= column => self.answer,
            None => None,
        }
    }

    /// Whether any column takes the norm of a vector.
    pub const fn has_vectors(&self) -> bool {
        self.has_vectors
    }

    /// From now on, notes what no column looks for, for [`Columns::unlisted`].
    pub fn note_unlisted(&mut self) {
        self.notes.open();
    }

    /// What no column looks for, of what came since [`Columns::note_unlisted`].
    pub fn unlisted(&self) -> Unlisted {
        self.notes.read()
    }

    /// The column of this name, as a member of a row, in the head of a table, or as a column of its own. Binary search.
    pub fn named(&self, name: &[u8]) -> Option<usize> {
        let found = self.known(name);
        if found.is_none() && !Columns::leaves_out(name) {
            self.notes.name(name);
        }
        found
    }

    /// Whether a name that no column has is a data frame's index, which training data leaves out as well.
    #[inline(never)]
    pub fn leaves_out(name: &[u8]) -> bool {
        // What pandas calls a column of CSV without a name.
        is_index(name) || name == b"Unnamed: 0"
    }

    /// As [`Columns::named`], for what may be a value instead of a name. Blanks around a name are not part of it, as they
    /// are not in training data, unless a column is called so with them.
    pub fn known(&self, name: &[u8]) -> Option<usize> {
        self.exactly(name).or_else(|| self.exactly(trimmed(name)?))
    }

    fn exactly(&self, name: &[u8]) -> Option<usize> {
        let first = self.names.partition_point(|(known, _)| **known < *name);
        self.names.get(first).filter(|(known, _)| **known == *name).map(|&(_, column)| column)
    }

    /// The column at this position, from 0, of a row without names.
    pub fn at(&self, position: usize) -> Option<usize> {
        let found = self.positions.get(position);
        if found.is_none() {
            self.notes.position(position);
        }
        found
    }

    /// The column at this position, from 0, of a row whose values have names, if this one's is not known.
    pub fn at_nameless(&self, position: usize) -> Option<usize> {
        self.fixed.get(position)
    }

    /// How many positions a row without names is expected to have; 0 if no column has a position.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// The tensor of this name, which is tensor number `ordinal`, from 0, of its body; `None` if nothing is looked for
    /// in it.
    pub fn tensor(&self, name: &[u8], ordinal: usize) -> Option<Tensor> {
        self.find_tensor(name, ordinal).wanted()
    }

    /// What the tensor of this name is, which is tensor number `ordinal`, from 0, of its body; those that are left out do
    /// not count. Compares with each name, once per tensor.
    pub fn find_tensor(&self, name: &[u8], ordinal: usize) -> FoundTensor {
        let exactly = |name: &[u8]| {
            let mut named = self.tensors.iter().enumerate().skip(1);
            named.find(|(_, (known, _))| **known == *name).map(|(number, _)| Tensor(number))
        };
        let found = exactly(name).or_else(|| exactly(trimmed(name)?));
        if let Some(named) = found {
            return FoundTensor::Wanted(named);
        }
        // A tensor without a name is no index, because tensors need none.
        if !name.is_empty() && Columns::leaves_out(name) {
            return FoundTensor::LeftOut;
        }
        self.notes.name(name);
        let is_first = ordinal == 0 && self.width() != 0;
        if is_first { FoundTensor::Wanted(Tensor(0)) } else { FoundTensor::Extra }
    }

    /// The column at this index, from 0, of each row of a tensor.
    pub fn in_tensor(&self, tensor: Tensor, index: usize) -> Option<usize> {
        let (name, positions) = self.tensors.get(tensor.0)?;
        let found = positions.get(index);
        if found.is_none() {
            if tensor.is_nameless() {
                self.notes.position(index);
            } else {
                self.notes.wide(name);
            }
        }
        found
    }

    /// Puts a name where it belongs; of two with one name the first one stays in front. To sort all of them at once would
    /// be quicker, and takes five kilobytes of code.
    fn add_name(&mut self, name: Box<[u8]>, column: usize) {
        let place = self.names.partition_point(|(known, _)| *known <= name);
        self.names.insert(place, (name, column));
    }

    fn tensor_mut(&mut self, name: &[u8]) -> &mut Positions {
        let named = self.tensors.iter().skip(1).position(|(known, _)| **known == *name);
        let number = named.map_or(self.tensors.len(), |number| number.saturating_add(1));
        if number == self.tensors.len() {
            self.tensors.push((name.into(), Positions::default()));
        }
        // The list begins with an element, so it has a last one.
        let last = self.tensors.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "`number` is at most the last index")]
        &mut self.tensors[number.min(last)].1
    }
}

/// A name without the blanks around it; `None` if there are none.
fn trimmed(name: &[u8]) -> Option<&[u8]> {
    let trimmed = trim(name);
    (trimmed.len() != name.len()).then_some(trimmed)
}

impl Positions {
    fn get(&self, position: usize) -> Option<usize> {
        self.0.get(position).copied().flatten().map(usize::from)
    }

    /// Puts these elements of an answer where they stand.
    fn set_elements(&mut self, first: usize, end: usize) {
        for element in first..end {
            self.set(element, Part::Element(element).column());
        }
    }

    #[inline(never)]
    fn set(&mut self, position: usize, column: usize) {
        if POSITIONS_MAX <= position {
            return;
        }
        if self.0.len() <= position {
            self.0.resize(position.saturating_add(1), None);
        }
        if let Some(slot @ None) = self.0.get_mut(position) {
            *slot = u16::try_from(column).ok();
        }
    }
}

#[cfg(test)]
impl Columns {
    /// Columns with these names, in this order, which are looked for as usual and read as they are.
    pub fn usual(names: &[&str]) -> Columns {
        Columns::new(names.iter().enumerate().map(|(position, name)| {
            Some((Place::Usual { name: name.as_bytes().into(), position }, Projection::Value))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_or_else_by_position() {
        let columns = Columns::usual(&["b", "a", "c"]);
        assert_eq!(columns.count(), 3);
        assert_eq!(
            [b"a", b"b", b"c", b"d"].map(|name| columns.named(name)),
            [Some(1), Some(0), Some(2), None]
        );
        assert_eq!([0, 2, 3].map(|position| columns.at(position)), [Some(0), Some(2), None]);
        assert_eq!(
            [&b" b"[..], b"c \t", b" "].map(|name| columns.named(name)),
            [Some(0), Some(2), None]
        );
        assert_eq!(columns.width(), 3);
        assert_eq!(columns.at_nameless(0), None);
    }

    #[test]
    fn a_first_tensor_whose_name_no_column_has_is_matched_by_index() {
        let columns = Columns::usual(&["a", "b"]);
        let first = columns.tensor(b"input-0", 0).unwrap();
        assert_eq!(
            [0, 1, 2].map(|index| columns.in_tensor(first, index)),
            [Some(0), Some(1), None]
        );
        let named = columns.tensor(b"b", 0).unwrap();
        assert_eq!([0, 1].map(|index| columns.in_tensor(named, index)), [Some(1), None]);
        assert_eq!(columns.tensor(b" b ", 3), Some(named));
        assert_eq!(columns.tensor(b"input-1", 1), None);
    }

    #[test]
    fn places_that_are_said_are_the_only_ones() {
        let columns = Columns::new([
            Some((Place::Name(b"a".as_slice().into()), Projection::TextLength)),
            Some((Place::Position(3), Projection::Value)),
            Some((Place::Tensor { name: b"x".as_slice().into(), index: 5 }, Projection::Value)),
            None,
        ]);
        assert_eq!((columns.at(0), columns.at(3), columns.width()), (None, Some(1), 4));
        assert_eq!((columns.named(b"a"), columns.named(b"x")), (Some(0), None));
        assert_eq!([0, 3].map(|position| columns.at_nameless(position)), [None, Some(1)]);
        let x = columns.tensor(b"x", 7).unwrap();
        assert_eq!([0, 5].map(|index| columns.in_tensor(x, index)), [None, Some(2)]);
        assert_eq!(
            [0, 1, 3].map(|column| columns.reads(column)),
            [Some(Projection::TextLength), Some(Projection::Value), None]
        );
    }

    #[test]
    fn nothing_is_found_where_nothing_is_looked_for() {
        let columns = Columns::new([None, None]);
        assert_eq!((columns.named(b""), columns.at(0), columns.tensor(b"", 0)), (None, None, None));
        let far = Columns::new([Some((Place::Position(usize::MAX), Projection::Value))]);
        assert_eq!(far.at(usize::MAX), None);
    }
}
