//! What a profile says of its model, and how large it may be; it sees no data.

use std::{fmt, ops::RangeInclusive};

use driftline_statistics::document::OTHER_NAME;
use driftline_statistics::{
    document::{Path, Problems, label_fault},
    profile::{CATEGORY_BYTES_MAX, CREATED_AT_MAX, NULL_TEXTS_MAX},
    value::NullTexts,
};

/// How many bins a column may be given. Value bins have one more, `other`, and 100 is the most.
pub const BINS: RangeInclusive<usize> = 2..=99;
/// Enough bins to hold the error of a distance near one part in a hundred, and few enough for 50 features.
pub const BINS_DEFAULT: usize = 20;
/// How many categories of a column may have a bin, beside the bin of all others.
pub const CATEGORIES: RangeInclusive<usize> = 1..=99;
/// How many bytes of numbers are kept by default: 512 MiB, which are 67 million numbers.
pub const MEMORY_BYTES_DEFAULT: u64 = 512 << 20;

/// What a profile says of its model, and how large it may be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the model, as requests call it.
    pub model: String,
    /// The version of the model, if metrics tell it apart.
    pub version: Option<String>,
    /// When the profile is made, in seconds since 1970.
    pub created_at: u64,
    /// How many bins a column of numbers gets, within [`BINS`].
    pub bins: usize,
    /// How many categories get a bin, within [`CATEGORIES`].
    pub categories: usize,
    /// How many bytes of numbers are kept, all columns together; see [`ProfileBuilder`](crate::ProfileBuilder).
    pub memory_bytes_max: u64,
    /// Texts that stand for a missing value, beside those that always do: [`reading`](driftline_statistics::value::reading)
    /// says which. The profile keeps them.
    pub null_texts: Vec<String>,
    /// Whether the number of different values of each column is estimated, in 16 KiB each.
    pub distinct: bool,
}

impl Settings {
    /// The default sizes, for the model of this name.
    #[must_use]
    pub fn of(model: &str) -> Settings {
        Settings { model: String::from(model), ..Settings::default() }
    }

    /// What stands for a missing value.
    #[must_use]
    pub fn nulls(&self) -> NullTexts {
        NullTexts::new(self.null_texts.iter().map(String::as_str))
    }

    /// Notes what a profile cannot hold, and brings sizes within their range.
    pub(crate) fn check(&mut self, problems: &mut Problems) {
        let mut note = |what: fmt::Arguments<'_>| problems.add(&Path::ROOT, what);
        let Settings { model, version, .. } = self;
        if let Some(fault) = label_fault(model) {
            note(format_args!("the name of the model {fault}: {model:?}"));
        } else if model == OTHER_NAME {
            note(format_args!(
                "the model cannot be called \"{model}\": models that are not listed are counted under that name"
            ));
        }
        if let Some((version, fault)) = version.as_deref().and_then(|v| Some((v, label_fault(v)?)))
        {
            note(format_args!("the version of the model {fault}: {version:?}"));
        }
        if NULL_TEXTS_MAX < self.null_texts.len() {
            note(format_args!(
                "found {} texts for a missing value, expected {NULL_TEXTS_MAX} at most",
                self.null_texts.len()
            ));
        }
        let is_too_long = |text: &&String| CATEGORY_BYTES_MAX < text.trim().len();
        if let Some(text) = self.null_texts.iter().find(is_too_long) {
            note(format_args!(
                "found {} bytes in a text for a missing value, expected {CATEGORY_BYTES_MAX} at most",
                text.trim().len()
            ));
        }
        // An empty text always stands for one.
        self.null_texts.retain(|text| !text.trim().is_empty());
        for (found, range, what) in
            [(&mut self.bins, BINS, "bins"), (&mut self.categories, CATEGORIES, "categories")]
        {
            let (least, most) = (*range.start(), *range.end());
            if !range.contains(found) {
                note(format_args!("found {found} {what}, expected {least} to {most}"));
            }
            *found = (*found).clamp(least, most);
        }
        self.created_at = self.created_at.min(CREATED_AT_MAX);
    }
}

impl Default for Settings {
    /// The default sizes, for a model without a name.
    fn default() -> Settings {
        Settings {
            model: String::new(),
            version: None,
            created_at: 0,
            bins: BINS_DEFAULT,
            categories: BINS_DEFAULT,
            memory_bytes_max: MEMORY_BYTES_DEFAULT,
            null_texts: Vec::new(),
            distinct: false,
        }
    }
}
