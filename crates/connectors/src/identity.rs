//! Who we are at a provider, for the owner's eyes.

use crate::failure::one_line;

/// Whom a credential speaks for, as the provider tells it. It holds no token, and a number that belongs to the account is
/// masked. Words from outside are on one line of printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `@moltbot`, `moltbot at Acme`, `AC…1234`.
    pub who: String,
    /// What else is worth knowing: names and values.
    pub detail: Vec<(String, String)>,
}

// === impl Identity ===

impl Identity {
    /// Somebody, by a name from outside.
    pub fn new(untrusted_who: &str) -> Identity {
        Identity { who: one_line(untrusted_who), detail: Vec::new() }
    }

    /// The same with something else that is worth knowing.
    #[must_use]
    pub fn with(mut self, name: &str, untrusted_value: &str) -> Identity {
        self.detail.push((name.to_owned(), one_line(untrusted_value)));
        self
    }
}

/// The first two and the last four characters of an identifier, such as `AC…1234`. A short one is hidden whole.
pub fn masked(untrusted_id: &str) -> String {
    let characters: Vec<char> = untrusted_id.chars().collect();
    match (characters.get(..2), characters.len().checked_sub(4).and_then(|at| characters.get(at..))) {
        (Some(first), Some(last)) if characters.len() >= 12 => {
            format!("{}…{}", one_line(&String::from_iter(first)), one_line(&String::from_iter(last)))
        }
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, masked};

    #[test]
    fn an_account_number_shows_its_kind_and_its_end_only() {
        assert_eq!(masked("AC0123456789abcdef0123456789ab1234"), "AC…1234");
        assert_eq!(masked("AC123"), "…", "nothing would be hidden");
        assert_eq!(masked(""), "…");
        assert_eq!(masked("é\u{202e}23456789ab\u{7}d"), "\\u{e9}\\u{202e}…ab\\u{7}d");
    }

    #[test]
    fn a_name_from_outside_cannot_write_on_the_owners_terminal() {
        let identity = Identity::new("bot\u{1b}[2J\nok").with("team", "A\u{202e}B");
        assert_eq!(identity.who, "bot\\u{1b}[2J\\nok");
        assert_eq!(identity.detail, [("team".to_owned(), "A\\u{202e}B".to_owned())]);
    }
}
