//! What comes into a folder of Dovecot is handed over once, as it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use connectors::imap::{Imap, ImapSettings};
use connectors::incoming::Batch;
use connectors::{Cause, Failure};

use crate::servers::{Dovecot, INBOX, PASSWORD, Proxy, assert_no_secret_in, dialer, login_with};

/// A message with the line ends that mail has on the wire.
fn mail(subject: &str) -> Vec<u8> {
    format!("From: ann@example.net\r\nSubject: {subject}\r\n\r\nhello\r\n").into_bytes()
}

/// Everything from a cursor on, and the last cursor.
async fn all(client: &mut Imap, mut cursor: Option<String>) -> (Vec<Batch>, String) {
    let mut batches: Vec<Batch> = Vec::new();
    loop {
        let batch = client.look(cursor.as_deref()).await.unwrap();
        let more = batch.more;
        cursor = Some(batch.cursor.clone());
        batches.push(batch);
        if !more {
            return (batches, cursor.unwrap());
        }
        assert!(batches.len() < 1000, "it never ends");
    }
}

fn ids(batches: &[Batch]) -> Vec<String> {
    batches.iter().flat_map(|batch| &batch.items).map(|item| item.id.clone()).collect()
}

fn bodies(batches: &[Batch]) -> Vec<Vec<u8>> {
    batches.iter().flat_map(|batch| &batch.items).map(|item| item.untrusted_bytes.clone()).collect()
}

/// Looks until something came.
async fn next(client: &mut Imap, cursor: &str) -> Batch {
    let looking = async {
        loop {
            let batch = client.look(Some(cursor)).await.unwrap();
            if !batch.items.is_empty() {
                return batch;
            }
            client.wait().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), looking).await.expect("nothing came")
}

#[tokio::test]
async fn new_mail_is_told_by_a_server_that_can() {
    let dovecot = Dovecot::start();
    dovecot.deliver(INBOX, &mail("from before"));
    let mut client = dovecot.client();
    let first = client.look(None).await.unwrap();
    assert!(first.items.is_empty() && !first.more, "the first look begins now");

    let (come, later) = tokio::join!(next(&mut client, &first.cursor), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        dovecot.deliver(INBOX, &mail("while it waits"))
    });
    assert!(later.exists(), "opened for reading only, the folder's new mail stays new");
    assert_eq!(come.items.len(), 1);
    assert_eq!(come.items[0].untrusted_bytes, mail("while it waits"));
    assert!(
        dovecot.doveadm(&["fetch", "-u", "tim", "flags", "all"]).lines().all(|line| !line.contains("Seen"))
    );
}

#[tokio::test]
async fn a_server_that_cannot_tell_is_asked() {
    let dovecot = Dovecot::with(
        crate::servers::Certificate::Good,
        "imap_capability = IMAP4rev1 SASL-IR LITERAL+ ID ENABLE",
    );
    let settings = ImapSettings { poll: Duration::from_millis(50), ..dovecot.settings() };
    let mut client = dovecot.client_with(settings);
    let identity = client.identity().await.unwrap();
    assert!(identity.detail.contains(&("new mail is".to_owned(), "asked for".to_owned())), "{identity:?}");
    let first = client.look(None).await.unwrap();
    dovecot.deliver(INBOX, &mail("asked for"));
    assert_eq!(next(&mut client, &first.cursor).await.items[0].untrusted_bytes, mail("asked for"));
}

#[tokio::test]
async fn waiting_ends_by_itself_before_the_server_hangs_up() {
    let dovecot = Dovecot::start();
    let mut client =
        dovecot.client_with(ImapSettings { idle: Duration::from_millis(100), ..dovecot.settings() });
    let first = client.look(None).await.unwrap();
    for _ in 0..2 {
        tokio::time::timeout(Duration::from_secs(60), client.wait()).await.expect("it waits for ever");
        assert_eq!(client.look(Some(&first.cursor)).await.unwrap().cursor, first.cursor);
    }
    assert_eq!(dovecot.log().matches("Login: user=<tim>").count(), 1, "all over one connection");
}

