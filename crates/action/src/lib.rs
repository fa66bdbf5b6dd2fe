//! The typed actions an agent may ask for, their canonical form and digest.
//!
//! Use it to say *what* is asked: a [`Request`] is closed under construction, so whoever holds one knows that the action
//! is in the catalogue, that every parameter was checked, and that [`Request::digest`] names exactly these bytes.
//! It does not tell you that the request is allowed: that is `policy`, and the owner.
//!
//! Pure: no I/O, no clock, no randomness.

mod address;
mod catalogue;
mod digest;
mod display;
mod request;
mod shape;
mod zone;

pub use address::{Address, NotAnAddress};
pub use catalogue::{
    Action, ActionName, CATALOGUE_VERSION, MakeCall, ReadItems, SendEmail, SendSlack, SendSms, SendTelegram,
    UnknownAction,
};
pub use digest::{Digest, NotADigest};
pub use display::reveal;
pub use request::{InvalidRequest, Request};
pub use zone::{Role, UnknownRole, ZoneId};
