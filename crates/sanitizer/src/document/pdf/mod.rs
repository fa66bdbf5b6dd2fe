//! The text of a PDF: what a person sees on its pages, and what is in it besides.
//!
//! Our own reader, because none that is kept up bounds all of what a hostile file may cost: memory for unpacked streams,
//! objects and tables of fonts, and time. Here every byte that is read twice, every byte that is unpacked and every entry
//! of a table is counted, and what is over the count is left out and said to be.

mod file;
mod filter;
mod font;
mod geometry;
mod object;
mod page;
mod words;

use std::{borrow::Cow, collections::HashSet, rc::Rc};

use clean_content::{Finding, Severity};

use super::{Budget, Document, not_fully_read};
use crate::view::Sight;
use file::File;
use geometry::Area;
use object::{Dict, Object};
use page::Pages;

/// Pages that are read, and nodes of the tree that leads to them.
const PAGES: usize = 500;
const NODES: usize = 10_000;

/// Streams of one page's operators.
const STREAMS: usize = 1_000;

/// Notes on one page.
const NOTES: usize = 200;

/// What such a file begins with; programs also open one that does not.
pub(super) const SIGNATURE: &[u8] = b"%PDF-";

/// Reads what can be read of a file.
pub(super) fn read(bytes: &[u8], budget: &mut Budget, place: &str) -> Document {
    let file = File::index(bytes, budget.to_unpack);
    let mut document = Document::default();
    let mut pages = Pages::new(&file);
    let mut notes = Notes::default();
    for (nth, page) in leaves(&file).into_iter().enumerate() {
        if nth >= PAGES || pages.shown.is_full() {
            file.fully.set(false);
            break;
        }
        if !file.is_encrypted {
            read_page(&file, &page, &mut pages);
            notes.read(&file, &page.dict);
        }
    }
    document.shown = pages.shown.text;
    document.show(&notes.shown);
    document.pass("text that is not seen", pages.hidden.text, Sight::Hidden);
    document.pass("replacement texts", pages.replacements, Sight::Aside);
    document.pass("notes", notes.aside, Sight::Aside);
    if let Some(about) = file.about.as_ref().and_then(|about| file.dict(about)) {
        let words: Vec<_> = about.entries().filter_map(|(_, value)| file.resolve(value)?.text()).collect();
        document.pass("about the file", words.join("\n"), Sight::Aside);
    }
    if file.is_encrypted {
        document.shown.clear();
        document.findings.push(Finding {
            kind: "not-read".into(),
            place: crate::show::place(place),
            severity: Severity::Low,
            reason: "The file is encrypted; its text is not read.".into(),
            evidence: String::new(),
        });
    }
    budget.to_unpack = file.left_to_unpack();
    if !file.fully.get() {
        document.findings.push(not_fully_read(place));
    }
    document
}

/// A page and what it has from the nodes above it.
struct Page {
    dict: Dict,
    resources: Rc<Dict>,
    area: Area,
}

/// The pages in order, without recursion.
fn leaves(file: &File<'_>) -> Vec<Page> {
    let root = file.catalog.and_then(|number| {
        let catalog = Object::Reference(number);
        file.dict(&catalog)?.get("Pages").cloned()
    });
    let mut todo: Vec<(Object, Rc<Dict>, Area)> = Vec::new();
    let mut add = |node: Object| todo.push((node, Rc::default(), Area::ALL));
    match root {
        Some(root) => add(root),
        None => file.pages.iter().take(PAGES).rev().for_each(|number| add(Object::Reference(*number))),
    }
    let mut seen = HashSet::new();
    let mut pages = Vec::new();
    while let Some((node, resources, area)) = todo.pop() {
        let is_new = node.reference().is_none_or(|number| seen.insert(number));
        if !is_new || seen.len() > NODES || pages.len() > PAGES {
            continue;
        }
        let Some(dict) = file.dict(&node).map(Cow::into_owned) else { continue };
        let own = dict.get("Resources").and_then(|own| file.dict(own));
        let resources = own.map_or(resources, |own| Rc::new(own.into_owned()));
        let area = ["CropBox", "MediaBox"]
            .iter()
            .find_map(|name| area_of(&*file.entry(&dict, name)?))
            .unwrap_or(area);
        let kids = file.entry(&dict, "Kids");
        if let Some(kids) = kids.as_deref().and_then(Object::array) {
            let kids = kids.iter().take(NODES).rev();
            todo.extend(kids.map(|kid| (kid.clone(), Rc::clone(&resources), area)));
            todo.truncate(NODES);
        } else {
            pages.push(Page { dict, resources, area });
        }
    }
    pages
}

