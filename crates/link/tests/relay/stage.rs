//! Both sides of a relay in one process, with a pipe between them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnixListenerStream;

/// A generous deadline against a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A guest's socket and a zone's socket, with whatever the test puts between and behind them.
pub(crate) struct Stage {
    folder: TempDir,
}

// === impl Stage ===

impl Stage {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// What the zone in the machine dials.
    pub(crate) fn inside(&self) -> PathBuf {
        self.folder.path().join("inside.sock")
    }

    /// The zone's bridge outside.
    pub(crate) fn outside(&self) -> PathBuf {
        self.folder.path().join("outside.sock")
    }

    /// Listens outside, and does that with each connection.
    pub(crate) fn serve<F, T>(&self, serve: F)
    where
        F: Fn(UnixStream) -> T,
        T: Future<Output = ()> + Send + 'static,
        F: Send + 'static,
    {
        let listener = UnixListener::bind(self.outside()).expect("a listener");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
    }

    /// Sessions one after another over a pipe in memory that holds so many bytes.
    pub(crate) fn relay(&self, pipe: usize) -> (JoinHandle<link::Ended>, JoinHandle<link::Ended>) {
        let (ours, theirs) = tokio::io::duplex(pipe);
        (self.guest(ours), self.host(theirs))
    }

    /// The guest's side; it listens before this returns.
    pub(crate) fn guest<P>(&self, pipe: P) -> JoinHandle<link::Ended>
    where
        P: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut clients = self.clients();
        tokio::spawn(async move { link::guest(pipe, &mut clients).await })
    }

    pub(crate) fn clients(&self) -> UnixListenerStream {
        UnixListenerStream::new(UnixListener::bind(self.inside()).expect("a listener"))
    }

    /// The host's side.
    pub(crate) fn host<P>(&self, pipe: P) -> JoinHandle<link::Ended>
    where
        P: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let outside = self.outside();
        tokio::spawn(async move { link::host(pipe, dialler(outside)).await })
    }

    pub(crate) async fn dial(&self) -> UnixStream {
        UnixStream::connect(self.inside()).await.expect("the guest's socket")
    }
}

pub(crate) fn dialler(
    socket: PathBuf,
) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = io::Result<UnixStream>> + Send>> + Send + 'static {
    move || {
        let socket: PathBuf = Path::new(&socket).to_owned();
        Box::pin(async move { UnixStream::connect(socket).await })
    }
}

/// Answers with what it hears, and ends when it hears an end.
pub(crate) async fn echo(stream: UnixStream) {
    let (mut reader, mut writer) = stream.into_split();
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
    let _ = writer.shutdown().await;
}

/// So many bytes that differ from stream to stream and from place to place.
pub(crate) fn bytes(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|place| (place.wrapping_mul(31) ^ (place >> 8) ^ seed.wrapping_mul(131)) as u8).collect()
}

/// Says that, ends, and returns everything that comes back until the end.
pub(crate) async fn exchange(stream: UnixStream, say: Vec<u8>) -> Vec<u8> {
    let (mut reader, mut writer) = stream.into_split();
    let saying = tokio::spawn(async move {
        writer.write_all(&say).await.expect("room");
        writer.shutdown().await.expect("an end");
    });
    let mut heard = Vec::new();
    reader.read_to_end(&mut heard).await.expect("an answer");
    saying.await.expect("said");
    heard
}

pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("this hangs")
}
