//! The text of a page that a person would see, and apart from it what the page says to machines only.

mod address;
mod attribute;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "in CSS whatever is not expected is invalid, by its own rules"
)]
mod css;
mod disagree;
mod element;
mod entity;
mod inline;
mod link;
mod look;
mod lookup;
mod name;
mod page;
mod raw;
mod reader;
mod sends;
mod styles;
mod tag;
mod token;
mod tree;

pub(crate) use entity::decode as decode_entities;

use clean_content::{Finding, Severity};

use crate::{
    show,
    view::{Sight, View},
};
use page::push_line;
use reader::Reader;

/// Pages inside a page that are read.
const FRAMES: usize = 8;

/// Reads a page. A second time, if a style sheet came after text that it may hide.
pub(crate) fn view(html: &str) -> View {
    let (mut reader, mut framed) = (read(html), String::new());
    let disagree = reader.parsers_disagree(html);
    let frames = std::mem::take(&mut reader.frames);
    let mut view = finish(reader);
    if disagree == Some(true) {
        view.findings.push(Finding {
            kind: "parsers-disagree".into(),
            place: "html".into(),
            severity: Severity::Medium,
            reason: "The page is written so that one program finds another text in it than the next.".into(),
            evidence: String::new(),
        });
    }
    if disagree.is_none() && !view.findings.iter().any(|finding| finding.kind == "not-fully-read") {
        view.findings.push(Finding {
            kind: "not-fully-read".into(),
            place: "html".into(),
            severity: Severity::Low,
            reason: "The page is odd, and has so many tags that it was not compared with what another program reads."
                .into(),
            evidence: String::new(),
        });
    }
    for inside in frames.iter().take(FRAMES) {
        let mut reader = read(inside);
        // a page in a page in a page is not read, but examined
        let deeper = std::mem::take(&mut reader.frames);
        let inner = finish(reader);
        push_line(&mut framed, &inner.visible);
        view.passages.extend(inner.passages);
        view.findings.extend(inner.findings);
        deeper.iter().for_each(|page| view.pass("html:frame", page.as_str(), Sight::Aside));
    }
    view.pass("html:frame", framed, Sight::Shown);
    view
}

/// Only the text that a person sees, without asking what else there is.
pub(crate) fn shown(html: &str) -> String {
    finish(read(html)).visible
}

fn read(html: &str) -> Reader<'_> {
    let mut reader = Reader::new(html);
    reader.read(html);
    if reader.read_again {
        reader = reader.again(html);
        reader.read(html);
    }
    reader
}

fn finish(reader: Reader<'_>) -> View {
    let doubt = reader.doubt();
    let Reader { page, links, mut sends, disguised, sheet, .. } = reader;
    let disguised = disguised.or(sheet.disguised);
    let mut view = page.into_view();
    view.pass("html:data address", std::mem::take(&mut sends.data), Sight::Aside);
    let (links, elsewhere) = links.into_links();
    view.metadata.links = links;
    view.findings.extend(doubt);
    view.findings.extend(elsewhere);
    view.findings.extend(sends.into_findings());
    view.findings.extend(disguised.map(|style| Finding {
        kind: "disguised-style".into(),
        place: "html".into(),
        severity: Severity::Medium,
        reason: "A style is spelt so that browsers understand it and filters do not.".into(),
        evidence: show::evidence(&style),
    }));
    view
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

#[cfg(test)]
mod tests;
