//! Links whose target a person does not see.

use clean_content::{Finding, Link, Severity};

use crate::{show, view::View};

/// Notes a link, and whether its words name another host than the one it leads to.
pub(super) fn add(view: &mut View, shown: &str, target: &str) {
    if shown == target {
        return;
    }
    let leads_elsewhere = host(target).is_some_and(|leads_to| {
        shown.split(|c: char| c.is_whitespace() || "<>()[]\"',;|".contains(c)).take(100).any(|word| {
            let word = word.trim_end_matches(['.', '!', '?', ':']);
            host(word).is_some_and(|named| named != leads_to && !leads_to.ends_with(&format!(".{named}")))
        })
    });
    if leads_elsewhere {
        view.findings.push(Finding {
            kind: "link-target".into(),
            place: "body".into(),
            severity: Severity::Low,
            reason: "A link shows one address and leads to another.".into(),
            evidence: show::evidence(&format!("{shown} -> {target}")),
        });
    }
    view.metadata.links.push(Link { shown: shown.to_owned(), target: target.to_owned(), leads_elsewhere });
}

/// The host that an address names; a word is an address if it says how it is reached, or ends as most hosts do.
fn host(address: &str) -> Option<String> {
    let (scheme, after) =
        address.split_once("://").map_or((None, address), |(scheme, after)| (Some(scheme), after));
    let host = after.split(['/', '?', '#', ':', '\\']).next()?.rsplit('@').next()?.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).trim_end_matches('.');
    let (name, ending) = host.rsplit_once('.')?;
    let is_host =
        !name.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let is_sure =
        scheme.is_some() || ["com", "org", "net", "io", "de", "uk", "example", "gov", "eu"].contains(&ending);
    (is_host && is_sure).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_another_host_lead_elsewhere() {
        for (shown, target, elsewhere) in [
            ("here", "https://a.example/x", false),
            ("a.example", "https://www.a.example/x", false),
            ("a.example", "https://login.a.example/x", false),
            ("https://bank.com/login", "https://evil.example", true),
            ("see bank.com.", "https://evil.example", true),
            ("bank.com", "https://bank.com@evil.example", true),
            ("bank.com", "https://bank.com.evil.example", true),
            ("readme.txt", "https://a.example", false),
            ("bank.com", "tg://user?id=1", false),
        ] {
            let mut view = View::default();
            add(&mut view, shown, target);
            assert_eq!(view.metadata.links[0].leads_elsewhere, elsewhere, "{shown} {target}");
            assert_eq!(view.findings.len(), usize::from(elsewhere));
        }
        let mut view = View::default();
        add(&mut view, "https://a.example", "https://a.example");
        assert!(view.metadata.links.is_empty());
    }
}
