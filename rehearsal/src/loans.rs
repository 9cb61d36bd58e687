//! The predictive model of the rehearsal: its rows, its scores, what turns out to be true, and the reference of all that.
//! It sends nothing.

use std::fmt::Write;

use anyhow::{Result, anyhow};
use driftline_profiler::{AsOf, Options, QualityOptions, Settings, to_text};
use driftline_profiler_files::from_csv;
use driftline_random::Random;
use driftline_statistics::profile::Kind;
use serde_json::{Value, json};

use crate::knobs::Knobs;

/// What requests and the configuration call it.
pub const NAME: &str = "loans";
/// Its versions: the one that serves, and the one that may replace it.
pub const VERSIONS: [&str; 2] = ["1", "2"];
/// A business figure of each row that has a label.
pub const KPI: &str = "revenue";
/// What the KPI is if the loan is repaid, and 0 otherwise.
pub const REVENUE: f64 = 20.0;

const ROWS: usize = 10_000;
const TERMS: [u32; 5] = [12, 24, 36, 48, 60];
const REGIONS: [&str; 4] = ["north", "east", "south", "west"];
/// How old the oldest rows are, in seconds.
const AGE_MAX: f64 = 600.0;
const AMOUNT_MEAN: f64 = 50.0;
const AMOUNT_DEVIATION: f64 = 15.0;

/// A row as it is in training.
#[derive(Clone, Debug)]
pub struct Row {
    amount: f64,
    term: u32,
    region: &'static str,
    age: f64,
    /// What turns out to be true.
    pub is_repaid: bool,
}

impl Row {
    /// The next row of a world whose amounts have moved by so many deviations since training.
    pub fn draw(random: &mut Random, shift: f64) -> Row {
        let mut row = Row {
            amount: round(AMOUNT_MEAN + AMOUNT_DEVIATION * (random.irwin_hall() + shift), 100.0),
            term: TERMS[random.below(TERMS.len())],
            region: REGIONS[random.below(REGIONS.len())],
            age: round(AGE_MAX * random.uniform(), 1.0),
            is_repaid: false,
        };
        row.is_repaid = random.uniform() < probability(row.amount, f64::from(row.term));
        row
    }

    /// The row as a request has it, with what is wrong with the world.
    pub fn instance(&self, now: f64, knobs: &Knobs, random: &mut Random) -> Value {
        let mut is_struck = |share: f64| random.uniform() < share;
        let region = if is_struck(knobs.novel_share) { "overseas" } else { self.region };
        let mut instance = json!({
            "amount": self.amount + knobs.amount_error * AMOUNT_DEVIATION,
            "term": self.term,
            "region": region,
            "updated_at": now - self.age - knobs.older_by,
        });
        if is_struck(knobs.null_share) {
            instance["amount"] = Value::Null;
        }
        if is_struck(knobs.text_share) {
            instance["amount"] = json!(format!("EUR {}", self.amount));
        }
        if is_struck(knobs.missing_share)
            && let Some(members) = instance.as_object_mut()
        {
            members.remove("term");
        }
        if is_struck(knobs.out_of_range_share) {
            instance["term"] = json!(600);
        }
        if knobs.has_extra_column {
            instance["colour"] = json!("red");
        }
        instance
    }
}

impl Row {
    /// Whether its labels go wrong where those of one region do.
    pub fn is_in_first_region(&self) -> bool {
        self.region == REGIONS[0]
    }
}

/// The probability that a loan is repaid, to four digits; what is no number counts as it is in the middle.
pub fn score(instance: &Value) -> f64 {
    let number = |name: &str, middle: f64| instance[name].as_f64().unwrap_or(middle);
    round(probability(number("amount", AMOUNT_MEAN), number("term", 36.0)), 1e4)
}

fn probability(amount: f64, term: f64) -> f64 {
    let logit = 1.0 + 1.6 * (amount - AMOUNT_MEAN) / AMOUNT_DEVIATION - 0.8 * (term - 36.0) / 24.0;
    1.0 / (1.0 + (-logit).exp())
}

fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// The reference of a version, as `driftline profile` writes it. The amounts of a skewed one are off by two deviations.
///
/// # Errors
///
/// If the profiler refuses the rows.
pub fn profile(version: &str, is_skewed: bool) -> Result<String> {
    let mut random = Random::new(7);
    let mut csv = String::from("amount,term,region,updated_at,asked_at,score,repaid\n");
    let asked_at = 1_700_000_000.0;
    for _ in 0..ROWS {
        let row = Row::draw(&mut random, 0.0);
        let amount = row.amount + if is_skewed { 2.0 * AMOUNT_DEVIATION } else { 0.0 };
        let score = score(&json!({"amount": row.amount, "term": row.term}));
        let Row { term, region, age, is_repaid, .. } = row;
        let (updated_at, repaid) = (asked_at - age, u8::from(is_repaid));
        let _ = writeln!(csv, "{amount},{term},{region},{updated_at},{asked_at},{score},{repaid}");
    }
    let quality = QualityOptions {
        label: "repaid".into(),
        score: Some("score".into()),
        segments: vec!["region".into()],
        ..QualityOptions::default()
    };
    let options = Options {
        settings: Settings { version: Some(version.into()), ..Settings::of(NAME) },
        prediction: Some("score".into()),
        kinds: vec![("updated_at".into(), Kind::Timestamp)],
        as_of: Some(AsOf::Column("asked_at".into())),
        quality: Some(quality),
        ..Options::default()
    };
    let made = from_csv(csv.as_bytes(), &options).map_err(|error| anyhow!("{error}"))?;
    Ok(to_text(&made.profile))
}
