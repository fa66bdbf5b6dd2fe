//! What is to be said of a page once it was read.

use clean_content::{Finding, Severity};

use super::Reader;
use crate::html::{disagree, page::Page};

impl<'a> Reader<'a> {
    /// Whether another parser reads another text; only asked where something odd was met.
    pub(in crate::html) fn parsers_disagree(&self, html: &'a str) -> Option<bool> {
        if !self.odd {
            return Some(false);
        }
        // html5ever would take long over what was too much for us
        if self.tree.too_deep || self.work.is_spent() || self.cut {
            return None;
        }
        let ours = |page: &Page, html: &str| {
            let Page { visible, hidden, folded, title, form_words, .. } = page;
            disagree::disagrees(html, &[visible, hidden, folded, title], form_words)
        };
        let fits = |end: &usize| html.is_char_boundary(*end);
        let end = (0..=html.len().min(disagree::COMPARED)).rev().find(fits)?;
        let head = html.get(..end)?;
        if head.len() == html.len() {
            return ours(&self.page, html);
        }
        let mut reader = Reader::new(head);
        reader.read(head);
        ours(&reader.page, head)
    }

    /// Whether some of the page was passed over, so that what is hidden may not be known.
    pub(in crate::html) fn doubt(&self) -> Option<Finding> {
        let passed_over = self.tree.too_deep
            || self.work.is_spent()
            || self.sheet.overfull
            || self.cut && !self.sheet.is_empty();
        passed_over.then(|| Finding {
            kind: "not-fully-read".into(),
            place: "html".into(),
            severity: Severity::Medium,
            reason: "The page is nested so deeply or styled so much that it was not all worked out: what a person \
                     does not see may be taken for seen."
                .into(),
            evidence: String::new(),
        })
    }
}
