//! What the targets that read the world's text have in common: the promises of its tests.

/// The same promises that the sanitiser's tests look at.
#[path = "../crates/sanitizer/tests/promises/check.rs"]
mod check;

use sanitizer::ContentType;

/// Ends the run when a promise about what is handed on is broken.
pub fn promises_hold(raw: &[u8], content_type: ContentType) {
    if let Err(broken) = check::promises(raw, content_type) {
        panic!("as {content_type}: {broken}");
    }
}
