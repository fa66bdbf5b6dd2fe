use serde::{Deserialize, Serialize};

/// How much a finding matters. From [`Severity::Medium`] on, the owner is warned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Odd, and common in ordinary mail.
    Low,
    /// Looks like an instruction to an assistant.
    Medium,
    /// Looks like an instruction to an assistant, and is hidden or says so outright.
    High,
}

/// One thing that is suspicious.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A stable name for programs: lower-case words with `-` or `_`.
    pub kind: String,
    /// Where: `body`, `subject`, `attachment invoice.txt` …
    pub place: String,
    /// How much it matters.
    pub severity: Severity,
    /// A sentence for the owner.
    pub reason: String,
    /// The words in question, escaped.
    pub evidence: String,
}
