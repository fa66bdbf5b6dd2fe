//! Tags that a program might act on.

/// Tags that do something by being there. A body is a text, so none of them is one; but what shows the body might take
/// it for a page.
const ACTIVE: [&str; 8] = ["script", "style", "iframe", "object", "embed", "applet", "frame", "frameset"];

/// Shows `‹` for the sign that would open an active tag, whatever space follows it.
pub(super) fn defused(text: String) -> String {
    let active = |after: &str| {
        let name = after.trim_start().trim_start_matches('/').trim_start();
        let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
        name.get(..end).is_some_and(|name| ACTIVE.iter().any(|tag| tag.eq_ignore_ascii_case(name)))
    };
    let tags: Vec<usize> = memchr::memchr_iter(b'<', text.as_bytes())
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
