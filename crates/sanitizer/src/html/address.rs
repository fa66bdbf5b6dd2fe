//! Addresses of links and pictures.

use std::borrow::Cow;

use crate::mail::decode_base64;

/// How much of a `data:` address is looked at, in bytes.
const DATA: usize = 64 * 1024;

/// Characters of a scheme that are looked at.
const SCHEME: usize = 32;

/// The scheme, in lower case, and what follows it. Browsers ignore line breaks and tabs in it, and what is before it.
pub(super) fn scheme(address: &str) -> Option<(Cow<'_, str>, &str)> {
    let (head, rest) = address.split_once(':')?;
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    if head.len() <= SCHEME
        && head.starts_with(|c: char| c.is_ascii_lowercase())
        && head.bytes().all(is_plain)
    {
        return Some((Cow::Borrowed(head), rest));
    }
    let head: String = head
        .chars()
        .skip_while(|c| *c <= ' ')
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .take(SCHEME)
        .collect::<String>()
        .to_ascii_lowercase();
    let well_formed = head.starts_with(|c: char| c.is_ascii_alphabetic())
        && head.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    well_formed.then_some((Cow::Owned(head), rest))
}

/// The host that an address leads to, in lower case; nothing if it leads to none.
pub(super) fn host(address: &str) -> Option<String> {
    let after = match scheme(address) {
        Some((scheme, rest)) if matches!(&*scheme, "http" | "https" | "ftp" | "ws" | "wss") => rest,
        Some((scheme, rest)) if scheme == "mailto" => rest.split('?').next()?.rsplit_once('@')?.1,
        Some(_) => return None,
        None => address.trim_start().strip_prefix("//")?,
    };
    // for these schemes browsers read a backslash as a slash
    let after = after.trim_start_matches(['/', '\\']);
    let authority = after.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.trim_end_matches('.').to_lowercase();
    (host.contains('.') && !host.contains(char::is_whitespace)).then_some(host)
}

/// The part of a host that someone registers: two labels, or three under `co.uk` and the like.
pub(super) fn registered(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let third = dots.next();
    let between = host.get(second + 1..last).unwrap_or_default();
    let shared = host.len() - last == 3
        && matches!(between, "co" | "com" | "org" | "net" | "ac" | "gov" | "edu" | "ne" | "or");
    let from = if shared { third.map_or(0, |at| at + 1) } else { second + 1 };
    host.get(from..).unwrap_or(host)
}

/// The text that a `data:` address holds.
pub(super) fn data_text(address: &str) -> Option<String> {
    let (_, rest) = scheme(address).filter(|(scheme, _)| scheme == "data")?;
    let (kind, data) = rest.split_once(',')?;
    let kind = kind.trim().to_ascii_lowercase();
    let is_text = kind.is_empty()
        || kind.starts_with(';')
        || kind.starts_with("text/")
        || kind.contains("xml")
        || kind.contains("json");
    if !is_text {
        return None;
    }
    let data: String = data.chars().take(DATA).collect();
    let bytes = percent_decoded(&data);
    let bytes = if kind.ends_with("base64") { decode_base64(&bytes) } else { bytes };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((b, after)) = rest.split_first() {
        let digits =
            after.get(..2).and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        match digits.filter(|_| *b == b'%') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*b);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_one_host() {
        for (address, expected) in [
            ("https://www.Bank.example/x", Some("www.bank.example")),
            ("https://bank.example@evil.example/", Some("evil.example")),
            ("https:\\\\evil.example\\@bank.example", Some("evil.example")),
            ("//evil.example/x", Some("evil.example")),
            ("h\nttps://evil.example", Some("evil.example")),
            ("mailto:a@bank.example?subject=x", Some("bank.example")),
            ("//bank.example:443/x", Some("bank.example")),
            ("www.bank.example", None),
            ("javascript:alert(1)", None),
            ("Click here", None),
            ("#top", None),
        ] {
            assert_eq!(host(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn hosts_of_one_owner_are_alike() {
        for (host, owner) in [
            ("a.b.bank.example", "bank.example"),
            ("www.bank.co.uk", "bank.co.uk"),
            ("bank.co.uk", "bank.co.uk"),
            ("example", "example"),
        ] {
            assert_eq!(registered(host), owner, "{host}");
        }
    }

    #[test]
    fn data_addresses_hold_text() {
        assert_eq!(data_text("data:text/html,%3Cp%3Ea").as_deref(), Some("<p>a"));
        assert_eq!(data_text("DATA:text/plain;base64,YWI=").as_deref(), Some("ab"));
        assert_eq!(data_text("data:,a").as_deref(), Some("a"));
        assert_eq!(data_text("data:image/png;base64,YWI="), None);
        assert_eq!(data_text("https://bank.example/,a"), None);
    }
}
