//! The signed head: how long a log is and what its last entry's hash is, said outside the log.
//!
//! A chain alone cannot tell that its end was cut off, or that it was written anew from some entry on; a head that was
//! kept elsewhere can. It has the form of a C2SP checkpoint (c2sp.org/tlog-checkpoint) in a signed note (c2sp.org/signed-note):
//!
//! ```text
//! <origin>
//! <number of entries>
//! <base64 of 32 bytes: the last entry's hash, zeros before the first>
//!
//! — <origin> <base64 of key id and Ed25519 signature>
//! ```
//!
//! The log is a chain and not a Merkle tree: the third line, which the specification calls the root, is the hash of the
//! chain's last entry. So the form is understood by tools for signed notes, and consistency is shown by reading the log.
//! Narrower than the specification on purpose: exactly one signature, no extension lines.

use action::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SecureRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;
use std::str::FromStr;

/// "Ed25519" among the signature types of c2sp.org/signed-note.
const ED25519_NOTE: u8 = 0x01;

/// Which log a head is about, and by what name its key signs: `example.org/moltbot/executor`.
///
/// Not empty, at most 100 bytes, no space, no `+`, no control character (c2sp.org/signed-note, key names).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The key that signs heads.
pub struct HeadKey(Ed25519KeyPair);

/// The public half, which is all that whoever checks a log needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadVerifier([u8; 32]);

/// A verified head.
///
/// Having one tells you that the holder of the key said that the log had so many entries and ended in this hash. It does
/// not tell you that the log has grown no further since, or that this is the newest head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    entries: u64,
    hash: Digest,
}

/// The text is not a head of this log signed with this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a head of this log signed with this home's key")]
pub struct InvalidHead;

/// What names or signs heads cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadKeyProblem {
    /// No key could be made.
    #[error("the system gave no randomness for a new key")]
    NoRandomness,
    /// The private key does not parse.
    #[error("this is not an Ed25519 private key (PKCS #8, base64)")]
    NotAPrivateKey,
    /// The public key does not parse.
    #[error("this is not an Ed25519 public key (32 bytes, hexadecimal)")]
    NotAPublicKey,
    /// The name does not fit in a signed note.
    #[error("the name of a log has 1 to {} bytes without spaces, `+` and control characters", Origin::LIMIT)]
    NotAnOrigin,
}

// === impl Origin ===

