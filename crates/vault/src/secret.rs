//! A secret in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that cannot be printed, serialised or copied, and that are wiped when they go.
///
/// Two secrets are compared in a time that depends on their length only. The name is not secret: it is what logs and
/// errors show.
pub struct Secret {
    name: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// Takes the bytes over. The caller must leave no other copy behind.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Secret {
        Secret { name: name.into(), bytes: Zeroizing::new(bytes) }
    }

    /// What the secret is called, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The only door. Whoever calls this answers for where the bytes go: the last layer before TLS, and nowhere else.
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// The bytes alone decide: the same key under two names is the same key.
impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_the_name_only() {
        let secret = Secret::new("smtp password", b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(smtp password)");
        assert!(!format!("{:#?}", Some(&secret)).contains("hunter2"));
    }

    #[test]
    fn equality_looks_at_all_bytes_and_no_name() {
        let secret = |name: &str, bytes: &[u8]| Secret::new(name, bytes.to_vec());
        assert_eq!(secret("a", b"same"), secret("b", b"same"));
        assert_ne!(secret("a", b"same"), secret("a", b"samf"));
        assert_ne!(secret("a", b"same"), secret("a", b"same and more"));
        assert_eq!(secret("a", b"same").expose(), b"same");
    }
}
