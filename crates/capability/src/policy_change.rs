//! The owner's word that another policy comes into force, signed by the control plane.

use crate::approval::{ApprovalKey, ApprovalVerifier, InvalidApproval};
use action::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const TYP: &str = "moltbot-policy+jwt";

/// What the owner said about the policy, as the control plane signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyStatement {
    /// SHA-256 of the policy that is replaced. A statement made on top of another policy changes nothing.
    pub from: Digest,
    /// SHA-256 of the policy that takes its place.
    pub to: Digest,
    /// Who said so, as far as the control plane knows: `uid 501`.
    pub who: String,
    /// By which means: `moltctl`.
    pub how: String,
    /// When.
    pub when: Timestamp,
}

/// A verified word of the owner on the policy.
///
/// Having one tells you that the control plane signed it for exactly these two policies. It does not tell you that the
/// first of them is in force, or that the second is valid.
#[derive(Debug, PartialEq, Eq)]
pub struct PolicyChange(PolicyStatement);

// === impl ApprovalKey ===

impl ApprovalKey {
    /// Signs what the owner said about the policy.
    pub fn sign_policy(&self, statement: &PolicyStatement) -> Result<String, InvalidApproval> {
        self.sign_as(TYP, statement)
    }
}

// === impl ApprovalVerifier ===

impl ApprovalVerifier {
    /// Verifies a receipt and consumes it.
    pub fn verify_policy(&self, untrusted_receipt: String) -> Result<PolicyChange, InvalidApproval> {
        self.verify_as(TYP, untrusted_receipt).map(PolicyChange)
    }
}

// === impl PolicyChange ===

impl PolicyChange {
    /// What the owner said.
    pub const fn statement(&self) -> &PolicyStatement {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Statement};

    fn key() -> ApprovalKey {
        let text = ApprovalKey::generate_text(&ring::rand::SystemRandom::new()).unwrap();
        ApprovalKey::from_text(&text).unwrap()
    }

    fn statement() -> PolicyStatement {
        PolicyStatement {
            from: Digest::of(b"old"),
            to: Digest::of(b"new"),
            who: "uid 501".to_owned(),
            how: "moltctl".to_owned(),
            when: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_change_is_what_the_control_plane_signed() {
        let (mine, foreign) = (key(), key());
        let receipt = mine.sign_policy(&statement()).unwrap();
        assert_eq!(mine.verifier().verify_policy(receipt.clone()).unwrap().statement(), &statement());
        assert_eq!(foreign.verifier().verify_policy(receipt), Err(InvalidApproval));
    }

    #[test]
    fn a_yes_to_a_request_is_no_yes_to_a_policy() {
        let key = key();
        let PolicyStatement { from, to: _, who, how, when } = statement();
        let yes =
            Statement { request: "r1".to_owned(), digest: from, answer: Answer::Approved, who, how, when };
        assert_eq!(key.verifier().verify_policy(key.sign(&yes).unwrap()), Err(InvalidApproval));
        assert!(key.verifier().verify(key.sign_policy(&statement()).unwrap()).is_err());
    }
}
