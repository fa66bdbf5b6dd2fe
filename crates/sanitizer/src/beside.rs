//! What a message holds beside its body, for a person who wants to know. Nothing of it is handed on.

use clean_content::{ContentType, Untrusted};

use crate::{Unreadable, view, view::Sight};

/// A text that is no part of the body.
#[derive(Debug)]
pub struct Beside {
    /// Where: `subject`, `attachment invoice.txt` …
    pub untrusted_place: String,
    /// Why it is not in the body, in words.
    pub sight: &'static str,
    /// A person would not see it.
    pub hidden: bool,
    /// As it came: whoever shows it escapes it.
    pub untrusted_text: String,
}

/// Everything in the bytes that a model could come to read and that is no part of the body, in the order in which it was met.
///
/// # Errors
/// When there is nothing meaningful to say about the bytes, and why.
pub fn beside(untrusted: Untrusted<Vec<u8>>, content_type: ContentType) -> Result<Vec<Beside>, Unreadable> {
    let passages = view(&untrusted.into_inner_to_check(), content_type)?.passages;
    Ok(passages
        .into_iter()
        .map(|passage| {
            let (sight, hidden) = match passage.sight {
                Sight::Shown => ("shown beside the text", false),
                Sight::Aside => ("in the message, not shown", true),
                Sight::Hidden => ("made invisible", true),
                Sight::OtherForm => ("the same message in another form", false),
            };
            Beside { untrusted_place: passage.place, sight, hidden, untrusted_text: passage.text }
        })
        .collect())
}
