//! Values become one message, and never more than the headers they belong to.

use std::time::{Duration, SystemTime};

use connectors::{OutgoingMail, Uncomposable, compose};
use mail_parser::MessageParser;

fn mail() -> OutgoingMail {
    OutgoingMail {
        from: "Owner <owner@example.org>".to_owned(),
        to: vec!["ann@example.net".to_owned(), "Bob <bob@example.net>".to_owned()],
        cc: vec!["eve@example.net".to_owned()],
        subject: "Lunch".to_owned(),
        body: "Shall we?\n".to_owned(),
        in_reply_to: Some("<1@example.net>".to_owned()),
        references: vec!["<0@example.net>".to_owned(), "<1@example.net>".to_owned()],
    }
}

fn composed(mail: &OutgoingMail) -> Result<Vec<u8>, Uncomposable> {
    compose(mail, "<request-7@example.org>", SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

#[test]
fn a_message_holds_what_was_given_and_nothing_else() {
    let bytes = composed(&mail()).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let (headers, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = headers.split("\r\n").collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "Cc: eve@example.net",
            "Content-Transfer-Encoding: 7bit",
            "Content-Type: text/plain; charset=utf-8",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000",
            "From: Owner <owner@example.org>",
            "In-Reply-To: <1@example.net>",
            "MIME-Version: 1.0",
            "Message-ID: <request-7@example.org>",
            "References: <0@example.net> <1@example.net>",
            "Subject: Lunch",
            "To: ann@example.net, Bob <bob@example.net>",
        ]
    );
    assert_eq!(body, "Shall we?\r\n");
    assert_eq!(composed(&mail()).unwrap(), bytes, "the same request makes the same bytes");
}

#[test]
fn other_languages_survive_and_the_bytes_are_ascii() {
    let subject = "Обед в пятницу 🥗 — 昼食はいかがですか、とても長い件名なので折り返されます";
    let body = "Grüße\n\n.\n..dots\nשלום\nFrom here\n=3D\n";
    let from = "Ольга Ж <olga@example.org>";
    let mail =
        OutgoingMail { subject: subject.to_owned(), body: body.to_owned(), from: from.to_owned(), ..mail() };
    let bytes = composed(&mail).unwrap();
    assert!(bytes.is_ascii());
    assert!(
        String::from_utf8_lossy(&bytes)
            .split("\r\n")
            .all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
    );
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.subject(), Some(subject));
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Ольга Ж"));
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), body);
}

#[test]
fn no_value_brings_a_header_of_its_own() {
    for evil in [
        "x\r\nBcc: mallory@example.com",
        "x\nBcc: m@e.com",
        "x\rBcc: m@e.com",
        "x\0",
        "x\u{2028}Bcc:",
        "x\u{85}",
    ] {
        let is = |field| Err(Uncomposable::ControlCharacter { field });
        let address = format!("a@example.net{evil}");
        let id = format!("<1@example.net{evil}>");
        assert_eq!(composed(&OutgoingMail { subject: evil.to_owned(), ..mail() }), is("subject"));
        assert_eq!(composed(&OutgoingMail { from: address.clone(), ..mail() }), is("from"));
        assert_eq!(composed(&OutgoingMail { to: vec![address.clone()], ..mail() }), is("to"));
        assert_eq!(composed(&OutgoingMail { cc: vec![address], ..mail() }), is("cc"));
        assert_eq!(composed(&OutgoingMail { in_reply_to: Some(id.clone()), ..mail() }), is("in_reply_to"));
        assert_eq!(composed(&OutgoingMail { references: vec![id.clone()], ..mail() }), is("references"));
        assert_eq!(compose(&mail(), &id, SystemTime::UNIX_EPOCH), is("message_id"));
    }
}

#[test]
fn a_body_stays_a_body() {
    let body = "\r\n\r\nBcc: mallory@example.com\r\n.\r\nMAIL FROM:<x@y.z>\rlone\n".to_owned();
    let bytes = composed(&OutgoingMail { body, ..mail() }).unwrap();
    let message = MessageParser::default().parse(&bytes).unwrap();
    assert!(message.bcc().is_none());
    assert!(message.body_text(0).unwrap().contains("Bcc: mallory@example.com"));
}

#[test]
fn what_is_not_an_address_or_identifier_is_refused() {
    for evil in [
        "",
        "nobody",
        "a@",
        "@b",
        "a b@example.net",
        "a@example.net, b@example.net",
        "а@example.net",
        "a@exämple.net",
    ] {
        let refused = composed(&OutgoingMail { to: vec![evil.to_owned()], ..mail() });
        assert_eq!(refused, Err(Uncomposable::NotAnAddress { field: "to" }), "{evil}");
    }
    for evil in ["", "1@example.net", "<1>", "<1@example.net", "<@>", "<a b@c>", "<a@b> <c@d>", "<é@b>"] {
        let refused = composed(&OutgoingMail { in_reply_to: Some(evil.to_owned()), ..mail() });
        assert_eq!(refused, Err(Uncomposable::NotAMessageId { field: "in_reply_to" }), "{evil}");
    }
    let nobody = OutgoingMail { to: Vec::new(), cc: Vec::new(), ..mail() };
    assert_eq!(composed(&nobody), Err(Uncomposable::NoRecipient));
}
