//! The one way out: who may reach what, and the last layer in which a credential joins a request.
//!
//! A connector *says* a call ([`Call`]) and *reads* a reply ([`Reply`]); it holds no socket and no credential. What it may
//! say is declared once, as a value ([`Reach`]), and everything else is refused before a name is looked up.

mod address;
mod call;
mod client;
mod connection;
mod credentials;
mod dial;
mod probe;
mod problem;
mod reach;
mod receive;
mod render;
mod reply;
mod settings;

pub use call::{Body, Call, Credential, Key, LONGEST_REPLY, PATIENCE, Part};
pub use client::Client;
pub use credentials::Credentials;
pub use dial::Dialer;
pub use probe::{Attempt, Wall, probe};
pub use problem::{Cause, NotSent, Problem};
pub use reach::{Method, OutOfReach, PathRule, Reach, Site};
pub use reply::Reply;
pub use settings::{BadSettings, Settings};
