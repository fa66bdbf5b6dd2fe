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

/// A file that came along. Only the text of it does, where it has one that can be read.
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
    /// The beginning of the text that a person would see in it, cleaned like a body.
    pub text: Option<String>,
}

/// What the sender's name or address gives away about the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// The display name is an address, and not the sender's.
    NameIsAnotherAddress,
    /// The display name names a domain or a well-known company, and the address is elsewhere.
    NameNamesAnotherDomain,
    /// The domain is written with letters that look like others.
    LookAlikeDomain,
    /// The domain mixes scripts.
    MixedScriptDomain,
    /// An answer would go to another domain than the sender's.
    RepliesGoElsewhere,
}

/// One method of one `Authentication-Results` header (RFC 8601), the topmost first: as the message claims. Only a header
/// that one's own mail server added is worth anything, and the reader cannot know which one that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authentication {
    /// The server that says so.
    pub server: String,
    /// `spf`, `dkim`, `dmarc` …
    pub method: String,
    /// `pass`, `fail`, `none` …
    pub result: String,
    /// The domain or address it is about.
    pub about: Option<String>,
}

/// A link whose target a person does not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The words that are shown.
    pub shown: String,
    /// Where it leads.
    pub target: String,
    /// The words that are shown name another host than the one it leads to.
    pub leads_elsewhere: bool,
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
    /// The id of the chat or channel it was written in: what an answer is sent to. A group's title is the subject.
    pub chat: Option<String>,
    /// Files that came along.
    pub attachments: Vec<Attachment>,
    /// What is odd about the sender, each once.
    pub doubts: Vec<Doubt>,
    /// What mail servers say about the sender.
    pub authentication: Vec<Authentication>,
    /// Where the text leads.
    pub links: Vec<Link>,
}
