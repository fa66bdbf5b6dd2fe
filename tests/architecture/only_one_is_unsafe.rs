//! `unsafe` stands in one crate, where it can be read in one sitting.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn only_the_sandbox_has_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    for folder in ["crates", "tests"] {
        collect(&root.join(folder), &mut sources);
    }
    assert!(sources.len() > 100, "the sources are where they were: {sources:?}");
    let has_unsafe = |path: &PathBuf| {
        let code = code_of(&fs::read_to_string(path).unwrap());
        code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "unsafe")
    };
    let (sandbox, others): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .filter(has_unsafe)
        .partition(|path| path.starts_with(root.join("crates/sandbox")));
    assert_eq!(others, Vec::<PathBuf>::new());
    assert!(!sandbox.is_empty(), "this test does not find `unsafe` where it is");
}

fn collect(folder: &Path, sources: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
}

/// The text without comments, strings and character literals.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if c == '"' {
            string(rest)
        } else if c == 'r' && !code.ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            raw_string(rest)
        } else if c == '\'' {
            character(rest)
        } else {
            0
        };
        let taken = if skipped == 0 {
            code.push(c);
            c.len_utf8()
        } else {
            code.push(' ');
            skipped
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    code
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        let here = rest.get(at..).unwrap_or_default();
        if here.starts_with("/*") {
            depth += 1;
        } else if here.starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and so on; 0 where it is something else.
fn raw_string(rest: &str) -> usize {
    let hashes = rest.chars().skip(1).take_while(|c| *c == '#').count();
    let begin = format!("r{}\"", "#".repeat(hashes));
    let end = format!("\"{}", "#".repeat(hashes));
    let Some(inner) = rest.strip_prefix(&begin) else { return 0 };
    inner.find(&end).map_or(rest.len(), |at| begin.len() + at + end.len())
}

/// `'x'` or `'\u{1b}'`; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut inner = rest.chars().skip(1);
    match inner.next() {
        Some('\\') => rest.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1),
        Some(c) if inner.next() == Some('\'') => 2 + c.len_utf8(),
        _ => 0,
    }
}

#[test]
fn words_in_comments_and_strings_are_no_code() {
    for source in [
        "// unsafe",
        "/* a /* unsafe */ unsafe */",
        r#""unsafe""#,
        r#""\" unsafe""#,
        r##"r#"" unsafe"#"##,
        r#"b"unsafe""#,
        r#"'"'; "unsafe""#,
        r#"'\''; "unsafe""#,
    ] {
        assert!(!code_of(source).contains("unsafe"), "{source}");
    }
    for source in [
        "unsafe { f() }",
        "\"x\"; unsafe",
        "'a: unsafe",
        "/* x */ unsafe",
        "r\"x\"; unsafe",
        "'\\\\'; unsafe",
    ] {
        assert!(code_of(source).contains("unsafe"), "{source}");
    }
}
