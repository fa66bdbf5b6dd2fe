//! Links: the words they show, and where they lead.

use clean_content::{Finding, Link, Severity, limits};

use super::{
    address::{host, registered},
    attribute::Attr,
    element::Known,
    page::push_line,
    tag::Tag,
};
use crate::show;

#[derive(Debug, Default)]
pub(super) struct Links {
    found: Vec<Link>,
    /// The target of the link that is open, and where its text begins.
    open: Option<(String, usize)>,
}

/// Characters of a link's text that are looked at for a host.
const SHOWN: usize = 300;

/// Ends of hosts that words without `www.` or `https:` must have to be taken for one: most others end file names.
const TOP_LEVELS: [&str; 28] = [
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "example", "dev", "app", "io", "ai",
    "de", "uk", "fr", "ch", "at", "nl", "it", "es", "eu", "us", "ru", "cn", "jp", "br",
];

// === impl Links ===

impl Links {
    /// At a start tag. What an address says in words is an attribute's saying.
    pub(super) fn open(&mut self, tag: &Tag<'_>, visible: &str, attributes: &mut String) {
        if !matches!(tag.name.known, Known::A | Known::AREA) {
            return;
        }
        self.end(visible);
        let Some(target) = tag.get(Attr::HREF) else { return };
        if target.contains("%20") || target.contains('+') || target.contains("%3") {
            push_line(attributes, &target);
        }
        if !target.trim().is_empty() && !target.starts_with('#') {
            self.open = Some((target.into_owned(), visible.len()));
        }
    }

    /// At an end tag, or at the end of all.
    pub(super) fn end(&mut self, visible: &str) {
        let Some((mut target, start)) = self.open.take() else { return };
        let shown = visible.get(start..).unwrap_or_default().trim();
        let leads_elsewhere = leads_elsewhere(shown, &target);
        target.truncate(beginning(&target, limits::LINK_TARGET).len());
        let link = Link { shown: beginning(shown, limits::LINK_SHOWN).to_owned(), target, leads_elsewhere };
        if self.found.contains(&link) {
            return;
        }
        if self.found.len() < limits::LINKS {
            self.found.push(link);
        } else if leads_elsewhere
            && let Some(ordinary) = self.found.iter_mut().rev().find(|known| !known.leads_elsewhere)
        {
            *ordinary = link;
        }
    }

    /// The links, and a finding where one shows another address than it leads to.
    pub(super) fn into_links(self) -> (Vec<Link>, Option<Finding>) {
        let finding = self.found.iter().find(|link| link.leads_elsewhere).map(|link| Finding {
            kind: "link-target".into(),
            place: "body".into(),
            severity: Severity::Low,
            reason: "A link shows one address and leads to another.".into(),
            evidence: show::evidence(&format!("{} -> {}", link.shown, link.target)),
        });
        (self.found, finding)
    }
}

/// So many characters at the most.
fn beginning(text: &str, characters: usize) -> &str {
    // no character has less than a byte
    if text.len() <= characters {
        return text;
    }
    let end = text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// Whether some word that is shown names a host of another owner than the target's, or a target's that only looks the
/// same.
fn leads_elsewhere(shown: &str, target: &str) -> bool {
    // each host has a dot
    if memchr::memchr(b'.', shown.as_bytes()).is_none() {
        return false;
    }
    let mut named = beginning(shown, SHOWN)
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"'))
        .filter_map(host_in_word)
        .peekable();
    if named.peek().is_none() {
        return false;
    }
    match host(target) {
        Some(target) => !named.any(|named| registered(&named) == registered(&target)),
        // a place on the same page or site, or a script: where it leads is not said
        None => target.contains(':'),
    }
}

/// The host that a word names, written as addresses are.
fn host_in_word(word: &str) -> Option<String> {
    if !word.contains('.') {
        return None;
    }
    let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '[' | ']' | '\''));
    let is_address =
        word.contains("://") || word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    let host = if word.contains("://") { host(word)? } else { host(&format!("//{word}"))? };
    let top = host.rsplit('.').next()?;
    let bare = || !word.contains('@') && TOP_LEVELS.contains(&top) && host.len() > 4;
    (is_address || bare()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_elsewhere_are_told_from_others() {
        for (shown, target) in [
            ("https://bank.example", "https://evil.test/x"),
            ("bank.com", "https://bank.com.evil.test/"),
            ("Log in at www.bank.com now", "http://192.0.2.1/"),
            ("bank.com", "https://bank.com@evil.test"),
            ("apple.com", "https://xn--pple-43d.com/"),
            ("apple.com", "https://\u{430}pple.com/"),
            ("bank.com", "javascript:go()"),
            ("bank.com", "data:text/html,x"),
        ] {
            assert!(leads_elsewhere(shown, target), "{shown} {target}");
        }
        for (shown, target) in [
            ("Click here", "https://evil.test"),
            ("www.bank.example", "https://bank.example/x"),
            ("bank.com", "https://login.bank.com/x"),
            ("bank.com", "/local"),
            ("see notes.txt and Node.js", "https://evil.test"),
            ("a@bank.com", "mailto:a@bank.com"),
            ("", "https://evil.test"),
        ] {
            assert!(!leads_elsewhere(shown, target), "{shown} {target}");
        }
    }
}
