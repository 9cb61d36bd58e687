//! Which class, number or score a value is; it decides nothing about the task.

use std::{collections::BTreeSet, fmt};

use driftline_statistics::{
    document::label_fault,
    quality::{CLASSES_MAX, CLASSES_MIN, score_millionths},
    value::NullTexts,
};

use super::{
    gather::Held,
    said::{Said, Texts},
};
use crate::cell::Cell;

/// How many classes a message names.
const SHOWN_MAX: usize = 6;

/// The classes that the values of a column are.
#[derive(Debug)]
pub(super) struct ClassOf {
    numbers: Vec<(f64, usize)>,
    /// By the number of the text; `None` for one that is a missing value.
    texts: Vec<Option<usize>>,
}

/// Why a value is no class, number or score.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lacks {
    Value,
    UsableValue,
}

impl ClassOf {
    pub(super) fn new(names: &[String], held: &Held, texts: &Texts) -> ClassOf {
        let index = |name: &str| names.iter().position(|known| known == name);
        let has_words = texts.has_words() || held.is_category;
        let of_text = texts.all().iter().map(|text| {
            let is_class = has_words || !text.is_null_word;
            is_class.then(|| index(&text.text)).flatten()
        });
        ClassOf {
            numbers: held.numbers.iter().filter_map(|x| Some((*x, index(&spelled(*x))?))).collect(),
            texts: of_text.collect(),
        }
    }

    pub(super) fn class(&self, said: Said) -> Result<usize, Lacks> {
        match said {
            Said::Nothing => Err(Lacks::Value),
            Said::Unfit => Err(Lacks::UsableValue),
            Said::Number(x) => {
                let found = self.numbers.iter().find(|(known, _)| *known == x);
                found.map(|(_, class)| *class).ok_or(Lacks::UsableValue)
            }
            Said::Text(text) => {
                let class = self.texts.get(text as usize).copied().ok_or(Lacks::UsableValue)?;
                class.ok_or(Lacks::Value)
            }
        }
    }
}

/// The number that a cell says.
pub(super) fn number(said: Said, texts: &Texts) -> Result<f64, Lacks> {
    match said {
        Said::Number(x) => Ok(x),
        Said::Nothing => Err(Lacks::Value),
        Said::Text(text) if texts.get(text).is_some_and(|text| text.is_null_word) => {
            Err(Lacks::Value)
        }
        Said::Text(_) | Said::Unfit => Err(Lacks::UsableValue),
    }
}

/// The score that a cell says.
pub(super) fn score(said: Said, texts: &Texts) -> Result<f64, Lacks> {
    let score = number(said, texts)?;
    score_millionths(score).map(|_| score).ok_or(Lacks::UsableValue)
}

/// Classes in their order, if a profile can hold them.
pub(super) fn names(found: &BTreeSet<String>) -> Result<Vec<String>, String> {
    if !(CLASSES_MIN..=CLASSES_MAX).contains(&found.len()) {
        return Err(format!(
            "labels and predictions are of {} classes, {}; expected {CLASSES_MIN} to {CLASSES_MAX}",
            found.len(),
            List(found)
        ));
    }
    if let Some((name, fault)) = found.iter().find_map(|name| Some((name, label_fault(name)?))) {
        return Err(format!("the class {name:?} cannot be a label: it {fault}"));
    }
    Ok(found.iter().cloned().collect())
}

/// A number as a class.
pub(super) fn spelled(x: f64) -> String {
    let single = Cell::Number(x).single();
    single.and_then(|it| it.spelled(&NullTexts::NONE).ok()).unwrap_or_else(|| x.to_string())
}

/// The first of these names, in words.
pub(super) struct List<I>(pub(super) I);

impl<'n, I: IntoIterator<Item = &'n String> + Copy> fmt::Display for List<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.into_iter().enumerate() {
            if index == SHOWN_MAX {
                return f.write_str(", ...");
            }
            let name: String = name.chars().take(60).collect();
            write!(f, "{}`{}`", if index == 0 { "" } else { ", " }, name.escape_debug())?;
        }
        Ok(())
    }
}
