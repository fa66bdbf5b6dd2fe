//! Whether another parser reads the same mail out of the same bytes. Where parts begin and end is a matter of taste once a
//! mail breaks the rules, and a sender can have one program show what another never finds.

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{DefaultHasher, Hasher as _},
    sync::LazyLock,
};

use clean_content::{Finding, Severity};
use mail_parser::{HeaderName, MessageParser, PartType};

use super::decode;
use super::header::Header;
use super::order;
use crate::{
    charset, html, plain, show,
    view::{Sight, View},
};

/// The other parser looks at the rest of the mail again for each boundary, and drops messages within messages recursively;
/// so it gets small mails with few of both.
pub(super) const LARGEST: usize = 256 * 1024;
const NESTED: usize = 24;

/// Ambiguous bodies that are read every way, in readings.
const AMBIGUOUS: usize = 12;
const EVERY_WAY: &str = "mail:as another parser reads it";

/// The other parser. It reads the headers that anyone asks for. What each server on the way added is left as it is: reading it
/// costs more than all the others.
pub(super) static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .with_mime_headers()
        .with_date_headers()
        .with_address_headers()
        .with_message_ids()
        .header_text(HeaderName::Subject)
        .header_text(HeaderName::Comments)
        .header_comma_separated(HeaderName::Keywords)
});

/// The same, of which only the parts are asked for: what says where they are, and dates, which may be read beyond their line.
/// Other fields end with their lines, unless encoded words begin in them.
pub(super) static PARTS: LazyLock<MessageParser> =
    LazyLock::new(|| MessageParser::new().with_mime_headers().with_date_headers().default_header_ignore());

/// The texts that our own parser found, each by its letters and digits, and the pages as they are written.
#[derive(Default)]
pub(super) struct Texts {
    found: HashSet<u64>,
    pages: HashSet<u64>,
    /// The mail is of the kind that every parser reads alike.
    in_order: bool,
}

// === impl Texts ===

impl Texts {
    /// Of a mail with this header, as it is written and as it is read, and this body.
    pub(super) fn of(head: &[u8], header: &Header<'_>, body: &[u8]) -> Self {
        Self { in_order: order::is_in_order(head, header, body), ..Self::default() }
    }

    pub(super) fn add(&mut self, text: &str) {
        if !self.in_order {
            self.found.extend(known_by(text));
        }
    }

    /// A page, and the text that was found in it.
    pub(super) fn add_page(&mut self, page: &str, text: &str) {
        if !self.in_order {
            self.pages.insert(whole(page));
            self.add(text);
        }
    }

    /// Examines what only the other parser finds, and tells that it does.
    pub(super) fn compare(&self, raw: &[u8], view: &mut View) {
        if self.in_order || raw.len() > LARGEST || nested(raw) > NESTED {
            return;
        }
        let encoded_words = memchr::memmem::find(raw, b"=?").is_some();
        let parser = if encoded_words { &PARSER } else { &PARTS };
        let Some(message) = parser.parse(raw) else { return };
        let mut only = String::new();
        for part in &message.parts {
            let text = match &part.body {
                PartType::Text(text) => Cow::Borrowed(&**text),
                // the same page has the same text
                PartType::Html(page) if self.pages.contains(&whole(page)) => continue,
                PartType::Html(page) => Cow::Owned(html::shown(page)),
                PartType::Binary(_)
                | PartType::InlineBinary(_)
                | PartType::Message(_)
                | PartType::Multipart(_) => continue,
            };
            if known_by(&text).is_some_and(|known| !self.found.contains(&known)) {
                only.push_str(&text);
                only.push('\n');
            }
        }
        if !only.is_empty() {
            view.findings.push(finding(&only));
            view.pass(EVERY_WAY, only, Sight::Aside);
        }
    }
}

/// A body of which its header says twice what it is: as it stands, and unpacked.
pub(super) fn read_every_way(body: &[u8], view: &mut View) {
    let head = body.get(..LARGEST).unwrap_or(body);
    view.findings.push(finding(&String::from_utf8_lossy(head.get(..200).unwrap_or(head))));
    if view.passages.iter().filter(|passage| passage.place == EVERY_WAY).count() < AMBIGUOUS {
        view.pass(EVERY_WAY, charset::decode(head, None), Sight::Aside);
        for packing in ["base64", "quoted-printable"] {
            view.pass(EVERY_WAY, charset::decode(&decode::transfer(head, Some(packing)), None), Sight::Aside);
        }
    }
}

fn finding(evidence: &str) -> Finding {
    Finding {
        kind: "parsers-disagree".into(),
        place: "mail".into(),
        severity: Severity::Low,
        reason: "The mail is built so that programs do not agree on what its parts are.".into(),
        evidence: show::evidence(evidence),
    }
}

/// How many multiparts and messages there may be at most.
fn nested(raw: &[u8]) -> usize {
    let begins = |at: &usize| {
        let rest = raw.get(*at..).unwrap_or_default();
        let begins = |with: &[u8]| rest.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
        begins(b"multipart") || begins(b"message/")
    };
    memchr::memchr2_iter(b'm', b'M', raw).filter(begins).count()
}

