//! The parts of a mail, one after the other: what each shows, and what is in it besides.

use clean_content::{Attachment, Finding, Severity, limits};
use ring::digest;

use super::agreement::{self, Texts};
use super::header::Header;
use super::leaf::{Kind, kind_of};
use super::shown::{Form, Shown};
use super::tree::{Leaf, Node};
use super::{decode, sender};
use crate::{
    charset,
    document::{self, About, Budget, Document},
    html,
    view::{Sight, View},
};

/// Bytes between parts that are examined.
const BETWEEN: usize = 1024 * 1024;

/// Files within files that are read.
const FILES_WITHIN: usize = 2;

/// A file that came along.
struct File<'a> {
    name: Option<&'a str>,
    media_type: &'a str,
    charset: Option<&'a str>,
    bytes: &'a [u8],
}

/// Puts together what a mail shows and what is in it besides.
pub(super) struct Reader {
    /// What attachments may still cost.
    budget: Budget,
    view: View,
    shown: Shown,
    /// Each text that was found, shown or not.
    texts: Texts,
    /// No text that is shown was cut.
    fully: bool,
}

// === impl Reader ===

impl Reader {
    /// For a mail of so many bytes, whose texts are kept for the other parser's.
    pub(super) fn new(size: usize, texts: Texts) -> Self {
        Self {
            budget: Budget::for_message(size),
            view: View::default(),
            shown: Shown::default(),
            texts,
            fully: true,
        }
    }

