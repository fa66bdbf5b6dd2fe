//! Judges a request: allow, ask or deny, by a Cedar policy that the owner writes.
//!
//! Use it to turn a checked [`action::Request`] and what Zone 1 knows about it into a [`Decision`]. *Ask* is not a third
//! effect of the language: a request is Ask when it is denied now, but would be allowed with `context.approved` true. So
//! one file can be read, proved about and replayed.
//!
//! What cannot happen here: an empty policy, a rule that errors or an action without a rule never allows.
//!
//! Pure: no I/O, no clock; the time is an argument.

mod check;
mod claims;
mod condition;
mod difference;
mod explain;
mod index;
mod judge;
mod limit;
mod load;
mod rule;
mod world;

pub use claims::{Claim, Claims, Kind};
pub use difference::Difference;
pub use explain::{Explanation, Near, Turn};
pub use judge::{Approval, Decision, Knowledge, Reason, Risk, Terms};
pub use limit::{NotARateLimit, RateLimit};
pub use load::{Policy, Problem};
pub use rule::Rule;

/// The schema that every policy is checked against.
pub const SCHEMA: &str = include_str!("schema.cedarschema");

/// The policy that a new home starts with: the action table of requirement A8.
pub const DEFAULT: &str = include_str!("default.cedar");

/// What must be true of every policy, unless its owner claims something else.
pub const CLAIMS: &str = include_str!("claims.cedar");
