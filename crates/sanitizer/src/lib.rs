//! Untrusted bytes to the text a person would see, and what is suspicious about it.
