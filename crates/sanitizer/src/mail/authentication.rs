//! What mail servers say about a sender: `Authentication-Results` (RFC 8601) and its like in a chain (RFC 8617).

use clean_content::{Authentication, limits};

/// Bytes of one header that are read.
const LONGEST: usize = 16 * 1024;

/// The results in one header's value, in order.
pub(super) fn results(value: &str) -> Vec<Authentication> {
    let head = value.char_indices().nth(LONGEST).and_then(|(end, _)| value.get(..end)).unwrap_or(value);
    let statements = statements(head);
    let mut statements = statements.iter().map(Vec::as_slice);
    let mut server = statements.next().and_then(<[String]>::first);
    if server.is_some_and(|first| first.starts_with("i=")) {
        // a chain's header begins with the place in the chain
        server = statements.next().and_then(<[String]>::first);
    }
    let Some(server) = server.filter(|server| !server.contains('=')) else { return Vec::new() };
    statements.filter_map(|words| result(server, words)).take(limits::AUTHENTICATION).collect()
}

/// `dkim=pass reason="good" header.d=example.org`
fn result(server: &str, words: &[String]) -> Option<Authentication> {
    let (method, result) = words.first()?.split_once('=')?;
    let method = method.split('/').next()?.to_ascii_lowercase();
    let is_keyword = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !is_keyword(&method) || !is_keyword(result) {
        return None;
    }
    // what it is about, the most telling first
    let properties = || {
        words.iter().skip(1).filter_map(|word| word.split_once('=')).filter(|(name, _)| name.contains('.'))
    };
    let about = ["header.from", "header.d", "header.i", "smtp.mailfrom", "smtp.helo"]
        .iter()
        .find_map(|wanted| properties().find(|(name, _)| name.eq_ignore_ascii_case(wanted)))
        .or_else(|| properties().next());
    Some(Authentication {
        server: server.to_owned(),
        method,
        result: result.to_ascii_lowercase(),
        about: about.map(|(_, value)| value.to_owned()).filter(|value| !value.is_empty()),
    })
}

/// The words between semicolons, comments left out and quotes taken off. Blanks around `=` and `.` join their words.
fn statements(value: &str) -> Vec<Vec<String>> {
    let mut statements = vec![vec![String::new()]];
    let (mut comments, mut quoted, mut escaped) = (0usize, false, false);
    let mut parted = false;
    for c in value.chars() {
        if escaped {
            escaped = false;
        } else if c == '\\' && (quoted || comments > 0) {
            escaped = true;
            continue;
        } else if c == '"' && comments == 0 {
            quoted = !quoted;
            continue;
        } else if !quoted {
            match c {
                '(' => comments += 1,
                ')' if comments > 0 => {
                    comments -= 1;
                    parted = true;
                    continue;
                }
                ';' if comments == 0 => {
                    statements.push(vec![String::new()]);
                    parted = false;
                    continue;
                }
                c if c.is_whitespace() => {
                    parted = true;
                    continue;
                }
                _ => {}
            }
        }
        if comments > 0 {
            continue;
        }
        let Some(words) = statements.last_mut() else { continue };
        if parted && c != '=' && words.last().is_some_and(|word| !word.is_empty() && !word.ends_with('=')) {
            words.push(String::new());
        }
        parted = false;
        words.extend(words.is_empty().then(String::new));
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[(&str, &str, &str, Option<&str>)]) {
        let found = results(value);
        let found: Vec<_> = found
            .iter()
            .map(|a| (a.server.as_str(), a.method.as_str(), a.result.as_str(), a.about.as_deref()))
            .collect();
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn results_are_read_as_the_standard_writes_them() {
        check("mx.example.org 1; none", &[]);
        check(
            "mx.example.org; spf=pass smtp.mailfrom=example.net",
            &[("mx.example.org", "spf", "pass", Some("example.net"))],
        );
        check(
            "mx.example.org;\n dkim=fail (bad \"; dmarc=pass (\\) nested) x) reason=\"a; dkim=pass\"\n header.s=k header.d=a.example;\n dmarc = pass header.from=b.example",
            &[
                ("mx.example.org", "dkim", "fail", Some("a.example")),
                ("mx.example.org", "dmarc", "pass", Some("b.example")),
            ],
        );
        check(
            "i=1; mx.example.org; SPF/1=SoftFail smtp.mailfrom=a@b.example",
            &[("mx.example.org", "spf", "softfail", Some("a@b.example"))],
        );
        check("mx; auth=pass (cram) smtp.auth=ann", &[("mx", "auth", "pass", Some("ann"))]);
    }

    #[test]
    fn what_is_no_result_is_left_out() {
        for value in
            ["", ";", "spf=pass", "mx; spf", "mx; <b>=pass", "mx; spf=", "(", "\"", "i=1", "mx; =; (((;"]
        {
            check(value, &[]);
        }
        assert_eq!(results(&format!("mx;{}", "spf=pass;".repeat(100))).len(), limits::AUTHENTICATION);
    }
}
