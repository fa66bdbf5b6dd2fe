//! HTML into tags, texts and comments, by the tokenisation rules of the HTML standard.
//!
//! Not html5ever's tokenizer: that one compares each attribute of a tag with all before it, so that one 25 MiB tag
//! takes hours. This one keeps the few attributes that matter, borrows from the input and never looks back; the tests
//! compare it with html5ever.

use std::borrow::Cow;

use super::entity;

/// A lower-case element name; names that are longer than any of HTML's are told apart by their beginning.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name([u8; 16]);

#[derive(Debug)]
pub(super) enum Token<'a> {
    Text(Cow<'a, str>),
    Open(Box<Tag<'a>>),
    Close(Name),
    Comment(&'a str),
}

#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) name: Name,
    /// Those of [`WANTED`], each as first written.
    wanted: [Option<Cow<'a, str>>; WANTED.len()],
    /// The values of others that are long enough to say something.
    pub(super) sayings: Vec<Cow<'a, str>>,
}

/// The attributes that decide what a person sees.
const WANTED: [&str; 10] =
    ["style", "class", "id", "hidden", "href", "color", "bgcolor", "background", "open", "type"];

/// Attributes that never hold words.
const WORDLESS: [&str; 8] = ["srcset", "sizes", "d", "points", "viewbox", "transform", "media", "xmlns"];

/// How many sayings of one tag are kept.
const SAYINGS: usize = 64;

pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Inside an element whose content is text up to its own end tag.
    raw: Option<Name>,
}

// === impl Name ===

impl Name {
    pub(super) fn new(name: &str) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        Self(bytes)
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.0.split(|b| *b == 0).next().unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Tag ===

impl<'a> Tag<'a> {
    /// The value of one of [`WANTED`].
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let at = WANTED.iter().position(|wanted| *wanted == name)?;
        self.wanted.get(at)?.as_deref()
    }

    fn keep(&mut self, name: &str, value: &'a str) {
        if let Some(at) = WANTED.iter().position(|wanted| name.eq_ignore_ascii_case(wanted)) {
            if let Some(slot @ None) = self.wanted.get_mut(at) {
                *slot = Some(entity::decode(value, true));
            }
        } else if value.len() >= 12
            && self.sayings.len() < SAYINGS
            && (value.contains([' ', '\n', '&', '+', '_', '-']) || value.contains("%20"))
            && !WORDLESS.iter().any(|wordless| name.eq_ignore_ascii_case(wordless))
        {
            self.sayings.push(entity::decode(value, true));
        }
    }
}

// === impl Tokens ===

impl<'a> Tokens<'a> {
    pub(super) const fn new(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes up to a mark, and the mark.
    fn take_through(&mut self, mark: &str) -> &'a str {
        let end = self.rest.find(mark);
        let taken = self.take(end.unwrap_or(self.rest.len()));
        self.take(mark.len().min(self.rest.len()));
        taken
    }

    fn raw_text(&mut self, name: Name) -> Token<'a> {
        let end =
            if name.as_str() == "script" { end_of_script(self.rest) } else { end_of_raw(self.rest, name) };
        let text = self.take(end);
        match name.as_str() {
            "title" | "textarea" => Token::Text(entity::decode(text, false)),
            _ => Token::Text(Cow::Borrowed(text)),
        }
    }

    /// After `<!`.
    fn declaration(&mut self) -> Token<'a> {
        let Some(comment) = self.rest.strip_prefix("--") else {
            return Token::Comment(self.take_through(">"));
        };
        self.rest = comment;
        for abrupt in [">", "->"] {
            if let Some(rest) = comment.strip_prefix(abrupt) {
                self.rest = rest;
                return Token::Comment("");
            }
        }
        // `-->` or `--!>`, whichever comes first
        let mut from = 0;
        while let Some(at) = comment.get(from..).and_then(|rest| rest.find("--")) {
            let after = comment.get(from + at + 2..).unwrap_or_default();
            for (close, length) in [(">", 3), ("!>", 4)] {
                if after.starts_with(close) {
                    let text = self.take(from + at);
                    self.take(length);
                    return Token::Comment(text);
                }
            }
            from += at + 1;
        }
        Token::Comment(self.take(comment.len()))
    }

    /// After `<` or `</`, at a letter. A tag that never ends says nothing.
    fn tag(&mut self) -> Option<Tag<'a>> {
        let bytes = self.rest.as_bytes();
        let text = self.rest;
        let at = |i: usize| bytes.get(i).copied();
        let run = |from: usize, stop: fn(u8) -> bool| {
            bytes
                .get(from..)
                .unwrap_or_default()
                .iter()
                .position(|b| stop(*b))
                .map_or(bytes.len(), |n| from + n)
        };
        let slice = |from: usize, to: usize| text.get(from..to).unwrap_or_default();

        let mut i = run(0, |b| is_space(b) || b == b'/' || b == b'>');
        let mut tag = Tag { name: Name::new(slice(0, i)), wanted: Default::default(), sayings: Vec::new() };
        loop {
            i = run(i, |b| !is_space(b) && b != b'/');
            if at(i).is_none_or(|b| b == b'>') {
                break;
            }
            let name_end = run(i + 1, |b| is_space(b) || matches!(b, b'/' | b'>' | b'='));
            let name = slice(i, name_end);
            i = run(name_end, |b| !is_space(b));
            if at(i) != Some(b'=') {
                tag.keep(name, "");
                i = if at(i).is_none() { i } else { name_end };
                continue;
            }
            i = run(i + 1, |b| !is_space(b));
            let (from, to, next) = match at(i) {
                Some(b'"') => (i + 1, run(i + 1, |b| b == b'"'), 1),
                Some(b'\'') => (i + 1, run(i + 1, |b| b == b'\''), 1),
                Some(b'>') => (i, i, 0),
                _ => (i, run(i, |b| is_space(b) || b == b'>'), 0),
            };
            tag.keep(name, slice(from, to));
            i = to + next;
        }
        let ended = i < bytes.len();
        self.take(i + 1);
        ended.then_some(tag)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            return Some(self.raw_text(name));
        }
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(markup) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                return Some(Token::Text(entity::decode(self.take(end), false)));
            };
            let is_letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
            if is_letter(markup) {
                self.rest = markup;
                let tag = self.tag()?;
                self.raw = is_raw(tag.name).then_some(tag.name);
                return Some(Token::Open(Box::new(tag)));
            }
            if let Some(close) = markup.strip_prefix('/') {
                if is_letter(close) {
                    self.rest = close;
                    return self.tag().map(|tag| Token::Close(tag.name));
                }
                if !close.is_empty() {
                    self.rest = close;
                    let comment = self.take_through(">");
                    if comment.is_empty() {
                        continue;
                    }
                    return Some(Token::Comment(comment));
                }
            }
            if let Some(declaration) = markup.strip_prefix('!') {
                self.rest = declaration;
                return Some(self.declaration());
            }
            if markup.starts_with('?') {
                self.rest = markup;
                return Some(Token::Comment(self.take_through(">")));
            }
            return Some(Token::Text(Cow::Borrowed(self.take(1))));
        }
    }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0xc)
}

