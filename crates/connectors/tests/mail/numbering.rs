//! A folder whose numbers are given anew is read again, and what was known for long stays known.

use std::time::{Duration, SystemTime};

use connectors::imap::ImapSettings;

use crate::servers::{Dovecot, INBOX};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn mail(subject: &str) -> Vec<u8> {
    format!("Subject: {subject}\r\n\r\nhello\r\n").into_bytes()
}

#[tokio::test]
async fn numbers_that_are_given_anew_lose_nothing_and_bring_no_old_mail_back() {
    let dovecot = Dovecot::start();
    let now = SystemTime::now();
    for age in 2..=20 {
        dovecot.deliver_at(INBOX, &mail(&format!("{age} days old")), now - age * DAY);
    }
    dovecot.deliver_at(INBOX, &mail("an hour old"), now - DAY / 24);
    let mut client = dovecot.client();
    let first = client.look(None).await.unwrap();

    // Dovecot numbers folders by the second of their making.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    dovecot.lose_numbers();
    dovecot.deliver(INBOX, &mail("while nobody looked"));
    let again = client.look(Some(&first.cursor)).await.unwrap();
    assert_ne!(validity(&again.cursor), validity(&first.cursor), "the server gave new numbers");
    let mut bodies: Vec<_> = again.items.iter().map(|item| item.untrusted_bytes.clone()).collect();
    bodies.sort();
    // What is of the last day is handed over under new ids with the same bytes: its digest says that it is known.
    assert_eq!(bodies, [mail("an hour old"), mail("while nobody looked")]);

    // An old message that somebody moves here afterwards is new here.
    dovecot.deliver_at(INBOX, &mail("moved here"), now - 300 * DAY);
    let moved = client.look(Some(&again.cursor)).await.unwrap();
    assert_eq!(moved.items.len(), 1);
    assert_eq!(moved.items[0].untrusted_bytes, mail("moved here"));
}

#[tokio::test]
async fn a_folder_that_is_deleted_and_made_again_is_another_one() {
    let dovecot = Dovecot::start();
    let made = |what| dovecot.doveadm(&["mailbox", what, "-u", "tim", "Work"]);
    made("create");
    let settings = ImapSettings { folder: "Work".to_owned(), from_the_start: true, ..dovecot.settings() };
    let mut client = dovecot.client_with(settings);
    dovecot.deliver("Work", &mail("of the first"));
    let first = client.look(None).await.unwrap();
    assert_eq!(first.items.len(), 1);

    made("delete");
    assert!(client.look(Some(&first.cursor)).await.is_err(), "there is none now");
    // Dovecot numbers folders by the second of their making.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    made("create");
    dovecot.deliver("Work", &mail("of the second"));
    let second = client.look(Some(&first.cursor)).await.unwrap();
    assert_eq!(second.items.len(), 1);
    assert_eq!(second.items[0].untrusted_bytes, mail("of the second"));
    assert_ne!(second.items[0].id, first.items[0].id);
}

fn validity(cursor: &str) -> &str {
    cursor.split(':').next().unwrap()
}