impl Origin {
    /// The longest name, in bytes.
    pub const LIMIT: usize = 100;

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = HeadKeyProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::LIMIT).contains(&text.len())
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        if fits { Ok(Self(text.to_owned())) } else { Err(HeadKeyProblem::NotAnOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl HeadKey ===

impl HeadKey {
    /// A new key as it is kept in a file: PKCS #8 (RFC 8410) in base64.
    pub fn generate_text(random: &dyn SecureRandom) -> Result<String, HeadKeyProblem> {
        let document =
            Ed25519KeyPair::generate_pkcs8(random).map_err(|_unspecified| HeadKeyProblem::NoRandomness)?;
        Ok(BASE64.encode(document.as_ref()))
    }

    /// Reads a key as [`Self::generate_text`] writes it.
    pub fn from_text(text: &str) -> Result<Self, HeadKeyProblem> {
        let document = BASE64.decode(text.trim()).map_err(|_not_base64| HeadKeyProblem::NotAPrivateKey)?;
        Ok(Self(Ed25519KeyPair::from_pkcs8(&document).map_err(|_rejected| HeadKeyProblem::NotAPrivateKey)?))
    }

    /// The public half.
    pub fn verifier(&self) -> HeadVerifier {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        HeadVerifier(bytes)
    }

    /// Signs that the log has so many entries and ends in this hash: a note of at most [`SignedHead::LIMIT`] bytes.
    pub fn sign(&self, origin: &Origin, entries: u64, hash: Digest) -> String {
        let text = note_text(origin, entries, hash);
        let mut signature = key_id(origin, self.0.public_key().as_ref()).to_vec();
        signature.extend_from_slice(self.0.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {origin} {}\n", BASE64.encode(signature))
    }
}

impl fmt::Debug for HeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeadKey")
    }
}

// === impl HeadVerifier ===

impl HeadVerifier {
    /// Verifies a note about that log.
    pub fn verify(&self, origin: &Origin, untrusted_note: &[u8]) -> Result<SignedHead, InvalidHead> {
        if untrusted_note.len() > SignedHead::LIMIT {
            return Err(InvalidHead);
        }
        let note = str::from_utf8(untrusted_note).map_err(|_not_utf8| InvalidHead)?;
        let (text, signature_line) = note.split_once("\n\n").ok_or(InvalidHead)?;
        let mut lines = text.split('\n').skip(1);
        let entries: u64 = lines.next().and_then(|line| line.parse().ok()).ok_or(InvalidHead)?;
        let hash = lines.next().and_then(digest_of_base64).ok_or(InvalidHead)?;
        // Comparing with what we would have written leaves one way to write each head.
        let expected = note_text(origin, entries, hash);
        if expected.strip_suffix('\n') != Some(text) || (entries == 0) != (hash == Digest::ZERO) {
            return Err(InvalidHead);
        }
        let signature = signature_line
            .strip_prefix(&format!("— {origin} "))
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(|rest| BASE64.decode(rest).ok())
            .ok_or(InvalidHead)?;
        let signature = signature.strip_prefix(&key_id(origin, &self.0)).ok_or(InvalidHead)?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(expected.as_bytes(), signature)
            .map_err(|_unspecified| InvalidHead)?;
        Ok(SignedHead { entries, hash })
    }
}

impl fmt::Display for HeadVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for HeadVerifier {
    type Err = HeadKeyProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A digest is written the same way: 32 bytes in lower-case hexadecimal.
        let hex: Digest = text.trim().parse().map_err(|_not_hex| HeadKeyProblem::NotAPublicKey)?;
        Ok(Self(hex.to_bytes()))
    }
}

// === impl SignedHead ===

impl SignedHead {
    /// The longest note, in bytes.
    pub const LIMIT: usize = 512;

    /// How many entries the log had.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The hash of the last of them; zeros when there was none.
    pub const fn hash(&self) -> Digest {
        self.hash
    }
}

fn note_text(origin: &Origin, entries: u64, hash: Digest) -> String {
    format!("{origin}\n{entries}\n{}\n", BASE64.encode(hash.to_bytes()))
}

/// c2sp.org/signed-note: the first four bytes of SHA-256 over name, line feed, signature type and public key.
fn key_id(origin: &Origin, public_key: &[u8]) -> [u8; 4] {
    let mut named = origin.0.clone().into_bytes();
    named.extend_from_slice(&[b'\n', ED25519_NOTE]);
    named.extend_from_slice(public_key);
    let [a, b, c, d, ..] = Digest::of(&named).to_bytes();
    [a, b, c, d]
}

