//! Style sheets: which rules hold on a person's screen, and what they say of an element.

use std::collections::HashMap;

use super::{
    block::skip_block,
    media,
    part::Test,
    selector::{self, Ancestry, Selector},
    style::{Block, Style},
    token::{Token, Tokens, lower},
};
use crate::html::{attribute::Attr, name::Name, tag::Tag};

/// How many selectors of all sheets are kept.
const SELECTORS: usize = 10_000;

/// What a rule that means an element costs of a page's [`Work`], beside finding out.
const MEANT: u64 = 10;

/// At-rules inside at-rules that are told apart.
const DEPTH: usize = 16;

/// The rules of a page that may hide or show something, by what an element must have for them to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    blocks: Vec<Block>,
    rules: Vec<(Selector, usize)>,
    by_id: HashMap<String, Vec<usize>>,
    by_class: HashMap<String, Vec<usize>>,
    by_name: HashMap<Name, Vec<usize>>,
    for_all: Vec<usize>,
    /// As documents without a doctype are read.
    pub(crate) quirks: bool,
    /// A block with a property that is named by escapes, as only those do who mean to hide it.
    pub(crate) disguised: Option<String>,
    /// There were more rules than are kept.
    pub(crate) overfull: bool,
}

/// What matching may cost for all of a page.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
}

// === impl Work ===

impl Work {
    /// In proportion to the page, so that reading it takes time linear in its size.
    pub(crate) const fn for_page(bytes: usize) -> Self {
        Self { left: 100_000 + 2 * bytes as u64 }
    }

    pub(crate) fn spend(&mut self, cost: u64) {
        self.left = self.left.saturating_sub(cost);
    }

    pub(crate) const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

// === impl Sheet ===

impl Sheet {
    /// Adds the rules that hold on a person's screen.
    pub(crate) fn add(&mut self, css: &str) {
        let mut tokens = Tokens::new(css);
        // the at-rules that are open: how many, for what is beyond the depth that is told apart is passed over
        let mut depth = 0usize;
        loop {
            let from = tokens.at();
            let Some(token) = tokens.solid() else { return };
            match token {
                Token::Close(b'}') => depth = depth.saturating_sub(1),
                // `<!--` and `-->` may stand around a sheet
                Token::Other('<') if tokens.slice(from, from + 16).trim_start().starts_with("<!--") => {
                    while tokens.slice(tokens.at(), tokens.at() + 1).starts_with(['!', '-']) {
                        tokens.next();
                    }
                }
                Token::Ident(name) if &*name == "--" && tokens.slice(tokens.at(), tokens.at() + 1) == ">" => {
                    tokens.next();
                }
                Token::At(name) => match at_rule(&lower(name), &mut tokens) {
                    AtRule::Open if depth < DEPTH => depth += 1,
                    AtRule::Open | AtRule::Skip => skip_block(&mut tokens, b'{'),
                    AtRule::Done => {}
                },
                _ => self.rule(from, token, &mut tokens),
            }
        }
    }

    fn rule<'a>(&mut self, from: usize, first: Token<'a>, css: &mut Tokens<'a>) {
        let mut to = from;
        let mut next = Some(first);
        loop {
            match next {
                None => return,
                Some(Token::Open(b'{')) => break,
                Some(Token::Open(open)) => skip_block(css, open),
                Some(Token::Function(_)) => skip_block(css, b'('),
                Some(_) => {}
            }
            to = css.at();
            next = css.next();
        }
        let selectors = css.slice(from, to);
        let inside = css.at();
        let block = Block::take(css, self.quirks);
        if block.disguised && self.disguised.is_none() {
            self.disguised = Some(css.slice(inside, css.at()).to_owned());
        }
        if block.says_nothing() {
            return;
        }
        if self.rules.len() >= SELECTORS {
            self.overfull = true;
            return;
        }
        let Some(selectors) = selector::parse_list(selectors) else { return };
        self.blocks.push(block);
        for selector in selectors {
            if self.rules.len() >= SELECTORS {
                self.overfull = true;
                return;
            }
            self.keep(selector);
        }
    }

