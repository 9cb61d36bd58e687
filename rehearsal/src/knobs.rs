//! What is wrong with the world at the moment: every fault of a rehearsal is a knob that is turned. It acts on nothing.

use std::time::Duration;

use driftline_testbed::llm::{Pace, Trouble};

/// All of them; the default is a healthy world.
#[derive(Clone, Debug, PartialEq)]
pub struct Knobs {
    /// How the language model's answers are paced.
    pub pace: Pace,
    /// What goes wrong with its answers.
    pub trouble: Trouble,
    /// How many clients of it there are.
    pub lanes: usize,
    /// Whether the predictive model is asked.
    pub are_rows_sent: bool,
    /// How many deviations of training the amounts of the world have moved by; what is true moves with them.
    pub amount_shift: f64,
    /// How many deviations requests overstate amounts by; what is true does not.
    pub amount_error: f64,
    /// The share of amounts that are null.
    pub null_share: f64,
    /// The share of amounts that are texts.
    pub text_share: f64,
    /// The share of terms that are missing.
    pub missing_share: f64,
    /// The share of terms that are beyond all of training.
    pub out_of_range_share: f64,
    /// The share of regions that training did not have.
    pub novel_share: f64,
    /// How much older than in training rows are, in seconds.
    pub older_by: f64,
    /// Whether rows have a column that nobody asked for.
    pub has_extra_column: bool,
    /// By which part scores are nearer to a half than they were.
    pub score_flattening: f64,
    /// Whether labels come.
    pub are_labels_sent: bool,
    /// The share of labels that are the opposite of what they would be, by version.
    pub wrong_share: [f64; 2],
    /// The share of labels that are the opposite, of the first region alone.
    pub wrong_in_region: f64,
    /// The share of labels that are no class.
    pub broken_share: f64,
    /// The share of labels whose id nobody knows.
    pub unmatched_share: f64,
    /// What the KPI is multiplied by.
    pub revenue_factor: f64,
    /// How many further names language models are called by.
    pub names: usize,
    /// How many requests are held open in the middle of their bodies.
    pub held: usize,
}

/// Clients of the language model in a healthy world.
pub const LANES: usize = 3;

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs {
            pace: Pace {
                first_token: Duration::from_millis(40),
                gap: Duration::from_millis(4),
                tokens: 10,
                ..Pace::default()
            },
            trouble: Trouble::None,
            lanes: LANES,
            are_rows_sent: true,
            amount_shift: 0.0,
            amount_error: 0.0,
            null_share: 0.0,
            text_share: 0.0,
            missing_share: 0.0,
            out_of_range_share: 0.0,
            novel_share: 0.0,
            older_by: 0.0,
            has_extra_column: false,
            score_flattening: 0.0,
            are_labels_sent: true,
            wrong_share: [0.0; 2],
            wrong_in_region: 0.0,
            broken_share: 0.0,
            unmatched_share: 0.0,
            revenue_factor: 1.0,
            names: 0,
            held: 0,
        }
    }
}
