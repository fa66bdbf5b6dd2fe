//! Stopping everything, and letting it go on: at the machine, by whoever may write the home, and by nobody else.

mod kill;
mod record;

pub(crate) use kill::{Arguments as KillArguments, kill};

use anyhow::Context as _;
use home::{Home, Latch, Latched, Level, Order};
use ledger::{Event, quoted};
use std::path::Path;
use std::process::ExitCode;

/// Why something is stopped or goes on.
#[derive(clap::Args)]
pub(crate) struct Reason {
    /// Why; it stands in the record.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
}

/// Nothing new is done from now on; everything stays up to be looked at.
pub(crate) fn freeze(path: &Path, reason: &Reason) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    become_owner(&home)?;
    Latch::of(&home).freeze(&order(Level::Frozen, &reason.reason))?;
    say!(
        "Frozen: nothing new is done, and what is under way ends. Look at it with `moltctl status` and `moltctl audit`."
    );
    say!("Then: moltctl unfreeze --reason TEXT, or moltctl kill --reason TEXT");
    Ok(ExitCode::SUCCESS)
}

/// What was frozen goes on.
pub(crate) fn unfreeze(path: &Path, reason: &Reason) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    become_owner(&home)?;
    let latch = Latch::of(&home);
    let seen = latch.read();
    match &seen {
        Latched::Not => anyhow::bail!("nothing is frozen"),
        Latched::Killed(_) => {
            anyhow::bail!(
                "everything was killed, which is more than frozen; see `moltctl status`, then `moltctl rearm --reason TEXT`"
            )
        }
        Latched::Frozen(_) => {}
    }
    // On a full disk it goes on as well, and the record says that nobody is known to have said so.
    let _ = latch.leave_word(&order(Level::Frozen, &reason.reason));
    latch.lift(&seen)?;
    say!("Unfrozen: things go on.");
    Ok(ExitCode::SUCCESS)
}

/// A killed home may be raised again. Nothing else lets it.
pub(crate) fn rearm(path: &Path, reason: &Reason) -> anyhow::Result<ExitCode> {
    let home = Home::open(path)?;
    become_owner(&home)?;
    let latch = Latch::of(&home);
    let seen = latch.read();
    let killed = match &seen {
        Latched::Killed(order) => order.clone(),
        Latched::Not => anyhow::bail!("nothing was killed"),
        Latched::Frozen(_) => {
            anyhow::bail!("it is frozen, not killed; let it go on with `moltctl unfreeze --reason TEXT`")
        }
    };
    let left = zones::what_is_left(&home);
    anyhow::ensure!(
        left.is_empty(),
        "not everything is gone yet; run `moltctl kill` again. Left: {}",
        left.join("; ")
    );
    let Order { who, why, .. } = order(Level::Killed, &reason.reason);
    let mut events: Vec<_> = killed.and_then(unrecorded).into_iter().collect();
    events.push(Event::Rearmed { who, why: quoted(&why) });
    // Durable before anything may run: a home that runs again without a word of it cannot be.
    record::append(&home, &events).context("nothing was re-armed, because it cannot be recorded")?;
    latch.lift(&seen)?;
    // Where there is no room for it now, `up` tries again.
    let _ = latch.prepare();
    say!("Re-armed. Raise everything with: {}", crate::up::how_to_raise(&home));
    Ok(ExitCode::SUCCESS)
}

/// A kill that could not be recorded when it was done.
fn unrecorded(Order { who, why, unrecorded, .. }: Order) -> Option<Event> {
    let (zones_gone_us, executor_gone_us) = unrecorded?;
    Some(Event::Killed { who: quoted(&who), why: quoted(&why), zones_gone_us, executor_gone_us })
}

fn order(level: Level, why: &str) -> Order {
    Order::new(level, &format!("uid {}", rustix::process::getuid().as_raw()), why)
}

/// What root writes in somebody's home, that user could not read afterwards. `who` is decided before.
fn become_owner(home: &Home) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(home.path())?;
    if !rustix::process::geteuid().is_root() || owner.uid() == 0 {
        return Ok(());
    }
    // The real user stays, who gives the order; this program has one thread here, and later ones are as this one is.
    let (uid, gid) = (rustix::fs::Uid::from_raw(owner.uid()), rustix::fs::Gid::from_raw(owner.gid()));
    rustix::thread::set_thread_groups(&[gid])
        .and_then(|()| rustix::thread::set_thread_res_gid(None, gid, gid))
        .and_then(|()| rustix::thread::set_thread_res_uid(None, uid, uid))
        .with_context(|| format!("cannot act as the owner of the home, user id {}", owner.uid()))
}
