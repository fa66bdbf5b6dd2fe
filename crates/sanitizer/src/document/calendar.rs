//! Calendars (RFC 5545) and address cards (RFC 6350): the fields that a program shows, and the others.

use super::Document;
use crate::{html, view::Sight};

/// Content lines that are read; an invitation has a hundred.
const LINES: usize = 20_000;

/// What a program shows of an event, a task or a reminder, in the order of the file.
pub(super) fn events(text: &str) -> Document {
    fields(text, |name| match name {
        "SUMMARY" | "DESCRIPTION" | "COMMENT" => Some(""),
        "LOCATION" => Some("Location: "),
        "ORGANIZER" => Some("Organizer: "),
        _ => None,
    })
}

/// What a program shows of a person.
pub(super) fn cards(text: &str) -> Document {
    fields(text, |name| match name {
        "FN" | "N" | "ORG" | "TITLE" | "NOTE" | "EMAIL" | "TEL" | "ADR" | "URL" => Some(""),
        _ => None,
    })
}

fn fields(text: &str, label: fn(&str) -> Option<&'static str>) -> Document {
    let unfolded = unfold(text);
    let mut document = Document::default();
    let mut others = String::new();
    for line in unfolded.lines().take(LINES) {
        let Some(property) = property(line) else { continue };
        let name = property.name.rsplit_once('.').map_or(property.name.as_str(), |(_, name)| name);
        match label(name) {
            Some(label) => {
                if !document.shown.is_empty() {
                    document.shown.push('\n');
                }
                document.shown.push_str(label);
                if let Some(person) = &property.common_name {
                    document.shown.push_str(person);
                    document.shown.push(' ');
                }
                document.shown.push_str(&property.value);
            }
            // some programs show this page in place of the description
            None if name == "X-ALT-DESC" => {
                let page = html::view(&property.value);
                document.pass("the event as a page", page.visible, Sight::OtherForm);
                document.passages.extend(page.passages);
            }
            None => {
                others.extend([
                    property.common_name.as_deref().unwrap_or_default(),
                    " ",
                    &property.value,
                    "\n",
                ]);
            }
        }
    }
    document.pass("other fields", others, Sight::Aside);
    document
}

struct Property {
    /// Upper-case.
    name: String,
    /// The parameter `CN`: who a person is.
    common_name: Option<String>,
    value: String,
}

/// `ORGANIZER;CN="Lee: Ann":mailto:ann@example.org`
fn property(line: &str) -> Option<Property> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let mut quoted = false;
    let mut parts = head.split(move |c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let name = parts.next()?.trim().to_ascii_uppercase();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let common_name = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("CN"))
        .map(|(_, person)| person.trim_matches('"').to_owned());
    let value = value.strip_prefix("mailto:").or_else(|| value.strip_prefix("MAILTO:")).unwrap_or(value);
    Some(Property { name, common_name, value: unescape(value) })
}

/// A line that begins with a blank goes on from the one before.
fn unfold(text: &str) -> String {
    let mut unfolded = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match line.strip_prefix([' ', '\t']) {
            Some(rest) => unfolded.push_str(rest),
            None => {
                unfolded.push('\n');
                unfolded.push_str(line);
            }
        }
    }
    unfolded
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(c) => text.push(c),
                None => {}
            },
            (c, false) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_shows_of_an_event_is_shown_and_the_rest_is_kept_apart() {
        let document = events(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:Plan\\, part\r\n  one\r\nORGANIZER;CN=\"Lee: Ann\":mailto:ann@example.org\r\nLOCATION:Room 1\r\nDESCRIPTION:a\\nb\\\\c\\;d\r\nATTENDEE;CN=Bob Ray:mailto:bob@example.org\r\nX-ALT-DESC;FMTTYPE=text/html:<p>as a <b>page</b>\r\nEND:VEVENT",
        );
        assert_eq!(
            document.shown,
            "Plan, part one\nOrganizer: Lee: Ann ann@example.org\nLocation: Room 1\na\nb\\c;d"
        );
        let passages: Vec<_> = document.passages.iter().map(|p| (p.place.as_str(), p.text.trim())).collect();
        assert!(passages.contains(&("the event as a page", "as a page")), "{passages:?}");
        assert!(
            passages
                .iter()
                .any(|(place, text)| *place == "other fields" && text.contains("Bob Ray bob@example.org"))
        );
    }

    #[test]
    fn a_card_shows_the_person() {
        let document = cards("BEGIN:VCARD\nitem1.FN:Ann Lee\nNOTE:a\\, b\nX-OTHER:c d\nEND:VCARD");
        assert_eq!(document.shown, "Ann Lee\na, b");
        assert!(document.passages[0].text.contains("c d"));
    }

    #[test]
    fn what_is_no_calendar_costs_nothing() {
        for text in ["", ":", "a", ";:x", "\n \n \n", "\"", "SUMMARY\\", "ä:b"] {
            assert_eq!(events(text).shown, "", "{text:?}");
        }
        assert_eq!(events("SUMMARY:a\\").shown, "a");
    }
}
