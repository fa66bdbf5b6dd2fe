//! What a hostile zone takes from a good one: `cargo bench -p zone-bridge`.
//!
//! One process serves three zones' sockets from one thread, as Zone 1 does. A good client calls on one of them, one call after
//! the other; processes of their own flood another. Every figure stands beside the same client alone, in turns with it. The good
//! client's socket has no limit on its rate, or it would only be measured that both stay below it; the flooded one has the
//! usual limits, and in `calls, no rate limit` only its turns.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot set up its case ends")]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use zone_bridge::{Limits, Listener, Tell, Turns, connect, only_channel};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(1);
const CROWD: usize = 10_000;

/// The beginning of a connection: the preface and empty settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "serve", kind, folder] => serve(kind, Path::new(folder)),
        [_, "flood", kind, socket] => flood(kind, Path::new(socket)),
        _ => measure(),
    }
}

// === the measurements ===

fn measure() {
    for (kind, server) in [
        ("calls", "usual"),
        ("calls", "no-rate-limit"),
        ("pings", "usual"),
        ("takebacks", "usual"),
        ("connections", "usual"),
    ] {
        one_of_three_floods(kind, server);
    }
    ten_thousand_idle();
    full_queue();
}

fn one_of_three_floods(kind: &str, server: &str) {
    let house = House::open(server);
    let runtime = runtime();
    let mut good = runtime.block_on(client(&house.socket("good")));
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(runtime.block_on(calls(&mut good)));
        let flood = Helper::start(&["flood", kind, house.socket("hostile").to_str().unwrap()]);
        beside.extend(runtime.block_on(calls(&mut good)));
        drop(flood);
        // What the flood left behind is gone.
        std::thread::sleep(Duration::from_millis(500));
    }
    let rate = |times: &[Duration]| times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64();
    let (alone_rate, beside_rate) = (rate(&alone), rate(&beside));
    println!(
        "flood of {kind} ({server}): {beside_rate:.0}/s beside {alone_rate:.0}/s alone: {:.0} %; p50 {:?} and {:?}, p99 {:?} and {:?}",
        100.0 * beside_rate / alone_rate,
        percentile(&mut beside, 50),
        percentile(&mut alone, 50),
        percentile(&mut beside, 99),
        percentile(&mut alone, 99),
    );
}

fn ten_thousand_idle() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let runtime = runtime();
    for hello in [&b""[..], HELLO] {
        let house = House::open("crowded");
        let mut good = runtime.block_on(client(&house.socket("good")));
        let mut alone = runtime.block_on(calls(&mut good));
        let before = house.resident();
        let crowd: Vec<_> = (0..CROWD)
            .map(|_| {
                let mut stream = UnixStream::connect(house.socket("hostile")).unwrap();
                stream.write_all(hello).unwrap();
                stream
            })
            .collect();
        // All are accepted, and what they said is read.
        while house.descriptors() < CROWD {
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_millis(500));
        let each = (house.resident() - before) as f64 / CROWD as f64;
        let mut beside = runtime.block_on(calls(&mut good));
        let said = if hello.is_empty() { "nothing" } else { "hello" };
        let (beside, alone) = (percentile(&mut beside, 50), percentile(&mut alone, 50));
        println!(
            "{} idle connections that said {said}: {each:.1} KiB each; p50 {beside:?} beside {alone:?} alone: {:.2} x",
            crowd.len(),
            beside.as_secs_f64() / alone.as_secs_f64(),
        );
    }
}

fn full_queue() {
    let house = House::open("usual");
    runtime().block_on(async {
        let mut hostile = client(&house.socket("hostile")).await;
        let mut more = client(&house.socket("hostile")).await;
        let mut third = client(&house.socket("hostile")).await;
        let mut watches = Vec::new();
        for n in 0..Limits::ZONE.calls_at_once {
            let client = if n % 2 == 0 { &mut hostile } else { &mut more };
            watches.push(client.watch(HealthCheckRequest::default()).await.unwrap());
        }
        let mut times = Vec::new();
        for _ in 0..200 {
            let begun = Instant::now();
            let refused = third.check(HealthCheckRequest::default()).await.unwrap_err();
            times.push(begun.elapsed());
            assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused:?}");
        }
        let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
        println!("refused on a full queue of {}: p50 {p50:?}, p99 {p99:?}, goal 10ms", watches.len());
    });
}

