//! Signing in with the vault's secrets. They are copied into one buffer that is wiped, at the moment of use.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egress::{Credentials, Key, NotSent, Problem};
use vault::Secret;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Whose mail it is, by the names of secrets in the vault.
#[derive(Clone)]
pub struct Login {
    credentials: Arc<dyn Credentials>,
    user: Key,
    password: Key,
    may_be_heard_here: bool,
}

/// The secrets, for as long as somebody signs in. Neither holds what would end a line or a part of one.
pub(crate) struct SignIn {
    user: Arc<Secret>,
    password: Arc<Secret>,
}

// === impl Login ===

impl Login {
    /// With `mail.username` and `mail.password`.
    pub fn new(credentials: Arc<dyn Credentials>) -> Login {
        let [user, password] = ["username", "password"].map(|name| Key { file: "mail", name });
        Login { credentials, user, password, may_be_heard_here: false }
    }

    /// With other secrets.
    #[must_use]
    pub fn with_keys(self, user: Key, password: Key) -> Login {
        Login { user, password, ..self }
    }

    /// A server on this machine may be told the password in the clear.
    #[must_use]
    pub fn danger_allow_plaintext_loopback(self) -> Login {
        Login { may_be_heard_here: true, ..self }
    }

    pub(crate) fn may_be_heard_here(&self) -> bool {
        self.may_be_heard_here
    }

    /// Asked anew every time, so that a password that was changed is used at once.
    pub(crate) fn secrets(&self, step: &'static str) -> Result<SignIn, Failure> {
        let fit = |key: Key| {
            let secret = self.credentials.secret(key)?;
            let bytes = secret.expose();
            let unfit = bytes.is_empty() || bytes.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
            if unfit { Err(NotSent::UnfitCredential { key }) } else { Ok(secret) }
        };
        let both = fit(self.user).and_then(|user| Ok(SignIn { user, password: fit(self.password)? }));
        both.map_err(|not_sent| Failure::Unavailable { step, cause: Problem::NotSent(not_sent).into() })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Login { credentials: _, user, password, may_be_heard_here } = self;
        write!(f, "Login({user}, {password}, may_be_heard_here: {may_be_heard_here})")
    }
}

// === impl SignIn ===

impl SignIn {
    /// `before`, the message of SASL PLAIN in base64 (RFC 4616), and the line's end.
    pub(crate) fn plain(&self, before: &str) -> Zeroizing<Vec<u8>> {
        let (user, password) = (self.user.expose(), self.password.expose());
        let mut message = Zeroizing::new(Vec::with_capacity(user.len() + password.len() + 2));
        for part in [b"\0", user, b"\0", password] {
            message.extend_from_slice(part);
        }
        line(before, &message)
    }

    /// The user in base64, a line.
    pub(crate) fn user_line(&self) -> Zeroizing<Vec<u8>> {
        line("", self.user.expose())
    }

    /// The password in base64, a line.
    pub(crate) fn password_line(&self) -> Zeroizing<Vec<u8>> {
        line("", self.password.expose())
    }

    /// The two as they are, user first.
    pub(crate) fn expose(&self) -> [&[u8]; 2] {
        [self.user.expose(), self.password.expose()]
    }
}

/// No buffer grows here, because a buffer that grows leaves a copy behind.
fn line(before: &str, secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = base64::encoded_len(secret.len(), true).unwrap_or(usize::MAX / 2);
    let mut line = Zeroizing::new(vec![0; before.len().saturating_add(encoded).saturating_add(2)]);
    let (head, rest) = line.split_at_mut(before.len());
    head.copy_from_slice(before.as_bytes());
    let (text, end) = rest.split_at_mut(encoded);
    // It has exactly the room that it needs.
    let _ = STANDARD.encode_slice(secret, text);
    end.copy_from_slice(b"\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::{Arc, Credentials, Failure, Key, Login, NotSent, Secret};

    struct Two(&'static str, &'static str);

    impl Credentials for Two {
        fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
            let text = if key.name == "username" { self.0 } else { self.1 };
            Ok(Arc::new(Secret::new(key.to_string(), text.as_bytes().to_vec())))
        }
    }

    #[test]
    fn plain_is_said_as_rfc_4616_has_it() {
        let login = Login::new(Arc::new(Two("tim", "tanstaaftanstaaf")));
        let sign_in = login.secrets("signing in").unwrap();
        assert_eq!(*sign_in.plain("AUTH PLAIN "), b"AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
        assert_eq!(*sign_in.user_line(), b"dGlt\r\n");
    }

    #[test]
    fn a_secret_that_would_end_a_line_is_not_said_and_not_shown() {
        for (user, password) in [("tim", "hunter2\r\nx"), ("t\0m", "hunter2"), ("", "hunter2")] {
            let login = Login::new(Arc::new(Two(user, password)));
            let failure = login.secrets("signing in").map(|_| ()).unwrap_err();
            assert!(matches!(failure, Failure::Unavailable { .. }));
            assert_eq!(failure.fault(), crate::Fault::Owner);
            assert!(!format!("{failure} {failure:?} {login:?}").contains("hunter2"));
        }
    }
}
