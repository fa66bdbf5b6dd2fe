//! What is wrong in a home, so that one message can name all of it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file it is in.
    pub file: PathBuf,
    /// The key, or the place in the file; empty when it concerns the whole file.
    pub place: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// Every problem that was found; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

// === impl Problem ===

impl Problem {
    /// A problem in a file.
    pub fn new(file: impl Into<PathBuf>, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.what)
    }
}

// === impl Problems ===

impl Problems {
    /// `Err` when there are any.
    pub fn none_or(found: Vec<Problem>) -> Result<(), Self> {
        if found.is_empty() { Ok(()) } else { Err(Self(found)) }
    }

    /// Problems of one file, each with its place; without any, the file cannot be used for a reason nobody named.
    pub fn of_file(file: &Path, found: impl IntoIterator<Item = (String, String)>) -> Self {
        let found = found.into_iter().map(|(place, what)| Problem::new(file, place, what)).collect();
        Self::none_or(found).err().unwrap_or_else(|| Problem::new(file, "", "cannot be used").into())
    }

    /// The problems.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [one] => write!(f, "{one}"),
            many => {
                write!(f, "{} problems:", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl std::error::Error for Problems {}
