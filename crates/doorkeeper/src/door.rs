//! The one listener for strangers: an address of this machine itself.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// A bound listener that nobody has been accepted on yet.
#[derive(Debug)]
pub struct Door(TcpListener);

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum NotADoor {
    /// Others than this machine could knock.
    #[error(
        "`{0}` is not an address of this machine itself; listen on one such as 127.0.0.1, and let a tunnel or a proxy stand in front"
    )]
    Public(SocketAddr),
    /// It cannot be bound.
    #[error("cannot listen on `{address}`")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

// === impl Door ===

impl Door {
    /// Binds it. The socket stays usable after the process has given up the power to make another.
    pub fn bind(address: SocketAddr) -> Result<Self, NotADoor> {
        if !address.ip().is_loopback() {
            return Err(NotADoor::Public(address));
        }
        let problem = |source| NotADoor::Bind { address, source };
        let listener = TcpListener::bind(address).map_err(problem)?;
        listener.set_nonblocking(true).map_err(problem)?;
        Ok(Self(listener))
    }

    /// Where it is.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The listener inside a runtime.
    pub(crate) fn into_tokio(self) -> io::Result<tokio::net::TcpListener> {
        tokio::net::TcpListener::from_std(self.0)
    }
}

#[test]
fn only_an_address_of_this_machine_itself_is_a_door() {
    for public in
        ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:0", "169.254.1.1:0", "[::ffff:127.0.0.1]:0"]
    {
        assert!(matches!(Door::bind(public.parse().unwrap()), Err(NotADoor::Public(_))), "{public}");
    }
    for here in ["127.0.0.1:0", "127.0.0.2:0"] {
        assert!(Door::bind(here.parse().unwrap()).unwrap().address().unwrap().ip().is_loopback(), "{here}");
    }
}
