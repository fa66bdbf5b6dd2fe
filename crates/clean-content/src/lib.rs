//! What a reader may hand on: the clean JSON, its limits and its one checked constructor.
//!
//! A [`CleanContent`] exists only if every limit holds. The sanitiser builds one with [`CleanContent::from_parts`];
//! a zone that is handed one by a reader, which it does not trust, builds its own with [`CleanContent::parse`].
//! Both walk the same checks. [`SCHEMA`] says the same to programs that are not written in Rust.
//!
//! Holding one tells you that the text is bounded and has no invisible characters. It does not tell you that what the
//! text says is true, or harmless: `injection_warning` is a hint to the owner, never a wall.

mod character;
mod check;
mod content_type;
mod finding;
mod metadata;
mod misfit;
mod plain;
mod untrusted;

pub use character::is_allowed;
pub use content_type::{ContentType, UnknownContentType};
pub use finding::{Finding, Severity};
pub use metadata::{Attachment, Authentication, Doubt, Link, Metadata, Party};
pub use misfit::Misfit;
pub use plain::is_nfkc;
pub use untrusted::Untrusted;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest body, in characters.
pub const BODY_LIMIT: usize = 10_000;

/// The largest clean JSON that [`CleanContent::parse`] looks at, in bytes: one message on a bridge.
pub const JSON_LIMIT: usize = 1024 * 1024;

/// Limits on the fields beside the body, in characters or in entries.
pub mod limits {
    /// A person's, chat's or file's name.
    pub const NAME: usize = 200;
    /// An address or account.
    pub const ADDRESS: usize = 320;
    /// A subject or message id: one line of a mail.
    pub const LINE: usize = 998;
    /// A media type.
    pub const MEDIA_TYPE: usize = 127;
    /// Recipients of one message.
    pub const RECIPIENTS: usize = 100;
    /// Attachments of one message.
    pub const ATTACHMENTS: usize = 100;
    /// The text of one attachment.
    pub const ATTACHED_TEXT: usize = 5_000;
    /// The texts of all attachments together.
    pub const ATTACHED_TEXTS: usize = 20_000;
    /// What is odd about a sender.
    pub const DOUBTS: usize = 8;
    /// Results of authentication.
    pub const AUTHENTICATION: usize = 20;
    /// A word of an authentication's result: server, method, result.
    pub const AUTHENTICATION_WORD: usize = 255;
    /// Links.
    pub const LINKS: usize = 50;
    /// The words that a link shows.
    pub const LINK_SHOWN: usize = 200;
    /// A link's target.
    pub const LINK_TARGET: usize = 1_000;
    /// Findings about one message.
    pub const FINDINGS: usize = 50;
    /// The kind of a finding.
    pub const KIND: usize = 64;
    /// The place of a finding.
    pub const PLACE: usize = 200;
    /// The reason of a finding.
    pub const REASON: usize = 400;
    /// The evidence of a finding.
    pub const EVIDENCE: usize = 200;
}

/// The clean JSON as a JSON Schema, 2020-12.
pub const SCHEMA: &str = include_str!("../clean-content.schema.json");

/// What the sanitiser puts together. Anyone may build one; it proves nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The text a person would see, normalised.
    pub body: String,
    /// What the raw bytes were read as.
    pub content_type: ContentType,
    /// What is suspicious.
    pub findings: Vec<Finding>,
    /// How suspicious, from 0 to 1.
    pub score: f64,
    /// True exactly when some finding is of [`Severity::Medium`] or higher.
    pub injection_warning: bool,
    /// Bytes of the raw input.
    pub original_length: u64,
    /// The body was cut at [`BODY_LIMIT`].
    pub truncated: bool,
    /// When, as the caller's clock says.
    pub sanitized_at: Timestamp,
    /// Who, to whom, about what: as the message claims.
    pub metadata: Metadata,
}

/// Content that keeps every limit of this crate.
///
/// There is no `Deserialize`: [`CleanContent::parse`] is the only way in from JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CleanContent {
    body: String,
    content_type: ContentType,
    injection_warning: bool,
    original_length: u64,
    sanitized_length: u64,
    sanitized_at: Timestamp,
    findings: Vec<Finding>,
    score: f64,
    truncated: bool,
    metadata: Metadata,
}

/// The JSON as it comes in, before any check.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claimed {
    body: String,
    content_type: ContentType,
    injection_warning: bool,
    original_length: u64,
    sanitized_length: u64,
    sanitized_at: String,
    findings: Vec<Finding>,
    score: f64,
    truncated: bool,
    metadata: Metadata,
}

// === impl CleanContent ===

impl CleanContent {
    /// Checks every limit.
    ///
    /// # Errors
    /// The first limit that does not hold.
    pub fn from_parts(parts: Parts) -> Result<Self, Misfit> {
        check::parts(&parts)?;
        let Parts {
            body,
            content_type,
            findings,
            score,
            injection_warning,
            original_length,
            truncated,
            sanitized_at,
            metadata,
        } = parts;
        let sanitized_length = body.chars().count() as u64;
        Ok(Self {
            body,
            content_type,
            injection_warning,
            original_length,
            sanitized_length,
            sanitized_at,
            findings,
            score,
            truncated,
            metadata,
        })
    }

    /// Reads a reader's JSON: its shape, without unknown fields, and then every limit.
    ///
    /// # Errors
    /// What is wrong with the shape, or the first limit that does not hold.
    pub fn parse(untrusted_json: Untrusted<String>) -> Result<Self, Misfit> {
        let json = untrusted_json.into_inner_to_check();
        if json.len() > JSON_LIMIT {
            return Err(Misfit::JsonTooLarge { size: json.len(), limit: JSON_LIMIT });
        }
        let claimed: Claimed = serde_json::from_str(&json)
            .map_err(|error| Misfit::NotThisShape { line: error.line(), column: error.column() })?;
        let Claimed {
            body,
            content_type,
            injection_warning,
            original_length,
            sanitized_length,
            sanitized_at,
            findings,
            score,
            truncated,
            metadata,
        } = claimed;
        let sanitized_at = check::utc_time("sanitized_at", &sanitized_at)?;
        let clean = Self::from_parts(Parts {
            body,
            content_type,
            findings,
            score,
            injection_warning,
            original_length,
            truncated,
            sanitized_at,
            metadata,
        })?;
        if clean.sanitized_length != sanitized_length {
            return Err(Misfit::LengthMismatch {
                claimed: sanitized_length,
                counted: clean.sanitized_length,
            });
        }
        Ok(clean)
    }

    /// One flat JSON object, as [`SCHEMA`] describes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "no map keys but strings, and the score is finite by construction"
        )]
        serde_json::to_string(self).expect("clean content is always JSON")
    }

    /// The text a person would see.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What the raw bytes were read as.
    #[must_use]
    pub fn content_type(&self) -> ContentType {
        self.content_type
    }

    /// True exactly when some finding is of [`Severity::Medium`] or higher.
    #[must_use]
    pub fn injection_warning(&self) -> bool {
        self.injection_warning
    }

    /// What is suspicious.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How suspicious, from 0 to 1.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.score
    }

    /// Bytes of the raw input.
    #[must_use]
    pub fn original_length(&self) -> u64 {
        self.original_length
    }

    /// Characters of the body.
    #[must_use]
    pub fn sanitized_length(&self) -> u64 {
        self.sanitized_length
    }

    /// The body was cut at [`BODY_LIMIT`].
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// When, as the reader's clock said.
    #[must_use]
    pub fn sanitized_at(&self) -> Timestamp {
        self.sanitized_at
    }

    /// Who, to whom, about what: as the message claims.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
