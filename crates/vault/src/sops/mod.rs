//! Files in the format of SOPS (getsops/sops), YAML and JSON, under age recipients.
//!
//! What is done as sops does it: which values are encrypted, how each is bound to its place, comments, the MAC, the form of what is
//! written. What is refused, with what to do: several documents in one file, key groups, rules by comment, files whose data key no
//! age recipient holds.

mod cipher;
mod envelope;
mod file;
mod json;
mod limits;
mod metadata;
mod names;
mod selection;
mod tree;
mod wiped;
mod wrap;
mod yaml;

pub use cipher::BadValue;
pub use envelope::{NoRandomness, Unopened};
pub use file::{CannotChange, CannotOpen, Format, SopsFile};
pub use json::NotInJson;
pub use limits::{LONGEST_FILE, Unreadable};
pub use metadata::BadSection;
pub use names::BadName;
pub use selection::BadRule;
pub use tree::{Kind, Scalar, Text};
pub use wrap::{NotARecipient, check_recipient};
