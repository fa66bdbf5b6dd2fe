//! Telling a service manager that Zone 1 serves, so that it raises the zones only then.

use anyhow::Context as _;
use std::os::unix::net::UnixDatagram;

/// Tells systemd that this process is ready, where systemd asked to be told (sd_notify(3)). Elsewhere nothing happens.
pub(crate) fn tell_service_manager() -> anyhow::Result<()> {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else {
        return Ok(());
    };
    let told = UnixDatagram::unbound().and_then(|ours| ours.send_to(b"READY=1", &socket));
    told.map(drop)
        .with_context(|| format!("cannot tell systemd on `{}` that Zone 1 serves", socket.display()))
}