async fn client(socket: &Path) -> HealthClient<Channel> {
    HealthClient::new(only_channel(connect(socket).unwrap()).await.unwrap())
}

/// How long each call took, one after the other, for one round.
async fn calls(client: &mut HealthClient<Channel>) -> Vec<Duration> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < ROUND {
        let at = Instant::now();
        client.check(HealthCheckRequest::default()).await.unwrap();
        times.push(at.elapsed());
    }
    times
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    *times.get((times.len() - 1) * percent / 100).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

// === the processes ===

/// A process of this program.
struct Helper(Child);

impl Helper {
    /// Starts it; it says when it is at work.
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

struct House {
    folder: tempfile::TempDir,
    server: Helper,
}

impl House {
    fn open(kind: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("flood-").tempdir_in("/tmp").unwrap();
        let server = Helper::start(&["serve", kind, folder.path().to_str().unwrap()]);
        Self { folder, server }
    }

    fn socket(&self, zone: &str) -> PathBuf {
        self.folder.path().join(zone).join("zone-bridge.sock")
    }

    /// KiB of memory that the server has.
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.server.0.id())).unwrap().count()
    }
}

fn serve(kind: &str, folder: &Path) {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let any_rate = Limits { calls_per_second: u32::MAX, burst: u32::MAX, ..Limits::ZONE };
    let hostile = match kind {
        "usual" => Limits::ZONE,
        "no-rate-limit" => any_rate.clone(),
        // Nobody is let go while it is measured.
        "crowded" => {
            let long = Duration::from_secs(3600);
            Limits { connections: 2 * CROWD, waiting: 4096, preface: long, idle: long, ..Limits::ZONE }
        }
        other => panic!("no such server: {other}"),
    };
    runtime().block_on(async {
        let turns = Turns::default();
        let (_reporter, health) = tonic_health::server::health_reporter();
        let routes = tonic::service::Routes::new(health);
        let open = |zone: &str, limits| {
            let listener = Listener::bind(&folder.join(zone).join("zone-bridge.sock")).unwrap();
            zone_bridge::serve(listener, routes.clone(), limits, &turns, Tell::by(|_refused| ()))
        };
        let (good, other, hostile) =
            (open("good", any_rate.clone()), open("other", Limits::ZONE), open("hostile", hostile));
        println!("serving");
        tokio::try_join!(good, other, hostile).unwrap();
    });
}

fn flood(kind: &str, socket: &Path) {
    println!("flooding");
    match kind {
        "calls" => runtime().block_on(async {
            let mut all = tokio::task::JoinSet::new();
            for _ in 0..4 {
                let client = client(socket).await;
                for _ in 0..64 {
                    let mut client = client.clone();
                    all.spawn(async move {
                        loop {
                            let _refused = client.check(HealthCheckRequest::default()).await;
                        }
                    });
                }
            }
            all.join_all().await;
        }),
        "pings" => raw_flood(socket, &b"\0\0\x08\x06\0\0\0\0\x0012345678".repeat(1000)),
        "takebacks" => {
            let pair = |stream: u32| {
                let stream = stream.to_be_bytes();
                [&b"\0\0\x01\x01\x05"[..], &stream, b"\x82", b"\0\0\x04\x03\0", &stream, b"\0\0\0\x08"]
                    .concat()
            };
            raw_flood(socket, &(0..500).flat_map(|n| pair(2 * n + 1)).collect::<Vec<_>>());
        }
        "connections" => loop {
            drop(UnixStream::connect(socket));
        },
        other => panic!("no such flood: {other}"),
    }
}

/// Says hello and this, again and again, on four connections at once.
fn raw_flood(socket: &Path, bytes: &[u8]) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Ok(mut stream) = UnixStream::connect(socket) else { continue };
                    let _ = stream.write_all(HELLO);
                    while stream.write_all(bytes).is_ok() {}
                }
            });
        }
    });
}