/// Letters and digits of ASCII alone: charsets and blanks are read in more than one way rightly.
fn known_by(text: &str) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    // a few at once, since each call costs as much as many letters
    let mut found = false;
    for bytes in text.as_bytes().chunks(256) {
        let mut some = [0; 256];
        let mut taken = 0;
        for b in bytes {
            // written in any case, and kept if it is a letter or a digit
            if let Some(next) = some.get_mut(taken % 256) {
                *next = *b;
            }
            taken += usize::from(plain::is_alphanumeric(*b));
        }
        hash.write(some.get(..taken)?);
        found |= taken > 0;
    }
    found.then(|| hash.finish())
}

/// What a page is known by as it is written.
fn whole(page: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    hash.write(page.as_bytes());
    hash.finish()
}

#[cfg(test)]
mod tests {
    use clean_content::Finding;
    use proptest::prelude::*;

    use super::super::leaf::{Kind, kind_of};
    use super::super::tree::{Node, split, walk};
    use super::*;

    fn disagree(mail: &str) -> Vec<Finding> {
        let mut findings = super::super::view(mail.as_bytes()).findings;
        findings.retain(|finding| finding.kind == "parsers-disagree");
        findings
    }

    /// Pieces of mails, in order or not.
    const LINES: [&str; 33] = [
        "From: a@b.c",
        "From: \"a, b\" <a@b.c>",
        "From: \"a <a@b.c>",
        "Subject: words (and more)",
        "Subject: words (and",
        "Subject: =?utf-8?q?a_b",
        "Subject: a\\",
        "To: a@b.c,",
        "Date: Sun, 25 Aug 2002 16:50:54 UT",
        "\td@e.f",
        " \t ",
        " folded",
        "no colon here",
        "Name : value",
        ": nothing",
        "Content-Type: text/plain",
        "Content-Type: text/html; charset=utf-8",
        "Content-Type: text/plain; charset=\"us-ascii",
        "Content-Type: text/plain; charset=utf-16",
        "Content-Type: TEXT/HTML; name=a.html",
        "Content-Type: text/calendar",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Disposition: attachment; filename=a.html",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: 7bit",
        "",
        "--x",
        "--x--",
        "d29yZHM=",
        "<p>words &amp; <b>more",
        "These are some words.\r",
        "Grüße \0 aus Łódź",
        "\u{feff}Grüße",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn a_mail_that_is_in_order_is_one_that_the_other_parser_reads_alike(
            head in prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..6),
            body in prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..4),
            end in "\r?\n",
        ) {
            let mail = format!("Message-ID: <a@b>{end}{}{end}{end}{}", head.join(&end), body.join(&end));
            let (head, body) = split(mail.as_bytes());
            if order::is_in_order(head, &Header::of(mail.as_bytes(), body), body) {
                prop_assert_eq!(disagree_whatever_the_order(&mail), false, "{:?}", mail);
            }
        }
    }

    /// Whether the parsers disagree, without asking first whether a mail is in order.
    fn disagree_whatever_the_order(mail: &str) -> bool {
        let raw = mail.as_bytes();
        let mut texts = Texts::default();
        let mut add = |node: Node<'_>| {
            if let Node::Leaf(leaf) = node {
                let bytes = decode::transfer(leaf.body, leaf.header.transfer_encoding().as_deref());
                let text = charset::decode(&bytes, leaf.header.charset());
                match kind_of(&leaf.header) {
                    Kind::Html => texts.add_page(&text, &html::view(&text).visible),
                    Kind::Plain | Kind::Event | Kind::Attached => texts.add(&text),
                }
            }
        };
        let body = split(raw).1;
        walk(Header::of(raw, body), body, &mut add);
        let mut view = View::default();
        texts.compare(raw, &mut view);
        !view.findings.is_empty()
    }

    #[test]
    fn mails_in_order_are_read_alike() {
        for mail in [
            "From: a@b.c\n\nwords",
            "From: a@b.c\nContent-Type: text/html\n\n<p>words",
            "From: a@b.c\nContent-Type: multipart/alternative; boundary=x\n\n--x\n\none\n--x\nContent-Type: text/html\n\n<p>two\n--x--\n",
            "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nContent-Type: message/rfc822\n\nSubject: s\n\ntwo\n--x--\n",
            "From: a@b.c\nContent-Transfer-Encoding: base64\n\nd29yZHM=",
            "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\none\n--x--\n",
        ] {
            assert_eq!(disagree(mail), [], "{mail}");
        }
    }

    #[test]
    fn mails_that_are_read_in_two_ways_are_a_finding() {
        for mail in [
            // which of the two types counts
            "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\nContent-Type: multipart/mixed; boundary=y\n\n--x\n\none\n--y\n\ntwo\n--y--\n--x--\n",
            // which of the two packings counts
            "From: a@b.c\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nd29yZHM=",
            // whether a line is a boundary
            "From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--xy\n\ntwo\n--x--\n",
        ] {
            let findings = disagree(mail);
            assert!(!findings.is_empty(), "{mail}");
        }
        let view = super::super::view(
            b"From: a@b.c\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nd29yZHM=",
        );
        assert!(view.passages.iter().any(|passage| passage.text == "words"));
    }
}
