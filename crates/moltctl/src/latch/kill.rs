//! `moltctl kill`: stop first, then speak, and record it last.

use super::{become_owner, order, record};
use home::{Home, Latch, Latched, Level, Order};
use ledger::{Event, quoted};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use zones::Killing;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Why; it stands in the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Say what would be killed, and touch nothing.
    #[arg(long)]
    simulate: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Exit 0 only when nothing is left and nothing can be started again.
pub(crate) fn kill(path: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    if arguments.simulate {
        return Ok(simulate(&home, arguments.json));
    }
    // As many descriptors as this process may have.
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    let _ = setrlimit(Resource::Nofile, files);

    let order = order(Level::Killed, &arguments.reason);
    let killing = zones::kill(&home, &order);
    let is_done = killing.is_done();
    if !arguments.json {
        tell(&home, &killing);
    }
    let recorded =
        if is_done { note(&home, &order, &killing) } else { Err("not everything is gone".to_owned()) };
    if arguments.json {
        tell_as_json(&killing, &recorded);
    } else if is_done {
        match recorded {
            Ok(()) => say!("It stands in the record."),
            Err(why) => say!("It is not in the record yet, `moltctl rearm` will record it: {why}"),
        }
        say!("The only way back: moltctl rearm --reason TEXT");
    }
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn simulate(home: &Home, as_json: bool) -> ExitCode {
    let targets = zones::would_kill(home).targets;
    if as_json {
        say!("{}", json!({ "simulation": true, "targets": targets }));
        return ExitCode::SUCCESS;
    }
    say!("Would execute kill (simulation mode)");
    say!("would set  {}", Latch::of(home).file().display());
    for target in &targets {
        say!("would kill {target}");
    }
    if targets.is_empty() {
        say!("nothing runs");
    }
    ExitCode::SUCCESS
}

/// In the record if it can be opened; else in the latch, for whoever re-arms.
fn note(home: &Home, order: &Order, killing: &Killing) -> Result<(), String> {
    let micros = |after: Option<Duration>| {
        after.and_then(|after| u64::try_from(after.as_micros()).ok()).unwrap_or_default()
    };
    let (zones_gone_us, executor_gone_us) = (micros(killing.zones_gone), micros(killing.executor_gone));
    let Order { who, why, .. } = order;
    let event = Event::Killed { who: quoted(who), why: quoted(why), zones_gone_us, executor_gone_us };
    let recorded = become_owner(home).and_then(|()| record::append(home, &[event]));
    recorded.map_err(|why| {
        let latch = Latch::of(home);
        // A kill before this one may have something to tell as well, and that was the one that stopped things.
        let said = match latch.read() {
            Latched::Killed(Some(order)) if order.unrecorded.is_some() => Ok(()),
            Latched::Killed(_) | Latched::Frozen(_) | Latched::Not => {
                let unrecorded = Some((zones_gone_us, executor_gone_us));
                latch.tell(&Order { unrecorded, ..order.clone() })
            }
        };
        let trouble = said.and_then(|()| latch.make_durable()).err();
        format!(
            "{why:#}{}",
            trouble.map(|trouble| format!("; nor in the latch: {trouble}")).unwrap_or_default()
        )
    })
}

fn tell(home: &Home, killing: &Killing) {
    let Killing { latched, latch_trouble, zones_gone, executor_gone, all_gone, left } = killing;
    if left.is_empty() {
        say!("Killed: nothing of {} runs.", home.path().display());
    } else {
        say!("NOT EVERYTHING IS GONE:");
        left.iter().for_each(|one| say!("  {one}"));
        say!("Run `moltctl kill` again, as root if it is somebody else's.");
    }
    if let Some(trouble) = latch_trouble {
        say!("THE LATCH IS NOT SET, so it could be raised again: {trouble}");
    }
    let times = [
        ("latched", latched),
        ("zones gone", zones_gone),
        ("executor gone", executor_gone),
        ("all gone", all_gone),
    ];
    for (what, after) in times {
        say!("  {what:<14} {}", after.map_or_else(|| "-".to_owned(), |after| format!("{after:.1?}")));
    }
}

fn tell_as_json(killing: &Killing, recorded: &Result<(), String>) {
    let micros = |after: Option<Duration>| after.and_then(|after| u64::try_from(after.as_micros()).ok());
    say!(
        "{}",
        json!({
            "done": killing.is_done(),
            "left": killing.left,
            "latch_trouble": killing.latch_trouble,
            "latched_us": micros(killing.latched),
            "zones_gone_us": micros(killing.zones_gone),
            "executor_gone_us": micros(killing.executor_gone),
            "all_gone_us": micros(killing.all_gone),
            "recorded": recorded.is_ok(),
            "not_recorded": recorded.as_ref().err(),
        })
    );
}
