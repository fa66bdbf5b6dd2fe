use clean_content::Misfit;

/// Why nothing meaningful can be said about some bytes.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// More bytes than are read.
    #[error("the message has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes found.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A chat message that is not JSON.
    #[error("the message is not JSON, from line {line}, column {column} on")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A chat message whose JSON is nested too deeply.
    #[error("the message's JSON is nested more deeply than any chat message")]
    TooDeep,
    /// JSON that is not a message of the service.
    #[error("the JSON is not a message: it has none of {expected}")]
    WrongShape {
        /// What would have made it one.
        expected: &'static str,
    },
    /// The result broke a limit of clean content: a fault of this crate, answered with nothing.
    #[error("the message could not be brought into clean form")]
    NotClean(#[source] Misfit),
}
