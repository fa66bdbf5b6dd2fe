use super::*;

#[track_caller]
fn check(css: &str, expected: &[Token<'_>]) {
    let tokens: Vec<_> = Tokens::new(css).take(100).collect();
    assert_eq!(tokens, expected, "{css:?}");
}

fn ident(name: &str) -> Token<'_> {
    Token::Ident(name.into())
}

#[test]
fn names_may_be_written_with_escapes_and_between_comments() {
    check("\\64 isplay:none", &[ident("display"), Token::Colon, ident("none")]);
    check("d\\000069splay", &[ident("display")]);
    check("\\6e one", &[ident("none")]);
    check("no/**/ne", &[ident("no"), ident("ne")]);
    check("a/* ; */:/* never ends", &[ident("a"), Token::Colon]);
    check("--x -y -\\7a", &[ident("--x"), Token::Space, ident("-y"), Token::Space, ident("-z")]);
    check("\\0", &[ident("\u{fffd}")]);
}

#[test]
fn numbers_have_units() {
    let unit = |n, unit: &'static str| Token::Dimension(n, unit.into());
    check("1px", &[unit(1.0, "px")]);
    check("-.5EM", &[unit(-0.5, "EM")]);
    check("1e3px", &[unit(1000.0, "px")]);
    check("1em", &[unit(1.0, "em")]);
    check("0.0%+1", &[Token::Percent(0.0), Token::Number(1.0)]);
    check("1.", &[Token::Number(1.0), Token::Other('.')]);
}

#[test]
fn strings_and_addresses_hold_marks_that_do_not_count() {
    check("\"a;b\\\"}\"c", &[Token::Text("a;b\"}".into()), ident("c")]);
    check("'a\nb", &[Token::Bad, Token::Space, ident("b")]);
    check("'never ends", &[Token::Text("never ends".into())]);
    check("url(a;b)c", &[Token::Url, ident("c")]);
    check("url(a'b)c", &[Token::Bad, ident("c")]);
    check(
        "url( 'a;' )",
        &[
            Token::Function("url".into()),
            Token::Space,
            Token::Text("a;".into()),
            Token::Space,
            Token::Close(b')'),
        ],
    );
}

#[test]
fn the_end_may_come_anywhere() {
    for css in ["\\", "'\\", "#", "@", "-", "url(", "url(\\", "1e", "+", "é", "\0"] {
        assert!(Tokens::new(css).take(10).count() < 10, "{css}");
    }
}
