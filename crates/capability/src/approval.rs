//! The owner's answer to one request digest, signed by the control plane.

use crate::jws;
use action::Digest;
use jiff::Timestamp;
use ring::rand::SecureRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

const TYP: &str = "moltbot-approval+jwt";

/// The control plane's signing key.
pub struct ApprovalKey(Ed25519KeyPair);

/// The public half, which is all that Zone 1 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalVerifier([u8; 32]);

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The owner agrees.
    Approved,
    /// The owner does not.
    Denied,
}

/// What the owner said, as the control plane signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The request's id.
    pub request: String,
    /// The digest of the request that the owner saw.
    pub digest: Digest,
    /// Yes or no.
    pub answer: Answer,
    /// Who answered, as far as the control plane knows: `uid 501`.
    pub who: String,
    /// By which means: `moltctl`.
    pub how: String,
    /// When.
    pub when: Timestamp,
}

/// A verified answer of the owner.
///
/// Having one tells you that the control plane signed it for exactly this digest. It does not tell you that it is in time, or
/// the first answer: the record knows that.
#[derive(Debug, PartialEq, Eq)]
pub struct Approval(Statement);

/// The text is not an answer signed by the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an answer signed by this home's control plane")]
pub struct InvalidApproval;

/// A key file's contents are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
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

// === impl ApprovalKey ===

impl ApprovalKey {
    /// A new key as it is kept in a file: PKCS #8 (RFC 8410) in base64.
    pub fn generate_text(random: &dyn SecureRandom) -> Result<String, KeyProblem> {
        use base64::Engine as _;
        let document =
            Ed25519KeyPair::generate_pkcs8(random).map_err(|_unspecified| KeyProblem::NoRandomness)?;
        Ok(base64::engine::general_purpose::STANDARD.encode(document.as_ref()))
    }

    /// Reads a key as [`Self::generate_text`] writes it.
    pub fn from_text(text: &str) -> Result<Self, KeyProblem> {
        use base64::Engine as _;
        let document = base64::engine::general_purpose::STANDARD
            .decode(text.trim())
            .map_err(|_not_base64| KeyProblem::NotAPrivateKey)?;
        Ok(Self(Ed25519KeyPair::from_pkcs8(&document).map_err(|_rejected| KeyProblem::NotAPrivateKey)?))
    }

    /// The public half.
    pub fn verifier(&self) -> ApprovalVerifier {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        ApprovalVerifier(bytes)
    }

    /// Signs what the owner said.
    pub fn sign(&self, statement: &Statement) -> Result<String, InvalidApproval> {
        self.sign_as(TYP, statement)
    }

    /// Signs a statement of another type with the same key.
    pub(crate) fn sign_as(&self, typ: &str, statement: &impl Serialize) -> Result<String, InvalidApproval> {
        jws::sign(&self.0, typ, statement).map_err(|_invalid| InvalidApproval)
    }
}

impl std::fmt::Debug for ApprovalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApprovalKey")
    }
}

// === impl ApprovalVerifier ===

impl ApprovalVerifier {
    /// Verifies a receipt and consumes it.
    pub fn verify(&self, untrusted_receipt: String) -> Result<Approval, InvalidApproval> {
        self.verify_as(TYP, untrusted_receipt).map(Approval)
    }

    /// Verifies a statement of another type.
    pub(crate) fn verify_as<T: serde::de::DeserializeOwned>(
        &self,
        typ: &str,
        untrusted_receipt: String,
    ) -> Result<T, InvalidApproval> {
        jws::verify(&self.0, typ, &untrusted_receipt).map_err(|_invalid| InvalidApproval)
    }
}

impl std::fmt::Display for ApprovalVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for ApprovalVerifier {
    type Err = KeyProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A digest is written the same way: 32 bytes in lower-case hexadecimal.
        let hex: Digest = text.trim().parse().map_err(|_not_hex| KeyProblem::NotAPublicKey)?;
        Ok(Self(hex.to_bytes()))
    }
}

// === impl Approval ===

impl Approval {
    /// What the owner said.
    pub const fn statement(&self) -> &Statement {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApprovalKey {
        ApprovalKey::from_text(&ApprovalKey::generate_text(&ring::rand::SystemRandom::new()).unwrap())
            .unwrap()
    }

    fn statement(answer: Answer) -> Statement {
        Statement {
            request: "r1".to_owned(),
            digest: Digest::of(b"x"),
            answer,
            who: "uid 501".to_owned(),
            how: "moltctl".to_owned(),
            when: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_answer_is_what_the_control_plane_signed() {
        let key = key();
        let verifier: ApprovalVerifier = key.verifier().to_string().parse().unwrap();
        for answer in [Answer::Approved, Answer::Denied] {
            let receipt = key.sign(&statement(answer)).unwrap();
            assert_eq!(verifier.verify(receipt).unwrap().statement(), &statement(answer));
        }
    }

    #[test]
    fn an_answer_of_another_key_or_changed_in_any_byte_is_refused() {
        let (mine, foreign) = (key(), key());
        let receipt = mine.sign(&statement(Answer::Denied)).unwrap();
        assert_eq!(foreign.verifier().verify(receipt.clone()), Err(InvalidApproval));
        for position in 0..receipt.len() {
            let mut bytes = receipt.clone().into_bytes();
            bytes[position] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(mine.verifier().verify(changed), Err(InvalidApproval), "byte {position}");
        }
    }

    #[test]
    fn a_permit_is_not_an_approval() {
        let key = key();
        let other = jws::sign(&key.0, "moltbot-permit+jwt", &statement(Answer::Approved)).unwrap();
        assert_eq!(key.verifier().verify(other), Err(InvalidApproval));
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        assert!(ApprovalKey::from_text("AAAA").is_err());
        assert!("zz".parse::<ApprovalVerifier>().is_err());
    }
}
