//! What a file may be, whoever wrote it.

/// The longest file that is read, in bytes: far more than any credentials need.
pub const LONGEST_FILE: usize = 1024 * 1024;

/// How deep maps and lists may stand in each other.
pub(crate) const DEEPEST: usize = 32;

/// Why a file cannot be read. It never shows what stands there, which may be a secret in plain text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Unreadable {
    /// Counted from one.
    pub line: usize,
    /// What is wrong, and where there is a way, what to write instead.
    pub what: &'static str,
}

/// Something is wrong in a line.
pub(crate) fn wrong<T>(line: usize, what: &'static str) -> Result<T, Unreadable> {
    Err(Unreadable { line, what })
}