fn is_raw(name: Name) -> bool {
    matches!(
        name.as_str(),
        "script" | "style" | "title" | "textarea" | "xmp" | "iframe" | "noembed" | "noframes" | "plaintext"
    )
}

/// Where `</name` ends raw text; `plaintext` never ends.
fn end_of_raw(text: &str, name: Name) -> usize {
    if name.as_str() == "plaintext" {
        return text.len();
    }
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("</")) {
        from += at;
        if starts_with_name(text.get(from + 2..).unwrap_or_default(), name.as_str()) {
            return from;
        }
        from += 2;
    }
    text.len()
}

/// Scripts may hold `<!-- <script> … </script> -->`, whose end tag is not theirs.
fn end_of_script(text: &str) -> usize {
    let (mut from, mut in_comment, mut in_inner) = (0, false, false);
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(['<', '-'])) {
        from += at;
        let rest = text.get(from..).unwrap_or_default();
        if rest.starts_with("-->") {
            (in_comment, in_inner) = (false, false);
            from += 3;
        } else if rest.starts_with("<!--") {
            in_comment = true;
            // the dashes may belong to the end of the comment, too
            from += 2;
        } else if let Some(close) = rest.strip_prefix("</").filter(|close| starts_with_name(close, "script"))
        {
            if !in_inner {
                return from;
            }
            in_inner = false;
            from += rest.len() - close.len();
        } else {
            in_inner |=
                in_comment && rest.strip_prefix('<').is_some_and(|open| starts_with_name(open, "script"));
            from += 1;
        }
    }
    text.len()
}

fn starts_with_name(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
        && text.as_bytes().get(name.len()).is_some_and(|b| is_space(*b) || matches!(b, b'/' | b'>'))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use html5ever::{
        tendril::StrTendril,
        tokenizer::{self, BufferQueue, TokenSink, TokenSinkResult, Tokenizer, states},
    };
    use proptest::prelude::*;

    use super::*;

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
                    tag.get("style"),
                    tag.get("class"),
                    tag.get("href")
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
}
