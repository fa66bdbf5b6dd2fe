//! Every field beside the body, cut to its limit.

use clean_content::{Attachment, Authentication, Link, Metadata, Party, limits};

use super::{is_clean_line, line, text_within};

/// Cuts every field to its limit.
pub(crate) fn metadata(metadata: Metadata) -> Metadata {
    let Metadata {
        sender,
        reply_to,
        mut recipients,
        subject,
        message_id,
        date,
        chat,
        mut attachments,
        mut doubts,
        mut authentication,
        mut links,
    } = metadata;
    recipients.truncate(limits::RECIPIENTS);
    attachments.truncate(limits::ATTACHMENTS);
    doubts.sort_unstable();
    doubts.dedup();
    doubts.truncate(limits::DOUBTS);
    authentication.truncate(limits::AUTHENTICATION);
    links.truncate(limits::LINKS);
    let mut room = limits::ATTACHED_TEXTS;
    Metadata {
        sender: sender.map(party),
        reply_to: reply_to.map(party),
        recipients: recipients.into_iter().map(party).collect(),
        subject: some_line(subject, limits::LINE),
        message_id: some_line(message_id, limits::LINE),
        date,
        chat: some_line(chat, limits::NAME),
        attachments: attachments.into_iter().map(|file| attachment(file, &mut room)).collect(),
        doubts,
        authentication: authentication.into_iter().map(authenticated).collect(),
        links: links.into_iter().map(link).collect(),
    }
}

fn authenticated(Authentication { server, method, result, about }: Authentication) -> Authentication {
    let word = |text: String| one_line(text, limits::AUTHENTICATION_WORD);
    Authentication {
        server: word(server),
        method: word(method),
        result: word(result),
        about: some_line(about, limits::AUTHENTICATION_WORD),
    }
}

fn link(Link { shown, target, leads_elsewhere }: Link) -> Link {
    Link {
        shown: one_line(shown, limits::LINK_SHOWN),
        target: one_line(target, limits::LINK_TARGET),
        leads_elsewhere,
    }
}

fn party(Party { name, address }: Party) -> Party {
    Party { name: some_line(name, limits::NAME), address: one_line(address, limits::ADDRESS) }
}

/// `room` is what the texts of attachments may still have together, in characters.
fn attachment(
    Attachment { name, media_type, size, sha256, text }: Attachment,
    room: &mut usize,
) -> Attachment {
    let text = text.map(|text| text_within(&text, limits::ATTACHED_TEXT.min(*room)).0);
    let text = text.filter(|text| !text.is_empty());
    *room -= text.as_ref().map_or(0, |text| text.chars().count());
    let media_type = media_type.to_ascii_lowercase();
    let is_token =
        |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let well_formed = media_type.len() <= limits::MEDIA_TYPE
        && media_type.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    let media_type = if well_formed { media_type } else { "application/octet-stream".to_owned() };
    Attachment { name: some_line(name, limits::NAME), media_type, size, sha256, text }
}

fn some_line(text: Option<String>, limit: usize) -> Option<String> {
    text.map(|text| one_line(text, limit)).filter(|text| !text.is_empty())
}

/// The text itself, if it is as it should be.
fn one_line(text: String, limit: usize) -> String {
    if is_clean_line(&text, limit) { text } else { line(&text, limit) }
}
