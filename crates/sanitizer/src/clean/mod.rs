//! Texts into the form that clean content asks for: NFKC, only characters that a person sees, within the limits.

use std::borrow::Cow;

use clean_content::{Attachment, Authentication, BODY_LIMIT, Link, Metadata, Party, is_allowed, limits};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfkc};
use unicode_segmentation::UnicodeSegmentation;

use crate::{detect::is_ideograph, plain, terminal};

/// No script stacks more marks on one letter; towers of them are cut, which also bounds the work of normalising.
const MARKS_PER_LETTER: usize = 6;

/// Characters that are normalised for one character that is kept: normalising joins a letter and its marks at most.
const SHRINKS: usize = MARKS_PER_LETTER + 2;

/// The body and whether it was cut. A clean body stays as it is.
pub(crate) fn body(text: &str) -> (String, bool) {
    text_within(text, BODY_LIMIT)
}

/// A text of at most `limit` characters, and whether it was cut.
fn text_within(text: &str, limit: usize) -> (String, bool) {
    // Normalising can make a text many times longer, so only what could be kept is normalised.
    let longest = limit * SHRINKS;
    let stripped = beginning(text, longest);
    let long = (stripped.len() > longest).then(|| stripped.char_indices().nth(longest)).flatten();
    let head = long.and_then(|(end, _)| stripped.get(..end));
    let settled = settle_stripped(head.unwrap_or(&stripped));
    let text = defused(match settled {
        // lines that are folded stay so
        Cow::Borrowed(folded) => folded.to_owned(),
        Cow::Owned(text) => fold_lines(&text),
    });
    let long = (text.len() > limit).then(|| text.char_indices().nth(limit)).flatten();
    match long {
        None => (text, head.is_some()),
        Some((end, _)) => (cut(&text, end).trim_end().to_owned(), true),
    }
}

/// What a person sees of a text, in folded lines: all of it, or more than so many characters. Nearly all of a long text is
/// never looked at.
fn beginning(text: &str, longest: usize) -> String {
    /// What is cut in two stands at the end of what is looked at, and is no longer than this.
    const CUT: usize = 4096;
    let mut size = longest * 8 + CUT;
    loop {
        let fits = |end: &usize| text.is_char_boundary(*end);
        let end = (0..=size.min(text.len())).rev().find(fits).unwrap_or_default();
        let head = text.get(..end).unwrap_or(text);
        let stripped = fold_lines(&strip(&terminal::shown(head)));
        if end == text.len() || stripped.char_indices().nth(longest + CUT).is_some() {
            return stripped;
        }
        size *= 4;
    }
}

/// One line of at most `limit` characters.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let text: String = text.chars().take(limit * SHRINKS * 8).collect();
    let breaks = ['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = defused(fold_lines(&settle(&terminal::shown(&text).replace(breaks, " "))));
    match text.char_indices().nth(limit) {
        None => text,
        Some((end, _)) => cut(&text, end).trim_end().to_owned(),
    }
}

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
    let word = |text: String| line(&text, limits::AUTHENTICATION_WORD);
    Authentication {
        server: word(server),
        method: word(method),
        result: word(result),
        about: some_line(about, limits::AUTHENTICATION_WORD),
    }
}

fn link(Link { shown, target, leads_elsewhere }: Link) -> Link {
    Link {
        shown: line(&shown, limits::LINK_SHOWN),
        target: line(&target, limits::LINK_TARGET),
        leads_elsewhere,
    }
}

fn party(Party { name, address }: Party) -> Party {
    Party { name: some_line(name, limits::NAME), address: line(&address, limits::ADDRESS) }
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
    text.map(|text| line(&text, limit)).filter(|text| !text.is_empty())
}

/// Tags that do something by being there. A body is a text, so none of them is one; but what shows the body might take
/// it for a page.
const ACTIVE: [&str; 8] = ["script", "style", "iframe", "object", "embed", "applet", "frame", "frameset"];

/// Shows `‹` for the sign that would open an active tag, whatever space follows it.
fn defused(text: String) -> String {
    let active = |after: &str| {
        let name = after.trim_start().trim_start_matches('/').trim_start();
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
        name.get(..end).is_some_and(|name| ACTIVE.iter().any(|tag| tag.eq_ignore_ascii_case(name)))
    };
    let tags: Vec<usize> = text
        .match_indices('<')
        .map(|(at, _)| at)
        .filter(|at| text.get(at + 1..).is_some_and(active))
        .collect();
    if tags.is_empty() {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + tags.len() * 2);
    let mut kept = 0;
    for at in tags {
        shown.push_str(text.get(kept..at).unwrap_or_default());
        shown.push('‹');
        kept = at + 1;
    }
    shown.push_str(text.get(kept..).unwrap_or_default());
    shown
}

