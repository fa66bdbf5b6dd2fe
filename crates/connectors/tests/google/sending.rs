//! A message goes out once, into its thread, and what is not known is not said.

use std::time::SystemTime;

use connectors::gmail::{Answering, LONGEST_SENT};
use connectors::{Failure, OutgoingMail, compose};

use crate::account::{Account, MAIL};
use crate::stand_in::{Delivery, Fault, LIST, SEND};

const LUNCH: Answering<'_> = Answering { message_id: "<lunch@example.net>", subject: "Re: Lunch" };
const OURS: &str = "<request-1@moltbot.example.org>";

fn answer(subject: &str) -> Vec<u8> {
    let mail = OutgoingMail {
        from: "owner@example.org".to_owned(),
        to: vec!["ann@example.net".to_owned()],
        cc: Vec::new(),
        subject: subject.to_owned(),
        body: "Yes, at noon.\n".to_owned(),
        in_reply_to: Some(LUNCH.message_id.to_owned()),
        references: vec![LUNCH.message_id.to_owned()],
    };
    compose(&mail, OURS, SystemTime::UNIX_EPOCH).unwrap()
}

#[tokio::test]
async fn an_answer_lies_in_the_thread_of_what_it_answers() {
    let Account { server, gmail, .. } = &Account::new().await;
    let lunch = server.google().mailbox.arrives(MAIL);
    let message = answer("Re: Lunch");
    let sent = gmail.send(&message, Some(LUNCH)).await.unwrap();
    assert_eq!(sent.thread_id, lunch);
    let google = server.google();
    let [only] = google.mailbox.sent()[..] else { panic!("one was sent") };
    assert_eq!((&only.thread, &only.raw), (&lunch, &message), "byte for byte what was composed");
}

#[tokio::test]
async fn an_answer_whose_thread_is_not_there_is_sent_by_itself() {
    let Account { server, gmail, .. } = &Account::new().await;
    let lunch = server.google().mailbox.arrives(MAIL);
    let sent = gmail
        .send(&answer("About dinner"), Some(Answering { subject: "About dinner", ..LUNCH }))
        .await
        .unwrap();
    assert_ne!(sent.thread_id, lunch, "another subject is another thread");
    let nobodys = Answering { message_id: "<unknown@example.net>", ..LUNCH };
    assert_ne!(gmail.send(&answer("Re: Lunch"), Some(nobodys)).await.unwrap().thread_id, lunch);
    let hostile = Answering { message_id: "<lunch@example.net OR in:anywhere>", ..LUNCH };
    let searches = server.calls(LIST);
    assert_ne!(gmail.send(&answer("Re: Lunch"), Some(hostile)).await.unwrap().thread_id, lunch);
    assert_eq!(server.calls(LIST), searches, "a stranger's words are no query");
    server.google().mailbox.arrives(MAIL);
    let ambiguous = gmail.send(&answer("Re: Lunch"), Some(LUNCH)).await.unwrap();
    assert_ne!(ambiguous.thread_id, lunch, "somebody imitates the message that is answered");
    assert_eq!(server.google().mailbox.sent().len(), 4);
}

#[tokio::test]
async fn who_may_only_send_sends() {
    let scopes = ["https://www.googleapis.com/auth/gmail.send"];
    let Account { server, gmail, .. } = &Account::with(&scopes, crate::account::Vault::with_client()).await;
    gmail.send(&answer("Re: Lunch"), Some(LUNCH)).await.unwrap();
    assert_eq!(server.google().mailbox.sent().len(), 1);
    let failure = gmail.identity().await.unwrap_err();
    assert!(matches!(failure, Failure::NotAllowed { .. }));
    assert!(
        failure.to_string().contains("the scope https://www.googleapis.com/auth/gmail.readonly"),
        "{failure}"
    );
}

#[tokio::test]
async fn who_may_only_read_does_not_send() {
    let scopes = ["https://www.googleapis.com/auth/gmail.readonly"];
    let Account { server, gmail, .. } = &Account::with(&scopes, crate::account::Vault::with_client()).await;
    let failure = gmail.send(MAIL, None).await.unwrap_err();
    assert!(matches!(failure, Failure::NotAllowed { .. }));
    assert!(
        failure.to_string().contains("the scope https://www.googleapis.com/auth/gmail.send"),
        "{failure}"
    );
    assert!(server.google().mailbox.sent().is_empty());
}

