//! What a sender's name and address give away about the sender.

use clean_content::{Doubt, Finding, Party, Severity};

use super::domain::{IMITATED, looks_like_another, mixes_scripts, same_owner};
use crate::show;

/// What is odd about a sender, and where an answer would go.
pub(super) fn doubts(sender: &Party, reply_to: &[Party]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let home = domain(&sender.address);
    let mut doubt = |holds: bool, doubt| doubts.extend(holds.then_some(doubt));
    if let Some(name) = &sender.name {
        let another_address = names_another_address(name, &sender.address);
        doubt(another_address, Doubt::NameIsAnotherAddress);
        doubt(!another_address && names_another_domain(name, home), Doubt::NameNamesAnotherDomain);
    }
    let domains = || [home].into_iter().chain(reply_to.iter().take(8).map(|party| domain(&party.address)));
    doubt(domains().any(looks_like_another), Doubt::LookAlikeDomain);
    doubt(domains().any(mixes_scripts), Doubt::MixedScriptDomain);
    let elsewhere = domains().any(|other| !home.is_empty() && !other.is_empty() && !same_owner(home, other));
    doubt(elsewhere, Doubt::RepliesGoElsewhere);
    doubts
}

/// The same for the owner. Lists and newsletters have answers go elsewhere and write their name as they like, so that is
/// told and not warned of; no honest sender imitates another's domain.
pub(super) fn finding(doubt: Doubt, sender: &Party, reply_to: &[Party]) -> Finding {
    let (kind, severity, reason) = match doubt {
        Doubt::NameIsAnotherAddress => (
            "sender-name",
            Severity::Low,
            "The sender's name is an address, and not the one the mail came from.",
        ),
        Doubt::NameNamesAnotherDomain => (
            "sender-name",
            Severity::Low,
            "The sender's name names a company or domain, and the mail came from another.",
        ),
        Doubt::LookAlikeDomain => (
            "look-alike-domain",
            Severity::Medium,
            "The sender's domain looks like a well-known one and is another.",
        ),
        Doubt::MixedScriptDomain => (
            "mixed-script-domain",
            Severity::Medium,
            "The sender's domain mixes letters of several scripts, as imitations do.",
        ),
        Doubt::RepliesGoElsewhere => (
            "replies-go-elsewhere",
            Severity::Low,
            "An answer would go to another domain than the mail came from.",
        ),
    };
    let name = sender.name.as_deref().unwrap_or_default();
    let answer = reply_to.first().map(|party| format!(", answers to {}", party.address)).unwrap_or_default();
    Finding {
        kind: kind.into(),
        place: "sender".into(),
        severity,
        reason: reason.into(),
        evidence: show::evidence(&format!("{name} <{}>{answer}", sender.address)),
    }
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain.trim_end_matches('>'))
}

/// Whether a display name holds an address that is not the sender's.
fn names_another_address(name: &str, address: &str) -> bool {
    words(name).any(|word| {
        word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
            && !word.eq_ignore_ascii_case(address)
    })
}

/// Whether a display name holds a domain that is not the sender's, or a well-known company's name without the sender's
/// domain having it.
fn names_another_domain(name: &str, home: &str) -> bool {
    let home_in_small = home.to_lowercase();
    words(name).any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        (is_domain(&word) && !same_owner(&word, home))
            || (IMITATED.contains(&word.as_str()) && !home_in_small.contains(&word))
    })
}

/// Whether a word is surely a domain: `node.js`, `e.g.` and `St.John` are none.
fn is_domain(word: &str) -> bool {
    /// Endings under which most companies that write mail are found.
    const ENDINGS: [&str; 24] = [
        "com", "net", "org", "info", "biz", "gov", "edu", "io", "app", "dev", "ai", "co", "us", "uk", "de",
        "fr", "nl", "it", "es", "pl", "ru", "cn", "jp", "eu",
    ];
    word.rsplit_once('.').is_some_and(|(labels, ending)| {
        labels.len() >= 2
            && ENDINGS.contains(&ending)
            && labels
                .split('.')
                .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'))
    })
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    let parts = |c: char| {
        matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | ',' | ';' | '|' | '/')
            || c.is_whitespace()
    };
    name.split(parts).take(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, address: &str, reply_to: &str, expected: &[Doubt]) {
        let party = |name: &str, address: &str| Party {
            name: Some(name.to_owned()).filter(|name| !name.is_empty()),
            address: address.to_owned(),
        };
        let reply_to: Vec<_> = (!reply_to.is_empty()).then(|| party("", reply_to)).into_iter().collect();
        assert_eq!(doubts(&party(name, address), &reply_to), expected, "{name} <{address}>");
    }

    #[test]
    fn a_sender_in_order_is_not_doubted() {
        check("Ann Lee", "ann@example.org", "", &[]);
        check("", "ann@example.org", "ann@mail.example.org", &[]);
        check("ann@example.org", "Ann@Example.org", "", &[]);
        check("Example.org news", "news@mail.example.org", "", &[]);
        check("PayPal", "service@paypal.co.uk", "", &[]);
        check("Facebook", "notification@facebookmail.com", "", &[]);
        check("Node.js weekly (e.g. St.John)", "news@cooperpress.example", "", &[]);
        check("", "", "", &[]);
    }

    #[test]
    fn each_doubt_has_its_case() {
        use Doubt::{
            LookAlikeDomain, MixedScriptDomain, NameIsAnotherAddress, NameNamesAnotherDomain,
            RepliesGoElsewhere,
        };
        check("boss@bank.example", "a@evil.example", "", &[NameIsAnotherAddress]);
        check("Support (bank.com)", "a@evil.example", "", &[NameNamesAnotherDomain]);
        check("PayPal Support", "help@evil.example", "", &[NameNamesAnotherDomain]);
        check("", "a@paypa1.com", "", &[LookAlikeDomain]);
        check("", "a@xn--pypal-4ve.com", "", &[LookAlikeDomain, MixedScriptDomain]);
        check("", "a@example.org", "a@evil.example", &[RepliesGoElsewhere]);
        check("", "a@example.org", "a@rnicrosoft.com", &[LookAlikeDomain, RepliesGoElsewhere]);
    }
}
