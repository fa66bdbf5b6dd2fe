//! What a domain's spelling gives away.

use std::{borrow::Cow, sync::LazyLock};

use unicode_security::{MixedScript as _, RestrictionLevel, RestrictionLevelDetection as _, skeleton};

/// Names that are imitated most in fraudulent mail, as phishing reports of the last years list them, and whose bearers
/// write from a domain of that name. Left out are words and names of people that many others bear rightly.
pub(super) const IMITATED: [&str; 46] = [
    "accenture",
    "adobe",
    "airbnb",
    "aliexpress",
    "amazon",
    "americanexpress",
    "apple",
    "barclays",
    "binance",
    "bankofamerica",
    "citibank",
    "coinbase",
    "commerzbank",
    "deutschebank",
    "docusign",
    "dropbox",
    "ebay",
    "facebook",
    "fedex",
    "github",
    "gmail",
    "google",
    "hsbc",
    "icloud",
    "instagram",
    "linkedin",
    "mastercard",
    "microsoft",
    "netflix",
    "office365",
    "onedrive",
    "outlook",
    "paypal",
    "postbank",
    "revolut",
    "roblox",
    "santander",
    "sharepoint",
    "spotify",
    "steamcommunity",
    "stripe",
    "telegram",
    "tiktok",
    "walmart",
    "wellsfargo",
    "whatsapp",
];

/// The bytes of a domain that are looked at: twice what DNS allows.
const LONGEST: usize = 512;

/// What a person reads at a glance of each imitated name, in order, and the name.
static LOOKS: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let mut looks: Vec<_> = IMITATED.iter().map(|name| (folded(name), *name)).collect();
    looks.sort_unstable();
    looks
});

/// Whether a label reads like a well-known name, and is not that name.
pub(super) fn looks_like_another(domain: &str) -> bool {
    labels(domain).any(|label| {
        // an honest name may be a longer word: only a whole word of the label is compared
        label.split('-').any(|word| {
            let folded = folded(word);
            let first = LOOKS.partition_point(|(look, _)| *look < folded);
            LOOKS.iter().skip(first).take_while(|(look, _)| *look == folded).any(|(_, name)| word != *name)
        })
    })
}

/// Whether a label mixes scripts in a way that no language does (Unicode TR 39; Japanese, Chinese and Korean may mix
/// theirs with Latin).
pub(super) fn mixes_scripts(domain: &str) -> bool {
    // letters of ASCII are of one script, and no label is written in punycode without `--`
    if domain.is_ascii() && !domain.contains("--") {
        return false;
    }
    labels(domain).filter(|label| !label.is_ascii()).any(|label| {
        !label.as_ref().is_single_script()
            && !label.as_ref().check_restriction_level(RestrictionLevel::HighlyRestrictive)
    })
}

/// What a person reads at a glance: letters by their look, and pairs that look like one letter.
fn folded(word: &str) -> String {
    if !word.is_ascii() {
        return look(word).replace("vv", "w").replace("cl", "d");
    }
    let mut folded = String::with_capacity(word.len() * 2);
    for c in word.bytes().filter_map(|b| ASCII.get(usize::from(b))).flat_map(|look| look.chars()) {
        let pair = match c {
            'v' if folded.ends_with('v') => 'w',
            'l' if folded.ends_with('c') => 'd',
            _ => {
                folded.push(c);
                continue;
            }
        };
        folded.pop();
        folded.push(pair);
    }
    folded
}

fn look(word: &str) -> String {
    skeleton(word).flat_map(char::to_lowercase).collect()
}

/// The looks of the characters of ASCII, which never join.
static ASCII: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..128_u8).map(|b| look(char::from(b).encode_utf8(&mut [0; 4]))).collect());

/// The labels in lower case, with what is written in punycode decoded.
fn labels(domain: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let long = (domain.len() > LONGEST).then(|| domain.char_indices().nth(LONGEST)).flatten();
    let head = long.and_then(|(end, _)| domain.get(..end)).unwrap_or(domain);
    head.split(['.', '。', '．', '｡']).filter(|label| !label.is_empty()).map(|label| {
        // as nearly all are
        if label.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) && !label.starts_with("xn--") {
            return Cow::Borrowed(label);
        }
        let label = label.to_lowercase();
        Cow::Owned(label.strip_prefix("xn--").and_then(punycode).unwrap_or(label))
    })
}

