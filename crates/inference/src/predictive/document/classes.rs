//! A row of labels and their scores: the label with the highest one. It keeps two labels, one of them the best so far.

use super::{
    super::{Columns, Event, value::Next},
    At, Walk, skip_if_opens,
};
use crate::predictive::{Cell, text::Scratch};
use driftline_wire::json::Token;

/// Reads the pairs of one row.
#[derive(Debug, Default)]
pub(super) struct Classes {
    best: Scratch,
    /// `None` before the first pair with both.
    score: Option<f64>,
    label: Scratch,
    has_label: bool,
    /// Values of the open pair so far.
    position: usize,
}

impl Classes {
    pub(super) fn begin_row(&mut self) {
        self.score = None;
    }

    pub(super) fn begin_pair(&mut self) {
        self.position = 0;
        self.has_label = false;
    }

    /// Takes a value of the open pair: its label, its score.
    pub(super) fn value(&mut self, token: Token<'_>) {
        match (self.position, token) {
            (0, Token::String(text)) => {
                self.label.clear();
                self.label.push(text.bytes);
                self.has_label = true;
            }
            (1, Token::Number(score))
                if self.has_label && self.score.is_none_or(|best| best < score) =>
            {
                core::mem::swap(&mut self.best, &mut self.label);
                self.score = Some(score);
            }
            _ => {}
        }
        self.position = self.position.saturating_add(1);
    }

    /// The best label and its score; `None` if there was no pair of both.
    pub(super) fn best(&self) -> Option<(Cell<'_>, Cell<'_>)> {
        self.score.map(|score| (Cell::Text(self.best.bytes()), Cell::Number(score)))
    }
}

impl Walk {
    pub(super) fn in_classes(
        &mut self,
        token: Token<'_>,
        columns: &Columns,
        take: &mut impl FnMut(Event<'_>),
    ) -> Next {
        let Some(classes) = &mut self.classes else { return skip_if_opens(token) };
        match (self.at, token) {
            (At::ClassRows, Token::ArrayStart) => {
                classes.begin_row();
                self.at = At::ClassRow;
            }
            (At::ClassRows, Token::ArrayEnd) => self.after_member(),
            (At::ClassRows, token) => return self.single_value(token, columns, take),
            (At::ClassRow, Token::ArrayStart) => {
                classes.begin_pair();
                self.at = At::ClassPair;
            }
            (At::ClassRow, Token::ArrayEnd) => {
                let row = self.row.index;
                if let Some((label, score)) = classes.best() {
                    let label_column = columns.named(b"label").or_else(|| columns.at(0));
                    let score_column = columns.named(b"score").or_else(|| columns.at(1));
                    let cells = [(label_column, label), (score_column, score)];
                    for (column, cell) in cells {
                        if let Some(column) = column.filter(|column| self.row.mark(*column)) {
                            take(Event::Cell { column, row, cell });
                        }
                    }
                }
                self.end_row(columns, take);
            }
            (At::ClassPair, Token::ArrayEnd) => self.at = At::ClassRow,
            (At::ClassPair, token) => {
                classes.value(token);
                return skip_if_opens(token);
            }
            (_, token) => return skip_if_opens(token),
        }
        Next::Read
    }
}
