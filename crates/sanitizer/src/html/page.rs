//! What a page says, sorted by who comes to see it.

use crate::{
    plain::Kinds,
    view::{Sight, View},
};

#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) visible: String,
    pub(super) hidden: String,
    /// What is shown on a click only.
    pub(super) folded: String,
    pub(super) comments: String,
    pub(super) attributes: String,
    pub(super) code: String,
    pub(super) title: String,
    /// Words that stand in attributes and are shown.
    pub(super) form_words: String,
}

/// Which of a page's texts something is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Visible,
    Hidden,
    Folded,
}

// === impl Page ===

impl Page {
    pub(super) fn shelf(&mut self, shelf: Shelf) -> &mut String {
        match shelf {
            Shelf::Visible => &mut self.visible,
            Shelf::Hidden => &mut self.hidden,
            Shelf::Folded => &mut self.folded,
        }
    }

    /// A new line on all shelves, or a gap, but not where nothing stands yet.
    pub(super) fn apart(&mut self, mark: char) {
        for to in [&mut self.visible, &mut self.hidden, &mut self.folded] {
            let is_apart = to.is_empty() || to.ends_with('\n') || mark == ' ' && to.ends_with(' ');
            if !is_apart {
                to.push(mark);
            }
        }
    }

    pub(super) fn paragraph(&mut self) {
        if !self.visible.is_empty() && !self.visible.ends_with("\n\n") {
            self.visible.push('\n');
        }
    }

    pub(super) fn into_view(self) -> View {
        let mut view = View::of_text(under_title(&self.title, self.visible));
        view.pass("html:hidden", self.hidden, Sight::Hidden);
        view.pass("html:closed details", self.folded, Sight::Aside);
        view.pass("html:comment", self.comments, Sight::Aside);
        view.pass("html:attribute", self.attributes, Sight::Aside);
        view.pass("html:script", self.code, Sight::Aside);
        view.pass("html:title", self.title.as_str(), Sight::Shown);
        if !self.title.trim().is_empty() {
            view.metadata.subject = Some(self.title);
        }
        view
    }
}

/// A page's text begins with its title, as a mail's with its subject: a person sees it first.
fn under_title(title: &str, text: String) -> String {
    if title.trim().is_empty() { text } else { format!("{}\n\n{text}", title.trim()) }
}

pub(super) fn push_line(to: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        if !to.is_empty() {
            to.push('\n');
        }
        to.push_str(text);
    }
}

/// Line breaks in the source are spaces on the page.
pub(super) fn push_flowing(to: &mut String, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let (words, after) = rest.split_at_checked(flowing(rest)).unwrap_or((rest, ""));
        to.push_str(words);
        let space = after.bytes().take_while(|b| SPACES.kind(*b) != 0).count();
        rest = after.get(space..).unwrap_or_default();
        if space > 0 && !to.is_empty() && !to.ends_with([' ', '\n']) {
            to.push(' ');
        }
    }
}

const SPACE: u8 = 1 << 0;
const OTHER_SPACE: u8 = 1 << 1;
static SPACES: Kinds = Kinds::of(&[(b" \t\n\r\x0c", SPACE), (b"\t\n\r\x0c", OTHER_SPACE)]);

/// How much stands at the beginning as it stands on the page: words, and one space behind each.
fn flowing(text: &str) -> usize {
    let mut before = SPACE;
    let is_spare = |b: u8| {
        let this = SPACES.kind(b);
        let spare = this & before & SPACE | this & OTHER_SPACE;
        before = this;
        spare != 0
    };
    text.bytes().position(is_spare).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn space_between_words_is_one_space() {
        let check = |before: &str, text: &str, after: &str| {
            let mut to = before.to_owned();
            push_flowing(&mut to, text);
            assert_eq!(to, after);
        };
        check("", " a \n\t b ", "a b ");
        check("a", "b", "ab");
        check("a ", " b", "a b");
        check("a\n", " b", "a\nb");
        check("a", " \u{a0}b", "a \u{a0}b");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn text_flows_as_it_does_word_by_word(before in "[a \n]{0,2}", text in "[ab\u{a0}\u{e9} \t\n\r\u{c}]{0,20}") {
            let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
            let mut expected = before.clone();
            for (at, word) in text.split(is_space).enumerate() {
                if at > 0 && !expected.is_empty() && !expected.ends_with([' ', '\n']) {
                    expected.push(' ');
                }
                expected.push_str(word);
            }
            let mut to = before;
            push_flowing(&mut to, &text);
            prop_assert_eq!(to, expected);
        }
    }
}
