//! What can be said for certain when an action did not succeed.

use std::time::Duration;
use std::{fmt, io};

/// An action that did not succeed, and whether it may have happened all the same.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The caller asked for something that cannot be said to the world. Nothing was sent.
    #[error("{what}")]
    Malformed {
        /// What is wrong with the request.
        what: &'static str,
    },
    /// The world said no for good. Nothing was sent.
    #[error("{step} was refused: {reply}")]
    Rejected {
        /// What was being done.
        step: &'static str,
        /// The world's words.
        reply: Reply,
    },
    /// The provider does not accept our credential, or it may not do this. Nothing was done, and asking again changes nothing:
    /// the owner has to set the connector up again.
    #[error(
        "{step} was refused, because the credential is not accepted ({reply}); set it up again: moltctl connect {connector}"
    )]
    NotAllowed {
        /// What was being done.
        step: &'static str,
        /// Whose credential, as in `[connectors.<name>]`.
        connector: &'static str,
        /// The world's words.
        reply: Reply,
    },
    /// The provider wants fewer calls. Nothing was done.
    #[error("{step} was put off by the provider{}: {reply}", later(*retry_after))]
    Limited {
        /// What was being done.
        step: &'static str,
        /// From now until it may be tried again, where the provider says so.
        retry_after: Option<Duration>,
        /// The world's words.
        reply: Reply,
    },
    /// Nothing was sent, and a new request may succeed.
    #[error("{step} failed: {cause}")]
    Unavailable {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        cause: Cause,
    },
    /// It may have been done, or not. It must never be repeated without a person looking.
    #[error("{step} broke off, and it may have happened: {cause}")]
    Unknown {
        /// What was being done.
        step: &'static str,
        /// What went wrong.
        cause: Cause,
    },
}

/// Why an action broke off.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The other side answered.
    #[error("{0}")]
    Reply(Reply),
    /// Nothing was heard in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection, the TLS handshake or the protocol broke. Text of the other side in it is escaped.
    #[error("{0}")]
    Connection(String),
    /// The way out said no, or the answer was not whole.
    #[error("{0}")]
    Egress(#[from] egress::Problem),
    /// The answer is not what the provider's description says: another type, broken JSON, a field missing.
    #[error("the answer is not understood: {0}")]
    NotUnderstood(String),
    /// The local system said no.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Whether a call changes something at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It reads: it may be asked again.
    None,
    /// It does something that counts. No provider of ours knows a key that makes it count once.
    Once,
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Whoever made the request.
    Caller,
    /// Whoever keeps the credentials.
    Owner,
    /// This machine.
    Us,
    /// The other side, or what lies between.
    World,
}

/// What the other side said. These are words from outside: they are cut and escaped, and prove nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits of SMTP, or the HTTP status; 0 where the protocol has no numbers, as IMAP.
    pub code: u16,
    /// The text behind them, on one line.
    pub words: String,
}

// === impl Failure ===

impl Failure {
    /// Whether the action may have been done in spite of the failure.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Failure::Unknown { .. })
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Failure::Malformed { .. } => Fault::Caller,
            Failure::NotAllowed { .. } => Fault::Owner,
            Failure::Rejected { .. } | Failure::Limited { .. } => Fault::World,
            Failure::Unavailable { cause, .. } | Failure::Unknown { cause, .. } => cause.fault(),
        }
    }

    /// A call that got no reply. What went out and counts may have counted.
    pub fn without_reply(step: &'static str, problem: egress::Problem, effect: Effect) -> Failure {
        match (&problem, effect) {
            (egress::Problem::MaybeSent(_), Effect::Once) => Failure::Unknown { step, cause: problem.into() },
            (egress::Problem::MaybeSent(_), Effect::None) | (egress::Problem::NotSent(_), _) => {
                Failure::Unavailable { step, cause: problem.into() }
            }
        }
    }

    /// A reply that cannot be understood. The provider said that it was done, so what counts may have counted.
    pub fn not_understood(step: &'static str, what: &str, effect: Effect) -> Failure {
        let cause = Cause::NotUnderstood(one_line(what));
        match effect {
            Effect::Once => Failure::Unknown { step, cause },
            Effect::None => Failure::Unavailable { step, cause },
        }
    }
}

// === impl Cause ===

impl Cause {
    fn fault(&self) -> Fault {
        use egress::{NotSent, Problem};
        match self {
            Cause::Egress(Problem::NotSent(
                NotSent::NoCredential { .. } | NotSent::UnfitCredential { .. },
            )) => Fault::Owner,
            Cause::System(_)
            | Cause::Egress(Problem::NotSent(NotSent::OutOfReach(_) | NotSent::Unfit { .. })) => Fault::Us,
            Cause::Egress(_)
            | Cause::NotUnderstood(_)
            | Cause::Reply(_)
            | Cause::Timeout
            | Cause::Connection(_) => Fault::World,
        }
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) fn new(code: u16, words: &str) -> Reply {
        Reply { code, words: one_line(words) }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            0 => f.write_str(&self.words),
            code => write!(f, "{code} {}", self.words),
        }
    }
}

fn later(retry_after: Option<Duration>) -> String {
    retry_after.map(|after| format!(" for {} s", after.as_secs())).unwrap_or_default()
}

/// Outside text on one line of printable ASCII, at most about 300 characters of it.
pub(crate) fn one_line(text: &str) -> String {
    let most = text.char_indices().nth(300).map_or(text.len(), |(end, _)| end);
    let cut = text.get(..most).unwrap_or_default();
    let mut line = String::with_capacity(cut.len());
    for character in cut.chars() {
        match character {
            ' '..='~' => line.push(character),
            _ => line.extend(character.escape_default()),
        }
    }
    if cut.len() < text.len() {
        line.push_str("...");
    }
    line
}
