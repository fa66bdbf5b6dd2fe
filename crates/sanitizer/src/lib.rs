//! Untrusted bytes to the text a person would see, and what is suspicious about it.
//!
//! One question is asked of every format: what would a person see? That becomes the body. What a person would not
//! see never reaches the body, but is examined as closely: text that is hidden from a person and speaks to a machine
//! is the clearest sign of all. Findings are a warning for the owner; no part of the system relies on them.
//!
//! Nothing here does I/O or knows the time, nothing recurses to a depth that the sender chose, and all of it takes
//! time linear in the size of the input.

mod beside;
mod charset;
mod chat;
mod clean;
mod detect;
mod document;
mod html;
mod mail;
mod plain;
mod show;
mod terminal;
pub mod training;
mod unreadable;
mod view;

pub use beside::{Beside, beside};
pub use clean_content::{CleanContent, ContentType, Untrusted};
pub use unreadable::Unreadable;

use clean_content::{Parts, Severity};
use jiff::Timestamp;

/// The largest raw input, in bytes.
pub const RAW_LIMIT: usize = 25 * 1024 * 1024;

/// Reads the bytes as the content type says, keeps what a person would see, and says what is suspicious.
///
/// # Errors
/// When there is nothing meaningful to say about the bytes, and why.
pub fn sanitize(
    untrusted: Untrusted<Vec<u8>>,
    content_type: ContentType,
    now: Timestamp,
) -> Result<CleanContent, Unreadable> {
    let mut raw = untrusted.into_inner_to_check();
    let size = raw.len();
    if size <= RAW_LIMIT && matches!(content_type, ContentType::Html | ContentType::Text) {
        // what is not read is not held, either
        raw.truncate(document::TEXT + 1);
        raw.shrink_to_fit();
    }
    let view = view(&raw, content_type)?;
    let (body, truncated) = clean::body(&view.visible);
    let detect::Verdict { findings, score } = detect::examine(&view, &body);
    CleanContent::from_parts(Parts {
        body,
        content_type,
        injection_warning: findings.iter().any(|finding| finding.severity >= Severity::Medium),
        score,
        findings,
        original_length: size as u64,
        truncated,
        sanitized_at: now,
        metadata: clean::metadata(view.metadata),
    })
    .map_err(Unreadable::NotClean)
}

fn view(untrusted_raw: &[u8], content_type: ContentType) -> Result<view::View, Unreadable> {
    if untrusted_raw.len() > RAW_LIMIT {
        return Err(Unreadable::TooLarge { size: untrusted_raw.len(), limit: RAW_LIMIT });
    }
    Ok(match content_type {
        ContentType::Email => mail::view(untrusted_raw),
        ContentType::Html => document::of_beginning(untrusted_raw, "html", Severity::Medium, |head| {
            html::view(&charset::decode_page(head))
        }),
        ContentType::Telegram => chat::telegram(untrusted_raw)?,
        ContentType::Slack => chat::slack(untrusted_raw)?,
        ContentType::Sms => chat::sms(untrusted_raw)?,
        ContentType::Text => document::of_beginning(untrusted_raw, "text", Severity::Low, |head| {
            view::View::of_text(charset::decode(head, None))
        }),
    })
}
