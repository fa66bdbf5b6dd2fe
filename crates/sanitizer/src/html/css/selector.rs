//! Selectors, as far as they can be told while a page is read once from its beginning.

use super::token::{Token, Tokens, lower};
use crate::html::{name::Name, tag::Tag};

/// A selector: its last part first, each with what stands between it and the part before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selector {
    pub(super) parts: Vec<(Part, Between)>,
    /// Ids, classes and names, as one number.
    pub(super) weight: u32,
}

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

#[derive(Debug, Clone, PartialEq)]
pub(super) struct AttributeTest {
    name: String,
    /// How it compares: `=`, `~`, `|`, `^`, `$`, `*`; nothing, where being there is enough.
    operator: Option<char>,
    value: String,
    ignores_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Ancestor,
    Parent,
    Neighbour,
    Nothing,
}

/// Longer selectors are left out.
const LONGEST: usize = 16;

/// Where an element stands, as a selector may ask.
pub(crate) trait Ancestry {
    /// The open elements around it, from the innermost, each with its place among its parent's children.
    fn around(&self, up: usize) -> Option<(&Tag<'_>, u32)>;
    /// What came directly before it in the same parent.
    fn before(&self) -> Option<&Tag<'_>>;
    /// Its own place, from 1.
    fn place(&self) -> u32;
}

// === impl Selector ===

/// A list of selectors. One that is invalid makes all of them so.
pub(super) fn parse_list(css: &str) -> Option<Vec<Selector>> {
    let mut css = Tokens::new(css);
    let mut list = Vec::new();
    loop {
        let (selector, more) = Selector::take(&mut css)?;
        list.extend((selector.parts.len() <= LONGEST).then_some(selector));
        if !more {
            return Some(list);
        }
    }
}

impl Selector {
    /// One selector, and whether another one follows.
    fn take(css: &mut Tokens<'_>) -> Option<(Self, bool)> {
        let mut parts = Vec::new();
        let (mut part, mut is_any) = (Part::default(), false);
        let mut between = Between::Nothing;
        // a space that may yet turn out to be the end
        let mut spaced = false;
        let mut weight = 0;
        let more = loop {
            let token = css.next();
            let joins = match token {
                None | Some(Token::Comma) => {
                    break token.is_some();
                }
                Some(Token::Space) => {
                    spaced = is_any;
                    continue;
                }
                Some(Token::Other('>')) => Some(Between::Parent),
                Some(Token::Other('+')) => Some(Between::Neighbour),
                // any earlier sibling: only the last one is known
                Some(Token::Other('~')) => Some(Between::Neighbour),
                _ if spaced => Some(Between::Ancestor),
                _ => None,
            };
            if let Some(joins) = joins {
                if !is_any {
                    return None;
                }
                parts.push((std::mem::take(&mut part), between));
                (between, is_any, spaced) = (joins, false, false);
            }
            if joins.is_none_or(|joins| joins == Between::Ancestor)
                && let Some(token) = token
            {
                weight += part.take(token, css, 0)?;
                is_any = true;
            }
        };
        if !is_any {
            return None;
        }
        parts.push((part, between));
        // what stands between is kept with the part after it, so the last part says how it hangs on the one before
        parts.reverse();
        Some((Self { parts, weight }, more))
    }

