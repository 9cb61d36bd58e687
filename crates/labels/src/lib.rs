//! Words that exchanges end in and metrics are labelled with; a leaf that decides nothing.
//!
//! [`labels!`] makes an enum, the word of each variant and the list of all from one table. Data by such an enum lie in
//! an [`EnumMap`], which has a place for every variant: a variant without one does not compile.

#![no_std]

mod direction;
mod drift;
mod feedback;
mod finish_reason;
mod operation;
mod outcome;
mod reasons;

pub use self::{
    direction::Direction,
    drift::{Baseline, DAY_BEFORE, DriftReason, Verdict, WEEK_BEFORE, Window},
    feedback::{
        DetectorState, EstimateOf, EstimatedMeasure, FeedbackOutcome, LabelOutcome, LabelRefused,
        LabelsState, Polarity, QualityMeasure, StreamDetector, Untracked,
    },
    finish_reason::FinishReason,
    operation::Operation,
    outcome::{Outcome, RequestResult},
    reasons::{ReadProblem, TpotSkipped, Unbinned, Unmeasured},
};

pub use enum_map::{Enum, EnumMap, enum_map};

/// A value of a label.
pub trait LabelValue: Enum {
    /// How metrics spell it.
    fn word(self) -> &'static str;
}

/// Declares an enum whose variants are values of a label.
///
/// ```
/// driftline_labels::labels! {
///     /// Why the door is shut.
///     pub enum Reason {
///         /// It is night.
///         Night = "night",
///         /// Nobody is in.
///         Empty = "empty",
///     }
/// }
/// assert_eq!(Reason::ALL.map(Reason::name), ["night", "empty"]);
/// ```
#[macro_export]
macro_rules! labels {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[doc = $about:literal])+ $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        $visibility enum $name {
            $($(#[doc = $about])+ $variant),+
        }

        impl $name {
            /// All variants, in the order of their discriminants.
            $visibility const ALL: [$name; [$($word),+].len()] = [$($name::$variant),+];

            /// All values of the label, in the same order.
            $visibility const WORDS: [&'static str; $name::ALL.len()] = [$($word),+];

            /// The value of the label.
            #[must_use]
            $visibility const fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }
        }

        impl $name {
            /// What it means, for documentation: a sentence in lines. A filter that never asks ships none of it.
            #[must_use]
            $visibility const fn about(self) -> &'static str {
                match self {
                    $($name::$variant => concat!($($about),+)),+
                }
            }
        }

        impl $crate::LabelValue for $name {
            fn word(self) -> &'static str {
                self.name()
            }
        }

        impl $crate::Enum for $name {
            const LENGTH: usize = $name::ALL.len();

            fn from_usize(index: usize) -> $name {
                $name::ALL.get(index).copied().unwrap_or($name::ALL[0])
            }

            fn into_usize(self) -> usize {
                self as usize
            }
        }

        impl<V> $crate::EnumArray<V> for $name {
            type Array = [V; $name::ALL.len()];
        }
    };
}

pub use enum_map::EnumArray;
