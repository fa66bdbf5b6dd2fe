//! Selectors, as far as they can be told while a page is read once from its beginning.

use super::{
    part::{LONGEST, Part},
    token::{Token, Tokens},
};
use crate::html::tag::Tag;

/// A selector: its last part first, each with what stands between it and the part before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selector {
    pub(super) parts: Vec<(Part, Between)>,
    /// Ids, classes and names, as one number.
    pub(super) weight: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Ancestor,
    Parent,
    Neighbour,
    Nothing,
}

/// What matching one selector to one element may cost.
const MOST: u64 = 20_000;

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
        let Some((last, between)) = self.parts.first() else { return false };
        *work += last.cost();
        last.matches(tag, Some(at.place()), at.around(0).is_none(), quirks)
            && self.rest_matches(1, *between, 0, at, quirks, work)
    }

    /// Whether the parts from `index` on fit around the element, the first of them `up` elements out or further. Calls
    /// itself once for each part, of which there are at most [`LONGEST`].
    fn rest_matches(
        &self,
        index: usize,
        between: Between,
        up: usize,
        at: &dyn Ancestry,
        quirks: bool,
        work: &mut u64,
    ) -> bool {
        let Some((part, next)) = self.parts.get(index) else { return true };
        let fits = |up: usize| {
            at.around(up)
                .map(|(tag, place)| part.matches(tag, Some(place), at.around(up + 1).is_none(), quirks))
        };
        *work += part.cost();
        match between {
            Between::Nothing => false,
            Between::Neighbour => {
                up == 0
                    && at.before().is_some_and(|tag| part.matches(tag, None, false, quirks))
                    && self.rest_matches(index + 1, *next, up, at, quirks, work)
            }
            Between::Parent => {
                fits(up) == Some(true) && self.rest_matches(index + 1, *next, up + 1, at, quirks, work)
            }
            Between::Ancestor => {
                for up in up.. {
                    *work += part.cost();
                    if *work > MOST {
                        // more than any sheet needs: nothing further is matched on this page
                        *work = u64::MAX / 2;
                        return false;
                    }
                    match fits(up) {
                        None => return false,
                        Some(true) if self.rest_matches(index + 1, *next, up + 1, at, quirks, work) => {
                            return true;
                        }
                        Some(_) => {}
                    }
                }
                false
            }
        }
    }
}
