//! Zone 2: plans and asks. It holds no credential and reaches no network; everything it wants done it asks Zone 1 for.
//!
//! [`client::CapabilityClient`] is how any planner asks. [`rules`] is the planner that needs no model: the owner writes which
//! content leads to which wish, so that every run can be foretold. [`follow`] carries one wish to its end.

pub mod client;
pub mod follow;
pub mod rules;
