/// Why something is not clean content.
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// The JSON is larger than anything clean could be.
    #[error("the JSON has {size} bytes; at most {limit} are read")]
    JsonTooLarge {
        /// Bytes found.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not JSON, or fields are missing, unknown, doubled or of another type.
    /// Only the position is told: the parser's own words would repeat names that the sender chose.
    #[error("not the JSON of clean content, from line {line}, column {column} on")]
    NotThisShape {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The body is too long.
    #[error("the body has {characters} characters; at most {limit} are allowed")]
    BodyTooLong {
        /// Characters found.
        characters: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Another text is too long.
    #[error("`{field}` has {characters} characters; at most {limit} are allowed")]
    FieldTooLong {
        /// Which field.
        field: &'static str,
        /// Characters found.
        characters: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A list is too long.
    #[error("`{field}` has {entries} entries; at most {limit} are allowed")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// Entries found.
        entries: usize,
        /// Entries allowed.
        limit: usize,
    },
    /// An invisible, private or control character.
    #[error("`{field}` holds the forbidden character U+{code:04X}")]
    ForbiddenCharacter {
        /// Which field.
        field: &'static str,
        /// Its code point.
        code: u32,
    },
    /// A text is not in normalisation form NFKC.
    #[error("`{field}` is not in normalisation form NFKC")]
    NotNfkc {
        /// Which field.
        field: &'static str,
    },
    /// The body does not have the length that the JSON claims.
    #[error("the JSON claims {claimed} characters, the body has {counted}")]
    LengthMismatch {
        /// The claim.
        claimed: u64,
        /// The truth.
        counted: u64,
    },
    /// The score is outside 0 to 1.
    #[error("the score is not between 0 and 1")]
    ScoreOutOfRange,
    /// The warning does not follow from the findings.
    #[error("injection_warning is {claimed}, which does not follow from the findings")]
    WarningMismatch {
        /// The claim.
        claimed: bool,
    },
    /// A time is not RFC 3339 in UTC.
    #[error("`{field}` is not an RFC 3339 time in UTC")]
    NotUtcTime {
        /// Which field.
        field: &'static str,
    },
    /// A field that a program reads does not have its form.
    #[error("`{field}` does not have its form")]
    Malformed {
        /// Which field.
        field: &'static str,
    },
}
