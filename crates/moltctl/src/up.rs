//! Raising and stopping everything.

use crate::check::check;
use crate::status::one_line;
use ::zones::{Lock, Programs, Supervisor, stop, supervisor};
use anyhow::Context as _;
use home::{Config, Home, Latch, Process, RaisedBy};
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::time::{Duration, Instant};
use zone_bridge::{Listener, Readiness, Report, ask, serve_health};

/// How long everything may take to become ready.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Return when everything is ready, and leave it running.
    #[arg(long)]
    detach: bool,
    /// This process is what `--detach` leaves running.
    #[arg(long, hide = true, conflicts_with = "detach")]
    detached: bool,
    /// End when this process, the one that started us, is gone.
    #[arg(long, hide = true)]
    parent: Option<u32>,
}

pub(crate) fn command(path: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(parent) = arguments.parent {
        let _leash = sandbox::die_with_parent(parent)?;
    }
    let home = Home::open(path)?;
    // Before anything is looked for: a killed home is not raised. Whoever takes the lock asks again.
    Latch::of(&home).refuse_when_killed()?;
    let config = check(&home)?;
    refuse_systemds(&config)?;
    Latch::of(&home).prepare().context("there is no room for the latch, so a kill might find none")?;
    let programs = Programs::beside(&std::env::current_exe()?)?;
    if arguments.detach {
        return detach(&home, &config);
    }
    if arguments.detached {
        // A session of its own: the terminal can go.
        rustix::process::setsid()?;
    }
    let _lock = Lock::take(&home)?;
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let ops = Listener::bind(&config.health_socket(Process::Supervisor))?;
    let operators = Listener::bind(&config.zones_socket())?;
    let socket = config.health_socket(Process::Supervisor);
    let raised = Supervisor::new(home.clone(), config, programs);
    crate::answers::runtime()?.block_on(async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(serve_health(ops, raised.health()));
        let announcing = tokio::spawn(async move { announce(&socket).await });
        let stop = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        raised.run(operators, stop).await?;
        announcing.abort();
        say!("Stopped.");
        Ok(ExitCode::SUCCESS)
    })
}

/// The command that raises the processes of a home.
pub(crate) fn how_to_raise(home: &Home) -> String {
    match Config::load(home).map(|config| config.raised_by) {
        Ok(RaisedBy::Systemd) => "systemctl start moltbot.target".to_owned(),
        Ok(RaisedBy::Moltctl) | Err(_) => format!("moltctl up --home {}", home.path().display()),
    }
}

/// What systemd raises under one user for each process is not raised here under one for all.
fn refuse_systemds(config: &Config) -> anyhow::Result<()> {
    match config.raised_by {
        RaisedBy::Moltctl => Ok(()),
        RaisedBy::Systemd => anyhow::bail!(
            "systemd raises the processes of this home: use `systemctl start moltbot.target` and `systemctl stop \
             moltbot.target`, or another home with --home DIR"
        ),
    }
}

/// Says once when everything is ready, or what is not.
async fn announce(socket: &Path) {
    match ready(socket, PATIENCE).await {
        Ok(_) => say!("Everything is up. Stop with Ctrl-C or `moltctl down`."),
        Err(error) => say!("{error:#}"),
    }
}

fn detach(home: &Home, config: &Config) -> anyhow::Result<ExitCode> {
    // Said here rather than in the log of a supervisor that ends at once.
    drop(Lock::take(home)?);
    let mut child = start(home, &["--detached"])?;
    let socket = config.health_socket(Process::Supervisor);
    let ready = wait_ready(&mut child, home, &socket);
    if ready.is_err() && supervisor(home)? == Some(child.id()) {
        // Nothing is left half-way up; what somebody else raised stays.
        let _ = stop(home, Duration::from_secs(15));
    }
    ready?;
    say!(
        "Everything is up (process {}). Stop it with: moltctl down --home {}",
        child.id(),
        home.path().display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Starts a supervisor as a process of its own, which writes to `logs/supervisor.log`.
pub(crate) fn start(home: &Home, arguments: &[&str]) -> anyhow::Result<Child> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let log_file = home.log_file(Process::Supervisor);
    let log = std::fs::File::options().append(true).create(true).mode(0o600).open(&log_file);
    let log = log.with_context(|| format!("cannot write `{}`", log_file.display()))?;
    std::process::Command::new(std::env::current_exe()?)
        .args(["up", "--home"])
        .arg(home.path())
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start the supervisor")
}

/// Waits until everything that a supervisor raises is ready, or it has ended.
pub(crate) fn wait_ready(child: &mut Child, home: &Home, socket: &Path) -> anyhow::Result<()> {
    crate::answers::runtime()?.block_on(async {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait()? {
                let log_file = home.log_file(Process::Supervisor);
                let log = std::fs::read_to_string(&log_file).unwrap_or_default();
                let said = log.lines().last().unwrap_or("nothing").to_owned();
                anyhow::bail!(
                    "the supervisor ended with {status}; its last word in `{}`: {said}",
                    log_file.display()
                );
            }
            match ready(socket, Duration::from_millis(200)).await {
                // Another supervisor's answer is not ours.
                Ok(_) if supervisor(home)? == Some(child.id()) => return Ok(()),
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => {}
            }
        }
    })
}

async fn ready(socket: &Path, patience: Duration) -> anyhow::Result<Report> {
    let deadline = Instant::now() + patience;
    loop {
        let report = ask(socket).await;
        match report {
            Ok(report) if report.ready => return Ok(report),
            Ok(report) if Instant::now() > deadline => {
                let missing = report.checks.iter().filter_map(|(name, check)| match check {
                    Readiness::Ready => None,
                    Readiness::NotReady(why) => Some(format!("\n  {}: {}", one_line(name), one_line(why))),
                });
                anyhow::bail!(
                    "not everything is ready (see the logs folder):{}",
                    missing.collect::<String>()
                );
            }
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

pub(crate) fn down(path: &Path) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    refuse_systemds(&Config::load(&home)?)?;
    if stop(&home, Duration::from_secs(30))? {
        say!("Stopped.");
    } else {
        say!("Nothing was running.");
    }
    Ok(ExitCode::SUCCESS)
}
