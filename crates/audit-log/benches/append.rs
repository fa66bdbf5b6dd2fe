//! What a durable entry costs, beside the limit that the machine sets: `cargo bench -p audit-log --bench append`.
//!
//! `probe` is the limit: as many bytes, the same way to share a sync, and nothing but write and fdatasync. `log` beside it is the
//! price of the chain, the signed head, the watch over the files and the reading back. `sqlite` writes one row a transaction
//! (WAL, synchronous=FULL), which is what a program without a log of its own would do. `content` is the store beside the log.
//!
//! On a busy machine figures that were not taken side by side say little. `cargo bench -p audit-log --bench append -- --paired`
//! takes turns, and prints the medians of the ratios.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

mod support;

use audit_log::{AuditLog, ContentStore};
use divan::counter::ItemsCount;
use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use support::{Forgetful, append, details, open};
use tokio::sync::oneshot;

const CLIENTS: usize = 128;
/// Entries of each client in one sample.
const EACH: usize = 50;
/// As long as a line of the log.
const LINE: usize = 527;
/// How often each has its turn where turns are taken.
const TURNS: usize = 25;

fn main() {
    if std::env::args().any(|argument| argument == "--paired") {
        paired();
    } else {
        divan::main();
    }
}

/// Log, probe and SQLite by turns.
fn paired() {
    let (_folder, log) = log();
    let (log, details, probe) = (Arc::new(Mutex::new(log)), Arc::new(details()), Arc::new(Probe::new()));
    let mut database = Sqlite::new();
    let some = 200;
    let entry = || append(&mut log.lock().unwrap(), &details);
    for (what, rounds) in [("1 client", 0), ("128 threads", 1), ("128 tasks", 2)] {
        let mut turns: Vec<[f64; 3]> = Vec::new();
        for _ in 0..TURNS {
            let by_log = match rounds {
                0 => rate(some, || (0..some).for_each(|_| entry().wait_blocking().unwrap())),
                1 => rate(CLIENTS * EACH, || with_threads(|| entry().wait_blocking().unwrap())),
                _ => rate(CLIENTS * EACH, || {
                    let (log, details) = (Arc::clone(&log), Arc::clone(&details));
                    with_tasks(async move || {
                        let durable = append(&mut log.lock().unwrap(), &details);
                        durable.wait().await.unwrap();
                    });
                }),
            };
            let by_probe = match rounds {
                0 => rate(some, || (0..some).for_each(|_| probe.append().blocking_recv().unwrap())),
                1 => rate(CLIENTS * EACH, || with_threads(|| probe.append().blocking_recv().unwrap())),
                _ => rate(CLIENTS * EACH, || {
                    let probe = Arc::clone(&probe);
                    with_tasks(async move || probe.append().await.unwrap());
                }),
            };
            let by_sqlite = rate(some, || (0..some).for_each(|_| database.insert()));
            turns.push([by_log, by_probe, by_sqlite]);
        }
        let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
            let mut values: Vec<f64> = turns.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(TURNS / 2).copied().unwrap()
        };
        println!(
            "{what:12} log {:8.0}/s  probe {:8.0}/s  SQLite {:6.0}/s  log/probe {:.2}  log/SQLite {:.1}",
            median(&|turn| turn[0]),
            median(&|turn| turn[1]),
            median(&|turn| turn[2]),
            median(&|turn| turn[0] / turn[1]),
            median(&|turn| turn[0] / turn[2]),
        );
    }
}

fn rate(count: usize, work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    count as f64 / begun.elapsed().as_secs_f64()
}

fn log() -> (tempfile::TempDir, AuditLog) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let log = open(&folder.path().join("executor.jsonl"), &mut Forgetful(""));
    (folder, log)
}

/// Group commit and nothing else.
struct Probe {
    queue: SyncSender<(Vec<u8>, oneshot::Sender<()>)>,
    _folder: tempfile::TempDir,
}

impl Probe {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(".").unwrap();
        let mut file = File::create(folder.path().join("probe")).unwrap();
        let (queue, waiting): (_, Receiver<(Vec<u8>, oneshot::Sender<()>)>) = sync_channel(4096);
        std::thread::spawn(move || {
            while let Ok(first) = waiting.recv() {
                let group: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                let bytes = group.iter().map(|(line, _)| line.as_slice()).collect::<Vec<_>>().concat();
                file.write_all(&bytes).and_then(|()| file.sync_data()).unwrap();
                for (_, done) in group {
                    let _ = done.send(());
                }
            }
        });
        Self { queue, _folder: folder }
    }

    fn append(&self) -> oneshot::Receiver<()> {
        let (done, durable) = oneshot::channel();
        self.queue.send((vec![b'x'; LINE], done)).unwrap();
        durable
    }
}

