//! The walk through a document's members to those that hold rows; no value is read here.

use alloc::boxed::Box;

use super::{
    super::{Columns, Event, PathStep, value::Next},
    At, IsRow, Walk,
    columnar::Columnar,
    shape::Shape,
    skip_if_opens,
    table::{Holds, Members},
};
use driftline_wire::json::Token;

impl Walk {
    pub(super) fn at_root(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        self.next = Members::MAX;
        self.at_member(token, columns, take)
    }

    pub(super) fn in_members(&mut self, token: Token<'_>) -> Next {
        let Token::Key(key) = token else {
            // Only the end of the object can come in place of a name.
            self.depth = self.depth.saturating_sub(1);
            self.after_member();
            return Next::Read;
        };
        let depth = self.depth.saturating_sub(1);
        let from = self.inside.get(depth).copied().unwrap_or(0);
        self.next = self.with_key(from, depth, key.bytes);
        if self.next == 0 {
            return Next::Skip;
        }
        self.at = At::Member;
        Next::Read
    }

    pub(super) fn at_member(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        if let Some(holds) = self.holds()
            && let Some(next) = self.enter(holds, token, columns, take)
        {
            return next;
        }
        let below = self.below(self.depth);
        if token == Token::ObjectStart && below != 0 {
            self.descend(below);
            self.at = At::Members;
            return Next::Read;
        }
        self.after_member();
        skip_if_opens(token)
    }

    /// Those members that go through, or end at, this name at this depth.
    pub(super) fn with_key(&self, from: Members, depth: usize, key: &[u8]) -> Members {
        match &self.path {
            None => self.table.with_key(from, depth, key),
            Some(path) => {
                let is_key =
                    |step: &PathStep| matches!(step, PathStep::Key(name) if name.as_bytes() == key);
                path.get(depth).is_some_and(is_key).into()
            }
        }
    }

    /// Those of the next members whose paths go on below this depth.
    fn below(&self, depth: usize) -> Members {
        match &self.path {
            None => self.table.below(self.next, depth),
            Some(path) => (depth < path.len()).into(),
        }
    }

    /// What the next member holds, if it ends here.
    fn holds(&self) -> Option<Holds> {
        match &self.path {
            None => self.table.holds(self.next, self.depth),
            Some(path) if path.len() == self.depth => self.table.holds(Members::MAX, 0),
            Some(_) => None,
        }
    }

    /// Enters an object on the way of these members.
    fn descend(&mut self, below: Members) {
        if let Some(inside) = self.inside.get_mut(self.depth) {
            *inside = below;
            self.depth = self.depth.saturating_add(1);
        }
    }

    /// Goes on after a member.
    pub(super) fn after_member(&mut self) {
        self.list = None;
        self.tensor = None;
        self.at = match self.depth {
            0 => At::After,
            1 if self.is_row != IsRow::No => At::ObjectRow,
            _ => At::Members,
        };
    }

    /// Begins with what a member holds; `None` if it cannot hold that.
    fn enter(
        &mut self,
        holds: Holds,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Option<Next> {
        let opens = matches!(token, Token::ArrayStart | Token::ObjectStart);
        let (list, at) = match (holds, token) {
            (Holds::Rows | Holds::RowOrRows | Holds::Columns | Holds::Any, Token::ArrayStart) => {
                (Some(At::Rows), At::Rows)
            }
            (Holds::Classes, Token::ArrayStart) => (Some(At::ClassRows), At::ClassRows),
            (Holds::Columns | Holds::Any, Token::ObjectStart) => (None, At::Columns),
            (Holds::Row | Holds::RowOrRows, Token::ObjectStart) => (None, At::ObjectRow),
            (Holds::Row, Token::ArrayStart) => (None, self.list_row()),
            (Holds::Row | Holds::RowOrRows | Holds::Any, _) if !opens => (None, At::RowEnd),
            (Holds::Names, Token::ArrayStart) => {
                self.head.clear();
                self.at = At::Names;
                return Some(Next::Read);
            }
            (Holds::Shape, Token::ArrayStart) => {
                self.shape = Shape::begin();
                self.at = At::Shape;
                return Some(Next::Read);
            }
            (Holds::Values, Token::ArrayStart) => return Some(self.enter_values(columns, take)),
            _ => return None,
        };
        self.has_rows = true;
        (self.list, self.at) = (list, at);
        match at {
            At::ClassRows => self.classes = Some(Box::default()),
            At::Columns => self.columnar = Columnar::default(),
            At::ObjectRow if self.depth == 0 => {
                self.is_row = IsRow::Yes;
                self.descend(self.below(0));
            }
            At::RowEnd => return Some(self.single_value(token, columns, take)),
            _ => {}
        }
        Some(Next::Read)
    }

    pub(super) fn in_names(&mut self, token: Token<'_>, columns: &Columns) -> Next {
        match token {
            Token::String(name) => self.head.push(columns, name.bytes),
            Token::ArrayEnd => self.after_member(),
            _ => self.head.refuse(),
        }
        skip_if_opens(token)
    }

    pub(super) fn in_shape(&mut self, token: Token<'_>) -> Next {
        match token {
            Token::ArrayEnd => self.after_member(),
            Token::Number(number) => self.shape.push(Some(number)),
            _ => self.shape.push(None),
        }
        skip_if_opens(token)
    }
}
