//! The text of a page that a person would see, and apart from it what the page says to machines only.

mod element;
mod entity;
mod style;
mod token;

pub(crate) use entity::decode as decode_entities;

use std::collections::HashMap;

use clean_content::{Finding, Severity};

use crate::{
    show,
    view::{Sight, View},
};
use element::{is_block, is_void};
use style::{Paint, Sheet, Size, Style};
use token::{Name, Tag, Token, Tokens};

/// How many open elements are told apart; what is nested more deeply looks like its parent.
const DEPTH: usize = 2_000;

/// Reads a page. A second time, if a style sheet came after text that it may hide.
pub(crate) fn view(html: &str) -> View {
    let mut reader = Reader::new(Sheet::default());
    reader.read(html);
    if reader.sheet_came_late {
        let sheet = std::mem::take(&mut reader.sheet);
        reader = Reader::new(sheet);
        reader.read(html);
    }
    reader.into_view()
}

/// Whether a text without further notice is HTML: it begins as a page does, or has tags that only HTML has.
pub(crate) fn looks_like_html(text: &str) -> bool {
    let head: String = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<div",
        "<p>",
        "<p ",
        "<table",
        "<span",
        "<script",
        "<style",
        "<!--",
        "<meta",
        "<title",
    ]
    .iter()
    .any(|start| head.starts_with(start))
}

struct Reader {
    sheet: Sheet,
    sheet_came_late: bool,
    open: Vec<Element>,
    /// Open elements per name, so that a stray end tag costs nothing.
    counts: HashMap<Name, u32>,
    /// Elements nested too deeply to be told apart, per name.
    beyond: HashMap<Name, u32>,
    visible: String,
    hidden: String,
    comments: String,
    attributes: String,
    code: String,
    title: String,
    /// The host of the open link, and where its text begins.
    link: Option<(String, usize)>,
    /// The first link that shows another address than it leads to.
    false_link: Option<(String, String)>,
}

#[derive(Clone, Copy)]
struct Element {
    name: Name,
    look: Look,
}

/// How text directly in an element looks. Children inherit it.
#[derive(Clone, Copy)]
struct Look {
    /// For good: no child of it can be seen.
    lost: bool,
    invisible: bool,
    tiny: bool,
    colour: Paint,
    ground: Paint,
    preformatted: bool,
    place: Place,
}

/// Where text goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Title,
    Sheet,
    Code,
}

// === impl Reader ===

impl Reader {
    fn new(sheet: Sheet) -> Self {
        Self {
            sheet,
            sheet_came_late: false,
            open: Vec::new(),
            counts: HashMap::new(),
            beyond: HashMap::new(),
            visible: String::new(),
            hidden: String::new(),
            comments: String::new(),
            attributes: String::new(),
            code: String::new(),
            title: String::new(),
            link: None,
            false_link: None,
        }
    }

    fn read(&mut self, html: &str) {
        let had_sheet = !self.sheet.is_empty();
        for token in Tokens::new(html) {
            match token {
                Token::Text(text) => self.text(&text, had_sheet),
                Token::Open(tag) => self.open(&tag),
                Token::Close(name) => self.close(name),
                Token::Comment(text) => push_line(&mut self.comments, text),
            }
        }
    }

    fn into_view(self) -> View {
        let mut view = View::of_text(under_title(&self.title, self.visible));
        view.pass("html:hidden", self.hidden, Sight::Hidden);
        view.pass("html:comment", self.comments, Sight::Aside);
        view.pass("html:attribute", self.attributes, Sight::Aside);
        view.pass("html:script", self.code, Sight::Aside);
        view.pass("html:title", self.title.as_str(), Sight::Shown);
        if !self.title.trim().is_empty() {
            view.metadata.subject = Some(self.title);
        }
        if let Some((shown, target)) = self.false_link {
            view.findings.push(Finding {
                kind: "link-target".into(),
                place: "body".into(),
                severity: Severity::Low,
                reason: "A link shows one address and leads to another.".into(),
                evidence: show::evidence(&format!("{shown} -> {target}")),
            });
        }
        view
    }

    fn look(&self) -> Look {
        self.open.last().map_or(Look::PAGE, |element| element.look)
    }

