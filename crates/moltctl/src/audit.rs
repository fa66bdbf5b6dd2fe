//! Reading and verifying the record. No process is asked: the file speaks for itself.

use anyhow::Context as _;
use audit_log::{Entry, LogFiles, Verdict, entries, verify, verify_file};
use home::Home;
use std::collections::VecDeque;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print the entries.
    Show {
        #[command(flatten)]
        filter: Filter,
    },
    /// Print the last entries.
    Tail {
        /// How many.
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
        /// Go on printing entries as they are written.
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        filter: Filter,
    },
    /// Check every link of the chain; exit 0 when it holds, 1 when it does not.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Another log than that of the home.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
pub(crate) struct Filter {
    /// Print each entry as it stands in the log.
    #[arg(long)]
    json: bool,
    /// Only entries about this request or item.
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// Only entries of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Verify { json, file: Some(file) } => verdict(file, verify_file(file), *json),
        Command::Verify { json, file: None } => {
            let log = Home::open(path)?.audit_log();
            verdict(&log, verify(&LogFiles::of(&log)), *json)
        }
        Command::Show { filter } => show(&Home::open(path)?.audit_log(), filter),
        Command::Tail { lines, follow, filter } => {
            tail(&Home::open(path)?.audit_log(), *lines, *follow, filter)
        }
    }
}

fn verdict(log: &Path, found: std::io::Result<Verdict>, as_json: bool) -> anyhow::Result<ExitCode> {
    let verdict = found.with_context(|| cannot_read(log))?;
    let (valid, count) = match verdict {
        Verdict::Valid { entries } => (true, entries),
        Verdict::Broken { at } => (false, at),
    };
    if as_json {
        let key = if valid { "entries" } else { "broken_at" };
        say!("{}", serde_json::json!({ "valid": valid, key: count }));
    } else {
        say!("{verdict}");
    }
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(log: &Path, filter: &Filter) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for entry in entries(&LogFiles::of(log)).with_context(|| cannot_read(log))? {
        match entry? {
            Ok(entry) => {
                if !print(&entry, filter)? {
                    break;
                }
            }
            Err(broken) => {
                eprintln!("moltctl: what follows does not hold together: {broken}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn tail(log: &Path, lines: usize, follow: bool, filter: &Filter) -> anyhow::Result<ExitCode> {
    let mut last = VecDeque::new();
    let mut seen = 0;
    for entry in entries(&LogFiles::of(log)).with_context(|| cannot_read(log))? {
        let Ok(entry) = entry? else { break };
        seen = entry.seq;
        if filter.lets_through(&entry) {
            last.push_back(entry);
            if last.len() > lines {
                last.pop_front();
            }
        }
    }
    for entry in &last {
        if !print(entry, filter)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if !follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        std::thread::sleep(std::time::Duration::from_millis(250));
        for entry in entries(&LogFiles::of(log))?.skip(usize::try_from(seen)?) {
            let Ok(entry) = entry? else { break };
            seen = entry.seq;
            if !print(&entry, filter)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// `false` when nobody reads any more.
fn print(entry: &Entry, filter: &Filter) -> anyhow::Result<bool> {
    if !filter.lets_through(entry) {
        return Ok(true);
    }
    let line = if filter.json {
        serde_json::to_string(entry)?
    } else {
        let facts = entry.details.as_object().map(|details| {
            details.iter().map(|(name, value)| format!(" {name}={}", brief(value))).collect::<String>()
        });
        format!("{:>6} {:.3} {}{}", entry.seq, entry.timestamp, entry.event_type, facts.unwrap_or_default())
    };
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

fn brief(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let is_digest = text.len() == 66 && text.trim_matches('"').bytes().all(|b| b.is_ascii_hexdigit());
    if is_digest {
        format!("{}…", text.trim_matches('"').chars().take(12).collect::<String>())
    } else {
        text
    }
}

fn cannot_read(log: &Path) -> String {
    format!("cannot read the audit log `{}`; it is made by the first `moltctl up`", log.display())
}

// === impl Filter ===

impl Filter {
    fn lets_through(&self, entry: &Entry) -> bool {
        let is = |key: &str, id: &str| entry.details.get(key).and_then(serde_json::Value::as_str) == Some(id);
        self.event_type.as_ref().is_none_or(|wanted| *wanted == entry.event_type)
            && self.about.as_ref().is_none_or(|id| is("request", id) || is("item", id))
    }
}