    /// Whether the element is meant. `work` counts what it costs.
    pub(super) fn matches(&self, tag: &Tag<'_>, at: &dyn Ancestry, quirks: bool, work: &mut u64) -> bool {
        let mut parts = self.parts.iter();
        let Some((last, between)) = parts.next() else { return false };
        let mut between = *between;
        *work += last.cost();
        if !last.matches(tag, Some(at.place()), at.around(0).is_none(), quirks) {
            return false;
        }
        // Taking the nearest ancestor that fits is enough: what fits around a further one fits around it, too, but for
        // `>`, where such a selector may go unheeded.
        let mut up = 0;
        for (part, next) in parts {
            *work += part.cost();
            let found = match between {
                Between::Nothing => false,
                Between::Neighbour => {
                    up == 0 && at.before().is_some_and(|tag| part.matches(tag, None, false, quirks))
                }
                Between::Parent => {
                    up += 1;
                    at.around(up - 1).is_some_and(|(tag, place)| {
                        part.matches(tag, Some(place), at.around(up).is_none(), quirks)
                    })
                }
                Between::Ancestor => loop {
                    let Some((tag, place)) = at.around(up) else { break false };
                    up += 1;
                    *work += part.cost();
                    if part.matches(tag, Some(place), at.around(up).is_none(), quirks) {
                        break true;
                    }
                },
            };
            if !found {
                return false;
            }
            between = *next;
        }
        true
    }
}

// === impl Part ===

impl Part {
    /// Adds one condition; its weight.
    fn take(&mut self, token: Token<'_>, css: &mut Tokens<'_>, depth: u8) -> Option<u32> {
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
    fn cost(&self) -> u64 {
        1 + 2 * self.tests.len() as u64
    }

    /// `place` is `None` where it is not known.
    fn matches(&self, tag: &Tag<'_>, place: Option<u32>, is_root: bool, quirks: bool) -> bool {
        self.name.is_none_or(|name| name == tag.name)
            && self.tests.iter().all(|test| match test {
                Test::Id(id) => tag.get("id").is_some_and(|value| same(&value, id, quirks)),
                Test::Class(class) => tag
                    .get("class")
                    .is_some_and(|value| value.split_ascii_whitespace().any(|one| same(one, class, quirks))),
                Test::Attribute(test) => test.matches(tag),
                Test::Not(parts) => !parts.iter().any(|part| part.matches(tag, place, is_root, quirks)),
                Test::Any(parts) => parts.iter().any(|part| part.matches(tag, place, is_root, quirks)),
                Test::Child(step, from) => place.is_some_and(|place| {
                    let after = place as i32 - from;
                    if *step == 0 { after == 0 } else { after % step == 0 && after / step >= 0 }
                }),
                Test::Link => tag.get("href").is_some() && matches!(tag.name.as_str(), "a" | "area"),
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

// === impl AttributeTest ===

impl AttributeTest {
    /// After `[`, through `]`.
    fn take(css: &mut Tokens<'_>) -> Option<Self> {
        let Token::Ident(name) = css.solid()? else { return None };
        let mut test =
            Self { name: name.into_owned(), operator: None, value: String::new(), ignores_case: false };
        match css.solid()? {
            Token::Close(b']') => return Some(test),
            Token::Other('=') => test.operator = Some('='),
            Token::Other(sign @ ('~' | '|' | '^' | '$' | '*')) if css.next()? == Token::Other('=') => {
                test.operator = Some(sign);
            }
            _ => return None,
        }
        match css.solid()? {
            Token::Ident(value) | Token::Text(value) => test.value = value.into_owned(),
            _ => return None,
        }
        match css.solid()? {
            Token::Close(b']') => return Some(test),
            Token::Ident(flag) if matches!(&*flag, "i" | "I" | "s" | "S") => {
                test.ignores_case = matches!(&*flag, "i" | "I")
            }
            _ => return None,
        }
        (css.solid()? == Token::Close(b']')).then_some(test)
    }

    fn matches(&self, tag: &Tag<'_>) -> bool {
        let Some(value) = tag.get(&self.name) else { return false };
        let Some(operator) = self.operator else { return true };
        let lowered;
        // the values of some attributes never have a case
        let (value, wanted): (&str, &str) =
            if self.ignores_case || matches!(&*self.name, "type" | "align" | "dir" | "bgcolor" | "color") {
                lowered = (value.to_ascii_lowercase(), self.value.to_ascii_lowercase());
                (&lowered.0, &lowered.1)
            } else {
                (&value, &self.value)
            };
        if operator == '=' {
            return value == wanted;
        }
        !wanted.is_empty()
            && match operator {
                '^' => value.starts_with(wanted),
                '$' => value.ends_with(wanted),
                '*' => value.contains(wanted),
                '~' => value.split_ascii_whitespace().any(|one| one == wanted),
                _ => value.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            }
    }
}