fn digest_of_base64(text: &str) -> Option<Digest> {
    BASE64.decode(text).ok()?.try_into().ok().map(Digest::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made from the text of the specification with another implementation of Ed25519, and the first key of
    // RFC 8032, section 7.1.
    const KEY: &str = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const NOTE: &str = "example.org/moltbot/executor
7
ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=

— example.org/moltbot/executor 9i/raZv1BA/eJe5m+CsWdh421EeyI2cew+B5yek144G54xFV+/8NWcpECFWYIaKu3Ubz9s2DWhXNloJX3ARPuwZFYwA=
";
    const EMPTY: &str = "example.org/moltbot/executor
0
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— example.org/moltbot/executor 9i/raW7AgH9HDY0Xpw/z7nHgtRYU/gtPB1zdF0X5bdTliEvFJinQGIg3E69JNkqsbcRtXbKLXSBzhtwkRkcNlCs0CQQ=
";

    fn origin() -> Origin {
        "example.org/moltbot/executor".parse().unwrap()
    }

    fn verifier() -> HeadVerifier {
        PUBLIC.parse().unwrap()
    }

    #[test]
    fn a_head_is_the_note_that_the_specification_says() {
        let key = HeadKey::from_text(KEY).unwrap();
        assert_eq!(key.verifier(), verifier());
        assert_eq!(key.verifier().to_string(), PUBLIC);
        assert_eq!(key.sign(&origin(), 7, Digest::of(b"abc")), NOTE);
        let head = verifier().verify(&origin(), NOTE.as_bytes()).unwrap();
        assert_eq!((head.entries(), head.hash()), (7, Digest::of(b"abc")));
    }

    #[test]
    fn the_head_of_an_empty_log_has_zeros_for_a_hash() {
        let head = verifier().verify(&origin(), EMPTY.as_bytes()).unwrap();
        assert_eq!((head.entries(), head.hash().to_hex()), (0, "0".repeat(64)));
        let key = HeadKey::from_text(KEY).unwrap();
        for (entries, hash) in [(0, Digest::of(b"abc")), (1, head.hash())] {
            let impossible = key.sign(&origin(), entries, hash);
            assert_eq!(verifier().verify(&origin(), impossible.as_bytes()), Err(InvalidHead));
        }
    }

    #[test]
    fn every_changed_byte_is_refused() {
        for position in 0..NOTE.len() {
            for bit in 0..8 {
                let mut changed = NOTE.as_bytes().to_vec();
                changed[position] ^= 1 << bit;
                assert_eq!(verifier().verify(&origin(), &changed), Err(InvalidHead), "byte {position}");
            }
            let cut = NOTE.as_bytes().get(..position).unwrap();
            assert_eq!(verifier().verify(&origin(), cut), Err(InvalidHead), "cut at {position}");
        }
    }

    #[test]
    fn a_head_written_in_another_way_is_refused() {
        for (from, to) in [("7\n", "07\n"), ("7\n", "+7\n"), ("a0=\n", "a0=\nmore\n"), ("\n\n", "\n\n\n")] {
            let changed = NOTE.replacen(from, to, 1);
            assert_eq!(verifier().verify(&origin(), changed.as_bytes()), Err(InvalidHead), "{to:?}");
        }
        let twice = format!("{NOTE}{}", NOTE.lines().last().unwrap());
        assert_eq!(verifier().verify(&origin(), twice.as_bytes()), Err(InvalidHead));
    }

    #[test]
    fn a_head_of_another_log_or_key_is_refused() {
        let other: Origin = "example.org/moltbot/control-plane".parse().unwrap();
        assert_eq!(verifier().verify(&other, NOTE.as_bytes()), Err(InvalidHead));
        let random = ring::rand::SystemRandom::new();
        let foreign = HeadKey::from_text(&HeadKey::generate_text(&random).unwrap()).unwrap();
        let note = foreign.sign(&origin(), 7, Digest::of(b"abc"));
        assert!(foreign.verifier().verify(&origin(), note.as_bytes()).is_ok());
        assert_eq!(verifier().verify(&origin(), note.as_bytes()), Err(InvalidHead));
    }

    #[test]
    fn every_name_that_is_taken_fits_in_a_note() {
        let longest: Origin = "x".repeat(Origin::LIMIT).parse().unwrap();
        let key = HeadKey::from_text(KEY).unwrap();
        let note = key.sign(&longest, u64::MAX, Digest::of(b""));
        assert!(verifier().verify(&longest, note.as_bytes()).is_ok());
        for name in ["", "a b", "a+b", "a\nb", "a\u{a0}b", "a\u{1}b", &"x".repeat(Origin::LIMIT + 1)] {
            assert_eq!(name.parse::<Origin>(), Err(HeadKeyProblem::NotAnOrigin), "{name:?}");
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert!(HeadKey::from_text("AAAA").is_err());
        assert!("zz".parse::<HeadVerifier>().is_err());
    }
}
