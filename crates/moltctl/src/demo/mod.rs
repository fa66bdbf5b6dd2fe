//! The main job on a throw-away home: real processes, real sockets, real mail.

mod samples;
mod story;
mod walls;

use crate::answers::{Operator, runtime};
use crate::approvals::in_words;
use crate::init::init;
use crate::up::{start, wait_ready};
use anyhow::Context as _;
use home::{Config, Home, Process};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};
use story::Story;
use walls::say_which_walls_stand;
use wire::v1::Answer;
use zones::stop;

/// How long the mails may take to be read and planned, and the answers to be acted on.
const PATIENCE: Duration = Duration::from_secs(40);

/// The file that says that a home is the demo's.
const MARKER: &str = ".moltbot-demo";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Answer every question with yes.
    #[arg(long)]
    yes: bool,
    /// Leave the home for inspection.
    #[arg(long)]
    keep: bool,
}

/// A home with everything up; nothing is left running when it goes.
struct Stage {
    home: Home,
    config: Config,
    supervisor: Child,
    remove: bool,
}

pub(crate) fn command(path: Option<&Path>, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let stage = Stage::raise(path, arguments.keep)?;
    say!("Home      {}", stage.home.path().display());
    say!(
        "Zones     executor, control-plane, planner and three readers are up: six processes, a socket for each zone"
    );
    let played = runtime()?.block_on(async {
        say_which_walls_stand(&stage.home, &stage.config).await?;
        say!("");
        tokio::select! {
            played = play(&stage, arguments.yes) => played,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        }
    });
    let finished = played.and_then(|()| Story::read(&stage.home)).map(|story| print_end(&story, &stage));
    drop(stage);
    let code = finished??;
    // A question that was interrupted may still hold a thread that waits for the terminal.
    std::process::exit(i32::from(code != 0));
}

async fn play(stage: &Stage, yes: bool) -> anyhow::Result<()> {
    let inbox = stage.config.sources.iter().find_map(|source| source.maildir.as_ref());
    let inbox =
        inbox.context("the home has no source with a maildir; name one, or another home with --home")?;
    let before = Story::read(&stage.home)?.mails().len();
    for sample in samples::ALL {
        samples::deliver(sample, inbox)?;
        say!("Mail in   {}", sample.what);
    }
    say!("");
    let expected = before + samples::ALL.len();
    until(stage, |story| story.mails().len() >= expected && story.all_planned_or_waiting()).await?;

    let mut operator = Operator::of(&stage.home, &stage.config)?;
    for card in operator.pending().await? {
        say!("The agent asks:\n\n{}", in_words(&card));
        let answer = if yes { Answer::Approve } else { ask_owner().await? };
        let state = operator.answer(&card, answer).await?;
        say!("Your answer: {state}\n");
    }
    until(stage, Story::all_settled).await
}

/// Waits until the record says so.
async fn until(stage: &Stage, reached: impl Fn(&Story) -> bool) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let story = Story::read(&stage.home)?;
        if reached(&story) {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "the mails were not done with in {} s; look into {} (kept)",
            PATIENCE.as_secs(),
            stage.home.path().join("logs").display()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Anything but a clear yes is a no.
async fn ask_owner() -> anyhow::Result<Answer> {
    print!("Approve? [y/N] ");
    io::stdout().flush()?;
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    })
    .await??;
    Ok(if matches!(line.trim(), "y" | "Y" | "yes") { Answer::Approve } else { Answer::Deny })
}

fn print_end(story: &Story, stage: &Stage) -> anyhow::Result<i32> {
    let verdict = audit_log::verify(&audit_log::LogFiles::of(&stage.home.audit_log()))?;
    say!("{}", story.table(&stage.home));
    if let Some(outbox) = stage.config.connectors.outbox() {
        say!("Mail out  {}", outbox.join("new").display());
    }
    say!("Record    {}", stage.home.audit_log().display());
    say!("          {verdict}");
    if stage.remove {
        say!("\nThe home was a throw-away one and is removed now; --keep leaves it for inspection.");
    } else {
        say!("          look at it with: moltctl audit show --home {}", stage.home.path().display());
    }
    Ok(i32::from(!matches!(verdict, audit_log::Verdict::Valid { .. }) || !story.all_settled()))
}

// === impl Stage ===

impl Stage {
    /// A named home is kept, a throw-away one is not unless the owner says so.
    fn raise(path: Option<&Path>, keep: bool) -> anyhow::Result<Self> {
        let (path, remove) = match path {
            Some(path) => (path.to_owned(), false),
            None => (throw_away()?, !keep),
        };
        refuse_used(&path)?;
        let (home, _made) = init(&path)?;
        std::fs::write(home.path().join(MARKER), "The demo ran here.\n").context("cannot mark the home")?;
        let config = crate::check::check(&home)?;
        let parent = std::process::id().to_string();
        let supervisor = start(&home, &["--parent", &parent])?;
        let mut stage = Self { home, config, supervisor, remove };
        let socket = stage.config.health_socket(Process::Supervisor);
        let ready = wait_ready(&mut stage.supervisor, &stage.home, &socket);
        ready.inspect_err(|_| stage.remove = false)?;
        Ok(stage)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = stop(&self.home, Duration::from_secs(15)) {
            eprintln!("moltctl: {error}");
        }
        // It was told to stop, or never ran.
        let _ = self.supervisor.wait();
        if self.remove
            && let Err(error) = std::fs::remove_dir_all(self.home.path())
        {
            eprintln!("moltctl: cannot remove `{}`: {error}", self.home.path().display());
        }
    }
}

/// A home with a history of its own is somebody's: sample mails have no business there.
fn refuse_used(path: &Path) -> anyhow::Result<()> {
    let used = path.join("audit/executor.jsonl").exists() && !path.join(MARKER).exists();
    anyhow::ensure!(
        !used,
        "`{}` is in use as a home; name a new folder for the demo, or none",
        path.display()
    );
    Ok(())
}

/// A new folder that nobody else can have made.
fn throw_away() -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let name = format!("moltbot-demo-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
    made.with_context(|| {
        format!("cannot make the throw-away home `{}`; name one with --home DIR", path.display())
    })?;
    Ok(path)
}
