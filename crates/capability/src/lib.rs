//! Permits and approval receipts: mint and verify.
//!
//! A [`Permit`] says that Zone 1 allows one request, once, for five minutes. An [`Approval`] says that the owner
//! answered one request digest; a [`PolicyChange`] that the owner put another policy in force. All are signed texts on the wire (JWS compact form, RFC 7515, EdDSA of RFC 8037), and all become a
//! value only by verification: none can be deserialised, and none has another constructor. The seal is the key:
//! only the executor is ever handed a [`PermitKey`], only the control plane an [`ApprovalKey`].
//!
//! Pure: no I/O, no clock; the time and the randomness are arguments.

mod approval;
mod jws;
mod permit;
mod policy_change;

pub use approval::{Answer, Approval, ApprovalKey, ApprovalVerifier, InvalidApproval, KeyProblem, Statement};
pub use permit::{InvalidPermit, Permit, PermitKey, PermitTerms};
pub use policy_change::{PolicyChange, PolicyStatement};
