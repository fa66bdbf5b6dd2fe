//! What a page says: in text, in comments, in style sheets and on buttons.

use super::Reader;
use crate::html::{
    address,
    attribute::Attr,
    element::Known,
    look::{Look, Place},
    page::{Shelf, push_flowing, push_line},
    tag::Tag,
    token::{Token, Tokens},
};

/// Bytes of a title: more than any browser shows.
const TITLE: usize = 64 * 1024;

impl Reader<'_> {
    pub(super) fn shelf(look: &Look) -> Shelf {
        match (look.is_seen(), look.folded) {
            (false, _) => Shelf::Hidden,
            (true, true) => Shelf::Folded,
            (true, false) => Shelf::Visible,
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        let blank = text.bytes().all(|b| b.is_ascii_whitespace());
        let place = self.beyond.unwrap_or_else(|| self.tree.look().place);
        match place {
            Place::Title if self.page.title.is_empty() => {
                let fits = |end: &usize| text.is_char_boundary(*end);
                let end = (0..=TITLE.min(text.len())).rev().find(fits).unwrap_or_default();
                let (shown, beyond) = text.split_at_checked(end).unwrap_or((text, ""));
                push_line(&mut self.page.title, shown);
                push_line(&mut self.page.hidden, beyond);
            }
            // only the first is the page's
            Place::Title => push_line(&mut self.page.hidden, text),
            Place::Code => push_line(&mut self.page.code, text),
            Place::Sheet => {
                if !self.again {
                    self.sheet.add(text);
                    self.roots_unsettled = true;
                    self.read_again |= !self.page.visible.trim().is_empty() && !self.sheet.is_empty();
                }
                push_line(&mut self.page.code, text);
            }
            Place::Page => {
                if !blank {
                    self.settle_roots();
                    self.reopen();
                }
                let look = self.tree.look_at(self.tree.depth_for(blank));
                let to = self.page.shelf(Self::shelf(look));
                if look.keeps_lines { to.push_str(text) } else { push_flowing(to, text) }
            }
        }
    }

    /// What a comment says; of a conditional one, which some mail programs show, what they show.
    pub(super) fn comment(&mut self, text: &str) {
        let conditional = text.trim_start().starts_with("[if") && text.contains('<');
        if !conditional {
            return push_line(&mut self.page.comments, text);
        }
        let mut raw = false;
        let shown = text.split_once('>').map_or("", |(_, after)| after);
        for token in Tokens::new(shown.trim_end_matches("<![endif]")) {
            match token {
                Token::Text(text) if !raw => push_line(&mut self.page.comments, &text),
                Token::Text(text) => push_line(&mut self.page.code, &text),
                Token::Open(tag) => {
                    raw = matches!(tag.name.known, Known::STYLE | Known::SCRIPT | Known::XML);
                    tag.sayings().for_each(|saying| push_line(&mut self.page.attributes, &saying));
                }
                Token::Close(_) => raw = false,
                Token::Comment(text) => push_line(&mut self.page.comments, text),
            }
        }
    }

    /// A linked sheet in an address of its own.
    pub(super) fn note_sheet(&mut self, tag: &Tag<'_>) {
        if tag.name.known == Known::LINK
            && tag.get(Attr::REL).is_some_and(|rel| rel.to_ascii_lowercase().contains("stylesheet"))
            && let Some(css) = tag.get(Attr::HREF).as_deref().and_then(address::data_text)
        {
            self.sheet.add(&css);
            self.read_again |= !self.page.visible.trim().is_empty();
            push_line(&mut self.page.code, &css);
        }
    }

    /// Words that stand in attributes and are shown: on buttons and in fields.
    pub(super) fn form_words(&mut self, tag: &Tag<'_>, look: Look) {
        if tag.name.known != Known::INPUT {
            return;
        }
        let kind = tag.get(Attr::TYPE).unwrap_or_default().to_ascii_lowercase();
        let words = match &*kind {
            "hidden" | "checkbox" | "radio" | "file" | "image" | "password" | "range" | "color" => None,
            "submit" | "button" | "reset" => tag.get(Attr::VALUE),
            _ => {
                tag.get(Attr::VALUE).filter(|value| !value.is_empty()).or_else(|| tag.get(Attr::PLACEHOLDER))
            }
        };
        if let Some(words) = words {
            push_line(&mut self.page.form_words, &words);
            push_flowing(self.page.shelf(Self::shelf(&look)), &words);
        }
    }
}
