//! What is known of the document with the tensors, token by token; it knows no raw bytes.

mod places;

use crate::predictive::{
    Columns, Event, cell_of,
    columns::FoundTensor,
    tensors::{
        datatype::Datatype,
        filler::{Description, Element, Filler},
        raws::{RawTensor, Raws},
        shape::Shape,
    },
};
use driftline_wire::{
    encoding::MemoryBudget,
    json::{JsonEnd, Token, Tokenizer},
};

use super::early::Early;

/// What is known of the document so far.
#[derive(Debug)]
pub(super) struct Document {
    member: &'static [u8],
    place: Place,
    /// Bytes of it up to the last token.
    pub(super) at: u64,
    open: OpenTensor,
    /// Brackets that are open in the data.
    depth: usize,
    /// Data that was held is not JSON within its brackets: nothing after its tensor is read.
    pub(super) is_malformed: bool,
    pub(super) has_list: bool,
    pub(super) early: Early,
    pub(super) filler: Filler,
    pub(super) raws: Raws,
}

/// Where in the document the next token is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Root,
    Members,
    /// Right after the name of the member that holds the tensors.
    Member,
    Tensors,
    Tensor,
    // Each right after a name within a tensor.
    Name,
    Shape,
    Datatype,
    Parameters,
    Data,
    /// In the list of dimensions.
    Dimensions,
    ParameterMembers,
    RawSize,
    /// In the data, which is a list.
    Elements,
    After,
}

/// The members of a tensor so far. Of a member that is repeated the first one holds.
#[derive(Clone, Copy, Debug, Default)]
struct OpenTensor {
    /// Where it is looked for, if it is, once its name came.
    found: Option<FoundTensor>,
    /// Its shape, if it can be one, once its dimensions came.
    shape: Option<Option<Shape>>,
    datatype: Option<Datatype>,
    /// How many raw bytes it has; `Some(None)` if that is not a number of bytes.
    raw_bytes: Option<Option<u64>>,
    data: Data,
    description: Option<Description>,
}

/// What became of a tensor's data in the document.
#[derive(Clone, Copy, Debug, Default)]
enum Data {
    #[default]
    None,
    Read,
    /// It passed unread, and began after this many bytes of the document.
    Passing(u64),
    /// It passed unread, and had this many bytes.
    Passed(u64),
}

impl Document {
    /// Before its first token; tensors are under this member of the root object. Data that comes before its tensor is
    /// known is held, up to this many bytes, which are taken from `room`.
    pub(super) fn new(
        member: &'static [u8],
        early_bytes_max: usize,
        room: &MemoryBudget,
    ) -> Document {
        Document {
            member,
            place: Place::Root,
            at: 0,
            open: OpenTensor::default(),
            depth: 0,
            is_malformed: false,
            has_list: false,
            early: Early::new(early_bytes_max, room),
            filler: Filler::default(),
            raws: Raws::new(),
        }
    }