    fn text(&mut self, text: &str, had_sheet: bool) {
        let look = self.look();
        match look.place {
            Place::Title => push_line(&mut self.title, text),
            Place::Code => push_line(&mut self.code, text),
            Place::Sheet => {
                if !had_sheet {
                    self.sheet.add(text);
                    self.sheet_came_late |= !self.visible.trim().is_empty() && !self.sheet.is_empty();
                }
                push_line(&mut self.code, text);
            }
            Place::Page => {
                let to = if look.is_seen() { &mut self.visible } else { &mut self.hidden };
                if look.preformatted {
                    to.push_str(text);
                } else {
                    push_flowing(to, text);
                }
            }
        }
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let name = tag.name.as_str();
        for saying in &tag.sayings {
            push_line(&mut self.attributes, saying);
        }
        self.close_implied(name);
        self.separate(name);

        let parent = self.look();
        let style = self.sheet.style_of(tag);
        let look = parent.inside(tag, style);
        if name == "a" {
            self.link = tag.get("href").and_then(host_of).map(|host| (host, self.visible.len()));
            if let Some(href) = tag.get("href").filter(|href| href.contains("%20") || href.contains('+')) {
                push_line(&mut self.attributes, href);
            }
        }
        if is_void(name) {
            return;
        }
        if self.open.len() >= DEPTH {
            *self.beyond.entry(tag.name).or_default() += 1;
            // its raw content still goes where it belongs
            if look.place != parent.place
                && let Some(last) = self.open.last_mut()
            {
                last.look.place = look.place;
            }
            return;
        }
        *self.counts.entry(tag.name).or_default() += 1;
        self.open.push(Element { name: tag.name, look });
    }

    fn close(&mut self, name: Name) {
        if name.as_str() == "a" {
            self.end_link();
        }
        if name.as_str() == "br" || name.as_str() == "p" && !self.is_open(name) {
            self.line_break();
        }
        if let Some(count) = self.beyond.get_mut(&name).filter(|count| **count > 0) {
            *count -= 1;
            if let Some(last) = self.open.last_mut() {
                last.look.place = Place::Page;
            }
        } else if self.is_open(name) {
            self.pop_through(name);
        }
        self.separate(name.as_str());
    }

    fn is_open(&self, name: Name) -> bool {
        self.counts.get(&name).is_some_and(|count| *count > 0)
    }

    fn pop_through(&mut self, name: Name) {
        while let Some(element) = self.open.pop() {
            if let Some(count) = self.counts.get_mut(&element.name) {
                *count = count.saturating_sub(1);
            }
            if element.name == name {
                break;
            }
        }
    }

    /// `<p>` ends a paragraph that is open, `<li>` an item, and so on, up to the element that holds them.
    fn close_implied(&mut self, name: &str) {
        let (closes, holders): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["table", "tbody", "thead", "tfoot"]),
            "option" => (&["option"], &["select", "datalist"]),
            _ if is_block(name) => {
                (&["p"], &["div", "td", "th", "li", "body", "table", "section", "article", "button"])
            }
            _ => return,
        };
        if !closes.iter().any(|close| self.is_open(Name::new(close))) {
            return;
        }
        for element in self.open.iter().rev().take(32) {
            if closes.contains(&element.name.as_str()) {
                return self.pop_through(element.name);
            }
            if holders.contains(&element.name.as_str()) {
                return;
            }
        }
    }

    /// Blocks stand on lines of their own, cells apart.
    fn separate(&mut self, name: &str) {
        match name {
            "br" | "hr" => self.line_break(),
            "td" | "th" => {
                for to in [&mut self.visible, &mut self.hidden] {
                    if !to.is_empty() && !to.ends_with([' ', '\n']) {
                        to.push(' ');
                    }
                }
            }
            _ if is_block(name) => {
                for to in [&mut self.visible, &mut self.hidden] {
                    if !to.is_empty() && !to.ends_with('\n') {
                        to.push('\n');
                    }
                }
                if matches!(name, "p" | "h1" | "h2" | "h3" | "h4" | "blockquote" | "table" | "ul" | "ol")
                    && !self.visible.is_empty()
                    && !self.visible.ends_with("\n\n")
                {
                    self.visible.push('\n');
                }
            }
            _ => {}
        }
    }

    fn line_break(&mut self) {
        if self.look().is_seen() {
            self.visible.push('\n');
        } else {
            self.hidden.push('\n');
        }
    }

    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else { return };
        let shown = self.visible.get(start..).unwrap_or_default().trim();
        if self.false_link.is_some()
            || shown.len() > 300
            || shown.contains(char::is_whitespace)
            || shown.contains('@')
        {
            return;
        }
        let says_address = shown.contains("://") || shown.to_ascii_lowercase().starts_with("www.");
        if let Some(host) = host_of(shown).filter(|_| says_address)
            && !target.ends_with(&host)
            && !host.ends_with(&target)
        {
            self.false_link = Some((shown.to_owned(), target));
        }
    }
}

// === impl Look ===

impl Look {
    const PAGE: Self = Self {
        lost: false,
        invisible: false,
        tiny: false,
        colour: Paint::BLACK,
        ground: Paint::WHITE,
        preformatted: false,
        place: Place::Page,
    };

    fn is_seen(&self) -> bool {
        !(self.lost || self.invisible || self.tiny || self.colour.vanishes_on(self.ground))
    }

