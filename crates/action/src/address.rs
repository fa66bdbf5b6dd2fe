//! A mail address as this system sends to: the plain ASCII `local@domain` of RFC 5321, no comments, no quoting.

use std::fmt;

/// A mail address that was checked.
///
/// Narrower than RFC 5322 on purpose: no quoted local part, no domain literal, no non-ASCII letters. What cannot be
/// written here cannot be sent to, and cannot look like something else on the owner's card.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Address(String);

/// A text that is not such an address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{}` is not a plain mail address such as `name@example.org`", crate::reveal(.0))]
pub struct NotAnAddress(String);

// === impl Address ===

impl Address {
    /// The longest address (RFC 5321, 4.5.3.1.3: a path is at most 256 octets with its angle brackets).
    pub const LIMIT: usize = 254;

    /// The address as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl std::str::FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAnAddress(text.chars().take(Self::LIMIT).collect());
        let (local, domain) = text.split_once('@').ok_or_else(refused)?;
        // RFC 5322, 3.2.3: a dot-atom.
        let dot_atom = |part: &str, also: &str| {
            part.split('.').all(|atom| {
                !atom.is_empty() && atom.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
            })
        };
        let label_edges = domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
        if text.len() <= Self::LIMIT
            && local.len() <= 64
            && dot_atom(local, "!#$%&'*+-/=?^_`{|}~")
            && dot_atom(domain, "-")
            && label_edges
        {
            // Domains compare without regard to case (RFC 5321, 2.4); local parts are kept as given.
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_taken_and_their_domain_folded() {
        assert_eq!("Ann.Lee+x@Example.ORG".parse::<Address>().unwrap().as_str(), "Ann.Lee+x@example.org");
        assert_eq!("root@localhost".parse::<Address>().unwrap().domain(), "localhost");
    }

    #[test]
    fn what_could_mean_something_else_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.d",
            "a@b c",
            "a@b@c",
            "a@-b.c",
            "a..b@c.d",
            "<a@b.c>",
            "a@b.c,d@e.f",
            "a@b.c\r\nBcc: x@y.z",
            "\"a b\"@c.d",
            "a@[127.0.0.1]",
            "а@example.org",
            "a@exämple.org",
            "a@b.c\0",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        assert!(format!("{}@example.org", "a".repeat(65)).parse::<Address>().is_err());
    }
}
