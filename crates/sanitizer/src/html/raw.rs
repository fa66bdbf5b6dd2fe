//! Elements whose content is text up to their own end tag, and where that is.

use super::{element::Known, name::Name};

pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0xc)
}

pub(super) fn is_raw(name: Name) -> bool {
    matches!(
        name.known,
        Known::SCRIPT
            | Known::STYLE
            | Known::TITLE
            | Known::TEXTAREA
            | Known::XMP
            | Known::IFRAME
            | Known::NOEMBED
            | Known::NOFRAMES
            | Known::PLAINTEXT
    )
}

/// Where `</name` ends raw text; `plaintext` never ends.
pub(super) fn end_of_raw(text: &str, name: Name) -> usize {
    if name.known == Known::PLAINTEXT {
        return text.len();
    }
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("</")) {
        from += at;
        if starts_with_name(text.get(from + 2..).unwrap_or_default(), name.known.as_str()) {
            return from;
        }
        from += 2;
    }
    text.len()
}

/// Scripts may hold `<!-- <script> … </script> -->`, whose end tag is not theirs.
pub(super) fn end_of_script(text: &str) -> usize {
    let (mut from, mut in_comment, mut in_inner) = (0, false, false);
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(['<', '-'])) {
        from += at;
        let rest = text.get(from..).unwrap_or_default();
        if rest.starts_with("-->") {
            (in_comment, in_inner) = (false, false);
            from += 3;
        } else if rest.starts_with("<!--") {
            in_comment = true;
            // the dashes may belong to the end of the comment, too
            from += 2;
        } else if let Some(close) = rest.strip_prefix("</").filter(|close| starts_with_name(close, "script"))
        {
            if !in_inner {
                return from;
            }
            in_inner = false;
            from += rest.len() - close.len();
        } else {
            in_inner |=
                in_comment && rest.strip_prefix('<').is_some_and(|open| starts_with_name(open, "script"));
            from += 1;
        }
    }
    text.len()
}

fn starts_with_name(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
        && text.as_bytes().get(name.len()).is_some_and(|b| is_space(*b) || matches!(b, b'/' | b'>'))
}
