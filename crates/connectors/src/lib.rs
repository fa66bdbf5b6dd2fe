//! The world: what each connector may reach, and how an action is done there.
//!
//! A connector decides nothing. Its caller has verified that this one request may be done, and hands over plain values;
//! the connector does it once and says how certain it is of the outcome.

mod answer;
mod failure;
pub mod gmail;
mod identity;
pub mod imap;
pub mod incoming;
mod lenient;
mod mail_server;
pub mod maildir_outbox;
pub mod maildir_source;
pub mod oauth;
mod outgoing_mail;
pub mod retry;
pub mod slack;
pub mod smtp;
pub mod telegram;
pub mod twilio;
pub mod webhook;

pub use failure::{Cause, Effect, Failure, Fault, Reply};
pub use identity::{Identity, masked};
pub use mail_server::{Login, Security, Unusable};
pub use outgoing_mail::{OutgoingMail, Uncomposable, compose};
