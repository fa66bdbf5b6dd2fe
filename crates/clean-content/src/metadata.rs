use serde::{Deserialize, Serialize};

/// Someone who sends or receives, as the message claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The display name.
    pub name: Option<String>,
    /// The mail address, or the account.
    pub address: String,
}

/// A file that came along. Its content does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The file name.
    pub name: Option<String>,
    /// The media type, lower-case, as the message claims.
    pub media_type: String,
    /// Bytes after decoding.
    pub size: u64,
    /// SHA-256 of the decoded bytes, 64 lower-case hex digits; of nothing, where only a reference came along.
    pub sha256: String,
}

/// Who, to whom, about what: all of it as the message claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Who says they wrote it.
    pub sender: Option<Party>,
    /// Where an answer would go.
    pub reply_to: Option<Party>,
    /// To whom it was sent.
    pub recipients: Vec<Party>,
    /// The subject.
    pub subject: Option<String>,
    /// The sender's id of the message.
    pub message_id: Option<String>,
    /// When it was written, RFC 3339 in UTC.
    pub date: Option<String>,
    /// The chat or channel it was written in.
    pub chat: Option<String>,
    /// Files that came along.
    pub attachments: Vec<Attachment>,
}
