//! Something to reach: a zone that is asked to break out must find a listener where it tries, or a refusal would prove nothing.

#[cfg(target_os = "linux")]
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

/// Sockets outside every zone that accept nobody and serve nothing, for as long as this lives.
#[derive(Debug)]
pub struct Decoys {
    loopback: Option<TcpListener>,
    abstract_socket: Option<(String, OwnedFd)>,
}

// === impl Decoys ===

impl Decoys {
    /// Sets them. Where one cannot be set, the attack on it is reported as not tried.
    pub fn set() -> Self {
        let name = format!("moltbot-decoy-{}", std::process::id());
        let abstract_socket = listen_abstractly(&name).ok().map(|listener| (name, listener));
        Self { loopback: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok(), abstract_socket }
    }

    /// An address of the machine's loopback.
    pub(crate) fn loopback(&self) -> Option<SocketAddr> {
        self.loopback.as_ref()?.local_addr().ok()
    }

    /// The name of an abstract socket.
    pub(crate) fn abstract_socket(&self) -> Option<String> {
        self.abstract_socket.as_ref().map(|(name, _listener)| name.clone())
    }
}

#[cfg(target_os = "linux")]
fn listen_abstractly(name: &str) -> rustix::io::Result<OwnedFd> {
    let listener = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    bind(&listener, &SocketAddrUnix::new_abstract_name(name.as_bytes())?)?;
    listen(&listener, 1)?;
    Ok(listener)
}

/// Only Linux has them.
#[cfg(not(target_os = "linux"))]
fn listen_abstractly(_name: &str) -> rustix::io::Result<OwnedFd> {
    Err(rustix::io::Errno::OPNOTSUPP)
}
