//! What a cell says as a class or a number; it decides nothing about its column.

use std::collections::HashMap;

use driftline_labels::Unbinned;
use driftline_statistics::{profile::Kind, value::NullTexts};

use crate::{
    cell::{Cell, Shown},
    value::{Value, is_truth_value},
};

/// Stands for each text beyond those that are kept.
const TOO_MANY: u32 = u32::MAX;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Said {
    /// It has no value.
    Nothing,
    /// It has one that is neither a class nor a number.
    Unfit,
    /// A finite number.
    Number(f64),
    /// The text of this number among the [`Texts`] of its column.
    Text(u32),
}

/// The texts of a column, each different one once, spelled as categories are.
#[derive(Debug)]
pub(super) struct Texts {
    numbers: HashMap<String, u32>,
    texts: Vec<Text>,
    /// How many are kept.
    most: usize,
    /// Whether there were more.
    pub(super) too_many: bool,
}

#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether it is a missing value among numbers.
    pub(super) is_null_word: bool,
}

impl Texts {
    pub(super) fn new(most: usize) -> Texts {
        Texts { numbers: HashMap::new(), texts: Vec::new(), most, too_many: false }
    }

    /// All that are kept, in the order of their numbers.
    pub(super) fn all(&self) -> &[Text] {
        &self.texts
    }

    /// `None` for one that is not kept.
    pub(super) fn get(&self, number: u32) -> Option<&Text> {
        self.texts.get(number as usize)
    }

    /// Whether there is a text that is no missing value among numbers.
    pub(super) fn has_words(&self) -> bool {
        self.texts.iter().any(|text| !text.is_null_word)
    }

    fn said(&mut self, text: &str, is_null_word: bool) -> Said {
        if let Some(number) = self.numbers.get(text) {
            return Said::Text(*number);
        }
        if self.texts.len() == self.most {
            self.too_many = true;
            return Said::Text(TOO_MANY);
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(String::from(text), number);
        self.texts.push(Text { text: String::from(text), is_null_word });
        Said::Text(number)
    }

    /// A label, a prediction or a score. Truth values are classes, and numbers are numbers, which are classes by their
    /// spelling, unless the column is one of categories.
    pub(super) fn outcome(
        &mut self,
        cell: Cell<'_>,
        kind: Option<Kind>,
        nulls: &NullTexts,
    ) -> Said {
        let Some(single) = cell.single() else { return Said::Unfit };
        let number = single.number(nulls);
        if let Ok(number) = number
            && kind != Some(Kind::Category)
            && !is_truth_value(cell, nulls)
        {
            return Said::Number(number + 0.0);
        }
        match single.spelled(nulls) {
            Ok(text) => self.said(&text, number == Err(Unbinned::Null)),
            Err(Unbinned::Null) => Said::Nothing,
            Err(_) => Said::Unfit,
        }
    }

    /// The value of a feature, as its column has it.
    pub(super) fn feature(
        &mut self,
        cell: Cell<'_>,
        kind: Option<Kind>,
        nulls: &NullTexts,
    ) -> Said {
        let (cell, kind) = match (kind, cell) {
            (Some(kind), cell) => (cell, kind),
            (None, cell) => match cell.shown(nulls) {
                Shown::Value(shown) => (shown, Value::kind_of(shown)),
                Shown::NullWord(word) => return self.said(word, true),
            },
        };
        match Value::new(cell, kind, nulls) {
            Value::Null => Said::Nothing,
            Value::Number(number) => Said::Number(number),
            Value::Category(text) => self.said(&text, false),
            Value::Unfit => Said::Unfit,
        }
    }
}
