//! What is handed over of the inbox, and what is not.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use connectors::Failure;
use connectors::gmail::{Fetched, Inbox, LONGEST_MESSAGE, Start};
use connectors::incoming::Batch;
use serde_json::json;

use crate::account::{Account, MAIL};
use crate::stand_in::{Fault, GET, HISTORY, LIST};

/// All batches from a cursor on until there is no more: identifiers, refusals, the last cursor.
async fn all(inbox: &mut Inbox, cursor: Option<&str>) -> (Vec<String>, Vec<(String, String)>, String) {
    let (mut ids, mut refused) = (Vec::new(), Vec::new());
    let mut cursor = cursor.map(str::to_owned);
    for _ in 0..200 {
        let batch: Batch = inbox.look(cursor.as_deref()).await.unwrap();
        ids.extend(batch.items.into_iter().map(|item| item.id));
        refused.extend(batch.refused);
        assert!(batch.cursor.is_ascii() && !batch.cursor.contains('@'), "{}", batch.cursor);
        if !batch.more {
            return (ids, refused, batch.cursor);
        }
        cursor = Some(batch.cursor);
    }
    panic!("it does not come to rest");
}

#[tokio::test]
async fn from_now_on_is_from_now_on() {
    let Account { server, gmail, .. } = &Account::new().await;
    server.google().mailbox.arrives(MAIL);
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (before, _, cursor) = all(&mut inbox, None).await;
    assert!(before.is_empty());
    let id = server.google().mailbox.arrives(MAIL);
    let batch = inbox.look(Some(&cursor)).await.unwrap();
    assert_eq!((batch.items.len(), batch.more), (1, false));
    assert_eq!((&batch.items[0].id, &batch.items[0].untrusted_bytes[..]), (&id, MAIL));
    let again = inbox.look(Some(&cursor)).await.unwrap();
    assert_eq!(again, batch, "the same cursor, the same batch");
    assert_eq!(inbox.look(Some(&batch.cursor)).await.unwrap().items, []);
}

#[tokio::test]
async fn from_a_day_on_is_from_that_day_on() {
    let Account { server, gmail, .. } = &Account::new().await;
    let start = {
        let mut google = server.google();
        google.mailbox.page = 2;
        google.mailbox.arrives(MAIL);
        google.mailbox.now += 60_200;
        google.mailbox.arrives(MAIL);
        google.mailbox.now += 300;
        google.mailbox.now
    };
    let wanted: Vec<String> = (0..5).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    let since = SystemTime::UNIX_EPOCH + Duration::from_millis(start.unsigned_abs());
    let mut inbox = Inbox::new(gmail.clone(), Start::Since(since));
    let (mut ids, _, cursor) = all(&mut inbox, None).await;
    ids.sort();
    assert_eq!(ids, {
        let mut wanted = wanted;
        wanted.sort();
        wanted
    });
    let later = server.google().mailbox.arrives(MAIL);
    assert_eq!(all(&mut inbox, Some(&cursor)).await.0, [later]);
}

#[tokio::test]
async fn many_messages_come_in_batches_and_many_pages() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    server.google().mailbox.page = 7;
    let wanted: Vec<String> = (0..250).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    let first = inbox.look(Some(&cursor)).await.unwrap();
    assert_eq!((first.items.len(), first.more), (100, true));
    assert_eq!(inbox.look(Some(&cursor)).await.unwrap(), first, "its cursor was lost");
    let pages = server.calls(HISTORY);
    // After a restart, from the cursor that was kept.
    let (rest, _, _) = all(&mut Inbox::new(gmail.clone(), Start::Now), Some(&first.cursor)).await;
    assert_eq!(first.items.into_iter().map(|item| item.id).chain(rest).collect::<Vec<_>>(), wanted);
    let (_, _, end) = all(&mut inbox, Some(&first.cursor)).await;
    assert!(server.calls(HISTORY) > pages);
    assert_eq!(all(&mut inbox, Some(&end)).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_goes_on_where_it_was_after_a_restart() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut wanted: Vec<String> = (0..250).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    wanted.sort();
    let mut cursor = None;
    let mut ids = Vec::new();
    for _ in 0..4 {
        // Each time the program starts anew.
        let batch = Inbox::new(gmail.clone(), Start::Since(SystemTime::UNIX_EPOCH))
            .look(cursor.as_deref())
            .await
            .unwrap();
        ids.extend(batch.items.into_iter().map(|item| item.id));
        cursor = batch.more.then_some(batch.cursor);
    }
    assert_eq!(
        (ids, cursor.map(|cursor| cursor.split(':').next().map(str::to_owned))),
        (wanted, Some(Some("history".to_owned())))
    );
}

