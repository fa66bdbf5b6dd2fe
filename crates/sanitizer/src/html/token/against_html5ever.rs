//! The tokenizer against the one of html5ever, which follows the standard.

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{self, BufferQueue, TokenSink, TokenSinkResult, Tokenizer, states},
};
use proptest::prelude::*;

use super::{super::attribute::Attr, *};

/// What both tokenizers are asked for: texts joined, tags by name with the attributes that matter, comments
/// by their place only.
fn ours(html: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => push_text(&mut seen, &text),
            Token::Open(tag) => seen.push(format!(
                "<{:?} {:?} {:?} {:?}>",
                tag.name,
                tag.get(Attr::STYLE).as_deref(),
                tag.get(Attr::CLASS).as_deref(),
                tag.get(Attr::HREF).as_deref()
            )),
            Token::Close(name) => seen.push(format!("</{name:?}>")),
            Token::Comment(_) => seen.push("<!>".into()),
        }
    }
    seen
}

fn push_text(seen: &mut Vec<String>, text: &str) {
    match seen.last_mut().filter(|last| last.starts_with('"')) {
        Some(last) => last.push_str(text),
        None if text.is_empty() => {}
        None => seen.push(format!("\"{text}")),
    }
}

struct Sink(RefCell<Vec<String>>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: tokenizer::Token, _: u64) -> TokenSinkResult<()> {
        let mut seen = self.0.borrow_mut();
        match token {
            tokenizer::CharacterTokens(text) => push_text(&mut seen, &text),
            tokenizer::CommentToken(_) | tokenizer::DoctypeToken(_) => seen.push("<!>".into()),
            tokenizer::TagToken(tag) if tag.kind == tokenizer::EndTag => {
                seen.push(format!("</{:?}>", Name::new(&tag.name)));
            }
            tokenizer::TagToken(tag) => {
                let get = |name: &str| {
                    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.to_string())
                };
                seen.push(format!(
                    "<{:?} {:?} {:?} {:?}>",
                    Name::new(&tag.name),
                    get("style"),
                    get("class"),
                    get("href")
                ));
                return match &*tag.name {
                    "script" => TokenSinkResult::RawData(states::RawKind::ScriptData),
                    "title" | "textarea" => TokenSinkResult::RawData(states::RawKind::Rcdata),
                    "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                        TokenSinkResult::RawData(states::RawKind::Rawtext)
                    }
                    "plaintext" => TokenSinkResult::Plaintext,
                    _ => TokenSinkResult::Continue,
                };
            }
            tokenizer::NullCharacterToken | tokenizer::EOFToken | tokenizer::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

fn theirs(html: &str) -> Vec<String> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), tokenizer::TokenizerOpts::default());
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink.0.take()
}

#[track_caller]
fn check(html: &str) {
    assert_eq!(ours(html), theirs(html), "{html:?}");
}

#[test]
fn tags_texts_and_comments_are_what_html5ever_says() {
    for html in [
        "a<b>c</b>d",
        "<p style=x class='y' style=z href = \"q>r\">t",
        "<a href=/x/y/>t</a><br/><br / class=a>",
        "<a =x style=1>2<a style>3<a style= >4<a/style=5/>6",
        "1 < 2 <3 <> </> </ > </3> <? php ?> t",
        "<!-- c --><!--><!---><!-- a --!> b --><!doctype_> <!x> <!-- - -- ->",
        "<script>a</b><!-- <script> </script> --> x</script>y",
        "<script><!-- </script>y <script>a</scriptx></script >z",
        "<style></styl</style>b<title>&amp;<b></title>c<textarea><p></textarea >d",
        "<title>never ends",
        "<plaintext>a</plaintext>",
        "<a href='never ends",
        "<div",
        "a</",
        "<",
        "<A STYLE=X>b</A >",
    ] {
        check(html);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_markup_is_what_html5ever_says(html in "(<|>|/|!|-|--|=|\"|'| |a|p|&amp;|&lt|x|style|class|href|script|title|<script>|</script|<!--|-->|<p |\n){0,40}") {
        prop_assert_eq!(ours(&html), theirs(&html));
    }
}