    fn keep(&mut self, selector: Selector) {
        let rule = self.rules.len();
        let Some((last, _)) = selector.parts.first() else { return };
        let id = last.tests.iter().find_map(|test| if let Test::Id(id) = test { Some(id) } else { None });
        let class =
            last.tests.iter().find_map(|test| if let Test::Class(class) = test { Some(class) } else { None });
        match (id, class, last.name) {
            (Some(id), _, _) => self.by_id.entry(id.to_ascii_lowercase()).or_default().push(rule),
            (None, Some(class), _) => self.by_class.entry(class.to_ascii_lowercase()).or_default().push(rule),
            (None, None, Some(name)) => self.by_name.entry(name).or_default().push(rule),
            (None, None, None) => self.for_all.push(rule),
        }
        self.rules.push((selector, self.blocks.len().saturating_sub(1)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether some rule is about a class of that name.
    pub(crate) fn knows_class(&self, class: &str) -> bool {
        self.by_class.contains_key(class)
    }

    /// What the rules and `inline` say of an element, in the order of the cascade, on top of `style`, which is what its
    /// attributes say.
    pub(crate) fn cascade(
        &self,
        tag: &Tag<'_>,
        at: &dyn Ancestry,
        style: &mut Style,
        inline: Option<&Block>,
        work: &mut Work,
    ) {
        let meant = if self.is_empty() { Vec::new() } else { self.rules_for(tag, at, work) };
        let blocks = || meant.iter().filter_map(|(_, _, block)| self.blocks.get(*block));
        for block in blocks().chain(inline) {
            block.add_to(style);
        }
        for block in blocks().chain(inline) {
            block.add_important_to(style);
        }
    }

    /// The rules that mean an element, the weightiest last: weight, number, block.
    fn rules_for(&self, tag: &Tag<'_>, at: &dyn Ancestry, work: &mut Work) -> Vec<(u32, usize, usize)> {
        let mut meant = Vec::new();
        let mut consider = |rules: &[usize]| {
            for (selector, block, rule) in rules
                .iter()
                .filter_map(|rule| self.rules.get(*rule).map(|(selector, block)| (selector, *block, *rule)))
            {
                if work.is_spent() {
                    return;
                }
                let mut cost = 0;
                if selector.matches(tag, at, self.quirks, &mut cost) {
                    meant.push((selector.weight, rule, block));
                    cost += MEANT;
                }
                work.spend(cost);
            }
        };
        consider(&self.for_all);
        if !self.by_name.is_empty()
            && let Some(rules) = self.by_name.get(&tag.name)
        {
            consider(rules);
        }
        if !self.by_id.is_empty()
            && let Some(id) = tag.get(Attr::ID)
            && let Some(rules) = self.by_id.get(&*lower(id))
        {
            consider(rules);
        }
        if !self.by_class.is_empty()
            && let Some(classes) = tag.get(Attr::CLASS)
        {
            for class in lower(classes).split_ascii_whitespace().take(64) {
                if let Some(rules) = self.by_class.get(class) {
                    consider(rules);
                }
            }
        }
        meant.sort_unstable();
        meant.dedup();
        meant
    }
}

enum AtRule {
    /// Its rules hold: they follow.
    Open,
    /// Its block is to be passed over.
    Skip,
    /// It had no block.
    Done,
}

/// After the name of an at-rule, through its `{` or `;`.
fn at_rule(name: &str, css: &mut Tokens<'_>) -> AtRule {
    let from = css.at();
    let mut to = from;
    loop {
        match css.next() {
            None | Some(Token::Semicolon) => return AtRule::Done,
            Some(Token::Open(b'{')) => break,
            Some(_) => to = css.at(),
        }
    }
    let prelude = css.slice(from, to);
    let holds = match name {
        "media" => media::holds(Tokens::new(prelude)),
        // what browsers support is not known here, but that they support it is what is asked for
        "supports" => !prelude.trim_start().get(..3).is_some_and(|word| word.eq_ignore_ascii_case("not")),
        "layer" | "scope" | "container" => true,
        _ => false,
    };
    if holds { AtRule::Open } else { AtRule::Skip }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_keeps_no_more_than_it_can_match() {
        let mut sheet = Sheet::default();
        sheet.add(&".x{display:none}".repeat(SELECTORS * 2));
        assert!(sheet.overfull);
        assert_eq!((sheet.rules.len(), sheet.blocks.len()), (SELECTORS, SELECTORS));
    }
}
