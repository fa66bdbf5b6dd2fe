//! A message goes out through Postfix, which asks Dovecot who we are, and comes in through Dovecot.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use connectors::imap::{Imap, ImapSettings};
use connectors::smtp::Smtp;
use connectors::{Cause, Failure, OutgoingMail, Security, compose};
use egress::{NotSent, Problem};
use mail_parser::MessageParser;

use crate::servers::{
    Certificate, Dovecot, PASSWORD, Postfix, Proxy, USER, assert_no_secret_in, config, dialer, login_with,
    until,
};

const FROM: &str = "tim@example.org";

fn to() -> [String; 1] {
    ["tim@example.org".to_owned()]
}

/// All that is in the inbox.
async fn inbox(client: &mut Imap) -> Vec<Vec<u8>> {
    let batch = client.look(None).await.unwrap();
    assert!(!batch.more);
    batch.items.into_iter().map(|item| item.untrusted_bytes).collect()
}

fn reading(dovecot: &Dovecot) -> Imap {
    dovecot.client_with(ImapSettings { from_the_start: true, ..dovecot.settings() })
}

#[tokio::test]
async fn what_is_sent_comes_back_as_it_was_written() {
    if !Postfix::starts_or_says("mail goes round") {
        return;
    }
    let dovecot = Dovecot::start();
    let postfix = Postfix::beside(&dovecot);
    let mut client = reading(&dovecot);
    let mut written = Vec::new();
    for (number, (security, port)) in
        [(Security::StartTls, postfix.submission), (Security::Tls, postfix.submissions)]
            .into_iter()
            .enumerate()
    {
        let mail = OutgoingMail {
            from: FROM.to_owned(),
            to: to().into(),
            cc: Vec::new(),
            subject: format!("Обед {number}"),
            body: ".\n..two dots\nGrüße\n.\n".to_owned(),
            in_reply_to: None,
            references: Vec::new(),
        };
        let id = format!("<request-{number}@example.org>");
        let bytes = compose(&mail, &id, SystemTime::now()).unwrap();
        let smtp = postfix.client(port, security);
        smtp.check().await.unwrap();
        let receipt = smtp.send(FROM, &to(), &bytes).await.unwrap();
        assert_eq!(receipt.reply.code, 250);
        written.push((mail.subject, mail.body));
        until("the mail arrives", || postfix.queue() == 0);
    }
    let arrived = inbox(&mut client).await;
    let read = |bytes: &Vec<u8>| {
        let message = MessageParser::default().parse(bytes).unwrap();
        (message.subject().unwrap().to_owned(), message.body_text(0).unwrap().replace("\r\n", "\n"))
    };
    assert_eq!(arrived.iter().map(read).collect::<Vec<_>>(), written);
    assert!(postfix.log().matches("sasl_username=tim").count() >= 2);
}

#[tokio::test]
async fn who_is_not_known_sends_nothing() {
    if !Postfix::starts_or_says("it wants us to sign in") {
        return;
    }
    let dovecot = Dovecot::start();
    let postfix = Postfix::beside(&dovecot);
    let message = b"Subject: hi\r\n\r\nhello\r\n";
    let send = async |login| {
        let config = config(postfix.submission, Security::StartTls);
        let smtp = Smtp::with(config, dialer(&postfix.authority), login).unwrap();
        smtp.send(FROM, &to(), message).await.unwrap_err()
    };
    let wrong = send(Some(login_with(&format!("{PASSWORD}x")))).await;
    assert!(
        matches!(&wrong, Failure::NotAllowed { connector: "mail", reply, .. } if reply.code == 535),
        "{wrong:?}"
    );
    assert_no_secret_in(&format!("{wrong} {wrong:?}"));
    let unasked = send(None).await;
    assert!(matches!(&unasked, Failure::Rejected { step: "a recipient", .. }), "{unasked:?}");
    assert_eq!(postfix.queue(), 0);
    assert!(inbox(&mut reading(&dovecot)).await.is_empty());
}

#[tokio::test]
async fn a_bad_certificate_ends_it_before_the_password() {
    if !Postfix::starts_or_says("bad certificates of a real server") {
        return;
    }
    let dovecot = Dovecot::start();
    for certificate in [Certificate::OfAStranger, Certificate::Expired, Certificate::OfAnotherHost] {
        let postfix = Postfix::with(&dovecot, certificate);
        for (port, security) in
            [(postfix.submission, Security::StartTls), (postfix.submissions, Security::Tls)]
        {
            let failure = postfix.client(port, security).send(FROM, &to(), b"\r\nhi\r\n").await.unwrap_err();
            let Failure::Unavailable { cause: Cause::Egress(Problem::NotSent(not_sent)), .. } = &failure
            else {
                panic!("{certificate:?}: {failure:?}")
            };
            let is_the_certificate =
                matches!(not_sent, NotSent::NoConnection { cause: egress::Cause::Certificate(_), .. });
            assert!(is_the_certificate, "{certificate:?}: {failure:?}");
        }
        assert!(!postfix.log().contains("sasl"), "{}", postfix.log());
    }
    assert!(!dovecot.log().contains(USER));
}

#[tokio::test]
async fn starttls_that_somebody_takes_out_is_missed() {
    if !Postfix::starts_or_says("STARTTLS that is taken out of a real server's answers") {
        return;
    }
    let dovecot = Dovecot::start();
    let postfix = Postfix::beside(&dovecot);
    let stripping = |line: Vec<u8>| {
        let text = String::from_utf8_lossy(&line).into_owned();
        Some(text.replace("250-STARTTLS", "250-AUTH PLAIN LOGIN").into_bytes())
    };
    let proxy = Proxy::before(postfix.submission, Some, stripping);
    let failure =
        postfix.client(proxy.port, Security::StartTls).send(FROM, &to(), b"\r\nhi\r\n").await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { step: "starting TLS", .. }), "{failure:?}");
    assert_eq!(proxy.heard.text(), "EHLO client.example.org\r\n");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_message_is_there_once() {
    if !Postfix::starts_or_says("a lost answer of a real server") {
        return;
    }
    let dovecot = Dovecot::start();
    let postfix = Postfix::beside(&dovecot);
    let over = std::sync::Arc::new(AtomicBool::new(false));
    let losing = std::sync::Arc::clone(&over);
    let proxy = Proxy::before(
        postfix.open,
        move |line| {
            if line == b".\r\n" {
                over.store(true, Ordering::SeqCst);
            }
            Some(line)
        },
        move |line| (!losing.load(Ordering::SeqCst)).then_some(line),
    );
    let message = b"Subject: once\r\n\r\nhello\r\n";
    let failure = postfix.client(proxy.port, Security::None).send(FROM, &to(), message).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    assert!(failure.may_have_happened());

    let mut client = reading(&dovecot);
    let arrives = async {
        while inbox(&mut client).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), arrives).await.expect("the server had all of it");
    until("nothing is under way any more", || postfix.queue() == 0);
    assert_eq!(inbox(&mut client).await.len(), 1);
    assert_eq!(proxy.heard.text().matches("DATA").count(), 1);
}
