//! The home folder: where everything of one installation lives, and what its `moltbot.toml` says.
//!
//! Use it in the processes that may see the home: executor, control plane and the operator's command. The zones are
//! given what they need on their command line and never link this.
//!
//! Reading a configuration names every problem at once, each with file, key and what to do, and binds nothing.

mod config;
mod latch;
mod layout;
mod problem;
mod section;

pub use config::{
    Config, Connectors, Feed, Imap, MailDelivery, RaisedBy, SandboxRequirement, Security, Server, Source,
    TEMPLATE, WayOut, Webhooks, template_for_the_machine,
};
pub use latch::{CannotLatch, CannotLift, KilledHome, Latch, Latched, Level, Order};
pub use layout::{HOME_OF_THE_MACHINE, Home, MARKER, NotAHome, Process, RECORD_ORIGIN, WITNESS_ORIGIN};
pub use problem::{Problem, Problems};
