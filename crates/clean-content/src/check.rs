//! Every limit, once. Each struct is taken apart in full, so that a new field cannot be forgotten.

use jiff::Timestamp;

use crate::{
    Attachment, Authentication, BODY_LIMIT, Finding, Link, Metadata, Misfit, Parts, Party, Severity,
    character::is_allowed, limits, plain,
};

pub(crate) fn parts(parts: &Parts) -> Result<(), Misfit> {
    let Parts {
        body: text,
        content_type: _,
        findings,
        score,
        injection_warning,
        original_length: _,
        truncated: _,
        sanitized_at: _,
        metadata: about,
    } = parts;
    body(text)?;
    at_most("findings", findings.len(), limits::FINDINGS)?;
    findings.iter().try_for_each(finding)?;
    if !(0.0..=1.0).contains(score) {
        return Err(Misfit::ScoreOutOfRange);
    }
    if *injection_warning != findings.iter().any(|f| f.severity >= Severity::Medium) {
        return Err(Misfit::WarningMismatch { claimed: *injection_warning });
    }
    metadata(about)
}

fn body(text: &str) -> Result<(), Misfit> {
    let characters = text.chars().count();
    if characters > BODY_LIMIT {
        return Err(Misfit::BodyTooLong { characters, limit: BODY_LIMIT });
    }
    readable("body", text)
}

fn finding(finding: &Finding) -> Result<(), Misfit> {
    let Finding { kind, place, severity: _, reason, evidence } = finding;
    line("findings.kind", kind, limits::KIND)?;
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if kind.is_empty() || !kind.bytes().all(is_name) {
        return Err(Misfit::Malformed { field: "findings.kind" });
    }
    line("findings.place", place, limits::PLACE)?;
    line("findings.reason", reason, limits::REASON)?;
    line("findings.evidence", evidence, limits::EVIDENCE)
}

fn metadata(metadata: &Metadata) -> Result<(), Misfit> {
    let Metadata {
        sender,
        reply_to,
        recipients,
        subject,
        message_id,
        date,
        chat,
        attachments,
        doubts,
        authentication,
        links,
    } = metadata;
    sender.iter().try_for_each(|p| party("metadata.sender", p))?;
    reply_to.iter().try_for_each(|p| party("metadata.reply_to", p))?;
    at_most("metadata.recipients", recipients.len(), limits::RECIPIENTS)?;
    recipients.iter().try_for_each(|p| party("metadata.recipients", p))?;
    subject.iter().try_for_each(|s| line("metadata.subject", s, limits::LINE))?;
    message_id.iter().try_for_each(|s| line("metadata.message_id", s, limits::LINE))?;
    date.iter().try_for_each(|s| utc_time("metadata.date", s).map(drop))?;
    chat.iter().try_for_each(|s| line("metadata.chat", s, limits::NAME))?;
    at_most("metadata.attachments", attachments.len(), limits::ATTACHMENTS)?;
    attachments.iter().try_for_each(attachment)?;
    let texts = attachments.iter().filter_map(|attachment| attachment.text.as_ref());
    not_longer(
        "metadata.attachments.text",
        texts.map(|text| text.chars().count()).sum(),
        limits::ATTACHED_TEXTS,
    )?;
    at_most("metadata.doubts", doubts.len(), limits::DOUBTS)?;
    at_most("metadata.authentication", authentication.len(), limits::AUTHENTICATION)?;
    authentication.iter().try_for_each(authenticated)?;
    at_most("metadata.links", links.len(), limits::LINKS)?;
    links.iter().try_for_each(link)
}

fn authenticated(authentication: &Authentication) -> Result<(), Misfit> {
    let Authentication { server, method, result, about } = authentication;
    for word in [server, method, result].into_iter().chain(about) {
        line("metadata.authentication", word, limits::AUTHENTICATION_WORD)?;
    }
    Ok(())
}

fn link(link: &Link) -> Result<(), Misfit> {
    let Link { shown, target, leads_elsewhere: _ } = link;
    line("metadata.links.shown", shown, limits::LINK_SHOWN)?;
    line("metadata.links.target", target, limits::LINK_TARGET)
}

fn party(field: &'static str, party: &Party) -> Result<(), Misfit> {
    let Party { name, address } = party;
    name.iter().try_for_each(|s| line(field, s, limits::NAME))?;
    line(field, address, limits::ADDRESS)
}

fn attachment(attachment: &Attachment) -> Result<(), Misfit> {
    let Attachment { name, media_type, size: _, sha256, text } = attachment;
    text.iter().try_for_each(|text| {
        not_longer("metadata.attachments.text", text.chars().count(), limits::ATTACHED_TEXT)?;
        readable("metadata.attachments.text", text)
    })?;
    name.iter().try_for_each(|s| line("metadata.attachments.name", s, limits::NAME))?;
    line("metadata.attachments.media_type", media_type, limits::MEDIA_TYPE)?;
    let is_token = |s: &str| {
        !s.is_empty()
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b))
    };
    if !media_type.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub)) {
        return Err(Misfit::Malformed { field: "metadata.attachments.media_type" });
    }
    if sha256.len() != 64 || !sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Misfit::Malformed { field: "metadata.attachments.sha256" });
    }
    Ok(())
}

/// RFC 3339 with a `Z`: one spelling of a moment, so that two parties cannot read it differently.
pub(crate) fn utc_time(field: &'static str, text: &str) -> Result<Timestamp, Misfit> {
    let rfc_3339 = text.len() <= 40 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    text.parse().ok().filter(|_| rfc_3339).ok_or(Misfit::NotUtcTime { field })
}

fn line(field: &'static str, text: &str, limit: usize) -> Result<(), Misfit> {
    not_longer(field, text.chars().count(), limit)?;
    // what most lines consist of; looked at to the end, which a processor does many bytes at a time
    if text.bytes().fold(true, |all, b| all & matches!(b, b' '..=b'~')) {
        return Ok(());
    }
    if let Some(c) = text.chars().find(|c| matches!(c, '\n' | '\t')) {
        return Err(Misfit::ForbiddenCharacter { field, code: c.into() });
    }
    readable(field, text)
}

fn readable(field: &'static str, text: &str) -> Result<(), Misfit> {
    // whatever is not allowed is neither plain nor settled
    if let Some(c) = plain::unsettled(text).flat_map(str::chars).find(|c| !is_allowed(*c)) {
        return Err(Misfit::ForbiddenCharacter { field, code: c.into() });
    }
    if !plain::is_nfkc(text) {
        return Err(Misfit::NotNfkc { field });
    }
    Ok(())
}

fn not_longer(field: &'static str, characters: usize, limit: usize) -> Result<(), Misfit> {
    if characters > limit { Err(Misfit::FieldTooLong { field, characters, limit }) } else { Ok(()) }
}

fn at_most(field: &'static str, entries: usize, limit: usize) -> Result<(), Misfit> {
    if entries > limit { Err(Misfit::TooMany { field, entries, limit }) } else { Ok(()) }
}
