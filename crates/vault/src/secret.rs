//! A secret in memory.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sandbox::PrivateMemory;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that cannot be printed, serialised or copied, and that are wiped when they go.
///
/// They lie on pages that are locked, where the system allows it, and left out of core dumps. Two secrets are compared in a time that
/// depends on their length only. The name is not secret: it is what logs and errors show.
pub struct Secret {
    name: String,
    memory: Arc<Memory>,
    range: Range<usize>,
}

/// The memory of the secrets of one file, or of one secret.
enum Memory {
    Private(PrivateMemory),
    /// Where there are no pages to be had.
    Ordinary(Zeroizing<Vec<u8>>),
}

// === impl Secret ===

impl Secret {
    /// Takes the bytes over. The caller must leave no other copy behind.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Secret {
        let bytes = Zeroizing::new(bytes);
        let range = 0..bytes.len();
        Secret { name: name.into(), memory: Arc::new(Memory::with(&[&bytes])), range }
    }

    /// Secrets that share their pages: a page for each would use up what a process may lock.
    pub(crate) fn together(named: &[(String, &[u8])]) -> Vec<Secret> {
        let all: Vec<&[u8]> = named.iter().map(|(_, bytes)| *bytes).collect();
        let memory = Arc::new(Memory::with(&all));
        let mut from = 0;
        let secret = |(name, bytes): &(String, &[u8])| {
            let range = from..from + bytes.len();
            from = range.end;
            Secret { name: name.clone(), memory: Arc::clone(&memory), range }
        };
        named.iter().map(secret).collect()
    }

    /// What the secret is called, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The only door. Whoever calls this answers for where the bytes go: the last layer before TLS, and nowhere else.
    pub fn expose(&self) -> &[u8] {
        let bytes = match &*self.memory {
            Memory::Private(memory) => memory.bytes(),
            Memory::Ordinary(bytes) => bytes,
        };
        bytes.get(self.range.clone()).unwrap_or_default()
    }

    /// Whether the system locked the memory, so that it is never written to swap.
    pub fn is_locked(&self) -> bool {
        matches!(&*self.memory, Memory::Private(memory) if memory.kept().locked)
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
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for Secret {}

// === impl Memory ===

impl Memory {
    fn with(parts: &[&[u8]]) -> Memory {
        let length = parts.iter().map(|part| part.len()).sum();
        let Ok(mut memory) = PrivateMemory::new(length) else {
            return Memory::Ordinary(Zeroizing::new(parts.concat()));
        };
        let mut rest = memory.bytes_mut();
        for part in parts {
            let Some((place, after)) = rest.split_at_mut_checked(part.len()) else { break };
            place.copy_from_slice(part);
            rest = after;
        }
        Memory::Private(memory)
    }
}

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

    #[test]
    fn secrets_that_share_their_pages_keep_their_borders() {
        let named = [("a".to_owned(), &b"first"[..]), ("b".to_owned(), b""), ("c".to_owned(), b"third")];
        let secrets = Secret::together(&named);
        let said: Vec<_> = secrets.iter().map(|secret| (secret.name(), secret.expose())).collect();
        assert_eq!(said, [("a", &b"first"[..]), ("b", b""), ("c", b"third")]);
    }
}
