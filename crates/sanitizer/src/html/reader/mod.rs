//! Reads a page from its beginning to its end, and sorts what it says.

mod looks;
mod roots;
mod verdict;
mod words;

use super::{
    attribute::Attr,
    css::{Sheet, Work},
    element::{self, BLOCK, Known, ODD, PARAGRAPH, SPECIAL},
    inline::Inline,
    link::Links,
    look::{Look, Markup, Place},
    name::Name,
    page::{Page, push_line},
    sends::Sends,
    styles::said_of,
    tag::Tag,
    token::{Token, Tokens},
    tree::Tree,
};
use roots::ROOTS;

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
    inline: Inline<'a>,
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
            inline: Inline::default(),
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
            let said = said_of(
                &self.sheet,
                &mut reader.inline,
                &tag,
                &Tree::new(Look::PAGE).spot(0),
                &mut reader.work,
            );
            let style = said.as_ref().map(|said| &said.style);
            reader.tree = Tree::new(Look::PAGE.inside(&tag, style, false));
        }
        Self { sheet: self.sheet, disguised: self.disguised, again: true, ..reader }
    }

    pub(super) fn read(&mut self, html: &'a str) {
        for root in ROOTS {
            let look = *self.tree.look();
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