    /// The look of a child.
    fn inside(self, tag: &Tag<'_>, style: Style) -> Self {
        let name = tag.name.as_str();
        let by_kind = matches!(
            name,
            "template" | "noscript" | "datalist" | "audio" | "video" | "canvas" | "object" | "rp"
        ) || matches!(name, "noembed" | "noframes" | "iframe")
            || name == "dialog" && tag.get("open").is_none();
        Self {
            lost: self.lost
                || by_kind
                || style.gone == Some(true)
                || style.lost.is_some()
                // `display` set by hand shows what the attribute hides
                || tag.get("hidden").is_some() && style.gone.is_none(),
            invisible: style.invisible.unwrap_or(self.invisible),
            tiny: match style.size {
                Some(Size::Tiny) => true,
                Some(Size::Readable) => false,
                Some(Size::Relative) | None => self.tiny,
            },
            colour: style.colour.unwrap_or(match name {
                // links and buttons have colours of their own
                "a" | "button" | "mark" if tag.get("href").is_some() || name != "a" => Paint::Unknown,
                _ => self.colour,
            }),
            ground: match style.background {
                Some(Paint::Transparent) | None => self.ground,
                Some(paint) => paint,
            },
            preformatted: self.preformatted
                || matches!(name, "pre" | "textarea" | "xmp" | "plaintext" | "listing"),
            place: match name {
                "title" => Place::Title,
                "style" => Place::Sheet,
                "script" => Place::Code,
                _ => self.place,
            },
        }
    }
}

/// A page's text begins with its title, as a mail's with its subject: a person sees it first.
fn under_title(title: &str, text: String) -> String {
    if title.trim().is_empty() { text } else { format!("{}\n\n{text}", title.trim()) }
}

fn push_line(to: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        if !to.is_empty() {
            to.push('\n');
        }
        to.push_str(text);
    }
}

/// Line breaks in the source are spaces on the page.
fn push_flowing(to: &mut String, text: &str) {
    for c in text.chars() {
        if !matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
            to.push(c);
        } else if !to.is_empty() && !to.ends_with([' ', '\n']) {
            to.push(' ');
        }
    }
}

fn host_of(address: &str) -> Option<String> {
    let after = address.split_once("://").map_or(address, |(_, after)| after);
    let host = after.split(['/', '?', '#', ':']).next()?.rsplit('@').next()?.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    (host.contains('.') && !host.contains(char::is_whitespace)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, visible: &str, hidden: &str) {
        let view = view(html);
        let passage = view.passages.iter().find(|p| p.sight == Sight::Hidden).map_or("", |p| p.text.trim());
        assert_eq!((view.visible.trim(), passage), (visible, hidden), "{html}");
    }

    #[test]
    fn what_a_person_sees_is_the_body() {
        check("<html><script>alert(1)</script><body>Hello</body></html>", "Hello", "");
        check("<p>one<p>two<br>three", "one\n\ntwo\nthree", "");
        check("a\n  b <b>ig</b>nore", "a b ignore", "");
        check("<pre>a\n  b</pre>", "a\n  b", "");
        check("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc", "");
        check("a<!-- c --><style>x</style><img alt='picture of me'>b", "ab", "");
        check("<head><title>T</title>text", "T\n\ntext", "");
    }

    #[test]
    fn what_a_person_does_not_see_is_kept_apart() {
        check("a<div style='display:none'>b</div>c", "a\nc", "b");
        check("a<p hidden>b<p>c", "a\n\nc", "b");
        check("<style>.x{display:none}</style>a<i class='y x'>b</i>c", "ac", "b");
        check("a<i class=x>b</i>c<style>.x{display:none}</style>", "ac", "b");
        check("<font color=white>b</font>a", "a", "b");
        check("<td bgcolor=black><font color=white>a</font></td>", "a", "");
        check("<td style='font-size:0'><span style='font-size:14px'>a</span>b</td>", "a", "b");
        check("<div style='visibility:hidden'>b<b style='visibility:visible'>a</b></div>", "a", "b");
        check("<div style='opacity:0'><p style='opacity:1'>b</p></div>a", "a", "b");
        check("<div style='display:none'>never closed", "", "never closed");
        check("<noscript>b</noscript><template>c</template>a", "a", "bc");
        check("<style>@media print{.x{display:none}}</style><i class=x>a</i>", "a", "");
    }

    #[test]
    fn nesting_beyond_the_limit_does_not_unhide() {
        let deep = DEPTH * 2;
        let html = format!("<div hidden>{}b{}b</div>a", "<div>".repeat(deep), "</div>".repeat(deep));
        let view = view(&html);
        assert_eq!(view.visible.trim(), "a");
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_a_finding() {
        let finds = |html: &str| !view(html).findings.is_empty();
        assert!(finds("<a href='https://evil.example/x'>https://bank.example</a>"));
        assert!(!finds("<a href='https://bank.example/x'>www.bank.example</a>"));
        assert!(!finds("<a href='https://t.example/x'>Click here</a>"));
    }
}