#[tokio::test]
async fn a_send_is_never_repeated_and_its_outcome_never_guessed() {
    enum Then {
        Unknown,
        Limited,
        NotAllowed,
        Rejected,
    }
    let html = || Fault::Replace("text/html", b"<h1>hello</h1>".to_vec());
    for (fault, effects, then) in [
        (Fault::Lose(Delivery::Lost), 1, Then::Unknown),
        (Fault::Lose(Delivery::Half), 1, Then::Unknown),
        (html(), 1, Then::Unknown),
        (Fault::Replace("application/json", b"{\"id\":".to_vec()), 1, Then::Unknown),
        (Fault::Replace("application/json", b"{}".to_vec()), 1, Then::Unknown),
        (Fault::Replace("application/json", vec![b' '; 8 << 20]), 1, Then::Unknown),
        (Fault::Refuse(500, "backendError"), 0, Then::Unknown),
        (Fault::Refuse(503, "backendError"), 0, Then::Unknown),
        (Fault::Refuse(408, "x"), 0, Then::Unknown),
        (Fault::Refuse(429, "rateLimitExceeded"), 0, Then::Limited),
        (Fault::Refuse(403, "rateLimitExceeded"), 0, Then::Limited),
        (Fault::Refuse(403, "userRateLimitExceeded"), 0, Then::Limited),
        (Fault::Refuse(403, "domainPolicy"), 0, Then::NotAllowed),
        (Fault::Refuse(400, "invalidArgument"), 0, Then::Rejected),
        (Fault::Refuse(413, "uploadTooLarge"), 0, Then::Rejected),
    ] {
        let Account { server, gmail, .. } = &Account::new().await;
        let named = format!("{fault:?}");
        server.google().fails(SEND, fault);
        let failure = gmail.send(MAIL, None).await.unwrap_err();
        let as_meant = match then {
            Then::Unknown => matches!(failure, Failure::Unknown { .. }),
            Then::Limited => matches!(failure, Failure::Limited { .. }),
            Then::NotAllowed => matches!(failure, Failure::NotAllowed { .. }),
            Then::Rejected => matches!(failure, Failure::Rejected { .. }),
        };
        assert!(as_meant, "{named:.60}: {failure}");
        assert!(failure.to_string().is_ascii(), "{failure}");
        let sent = server.google().mailbox.sent().len();
        assert_eq!((server.calls(SEND), sent), (1, effects), "{named:.60}");
    }
}

#[tokio::test]
async fn the_providers_wait_is_handed_on() {
    let Account { server, gmail, .. } = &Account::new().await;
    server.google().fails(SEND, Fault::Later(429, 77));
    let Err(Failure::Limited { retry_after, .. }) = gmail.send(MAIL, None).await else { panic!("limited") };
    assert_eq!(retry_after.unwrap().as_secs(), 77);
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_begun() {
    let Account { server, gmail, .. } = &Account::new().await;
    let long = vec![b'x'; LONGEST_SENT + 1];
    assert!(matches!(gmail.send(&long, None).await, Err(Failure::Malformed { .. })));
    assert_eq!(server.calls(SEND), 0);
}

#[tokio::test]
async fn looking_back_finds_what_was_sent_and_promises_nothing_else() {
    let Account { server, gmail, .. } = &Account::new().await;
    assert!(!gmail.sent(OURS).await.unwrap());
    server.google().fails(SEND, Fault::Lose(Delivery::Lost));
    assert!(gmail.send(&answer("Re: Lunch"), None).await.unwrap_err().may_have_happened());
    assert!(gmail.sent(OURS).await.unwrap());
    // What only came in under that name was not sent.
    let imitation =
        String::from_utf8(MAIL.to_vec()).unwrap().replace("<lunch@example.net>", "<other@example.net>");
    server.google().mailbox.arrives(imitation.as_bytes());
    assert!(!gmail.sent("<other@example.net>").await.unwrap());
    assert!(matches!(gmail.sent("other words").await, Err(Failure::Malformed { .. })));

    let Account { server, gmail, .. } = &Account::new().await;
    server.google().mailbox.renames = true;
    gmail.send(&answer("Re: Lunch"), None).await.unwrap();
    assert!(!gmail.sent(OURS).await.unwrap(), "so `false` proves nothing");
}