/// What most texts consist of, and what stays as it is.
const fn is_plain(b: u8) -> bool {
    matches!(b, b'\n' | b'\t' | b' '..=b'~')
}

/// Removes what may not stand and normalises, until nothing changes. Two rounds do for all but contrived text.
fn settle(text: &str) -> Cow<'_, str> {
    match strip(text) {
        Cow::Borrowed(text) => settle_stripped(text),
        Cow::Owned(text) => Cow::Owned(settle_stripped(&text).into_owned()),
    }
}

/// The same for a text without what may not stand.
fn settle_stripped(text: &str) -> Cow<'_, str> {
    if plain::all(text.as_bytes(), is_plain) || is_nfkc(text) {
        return Cow::Borrowed(text);
    }
    let mut text = Cow::Borrowed(text);
    for _ in 0..4 {
        // one letter can stand for eighteen (U+FDFA); more than twice what may stand is never kept
        let normal = normalised(&text, text.len() + 2 * BODY_LIMIT);
        text = match strip(&normal) {
            // what is normalised stays so
            Cow::Borrowed(_) => return Cow::Owned(normal),
            Cow::Owned(stripped) if is_nfkc(&stripped) => return Cow::Owned(stripped),
            Cow::Owned(stripped) => Cow::Owned(stripped),
        };
    }
    let mut text = text.into_owned();
    text.retain(|c| c.is_ascii());
    Cow::Owned(text)
}

/// The first characters of a text in NFKC, as many as there is room for. What is of ASCII is so already, and joins with nothing but what
/// follows it.
fn normalised(text: &str, mut room: usize) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() && room > 0 {
        let foreign = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let plain = if foreign == rest.len() { foreign } else { foreign.saturating_sub(1) }.min(room);
        let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        normal.push_str(head);
        room -= head.len();
        // the last letter of ASCII, and all that may join with it
        let end = tail.bytes().skip(1).position(|b| b.is_ascii()).map_or(tail.len(), |end| end + 1);
        let (joined, tail) = tail.split_at_checked(end).unwrap_or((tail, ""));
        for c in joined.nfkc().take(room) {
            normal.push(c);
            room -= 1;
        }
        rest = tail;
    }
    normal
}

/// The text without what may not stand. What is plain is looked at by the byte.
fn strip(text: &str) -> Cow<'_, str> {
    if plain::all(text.as_bytes(), is_plain) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut changed = false;
    let mut marks = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let plain = rest.bytes().position(|b| !is_plain(b)).unwrap_or(rest.len());
        if plain > 0 {
            let (head, tail) = rest.split_at_checked(plain).unwrap_or((rest, ""));
            kept.push_str(head);
            marks = 0;
            rest = tail;
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        let read = match c {
            '\r' if rest.starts_with('\n') => None,
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            // blanks that look like a space are one
            '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}' | '\u{2800}' => Some(' '),
            c if !c.is_ascii() && c.is_whitespace() => Some(' '),
            c if !is_allowed(c) => None,
            c => Some(c),
        };
        changed |= read != Some(c);
        let Some(read) = read else { continue };
        let is_mark = read > '\u{2ff}' && !is_ideograph(read) && is_combining_mark(read);
        marks = if is_mark { marks + 1 } else { 0 };
        if marks <= MARKS_PER_LETTER {
            kept.push(read);
        } else {
            changed = true;
        }
    }
    if changed { Cow::Owned(kept) } else { Cow::Borrowed(text) }
}

/// One space between words, no space around lines, one empty line between paragraphs.
fn fold_lines(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines() {
        if is_folded(line) {
            if !folded.is_empty() {
                folded.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
            }
            empty_lines = 0;
            folded.push_str(line);
            continue;
        }
        let mut words = line.split([' ', '\t', '\r']).filter(|word| !word.is_empty()).peekable();
        if words.peek().is_none() {
            empty_lines += 1;
            continue;
        }
        if !folded.is_empty() {
            folded.push_str(if empty_lines > 0 { "\n\n" } else { "\n" });
        }
        empty_lines = 0;
        let mut first = true;
        for word in words {
            if !first {
                folded.push(' ');
            }
            folded.push_str(word);
            first = false;
        }
    }
    folded
}

/// Whether a line has words, and one space between them and none around them.
fn is_folded(line: &str) -> bool {
    let bytes = line.as_bytes();
    let blank = |b: u8| matches!(b, b' ' | b'\t' | b'\r');
    let (Some((first, after)), Some(last)) = (bytes.split_first(), bytes.last()) else { return false };
    let odd = |(before, b): (&u8, &u8)| (*before == b' ') & (*b == b' ') | (*b == b'\t') | (*b == b'\r');
    !blank(*first) && !blank(*last) && !bytes.iter().zip(after).fold(false, |any, pair| any | odd(pair))
}