    pub(super) fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Forwarded(header) => {
                let subject = header.subject().map(|subject| format!("Subject: {subject}"));
                let text = format!("[forwarded message]\n{}", subject.unwrap_or_default());
                self.shown.push(text, Form::Plain, None);
                self.headers(header, false);
            }
            Node::Between(text) => {
                let head = text.get(..BETWEEN).unwrap_or(text);
                self.view.pass("mail:between parts", String::from_utf8_lossy(head), Sight::Aside)
            }
            Node::Ambiguous(body) => agreement::read_every_way(body, &mut self.view),
            Node::Leaf(leaf) => self.leaf(&leaf),
        }
    }

    fn leaf(&mut self, leaf: &Leaf<'_>) {
        let kind = kind_of(&leaf.header);
        let enough = match kind {
            Kind::Plain | Kind::Html => self.budget.text_left(),
            Kind::Event | Kind::Attached => usize::MAX,
        };
        let bytes = decode::transfer_some(leaf.body, leaf.header.transfer_encoding().as_deref(), enough);
        let text = |bytes: &[u8]| charset::decode(bytes, leaf.header.charset());
        let head = match kind {
            Kind::Plain | Kind::Html => self.budget.text(&bytes),
            Kind::Event | Kind::Attached => &bytes,
        };
        self.fully &= head.len() == bytes.len();
        match kind {
            Kind::Plain => {
                let text = text(head);
                self.texts.add(&text);
                self.shown.push(text, Form::Plain, leaf.alternative);
            }
            Kind::Html => {
                let written = text(head);
                let page = html::view(&written);
                self.texts.add_page(&written, &page.visible);
                self.shown.push(page.visible, Form::Rich, leaf.alternative);
                self.view.passages.extend(page.passages);
                self.view.findings.extend(page.findings);
                self.view.metadata.links.extend(page.metadata.links);
            }
            Kind::Event | Kind::Attached => {
                if bytes.len() <= agreement::LARGEST && leaf.header.media_type().starts_with("text/") {
                    self.texts.add(&text(head));
                }
                let file = File {
                    name: leaf.header.file_name(),
                    media_type: leaf.header.media_type(),
                    charset: leaf.header.charset(),
                    bytes: &bytes,
                };
                self.attachment(&file, kind == Kind::Event, 0);
            }
        }
    }

    /// `depth` is how many files it is within.
    fn attachment(&mut self, file: &File<'_>, is_shown: bool, depth: usize) {
        let File { name, media_type, charset, bytes } = file;
        let place = name.map_or_else(|| "attachment".to_owned(), |name| format!("attachment {name}"));
        if let Some(name) = name {
            self.view.pass("attachment name", *name, Sight::Shown);
        }
        let about = About { media_type, name: *name, charset: *charset };
        let read = document::read(bytes, &about, &place, &mut self.budget);
        let at = self.view.metadata.attachments.len();
        self.view.metadata.attachments.push(Attachment {
            name: name.map(str::to_owned),
            media_type: (*media_type).to_owned(),
            size: bytes.len() as u64,
            sha256: sha256(bytes),
            text: None,
        });
        let Some(Document { shown, passages, findings, files, is_message }) = read else { return };
        self.view.passages.extend(passages);
        self.view.findings.extend(findings);
        self.texts.add(&shown);
        if is_shown || is_message {
            self.shown.push(shown, Form::Rich, None);
        } else {
            if let Some(listed) = self.view.metadata.attachments.get_mut(at) {
                listed.text = Some(shown.chars().take(limits::ATTACHED_TEXT * 8).collect());
            }
            self.view.pass(place, shown, Sight::Shown);
        }
        for inner in files.iter().filter(|_| depth < FILES_WITHIN) {
            let media_type = Some(inner.media_type.as_str())
                .filter(|kind| !kind.is_empty())
                .unwrap_or("application/octet-stream");
            let file = File { name: inner.name.as_deref(), media_type, charset: None, bytes: &inner.bytes };
            self.attachment(&file, false, depth + 1);
        }
    }

    /// Only the outermost header says who wrote to whom; every header is examined.
    pub(super) fn headers(&mut self, header: &Header<'_>, outermost: bool) {
        let view = &mut self.view;
        let sender = header.sender();
        let reply_to = header.reply_to();
        let recipients = header.recipients();
        for (place, parties) in [
            ("sender", sender.as_slice()),
            ("reply-to", reply_to.as_slice()),
            ("recipients", recipients.as_slice()),
        ] {
            for party in parties.iter().take(1000) {
                if let Some(name) = &party.name {
                    view.pass(place, name.as_str(), Sight::Shown);
                }
                view.pass(place, spaced(&party.address), Sight::Shown);
            }
        }
        if let Some(subject) = header.subject() {
            view.pass("subject", subject, Sight::Shown);
        }
        view.pass("mail:header", header.other_words(), Sight::Aside);
        if let Some(party) = sender.first() {
            let doubts = sender::doubts(party, &reply_to);
            view.findings.extend(doubts.iter().map(|doubt| sender::finding(*doubt, party, &reply_to)));
            if outermost {
                view.metadata.doubts = doubts;
            }
        }
        if outermost {
            let about = &mut view.metadata;
            about.sender = sender.into_iter().next();
            about.reply_to = reply_to.into_iter().next();
            about.recipients = recipients;
            about.subject = header.subject().map(str::to_owned);
            about.message_id = header.message_id().map(str::to_owned);
            about.date = header.date();
            about.authentication = header.authentication();
        }
    }

    /// All that was read, and what the other parser reads besides. `fully` is whether every part was visited.
    pub(super) fn into_view(mut self, raw: &[u8], fully: bool) -> View {
        if !fully || !self.fully {
            self.view.findings.push(Finding {
                kind: "not-fully-read".into(),
                place: "mail".into(),
                severity: Severity::Medium,
                reason:
                    "The mail has more text, more parts, or more parts within parts, than are read; the rest was left out."
                        .into(),
                evidence: String::new(),
            });
        }
        let subject = self.view.metadata.subject.clone().unwrap_or_default();
        let (visible, differ) = self.shown.below(&subject);
        self.view.visible = visible;
        self.view.findings.extend(differ);
        self.texts.compare(raw, &mut self.view);
        self.view
    }
}

/// The words of an address: a person's name is often written so.
fn spaced(address: &str) -> String {
    let mut words = String::with_capacity(address.len());
    words.extend(address.chars().map(|c| if matches!(c, '.' | '_' | '-' | '+') { ' ' } else { c }));
    words
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    digest::digest(&digest::SHA256, bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
