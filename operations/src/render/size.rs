//! Refuses files that are larger than the object of Kubernetes that they become, with the way out. It splits none.

use std::{error::Error, fmt};

use super::{Bundle, Part};
use crate::File;

/// The most that an object of Kubernetes holds: what a ConfigMap is limited to, and less than etcd's 1.5 MiB for a request.
pub const OBJECT_BYTES_MAX: usize = 1 << 20;
/// How many models an error names.
const LARGEST_SHOWN: usize = 3;

/// What is larger than an object may be, and what makes it so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TooLarge {
    files: Vec<(String, usize)>,
    /// The bytes of each model's profile, the largest ones first.
    profiles: Vec<(String, usize)>,
}

/// The files beyond the limit, with their bytes.
pub(super) fn beyond_limit(files: &[File]) -> Vec<(String, usize)> {
    let too_large = files.iter().filter(|file| OBJECT_BYTES_MAX < file.text.len());
    too_large.map(|file| (file.path.clone(), file.text.len())).collect()
}

impl TooLarge {
    pub(super) fn new(files: Vec<(String, usize)>, bundle: &Bundle<'_>) -> TooLarge {
        let models = bundle.configuration.get("models").map_or(&[][..], |models| models.items());
        let names = bundle.settings.config.models.iter().map(|model| model.name.clone());
        let bytes =
            models.iter().map(|model| model.get("profile").map_or(0, |it| it.compact().len()));
        let mut profiles: Vec<_> = names.zip(bytes).filter(|(_, bytes)| *bytes != 0).collect();
        profiles.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        TooLarge { files, profiles }
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("found ")?;
        for (index, (path, bytes)) in self.files.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{bytes} bytes for {path}")?;
        }
        write!(
            formatter,
            ", expected at most {OBJECT_BYTES_MAX}, which is what an object of Kubernetes holds"
        )?;
        for (index, (model, bytes)) in self.profiles.iter().take(LARGEST_SHOWN).enumerate() {
            let before = if index == 0 { "; of these, profiles take" } else { "," };
            write!(formatter, "{before} {bytes} for {model}")?;
        }
        let without: Vec<&str> =
            Part::ALL.into_iter().filter(|part| !part.is_of_kubernetes()).map(Part::word).collect();
        write!(
            formatter,
            "; make profiles with fewer bins (`driftline profile --bins` and `--categories`) or features, or let Envoy read the configuration from a \
             file, and render only {}",
            without.join(", ")
        )
    }
}

impl Error for TooLarge {}
