//! Why a folder makes no samples.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a folder makes no samples, and where to look.
#[derive(Debug, Error)]
pub enum Unusable {
    /// The folder or a file of it could not be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line says nothing that can be used.
    #[error("{file}:{line}: {flaw}")]
    Line {
        /// The file's name within the folder.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Flaw {
    /// No slot of that name is in the file or in `common.txt`.
    #[error("no slot is called `{0}`")]
    UnknownSlot(String),
    /// An option of a slot has no text.
    #[error("slot `{0}` has an empty option")]
    EmptyOption(String),
    /// A slot would come to hold itself.
    #[error("slot `{0}` holds itself")]
    RecursiveSlot(String),
    /// The file has the slot twice.
    #[error("slot `{0}` is there already")]
    SlotTwice(String),
    /// A line beginning with `@` is no slot.
    #[error("a slot is written `@name = option | option`")]
    NotASlot,
    /// A line in brackets is no section.
    #[error("a section is written `[family language]`, the language as two letters")]
    NotASection,
    /// A template stands before the first section.
    #[error("a template before the first section")]
    NoSection,
    /// A brace opens a slot and what follows is no name and closing brace.
    #[error("a slot is taken as `{{name}}` or `{{name?}}`, and a brace written as `{{{{`")]
    NotAName,
}