/// Decodes a label without its `xn--` (RFC 3492). Labels are short: longer ones than DNS allows are none.
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    if label.len() > 63 || !label.is_ascii() {
        return None;
    }
    let (basic, digits) = label.rsplit_once('-').unwrap_or(("", label));
    let mut decoded: Vec<char> = basic.chars().collect();
    let (mut code, mut at, mut bias) = (128u32, 0u32, 72u32);
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let (before, mut weight, mut k) = (at, 1u32, BASE);
        loop {
            let digit = match digits.next()? {
                b @ b'a'..=b'z' => u32::from(b - b'a'),
                b @ b'0'..=b'9' => u32::from(b - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let length = decoded.len() as u32 + 1;
        let mut delta = (at - before) / if before == 0 { 700 } else { 2 };
        delta += delta / length;
        bias = 0;
        while delta > 455 {
            delta /= BASE - 1;
            bias += BASE;
        }
        bias += BASE * delta / (delta + 38);
        code = code.checked_add(at / length)?;
        at %= length;
        decoded.insert(at as usize, char::from_u32(code)?);
        at += 1;
    }
    Some(decoded.into_iter().collect())
}

/// Whether two domains belong to one owner, as well as can be told without a list of all registries: the last two labels
/// are the same, or the last three where the last two are a registry such as `co.uk`.
pub(super) fn same_owner(one: &str, other: &str) -> bool {
    one == other || owned(one) == owned(other)
}

fn owned(domain: &str) -> Vec<Cow<'_, str>> {
    let mut labels: Vec<_> = labels(domain.trim_end_matches('.')).collect();
    labels.reverse();
    let registry = matches!(labels.as_slice(), [country, second, ..]
        if country.len() == 2 && (second.len() <= 2 || ["com", "net", "org", "gov", "edu"].contains(&second.as_ref())));
    labels.truncate(if registry { 3 } else { 2 });
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punycode_is_decoded_as_its_standard_shows() {
        for (label, decoded) in [
            ("bcher-kva", Some("bücher")),
            ("ihqwcrb4cv8a8dqg056pqjye", Some("他们为什么不说中文")),
            ("80ak6aa92e", Some("аррӏе")),
            ("99999999", None),
            ("ä", None),
        ] {
            assert_eq!(punycode(label).as_deref(), decoded, "{label}");
        }
    }

    #[test]
    fn pairs_of_letters_are_joined_one_after_the_other() {
        let letters = ["v", "c", "l", "1", "i", "m", "0", "w", "-"];
        for number in 0..letters.len().pow(5) {
            let mut number = number;
            let word = (0..5).fold(String::new(), |mut word, _| {
                word += letters[number % letters.len()];
                number /= letters.len();
                word
            });
            assert_eq!(folded(&word), look(&word).replace("vv", "w").replace("cl", "d"), "{word}");
        }
    }

    #[test]
    fn a_domain_that_reads_like_a_well_known_one_is_told_from_it() {
        for domain in [
            "paypa1.com",
            "rnicrosoft.com",
            "g00gle.co.uk",
            "login.arnazon.com",
            "xn--80ak6aa92e.com",
            "раураl.com",
            "paypa1-secure.example",
            "dropbox.xn--ggle-55da.com",
        ] {
            assert!(looks_like_another(domain), "{domain}");
        }
        for domain in
            ["paypal.com", "microsoft.com", "example.org", "pineapple.example", "bücher.example", ""]
        {
            assert!(!looks_like_another(domain), "{domain}");
        }
    }

    #[test]
    fn scripts_that_no_language_mixes_are_seen() {
        for (domain, mixed) in [
            ("pаypal.com", true),
            ("αpple.example", true),
            ("bücher.example", false),
            ("пример.example", false),
            ("東京タワーshop.example", false),
            ("example.org", false),
        ] {
            assert_eq!(mixes_scripts(domain), mixed, "{domain}");
        }
    }

    #[test]
    fn domains_of_one_owner_are_told_from_others() {
        for (one, other, same) in [
            ("mail.example.org", "example.org", true),
            ("a.example.co.uk", "b.example.co.uk", true),
            ("a.co.uk", "b.co.uk", false),
            ("example.com.au", "other.com.au", false),
            ("EXAMPLE.org.", "example.ORG", true),
            ("example.org", "example.com", false),
        ] {
            assert_eq!(same_owner(one, other), same, "{one} {other}");
        }
    }
}