#[tokio::test]
async fn a_server_that_was_killed_is_gone_on_with_where_it_was_left() {
    let mut dovecot = Dovecot::start();
    let settings = ImapSettings { from_the_start: true, ..dovecot.settings() };
    let mut client = dovecot.client_with(settings.clone());
    for number in 0..3 {
        dovecot.deliver(INBOX, &mail(&format!("first {number}")));
    }
    let (before, cursor) = all(&mut client, None).await;
    dovecot.kill_and_start_again();
    dovecot.deliver(INBOX, &mail("second"));

    let (after, _) = all(&mut client, Some(cursor.clone())).await;
    assert_eq!(bodies(&after), [mail("second")], "the same client");
    let (anew, _) = all(&mut dovecot.client_with(settings.clone()), Some(cursor)).await;
    assert_eq!(ids(&anew), ids(&after), "another process with the cursor of the first");
    let (whole, _) = all(&mut dovecot.client_with(settings), None).await;
    assert_eq!(ids(&whole), [ids(&before), ids(&after)].concat(), "the same ids for ever");
}

#[tokio::test]
async fn thousands_of_messages_come_once_each_and_in_order() {
    let dovecot = Dovecot::start();
    let sent: Vec<_> = (0..3000).map(|number| mail(&format!("number {number}"))).collect();
    for message in &sent {
        dovecot.deliver(INBOX, message);
    }
    let mut client = dovecot.client_with(ImapSettings { from_the_start: true, ..dovecot.settings() });
    let (batches, _) = all(&mut client, None).await;
    assert!(bodies(&batches) == sent, "{} of {} messages", bodies(&batches).len(), sent.len());
    assert!(batches.iter().all(|batch| batch.items.len() <= 200), "in bounded batches");

    // From any place in the middle, found without reading all that is before it.
    let (validity, _) = batches[0].cursor.split_once(':').unwrap();
    for after in [1, 999, 1000, 1001, 1500, 2998, 2999, 3000, 4_000_000_000_u32] {
        let batch = client.look(Some(&format!("{validity}:{after}"))).await.unwrap();
        let expected = (after < 3000).then(|| format!("imap:{validity}:{}", after + 1));
        assert_eq!(batch.items.first().map(|item| item.id.clone()), expected, "after {after}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_and_the_others_are_not() {
    const LIMIT: usize = 25 * 1024 * 1024;
    let dovecot = Dovecot::start();
    let long = |length: usize| {
        let mut message = b"Subject: long\r\n\r\n".to_vec();
        while message.len() < length {
            let rest = length - message.len();
            // No line of one byte may be left for the last.
            let line = if rest > 80 { 78 } else { rest };
            message.extend(std::iter::repeat_n(b'x', line - 2));
            message.extend(b"\r\n");
        }
        message
    };
    for message in [mail("before"), long(LIMIT + 1), long(LIMIT), mail("behind")] {
        dovecot.deliver(INBOX, &message);
    }
    let mut client = dovecot.client_with(ImapSettings { from_the_start: true, ..dovecot.settings() });
    let (batches, _) = all(&mut client, None).await;
    assert!(bodies(&batches) == [mail("before"), long(LIMIT), mail("behind")]);
    let refused: Vec<_> = batches.iter().flat_map(|batch| &batch.refused).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].0.ends_with(":2") && refused[0].1.contains("26214401 bytes"), "{refused:?}");
}

