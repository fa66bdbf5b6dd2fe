//! Reads a page from its beginning to its end, and sorts what it says.

use clean_content::{Finding, Severity};

use super::{
    css::{Block, Paint, Sheet, Style, Work},
    element::{self, BLOCK, PARAGRAPH},
    link::Links,
    look::{Look, Markup, Place},
    name::Name,
    page::{Page, Shelf, push_flowing, push_line},
    sends::Sends,
    tag::Tag,
    token::{Token, Tokens},
    tree::Tree,
};

/// Class names that frameworks have for text that only screen readers are to read.
const FOR_SCREEN_READERS: [&str; 6] = [
    "sr-only",
    "visually-hidden",
    "visuallyhidden",
    "screen-reader-text",
    "screen-reader-only",
    "screenreader-only",
];

/// What one formatting element that is opened again costs of a page's [`Work`].
const ROOTS: [&str; 2] = ["html", "body"];

const REOPENING: u64 = 10;

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
            has_root: [false; 2],
            roots_unsettled: true,
        }
    }

    /// The same page, now that all of its style sheets are known.
    pub(super) fn again(self, html: &str) -> Self {
        let mut reader = Self::new(html);
        if let Some(tag) = self.late_root {
            let style = style_of(&self.sheet, &tag, &Tree::new(Look::PAGE).spot(0), &mut reader.work).0;
            reader.tree = Tree::new(Look::PAGE.inside(&tag, &style, false));
        }
        Self { sheet: self.sheet, disguised: self.disguised, again: true, ..reader }
    }

    pub(super) fn read(&mut self, html: &'a str) {
        for root in ROOTS {
            let look = self.tree.look();
            self.tree.push(Tag::new(root), look, self.tree.depth());
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
            Place::Title if self.page.title.is_empty() => push_line(&mut self.page.title, text),
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
                    raw = matches!(tag.name.as_str(), "style" | "script" | "xml");
                    tag.sayings().for_each(|saying| push_line(&mut self.page.attributes, &saying));
                }
                Token::Close(_) => raw = false,
                Token::Comment(text) => push_line(&mut self.page.comments, text),
            }
        }
    }

    /// The page's own elements, which are there without tags, look as the sheets that were read by now say.
    fn settle_roots(&mut self) {
        if !self.roots_unsettled || self.tree.depth() > 2 {
            return;
        }
        self.roots_unsettled = false;
        for at in 0..self.tree.depth() {
            if let Some(tag) = self.tree.tag_at(at).cloned() {
                let look = self.look_of(&tag, at);
                self.tree.settle(at, look);
            }
        }
    }

    fn open(&mut self, tag: Tag<'a>) {
        let name = tag.name;
        tag.sayings().for_each(|saying| push_line(&mut self.page.attributes, &saying));
        self.cut |= tag.cut;
        let fits = self.tree.make_room(&tag, self.sheet.quirks);
        if !self.again {
            self.note_sheet(&tag);
        }
        let kind = tag.kind;
        self.end_styled_blocks();
        if fits {
            self.separate(name, kind, false);
        }
        if !fits || name.as_str() == "head" || self.is_root(&tag) {
            return;
        }
        if !matches!(name.as_str(), "meta" | "title" | "link" | "style" | "script" | "base") {
            self.settle_roots();
        }
        if kind & BLOCK == 0 {
            self.reopen();
        }
        let depth = self.tree.depth_for(fits_in_table(&tag));
        let look = self.look_of(&tag, depth);
        if look.block {
            self.page.apart('\n');
        }
        self.links.open(&tag, &self.page.visible, &mut self.page.attributes);
        self.sends.see(&tag);
        self.form_words(&tag, look);
        if name.as_str() == "iframe"
            && let Some(inside) = tag.get("srcdoc")
        {
            self.frames.push(inside.into_owned());
        }
        let place = look.place;
        let told_apart = self.tree.push(tag, look, depth);
        self.beyond = (!told_apart && place != Place::Page).then_some(place);
    }

    /// `<html>` and `<body>`: a second one, or one behind text, still says how all of the page looks.
    fn is_root(&mut self, tag: &Tag<'a>) -> bool {
        let Some(at) = ROOTS.iter().position(|root| tag.name.as_str() == *root) else { return false };
        let Some(seen) = self.has_root.get_mut(at) else { return false };
        let first = !std::mem::replace(seen, true);
        if first && self.page.visible.trim().is_empty() {
            self.tree.retag(at, tag.clone());
            self.roots_unsettled = true;
        } else if !self.again
            && self.late_root.is_none()
            && ["style", "class", "id", "hidden", "bgcolor", "text"].iter().any(|name| tag.has(name))
        {
            self.late_root = Some(tag.clone());
            self.read_again = true;
        }
        true
    }

    /// A linked sheet in an address of its own.
    fn note_sheet(&mut self, tag: &Tag<'_>) {
        if tag.name.as_str() == "link"
            && tag.get("rel").is_some_and(|rel| rel.to_ascii_lowercase().contains("stylesheet"))
            && let Some(css) = tag.get("href").as_deref().and_then(super::address::data_text)
        {
            self.sheet.add(&css);
            self.read_again |= !self.page.visible.trim().is_empty();
            push_line(&mut self.page.code, &css);
        }
    }

    fn look_of(&mut self, tag: &Tag<'a>, depth: usize) -> Look {
        let parent = self.tree.look_at(depth);
        let (style, disguised) = style_of(&self.sheet, tag, &self.tree.spot(depth), &mut self.work);
        if disguised && self.disguised.is_none() {
            self.disguised = tag.get("style").map(|style| style.into_owned());
        }
        let named_hidden = tag.get("class").is_some_and(|classes| {
            classes
                .split_ascii_whitespace()
                .any(|class| FOR_SCREEN_READERS.contains(&class) && !self.sheet.knows_class(class))
        });
        let mut look = parent.inside(tag, &style, named_hidden);
        // a sheet that is not for screens says nothing, and is kept as code
        if look.place == Place::Sheet
            && tag.get("media").is_some_and(|media| !super::css::holds_on_screen(&media))
        {
            look.place = Place::Code;
        }
        look
    }

    /// Words that stand in attributes and are shown: on buttons and in fields.
    fn form_words(&mut self, tag: &Tag<'_>, look: Look) {
        if tag.name.as_str() != "input" {
            return;
        }
        let kind = tag.get("type").unwrap_or_default().to_ascii_lowercase();
        let words = match &*kind {
            "hidden" | "checkbox" | "radio" | "file" | "image" | "password" | "range" | "color" => None,
            "submit" | "button" | "reset" => tag.get("value"),
            _ => tag.get("value").filter(|value| !value.is_empty()).or_else(|| tag.get("placeholder")),
        };
        if let Some(words) = words {
            push_flowing(self.page.shelf(Self::shelf(look)), &words);
        }
    }

    /// Opens again what went on behind the end of its block.
    fn reopen(&mut self) {
        if !self.tree.is_interrupted() || self.work.is_spent() {
            return;
        }
        for tag in self.tree.take_interrupted() {
            self.work.spend(REOPENING);
            let depth = self.tree.depth_for(false);
            let look = self.look_of(&tag, depth);
            self.tree.push(tag, look, depth);
        }
    }

    fn close(&mut self, name: Name) {
        self.beyond = None;
        if name.as_str() == "a" {
            self.links.end(&self.page.visible);
        }
        if name.as_str() == "br" || name.as_str() == "p" && !self.tree.is_open(name) {
            self.line_break();
        }
        let stray_cell = matches!(name.as_str(), "td" | "th") && !self.tree.is_open(name);
        self.tree.close(name);
        self.end_styled_blocks();
        for at in self.tree.take_unsettled() {
            if self.work.is_spent() {
                break;
            }
            self.work.spend(REOPENING);
            if let Some(tag) = self.tree.tag_at(at).cloned() {
                let look = self.look_of(&tag, at);
                self.tree.settle(at, look);
            }
        }
        if !stray_cell {
            self.separate(name, element::kind(name), true);
        }
    }

    fn end_styled_blocks(&mut self) {
        if std::mem::take(&mut self.tree.ended_block) {
            self.page.apart('\n');
        }
    }

    /// Blocks stand on lines of their own, cells apart.
    fn separate(&mut self, name: Name, kind: u16, closes: bool) {
        match name.as_str() {
            "br" | "hr" if !closes => self.line_break(),
            "td" | "th" => self.page.apart(' '),
            _ if kind & BLOCK != 0 => {
                self.page.apart('\n');
                if kind & PARAGRAPH != 0 {
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

    /// Whether some of the page was passed over, so that what is hidden may not be known.
    pub(super) fn doubt(&self) -> Option<Finding> {
        let passed_over = self.tree.too_deep
            || self.work.is_spent()
            || self.sheet.overfull
            || self.cut && !self.sheet.is_empty();
        passed_over.then(|| Finding {
            kind: "not-fully-read".into(),
            place: "html".into(),
            severity: Severity::Low,
            reason: "The page is nested so deeply or styled so much that it was not all worked out: what a person \
                     does not see may be taken for seen."
                .into(),
            evidence: String::new(),
        })
    }
}

fn fits_in_table(tag: &Tag<'_>) -> bool {
    tag.kind & (element::TABLE | element::TABLE_PART) != 0
        || matches!(tag.name.as_str(), "style" | "script" | "template" | "form" | "tr")
        || tag.name.as_str() == "input"
            && tag.get("type").is_some_and(|kind| kind.eq_ignore_ascii_case("hidden"))
}

/// What sheets and the element itself say, and whether that is written so that it is not recognised.
fn style_of(sheet: &Sheet, tag: &Tag<'_>, at: &super::tree::Spot<'_, '_>, work: &mut Work) -> (Style, bool) {
    let inline = tag.get("style").map(|css| Block::inline(&css, sheet.quirks));
    let mut style = presentation(tag);
    sheet.cascade(tag, at, &mut style, inline.as_ref(), work);
    (style, inline.is_some_and(|inline| inline.disguised))
}

/// What old attributes say.
fn presentation(tag: &Tag<'_>) -> Style {
    let paint = |name: &str| tag.get(name).and_then(|value| Paint::legacy(&value));
    let mut style = Style::default();
    match tag.name.as_str() {
        "font" => style.colour = paint("color"),
        "body" | "table" | "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "marquee" => {
            style.background = paint("bgcolor");
            style.pictured = tag.get("background").filter(|value| !value.trim().is_empty()).map(|_| true);
            if tag.name.as_str() == "body" {
                style.colour = paint("text");
            }
        }
        "text" | "tspan" | "g" | "svg" | "textpath" | "a" => {
            for name in ["fill", "opacity", "display", "visibility", "font-size"] {
                if let Some(value) = tag.get(name) {
                    style.declare(name, &value, true);
                }
            }
        }
        _ => {}
    }
    style
}

fn has_doctype(html: &str) -> bool {
    let mut rest = html.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while let Some(comment) = rest.strip_prefix("<!--") {
        rest = comment.split_once("-->").map_or("", |(_, after)| after).trim_start();
    }
    rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
}
