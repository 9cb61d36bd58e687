//! The Open Inference Protocol over REST: tensors in a JSON document, or as raw bytes behind it, or both in one body.
//! No element is kept.
//!
//! Follows `inputs` and `outputs` of "V2 inference protocol" and the *binary tensor data extension* of Triton, which
//! puts the length of the document into a header, and that of a tensor's bytes into its parameters.

use super::{
    datatype::Datatype,
    filler::{Description, Element, Filler},
    raws::{RawTensor, Raws},
    shape::Shape,
};
use crate::{
    prediction::{Cell, Columns, Event, Fault, columns::Tensor},
    wire::json::{Ending, Token, Tokenizer},
};

/// Reads the tensors of a body.
#[derive(Debug)]
pub(crate) struct RestReader {
    tokenizer: Tokenizer,
    /// Bytes of the document that have not come; `None` if it is the whole body.
    document_left: Option<u64>,
    /// What the document was, once it is over and bytes come behind it.
    document_was: Option<Ending>,
    document: Document,
    /// Bytes of the open raw tensor that have not come.
    raw_left: u64,
    is_raw_open: bool,
    /// Bytes came that belong to no tensor.
    has_surplus: bool,
}

/// What is known of the document so far.
#[derive(Debug)]
struct Document {
    member: &'static [u8],
    place: Place,
    /// Bytes of it up to the last token.
    at: u64,
    open: OpenTensor,
    /// Brackets that are open in the data.
    depth: usize,
    has_list: bool,
    filler: Filler,
    raws: Raws,
}

/// Where in the document the next token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Root,
    Members,
    /// Right behind the name of the member that holds the tensors.
    Member,
    Tensors,
    Tensor,
    // Each right behind a name within a tensor.
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
    Behind,
}

/// The members of a tensor so far. Of a member that is repeated the first one holds.
#[derive(Clone, Copy, Debug, Default)]
struct OpenTensor {
    /// Where it is looked for, if it is; once it has a name.
    found: Option<Option<Tensor>>,
    /// What its shape is, if it can be one; once it has dimensions.
    shape: Option<Option<Shape>>,
    datatype: Option<Datatype>,
    /// How many raw bytes it has; `None` within if that is no number of bytes.
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
    /// It passed unread, and began behind so many bytes of the document.
    Passing(u64),
    /// It passed unread, and had so many bytes.
    Passed(u64),
}

impl RestReader {
    /// Tensors under this member of the root object. `document_bytes` is the length of the document, if a header says
    /// that raw bytes come behind it.
    pub(crate) fn new(member: &'static [u8], document_bytes: Option<u64>) -> RestReader {
        RestReader {
            tokenizer: Tokenizer::new(),
            document_left: document_bytes,
            document_was: None,
            document: Document {
                member,
                place: Place::Root,
                at: 0,
                open: OpenTensor::default(),
                depth: 0,
                has_list: false,
                filler: Filler::default(),
                raws: Raws::new(),
            },
            raw_left: 0,
            is_raw_open: false,
            has_surplus: false,
        }
    }

