//! What is refused before it comes to anything: each with a code, and told once for as long as it goes on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// Where the code of a refusal is, for programs.
pub const REFUSAL: &str = "moltbot-refusal";

/// What was not refused for so long begins anew when it is refused again.
const QUIET: Duration = Duration::from_secs(1);

/// Something that was refused on a socket, the first of possibly many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The code, as in `moltbot-refusal`.
    pub code: &'static str,
    /// Which call, in the caller's words; empty when it did not come to a call.
    pub untrusted_call: String,
    /// Why.
    pub why: &'static str,
}

/// Tells what is refused to whoever keeps the record.
#[derive(Clone)]
pub struct Tell(Arc<dyn Fn(Refused) + Send + Sync>);

/// What is refused, and when that was last.
pub(crate) struct Refusals {
    tell: Tell,
    last: Mutex<BTreeMap<&'static str, Instant>>,
}

/// Why a call or a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    TooManyCalls,
    TooManyBytes,
    TooSlow,
    MessageTooLarge,
    UnknownCall,
    Malformed,
    Abuse,
    ForeignPeer,
    CannotAccept,
}

// === impl Tell ===

impl Tell {
    /// Tells by calling this. It must not wait: the caller is being served.
    pub fn by(f: impl Fn(Refused) + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }
}

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

// === impl Reason ===

impl Reason {
    const fn code(self) -> &'static str {
        match self {
            Self::TooManyCalls => "too_many_calls",
            Self::TooManyBytes => "too_many_bytes",
            Self::TooSlow => "too_slow",
            Self::MessageTooLarge => "message_too_large",
            Self::UnknownCall => "unknown_call",
            Self::Malformed => "malformed_call",
            Self::Abuse => "connection_abuse",
            Self::ForeignPeer => "foreign_peer",
            Self::CannotAccept => "cannot_accept",
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::TooManyCalls => "more calls than a zone may make; ask again in a moment",
            Self::TooManyBytes => "more bytes under way than a zone may send at once; ask again in a moment",
            Self::TooSlow => "a message was begun and not ended in time",
            Self::MessageTooLarge => "a message is at most 1 MiB",
            Self::UnknownCall => "this socket does not offer that",
            Self::Malformed => "the message is not what this call takes",
            Self::Abuse => "the connection broke the rules of HTTP/2, or its limits here, and was ended",
            Self::ForeignPeer => "somebody else's process connected and was closed unheard",
            Self::CannotAccept => "no connection can be accepted at this moment; see how many files are open",
        }
    }

    /// The answer to a call that is refused so.
    pub(crate) fn status(self) -> Status {
        let code = match self {
            Self::TooManyCalls | Self::TooManyBytes | Self::CannotAccept => Code::ResourceExhausted,
            Self::TooSlow => Code::DeadlineExceeded,
            Self::MessageTooLarge => Code::OutOfRange,
            Self::UnknownCall => Code::Unimplemented,
            Self::Malformed => Code::InvalidArgument,
            Self::Abuse => Code::Aborted,
            Self::ForeignPeer => Code::PermissionDenied,
        };
        let mut status = Status::new(code, self.why());
        status.metadata_mut().insert(REFUSAL, MetadataValue::from_static(self.code()));
        status
    }

    /// What an answer says that was given below the handlers, who have codes of their own.
    pub(crate) fn of_answer<T>(answer: &tonic::codegen::http::Response<T>) -> Option<Self> {
        let word =
            |key| answer.headers().get(key).map(|value: &tonic::codegen::http::HeaderValue| value.as_bytes());
        match (word("grpc-status")?, word(REFUSAL)) {
            (_, Some(code)) => {
                [Self::TooManyBytes, Self::TooSlow].into_iter().find(|one| one.code().as_bytes() == code)
            }
            (b"11", None) => Some(Self::MessageTooLarge),
            (b"12", None) => Some(Self::UnknownCall),
            (b"13", None) => Some(Self::Malformed),
            _ => None,
        }
    }
}

// === impl Refusals ===

impl Refusals {
    pub(crate) fn new(tell: Tell) -> Self {
        Self { tell, last: Mutex::default() }
    }

    /// Tells of it, unless it goes on since it was told.
    pub(crate) fn note(&self, reason: Reason, untrusted_call: &str) {
        let now = Instant::now();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(reason.code(), now);
        if last.is_none_or(|last| now.saturating_duration_since(last) > QUIET) {
            let untrusted_call = untrusted_call.chars().take(200).collect();
            (self.tell.0)(Refused { code: reason.code(), untrusted_call, why: reason.why() });
        }
    }
}

impl fmt::Debug for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusals")
    }
}
