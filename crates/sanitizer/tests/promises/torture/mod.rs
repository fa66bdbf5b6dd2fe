//! Input made by hand to break parsers.

use super::check::promises;
use sanitizer::ContentType;

mod chat;
mod mail;
mod page;
mod text;

/// As every type of content: a sender may send anything to any source.
#[track_caller]
fn promises_hold(name: &str, raw: &[u8]) {
    for content_type in ContentType::ALL {
        let broken = promises(raw, content_type).err();
        assert!(broken.is_none(), "{name} as {content_type}: {}", broken.unwrap_or_default());
    }
}
