//! Which values of a file are encrypted (getsops/sops, `shouldBeEncrypted`).

use regex::{Regex, RegexBuilder};

/// What a file without any rule goes by.
const DEFAULT_SUFFIX: &str = "_unencrypted";
/// The largest compiled pattern, in bytes: it comes from a file.
const LARGEST_PATTERN: usize = 256 * 1024;

/// The file's one rule. It holds for a value when any key on the way to it fits.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    AllButSuffix(String),
    OnlySuffix(String),
    AllButPattern(Regex),
    OnlyPattern(Regex),
}

/// Why a rule cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// It is not a pattern, or a huge one.
    #[error("`{rule}` in its `sops` section is not a regular expression that can be followed here")]
    NotAPattern {
        /// The rule's name.
        rule: &'static str,
    },
    /// There is more than one rule, which sops refuses too.
    #[error("it has more than one rule on what is encrypted; sops takes only one")]
    MoreThanOne,
    /// Rules by comment are not followed here.
    #[error(
        "`{rule}` in its `sops` section is not supported here; use one of unencrypted_suffix, encrypted_suffix, unencrypted_regex, encrypted_regex"
    )]
    ByComment {
        /// The rule's name.
        rule: &'static str,
    },
}

// === impl Selection ===

impl Selection {
    /// The rule of a `sops` section, whose keys `named` looks up.
    pub(crate) fn read(named: impl Fn(&str) -> Option<String>) -> Result<Self, BadRule> {
        let named = |rule: &str| named(rule).filter(|text| !text.is_empty());
        for rule in ["unencrypted_comment_regex", "encrypted_comment_regex"] {
            if named(rule).is_some() {
                return Err(BadRule::ByComment { rule });
            }
        }
        let mut rules = Vec::new();
        rules.extend(named("unencrypted_suffix").map(|suffix| Ok(Self::AllButSuffix(suffix))));
        rules.extend(named("encrypted_suffix").map(|suffix| Ok(Self::OnlySuffix(suffix))));
        rules.extend(
            named("unencrypted_regex")
                .map(|text| Ok(Self::AllButPattern(pattern("unencrypted_regex", &text)?))),
        );
        rules.extend(
            named("encrypted_regex").map(|text| Ok(Self::OnlyPattern(pattern("encrypted_regex", &text)?))),
        );
        match (rules.pop(), rules.len()) {
            (None, _) => Ok(Self::AllButSuffix(DEFAULT_SUFFIX.to_owned())),
            (Some(rule), 0) => rule,
            (Some(_), _) => Err(BadRule::MoreThanOne),
        }
    }

    pub(crate) fn encrypts(&self, path: &[&str]) -> bool {
        let any = |fits: &dyn Fn(&str) -> bool| path.iter().any(|key| fits(key));
        match self {
            Self::AllButSuffix(suffix) => !any(&|key| key.ends_with(suffix.as_str())),
            Self::OnlySuffix(suffix) => any(&|key| key.ends_with(suffix.as_str())),
            Self::AllButPattern(pattern) => !any(&|key| pattern.is_match(key)),
            Self::OnlyPattern(pattern) => any(&|key| pattern.is_match(key)),
        }
    }
}

fn pattern(rule: &'static str, text: &str) -> Result<Regex, BadRule> {
    let built = RegexBuilder::new(text).size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN).build();
    built.map_err(|_rejected| BadRule::NotAPattern { rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &'static str, text: &'static str) -> Result<Selection, BadRule> {
        Selection::read(|asked| (asked == name).then(|| text.to_owned()))
    }

    #[test]
    fn any_key_on_the_way_decides() {
        let check = |name, text, path: &[&str], expected| {
            assert_eq!(rule(name, text).unwrap().encrypts(path), expected, "{name} {text} {path:?}");
        };
        check("", "", &["a"], true);
        check("", "", &["a_unencrypted", "b"], false);
        check("", "", &[], true);
        check("unencrypted_suffix", "_plain", &["a_unencrypted"], true);
        check("unencrypted_suffix", "_plain", &["a_plain", "b"], false);
        check("encrypted_suffix", "_secret", &["a", "b_secret"], true);
        check("encrypted_suffix", "_secret", &["a", "b"], false);
        check("unencrypted_regex", "^(kind|metadata)$", &["metadata", "name"], false);
        check("unencrypted_regex", "^(kind|metadata)$", &["data", "kindness"], true);
        check("encrypted_regex", "^data$", &["data", "x"], true);
        check("encrypted_regex", "^data$", &["x"], false);
        check("encrypted_regex", "^data$", &[], false);
    }

    #[test]
    fn rules_that_cannot_be_followed_are_refused_by_name() {
        assert_eq!(
            rule("encrypted_regex", "(").unwrap_err(),
            BadRule::NotAPattern { rule: "encrypted_regex" }
        );
        assert_eq!(
            rule("encrypted_regex", "(a{1000}){1000}").unwrap_err(),
            BadRule::NotAPattern { rule: "encrypted_regex" }
        );
        for by_comment in ["encrypted_comment_regex", "unencrypted_comment_regex"] {
            assert_eq!(rule(by_comment, "x").unwrap_err(), BadRule::ByComment { rule: by_comment });
        }
        let two = Selection::read(|asked| asked.ends_with("crypted_suffix").then(|| "_x".to_owned()));
        assert_eq!(two.unwrap_err(), BadRule::MoreThanOne);
    }
}
