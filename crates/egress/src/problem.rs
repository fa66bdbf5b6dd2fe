//! Why there is no reply, and whether the request may have arrived all the same.

use crate::{Key, OutOfReach};
use std::net::IpAddr;

/// A call without a reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing of the request was sent.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// The request went out, in part or whole, and no whole reply came: it may have been done.
    #[error("{0}")]
    MaybeSent(Cause),
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The connector does not declare it.
    #[error(transparent)]
    OutOfReach(#[from] OutOfReach),
    /// The vault has no such secret, or does not trust the file that should hold it.
    #[error("`{key}` is not to be had: {why}")]
    NoCredential {
        /// Which.
        key: Key,
        /// Why, and what to do.
        why: String,
    },
    /// A secret does not fit where it belongs, such as a line break in a header. It is not shown.
    #[error("`{key}` holds characters that cannot be sent; set it again")]
    UnfitCredential {
        /// Which.
        key: Key,
    },
    /// It cannot be said in HTTP.
    #[error("{step}: {what}")]
    Unfit {
        /// What was to be done.
        step: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The name has no address.
    #[error("`{host}` cannot be resolved: {why}")]
    NoAddress {
        /// The name.
        host: String,
        /// The system's words.
        why: String,
    },
    /// Every address of the name is one that nothing may be sent to: private, loopback, link-local and their like.
    #[error("`{host}` leads to {address}, which is not an address of the public Internet; nothing was sent")]
    ForbiddenAddress {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// No connection came about.
    #[error("cannot connect to `{host}`: {cause}")]
    NoConnection {
        /// The host.
        host: String,
        /// Why.
        cause: Cause,
    },
}

/// What went wrong on the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Nothing was heard in time.
    #[error("no answer in time")]
    Timeout,
    /// The other side's certificate is not one for this host, or not valid now, or nobody we know vouches for it.
    #[error("its certificate is not accepted: {0}")]
    Certificate(String),
    /// The connection or TLS broke. Text of the other side in it is escaped.
    #[error("{0}")]
    Connection(String),
    /// What came is not HTTP, or the body ended early.
    #[error("the answer is not whole: {0}")]
    Broken(String),
    /// More came than a reply may have.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// It sends us elsewhere (3xx), and nobody declared that it may. The credential went nowhere else.
    #[error("it redirects elsewhere (HTTP {status}), which is not followed")]
    Redirected {
        /// The status.
        status: u16,
    },
}
