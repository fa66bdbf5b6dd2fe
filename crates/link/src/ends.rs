//! Sessions one after another, on whatever the pipe is.

use crate::descriptor::{Pipe, device, open_device, standard};
use crate::patience::Patience;
use anyhow::Context as _;
use link::Ended;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_stream::Stream;

/// Where the host's side gets its pipe from, each time it needs one.
pub(crate) enum Pipes {
    Standard,
    Device(PathBuf),
    Unix(PathBuf),
    Command((OsString, Vec<OsString>)),
}

/// What a command may know of our surroundings: who and where it is. Not a proxy, which some tools would hand on into
/// the machine, and no secrets.
const KNOWN_TO_COMMANDS: [&str; 6] = ["HOME", "PATH", "USER", "LOGNAME", "TMPDIR", "LANG"];

/// The guest's side over a pipe that stays: one session after another.
pub(crate) async fn guest_for_ever<C, S>(mut device: Pipe, clients: &mut C)
where
    C: Stream<Item = io::Result<S>> + Unpin,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut patience = Patience::new();
    loop {
        let begun = Instant::now();
        rest(link::guest(&mut device, clients).await, begun, &mut patience).await;
    }
}

/// The guest's side over a pipe that ends.
pub(crate) async fn guest_once<P, C, S>(pipe: P, clients: &mut C) -> Result<(), Ended>
where
    P: AsyncRead + AsyncWrite + Unpin,
    C: Stream<Item = io::Result<S>> + Unpin,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    expected(link::guest(pipe, clients).await)
}

/// The host's side: a new pipe for each session, until there can be no other.
pub(crate) async fn host_for_ever(pipes: &Pipes, zone: &Path) -> anyhow::Result<()> {
    let dial = || UnixStream::connect(zone.to_owned());
    let mut patience = Patience::new();
    loop {
        let begun = Instant::now();
        let ended = match pipes {
            Pipes::Standard => return Ok(expected(link::host(standard()?, dial).await)?),
            Pipes::Device(path) => link::host(device(&open_device(path)?)?, dial).await,
            Pipes::Unix(path) => match UnixStream::connect(path).await {
                Ok(pipe) => link::host(pipe, dial).await,
                Err(error) => Ended::NotBegun(error.into()),
            },
            Pipes::Command((program, words)) => {
                let mut child = tokio::process::Command::new(program)
                    .args(words)
                    .env_clear()
                    .envs(KNOWN_TO_COMMANDS.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .kill_on_drop(true)
                    .spawn()
                    .with_context(|| format!("cannot start `{}`", program.display()))?;
                let reads = child.stdout.take().context("the command has no output")?;
                let writes = child.stdin.take().context("the command has no input")?;
                let ended = link::host(tokio::io::join(reads, writes), dial).await;
                // What it was is over; the next one must not meet it.
                child.kill().await?;
                ended
            }
        };
        rest(ended, begun, &mut patience).await;
    }
}

/// Says how a session ended, and waits before the next.
async fn rest(ended: Ended, begun: Instant, patience: &mut Patience) {
    let wait = patience.after(begun);
    tracing::info!(ended = %format!("{:#}", anyhow::Error::from(ended)), again_in = ?wait, "a session ended");
    tokio::time::sleep(wait).await;
}

/// A pipe that was closed is how a relay over standard input and output is told to end.
fn expected(ended: Ended) -> Result<(), Ended> {
    if matches!(ended, Ended::Closed) { Ok(()) } else { Err(ended) }
}
