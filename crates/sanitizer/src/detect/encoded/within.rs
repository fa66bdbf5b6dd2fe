//! Comments, tags, links and joints of program text that stand within words.

use std::sync::LazyLock;

use regex::Regex;

/// The text without them, if any stands between two letters or parts a quoted word.
pub(super) fn removed(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if !may_part(bytes) {
        return None;
    }
    // Bounded, so that no beginning is followed to the end of the text, and ASCII, which makes small automata.
    // `ig/* x */nore`, `ig<!-- x -->nore`, `ig<b>no</b>re`, `ig{# x #}nore`
    // `'ig' + 'nore'`, `"ig"."nore"`, `'ig' & 'nore'`
    // `ig[no](x)re`: see below
    #[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
    static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"/\*[ -)+-~\n]{0,80}\*/|<!--[ -=?-~\n]{0,80}-->|</?[a-zA-Z][ -;=?-~]{0,80}>|\{#[ -"$-~]{0,80}#\}|['"][ \t]{0,4}[+.&][ \t]{0,4}['"]"#,
        )
        .expect("a constant pattern")
    });
    #[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\[([ -Z^-~]{0,60})\]\([ -(*-~]{0,200}\)").expect("a constant pattern"));
    let letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let mut parted = 0;
    for found in WITHIN.find_iter(text) {
        let joint = found.as_str().starts_with(['"', '\'']);
        parted += usize::from(joint || letter(found.start().checked_sub(1)) && letter(Some(found.end())));
    }
    for found in LINK.find_iter(text) {
        parted += usize::from(letter(found.start().checked_sub(1)) || letter(Some(found.end())));
    }
    if parted == 0 {
        return None;
    }
    let without = WITHIN.replace_all(text, "");
    Some(LINK.replace_all(&without, "$1").into_owned())
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
