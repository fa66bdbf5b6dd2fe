//! What speaking IMAP and speaking SMTP have in common: lines within bounds, TLS or nothing, and how we sign in.

mod login;
mod wire;

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::failure::{Cause, Failure};
pub use login::Login;
pub(crate) use wire::{Broken, Wire};

/// Whose credential is meant in a [`Failure::NotAllowed`].
pub(crate) const CONNECTOR: &str = "mail";

/// How a conversation is kept from others. There is no "if the server can": that is what an attacker takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// The server must agree to TLS before anything is said.
    StartTls,
    /// Nothing: only for a server on this machine.
    None,
}

/// Why a server cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Mail would cross a network in the clear.
    #[error(
        "`{host}` is not this machine, and `security = none` would send mail in the clear: use `tls` or `start-tls`"
    )]
    InTheClear {
        /// The server's name.
        host: String,
    },
    /// The password would be said in the clear, if only within this machine.
    #[error(
        "`security = none` would send the password in the clear: use `tls` or `start-tls`, or, for a server on this machine, danger_allow_plaintext_loopback = true"
    )]
    PasswordInTheClear,
    /// The name of this machine or the server would break the protocol's lines.
    #[error("`{field}` is not the name of a host")]
    NotAHost {
        /// Which value.
        field: &'static str,
    },
    /// The name of the folder would break the protocol's lines.
    #[error("`folder` is not the name of a mail folder")]
    NotAFolder,
    /// TLS cannot be set up.
    #[error("cannot set TLS up: {0}")]
    Tls(String),
}

/// A connection, in the clear or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A connection over which something may be said that others must not hear.
pub(crate) type Private = Wire<Box<dyn Stream>>;

/// Checks what the owner configured, before anything is connected.
pub(crate) fn check(host: &str, security: Security, login: Option<&Login>) -> Result<(), Unusable> {
    check_name("host", host)?;
    match security {
        Security::Tls | Security::StartTls => Ok(()),
        Security::None if !is_this_machine(host) => Err(Unusable::InTheClear { host: host.to_owned() }),
        Security::None if login.is_some_and(|login| !login.may_be_heard_here()) => {
            Err(Unusable::PasswordInTheClear)
        }
        Security::None => Ok(()),
    }
}

/// A name that stands in a line of the protocol.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), Unusable> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if name.is_empty() || !name.bytes().all(sound) { Err(Unusable::NotAHost { field }) } else { Ok(()) }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A step that has its time and nothing that counts: when it fails, nothing happened.
pub(crate) async fn within<T>(
    patience: Duration,
    step: &'static str,
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(patience, doing).await {
        Ok(done) => done,
        Err(_elapsed) => Err(Failure::Unavailable { step, cause: Cause::Timeout }),
    }
}
