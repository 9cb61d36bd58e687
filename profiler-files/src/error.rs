//! Why a source gave no profile.

use std::{fmt, io};

use driftline_statistics::document::{Path, Problems};

/// Why there is no profile.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfilerError {
    /// The source could not be read.
    Io(io::Error),
    /// The data or the options do not fit; all problems at once.
    Refused(Problems),
}

pub(crate) fn refused(problem: fmt::Arguments<'_>) -> ProfilerError {
    let mut problems = Problems::default();
    problems.add(&Path::ROOT, problem);
    ProfilerError::Refused(problems)
}

impl From<Problems> for ProfilerError {
    fn from(problems: Problems) -> ProfilerError {
        ProfilerError::Refused(problems)
    }
}

impl From<io::Error> for ProfilerError {
    fn from(error: io::Error) -> ProfilerError {
        ProfilerError::Io(error)
    }
}

impl fmt::Display for ProfilerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProfilerError::Io(error) => write!(f, "cannot read the training data: {error}"),
            ProfilerError::Refused(problems) => write!(f, "no profile was made: {problems}"),
        }
    }
}

impl std::error::Error for ProfilerError {}
