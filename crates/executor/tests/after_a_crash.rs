//! What a crash left is made up for: a wish asked again is the same request, and an item that waits still waits.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

mod zone;

use action::{Request, Role, ZoneId};
use executor::caller::Caller;
use executor::judge::{Standing, UntrustedWish};
use executor::record::Record;
use executor::spool::{Spool, tidy};
use executor::zone1::Zone1;
use jiff::Timestamp;
use ledger::{Event, ItemState};
use std::path::Path;
use zone::{record, zone1};

const PARAMETERS: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;

fn planner() -> ZoneId {
    ZoneId::new("local", Role::Planner)
}

async fn ask(zone1: &Zone1, key: &str) -> String {
    let wish = UntrustedWish {
        action: "send_email".to_owned(),
        parameters: PARAMETERS.to_owned(),
        key: key.to_owned(),
        item: String::new(),
    };
    let answer = zone1.request(&Caller::nobody_of("local", Role::Planner), wish).await.unwrap();
    assert!(matches!(answer.standing, Standing::Granted { .. }), "{answer:?}");
    answer.request
}

#[tokio::test]
async fn a_key_of_any_characters_is_the_same_key_again() {
    let folder = tempfile::tempdir().unwrap();
    // The blank and the heart are written differently in the record.
    for key in ["item/rule", "item/\u{65e5}\u{672c}\u{3000}\u{8a9e}", "item/\u{2764}\u{fe0f}", "⟨U+3000⟩"]
    {
        let zone1 = zone1(folder.path());
        let first = ask(&zone1, key).await;
        assert_eq!(ask(&zone1, key).await, first, "{key}");
        drop(zone1);
        assert_eq!(ask(&self::zone1(folder.path()), key).await, first, "{key}, after a restart");
    }
}

#[tokio::test]
async fn a_request_that_a_crash_kept_from_being_judged_is_judged_when_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    {
        // The first of two entries was on the disk when the power went.
        let request = Request::check(planner(), "send_email", PARAMETERS.to_owned()).unwrap();
        let mut record = record(folder.path());
        let (parameters, kept) = record.keep(request.parameters().as_bytes()).unwrap();
        kept.wait().await.unwrap();
        let requested = Event::CapabilityRequested {
            request: "req-1".to_owned(),
            zone: planner().to_string(),
            action: "send_email".to_owned(),
            digest: request.digest(),
            parameters,
            key: "item/rule".to_owned(),
            item: None,
            recipients: Vec::new(),
            origins: Vec::new(),
        };
        record.write(Timestamp::now(), requested).unwrap().wait().await.unwrap();
    }
    assert_eq!(ask(&zone1(folder.path()), "item/rule").await, "req-1");
}

#[tokio::test]
async fn an_item_whose_bytes_cannot_be_opened_just_now_is_not_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let before = zone1_with_an_item(folder.path()).await;
    let closed = folder.path().join("closed");
    std::fs::write(&closed, "not a folder").unwrap();
    assert!(tidy(&before, &Spool::new(closed, folder.path().to_owned())).await.is_err());
    drop(before);
    let waits = |record: &Record| record.ledger().item("email-1").unwrap().state == ItemState::Received;
    assert!(waits(&record(folder.path())));

    // Bytes that are gone are gone.
    let after = zone1(folder.path());
    tidy(&after, &Spool::new(folder.path().to_owned(), folder.path().to_owned())).await.unwrap();
    drop(after);
    assert!(!waits(&record(folder.path())));
}

#[tokio::test]
async fn an_item_whose_clean_content_never_reached_the_disk_is_read_again() {
    for raw_is_there in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        drop(zone1_with_an_item(folder.path()).await);
        let cleaned = Event::ItemCleaned {
            item: "email-1".to_owned(),
            clean: action::Digest::of(b"the power went before this was written"),
            injection_warning: false,
            findings: Vec::new(),
        };
        record(folder.path()).write(Timestamp::now(), cleaned).unwrap().wait().await.unwrap();
        let raw = folder.path().join("email-1.raw");
        if raw_is_there {
            std::fs::write(&raw, "hi").unwrap();
        }

        let after = zone1(folder.path());
        tidy(&after, &Spool::new(folder.path().to_owned(), folder.path().to_owned())).await.unwrap();
        drop(after);
        let state = record(folder.path()).ledger().item("email-1").unwrap().state.clone();
        assert_eq!(state == ItemState::Received, raw_is_there);
        assert_eq!(state == ItemState::Quarantined, !raw_is_there);
        assert_eq!(raw.exists(), raw_is_there, "nothing is lost");
    }
}

async fn zone1_with_an_item(folder: &Path) -> Zone1 {
    let received = Event::ItemReceived {
        item: "email-1".to_owned(),
        source: "email".to_owned(),
        size: 2,
        sha256: action::Digest::of(b"hi"),
    };
    record(folder).write(Timestamp::now(), received).unwrap().wait().await.unwrap();
    zone1(folder)
}
