//! Reads a page from its beginning to its end, and sorts what it says.

mod looks;
mod roots;
mod verdict;

use super::{
    attribute::Attr,
    css::{Sheet, Work},
    element::{self, BLOCK, Known, ODD, PARAGRAPH, SPECIAL},
    link::Links,
    look::{Look, Markup, Place},
    name::Name,
    page::{Page, Shelf, push_flowing, push_line},
    sends::Sends,
    styles::said_of,
    tag::Tag,
    token::{Token, Tokens},
    tree::Tree,
};
use roots::ROOTS;

/// Bytes of a title: more than any browser shows.
const TITLE: usize = 64 * 1024;

pub(super) struct Reader<'a> {
    pub(super) sheet: Sheet,
    /// What of the page's root was said too late for what stands before it.
    pub(super) late_root: Option<Tag<'a>>,
    pub(super) read_again: bool,
    pub(super) tree: Tree<'a>,
    pub(super) page: Page,
    pub(super) links: Links,
    pub(super) sends: Sends,
    pub(super) work: Work,
    /// Pages inside the page.
    pub(super) frames: Vec<String>,
    /// Attributes were left out, or a style named by tricks of spelling.
    pub(super) cut: bool,
    pub(super) disguised: Option<String>,
    /// An element beyond the depth that is told apart holds code.
    beyond: Option<Place>,
    again: bool,
    /// Something was met that other parsers may read otherwise.
    odd: bool,
    /// Tags of the page's own elements were seen.
    has_root: [bool; 2],
    roots_unsettled: bool,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(html: &str) -> Self {
        let mut sheet = Sheet::default();
        sheet.quirks = !has_doctype(html);
        Self {
            sheet,
            late_root: None,
            read_again: false,
            tree: Tree::new(Look::PAGE),
            page: Page::default(),
            links: Links::default(),
            sends: Sends::default(),
            work: Work::for_page(html.len()),
            frames: Vec::new(),
            cut: false,
            disguised: None,
            beyond: None,
            again: false,
            odd: false,
            has_root: [false; 2],
            roots_unsettled: true,
        }
    }

    /// The same page, now that all of its style sheets are known.
    pub(super) fn again(self, html: &str) -> Self {
        let mut reader = Self::new(html);
        if let Some(tag) = self.late_root {
            let said = said_of(&self.sheet, &tag, &Tree::new(Look::PAGE).spot(0), &mut reader.work);
            let style = said.as_ref().map(|said| &said.style);
            reader.tree = Tree::new(Look::PAGE.inside(&tag, style, false));
        }
        Self { sheet: self.sheet, disguised: self.disguised, again: true, ..reader }
    }

    pub(super) fn read(&mut self, html: &'a str) {
        for root in ROOTS {
            let look = self.tree.look();
            self.tree.push(Tag::of(root), look, self.tree.depth());
        }
        let mut tokens = Tokens::new(html);
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(text) => self.text(&text),
                Token::Open(tag) => self.open(tag),
                Token::Close(name) => self.close(name),
                Token::Comment(text) => self.comment(text),
            }
            tokens.in_foreign = self.tree.look().markup == Markup::Foreign;
            if tokens.in_foreign {
                tokens.go_on_as_markup();
            }
        }
        self.odd |= tokens.odd || memchr::memchr(0, html.as_bytes()).is_some();
        self.links.end(&self.page.visible);
    }

    fn shelf(look: Look) -> Shelf {
        match (look.is_seen(), look.folded) {
            (false, _) => Shelf::Hidden,
            (true, true) => Shelf::Folded,
            (true, false) => Shelf::Visible,
        }
    }

    fn text(&mut self, text: &str) {
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
    fn comment(&mut self, text: &str) {
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

    fn open(&mut self, tag: Tag<'a>) {
        let name = tag.name;
        tag.sayings().for_each(|saying| push_line(&mut self.page.attributes, &saying));
        self.cut |= tag.cut;
        self.odd |= tag.name.kind & ODD != 0 || tag.holds_markup;
        let fits = self.tree.make_room(&tag, self.sheet.quirks);
        self.settle();
        if !self.again {
            self.note_sheet(&tag);
        }
        self.end_styled_blocks();
        if fits {
            self.separate(name, false);
        }
        if !fits || name.known == Known::HEAD || self.is_root(&tag) {
            return;
        }
        if !matches!(
            name.known,
            Known::META | Known::TITLE | Known::LINK | Known::STYLE | Known::SCRIPT | Known::BASE
        ) {
            self.settle_roots();
        }
        if reopens(&tag) {
            self.reopen();
        }
        while let Some(missing) = self.tree.missing(name) {
            let (part, depth) = (Tag::of(missing), self.tree.depth());
            let look = self.look_of(&part, depth);
            if !self.tree.push(part, look, depth) {
                break;
            }
        }
        let depth = self.tree.depth_for(fits_in_table(&tag));
        let look = self.look_of(&tag, depth);
        if look.block {
            self.page.apart('\n');
        }
        self.links.open(&tag, &self.page.visible, &mut self.page.attributes);
        self.sends.see(&tag);
        self.form_words(&tag, look);
        if name.known == Known::IFRAME
            && let Some(inside) = tag.get(Attr::SRCDOC)
        {
            self.frames.push(inside.into_owned());
        }
        let place = look.place;
        let told_apart = self.tree.push(tag, look, depth);
        self.beyond = (!told_apart && place != Place::Page).then_some(place);
    }

    /// A linked sheet in an address of its own.
    fn note_sheet(&mut self, tag: &Tag<'_>) {
        if tag.name.known == Known::LINK
            && tag.get(Attr::REL).is_some_and(|rel| rel.to_ascii_lowercase().contains("stylesheet"))
            && let Some(css) = tag.get(Attr::HREF).as_deref().and_then(super::address::data_text)
        {
            self.sheet.add(&css);
            self.read_again |= !self.page.visible.trim().is_empty();
            push_line(&mut self.page.code, &css);
        }
    }

    /// Words that stand in attributes and are shown: on buttons and in fields.
    fn form_words(&mut self, tag: &Tag<'_>, look: Look) {
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
            push_flowing(self.page.shelf(Self::shelf(look)), &words);
        }
    }

    fn close(&mut self, name: Name) {
        self.beyond = None;
        if name.known == Known::A {
            self.links.end(&self.page.visible);
        }
        if name.known == Known::BR || name.known == Known::P && !self.tree.is_open(name) {
            self.line_break();
        }
        let stray_cell = matches!(name.known, Known::TD | Known::TH) && !self.tree.is_open(name);
        self.tree.close(name);
        self.end_styled_blocks();
        self.settle();
        if !stray_cell {
            self.separate(name, true);
        }
    }

    fn end_styled_blocks(&mut self) {
        if std::mem::take(&mut self.tree.ended_block) {
            self.page.apart('\n');
        }
    }

    /// Blocks stand on lines of their own, cells apart.
    fn separate(&mut self, name: Name, closes: bool) {
        match name.known {
            Known::BR | Known::HR if !closes => self.line_break(),
            Known::TD | Known::TH => self.page.apart(' '),
            _ if name.kind & BLOCK != 0 => {
                self.page.apart('\n');
                if name.kind & PARAGRAPH != 0 {
                    self.page.paragraph();
                }
            }
            _ => {}
        }
    }

    fn line_break(&mut self) {
        let shelf = Self::shelf(self.tree.look());
        self.page.shelf(shelf).push('\n');
    }
}

/// Whether formatting that was interrupted goes on around it.
fn reopens(tag: &Tag<'_>) -> bool {
    tag.name.kind & SPECIAL == 0
        || matches!(
            tag.name.known,
            Known::BR
                | Known::IMG
                | Known::INPUT
                | Known::BUTTON
                | Known::SELECT
                | Known::AREA
                | Known::EMBED
                | Known::WBR
                | Known::KEYGEN
                | Known::OBJECT
                | Known::APPLET
                | Known::MARQUEE
                | Known::XMP
        )
}

fn fits_in_table(tag: &Tag<'_>) -> bool {
    tag.name.kind & (element::TABLE | element::TABLE_PART) != 0
        || matches!(tag.name.known, Known::STYLE | Known::SCRIPT | Known::TEMPLATE | Known::FORM | Known::TR)
        || tag.name.known == Known::INPUT
            && tag.get(Attr::TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"))
}

fn has_doctype(html: &str) -> bool {
    let mut rest = html.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while let Some(comment) = rest.strip_prefix("<!--") {
        rest = comment.split_once("-->").map_or("", |(_, after)| after).trim_start();
    }
    rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
}
