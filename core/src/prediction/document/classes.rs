//! A row of labels and their scores: the label with the highest one. It keeps two labels, one of them the best so far.

use crate::{
    prediction::{Cell, text::Scratch},
    wire::json::Token,
};

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
