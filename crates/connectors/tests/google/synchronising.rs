//! Over any order of what can happen, each message that stays is handed over, and once.

use std::collections::{BTreeMap, BTreeSet};

use connectors::gmail::{Inbox, Start};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::account::{Account, MAIL};
use crate::stand_in::{Delivery, Fault, GET, HISTORY, LIST};

#[derive(Clone, Debug)]
enum Event {
    /// A message comes in, so many hours after the last.
    Arrival(u8),
    /// One of those that are there is deleted.
    Deletion(prop::sample::Index),
    /// Google forgets its history.
    Forgetting,
    /// A look; what it brings is durable, and then the cursor is.
    Look,
    /// A look; its items are durable, its cursor is lost: the program ends between the two.
    CrashBeforeCursor,
    /// A look of which nothing is durable.
    CrashBeforeItems,
    /// The next such call fails for good.
    Weather(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..80_u8).prop_map(Event::Arrival),
        2 => any::<prop::sample::Index>().prop_map(Event::Deletion),
        1 => Just(Event::Forgetting),
        5 => Just(Event::Look),
        2 => Just(Event::CrashBeforeCursor),
        1 => Just(Event::CrashBeforeItems),
        1 => prop::sample::select(vec![GET, HISTORY, LIST]).prop_map(Event::Weather),
    ]
}

/// The caller: what is durable here.
#[derive(Default)]
struct Durable {
    items: BTreeMap<String, Vec<u8>>,
    refused: BTreeSet<String>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Keeps {
    All,
    Items,
    Nothing,
}

/// One look of the caller. Gives whether there is more at once.
async fn look(inbox: &mut Inbox, durable: &mut Durable, keeps: Keeps) -> bool {
    let Ok(batch) = inbox.look(durable.cursor.as_deref()).await else { return true };
    if keeps != Keeps::Nothing {
        for item in batch.items {
            let known = durable.items.insert(item.id.clone(), item.untrusted_bytes.clone());
            assert!(
                known.is_none_or(|known| known == item.untrusted_bytes),
                "another message of the same name"
            );
        }
        durable.refused.extend(batch.refused.into_iter().map(|(id, _)| id));
    }
    if keeps == Keeps::All {
        durable.cursor = Some(batch.cursor);
    }
    batch.more
}

async fn happens(start: Start, page: usize, events: Vec<Event>) {
    let Account { server, gmail, .. } = &Account::new().await;
    let named = |nth: usize| [MAIL, format!("number {nth}\r\n").as_bytes()].concat();
    let mut nth = 0;
    let mut arrives = |hours: i64| {
        nth += 1;
        let mailbox = &mut server.google().mailbox;
        mailbox.now += hours * 60 * 60 * 1000 + 1;
        (mailbox.arrives(&named(nth)), named(nth))
    };
    let old: Vec<_> = (0..3).map(|_| arrives(1)).collect();
    server.google().mailbox.page = page;
    let mut inbox = Inbox::new(gmail.clone(), start);
    let mut durable = Durable::default();
    // `Now` is when the first look was kept.
    while durable.cursor.is_none() {
        look(&mut inbox, &mut durable, Keeps::All).await;
    }
    let mut there: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Arrival(hours) => there.extend([arrives(i64::from(hours))]),
            Event::Deletion(index) if !there.is_empty() => {
                let id = there.keys().nth(index.index(there.len())).unwrap().clone();
                server.google().mailbox.is_deleted(&id);
                there.remove(&id);
            }
            Event::Deletion(_) => {}
            Event::Forgetting => server.google().mailbox.forgets(),
            Event::Look => {
                look(&mut inbox, &mut durable, Keeps::All).await;
            }
            Event::CrashBeforeCursor | Event::CrashBeforeItems => {
                let keeps =
                    if matches!(event, Event::CrashBeforeCursor) { Keeps::Items } else { Keeps::Nothing };
                look(&mut inbox, &mut durable, keeps).await;
                inbox = Inbox::new(gmail.clone(), start);
            }
            Event::Weather(method) => server.google().fails(method, Fault::Replace("text/html", Vec::new())),
        }
        if matches!(event, Event::Weather(_)) {
            server.google().fails(GET, Fault::Lose(Delivery::Lost));
        }
    }
    // Until all is calm: bounded, because each look makes way.
    for _ in 0..200 {
        if !look(&mut inbox, &mut durable, Keeps::All).await {
            break;
        }
    }
    assert!(!look(&mut inbox, &mut durable, Keeps::All).await, "it comes to rest");
    for (id, raw) in &there {
        assert_eq!(durable.items.get(id), Some(raw), "{id} is lost");
        assert!(!durable.refused.contains(id), "{id} was refused");
    }
    if start == Start::Now {
        // The newest of the old ones may come after the history was forgotten: its date is where the list begins.
        let strangers = old[..2].iter().filter(|(id, _)| durable.items.contains_key(id));
        assert_eq!(strangers.count(), 0, "what was there before is not new");
    } else {
        assert!(old.iter().all(|(id, raw)| durable.items.get(id) == Some(raw)));
    }
}

#[test]
fn each_message_that_stays_is_handed_over_whatever_happens_between() {
    let start = prop_oneof![Just(Start::Now), Just(Start::Since(std::time::UNIX_EPOCH))];
    let history = (start, 1..6_usize, prop::collection::vec(event(), 0..60));
    let config = Config { cases: 200, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&history, |(start, page, events)| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(happens(start, page, events));
            Ok(())
        })
        .unwrap();
}
