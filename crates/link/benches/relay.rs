//! What the relay costs: the same bytes over a Unix socket directly and through the relay, in the same run. The pipe between
//! the two sides is a pair of Unix sockets, so the limit of what could be had is the direct socket.
#![expect(clippy::expect_used, reason = "a benchmark that cannot set up its case ends")]

use divan::Bencher;
use divan::counter::BytesCount;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;
use tokio_stream::wrappers::UnixListenerStream;

const PUSHED: usize = 8 * 1024 * 1024;

fn main() {
    divan::main();
}

/// A socket that is dialled, and what is behind it: each side in a thread and runtime of its own, as it is in a process of
/// its own. They last as long as this program.
struct Way {
    runtime: Runtime,
    folder: TempDir,
}

#[derive(Clone, Copy, Debug)]
enum Through {
    Socket,
    Relay,
}

const WAYS: [Through; 2] = [Through::Socket, Through::Relay];

impl Way {
    fn new(through: Through) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (dialled, zone) = (folder.path().join("dialled.sock"), folder.path().join("zone.sock"));
        let serve = match through {
            Through::Socket => UnixListener::bind(dialled)?,
            Through::Relay => {
                let (ours, theirs) = UnixStream::pair()?;
                let (clients, behind) = (UnixListener::bind(dialled)?, UnixListener::bind(&zone)?);
                beside(async move {
                    let mut clients = UnixListenerStream::new(in_tokio_listener(clients)?);
                    Err(io::Error::other(link::guest(in_tokio(ours)?, &mut clients).await))
                });
                beside(async move {
                    let dial = move || tokio::net::UnixStream::connect(zone.clone());
                    Err(io::Error::other(link::host(in_tokio(theirs)?, dial).await))
                });
                behind
            }
        };
        beside(async move {
            let listener = in_tokio_listener(serve)?;
            loop {
                let (mut stream, _) = listener.accept().await?;
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    tokio::io::copy(&mut reader, &mut writer).await
                });
            }
        });
        Ok(Self { runtime: runtime()?, folder })
    }

    async fn dial(&self) -> io::Result<tokio::net::UnixStream> {
        tokio::net::UnixStream::connect(self.folder.path().join("dialled.sock")).await
    }
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn beside(what: impl Future<Output = io::Result<()>> + Send + 'static) {
    std::thread::spawn(|| runtime()?.block_on(what));
}

fn in_tokio(stream: UnixStream) -> io::Result<tokio::net::UnixStream> {
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}

fn in_tokio_listener(listener: UnixListener) -> io::Result<tokio::net::UnixListener> {
    listener.set_nonblocking(true)?;
    tokio::net::UnixListener::from_std(listener)
}

/// So many bytes there and back again.
#[divan::bench(args = WAYS, sample_count = 20, sample_size = 1)]
fn throughput(bencher: Bencher<'_, '_>, through: Through) {
    let way = Way::new(through).expect("a way");
    let (mut reader, mut writer) = way.runtime.block_on(way.dial()).expect("dialled").into_split();
    let content = vec![0xa5; 64 * 1024];
    bencher.counter(BytesCount::new(PUSHED)).bench_local(|| {
        way.runtime.block_on(async {
            let push = async {
                for _ in 0..PUSHED / content.len() {
                    writer.write_all(&content).await?;
                }
                io::Result::Ok(())
            };
            let pull = async {
                let mut part = vec![0; 64 * 1024];
                let mut left = PUSHED;
                while left > 0 {
                    left -= reader.read(&mut part).await?;
                }
                io::Result::Ok(())
            };
            tokio::try_join!(push, pull)
        })
    });
}

/// One small message and its echo.
#[divan::bench(args = WAYS, sample_count = 200, sample_size = 10)]
fn round_trip(bencher: Bencher<'_, '_>, through: Through) {
    let way = Way::new(through).expect("a way");
    let mut stream = way.runtime.block_on(way.dial()).expect("dialled");
    let mut heard = [0; 256];
    bencher.bench_local(|| {
        way.runtime.block_on(async {
            stream.write_all(&[7; 256]).await?;
            stream.read_exact(&mut heard).await
        })
    });
}

/// A new stream, one small message and its echo.
#[divan::bench(args = WAYS, sample_count = 200, sample_size = 1)]
fn new_stream(bencher: Bencher<'_, '_>, through: Through) {
    let way = Way::new(through).expect("a way");
    bencher.bench_local(|| {
        way.runtime.block_on(async {
            let mut stream = way.dial().await?;
            stream.write_all(&[7; 256]).await?;
            stream.read_exact(&mut [0; 256]).await
        })
    });
}
