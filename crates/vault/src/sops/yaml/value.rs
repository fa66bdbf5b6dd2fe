//! What an unquoted value is (go-yaml v3, `resolve.go`, which sops reads with).

use crate::sops::limits::{Unreadable, wrong};
use crate::sops::tree::{Kind, Scalar};

const AMBIGUOUS: &str = "a value is written in a way that some tools take for a number or a date and others do not; put it in \"quotes\" \
                         if it is text, else write a plain number, or a moment as 2001-02-03T04:05:06Z";

/// An unquoted value.
pub(super) fn plain(text: &str, line: usize) -> Result<Scalar, Unreadable> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Scalar::null()),
        "true" | "True" | "TRUE" => return Ok(Scalar::boolean(true)),
        "false" | "False" | "FALSE" => return Ok(Scalar::boolean(false)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Ok(Scalar::float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Ok(Scalar::float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Ok(Scalar::float(f64::NAN)),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return Ok(Scalar::new(Kind::Str, text));
    }
    if is_whole(text)
        && let Ok(number) = text.parse::<i64>()
    {
        return Ok(Scalar::new(Kind::Int, number.to_string()));
    }
    if is_moment(text) {
        return Ok(Scalar::new(Kind::Time, text));
    }
    let could_be_a_number =
        !text.contains(|letter: char| !letter.is_ascii_alphanumeric() && !"+-._".contains(letter));
    if could_be_a_number && is_decimal(text) {
        return match text.parse::<f64>() {
            Ok(number) if number.is_finite() && !begins_like_octal(text) => Ok(Scalar::float(number)),
            Ok(_) | Err(_) => wrong(line, AMBIGUOUS),
        };
    }
    if begins_like_a_date(text) || (could_be_a_number && is_other_number(text)) {
        return wrong(line, AMBIGUOUS);
    }
    Ok(Scalar::new(Kind::Str, text))
}

/// A whole number that has one reading: no leading zero, no plus.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits == "0" && text == "0"
        || (digits.starts_with(|first: char| ('1'..='9').contains(&first))
            && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    let (whole, part) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    let has_digits = !whole.is_empty() || part.is_some_and(|part| !part.is_empty());
    has_digits
        && digits(whole)
        && part.is_none_or(digits)
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// `0644`: go-yaml takes it for octal, others do not.
fn begins_like_octal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Other bases, and digits in groups.
fn is_other_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let based = |prefix: &str, radix| {
        unsigned.strip_prefix(prefix).is_some_and(|digits| {
            !digits.is_empty() && digits.chars().all(|digit| digit == '_' || digit.is_digit(radix))
        })
    };
    let grouped = unsigned.contains('_') && {
        let ungrouped: String = unsigned.chars().filter(|letter| *letter != '_').collect();
        is_decimal(&ungrouped)
    };
    grouped
        || [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)]
            .into_iter()
            .any(|(prefix, radix)| based(prefix, radix))
}

/// `2001-02-03`, alone or with a time behind it in any of the ways that YAML 1.1 takes.
fn begins_like_a_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().unwrap_or_default();
    let month = parts.next().unwrap_or_default();
    let rest = parts.next().unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let day = rest.split(['T', 't', ' ']).next().unwrap_or_default();
    year.len() == 4
        && is_number(year)
        && month.len() <= 2
        && is_number(month)
        && day.len() <= 2
        && is_number(day)
}

/// A moment in the one form in which Go writes it: `2001-02-03T04:05:06Z`, with a fraction only where there is one.
fn is_moment(text: &str) -> bool {
    let has_form = |form: &str, text: &str| {
        form.len() == text.len()
            && form
                .bytes()
                .zip(text.bytes())
                .all(|(form, byte)| if form == b'0' { byte.is_ascii_digit() } else { form == byte })
    };
    let Some((moment, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else { return false };
    let fraction_ends = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (fraction, zone) = rest.split_at_checked(fraction_ends).unwrap_or((rest, ""));
    let is_fraction = fraction.is_empty()
        || fraction.strip_prefix('.').is_some_and(|digits| {
            (1..=9).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && !digits.ends_with('0')
        });
    has_form("0000-00-00T00:00:00", moment)
        && is_fraction
        && (zone == "Z" || has_form("+00:00", zone) || has_form("-00:00", zone))
        && !["+00:00", "-00:00"].contains(&zone)
        && text.parse::<jiff::Timestamp>().is_ok()
}
