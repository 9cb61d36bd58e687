//! Labels that come later than predictions: how they come in, and how they find what they belong to.

pub(crate) mod predictions;
