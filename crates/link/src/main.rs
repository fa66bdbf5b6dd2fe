//! `moltbot-link`: config → listen or find the socket → lock down → relay.

mod descriptor;
mod ends;
mod patience;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use descriptor::{open_device, standard};
use ends::{Pipes, guest_for_ever, guest_once, host_for_ever};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;
use zone_bridge::{Listener, admitted, connect};

/// Relays sockets across a virtual machine's border: the guest's side listens, the host's side dials.
#[derive(Parser)]
#[command(version)]
struct Config {
    #[command(subcommand)]
    side: Side,
    /// What to do when a wall cannot be put up.
    #[arg(long, default_value = "require", global = true)]
    sandbox: sandbox::Requirement,
    /// End when this process, the one that started us, is gone.
    #[arg(long, global = true)]
    parent: Option<u32>,
}

#[derive(Subcommand)]
enum Side {
    /// Inside the machine: be the socket that the zone dials. (Outside, for the zone's health: be the socket that is asked.)
    Guest {
        /// Where the zone looks for its bridge.
        #[arg(long, default_value = "/var/run/zone-bridge/zone-bridge.sock")]
        socket: PathBuf,
        #[command(flatten)]
        pipe: GuestPipe,
    },
    /// Outside: dial the zone's socket for whoever is in the machine. (Inside, for the zone's health: dial its health socket.)
    Host {
        /// The bridge socket of the zone that is in the machine. It says who the zone is.
        #[arg(long)]
        socket: PathBuf,
        #[command(flatten)]
        pipe: HostPipe,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct GuestPipe {
    /// The pipe is standard input and output; when they are closed, the relay ends.
    #[arg(long)]
    stdio: bool,
    /// The pipe is a device, such as a virtio serial port. It is kept, and sessions on it are begun anew for ever.
    #[arg(long)]
    device: Option<PathBuf>,
    /// The pipe is a Unix socket; when it is closed, the relay ends.
    #[arg(long)]
    unix: Option<PathBuf>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct HostPipe {
    /// The pipe is standard input and output; when they are closed, the relay ends.
    #[arg(long)]
    stdio: bool,
    /// The pipe is a device.
    #[arg(long)]
    device: Option<PathBuf>,
    /// The pipe is a Unix socket, such as the one at which a machine's monitor offers a serial port.
    #[arg(long)]
    unix: Option<PathBuf>,
    /// The pipe is the standard input and output of a command, which is started again when it ends.
    #[arg(last = true)]
    command: Vec<OsString>,
}

fn main() -> anyhow::Result<()> {
    sandbox::close_inherited();
    let config = Config::parse();
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    if let Some(parent) = config.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }
    match config.side {
        Side::Guest { socket, pipe } => guest(&socket, pipe, config.sandbox),
        Side::Host { socket, pipe } => host(socket, pipe, config.sandbox),
    }
}

/// Opens the pipe and the socket, then keeps nothing but them: what a reader keeps.
fn guest(socket: &Path, pipe: GuestPipe, requirement: sandbox::Requirement) -> anyhow::Result<()> {
    let device = pipe.device.as_deref().map(open_device).transpose()?;
    let far = pipe.unix.as_deref().map(connect).transpose()?;
    let clients = Listener::bind(socket)?;

    // From here: nothing of the machine, no files, no network, no new processes.
    let walls = sandbox::enter(sandbox::Powers::READER, &sandbox::Surroundings::default(), requirement)?;
    tracing::info!(%walls, socket = %socket.display(), "relaying for who dials here");

    runtime()?.block_on(async {
        let mut clients = Box::pin(admitted(clients)?);
        match (device, far) {
            (Some(device), _) => guest_for_ever(descriptor::device(&device)?, &mut clients).await,
            (None, Some(far)) => guest_once(UnixStream::from_std(far)?, &mut clients).await?,
            (None, None) => guest_once(standard()?, &mut clients).await?,
        }
        Ok(())
    })
}

/// Keeps the power to dial and to start its command; a crash writes no core, and nothing it starts can gain a privilege.
fn host(socket: PathBuf, pipe: HostPipe, requirement: sandbox::Requirement) -> anyhow::Result<()> {
    // From here: no core dumps, no new privileges, nothing to seek in the kernel.
    let walls = sandbox::enter(sandbox::Powers::RELAY, &sandbox::Surroundings::default(), requirement)?;
    tracing::info!(%walls, socket = %socket.display(), "relaying for the zone of this socket");

    let pipes = match pipe {
        HostPipe { device: Some(device), .. } => Pipes::Device(device),
        HostPipe { unix: Some(socket), .. } => Pipes::Unix(socket),
        HostPipe { stdio: true, .. } => Pipes::Standard,
        HostPipe { command, .. } => Pipes::Command(
            command
                .split_first()
                .map(|(program, words)| (program.clone(), words.to_vec()))
                .context("name a command after `--`")?,
        ),
    };
    runtime()?.block_on(host_for_ever(&pipes, &socket))
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
