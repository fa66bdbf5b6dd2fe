//! Deciding whether a request that somebody made to us is a provider's delivery.
//!
//! Nothing here listens or answers. Whoever does hands the request over as it came, and gets a [`Delivery`] or a [`Refusal`];
//! there is no other way to a delivery.

mod slack;
mod telegram;
mod twilio;

use std::fmt;

use vault::Secret;

use crate::incoming::Incoming;

pub use slack::{FromSlack, from_slack};
pub use telegram::from_telegram;
pub use twilio::{FromTwilio, Kind, Receiver, from_twilio};

/// No provider of ours sends more.
pub const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// A request as it came. Anybody may have made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntrustedRequest {
    /// Names in any case and values, in any order, none left out.
    pub headers: Vec<(String, Vec<u8>)>,
    /// What stands behind the `?`, as it stands there.
    pub query: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// A provider's delivery.
///
/// Having one tells you that whoever sent it knows the secret that we share with the provider. It does not tell you that it
/// comes for the first time, nor that what it says is safe to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    id: String,
    untrusted_bytes: Vec<u8>,
}

/// Why a request is not taken for a delivery. It quotes nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header is not there, or is empty.
    #[error("the header `{header}` is missing")]
    Missing {
        /// Which.
        header: &'static str,
    },
    /// A header is there more than once: whoever stands between us may have looked at another one.
    #[error("the header `{header}` is there more than once")]
    Repeated {
        /// Which.
        header: &'static str,
    },
    /// A header is not written as the provider writes it.
    #[error("the header `{header}` is not of the provider's form")]
    Misshapen {
        /// Which.
        header: &'static str,
    },
    /// Whoever sent it does not know the secret, or somebody changed it on the way.
    #[error("it is not signed by the provider")]
    NotSigned,
    /// It was signed too long ago, or in the future: it may be an old one that is sent again.
    #[error("it was signed at another time")]
    Stale,
    /// It is signed, and about somebody else's account.
    #[error("it is for another account")]
    OtherAccount,
    /// It is signed, and not what the provider's description says.
    #[error("it is not understood: {what}")]
    NotUnderstood {
        /// What is wrong.
        what: &'static str,
    },
    /// It is longer than any delivery.
    #[error("it is too long")]
    TooLong,
    /// There is nothing to check it with.
    #[error("there is no secret to check it with")]
    NoSecret,
}

// === impl UntrustedRequest ===

impl UntrustedRequest {
    /// The value of a header that has to be there once.
    fn only(&self, header: &'static str) -> Result<&[u8], Refusal> {
        let mut values = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header));
        match (values.next(), values.next()) {
            (Some((_, value)), None) if !value.is_empty() => Ok(value),
            (Some(_), None) | (None, _) => Err(Refusal::Missing { header }),
            (Some(_), Some(_)) => Err(Refusal::Repeated { header }),
        }
    }

    fn bounded(self) -> Result<UntrustedRequest, Refusal> {
        if self.body.len() <= LONGEST_BODY && self.query.len() <= LONGEST_BODY {
            Ok(self)
        } else {
            Err(Refusal::TooLong)
        }
    }
}

// === impl Delivery ===

impl Delivery {
    /// Only a check of this module may say so.
    fn checked(id: String, untrusted_bytes: Vec<u8>) -> Delivery {
        Delivery { id, untrusted_bytes }
    }

    /// The same for the same delivery, however often it comes, and the same as from a look: known ones are dropped.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// For a reader.
    pub fn into_incoming(self) -> Incoming {
        let Delivery { id, untrusted_bytes } = self;
        Incoming { id, untrusted_bytes }
    }
}

/// A secret of no length would be known to everybody.
fn key(secret: &Secret) -> Result<&[u8], Refusal> {
    Some(secret.expose()).filter(|key| !key.is_empty()).ok_or(Refusal::NoSecret)
}

/// An id is kept in the record and in names of files.
fn id_of(parts: fmt::Arguments<'_>) -> Result<String, Refusal> {
    let id = parts.to_string();
    let sound = (1..=200).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if sound { Ok(id) } else { Err(Refusal::NotUnderstood { what: "its id is not one" }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn secret(text: &str) -> Secret {
        Secret::new("secret", text.as_bytes().to_vec())
    }

    pub(crate) fn request(headers: &[(&str, &str)], query: &str, body: &str) -> UntrustedRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        UntrustedRequest {
            headers: headers.collect(),
            query: query.to_owned(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_header_counts_only_where_it_is_there_once_in_any_case() {
        let header = "X-Signature";
        let only = |headers: &[(&str, &str)]| request(headers, "", "").only(header).map(<[u8]>::to_vec);
        assert_eq!(only(&[("x-signature", "a"), ("Other", "b")]), Ok(b"a".to_vec()));
        for missing in [&[][..], &[("x-signature", "")], &[("x-signature2", "a")]] {
            assert_eq!(only(missing), Err(Refusal::Missing { header }));
        }
        for repeated in
            [[("X-SIGNATURE", "a"), ("x-signature", "a")], [("x-signature", ""), ("x-signature", "a")]]
        {
            assert_eq!(only(&repeated), Err(Refusal::Repeated { header }));
        }
    }

    #[test]
    fn an_id_cannot_write_into_a_record() {
        assert_eq!(id_of(format_args!("update:{}", 7)), Ok("update:7".into()));
        for id in ["", "a b", "a\n", "\u{e9}", &"a".repeat(201)] {
            assert!(id_of(format_args!("{id}")).is_err(), "{id:?}");
        }
    }
}