/// The longest prefix within `end` bytes that does not split what a person sees as one character.
fn cut(text: &str, end: usize) -> &str {
    let head = text.get(..end).unwrap_or(text);
    // Only the last screen is looked at: a cluster that begins before it is hostile, and is split.
    let window = head.char_indices().rev().nth(63).map_or(0, |(start, _)| start);
    let tail = text.get(window..).unwrap_or_default();
    let last =
        tail.grapheme_indices(true).map(|(start, _)| window + start).take_while(|start| *start <= end).last();
    match last {
        Some(last) if last > window => text.get(..last).unwrap_or(head),
        _ => head,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (once, _) = body(text);
        assert_eq!(once, expected);
        assert_eq!(body(&once).0, once, "cleaning again changes nothing");
    }

    #[test]
    fn texts_are_normalised_and_folded() {
        check("Ｈｅｌｌｏ", "Hello");
        check("a \t b\r\nc\rd\u{2028}e", "a b\nc\nd\ne");
        check("  a  \n\n\n\n b ", "a\n\nb");
        check("", "");
        check("e\u{301} ﬁ ½", "é fi 1⁄2");
    }

    proptest! {
        #[test]
        fn a_text_is_normalised_in_parts_as_it_is_in_one(
            text in "([ a-zé\u{301}\u{327}ﬁ½Å\u{1100}\u{1161}\u{11a8}가한字\u{fdfa}a]|\\PC){0,40}",
            room in 0_usize..80,
        ) {
            prop_assert_eq!(normalised(&text, room), text.nfkc().take(room).collect::<String>());
        }
    }

    #[test]
    fn a_line_that_is_folded_is_told_from_others() {
        for line in ["a", "a b", "é ü", "a b c d"] {
            assert!(is_folded(line) && fold_lines(line) == line, "{line:?}");
        }
        for line in ["", " ", "a ", " a", "a  b", "a\tb", "\ta", "a\rb", "a\r", "a b  "] {
            assert!(!is_folded(line) && fold_lines(line) != line || line.is_empty(), "{line:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_flood_of_what_nobody_sees_is_read() {
        let flood = "\u{200b}".repeat(2_000_000);
        assert_eq!(body(&format!("a{flood}b")), ("ab".to_owned(), false));
        assert_eq!(body(&format!("{flood}{}", "b ".repeat(BODY_LIMIT))).0.len(), BODY_LIMIT - 1);
    }

    #[test]
    fn invisible_characters_are_gone() {
        check("a\u{200b}b\u{e0041}c\u{202e}d\0e\u{fe0f}f\u{feff}g\u{ad}h\u{10ffff}", "abcdefgh");
        check("Ignore\u{3164}this", "Ignore this");
        // what was parted only by something invisible may compose
        check("e\u{34f}\u{301}", "é");
    }

    #[test]
    fn no_tag_in_a_text_is_active() {
        check("<script>x</script>", "‹script>x‹/script>");
        check("＜ScRiPt src=x>", "‹ScRiPt src=x>");
        check("< \u{200b}\n iframe>", "‹\niframe>");
        check("<\u{34f}object/><EMBED", "‹object/>‹EMBED");
        check("<style", "‹style");
        check("a <b> <scripts> <styled> 1 < 2 <", "a <b> <scripts> <styled> 1 < 2 <");
        assert_eq!(line("<script>", 20), "‹script>");
    }

    #[test]
    fn a_terminals_sequences_leave_nothing() {
        check("a\u{1b}[31mred\u{1b}[0m b", "ared b");
        check("a\u{1b}]8;;https://x.example\u{1b}\\link\u{1b}]8;;\u{7}", "alink");
        check("wrong\u{8}\u{8}\u{8}\u{8}\u{8}right", "right");
        assert_eq!(line("\u{1b}[1mA\u{1b}[m", 20), "A");
    }

    #[test]
    fn towers_of_marks_are_cut() {
        check(&format!("a{}", "\u{336}".repeat(1000)), &format!("a{}", "\u{336}".repeat(MARKS_PER_LETTER)));
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let (short, truncated) = body(&"x".repeat(50_000));
        assert_eq!((short.len(), truncated), (BODY_LIMIT, true));
        let (short, truncated) = body(&format!("{}g\u{308}{}", "x".repeat(BODY_LIMIT - 1), "y"));
        assert_eq!((short.chars().count(), truncated), (BODY_LIMIT - 1, true));
        // one endless cluster is cut anyway
        assert_eq!(body(&"\u{1100}".repeat(20_000)).0.chars().count(), BODY_LIMIT);
    }

    #[test]
    fn a_line_has_no_line_break() {
        assert_eq!(line("a\r\n b\u{2029}c\u{b}d", 100), "a b c d");
        assert_eq!(line("abcdef", 3), "abc");
    }
}
