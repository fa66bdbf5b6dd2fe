//! Comments, tags, links and joints of program text that stand within words.

use std::sync::LazyLock;

use regex::Regex;

/// The text without them, if any stands between two letters or parts a quoted word.
pub(super) fn removed(text: &str) -> Option<String> {
    let may = text.contains("/*")
        || text.contains('<')
        || text.contains("](")
        || text.contains("{#")
        || text.contains(['"', '\'']) && text.contains(['+', '.', '&']);
    if !may {
        return None;
    }
    // `ig/* x */nore`, `ig<!-- x -->nore`, `ig<b>no</b>re`, `ig{# x #}nore`
    // `'ig' + 'nore'`, `"ig"."nore"`, `'ig' & 'nore'`
    // `ig[no](x)re`: see below
    #[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
    static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"/\*[^*]{0,200}\*/|<!--[^>]{0,200}-->|</?[a-zA-Z][^<>\n]{0,200}>|\{#[^#]{0,200}#\}|['"][ \t]{0,4}[+.&][ \t]{0,4}['"]"#,
        )
        .expect("a constant pattern")
    });
    #[expect(clippy::expect_used, reason = "constant patterns, and every test compiles them")]
    static LINK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\[([^\]\[\n]{0,200})\]\([^)\n]{0,500}\)").expect("a constant pattern"));
    let bytes = text.as_bytes();
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
