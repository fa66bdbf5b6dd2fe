//! What came back. All of it is words from outside.

use std::time::Duration;

/// A whole reply within its bounds of size and time. Nothing in it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, 200 to 599.
    pub status: u16,
    /// The media type without its parameters, in lower case; empty where none was said.
    pub content_type: String,
    /// What `Retry-After` says (RFC 9110 section 10.2.3), in seconds or as a date.
    pub retry_after: Option<Duration>,
    /// Further headers that a connector may want, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub untrusted_body: Vec<u8>,
}

// === impl Reply ===

impl Reply {
    /// Whether it says that all went well (2xx).
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}
