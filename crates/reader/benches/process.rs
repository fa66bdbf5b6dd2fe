//! A reader as a process: how soon it is ready, how soon it has read its first item, and the most memory that it comes to hold:
//! `cargo bench -p reader`.
//!
//! An executor's place is taken by a server that only hands out items. Beside it stands the same program when it only says its
//! version, which is what starting any process of that size costs.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot set up its case ends")]

use std::path::Path;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};
use wire::v1::reader_bridge_server::{ReaderBridge, ReaderBridgeServer};
use wire::v1::reader_work::Part;
use wire::v1::{ItemBegin, ItemEnd, ReaderAnswer, ReaderPingRequest, ReaderPingResponse, ReaderWork};

#[path = "../../sanitizer/tests/promises/shapes.rs"]
mod shapes;

type Handed = mpsc::Receiver<Result<ReaderWork, Status>>;
type Work = Pin<Box<dyn Stream<Item = Result<ReaderWork, Status>> + Send>>;

/// Where the one reader that attends is handed its work, and where its answers go.
#[derive(Clone)]
struct Bridge(Arc<Mutex<Option<Handed>>>, mpsc::Sender<()>);

#[tonic::async_trait]
impl ReaderBridge for Bridge {
    type AttendStream = Work;

    async fn ping(&self, _: Request<ReaderPingRequest>) -> Result<Response<ReaderPingResponse>, Status> {
        Ok(Response::new(ReaderPingResponse { zone: String::new() }))
    }

    async fn attend(&self, request: Request<Streaming<ReaderAnswer>>) -> Result<Response<Work>, Status> {
        let (mut answers, said) = (request.into_inner(), self.1.clone());
        tokio::spawn(async move {
            while let Some(Ok(_)) = answers.next().await
                && said.send(()).await.is_ok()
            {}
        });
        let work = self.0.lock().unwrap().take().expect("one reader attends");
        Ok(Response::new(Box::pin(ReceiverStream::new(work))))
    }
}

/// One reader, from its start on.
struct Reader {
    child: Child,
    work: mpsc::Sender<Result<ReaderWork, Status>>,
    answers: mpsc::Receiver<()>,
    ready_after: Duration,
}

impl Reader {
    async fn start(folder: &Path) -> Self {
        let (socket, health) = (folder.join("bridge.sock"), folder.join("health.sock"));
        for left in [&socket, &health] {
            // Of the last one.
            let _ = std::fs::remove_file(left);
        }
        let ((work, handed), (said, mut answers)) = (mpsc::channel(2), mpsc::channel(2));
        let listener = UnixListenerStream::new(tokio::net::UnixListener::bind(&socket).unwrap());
        let bridge = ReaderBridgeServer::new(Bridge(Arc::new(Mutex::new(Some(handed))), said));
        tokio::spawn(tonic::transport::Server::builder().add_service(bridge).serve_with_incoming(listener));
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_moltbot-reader"))
            .args(["--source", "email", "--sandbox", "best-effort", "--socket"])
            .arg(&socket)
            .arg("--health")
            .arg(&health)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        answers.recv().await.expect("it says that it is ready");
        Self { child, work, answers, ready_after: began.elapsed() }
    }

    async fn read(&mut self, content_type: &str, raw: &[u8]) -> Duration {
        let began = Instant::now();
        let begin = ItemBegin { content_type: content_type.to_owned(), size: raw.len() as u64 };
        self.hand(Part::Begin(begin)).await;
        for chunk in raw.chunks(256 * 1024) {
            self.hand(Part::Chunk(chunk.to_vec())).await;
        }
        self.hand(Part::End(ItemEnd {})).await;
        self.answers.recv().await.expect("it answers");
        began.elapsed()
    }

    async fn hand(&self, part: Part) {
        self.work.send(Ok(ReaderWork { part: Some(part) })).await.unwrap();
    }

    /// The most memory that the zone, which is the child's child, ever held, in MiB.
    fn peak(&self) -> f64 {
        let guard = self.child.id();
        let zone =
            std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap_or_default();
        let zone = zone.split_whitespace().next().map_or(guard, |zone| zone.parse().unwrap());
        let status = std::fs::read_to_string(format!("/proc/{zone}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = std::env::temp_dir().join(format!("reader-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    runtime.block_on(async {
        start(&folder).await;
        memory(&folder).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn start(folder: &Path) {
    let (mut bare, mut ready, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mail = format!("From: a@b.c\r\nSubject: Lunch\r\n\r\n{}", "Shall we meet at noon? ".repeat(200));
    for _ in 0..21 {
        let began = Instant::now();
        let said = Command::new(env!("CARGO_BIN_EXE_moltbot-reader")).arg("--version").output().unwrap();
        assert!(said.status.success());
        bare.push(began.elapsed());
        let mut reader = Reader::start(folder).await;
        ready.push(reader.ready_after);
        first.push(reader.read("email", mail.as_bytes()).await);
        second.push(reader.read("email", mail.as_bytes()).await);
    }
    let middle = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).unwrap().as_secs_f64() * 1000.0
    };
    println!("a reader's start, medians of 21 processes");
    println!("  the program says its version and ends {:>7.2} ms", middle(&mut bare));
    println!("  started, walls up and tried, ready    {:>7.2} ms", middle(&mut ready));
    println!("  its first item, 5 kB                  {:>7.2} ms", middle(&mut first));
    println!("  its second                            {:>7.2} ms", middle(&mut second));
}

async fn memory(folder: &Path) {
    println!("the most memory of one reader, after one item of {} bytes", sanitizer::RAW_LIMIT);
    let mut rows = vec![{
        let mut reader = Reader::start(folder).await;
        reader.read("email", b"From: a@b.c\r\n\r\nHello\r\n").await;
        (reader.peak(), "one word", Duration::ZERO)
    }];
    for shape in shapes::SHAPES {
        let mut reader = Reader::start(folder).await;
        let mut raw = shape.of(sanitizer::RAW_LIMIT - 4096);
        raw.truncate(sanitizer::RAW_LIMIT);
        let took = reader.read(shape.content_type.as_str(), &raw).await;
        rows.push((reader.peak(), shape.name, took));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (peak, name, took) in rows {
        println!("  {peak:>7.1} MiB {:>7.0} ms  {name}", took.as_secs_f64() * 1000.0);
    }
}
