//! Files that come along with a message: the text that a person who opens one would see, and what else is in it.
//!
//! Everything is bounded: the bytes that are looked at, what they may unpack to, the parts within parts.

mod calendar;
mod pdf;
mod rtf;
mod tnef;

use clean_content::{Finding, Severity};

use crate::{
    charset, html,
    view::{Passage, Sight, View},
};

/// Bytes of text that are read of one message; what is handed on is a small part of it, and what is examined too.
pub(crate) const TEXT: usize = 7 * 1024 * 1024;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// What a person sees who opens it.
    pub(crate) shown: String,
    /// What else is in it.
    pub(crate) passages: Vec<Passage>,
    pub(crate) findings: Vec<Finding>,
    /// The files in it.
    pub(crate) files: Vec<File>,
    /// It is the message itself in another form, which some programs show in place of the mail's other parts.
    pub(crate) is_message: bool,
}

/// A file in a file.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
    /// Empty, where it is not known.
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// What is known of a file besides its bytes.
pub(crate) struct About<'a> {
    /// Lower-case, as the message claims.
    pub(crate) media_type: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) charset: Option<&'a str>,
}

/// What all the files of a message may cost together.
pub(crate) struct Budget {
    /// Bytes to which packed parts may still unpack.
    to_unpack: usize,
    /// Bytes of text that may still be decoded.
    to_decode: usize,
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Html,
    Calendar,
    Card,
    Rtf,
    Tnef,
    Pdf,
}

/// Reads a file if it has a text that can be read. `place` is where the owner finds it.
pub(crate) fn read(bytes: &[u8], about: &About<'_>, place: &str, budget: &mut Budget) -> Option<Document> {
    let kind = kind_of(bytes, about)?;
    let head = match kind {
        Kind::Tnef | Kind::Pdf => bytes,
        Kind::Text | Kind::Html | Kind::Calendar | Kind::Card | Kind::Rtf => budget.text(bytes),
    };
    let text = || charset::decode(head, about.charset);
    let mut document = match kind {
        Kind::Text => Document::of_text(text()),
        Kind::Html => {
            let page = html::view(&match about.charset {
                Some(_) => text(),
                None => charset::decode_page(head),
            });
            Document {
                shown: page.visible,
                passages: page.passages,
                findings: page.findings,
                ..Document::default()
            }
        }
        Kind::Calendar => calendar::events(&text()),
        Kind::Card => calendar::cards(&text()),
        Kind::Rtf => Document::of_text(rtf::text(head)),
        Kind::Tnef => return Some(in_place(tnef::read(bytes, budget), place)),
        Kind::Pdf => return Some(in_place(pdf::read(bytes, budget, place), place)),
    };
    if head.len() < bytes.len() {
        document.findings.push(not_fully_read(place));
    }
    Some(in_place(document, place))
}

fn in_place(mut document: Document, place: &str) -> Document {
    for passage in &mut document.passages {
        passage.place = format!("{place}: {}", passage.place);
    }
    document
}

/// A view of as much of a text or a page as is read; the rest is said to be left out. A page without its end may lack what
/// says how it looks, so that is told as more than a note.
pub(crate) fn of_beginning(
    raw: &[u8],
    place: &str,
    severity: Severity,
    read: impl Fn(&[u8]) -> View,
) -> View {
    let head = raw.get(..TEXT).unwrap_or(raw);
    let mut view = read(head);
    if head.len() < raw.len() {
        view.findings.push(Finding { severity, ..not_fully_read(place) });
    }
    view
}

fn not_fully_read(place: &str) -> Finding {
    Finding {
        kind: "not-fully-read".into(),
        place: crate::show::place(place),
        severity: Severity::Low,
        reason: "The file is too large, or unpacks to too much, to be read to its end.".into(),
        evidence: String::new(),
    }
}

/// By what the message claims, then by the name, then by the look of it.
fn kind_of(bytes: &[u8], about: &About<'_>) -> Option<Kind> {
    let ending =
        about.name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    if bytes.starts_with(b"{\\rtf") {
        return Some(Kind::Rtf);
    }
    let claims_pdf = about.media_type == "application/pdf" || ending.as_deref() == Some("pdf");
    if claims_pdf || bytes.trim_ascii_start().starts_with(pdf::SIGNATURE) {
        return Some(Kind::Pdf);
    }
    if bytes.starts_with(&tnef::SIGNATURE) {
        return Some(Kind::Tnef);
    }
    let by_type = match about.media_type {
        "text/html" | "application/xhtml+xml" | "text/x-amp-html" => Some(Kind::Html),
        "text/calendar" | "application/ics" => Some(Kind::Calendar),
        "text/vcard" | "text/x-vcard" | "text/directory" => Some(Kind::Card),
        "application/json"
        | "application/xml"
        | "application/csv"
        | "application/x-ndjson"
        | "application/yaml"
        | "application/x-yaml"
        | "application/javascript"
        | "application/x-sh"
        | "application/sql" => Some(Kind::Text),
        kind if kind.ends_with("+json") || kind.ends_with("+xml") => Some(Kind::Text),
        _ => None,
    };
    let by_name = || match ending.as_deref()? {
        "html" | "htm" | "xhtml" => Some(Kind::Html),
        "ics" | "ifb" => Some(Kind::Calendar),
        "vcf" => Some(Kind::Card),
        _ => None,
    };
    // a text, whatever it is called
    let by_look = || {
        let claims = about.media_type.starts_with("text/") || about.media_type.starts_with("message/");
        (claims || is_text(bytes)).then_some(Kind::Text)
    };
    by_type.or_else(by_name).or_else(by_look)
}