#[tokio::test]
async fn a_message_that_is_expunged_while_it_is_fetched_is_passed_over() {
    let dovecot = Arc::new(Dovecot::start());
    for number in 1..=6 {
        dovecot.deliver(INBOX, &mail(&number.to_string()));
    }
    let (administrator, fetched) = (Arc::clone(&dovecot), AtomicUsize::new(0));
    let expunging = move |line: Vec<u8>| {
        if String::from_utf8_lossy(&line).contains("UID FETCH") && fetched.fetch_add(1, Ordering::SeqCst) == 1
        {
            administrator.doveadm(&["expunge", "-u", "tim", "mailbox", INBOX, "uid", "1,2,4,6"]);
        }
        Some(line)
    };
    let proxy = Proxy::before(dovecot.imap, expunging, Some);
    let mut client = dovecot.client_in_the_clear(proxy.port);
    let validity = client.look(None).await.unwrap().cursor.split(':').next().unwrap().to_owned();
    let (batches, cursor) = all(&mut client, Some(format!("{validity}:0"))).await;
    let kept: Vec<_> = ["1", "3", "5"].map(mail).into();
    assert_eq!(bodies(&batches), kept);
    dovecot.deliver(INBOX, &mail("7"));
    assert_eq!(bodies(&all(&mut client, Some(cursor)).await.0), [mail("7")]);
    // Where numbers are missing, more places than messages could be new.
    let later: Vec<_> = ["5", "7"].map(mail).into();
    assert_eq!(bodies(&all(&mut client, Some(format!("{validity}:3"))).await.0), later);
}

#[tokio::test]
async fn a_wrong_password_is_the_owners_matter_and_stands_in_no_error() {
    let dovecot = Dovecot::start();
    let wrong = format!("{PASSWORD}x");
    let mut client = Imap::new(dovecot.settings(), dialer(&dovecot.authority), login_with(&wrong)).unwrap();
    let refused = client.look(None).await.unwrap_err();
    assert!(matches!(&refused, Failure::NotAllowed { connector: "mail", .. }), "{refused:?}");
    assert!(refused.to_string().ends_with("set it up again: moltctl connect mail"), "{refused}");
    assert_no_secret_in(&format!("{refused} {refused:?}"));
}

#[tokio::test]
async fn who_signed_in_where_is_told_without_a_secret() {
    let dovecot = Dovecot::start();
    dovecot.deliver(INBOX, &mail("one"));
    let identity = dovecot.client().identity().await.unwrap();
    assert_eq!(identity.who, format!("signed in at localhost:{}", dovecot.imaps));
    assert_eq!(identity.detail[1], ("messages".to_owned(), "1".to_owned()));
    assert_no_secret_in(&format!("{identity:?}"));
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_a_plain_no() {
    let dovecot = Dovecot::start();
    let mut client =
        dovecot.client_with(ImapSettings { folder: "Entwürfe & mehr".to_owned(), ..dovecot.settings() });
    let refused = client.look(None).await.unwrap_err();
    assert!(matches!(&refused, Failure::Rejected { step: "opening the folder", .. }), "{refused:?}");

    dovecot.doveadm(&["mailbox", "create", "-u", "tim", "Entwürfe & mehr"]);
    let first = client.look(None).await.unwrap();
    dovecot.deliver("Entw&APw-rfe &- mehr", &mail("in a folder with a name"));
    assert_eq!(next(&mut client, &first.cursor).await.items.len(), 1);
}

#[tokio::test]
async fn a_cursor_of_something_else_is_not_guessed_at() {
    let dovecot = Dovecot::start();
    for cursor in ["", "x", "1:2:3:4", "telegram:7"] {
        let refused = dovecot.client().look(Some(cursor)).await.unwrap_err();
        assert!(matches!(refused, Failure::Malformed { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_left_alone_for_a_while() {
    let dovecot = Dovecot::start();
    let settings = ImapSettings { port: crate::servers::free_port(), ..dovecot.settings() };
    let mut client = dovecot.client_with(settings);
    let failure = client.look(None).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unavailable { cause: Cause::Egress(_), .. }), "{failure:?}");
    let begun = SystemTime::now();
    client.wait().await;
    assert!(
        begun.elapsed().unwrap() >= Duration::from_millis(500),
        "the first pause is half a second at least"
    );
}
