//! Proves what is claimed of a policy, or shows a request for which it is not true.
//!
//! Use it where a policy is checked, proved, applied or compared: find the [`Solvers`] of this machine, then ask
//! [`Prover::prove`] about claims, [`Prover::findings`] about rules that cannot matter, [`Prover::compare`] about two
//! policies. Cedar's own symbolic compiler turns each into a question that a solver answers for *every* request at once.
//!
//! A solver is believed only so far: each is first asked questions with known answers, each runs under a deadline, where
//! there are several they must agree, and every counterexample is tried on Cedar itself before it is shown.
//!
//! All of it wants a deep stack: run it [`in_room`].
//!
//! What a request can be is modelled from above (`world.rs`): whatever can happen is in the model, so a proof holds. Not
//! everything in the model can happen, so a counterexample may be a request that nobody can make.

mod answered;
mod compare;
mod findings;
mod model;
mod prove;
mod prover;
mod room;
mod self_test;
mod session;
mod solver;
mod witness;
mod world;
mod z3;

pub use compare::{Compared, Permissive};
pub use findings::Findings;
pub use prove::{Proof, Verdict};
pub use prover::{NoAnswer, Prover};
pub use room::in_room;
pub use solver::{INSTALL, Solver, Solvers};
