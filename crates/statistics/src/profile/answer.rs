//! How answers tell the prediction: its name, its classes in order, its score. It reads no answer.

use alloc::{string::String, vec::Vec};

use super::Feature;

/// The most classes whose shares are told apart.
pub const CLASSES_MAX: usize = 99;

/// What a profile says of answers beside the values of the prediction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// What the prediction is called in the training data.
    pub name: Option<String>,
    /// The classes in the order of their shares, from 2 to [`CLASSES_MAX`] different ones; empty for the usual order.
    pub classes: Vec<String>,
    /// The scores of predictions, under their name in the training data: numbers.
    pub score: Option<Feature>,
    /// The class whose share the score is; `None` if it is the largest share, whatever its class.
    pub score_class: Option<String>,
}
