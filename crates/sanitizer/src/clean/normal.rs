//! Texts in normal form, without what may not stand in them.

use std::borrow::Cow;

use clean_content::{BODY_LIMIT, is_allowed, is_nfkc};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::MARKS_PER_LETTER;
use crate::{detect::is_ideograph, plain};

/// What most texts consist of, and what stays as it is.
const fn is_plain(b: u8) -> bool {
    matches!(b, b'\n' | b'\t' | b' '..=b'~')
}

/// Removes what may not stand and normalises, until nothing changes. Two rounds do for all but contrived text.
pub(super) fn settle(text: &str) -> Cow<'_, str> {
    match strip(text) {
        Cow::Borrowed(text) => settle_stripped(text),
        Cow::Owned(text) => Cow::Owned(settle_stripped(&text).into_owned()),
    }
}

/// The same for a text without what may not stand.
pub(super) fn settle_stripped(text: &str) -> Cow<'_, str> {
    if is_nfkc(text) {
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
        let foreign = plain::how_many(rest.as_bytes(), |b| b.is_ascii());
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
pub(super) fn strip(text: &str) -> Cow<'_, str> {
    if plain::all(text.as_bytes(), is_plain) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut changed = false;
    let mut marks = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let stays = match plain::how_many(rest.as_bytes(), is_plain) {
            // ideographs are letters, and stay
            0 => rest.find(|c| !is_ideograph(c)).unwrap_or(rest.len()),
            plain => plain,
        };
        if stays > 0 {
            let (head, tail) = rest.split_at_checked(stays).unwrap_or((rest, ""));
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
        let is_mark = read > '\u{2ff}' && is_combining_mark(read);
        marks = if is_mark { marks + 1 } else { 0 };
        if marks <= MARKS_PER_LETTER {
            kept.push(read);
        } else {
            changed = true;
        }
    }
    if changed { Cow::Owned(kept) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_normalised_in_parts_as_it_is_in_one(
            text in "([ a-zé\u{301}\u{327}ﬁ½Å\u{1100}\u{1161}\u{11a8}가한字\u{fdfa}a]|\\PC){0,40}",
            room in 0_usize..80,
        ) {
            prop_assert_eq!(normalised(&text, room), text.nfkc().take(room).collect::<String>());
        }
    }
}
