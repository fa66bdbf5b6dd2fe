//! Finding credentials in a text.

use super::destination;
use super::shapes::{ENDINGS, SHAPES};
use regex::Regex;
use std::ops::Range;

/// The shortest value that a name alone makes a credential, in bytes.
const SHORTEST: usize = 8;

/// What stands in the place of a credential in examples, or is one of ours.
const PLACEHOLDERS: [&str; 14] = [
    "vault:",
    "${",
    "$(",
    "<",
    "{{",
    "%",
    "your",
    "changeme",
    "change_me",
    "example",
    "placeholder",
    "redacted",
    "todo",
    "xxx",
];

/// A credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    /// For people.
    pub(super) what: String,
    /// Where it goes.
    pub(super) file: &'static str,
    pub(super) key: String,
}

// === impl Found ===

impl Found {
    pub(super) fn value<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }
}

/// Every credential, in the order of the text; none overlaps another.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found = by_shape(text);
    for named in by_name(text) {
        match found.iter_mut().find(|other| overlaps(&other.range, &named.range)) {
            // The name says better where it goes than the shape, if a connector asks for a key of that name.
            Some(other) if other.range == named.range && named.file != "imported" => {
                (other.file, other.key) = (named.file, named.key)
            }
            Some(_) => {}
            None => found.push(named),
        }
    }
    found.sort_by_key(|one| one.range.start);
    found
}

fn overlaps(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn by_shape(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for shape in SHAPES {
        let Ok(pattern) = Regex::new(shape.pattern) else { continue };
        for hit in pattern.find_iter(text) {
            let range = hit.range();
            let is_part = |letter: Option<char>| {
                letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            };
            let before = text.get(..range.start).and_then(|before| before.chars().next_back());
            let after = text.get(range.end..).and_then(|after| after.chars().next());
            if is_part(before) || is_part(after) || found.iter().any(|other| overlaps(&other.range, &range)) {
                continue;
            }
            found.push(Found {
                range,
                what: shape.what.to_owned(),
                file: shape.file,
                key: shape.key.to_owned(),
            });
        }
    }
    found
}

/// `SLACK_SIGNING_SECRET=…`, `export X_TOKEN="…"`, `"api_key": "…"`, `- password: …`, `**Auth token:** …`.
fn by_name(text: &str) -> Vec<Found> {
    let name = format!(
        r#"(?i)\b((?:[a-z][a-z0-9]*[_-])*(?:{ENDINGS})|account_sid|[a-z0-9_]*_sid|phone_number|twilio_phone_number|owner_id)\b"#
    );
    let value = r#"["'`*]*[ \t]*[:=][ \t]*["'`*]*[ \t]*["'`]?([^\s"'`,;}\])]+)"#;
    let Ok(pattern) = Regex::new(&format!("{name}{value}")) else { return Vec::new() };
    let mut found = Vec::new();
    for hit in pattern.captures_iter(text) {
        let (Some(name), Some(value)) = (hit.get(1), hit.get(2)) else { continue };
        if !is_credential(value.as_str()) {
            continue;
        }
        let (file, key) = destination(name.as_str());
        if file == "imported" && !is_secret_name(name.as_str()) {
            continue;
        }
        found.push(Found { range: value.range(), what: format!("value of `{}`", name.as_str()), file, key });
    }
    found
}

/// The names besides the endings count only where a connector asks for them.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENDINGS.split('|').any(|ending| name.ends_with(ending))
}

fn is_credential(value: &str) -> bool {
    let small = value.to_ascii_lowercase();
    let mut letters = value.chars();
    let first = letters.next();
    value.len() >= SHORTEST
        && !PLACEHOLDERS.iter().any(|placeholder| small.starts_with(placeholder))
        && !letters.all(|letter| Some(letter) == first)
        && !value.contains("...")
        && !value.contains('…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = find(text);
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.value(text).to_owned(), format!("{}.{}", one.file, one.key)))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(value, place)| ((*value).to_owned(), (*place).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }

    /// Put together here, so that no scanner takes this file for a leak.
    fn shaped(start: &str, letter: &str, count: usize) -> String {
        format!("{start}{}", letter.repeat(count))
    }

    #[test]
    fn each_provider_s_form_is_known_by_itself() {
        let cases = [
            (format!("{}:{}", "1".repeat(9), shaped("AA", "bC-_", 8) + "x"), "api-keys.telegram_bot_token"),
            (shaped("xoxb-", "1a", 12), "api-keys.slack_token"),
            (shaped("AC", "0f", 16), "twilio.account_sid"),
            (shaped("SK", "0f", 16), "twilio.api_key_sid"),
            (shaped("1//", "0gA_", 10), "oauth.refresh_token"),
            (shaped("GOCSPX-", "aB3_", 7), "oauth.client_secret"),
            (shaped("AKIA", "Z9", 8), "imported.aws_access_key_id"),
            (shaped("ghp_", "a1", 18), "imported.github_token"),
        ];
        for (token, place) in &cases {
            check(&format!("I noted {token}, and more."), &[(token, place)]);
            check(&format!("\"{token}\""), &[(token, place)]);
            check(&format!("x{token}"), &[]);
        }
    }

    #[test]
    fn a_name_makes_a_value_a_credential() {
        check(
            "SLACK_SIGNING_SECRET=0123456789abcdef\n",
            &[("0123456789abcdef", "api-keys.slack_signing_secret")],
        );
        check("export TWILIO_AUTH_TOKEN='0123456789abcdef'", &[("0123456789abcdef", "twilio.auth_token")]);
        check("{\"weather_api_key\": \"q1w2e3r4t5\"}", &[("q1w2e3r4t5", "imported.weather_api_key")]);
        check("- **password:** hunter2hunter2", &[("hunter2hunter2", "imported.password")]);
        check("MAIL_PASSWORD=correct-horse # mine", &[("correct-horse", "mail.password")]);
        check(
            "AWS_SECRET_ACCESS_KEY=abcdefghij0123456789",
            &[("abcdefghij0123456789", "imported.aws_secret_access_key")],
        );
        check("TWILIO_PHONE_NUMBER=+15005550006", &[("+15005550006", "twilio.phone_number")]);
    }

    #[test]
    fn a_name_decides_where_a_shaped_one_goes() {
        let token = shaped("xoxb-", "1a", 12);
        check(&format!("SLACK_BOT_TOKEN={token}"), &[(&token, "api-keys.slack_token")]);
        let token = format!("{}:{}", "1".repeat(9), "A".repeat(34) + "b");
        check(&format!("APPROVAL_TELEGRAM_BOT_TOKEN={token}"), &[(&token, "approval.telegram_bot_token")]);
    }

    #[test]
    fn what_is_no_credential_is_left_alone() {
        for text in [
            "",
            "SLACK_TOKEN=vault:api-keys.slack_token",
            "API_TOKEN=${TOKEN_FROM_ELSEWHERE}",
            "PASSWORD=<your password>",
            "password: changeme-please",
            "TOKEN=short",
            "SECRET=xxxxxxxxxxxxxxxx",
            "the token: that I was given",
            "order_sid = 12345678901234",
            "token_count=1234567890",
        ] {
            check(text, &[]);
        }
    }
}
