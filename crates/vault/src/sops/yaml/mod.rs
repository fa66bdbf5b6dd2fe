//! The YAML of SOPS files: block maps, block lists and values, with comments.
//!
//! No maintained crate reads YAML with its comments, and sops keeps and encrypts them, so this reads the part of YAML that sops
//! itself writes and that a person writes into such a file. The rest (anchors, tags, collections in brackets, texts folded over
//! several lines, several documents) is refused with its line and with what to write instead; nothing is ever guessed.

mod lines;
mod quoted;
mod read;
mod value;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

#[cfg(test)]
mod tests;
