//! Comments, tags, links and joints of program text that stand within words.

use std::sync::LazyLock;

use regex::Regex;

/// The text without them, if any stands between two letters or parts a quoted word.
pub(super) fn removed(text: &str) -> Option<String> {
    if !may_part(text.as_bytes()) || parted(text) == 0 {
        return None;
    }
    let without = WITHIN.replace_all(text, "");
    Some(LINK.replace_all(&without, "$1").into_owned())
}

// Bounded, so that no beginning is followed to the end of the text, and ASCII, which makes small automata.

/// `ig/* x */nore`, `ig<!-- x -->nore`, `ig<b>no</b>re`, `ig{# x #}nore`, `'ig' + 'nore'`, `"ig"."nore"`, `'ig' & 'nore'`.
#[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"/\*[ -)+-~\n]{0,80}\*/|<!--[ -=?-~\n]{0,80}-->|</?[a-zA-Z][ -;=?-~]{0,80}>|\{#[ -"$-~]{0,80}#\}|['"][ \t]{0,4}[+.&][ \t]{0,4}['"]"#,
    )
    .expect("a constant pattern")
});

/// `ig[no](x)re`.
#[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[([ -Z^-~]{0,60})\]\([ -(*-~]{0,200}\)").expect("a constant pattern"));

/// How often something parts the letters of a word, or a quoted word.
fn parted(text: &str) -> usize {
    let letter =
        |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let within = WITHIN.find_iter(text).filter(|found| {
        found.as_str().starts_with(['"', '\''])
            || letter(found.start().checked_sub(1)) && letter(Some(found.end()))
    });
    let links = LINK
        .find_iter(text)
        .filter(|found| letter(found.start().checked_sub(1)) || letter(Some(found.end())));
    within.count() + links.count()
}

/// Whether a comment, a tag, a link or a joint may begin right behind a letter or a quotation mark.
fn may_part(bytes: &[u8]) -> bool {
    let after_letter = |at: usize| {
        at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric)
    };
    let begins_before = |at: usize, first: u8| {
        at.checked_sub(1).is_some_and(|at| bytes.get(at) == Some(&first) && after_letter(at))
    };
    let mut signs =
        memchr::memchr3_iter(b'<', b'"', b'\'', bytes).chain(memchr::memchr3_iter(b'*', b'#', b']', bytes));
    signs.any(|at| match bytes.get(at) {
        Some(b'<') => after_letter(at),
        Some(b'"' | b'\'') => is_joint(bytes.get(at + 1..).unwrap_or_default()),
        Some(b'*') => begins_before(at, b'/'),
        Some(b'#') => begins_before(at, b'{'),
        _ => bytes.get(at + 1) == Some(&b'('),
    })
}

/// Whether a sign that joins two words follows, and a quotation mark.
fn is_joint(after: &[u8]) -> bool {
    let behind_blanks = |text: &[u8]| text.iter().take(4).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let sign = behind_blanks(after);
    let rest = after.get(sign + 1..).unwrap_or_default();
    matches!(after.get(sign), Some(b'+' | b'.' | b'&'))
        && matches!(rest.get(behind_blanks(rest)), Some(b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may part the letters of a word, whole and in pieces.
    const PARTS: [&str; 22] = [
        "/* x */",
        "<!-- x -->",
        "<b>",
        "</b>",
        "{# x #}",
        "' + '",
        "\".\"",
        "'\t&\t'",
        "[no](x)",
        "[no]",
        "(x)",
        "/*",
        "*/",
        "<",
        "'",
        "\"",
        "+",
        " ",
        "ig",
        "ig",
        "no",
        "é",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5000))]
        #[test]
        fn no_text_is_passed_over_in_which_a_word_is_parted(parts in prop::collection::vec(prop::sample::select(PARTS.as_slice()), 0..9)) {
            let text = parts.concat();
            prop_assert!(parted(&text) == 0 || may_part(text.as_bytes()), "{}", text);
        }
    }
}