    /// Takes the next piece of the body; calls `take` with everything it completes.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        let Some(left) = &mut self.document_left else {
            self.read_document(bytes, columns, take);
            return;
        };
        let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
        let (document, raw) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
        *left = left.saturating_sub(document.len() as u64);
        let is_over = *left == 0;
        self.read_document(document, columns, take);
        if is_over && self.document_was.is_none() {
            self.document_was = Some(self.end_document(take));
        }
        if self.document_was == Some(Ending::Complete) {
            self.read_raw(raw, columns, take);
        }
    }

    /// Ends the body: its rows are reported.
    pub(crate) fn finish(
        &mut self,
        _columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Ending {
        let ending = match self.document_was {
            Some(Ending::Complete) => {
                let lacks_bytes = self.raw_left != 0 || self.awaits_raw();
                if lacks_bytes { Ending::Incomplete } else { Ending::Complete }
            }
            Some(ending) => ending,
            None => match self.end_document(take) {
                // A header promised more than came.
                Ending::Complete if self.document_left.is_some() => Ending::Incomplete,
                ending => ending,
            },
        };
        let Document { filler, raws, .. } = &mut self.document;
        raws.close(filler, take);
        filler.end_body(take);
        ending
    }

    /// Whether the member that holds the tensors came by.
    pub(crate) fn has_rows(&self) -> bool {
        self.document.has_list
    }

    fn read_document(
        &mut self,
        mut bytes: &[u8],
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) {
        loop {
            let progress = self.tokenizer.next(bytes);
            let consumed = progress.consumed;
            self.document.at = self.document.at.saturating_add(consumed as u64);
            let Some(token) = progress.token else { return };
            if self.document.step(token, columns, take) {
                self.tokenizer.skip();
            }
            bytes = bytes.get(consumed..).unwrap_or_default();
        }
    }

    /// Ends the document, and the data in it that broke off.
    fn end_document(&mut self, take: &mut impl FnMut(Event<'_>)) -> Ending {
        if matches!(self.document.place, Place::Data | Place::Elements) {
            self.document.filler.end(true, take);
            self.document.place = Place::Behind;
        }
        self.tokenizer.finish().ending
    }

    fn read_raw(&mut self, mut bytes: &[u8], columns: &Columns, take: &mut impl FnMut(Event<'_>)) {
        let Document { filler, raws, .. } = &mut self.document;
        while !bytes.is_empty() {
            if !self.is_raw_open {
                let Some(size) = raws.next_bytes() else {
                    if !raws.has_more() && !core::mem::replace(&mut self.has_surplus, true) {
                        take(Event::Fault(Fault::WrongShape));
                    }
                    return;
                };
                self.is_raw_open = raws.begin(size, filler, columns, take);
                self.raw_left = size;
            }
            let wanted = usize::try_from(self.raw_left).unwrap_or(usize::MAX);
            let (run, after) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
            bytes = after;
            self.raw_left = self.raw_left.saturating_sub(run.len() as u64);
            raws.read(run, filler, columns, take);
            if self.raw_left == 0 {
                raws.end(false, filler, take);
                self.is_raw_open = false;
            }
        }
    }

    /// Whether bytes must still come for a tensor that has not begun.
    fn awaits_raw(&self) -> bool {
        !self.is_raw_open && self.document.raws.awaits_bytes()
    }
}

impl Document {
    /// Takes the next token; whether the value that it announces, or the container that it opens, passes unread.
    fn step(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> bool {
        if let Data::Passing(start) = self.open.data {
            self.open.data = Data::Passed(self.at.saturating_sub(start));
        }
        let opens = matches!(token, Token::ObjectStart | Token::ArrayStart);
        let (place, skips) = match (self.place, token) {
            (Place::Root, Token::ObjectStart) => (Place::Members, false),
            (Place::Root | Place::Behind, _) => (Place::Behind, opens),
            (Place::Members, Token::Key(key)) if key.bytes == self.member => (Place::Member, false),
            (Place::Members, Token::Key(_)) => (Place::Members, true),
            (Place::Members, _) => (Place::Behind, false),
            (Place::Member, Token::ArrayStart) => {
                self.has_list = true;
                (Place::Tensors, false)
            }
            (Place::Member, _) => (Place::Members, opens),
            (Place::Tensors, Token::ObjectStart) => {
                self.open = OpenTensor::default();
                (Place::Tensor, false)
            }
            (Place::Tensors, Token::ArrayEnd) => (Place::Members, false),
            (Place::Tensors, _) => {
                take(Event::Fault(Fault::WrongShape));
                (Place::Tensors, opens)
            }
            (Place::Tensor, Token::Key(key)) => self.member(key.bytes, columns, take),
            (Place::Tensor, _) => {
                self.end_tensor(take);
                (Place::Tensors, false)
            }
            (Place::Name, Token::String(name)) => {
                // A name that was cut is longer than any that is looked for.
                let ordinal = self.filler.ordinal();
                let found = name.is_whole().then(|| columns.tensor(name.bytes, ordinal));
                let found = found.unwrap_or_else(|| columns.tensor(b"", ordinal));
                self.open.found.get_or_insert(found);
                (Place::Tensor, false)
            }
            (Place::Shape, Token::ArrayStart) if self.open.shape.is_none() => {
                self.open.shape = Some(Some(Shape::EMPTY));
                (Place::Dimensions, false)
            }
            (Place::Shape, _) => {
                self.open.shape.get_or_insert(None);
                (Place::Tensor, opens)
            }
            (Place::Dimensions, Token::ArrayEnd) => (Place::Tensor, false),
            (Place::Dimensions, token) => {
                let shape = self.open.shape.flatten();
                self.open.shape = Some(match token {
                    Token::Number(dimension) => {
                        shape.and_then(|shape| shape.with_number(dimension))
                    }
                    _ => None,
                });
                (Place::Dimensions, opens)
            }
            (Place::Datatype, Token::String(name)) => {
                self.open.datatype = self.open.datatype.or_else(|| Datatype::of(name.bytes));
                (Place::Tensor, false)
            }
            (Place::Name | Place::Datatype, _) => (Place::Tensor, opens),
            (Place::Parameters, Token::ObjectStart) => (Place::ParameterMembers, false),
            (Place::Parameters, _) => (Place::Tensor, opens),
            (Place::ParameterMembers, Token::Key(key)) if key.bytes == b"binary_data_size" => {
                (Place::RawSize, false)
            }
            (Place::ParameterMembers, Token::Key(_)) => (Place::ParameterMembers, true),
            (Place::ParameterMembers, _) => (Place::Tensor, false),
            (Place::RawSize, token) => {
                let bytes = match token {
                    Token::Number(bytes) if (bytes as u64) as f64 == bytes => Some(bytes as u64),
                    _ => None,
                };
                self.open.raw_bytes.get_or_insert(bytes);
                (Place::ParameterMembers, opens)
            }
            (Place::Data | Place::Elements, token) => {
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
            token => Element::Cell(Cell::of(token)),
        };
        self.filler.element(element, columns, take);
        if self.place == Place::Data {
            // A value that stands in no list.
            self.end_data(take);
        }
    }

    fn end_data(&mut self, take: &mut impl FnMut(Event<'_>)) {
        self.filler.end(false, take);
        self.place = Place::Tensor;
    }

    /// Describes the tensor, if what came so far says what it is.
    fn describe_if_known(&mut self, take: &mut impl FnMut(Event<'_>)) -> Option<Description> {
        let (found, shape) = (self.open.found?, self.open.shape?);
        let description = self.filler.describe(found, shape, take);
        self.open.description = Some(description);
        Some(description)
    }

    /// Ends a tensor of which everything is known but its raw bytes.
    fn end_tensor(&mut self, take: &mut impl FnMut(Event<'_>)) {
        let OpenTensor { found, shape, datatype, raw_bytes, data, description } = self.open;
        let is_unknown = raw_bytes.is_some() && self.raws.is_full();
        let is_early = description.is_none();
        let mut description = description.unwrap_or_else(|| {
            let found = found.flatten().filter(|_| !is_unknown);
            self.filler.describe(found, shape.flatten(), take)
        });
        match data {
            Data::Read => {}
            Data::Passed(bytes) | Data::Passing(bytes) => {
                if is_early && description.is_wanted() {
                    description.say_wrong_shape(take);
                }
                // Two bytes are the least that an element takes, the last one aside.
                self.filler.pass(description, bytes.saturating_add(1) >> 1, take);
            }
            Data::None if raw_bytes.is_none() => self.filler.lacks(description, take),
            Data::None => {}
        }
        let has_no_data = matches!(data, Data::None);
        if let Some(bytes) = raw_bytes {
            self.raws.push(RawTensor {
                description: has_no_data.then_some(description),
                datatype,
                // Without a length nobody knows where the next tensor begins: all the rest passes as this one.
                bytes: bytes.unwrap_or(u64::MAX),
            });
        }
    }
}