fn area_of(value: &Object) -> Option<Area> {
    let numbers: Vec<f64> = value.array()?.iter().filter_map(Object::number).collect();
    match numbers.as_slice() {
        [x0, y0, x1, y1] => Some(Area::NONE.with((*x0, *y0)).with((*x1, *y1))),
        _ => None,
    }
}

fn read_page(file: &File<'_>, page: &Page, pages: &mut Pages<'_>) {
    let Some(contents) = page.dict.get("Contents") else { return };
    let resolved = file.resolve(contents);
    let operators = match resolved.as_deref().and_then(Object::array) {
        Some(streams) => {
            let mut all = Vec::new();
            for stream in streams.iter().take(STREAMS) {
                all.extend(file.stream(stream).unwrap_or_default());
                all.push(b'\n');
            }
            all
        }
        None => file.stream(contents).unwrap_or_default(),
    };
    pages.page(&operators, &page.resources, page.area);
}

/// Notes on pages and fields of forms.
#[derive(Default)]
struct Notes {
    /// Text boxes and what is filled in.
    shown: String,
    /// What shows when it is pointed at, if at all.
    aside: String,
}

// === impl Notes ===

impl Notes {
    fn read(&mut self, file: &File<'_>, page: &Dict) {
        let Some(notes) = file.entry(page, "Annots") else { return };
        for note in notes.array().unwrap_or_default().iter().take(NOTES) {
            let Some(note) = file.dict(note) else { continue };
            let is_field = note.is("Subtype", "Widget");
            for name in ["Contents", "V", "TU", "T", "Alt"] {
                let Some(text) = file.entry(&note, name).and_then(|value| value.text()) else { continue };
                let is_shown = match name {
                    "Contents" => note.is("Subtype", "FreeText"),
                    "V" => is_field,
                    _ => false,
                };
                let words = if is_shown { &mut self.shown } else { &mut self.aside };
                words.push_str(&text);
                words.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one page with these operators, and other objects besides.
    fn pdf(operators: &str, others: &str) -> Vec<u8> {
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(operators.as_bytes(), 6);
        let head = format!(
            "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]/MediaBox[0 0 600 800]>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[7 0 R]/Resources<</Font<</F<</Subtype/Type1>>>>\
             /XObject<</X 5 0 R/P 6 0 R>>/ExtGState<</G<</ca 0>>>>>>>>endobj\n{others}\n\
             4 0 obj<</Filter/FlateDecode/Length {}>>stream\n",
            packed.len()
        );
        [head.as_bytes(), &packed, b"\nendstream endobj\ntrailer<</Root 1 0 R>>"].concat()
    }

    fn document(bytes: &[u8]) -> Document {
        read(bytes, &mut Budget::for_message(bytes.len()), "attachment")
    }

    #[track_caller]
    fn check(operators: &str, shown: &str, hidden: &str) {
        let document = document(&pdf(
            operators,
            "5 0 obj<</Subtype/Form/Matrix[1 0 0 1 0 9]>>stream\nBT /F 9 Tf 9 99 Td (drawn) Tj ET /X Do endstream 6 0 obj<</Subtype/Image>>stream\nendstream",
        ));
        let found: String =
            document.passages.iter().filter(|p| p.sight == Sight::Hidden).map(|p| p.text.trim()).collect();
        assert_eq!((document.shown.trim(), found.as_str()), (shown, hidden), "{operators}");
    }

    #[test]
    fn what_is_painted_is_shown_and_what_no_eye_sees_is_kept_apart() {
        let text = |before: &str, text: &str| format!("q {before} BT /F 12 Tf 100 100 Td ({text}) Tj ET Q ");
        let black = text("", "seen");
        for (operators, shown, hidden) in [
            (black.clone(), "seen", ""),
            (text("1 g", "white"), "", "white"),
            (text("1 1 1 rg", "white"), "", "white"),
            (text("0 0 0 0 k", "white"), "", "white"),
            (text("0 0 .5 rg 0 0 600 800 re f 1 g", "on blue"), "on blue", ""),
            (text("0 0 .5 rg 300 300 100 100 re f 1 g", "beside"), "", "beside"),
            (text("1 g 0 0 600 800 re f", "on white"), "", "on white"),
            (text("q 600 0 0 800 0 0 cm /P Do Q 1 g", "on a picture"), "on a picture", ""),
            (text("3 Tr", "no paint"), "", "no paint"),
            (text("/G gs", "transparent"), "", "transparent"),
            (text(".1 0 0 .1 100 100 cm", "tiny"), "", "tiny"),
            (text("1 0 0 1 0 -500 cm", "outside"), "", "outside"),
            (format!("{}{}", text("3 Tr", "a"), black), "seen", "a"),
            (
                "BT /F 9 Tf 1 0 0 1 9 700 Tm 11 TL (one) Tj T* (two) Tj (three) ' 0 0 (four) \" ET".into(),
                "one\ntwo\nthree\nfour",
                "",
            ),
            ("BT /F 9 Tf 9 99 Td [(wo) 20 (rd) -300 (next)] TJ ET".into(), "word next", ""),
            ("BI /W 1 ID \u{1} (no) Tj EI BT /F 9 Tf 9 99 Td (a) Tj ET".into(), "a", ""),
            ("/X Do".into(), "drawn\ndrawn\ndrawn\ndrawn\ndrawn\ndrawn\ndrawn\ndrawn", ""),
        ] {
            check(&operators, shown, hidden);
        }
    }

    #[test]
    fn notes_and_what_is_said_in_place_of_text_are_kept() {
        let note = "7 0 obj<</Subtype/Text/Contents(a note)>>endobj 8 0 obj<</Title(about it)>>endobj trailer<</Info 8 0 R>>";
        let found = document(&pdf("/Span<</ActualText(spoken)>>BDC", note));
        let passages: Vec<_> = found.passages.iter().map(|p| (p.place.as_str(), p.text.trim())).collect();
        assert_eq!(
            passages,
            [("replacement texts", "spoken"), ("notes", "a note"), ("about the file", "about it")]
        );
        let field = "7 0 obj<</Subtype/Widget/V(filled in)/T(name)>>endobj";
        assert_eq!(document(&pdf("", field)).shown.trim(), "filled in");
    }

    #[test]
    fn an_encrypted_file_is_said_not_to_be_read() {
        let encrypted = document(&pdf("BT /F 9 Tf 9 99 Td (a) Tj ET", "trailer<</Encrypt 9 0 R>>"));
        assert_eq!(encrypted.shown, "");
        assert_eq!(encrypted.findings[0].kind, "not-read");
    }

    #[test]
    fn what_costs_too_much_is_left_out_and_said_to_be() {
        let text = "BT /F 9 Tf 9 99 Td (a) Tj ET ".repeat(200_000);
        let drawings = "/X Do ".repeat(100_000);
        let form = format!("5 0 obj<</Subtype/Form>>stream\n{} endstream", "/X Do ".repeat(1_000));
        for bytes in [pdf(&text, ""), pdf(&drawings, &form)] {
            let document = document(&bytes);
            assert!(document.findings.iter().any(|finding| finding.kind == "not-fully-read"));
        }
        let mut budget = Budget { to_unpack: 0 };
        assert_eq!(read(&pdf("BT (a) Tj ET", ""), &mut budget, "").findings[0].kind, "not-fully-read");
    }

    #[test]
    fn a_tree_of_pages_in_a_circle_is_walked_once() {
        let circle = b"%PDF-1.7 1 0 obj<</Type/Catalog/Pages 2 0 R>> 2 0 obj<</Kids[2 0 R 3 0 R 3 0 R]>> 3 0 obj<</Contents 3 0 R>>";
        assert_eq!(document(circle).shown, "");
        for length in 0..circle.len() {
            document(&circle[..length]);
        }
    }
}