#[tokio::test]
async fn an_inbox_of_any_size_is_gone_through_with_bounded_memory() {
    let Account { server, gmail, .. } = &Account::new().await;
    // More than are held at once.
    let wanted: BTreeSet<String> = (0..10_300).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    let mut inbox = Inbox::new(gmail.clone(), Start::Since(SystemTime::UNIX_EPOCH));
    let mut cursor = inbox.look(None).await.unwrap().cursor;
    let mut ids = BTreeSet::new();
    for _ in 0..200 {
        if !cursor.starts_with("list:") {
            break;
        }
        let batch = inbox.look(Some(&cursor)).await.unwrap();
        ids.extend(batch.items.into_iter().map(|item| item.id));
        cursor = batch.cursor;
    }
    assert!(ids == wanted, "{} of {}", ids.len(), wanted.len());
}

#[tokio::test]
async fn a_batch_is_bounded_by_bytes() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    let large = [MAIL, &vec![b'x'; LONGEST_MESSAGE - MAIL.len()]].concat();
    for _ in 0..3 {
        server.google().mailbox.arrives(&large);
    }
    let batch = inbox.look(Some(&cursor)).await.unwrap();
    assert_eq!((batch.items.len(), batch.more), (1, true));
    assert!(batch.items[0].untrusted_bytes == large, "the longest message comes whole");
    assert_eq!(all(&mut inbox, Some(&batch.cursor)).await.0.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_had_is_named_and_stops_nothing() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    let large = [MAIL, &vec![b'x'; LONGEST_MESSAGE]].concat();
    let (long, longer, gone, broken, fine) = {
        let mailbox = &mut server.google().mailbox;
        let long = mailbox.arrives(&large[..LONGEST_MESSAGE + 1]);
        let longer = mailbox.arrives(&[&large[..], &large].concat());
        let (gone, broken, fine) = (mailbox.arrives(MAIL), mailbox.arrives(MAIL), mailbox.arrives(MAIL));
        mailbox.is_deleted(&gone);
        (long, longer, gone, broken, fine)
    };
    for fault in [None, None, None, Some(Fault::Change("raw", json!("not+base64url")))] {
        server.google().fails(GET, fault.unwrap_or(Fault::Change("snippet", json!(""))));
    }
    let (ids, refused, cursor) = all(&mut inbox, Some(&cursor)).await;
    assert_eq!(ids, [fine]);
    let reasons: Vec<(&str, &str)> = refused.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (long.as_str(), "it is longer than 25 MiB"),
            (longer.as_str(), "it is longer than 25 MiB"),
            (gone.as_str(), "it was deleted before it was read"),
            (broken.as_str(), "what Gmail gives of it is not base64url"),
        ]
    );
    assert_eq!(all(&mut inbox, Some(&cursor)).await.1, []);
}

#[tokio::test]
async fn a_history_that_is_forgotten_costs_a_list_and_no_message() {
    let Account { server, gmail, .. } = &Account::new().await;
    server.google().mailbox.arrives(MAIL);
    server.google().mailbox.now += 1000;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    let month = 30 * 24 * 60 * 60 * 1000;
    let mut wanted = Vec::new();
    for _ in 0..4 {
        server.google().mailbox.now += month;
        wanted.push(server.google().mailbox.arrives(MAIL));
    }
    server.google().mailbox.forgets();
    let forgotten = inbox.look(Some(&cursor)).await.unwrap();
    assert!(forgotten.items.is_empty() && forgotten.more);
    // It comes while the list is gone through.
    wanted.push(server.google().mailbox.arrives(MAIL));
    let (mut ids, _, cursor) = all(&mut inbox, Some(&forgotten.cursor)).await;
    ids.sort();
    ids.dedup();
    wanted.sort();
    assert!(wanted.iter().all(|id| ids.contains(id)), "none is lost");

    // The next time, only what came lately is listed again.
    server.google().mailbox.now += month;
    let newest = server.google().mailbox.arrives(MAIL);
    let (ids, _, cursor) = all(&mut inbox, Some(&cursor)).await;
    assert_eq!(ids, std::slice::from_ref(&newest));
    server.google().mailbox.forgets();
    assert_eq!(all(&mut inbox, Some(&cursor)).await.0, [newest]);
}

