//! What stands between braces, or in a `style` attribute: declarations, with the error recovery of CSS Syntax Module
//! Level 3. What is invalid is dropped up to the next `;` that is not in a string, a comment or brackets.

use std::borrow::Cow;

use super::token::{Token, Tokens, lower};

/// One declaration, not yet understood.
#[derive(Debug, PartialEq)]
pub(super) struct Declaration<'a> {
    /// Lower case, but for a custom one.
    pub(super) property: Cow<'a, str>,
    pub(super) value: &'a str,
    pub(super) important: bool,
    /// The property is written with escapes.
    pub(super) disguised: bool,
}

/// Reads declarations until the `}` that ends them, and takes that, or until the end.
pub(super) fn declarations<'a>(css: &mut Tokens<'a>, mut each: impl FnMut(Declaration<'a>)) {
    loop {
        match css.solid() {
            None | Some(Token::Close(b'}')) => return,
            Some(Token::Semicolon) => {}
            Some(Token::Ident(property)) => {
                let mut after = css.clone();
                if after.solid() == Some(Token::Colon) {
                    *css = after;
                    if let Some((value, important)) = value(css) {
                        let custom = property.starts_with("--");
                        let disguised = matches!(property, Cow::Owned(_));
                        let property = if custom { property } else { lower(property) };
                        each(Declaration { property, value, important, disguised });
                    }
                } else {
                    skip(css);
                }
            }
            Some(Token::Open(open)) => {
                skip_block(css, open);
                if open != b'{' {
                    skip(css);
                }
            }
            Some(Token::Function(_)) => {
                skip_block(css, b'(');
                skip(css);
            }
            Some(_) => skip(css),
        }
    }
}

/// A value up to its `;` or `}`, without `!important`; nothing, if it is none.
fn value<'a>(css: &mut Tokens<'a>) -> Option<(&'a str, bool)> {
    let from = css.at();
    let (mut mark, mut important, mut valid) = (None, false, true);
    loop {
        let (before, here) = (css.at(), css.clone());
        let token = match css.next() {
            None | Some(Token::Semicolon | Token::Close(b'}')) => {
                *css = here;
                let to = mark.unwrap_or(before);
                return (valid && mark.is_some() == important)
                    .then(|| (css.slice(from, to).trim(), important));
            }
            Some(token) => token,
        };
        // nothing but space may follow `!important`
        valid &= !important || token == Token::Space;
        match token {
            Token::Other('!') => {
                valid &= mark.is_none();
                mark = Some(before);
            }
            Token::Ident(word) if mark.is_some() => important = word.eq_ignore_ascii_case("important"),
            Token::Open(b'{') => {
                // a rule inside a rule: it ends with its block, and is left out
                skip_block(css, b'{');
                return None;
            }
            Token::Open(open) => skip_block(css, open),
            Token::Function(_) => skip_block(css, b'('),
            Token::Bad => valid = false,
            Token::Space
            | Token::Ident(_)
            | Token::At(_)
            | Token::Hash(_)
            | Token::Text(_)
            | Token::Url
            | Token::Number(_)
            | Token::Percent(_)
            | Token::Dimension(..)
            | Token::Colon
            | Token::Semicolon
            | Token::Comma
            | Token::Close(_)
            | Token::Other(_) => {}
        }
    }
}

/// Passes over what is not understood: up to a `;`, a block's end, or before the `}` that ends all.
fn skip(css: &mut Tokens<'_>) {
    loop {
        let here = css.clone();
        match css.next() {
            None | Some(Token::Semicolon) => return,
            Some(Token::Close(b'}')) => {
                *css = here;
                return;
            }
            Some(Token::Open(b'{')) => return skip_block(css, b'{'),
            Some(Token::Open(open)) => skip_block(css, open),
            Some(Token::Function(_)) => skip_block(css, b'('),
            Some(_) => {}
        }
    }
}

/// After an opening bracket, up to the one that closes it. Brackets of other kinds inside are paired, too.
pub(super) fn skip_block(css: &mut Tokens<'_>, open: u8) {
    let mut closers = vec![closer(open)];
    for token in css {
        match token {
            Token::Open(open) => closers.push(closer(open)),
            Token::Function(_) => closers.push(b')'),
            Token::Close(close) if closers.last() == Some(&close) => {
                closers.pop();
                if closers.is_empty() {
                    return;
                }
            }
            _ => {}
        }
    }
}

fn closer(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(css: &str, expected: &[(&str, &str, bool)]) {
        let mut seen = Vec::new();
        declarations(&mut Tokens::new(css), |Declaration { property, value, important, disguised: _ }| {
            seen.push((property.into_owned(), value.to_owned(), important));
        });
        let seen: Vec<_> = seen.iter().map(|(p, v, i)| (p.as_str(), v.as_str(), *i)).collect();
        assert_eq!(seen, expected, "{css}");
    }

    #[test]
    fn declarations_are_read_as_browsers_read_them() {
        check("color:red;DISPLAY : none", &[("color", "red", false), ("display", "none", false)]);
        check("color:red!important; a:b ! IMPORTANT ;", &[("color", "red", true), ("a", "b", true)]);
        check("\\64 isplay:none", &[("display", "none", false)]);
        check("dis/**/play:none;a:b", &[("a", "b", false)]);
        check("display/**/:/**/none", &[("display", "/**/none", false)]);
        check("", &[]);
    }

    #[test]
    fn what_is_invalid_ends_at_the_next_semicolon_that_counts() {
        check("content:';display:none;';a:b", &[("content", "';display:none;'", false), ("a", "b", false)]);
        check("x:url(a;display:none);a:b", &[("x", "url(a;display:none)", false), ("a", "b", false)]);
        check("x:(;display:none);a:b", &[("x", "(;display:none)", false), ("a", "b", false)]);
        check("x y;a:b", &[("a", "b", false)]);
        check(";;:;a:b", &[("a", "b", false)]);
        check("{display:none} a:b", &[("a", "b", false)]);
        check("&:hover{display:none} a:b", &[("a", "b", false)]);
        check("x:'broken\n;display:none;a:b", &[("display", "none", false), ("a", "b", false)]);
        check("a:b!importan;c:d", &[("c", "d", false)]);
        check("a:b!important c;c:d", &[("c", "d", false)]);
        check("a:b!important 1;c:d", &[("c", "d", false)]);
        check("a:b;c:(never ends;d:e", &[("a", "b", false), ("c", "(never ends;d:e", false)]);
        check("a:b}c:d", &[("a", "b", false)]);
    }
}