    /// Takes note of bytes that lead to the next token.
    #[inline]
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.at = self.at.saturating_add(bytes.len() as u64);
        self.early.hold(bytes);
    }

    /// Ends the document, and the data in it that broke off.
    pub(super) fn end(&mut self, take: &mut impl FnMut(Event<'_>)) {
        if matches!(self.place, Place::Data | Place::Elements) {
            self.filler.end(true, take);
            self.place = Place::After;
        }
    }

    /// Whether what is skipped next is data, whose end matters.
    pub(super) fn passes_data(&self) -> bool {
        matches!(self.open.data, Data::Passing(_))
    }

    /// Takes the next token. Returns whether the value that it announces, or the container that it opens, is skipped.
    pub(super) fn step(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> bool {
        if let (Data::Passing(start), Token::Passed) = (self.open.data, token) {
            self.open.data = Data::Passed(self.at.saturating_sub(start));
            self.early.end();
            return false;
        }
        let (place, skips) = match self.place {
            Place::Root | Place::After | Place::Members | Place::Member | Place::Tensors => {
                self.outside(token, take)
            }
            Place::Tensor => match token {
                Token::Key(key) => self.member(key.bytes, columns, take),
                _ => {
                    self.end_tensor(columns, take);
                    (if self.is_malformed { Place::After } else { Place::Tensors }, false)
                }
            },
            Place::Name | Place::Shape | Place::Dimensions | Place::Datatype => {
                self.description(token, columns)
            }
            Place::Parameters | Place::ParameterMembers | Place::RawSize => self.parameters(token),
            Place::Data | Place::Elements => {
                self.data(token, columns, take);
                (self.place, token == Token::ObjectStart)
            }
        };
        self.place = place;
        skips
    }

    /// A member of a tensor begins.
    fn member(
        &mut self,
        name: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> (Place, bool) {
        match name {
            b"name" => (Place::Name, false),
            b"shape" => (Place::Shape, false),
            b"datatype" => (Place::Datatype, false),
            b"parameters" => (Place::Parameters, false),
            b"data" if matches!(self.open.data, Data::None) => {
                let description = self.describe_if_known(take);
                match description.filter(Description::is_wanted) {
                    Some(description) => {
                        self.open.data = Data::Read;
                        self.filler.begin(description, columns);
                        self.depth = 0;
                        (Place::Data, false)
                    }
                    None => {
                        let is_nobodys = self.open.found.is_some_and(|it| it.wanted().is_none());
                        if description.is_none() && !is_nobodys {
                            self.early.begin();
                        }
                        self.open.data = Data::Passing(self.at);
                        (Place::Tensor, true)
                    }
                }
            }
            _ => (Place::Tensor, true),
        }
    }

    /// Takes a token of the data.
    fn data(&mut self, token: Token<'_>, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let element = match token {
            Token::ArrayStart => {
                self.place = Place::Elements;
                self.depth = self.depth.saturating_add(1);
                if self.depth == 2 {
                    self.filler.open_row(columns, take);
                }
                return;
            }
            Token::ArrayEnd => {
                self.depth = self.depth.saturating_sub(1);
                match self.depth {
                    0 => self.end_data(take),
                    1 => self.filler.close_row(columns, take),
                    _ => {}
                }
                return;
            }
            Token::String(text) if self.filler.wants_characters(columns) => {
                Element::Characters(text.characters())
            }
            token => {
                let cell = cell_of(token);
                Element::Cell(self.open.datatype.map_or(cell, |datatype| datatype.rounded(cell)))
            }
        };
        self.filler.element(element, columns, take);
        if self.place == Place::Data {
            // A value that is in no list.
            self.end_data(take);
        }
    }

    fn end_data(&mut self, take: &mut impl FnMut(Event<'_>)) {
        self.filler.end(false, take);
        self.place = Place::Tensor;
    }

    /// Describes the tensor, if its name and shape came.
    fn describe_if_known(&mut self, take: &mut impl FnMut(Event<'_>)) -> Option<Description> {
        let (found, shape) = (self.open.found?, self.open.shape?);
        let description = self.filler.describe(found, shape, take);
        self.open.description = Some(description);
        Some(description)
    }

    /// Ends a tensor that is described, except for its raw bytes.
    fn end_tensor(&mut self, columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let OpenTensor { found, shape, datatype, raw_bytes, data, description } = self.open;
        let is_unknown = raw_bytes.is_some() && self.raws.is_full();
        let is_early = description.is_none();
        let mut description = description.unwrap_or_else(|| {
            let found = found.filter(|_| !is_unknown).unwrap_or(FoundTensor::Extra);
            self.filler.describe(found, shape.flatten(), take)
        });
        match data {
            Data::Read => {}
            Data::Passed(bytes) | Data::Passing(bytes) => {
                let is_early = is_early && description.is_wanted();
                match is_early.then(|| self.early.take()).flatten() {
                    Some(text) => self.read_early(&text, description, columns, take),
                    None => {
                        if is_early {
                            description.say_wrong_shape(take);
                        }
                        // An element takes at least two bytes, except for the last one.
                        self.filler.pass(description, bytes.saturating_add(1) >> 1, take);
                    }
                }
                self.early.discard();
                if self.is_malformed {
                    // The same as if the name and the shape had come first: the tensor would not have ended.
                    return;
                }
            }
            Data::None if raw_bytes.is_none() => self.filler.lacks(description, take),
            Data::None => {}
        }
        let has_no_data = matches!(data, Data::None);
        if let Some(bytes) = raw_bytes {
            self.raws.push(RawTensor {
                description: has_no_data.then_some(description),
                datatype,
                // Without a length it is not known where the next tensor begins: all the rest passes as this one.
                bytes: bytes.unwrap_or(u64::MAX),
            });
        }
    }

    /// Reads data that was held, as it would have been read in its place.
    fn read_early(
        &mut self,
        mut text: &[u8],
        description: Description,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let mut tokenizer = Tokenizer::new();
        self.filler.begin(description, columns);
        self.depth = 0;
        self.place = Place::Data;
        while matches!(self.place, Place::Data | Place::Elements) {
            let progress = tokenizer.next(text);
            let consumed = progress.consumed;
            let Some(token) = progress.token else { break };
            let skips = token == Token::ObjectStart;
            self.data(token, columns, take);
            if skips {
                tokenizer.skip();
            }
            text = text.get(consumed..).unwrap_or_default();
        }
        let finish = tokenizer.finish();
        if let Some(number) = finish.token {
            self.data(number, columns, take);
        }
        if finish.ending != JsonEnd::Complete {
            // It was skipped by its brackets and strings.
            self.filler.end(true, take);
            self.is_malformed = true;
        }
    }
}
