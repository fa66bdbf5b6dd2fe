//! The owner's side: shows what waits, signs what the owner answers, and witnesses how the record grows.
//!
//! It is another process than the executor and holds the one key whose signature the executor takes for the owner's yes. It judges
//! nothing and reaches nothing outside.

pub mod config;
pub mod operator;
pub mod witness;