#[tokio::test]
async fn a_page_token_that_is_not_known_any_more_is_asked_for_anew() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    server.google().mailbox.page = 60;
    let wanted: Vec<String> = (0..130).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    let first = inbox.look(Some(&cursor)).await.unwrap();
    server.google().fails(HISTORY, Fault::Refuse(400, "invalidArgument"));
    let middle = inbox.look(Some(&first.cursor)).await.unwrap();
    assert!(middle.more && !middle.items.is_empty(), "what was there is handed over");
    let (rest, _, _) = all(&mut inbox, Some(&middle.cursor)).await;
    let ids = |batch: Batch| batch.items.into_iter().map(|item| item.id);
    assert_eq!(ids(first).chain(ids(middle)).chain(rest).collect::<Vec<_>>(), wanted);
}

#[tokio::test]
async fn a_failure_in_the_middle_hands_over_what_came_before() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    let wanted: Vec<String> = (0..3).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    server.google().fails(GET, Fault::Change("snippet", json!("")));
    server.google().fails(GET, Fault::Refuse(400, "x"));
    let batch = inbox.look(Some(&cursor)).await.unwrap();
    assert_eq!((batch.items.len(), batch.more), (1, true));
    server.google().fails(GET, Fault::Refuse(400, "x"));
    assert!(matches!(inbox.look(Some(&batch.cursor)).await, Err(Failure::Rejected { .. })));
    assert_eq!(all(&mut inbox, Some(&batch.cursor)).await.0, wanted[1..]);
}

#[tokio::test]
async fn an_identifier_from_outside_cannot_be_part_of_another_path() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    for id in ["../profile", "a/b", "", "a:b", "é", &"a".repeat(101)] {
        let message = json!([{ "id": "9999", "messagesAdded": [{ "message": { "id": id } }] }]);
        server.google().fails(HISTORY, Fault::Change("history", message));
        let gets = server.calls(GET);
        assert!(matches!(inbox.look(Some(&cursor)).await, Err(Failure::Unavailable { .. })), "{id}");
        assert_eq!(server.calls(GET), gets);
    }
    assert!(matches!(inbox.look(Some("uidvalidity:1")).await, Err(Failure::Malformed { .. })));
}

#[tokio::test]
async fn pages_that_do_not_end_are_left() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    for _ in 0..2 {
        server.google().fails(HISTORY, Fault::Change("nextPageToken", json!("7")));
    }
    assert!(matches!(inbox.look(Some(&cursor)).await, Err(Failure::Unavailable { .. })));
    for _ in 0..2 {
        server.google().fails(LIST, Fault::Change("nextPageToken", json!("7.a")));
    }
    assert!(matches!(inbox.look(Some("list:1:0")).await, Err(Failure::Unavailable { .. })));
}

#[tokio::test]
async fn another_mailbox_is_not_taken_for_the_same() {
    let Account { server, gmail, .. } = &Account::new().await;
    let mut inbox = Inbox::new(gmail.clone(), Start::Now);
    let (_, _, cursor) = all(&mut inbox, None).await;
    let id = server.google().mailbox.arrives(MAIL);
    server.google().fails(HISTORY, Fault::Change("historyId", json!("17")));
    server.google().fails(HISTORY, Fault::Change("history", json!([])));
    let batch = inbox.look(Some(&cursor)).await.unwrap();
    assert!(batch.more, "it is listed");
    assert_eq!(all(&mut inbox, Some(&batch.cursor)).await.0, [id]);
}

#[tokio::test]
async fn a_search_finds_and_changes_nothing() {
    let Account { server, gmail, .. } = &Account::new().await;
    let ids: Vec<String> = (0..5).map(|_| server.google().mailbox.arrives(MAIL)).collect();
    server.google().mailbox.page = 2;
    assert_eq!(gmail.search("noon?", 10).await.unwrap().len(), 5);
    assert_eq!(gmail.search("noon?", 3).await.unwrap().len(), 3);
    assert_eq!(gmail.search("midnight", 10).await.unwrap(), []);
    let Fetched::Whole { untrusted_bytes, .. } = gmail.raw(&ids[0]).await.unwrap() else {
        panic!("it is there")
    };
    assert_eq!(untrusted_bytes, MAIL);
    assert_eq!(gmail.raw("ffff").await.unwrap(), Fetched::Refused("it was deleted before it was read"));
}
