//! One part of a selector: what an element itself must be.

use super::{
    attribute::AttributeTest,
    token::{Token, Tokens, lower},
};
use crate::html::{attribute::Attr, element::Known, name::Name, tag::Tag};

/// Longer selectors are left out.
pub(super) const LONGEST: usize = 16;

/// What one element must be.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: Option<Name>,
    pub(super) tests: Vec<Test>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    Id(String),
    Class(String),
    Attribute(Box<AttributeTest>),
    Not(Vec<Part>),
    Any(Vec<Part>),
    /// Every how many children, from which on.
    Child(i32, i32),
    Link,
    Root,
    /// Only while a person points at it, or of something that is not an element.
    Never,
}

// === impl Part ===

impl Part {
    /// Adds one condition; its weight.
    pub(super) fn take(&mut self, token: Token<'_>, css: &mut Tokens<'_>, depth: u8) -> Option<u32> {
        const ID: u32 = 1 << 20;
        const CLASS: u32 = 1 << 10;
        if self.tests.len() >= LONGEST {
            return None;
        }
        let (test, weight) = match token {
            Token::Ident(name) if self.name.is_none() && self.tests.is_empty() => {
                self.name = Some(Name::new(&name));
                return Some(1);
            }
            Token::Other('*') if self.tests.is_empty() => return Some(0),
            Token::Hash(id) => (Test::Id(id.into_owned()), ID),
            Token::Other('.') => match css.next()? {
                Token::Ident(class) => (Test::Class(class.into_owned()), CLASS),
                _ => return None,
            },
            Token::Open(b'[') => (Test::Attribute(Box::new(AttributeTest::take(css)?)), CLASS),
            Token::Colon => match css.next()? {
                // of something that is not an element
                Token::Colon => {
                    if matches!(css.next()?, Token::Function(_)) {
                        super::block::skip_block(css, b'(');
                    }
                    (Test::Never, 1)
                }
                Token::Ident(name) => (pseudo_class(&lower(name))?, CLASS),
                Token::Function(name) => (Test::function(&lower(name), css, depth)?, CLASS),
                _ => return None,
            },
            _ => return None,
        };
        self.tests.push(test);
        Some(weight)
    }

    /// What matching it costs of a page's work.
    pub(super) fn cost(&self) -> u64 {
        1 + 2 * self.tests.len() as u64
    }

    /// `place` is `None` where it is not known.
    pub(super) fn matches(&self, tag: &Tag<'_>, place: Option<u32>, is_root: bool, quirks: bool) -> bool {
        self.name.is_none_or(|name| name == tag.name)
            && self.tests.iter().all(|test| match test {
                Test::Id(id) => tag.get(Attr::ID).is_some_and(|value| same(&value, id, quirks)),
                Test::Class(class) => tag
                    .get(Attr::CLASS)
                    .is_some_and(|value| value.split_ascii_whitespace().any(|one| same(one, class, quirks))),
                Test::Attribute(test) => test.matches(tag),
                Test::Not(parts) => !parts.iter().any(|part| part.matches(tag, place, is_root, quirks)),
                Test::Any(parts) => parts.iter().any(|part| part.matches(tag, place, is_root, quirks)),
                Test::Child(step, from) => place.is_some_and(|place| {
                    let after = place as i32 - from;
                    if *step == 0 { after == 0 } else { after % step == 0 && after / step >= 0 }
                }),
                Test::Link => tag.has(Attr::HREF) && matches!(tag.name.known, Known::A | Known::AREA),
                Test::Root => is_root,
                Test::Never => false,
            })
    }
}

/// Old documents do not tell `.X` from `.x`.
fn same(a: &str, b: &str, quirks: bool) -> bool {
    if quirks { a.eq_ignore_ascii_case(b) } else { a == b }
}

// === impl Test ===

fn pseudo_class(name: &str) -> Option<Test> {
    Some(match name {
        "first-child" => Test::Child(0, 1),
        "link" | "any-link" => Test::Link,
        "root" => Test::Root,
        "scope" | "host" => Test::Root,
        "defined" | "read-only" => Test::Any(vec![Part::default()]),
        "hover" | "focus" | "active" | "visited" | "target" | "checked" | "disabled" | "focus-within"
        | "focus-visible" | "before" | "after" | "first-line" | "first-letter" | "last-child"
        | "only-child" | "first-of-type" | "last-of-type" | "only-of-type" | "empty" | "invalid"
        | "valid" | "required" | "optional" | "enabled" | "indeterminate" | "placeholder-shown"
        | "default" | "fullscreen" | "open" | "read-write" | "autofill" | "in-range" | "out-of-range"
        | "popover-open" | "modal" => Test::Never,
        _ => return None,
    })
}

impl Test {
    fn function(name: &str, css: &mut Tokens<'_>, depth: u8) -> Option<Self> {
        match name {
            "not" | "is" | "where" | "matches" | "-webkit-any" | "-moz-any" if depth == 0 => {
                let mut parts = vec![Part::default()];
                loop {
                    match css.next()? {
                        Token::Close(b')') => break,
                        Token::Comma => parts.push(Part::default()),
                        Token::Space => {}
                        token => {
                            parts.last_mut()?.take(token, css, depth + 1)?;
                        }
                    }
                }
                parts.retain(|part| *part != Part::default());
                Some(if name == "not" { Self::Not(parts) } else { Self::Any(parts) })
            }
            "nth-child" => {
                let from = css.at();
                let mut to = from;
                while css.next()? != Token::Close(b')') {
                    to = css.at();
                }
                nth(css.slice(from, to)).map(|(step, from)| Self::Child(step, from))
            }
            _ => {
                super::block::skip_block(css, b'(');
                Some(Self::Never)
            }
        }
    }
}

/// `2n+1`, `odd`, `3`
fn nth(text: &str) -> Option<(i32, i32)> {
    let text: String =
        text.chars().filter(|c| !c.is_whitespace()).take(16).collect::<String>().to_ascii_lowercase();
    match &*text {
        "odd" => return Some((2, 1)),
        "even" => return Some((2, 0)),
        _ => {}
    }
    let small = |n: &str| n.parse::<i16>().ok().map(i32::from);
    match text.split_once('n') {
        None => Some((0, small(&text)?)),
        Some((step, from)) => {
            let step = match step {
                "" | "+" => 1,
                "-" => -1,
                step => small(step)?,
            };
            Some((step, if from.is_empty() { 0 } else { small(from)? }))
        }
    }
}
