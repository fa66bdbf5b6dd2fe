//! A service is read exactly once, whatever fails and ends when.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case fails")]

mod zone;

use connectors::incoming::{Batch, Incoming};
use connectors::{Cause, Failure};
use executor::feed::{Feed, Looking, NotFed, Service};
use executor::spool::Spool;
use executor::zone1::Zone1;
use proptest::prelude::{Strategy, prop};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use zone::zone1;

/// A service with numbered items: a cursor is the number of the next one, and what is before it is forgotten there.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    there: u64,
    forgotten_before: u64,
    fails: bool,
}

impl Service for Numbers {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        let mut state = self.0.lock().unwrap();
        let from = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        // Handing the cursor in acknowledges, also when the answer is lost.
        state.forgotten_before = state.forgotten_before.max(from);
        assert!(from >= state.forgotten_before, "what was acknowledged is asked for again");
        if state.fails {
            let cause = Cause::Connection("lost".to_owned());
            return Box::pin(async { Err(Failure::Unavailable { step: "looking", cause }) });
        }
        let upto = state.there.min(from + 3);
        let item = |n: u64| Incoming { id: n.to_string(), untrusted_bytes: format!("item {n}").into_bytes() };
        let batch = Batch {
            items: (from..upto).map(item).collect(),
            refused: Vec::new(),
            cursor: upto.to_string(),
            more: upto < state.there,
        };
        Box::pin(async { Ok(batch) })
    }

    fn wait(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// The same, whose cursor is lost: the machine ended between the items and it.
struct Forgetful(Numbers);

impl Service for Forgetful {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        let looking = self.0.look(cursor);
        let before = cursor.unwrap_or("0").to_owned();
        Box::pin(async { looking.await.map(|batch| Batch { cursor: before, ..batch }) })
    }

    fn wait(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

fn feed(numbers: &Numbers) -> Feed {
    Feed { source: "telegram", connector: "numbers", service: Box::new(numbers.clone()) }
}

fn spool(folder: &Path) -> Spool {
    let (waiting, quarantine) = (folder.join("spool"), folder.join("quarantine"));
    std::fs::create_dir_all(&waiting).unwrap();
    Spool::new(waiting, quarantine)
}

/// What was taken in, as the spool holds it; the record must know as much.
fn taken(zone1: Zone1, folder: &Path) -> Vec<String> {
    let contents = std::fs::read_dir(folder.join("spool")).unwrap();
    let mut contents: Vec<_> =
        contents.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    contents.sort();
    let record = zone1.into_record().unwrap();
    assert_eq!(record.ledger().items().len(), contents.len(), "the record knows what the spool holds");
    contents
}

#[tokio::test]
async fn a_frozen_home_fetches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let zone1 = zone1(folder.path());
    std::fs::write(folder.path().join("latch"), "?").unwrap();
    let numbers = Numbers::default();
    numbers.0.lock().unwrap().there = 2;
    let looked = feed(&numbers).look_once(&zone1, &spool(folder.path())).await;
    assert!(matches!(looked, Err(NotFed::Latched)), "{looked:?}");
    assert!(taken(zone1, folder.path()).is_empty());
}

/// The owner freezes everything while a look waits.
struct FrozenMeanwhile(Numbers, std::path::PathBuf);

impl Service for FrozenMeanwhile {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        std::fs::write(&self.1, "?").unwrap();
        self.0.look(cursor)
    }

    fn wait(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn what_comes_while_the_home_is_frozen_is_not_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let zone1 = zone1(folder.path());
    let numbers = Numbers::default();
    numbers.0.lock().unwrap().there = 2;
    let service = Box::new(FrozenMeanwhile(numbers.clone(), folder.path().join("latch")));
    let looked = Feed { service, ..feed(&numbers) }.look_once(&zone1, &spool(folder.path())).await;
    assert!(matches!(looked, Err(NotFed::Latched)), "{looked:?}");
    assert!(taken(zone1, folder.path()).is_empty());
}

#[tokio::test]
async fn what_is_not_durable_here_is_not_acknowledged_there() {
    let folder = tempfile::tempdir().unwrap();
    let zone1 = zone1(folder.path());
    let numbers = Numbers::default();
    numbers.0.lock().unwrap().there = 2;
    // The spool takes nothing.
    let nowhere = Spool::new(folder.path().join("nowhere"), folder.path().join("nowhere"));
    for _ in 0..3 {
        let looked = feed(&numbers).look_once(&zone1, &nowhere).await;
        assert!(matches!(looked, Err(NotFed::Taken(_))), "{looked:?}");
        assert_eq!(numbers.0.lock().unwrap().forgotten_before, 0);
    }
    feed(&numbers).look_once(&zone1, &spool(folder.path())).await.unwrap();
    assert_eq!(taken(zone1, folder.path()), ["item 0", "item 1"]);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive(u8),
    Look,
    LookInVain,
    Restart,
    /// The items of a look are durable and its cursor is not: the machine ended between the two.
    LoseCursor,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop::sample::select(vec![
        Step::Arrive(1),
        Step::Arrive(5),
        Step::Look,
        Step::Look,
        Step::LookInVain,
        Step::Restart,
        Step::LoseCursor,
    ]);
    prop::collection::vec(step, 1..30)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn every_item_is_taken_in_once(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&steps));
    }
}

async fn play(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let (spool, numbers) = (spool(folder.path()), Numbers::default());
    let mut zone1 = Some(zone1(folder.path()));
    for step in steps {
        let at_work = zone1.as_ref().unwrap();
        match step {
            Step::Arrive(many) => numbers.0.lock().unwrap().there += u64::from(*many),
            Step::Look => _ = feed(&numbers).look_once(at_work, &spool).await.unwrap(),
            Step::LookInVain => {
                numbers.0.lock().unwrap().fails = true;
                assert!(feed(&numbers).look_once(at_work, &spool).await.is_err());
                numbers.0.lock().unwrap().fails = false;
            }
            Step::LoseCursor => {
                let service = Box::new(Forgetful(numbers.clone()));
                _ = Feed { service, ..feed(&numbers) }.look_once(at_work, &spool).await.unwrap();
            }
            Step::Restart => {
                drop(zone1.take());
                zone1 = Some(self::zone1(folder.path()));
            }
        }
    }
    let at_work = zone1.unwrap();
    while feed(&numbers).look_once(&at_work, &spool).await.unwrap() {}
    let mut expected: Vec<_> = (0..numbers.0.lock().unwrap().there).map(|n| format!("item {n}")).collect();
    expected.sort();
    assert_eq!(taken(at_work, folder.path()), expected);
}