/// Whether bytes of no stated kind are a text after all.
fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..1024 * 1024).unwrap_or(bytes);
    let whole = match str::from_utf8(head) {
        Ok(_) => true,
        // only what was cut off
        Err(error) => error.error_len().is_none() && head.len() < bytes.len(),
    };
    !bytes.is_empty() && whole && !head.contains(&0)
}

// === impl Budget ===

impl Budget {
    /// For a message of so many bytes: a small one may hold a whole book, and a large one no more than is ever read.
    pub(crate) fn for_message(bytes: usize) -> Self {
        Self { to_unpack: (1024 * 1024 + bytes * 3).min(16 * 1024 * 1024), to_decode: TEXT }
    }

    /// Bytes of text that may still be decoded.
    pub(crate) const fn text_left(&self) -> usize {
        self.to_decode
    }

    /// As much of a text as may still be decoded.
    pub(crate) fn text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let head = bytes.get(..self.to_decode).unwrap_or(bytes);
        self.to_decode -= head.len();
        head
    }
}

// === impl Document ===

impl Document {
    fn of_text(shown: String) -> Self {
        Self { shown, ..Self::default() }
    }

    /// Adds a paragraph to what is shown.
    fn show(&mut self, text: &str) {
        if !self.shown.is_empty() && !text.is_empty() {
            self.shown.push_str("\n\n");
        }
        self.shown.push_str(text);
    }

    fn pass(&mut self, place: &str, text: String, sight: Sight) {
        if text.chars().any(|c| c.is_alphanumeric() || !c.is_ascii()) {
            self.passages.push(Passage { place: place.to_owned(), text, sight });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], about: &About<'_>, place: &str) -> Option<Document> {
        super::read(bytes, about, place, &mut Budget::for_message(bytes.len()))
    }

    #[test]
    fn a_file_with_a_text_is_read_by_its_type_its_name_or_its_look() {
        for (bytes, media_type, name, shown) in [
            (&b"words"[..], "text/plain", None, Some("words")),
            (b"{\"a\": \"b\"}", "application/json", None, Some("{\"a\": \"b\"}")),
            (b"a,b", "application/octet-stream", Some("a.csv"), Some("a,b")),
            (b"# words", "text/markdown", Some("a.md"), Some("# words")),
            (b"<p>words<!-- no -->", "text/html", None, Some("words")),
            (b"<p>words", "application/octet-stream", Some("A.HTM"), Some("words")),
            (b"BEGIN:VEVENT\nSUMMARY:words", "application/octet-stream", Some("a.ics"), Some("words")),
            (b"{\\rtf1 words}", "application/msword", Some("a.doc"), Some("words")),
            (b"\xff\xfea\0", "text/plain", None, Some("a")),
            (b"\x89PNG\0", "image/png", Some("a.png"), None),
            (b"", "application/zip", None, None),
        ] {
            let document = read(bytes, &About { media_type, name, charset: None }, "attachment");
            let found = document.as_ref().map(|document| document.shown.trim());
            assert_eq!(found, shown, "{media_type} {name:?}");
        }
    }

    #[test]
    fn what_a_page_hides_is_told_with_the_place_of_the_file() {
        let about = About { media_type: "text/html", name: None, charset: None };
        let document =
            read(b"<p>a<p style='display:none'>hidden words", &about, "attachment a.html").unwrap();
        assert!(document.passages.iter().any(|passage| {
            passage.place.starts_with("attachment a.html: ") && passage.text.contains("hidden words")
        }));
    }

    #[test]
    fn a_message_that_is_one_text_is_read_as_far_as_a_file_is() {
        let view = |size: usize| {
            let text = |head: &[u8]| View::of_text(String::from_utf8_lossy(head).into_owned());
            of_beginning(&vec![b'x'; size], "text", Severity::Low, text)
        };
        assert!(view(TEXT).findings.is_empty());
        let cut = view(TEXT + 1);
        assert_eq!((cut.visible.len(), cut.findings[0].kind.as_str()), (TEXT, "not-fully-read"));
    }

    #[test]
    fn a_text_too_large_is_cut_and_said_to_be() {
        let about = About { media_type: "text/plain", name: None, charset: None };
        let document = read(&vec![b'x'; TEXT + 1], &about, "attachment").unwrap();
        assert_eq!(document.shown.len(), TEXT);
        assert_eq!(document.findings[0].kind, "not-fully-read");
    }
}
