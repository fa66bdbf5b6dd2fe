//! What a connector may reach, declared as a value.

use std::fmt;

/// Methods that any connector of ours uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does.
    Post,
}

/// Everything that one connector may reach over HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The connector's name, as in `[connectors.<name>]`.
    pub connector: &'static str,
    /// Its sites.
    pub sites: &'static [Site],
}

/// One server, and what may be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name, which is also the key in `moltbot.toml` that names another server: `endpoint`, `token_endpoint`.
    pub name: &'static str,
    /// Where it is unless the configuration says otherwise: `https://host`, with a path where all paths begin with it.
    pub address: &'static str,
    /// What may be asked of it.
    pub paths: &'static [PathRule],
}

/// A method and the paths that it may be used with, behind the site's address.
///
/// In the pattern each segment is a text that must be met as it is, `*` for any one segment that is not empty, or a text
/// that ends in `*` for one that begins so: `/bot*/sendMessage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRule {
    /// The method.
    pub method: Method,
    /// The pattern.
    pub pattern: &'static str,
}

/// A call that its connector's reach does not declare. Nothing was looked up and nothing sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// The reach has no site of that name.
    #[error("`{connector}` declares no site `{site}`")]
    NoSite {
        /// The connector.
        connector: &'static str,
        /// The site asked for.
        site: &'static str,
    },
    /// The site has no such method and path.
    #[error("`{connector}` does not declare {method} of that path at its site `{site}`")]
    NoPath {
        /// The connector.
        connector: &'static str,
        /// The site.
        site: &'static str,
        /// The method.
        method: Method,
    },
}

// === impl Method ===

impl Method {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Reach ===

impl Reach {
    /// The site of that name, if this method and path may be used there. The path's segments are as they are meant, not yet
    /// percent-encoded; one that holds a slash or is `.` or `..` matches nothing.
    pub fn site(&self, name: &'static str, method: Method, segments: &[&str]) -> Result<&Site, OutOfReach> {
        let connector = self.connector;
        let site = self.sites.iter().find(|site| site.name == name);
        let site = site.ok_or(OutOfReach::NoSite { connector, site: name })?;
        let declared = site.paths.iter().any(|rule| rule.method == method && rule.matches(segments));
        if declared { Ok(site) } else { Err(OutOfReach::NoPath { connector, site: name, method }) }
    }
}

// === impl PathRule ===

impl PathRule {
    fn matches(&self, segments: &[&str]) -> bool {
        let pattern = self.pattern.trim_start_matches('/').split('/');
        pattern.clone().count() == segments.len()
            && pattern.zip(segments).all(|(pattern, segment)| fits(pattern, segment))
    }
}

fn fits(pattern: &str, segment: &str) -> bool {
    let one_segment =
        !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['/', '\\']);
    one_segment
        && match pattern.strip_suffix('*') {
            Some(begin) => segment.len() > begin.len() && segment.starts_with(begin),
            None => segment == pattern,
        }
}

#[cfg(test)]
mod tests {
    use super::{Method, OutOfReach, PathRule, Reach, Site};

    const REACH: Reach = Reach {
        connector: "telegram",
        sites: &[Site {
            name: "endpoint",
            address: "https://api.telegram.org",
            paths: &[
                PathRule { method: Method::Post, pattern: "/bot*/sendMessage" },
                PathRule { method: Method::Get, pattern: "/files/*" },
            ],
        }],
    };

    #[test]
    fn only_what_is_declared_is_in_reach() {
        let reaches = |method, segments: &[&str]| REACH.site("endpoint", method, segments).is_ok();
        assert!(reaches(Method::Post, &["bot1:a", "sendMessage"]));
        assert!(reaches(Method::Get, &["files", "x"]));
        assert!(!reaches(Method::Get, &["bot1:a", "sendMessage"]), "another method");
        assert!(!reaches(Method::Post, &["bot1:a", "deleteWebhook"]), "another path");
        assert!(!reaches(Method::Post, &["bot", "sendMessage"]), "nothing behind the beginning");
        assert!(!reaches(Method::Post, &["bot1:a", "sendMessage", "x"]), "a longer path");
        assert!(!reaches(Method::Get, &["files"]) && !reaches(Method::Get, &["files", ""]), "a shorter path");
        assert_eq!(
            REACH.site("elsewhere", Method::Get, &["files", "x"]),
            Err(OutOfReach::NoSite { connector: "telegram", site: "elsewhere" })
        );
    }

    #[test]
    fn a_segment_cannot_be_made_into_another_path() {
        for segment in ["..", ".", "a/b", "a\\b", "../x"] {
            assert!(REACH.site("endpoint", Method::Get, &["files", segment]).is_err(), "{segment}");
        }
    }
}
