//! Trains the injection detector's model, and measures it on sources that it was not trained on.
//!
//! What it learns from: [`samples`] made from templates of our own, and a labelled corpus that is not part of the
//! repository. README.md beside this crate says what is in it, how to train again, and what came of it.

pub mod data;
pub mod learn;
pub mod mails;
pub mod measure;
mod random;
pub mod samples;
