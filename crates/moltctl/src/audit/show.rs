//! Printing entries.

use super::filter::{Filter, Sieve};
use super::read::Record;
use audit_log::Entry;
use std::collections::VecDeque;
use std::io::Write as _;
use std::process::ExitCode;

pub(super) fn show(record: &Record, filter: &Filter) -> anyhow::Result<ExitCode> {
    let (mut sieve, mut code) = (filter.begin(), ExitCode::SUCCESS);
    for entry in record.entries()? {
        match entry? {
            Ok(entry) => {
                if sieve.lets_through(&entry) && !print(&entry, filter.json)? {
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

pub(super) fn tail(record: &Record, lines: usize, follow: bool, filter: &Filter) -> anyhow::Result<ExitCode> {
    let (mut sieve, mut last, mut seen) = (filter.begin(), VecDeque::new(), 0);
    for entry in record.entries()? {
        let Ok(entry) = entry? else { break };
        seen = entry.seq;
        if sieve.lets_through(&entry) {
            last.push_back(entry);
            if last.len() > lines {
                last.pop_front();
            }
        }
    }
    for entry in &last {
        if !print(entry, filter.json)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    if follow {
        go_on(record, seen, &mut sieve, filter.json)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what is written from now on, until nobody reads any more.
fn go_on(record: &Record, mut seen: u64, sieve: &mut Sieve<'_>, as_json: bool) -> anyhow::Result<()> {
    loop {
        std::thread::sleep(std::time::Duration::from_millis(250));
        for entry in record.entries()?.skip(usize::try_from(seen)?) {
            let Ok(entry) = entry? else { break };
            seen = entry.seq;
            if sieve.lets_through(&entry) && !print(&entry, as_json)? {
                return Ok(());
            }
        }
    }
}

/// `false` when nobody reads any more.
fn print(entry: &Entry, as_json: bool) -> anyhow::Result<bool> {
    let line = if as_json {
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
