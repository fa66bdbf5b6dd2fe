//! The one dialler: a zone dials once, before it gives up its powers; who lives outside the zones may dial again.

use hyper_util::rt::TokioIo;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};

/// How often we say that we are still there while no call is under way: whoever says nothing for 8 s is let go.
const STILL_HERE: Duration = Duration::from_secs(3);

/// Why there is no bridge.
#[derive(Debug, thiserror::Error)]
pub enum CannotDial {
    /// Nobody answers on the socket.
    #[error("no one answers on `{}`", path.display())]
    NoAnswer {
        /// Which socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The connection does not become a channel.
    #[error("the bridge does not speak gRPC")]
    NotGrpc(#[from] tonic::transport::Error),
    /// The path cannot be written in an address.
    #[error("`{}` cannot be written as a socket address", .0.display())]
    Path(PathBuf),
}

/// Dials a bridge. The connection stays usable after the process has given up the power to open another.
pub fn connect(path: &Path) -> Result<UnixStream, CannotDial> {
    let problem = |source| CannotDial::NoAnswer { path: path.to_owned(), source };
    let stream = UnixStream::connect(path).map_err(problem)?;
    stream.set_nonblocking(true).map_err(problem)?;
    Ok(stream)
}

/// A channel over this one connection. When it is lost, every call fails: a zone that loses its bridge ends.
pub async fn only_channel(stream: UnixStream) -> Result<Channel, CannotDial> {
    let only = Mutex::new(Some(stream));
    let connector = tower::service_fn(move |_uri: tonic::transport::Uri| {
        let taken = only.lock().ok().and_then(|mut only| only.take());
        let stream = taken
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the bridge is gone"))
            .and_then(tokio::net::UnixStream::from_std);
        async move { stream.map(TokioIo::new) }
    });
    Ok(endpoint().connect_with_connector(connector).await?)
}

/// A channel that dials when it is used, and again after a loss.
pub fn lazy_channel(path: &Path) -> Result<Channel, CannotDial> {
    let path_problem = || CannotDial::Path(path.to_owned());
    let path = path.to_str().filter(|path| path.starts_with('/')).ok_or_else(path_problem)?;
    let path = path.to_owned();
    let connector = tower::service_fn(move |_uri: tonic::transport::Uri| {
        let path = path.clone();
        async move { tokio::net::UnixStream::connect(path).await.map(TokioIo::new) }
    });
    Ok(endpoint().connect_with_connector_lazy(connector))
}

fn endpoint() -> Endpoint {
    // The address is never dialled; it only names the authority in requests.
    Endpoint::from_static("http://zone-bridge")
        .http2_keep_alive_interval(STILL_HERE)
        .keep_alive_while_idle(true)
}
