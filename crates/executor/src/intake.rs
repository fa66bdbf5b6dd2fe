//! Taking content in from a Maildir: each item once, whatever crashes when.
//!
//! An item is copied into the spool, then recorded, then moved from `new/` to `cur/`. After a crash between any two of these the
//! file is met again under the same identity, and what is missing is made up for.

use crate::spool::{NotTaken, RAW_LIMIT, Spool, item_name, take_in};
use crate::zone1::Zone1;
use connectors::maildir_source::{Arrival, MaildirSource, Refused, Why, escaped};
use ledger::{Event, quoted};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use zone_bridge::{Health, Readiness};

/// How often a source is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Takes in what arrives in one source, for as long as the process lives.
pub async fn watch(zone1: &Zone1, spool: &Spool, source: &'static str, folder: &Path, health: &Health) {
    let need = format!("source-{source}");
    let (mut maildir, mut stuck) = (None, HashSet::new());
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if maildir.is_none() {
            maildir = MaildirSource::open(folder, RAW_LIMIT)
                .map_err(|error| not_ready(health, &need, &error.to_string()))
                .ok();
        }
        let Some(open) = maildir.as_mut() else { continue };
        match take_in_all(zone1, spool, source, open, &mut stuck).await {
            Ok(()) => health.set(&need, Readiness::Ready),
            Err(error) => not_ready(health, &need, &error.to_string()),
        }
    }
}

fn not_ready(health: &Health, need: &str, why: &str) {
    if health.report().checks.get(need) != Some(&Readiness::NotReady(why.to_owned())) {
        tracing::warn!("{need}: {why}");
    }
    health.set(need, Readiness::NotReady(why.to_owned()));
}

async fn take_in_all(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &mut MaildirSource,
    stuck: &mut HashSet<OsString>,
) -> Result<(), NotTaken> {
    let scan = maildir.scan().map_err(|error| NotTaken::Source(error.to_string()))?;
    stuck.retain(|name| scan.refused.iter().any(|refused| refused.name == *name));
    for refused in scan.refused.iter().filter(|refused| !stuck.contains(&refused.name)).collect::<Vec<_>>() {
        match set_aside(zone1, spool, source, maildir, refused).await {
            // It stays where it is. That is recorded once, and holds nothing else up: whoever sent it must not stop
            // all other mail.
            Err(NotTaken::Source(why)) => {
                tracing::warn!("{source}: {why}");
                stuck.insert(refused.name.clone());
            }
            set_aside => set_aside?,
        }
    }
    for arrival in &scan.ready {
        take_in_file(zone1, spool, source, maildir, arrival).await?;
    }
    Ok(())
}

async fn take_in_file(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &MaildirSource,
    arrival: &Arrival,
) -> Result<(), NotTaken> {
    let item = item_name(source, &arrival.identity());
    if !zone1.record()?.ledger().knows_item(&item) {
        // Gone or changed since it was seen: it will be met again, or not, at the next look.
        let Ok(untrusted_bytes) = maildir.read(arrival) else { return Ok(()) };
        take_in(zone1, spool, source, item, untrusted_bytes).await?;
    }
    maildir.mark_taken(arrival).map_err(|error| NotTaken::Source(error.to_string()))
}

/// What cannot be an item is moved aside, so that it is reported once and nothing is lost.
async fn set_aside(
    zone1: &Zone1,
    spool: &Spool,
    source: &'static str,
    maildir: &MaildirSource,
    refused: &Refused,
) -> Result<(), NotTaken> {
    let (name, why) = (escaped(&refused.name), in_words(refused.why));
    // The entry comes first: a crash between the two repeats it, and never hides the file.
    zone1
        .note(Event::ItemRefused { source: source.to_owned(), name: quoted(&name), why: why.clone() })
        .await?;
    let moved = maildir.move_aside(&refused.name, spool.quarantine_folder());
    moved.map(drop).map_err(|error| NotTaken::Source(format!("{name}: {why}; {error}")))
}

fn in_words(why: Why) -> String {
    match why {
        Why::Link => "it is a link, and is not followed".to_owned(),
        Why::Folder => "it is a folder".to_owned(),
        Why::Pipe => "it is a pipe".to_owned(),
        Why::Device => "it is a socket or a device".to_owned(),
        Why::Unreadable => "it cannot be read by this user".to_owned(),
        Why::TooLong { size } => format!("it has {size} bytes, the limit is {RAW_LIMIT}"),
        Why::NameTooLong => "its name is too long".to_owned(),
    }
}
