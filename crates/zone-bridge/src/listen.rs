//! The one listener of the workspace: a private folder, a socket of mode 0660, and only peers whom the kernel vouches for.
//!
//! A peer is admitted when it runs as this process's user or as root. A zone that has a user of its own is admitted by its
//! group: where the socket's folder belongs to a group that is not ours, a peer of that group is let in, and the folder
//! may be 0750. So whoever sets up the folder says who may come; nothing else does.

use crate::connection::Peer;
use rustix::fs::{Gid, Mode, OFlags};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::{Stream, StreamExt as _};

/// How long to wait after a connection could not be accepted: there are no descriptors, and others give some back.
pub(crate) const NO_DESCRIPTORS: Duration = Duration::from_millis(100);

/// A bound socket that nobody has been accepted on yet.
#[derive(Debug)]
pub struct Listener {
    socket: std::os::unix::net::UnixListener,
    admission: Admission,
}

/// Who may come in on a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    user: u32,
    /// The group of the socket's folder, where it is another's than ours.
    group: Option<u32>,
}

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

// === impl Listener ===

impl Listener {
    /// Binds a socket in a folder of its own, replacing what a process that ended left there.
    pub fn bind(path: &Path) -> Result<Self, CannotListen> {
        let bind_problem = |source| CannotListen::Bind { path: path.to_owned(), source };
        let group = private_folder(path.parent().unwrap_or(Path::new("/")))?;
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
        let socket = std::os::unix::net::UnixListener::bind(path).map_err(bind_problem)?;
        // Nobody else can be in between: the folder is ours alone.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(bind_problem)?;
        if let Some(group) = group {
            // Without this the group could enter the folder and not write to the socket.
            rustix::fs::chown(path, None, Some(Gid::from_raw(group)))
                .map_err(|errno| bind_problem(errno.into()))?;
        }
        socket.set_nonblocking(true).map_err(bind_problem)?;
        let user = rustix::process::geteuid().as_raw();
        Ok(Self { socket, admission: Admission { user, group } })
    }

    /// How many connections may wait to be accepted.
    pub(crate) fn let_wait(&self, connections: i32) -> io::Result<()> {
        Ok(rustix::net::listen(&self.socket, connections)?)
    }

    /// The listener inside a runtime, and who may come in.
    pub(crate) fn into_tokio(self) -> io::Result<(UnixListener, Admission)> {
        Ok((UnixListener::from_std(self.socket)?, self.admission))
    }
}

// === impl Admission ===

impl Admission {
    /// The peer, if it may come in. One that the kernel does not vouch for may not.
    pub(crate) fn of(self, stream: &UnixStream) -> Option<Peer> {
        let peer = stream.peer_cred().ok()?;
        let is_one_of_us = peer.uid() == self.user || peer.uid() == 0;
        (is_one_of_us || self.group == Some(peer.gid())).then(|| Peer::new(peer.uid()))
    }
}

/// The connections of peers that may come in, as bare streams, for who carries bytes and answers none. It does not end: where
/// a connection cannot be accepted there are no descriptors, and others give some back.
pub fn admitted(listener: Listener) -> io::Result<impl Stream<Item = io::Result<UnixStream>>> {
    let (listener, admission) = listener.into_tokio()?;
    let accepted = tokio_stream::wrappers::UnixListenerStream::new(listener).then(async |accepted| {
        if accepted.is_err() {
            tokio::time::sleep(NO_DESCRIPTORS).await;
        }
        accepted
    });
    Ok(accepted
        .filter_map(move |accepted| accepted.ok().filter(|stream| admission.of(stream).is_some()).map(Ok)))
}

/// Makes the folder (0700) or checks that it is a real one of ours that others cannot change. Returns its group when that is
/// not ours.
fn private_folder(folder: &Path) -> Result<Option<u32>, CannotListen> {
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
    let ours = rustix::process::getegid().as_raw();
    Ok((metadata.gid() != ours).then_some(metadata.gid()))
}
