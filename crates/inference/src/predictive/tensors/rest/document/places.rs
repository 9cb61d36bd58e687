//! Where each token of a document with tensors leads, outside their data; no element is read here.

use super::{Document, OpenTensor, Place};
use crate::predictive::{
    Columns, Event, Fault,
    tensors::{datatype::Datatype, shape::Shape},
};
use driftline_wire::json::Token;

impl Document {
    /// A token outside any tensor: where it leads, and whether it is skipped.
    pub(super) fn outside(
        &mut self,
        token: Token<'_>,
        take: &mut impl FnMut(Event<'_>),
    ) -> (Place, bool) {
        match (self.place, token) {
            (Place::Root, Token::ObjectStart) => (Place::Members, false),
            (Place::Members, Token::Key(key)) if key.bytes == self.member => (Place::Member, false),
            (Place::Members, Token::Key(_)) => (Place::Members, true),
            (Place::Members, _) => (Place::After, false),
            (Place::Member, Token::ArrayStart) => {
                self.has_list = true;
                (Place::Tensors, false)
            }
            (Place::Member, token) => (Place::Members, opens(token)),
            (Place::Tensors, Token::ObjectStart) => {
                self.open = OpenTensor::default();
                (Place::Tensor, false)
            }
            (Place::Tensors, Token::ArrayEnd) => (Place::Members, false),
            (Place::Tensors, token) => {
                take(Event::Fault(Fault::WrongShape));
                (Place::Tensors, opens(token))
            }
            (_, token) => (Place::After, opens(token)),
        }
    }

    /// A token of a tensor's name, shape or type: where it leads, and whether it is skipped.
    pub(super) fn description(&mut self, token: Token<'_>, columns: &Columns) -> (Place, bool) {
        match (self.place, token) {
            (Place::Name, Token::String(name)) => {
                // A name that was cut is longer than any that is looked for.
                let ordinal = self.filler.ordinal();
                let found = name.is_whole().then(|| columns.find_tensor(name.bytes, ordinal));
                let found = found.unwrap_or_else(|| columns.find_tensor(b"", ordinal));
                self.open.found.get_or_insert(found);
                (Place::Tensor, false)
            }
            (Place::Datatype, Token::String(name)) => {
                self.open.datatype = self.open.datatype.or_else(|| Datatype::of(name.bytes));
                (Place::Tensor, false)
            }
            (Place::Shape, Token::ArrayStart) if self.open.shape.is_none() => {
                self.open.shape = Some(Some(Shape::EMPTY));
                (Place::Dimensions, false)
            }
            (Place::Shape, token) => {
                self.open.shape.get_or_insert(None);
                (Place::Tensor, opens(token))
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
                (Place::Dimensions, opens(token))
            }
            (_, token) => (Place::Tensor, opens(token)),
        }
    }

    /// A token of a tensor's parameters: where it leads, and whether it is skipped.
    pub(super) fn parameters(&mut self, token: Token<'_>) -> (Place, bool) {
        match (self.place, token) {
            (Place::Parameters, Token::ObjectStart) => (Place::ParameterMembers, false),
            (Place::ParameterMembers, Token::Key(key)) if key.bytes == b"binary_data_size" => {
                (Place::RawSize, false)
            }
            (Place::ParameterMembers, Token::Key(_)) => (Place::ParameterMembers, true),
            (Place::RawSize, token) => {
                let bytes = match token {
                    Token::Number(bytes) if (bytes as u64) as f64 == bytes => Some(bytes as u64),
                    _ => None,
                };
                self.open.raw_bytes.get_or_insert(bytes);
                (Place::ParameterMembers, opens(token))
            }
            (_, token) => (Place::Tensor, opens(token)),
        }
    }
}

/// Whether the token opens a container.
fn opens(token: Token<'_>) -> bool {
    matches!(token, Token::ObjectStart | Token::ArrayStart)
}
