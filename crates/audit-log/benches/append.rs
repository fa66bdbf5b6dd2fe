//! What a durable entry costs, beside the limit that the machine sets: `cargo bench -p audit-log --bench append`.
//!
//! `probe` is the limit: as many bytes, the same way to share a sync, and nothing but write and fdatasync. `log` beside it is the
//! price of the chain, the signed head, the watch over the files and the reading back. `sqlite` writes one row a transaction
//! (WAL, synchronous=FULL), which is what a program without a log of its own would do. `content` is the store beside the log.
//! On a busy machine only medians of one run can be compared.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

mod support;

use audit_log::{AuditLog, ContentStore};
use divan::counter::ItemsCount;
use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use support::{Forgetful, append, details, open};
use tokio::sync::oneshot;

const CLIENTS: usize = 128;
/// Entries of each client in one sample.
const EACH: usize = 50;
/// As long as a line of the log.
const LINE: usize = 527;

fn main() {
    divan::main();
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
                let bytes: Vec<u8> = group.iter().flat_map(|(line, _)| line.iter().copied()).collect();
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
    let folder = tempfile::tempdir_in(".").unwrap();
    let database = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", "FULL").unwrap();
    database.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)", ()).unwrap();
    let mut insert = database.prepare("INSERT INTO log (line) VALUES (?)").unwrap();
    let line = vec![b'x'; LINE];
    bencher.bench_local(|| insert.execute([&line]).unwrap());
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
