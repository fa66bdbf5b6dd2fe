//! What a page would send somewhere when it is opened or rendered: pictures that carry data, forms, pages that go on to
//! another. Ordinary mail has pictures of one pixel and addresses with numbers, so only what waits to be filled in with
//! what the reader knows is grave.

use clean_content::{Finding, Severity};

use super::{
    address::{self, host, percent_decoded, scheme},
    attribute::Attr,
    element::Known,
    page::push_line,
    tag::Tag,
};
use crate::show;

#[derive(Debug, Default)]
pub(super) struct Sends {
    findings: Vec<Finding>,
    /// What `data:` addresses hold.
    pub(super) data: String,
}

/// Attributes whose address is opened without anyone asking.
const FETCHED: [Attr; 5] = [Attr::SRC, Attr::SRCSET, Attr::BACKGROUND, Attr::POSTER, Attr::DATA];

/// What a placeholder in an address would be filled in with, if an assistant were to do it: what it knows, not what the
/// sender knows.
const SECRETS: [&str; 22] = [
    "data",
    "secret",
    "secrets",
    "password",
    "passwords",
    "conversation",
    "history",
    "prompt",
    "context",
    "summary",
    "chat",
    "inbox",
    "api_key",
    "apikey",
    "credentials",
    "contents",
    "session",
    "memory",
    "messages",
    "exfil",
    "base64",
    "leak",
];

/// `data:` addresses that are read, in bytes in all.
const DATA: usize = 256 * 1024;

// === impl Sends ===

impl Sends {
    /// At a start tag.
    pub(super) fn see(&mut self, tag: &Tag<'_>) {
        if tag.has_any_of(Attr::bits(&FETCHED)) {
            for target in FETCHED.into_iter().filter_map(|known| tag.get(known)) {
                self.fetched(&target);
            }
        }
        match tag.name.known {
            Known::A | Known::AREA => {
                if let Some(target) = tag.get(Attr::HREF) {
                    self.linked(&target);
                }
            }
            Known::FORM => {
                if let Some(target) = tag.get(Attr::ACTION).filter(|target| host(target).is_some()) {
                    self.find(
                        "form",
                        "The message has a form that sends what is typed in elsewhere.",
                        &target,
                    );
                }
            }
            Known::META => self.meta(tag),
            _ => {}
        }
    }

    fn fetched(&mut self, target: &str) {
        self.examine_data(target);
        if let Some(placeholder) = waits_to_be_filled(target) {
            self.findings.push(Finding {
                kind: "data-carrying-image".into(),
                place: "html".into(),
                severity: Severity::Medium,
                reason: format!(
                    "A picture's address waits for {placeholder} to be put into it, and would send it away."
                ),
                evidence: show::evidence(target),
            });
        }
    }

    fn linked(&mut self, target: &str) {
        let Some((scheme, rest)) = scheme(target) else { return };
        match &*scheme {
            // `javascript:;` and `javascript:void(0)` do nothing
            "javascript" | "vbscript" if rest.len() > 16 => {
                self.find("script-link", "A link runs a script.", target);
            }
            "data" => {
                self.examine_data(target);
                self.find("data-link", "A link holds a page in its address.", target);
            }
            _ => {}
        }
    }

    fn meta(&mut self, tag: &Tag<'_>) {
        let refreshes =
            tag.get(Attr::HTTP_EQUIV).is_some_and(|kind| kind.trim().eq_ignore_ascii_case("refresh"));
        if let Some(content) =
            tag.get(Attr::CONTENT).filter(|content| refreshes && content.to_ascii_lowercase().contains("url"))
        {
            self.find("page-goes-on", "The page goes on to another by itself.", &content);
        }
    }

    fn examine_data(&mut self, target: &str) {
        if self.data.len() < DATA
            && let Some(text) = address::data_text(target)
        {
            push_line(&mut self.data, &text);
        }
    }

    /// What ordinary mail does, too.
    fn find(&mut self, kind: &str, reason: &str, evidence: &str) {
        if self.findings.iter().any(|known| known.kind == kind) {
            return;
        }
        self.findings.push(Finding {
            kind: kind.into(),
            place: "html".into(),
            severity: Severity::Low,
            reason: reason.into(),
            evidence: show::evidence(evidence),
        });
    }

    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.dedup_by(|a, b| a.kind == b.kind);
        self.findings.truncate(8);
        self.findings
    }
}

/// What is to be filled into an address that leads somewhere: a word for what the reader knows, in brackets or braces.
fn waits_to_be_filled(target: &str) -> Option<String> {
    if target.len() > 2_000 || !target.contains(['{', '[', '<', '%', '$']) || host(target).is_none() {
        return None;
    }
    let decoded = percent_decoded(target);
    let decoded = String::from_utf8_lossy(&decoded);
    let marks: &[(&str, &str)] = &[("${", "}"), ("{", "}"), ("[", "]"), ("<", ">")];
    marks.iter().find_map(|(open, close)| {
        let mut rest: &str = &decoded;
        while let Some((_, after)) = rest.split_once(open) {
            let (word, _) = after.split_once(close)?;
            let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
            let names = |secret: &str| {
                word.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == secret) || word == secret
            };
            if word.len() <= 80 && SECRETS.iter().any(|secret| names(secret)) {
                return Some(format!("`{word}`"));
            }
            rest = after;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_wait_for_secrets_are_told_from_templates() {
        for target in [
            "https://evil.example/p.png?q={data}",
            "https://evil.example/%7Bsecret%7D.png",
            "//evil.example/?q=[conversation history]",
            "https://evil.example/?q=${API_KEY}",
            "https://evil.example/?q=<summary>",
            "https://evil.example/a{x}?q={{ user.password }}",
        ] {
            assert!(waits_to_be_filled(target).is_some(), "{target}");
        }
        for target in [
            "https://news.example/open.gif?id={{id}}",
            "https://news.example/{{user.email}}/1.gif",
            "https://news.example/a.png?x=100%25",
            "{{logo}}",
            "{data}.png",
            "https://news.example/o.gif",
        ] {
            assert!(waits_to_be_filled(target).is_none(), "{target}");
        }
    }
}
