//! The JSON of SOPS files.
//!
//! Read here and not with serde_json, because the order of keys is part of the MAC, duplicate keys must be refused, and what is read
//! must be wiped.

mod read;
mod write;

pub(crate) use read::read;
pub use write::NotInJson;
pub(crate) use write::write;

#[cfg(test)]
mod tests;
