//! The one listener of the workspace: a private folder, a socket of mode 0660, and only peers whom the kernel vouches for.

use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::{Stream, StreamExt as _};

/// The largest message on any socket, in bytes. Raw content is streamed in parts.
pub const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Connections that one socket serves at a time; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 32;

/// Calls under way on one connection.
const STREAMS: u32 = 128;

/// Bytes of headers of one call.
const HEADERS: u32 = 16 * 1024;

/// A bound socket that nobody has been accepted on yet.
#[derive(Debug)]
pub struct Listener(std::os::unix::net::UnixListener);

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    /// The folder cannot be made or is not private.
    #[error("the run folder `{}` cannot be used: {why}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        why: String,
    },
    /// The socket cannot be bound.
    #[error("cannot listen on `{}`", path.display())]
    Bind {
        /// Which socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A connection of an admitted peer.
#[derive(Debug)]
pub struct Admitted {
    stream: UnixStream,
    peer: Peer,
    _place: OwnedSemaphorePermit,
}

/// Who is at the other end of a connection, and what the server noted about that connection. Every request that comes in
/// on it carries the same one.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The user id that the kernel gives.
    pub uid: u32,
    mark: Arc<AtomicBool>,
}

// === impl Peer ===

impl Peer {
    /// Who sent a request; `None` for one that did not come in by [`admitted`].
    pub fn of<T>(request: &tonic::Request<T>) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }

    /// A peer that is on no socket.
    pub fn nobody() -> Self {
        Self { uid: u32::MAX, mark: Arc::default() }
    }

    /// Marks the connection, for as long as it lives. What a mark means is the server's affair.
    pub fn mark(&self) {
        self.mark.store(true, Ordering::Release);
    }

    /// Whether the connection was marked.
    pub fn is_marked(&self) -> bool {
        self.mark.load(Ordering::Acquire)
    }
}

// === impl Listener ===

impl Listener {
    /// Binds a socket in a folder of its own, replacing what a process that ended left there.
    pub fn bind(path: &Path) -> Result<Self, CannotListen> {
        let bind_problem = |source| CannotListen::Bind { path: path.to_owned(), source };
        private_folder(path.parent().unwrap_or(Path::new("/")))?;
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path).map_err(bind_problem)?,
            Ok(_) => {
                return Err(bind_problem(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "there is something else of that name",
                )));
            }
            Err(_) => {}
        }
        let listener = std::os::unix::net::UnixListener::bind(path).map_err(bind_problem)?;
        // Nobody else can be in between: the folder is ours alone.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(bind_problem)?;
        listener.set_nonblocking(true).map_err(bind_problem)?;
        Ok(Self(listener))
    }

    /// The listener inside a runtime.
    pub fn into_tokio(self) -> io::Result<tokio::net::UnixListener> {
        tokio::net::UnixListener::from_std(self.0)
    }
}

/// The connections of peers that run as this process's user or as root; others are closed unheard.
pub fn admitted(listener: Listener) -> io::Result<impl Stream<Item = io::Result<Admitted>>> {
    let listener = listener.into_tokio()?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let accepted = tokio_stream::wrappers::UnixListenerStream::new(listener);
    let us = rustix::process::geteuid().as_raw();
    Ok(accepted
        .then(move |stream| {
            let places = Arc::clone(&places);
            async move {
                let place = places.acquire_owned().await.map_err(io::Error::other)?;
                let stream = stream?;
                // A peer that the kernel does not vouch for is nobody, whom the filter below lets go.
                let peer = stream.peer_cred().map_or_else(
                    |_unknown| Peer::nobody(),
                    |peer| Peer { uid: peer.uid(), mark: Arc::default() },
                );
                Ok(Admitted { stream, peer, _place: place })
            }
        })
        .filter(move |admitted: &io::Result<Admitted>| match admitted {
            Ok(Admitted { peer, .. }) => peer.uid == us || peer.uid == 0,
            Err(_) => true,
        }))
}

/// A gRPC server with the limits that hold on every bridge.
pub fn grpc_server() -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .max_concurrent_streams(STREAMS)
        .http2_max_header_list_size(HEADERS)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
}

/// The `grpc.health.v1` service of a socket, saying that this service, and the socket as a whole, serves.
pub async fn serving_health<S: tonic::server::NamedService>(
    _service: &S,
) -> tonic_health::pb::health_server::HealthServer<impl tonic_health::pb::health_server::Health> {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
    reporter.set_service_status(S::NAME, tonic_health::ServingStatus::Serving).await;
    service
}

/// Makes the folder (0700) or checks that it is a real one of ours that others cannot change.
fn private_folder(folder: &Path) -> Result<(), CannotListen> {
    let problem = |why: String| CannotListen::Folder { folder: folder.to_owned(), why };
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(|error| problem(error.to_string()))?;
    }
    match rustix::fs::mkdir(folder, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(problem(errno.to_string())),
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened =
        rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| problem(errno.to_string()))?;
    let metadata = std::fs::File::from(opened).metadata().map_err(|error| problem(error.to_string()))?;
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us && us != 0 {
        return Err(problem(format!("it belongs to user id {}", metadata.uid())));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(problem(format!("others can change it; mend it with `chmod 700 {}`", folder.display())));
    }
    Ok(())
}

// === impl Admitted ===

impl tonic::transport::server::Connected for Admitted {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.peer.clone()
    }
}

impl tokio::io::AsyncRead for Admitted {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Admitted {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