/// A database that is as careful as the log.
struct Sqlite {
    database: rusqlite::Connection,
    _folder: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(".").unwrap();
        let database = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
        database.pragma_update(None, "journal_mode", "WAL").unwrap();
        database.pragma_update(None, "synchronous", "FULL").unwrap();
        database.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)", ()).unwrap();
        Self { database, _folder: folder }
    }

    fn insert(&mut self) {
        let mut insert = self.database.prepare_cached("INSERT INTO log (line) VALUES (?)").unwrap();
        insert.execute([&[b'x'; LINE][..]]).unwrap();
    }
}

/// As many threads as clients, each with one entry under way.
fn with_threads(client: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| (0..EACH).for_each(|_| client()));
        }
    });
}

/// As many tasks as clients on one thread, as in a zone.
fn with_tasks(client: impl AsyncFn() + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    let client = Rc::new(client);
    for _ in 0..CLIENTS {
        let client = Rc::clone(&client);
        tasks.spawn_local(async move {
            for _ in 0..EACH {
                client().await;
            }
        });
    }
    runtime.block_on(tasks);
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn one_client_log(bencher: divan::Bencher<'_, '_>) {
    let ((_folder, mut log), details) = (log(), details());
    bencher.bench_local(|| append(&mut log, &details).wait_blocking().unwrap());
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn one_client_probe(bencher: divan::Bencher<'_, '_>) {
    let probe = Probe::new();
    bencher.bench_local(|| probe.append().blocking_recv().unwrap());
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn one_client_content(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = ContentStore::open(&folder.path().join("content")).unwrap();
    let next = AtomicU64::new(0);
    bencher.bench_local(|| put(&store, &next));
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn one_client_sqlite(bencher: divan::Bencher<'_, '_>) {
    let mut database = Sqlite::new();
    bencher.bench_local(|| database.insert());
}

#[divan::bench(sample_count = 12, sample_size = 1)]
fn threads_log(bencher: divan::Bencher<'_, '_>) {
    let ((_folder, log), details) = (log(), details());
    let log = Mutex::new(log);
    bencher.counter(ItemsCount::new(CLIENTS * EACH)).bench_local(|| {
        with_threads(|| {
            let durable = append(&mut log.lock().unwrap(), &details);
            durable.wait_blocking().unwrap();
        });
    });
}

#[divan::bench(sample_count = 12, sample_size = 1)]
fn threads_probe(bencher: divan::Bencher<'_, '_>) {
    let probe = Probe::new();
    bencher
        .counter(ItemsCount::new(CLIENTS * EACH))
        .bench_local(|| with_threads(|| probe.append().blocking_recv().unwrap()));
}

#[divan::bench(sample_count = 12, sample_size = 1)]
fn tasks_log(bencher: divan::Bencher<'_, '_>) {
    let ((_folder, log), details) = (log(), Rc::new(details()));
    let log = Rc::new(RefCell::new(log));
    bencher.counter(ItemsCount::new(CLIENTS * EACH)).bench_local(|| {
        let (log, details) = (Rc::clone(&log), Rc::clone(&details));
        with_tasks(async move || {
            let durable = append(&mut log.borrow_mut(), &details);
            durable.wait().await.unwrap();
        });
    });
}

#[divan::bench(sample_count = 12, sample_size = 1)]
fn tasks_probe(bencher: divan::Bencher<'_, '_>) {
    let probe = Rc::new(Probe::new());
    bencher.counter(ItemsCount::new(CLIENTS * EACH)).bench_local(|| {
        let probe = Rc::clone(&probe);
        with_tasks(async move || probe.append().await.unwrap());
    });
}

#[divan::bench(sample_count = 12, sample_size = 1)]
fn threads_content(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = ContentStore::open(&folder.path().join("content")).unwrap();
    let next = AtomicU64::new(0);
    bencher.counter(ItemsCount::new(CLIENTS * EACH)).bench_local(|| with_threads(|| put(&store, &next)));
}

/// A content of its own each time, as long as a line.
fn put(store: &ContentStore, next: &AtomicU64) {
    let mut bytes = vec![b'x'; LINE];
    bytes.extend_from_slice(&next.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    store.put(&bytes).unwrap().1.wait_blocking().unwrap();
}
