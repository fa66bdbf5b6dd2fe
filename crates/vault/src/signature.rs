//! The owner's signature beside a file, `FILE.sig`: who wrote it.
//!
//! SOPS has no word on that: its MAC has no key, and anybody can encrypt to a public recipient. So whoever may write a file could put
//! another in its place, with a token or an address of their own. A signature file says, once for each version that is good:
//!
//! ```text
//! moltbot secrets signature 1
//! file api-keys.yaml
//! version 17
//! at 2001-02-03T04:05:06Z
//! sha256 <64 hexadecimal digits, of the file's bytes>
//! signature <base64 of an Ed25519 signature over the five lines above, line ends included>
//! ```
//!
//! The first line parts it from everything else that is ever signed; the name keeps one file's signature from another; the version
//! only grows, so whoever remembers a version refuses an older one. While a file is replaced, its signature file holds
//! two of these, for the bytes before and after: whenever the machine stops, the file that is there is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use zeroize::Zeroizing;

const TITLE: &str = "moltbot secrets signature 1";
/// The most bytes of a signature file: two statements, with room.
pub(crate) const LONGEST: usize = 4096;
/// The most statements that are looked at.
const MOST: usize = 2;

/// The owner's key, which signs files of secrets.
pub struct SecretsKey(Ed25519KeyPair);

/// Its public half, which is all that whoever uses the files needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretsVerifier([u8; 32]);

/// What was signed of a file. It has no public constructor: having one tells you that the owner's key signed these bytes under this
/// name. It does not tell you that it is the newest version; whoever remembers a version can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Counts up with every write.
    pub version: u64,
    /// When.
    pub at: Timestamp,
}

/// Why a key cannot be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecretsKey {
    /// No key could be made.
    #[error("the system gave no randomness for a new key")]
    NoRandomness,
    /// The private key does not parse.
    #[error("this is not an Ed25519 private key (PKCS #8, base64)")]
    NotAPrivateKey,
    /// The public key does not parse.
    #[error("this is not an Ed25519 public key (32 bytes, hexadecimal)")]
    NotAPublicKey,
}

// === impl SecretsKey ===

impl SecretsKey {
    /// A new key as it is kept in a file: PKCS #8 (RFC 8410) in base64.
    pub fn generate_text() -> Result<Zeroizing<String>, BadSecretsKey> {
        let random = ring::rand::SystemRandom::new();
        let document =
            Ed25519KeyPair::generate_pkcs8(&random).map_err(|_unspecified| BadSecretsKey::NoRandomness)?;
        Ok(Zeroizing::new(BASE64.encode(document.as_ref())))
    }

    /// Reads a key as [`Self::generate_text`] writes it.
    pub fn from_text(text: &str) -> Result<Self, BadSecretsKey> {
        let document = BASE64.decode(text.trim()).map_err(|_not_base64| BadSecretsKey::NotAPrivateKey)?;
        let document = Zeroizing::new(document);
        Ok(Self(Ed25519KeyPair::from_pkcs8(&document).map_err(|_rejected| BadSecretsKey::NotAPrivateKey)?))
    }

    /// The public half.
    pub fn verifier(&self) -> SecretsVerifier {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        SecretsVerifier(bytes)
    }

    /// Signs that a file of this name has these bytes in this version.
    pub fn sign(&self, file: &str, bytes: &[u8], signed: &Signed) -> String {
        let text = statement(file, signed, &hex(digest(&SHA256, bytes).as_ref()));
        let signature = BASE64.encode(self.0.sign(text.as_bytes()));
        format!("{text}signature {signature}\n")
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretsKey({})", self.verifier())
    }
}

// === impl SecretsVerifier ===

impl SecretsVerifier {
    /// The newest statement of a signature file that is about these bytes under this name and that the owner's key signed.
    pub fn verify(&self, file: &str, bytes: &[u8], untrusted_signatures: &str) -> Option<Signed> {
        let wanted = hex(digest(&SHA256, bytes).as_ref());
        let statements = Statements { rest: untrusted_signatures };
        let good = statements.take(MOST).filter(|one| one.sha256 == wanted);
        let good = good.filter_map(|one| self.holds(file, &one).then_some(one.signed));
        good.max_by_key(|signed| signed.version)
    }

    /// Every statement that the owner's key signed under this name, whatever bytes it is about.
    pub(crate) fn versions(&self, file: &str, untrusted_signatures: &str) -> Vec<u64> {
        let statements = Statements { rest: untrusted_signatures }.take(MOST);
        statements.filter(|one| self.holds(file, one)).map(|one| one.signed.version).collect()
    }

    fn holds(&self, file: &str, one: &Statement<'_>) -> bool {
        let text = statement(file, &one.signed, one.sha256);
        UnparsedPublicKey::new(&ED25519, self.0).verify(text.as_bytes(), &one.signature).is_ok()
    }
}

/// As it is kept in a file: 64 hexadecimal digits.
impl fmt::Display for SecretsVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for SecretsVerifier {
    type Err = BadSecretsKey;

    fn from_str(text: &str) -> Result<Self, BadSecretsKey> {
        let text = text.trim();
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(BadSecretsKey::NotAPublicKey);
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_not_ascii| BadSecretsKey::NotAPublicKey)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(BadSecretsKey::NotAPublicKey);
            }
            *byte = u8::from_str_radix(digits, 16).map_err(|_not_hex| BadSecretsKey::NotAPublicKey)?;
        }
        Ok(Self(bytes))
    }
}

fn statement(file: &str, signed: &Signed, sha256: &str) -> String {
    let Signed { version, at } = signed;
    let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!("{TITLE}\nfile {file}\nversion {version}\nat {at}\nsha256 {sha256}\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Statement<'a> {
    signed: Signed,
    sha256: &'a str,
    signature: Vec<u8>,
}

/// The statements of a signature file. What is no statement ends it. The name is not read: it is the one that is asked for.
struct Statements<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Statements<'a> {
    type Item = Statement<'a>;

    fn next(&mut self) -> Option<Statement<'a>> {
        let mut line = |start: &str| {
            let (line, rest) = self.rest.split_once('\n')?;
            self.rest = rest;
            line.strip_prefix(start)
        };
        line(TITLE).filter(|rest| rest.is_empty())?;
        line("file ")?;
        let version = line("version ")?.parse().ok()?;
        let at = line("at ")?.parse().ok()?;
        let sha256 = line("sha256 ")?;
        let signature = BASE64.decode(line("signature ")?).ok()?;
        Some(Statement { signed: Signed { version, at }, sha256, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretsKey {
        SecretsKey::from_text(&SecretsKey::generate_text().unwrap()).unwrap()
    }

    fn version(version: u64) -> Signed {
        Signed { version, at: "2001-02-03T04:05:06Z".parse().unwrap() }
    }

    #[test]
    fn a_signature_holds_for_one_name_and_these_bytes_only() {
        let key = key();
        let text = key.sign("api-keys.yaml", b"bytes", &version(7));
        let verifier = key.verifier();
        assert_eq!(verifier.verify("api-keys.yaml", b"bytes", &text), Some(version(7)));
        assert_eq!(verifier.verify("oauth.yaml", b"bytes", &text), None);
        assert_eq!(verifier.verify("api-keys.yaml", b"other", &text), None);
        assert_eq!(super::tests::key().verifier().verify("api-keys.yaml", b"bytes", &text), None);
        for (from, to) in
            [("version 7", "version 8"), ("04:05:06", "04:05:07"), ("signature 1", "signature 2")]
        {
            assert_eq!(verifier.verify("api-keys.yaml", b"bytes", &text.replace(from, to)), None, "{from}");
        }
    }

    #[test]
    fn of_two_statements_each_is_good_for_its_bytes() {
        let key = key();
        let both = key.sign("a", b"new", &version(8)) + &key.sign("a", b"old", &version(7));
        assert_eq!(key.verifier().verify("a", b"new", &both), Some(version(8)));
        assert_eq!(key.verifier().verify("a", b"old", &both), Some(version(7)));
        assert_eq!(key.verifier().versions("a", &both), [8, 7]);
        let many = "x".to_owned() + &both;
        assert_eq!(key.verifier().verify("a", b"new", &many), None);
    }

    #[test]
    fn a_public_key_is_read_as_it_is_written() {
        let verifier = key().verifier();
        assert_eq!(format!("{verifier}\n").parse(), Ok(verifier));
        for bad in ["", "00", &"g".repeat(64), &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(bad.parse::<SecretsVerifier>(), Err(BadSecretsKey::NotAPublicKey), "{bad}");
        }
    }
}
