//! Writing to the record while no executor does: as its one writer, under the same lock and the same key.

use anyhow::Context as _;
use audit_log::{AuditLog, EntryRef, Fold, HeadKey, Need, Opened, Options, Place, Signer};
use home::Home;
use jiff::Timestamp;
use ledger::Event;
use std::path::Path;

/// All that has to be known of the record to go on with it.
struct Newest(Timestamp);

impl Fold for Newest {
    fn begins_with(&mut self, _first: &EntryRef<'_>) -> bool {
        true
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        self.0 = self.0.max(entry.timestamp);
    }
}

/// Appends events durably; fails when anybody else holds the record. No segment is begun: that takes knowing all that is
/// remembered, which the next executor does.
pub(super) fn append(home: &Home, events: &[Event]) -> anyhow::Result<()> {
    as_its_owner(&home.audit_log(), || append_as_ourselves(home, events))
}

/// In a home of the machine the record belongs to the executor's user, who could not read what root leaves there.
fn as_its_owner<T>(log: &Path, act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = log.parent().unwrap_or(log);
    let owner =
        std::fs::metadata(folder).with_context(|| format!("cannot look at `{}`", folder.display()))?;
    let root = rustix::process::geteuid();
    if !root.is_root() || owner.uid() == 0 {
        return act();
    }
    // The real user stays root, so this thread may become root again; the record's writer, which is begun as the owner, not.
    let become_user = |uid, gid| {
        rustix::thread::set_thread_res_gid(None, gid, None)
            .and_then(|()| rustix::thread::set_thread_res_uid(None, uid, None))
    };
    let (uid, gid) = (rustix::fs::Uid::from_raw(owner.uid()), rustix::fs::Gid::from_raw(owner.gid()));
    become_user(uid, gid).with_context(|| format!("cannot act as user id {}", owner.uid()))?;
    let done = act();
    // The user first: only root may change its group at will.
    rustix::thread::set_thread_res_uid(None, root, None)
        .and_then(|()| rustix::thread::set_thread_res_gid(None, rustix::fs::Gid::ROOT, None))
        .context("cannot be root again")?;
    done
}

fn append_as_ourselves(home: &Home, events: &[Event]) -> anyhow::Result<()> {
    let key =
        HeadKey::from_text(&Home::read_private(&home.record_key_file()).map_err(home::Problems::from)?)?;
    let signer = Signer { origin: home::RECORD_ORIGIN.parse()?, key };
    let place = Place::of(&home.audit_log())?;
    let mut newest = Newest(Timestamp::MIN);
    let Opened { mut log, torn, space_set_aside: _ } =
        AuditLog::open(&place, signer, &Options::default(), &mut newest)?;
    let torn = torn.map(|torn| {
        let kept_in = torn.kept_in.display().to_string();
        Event::LogRecovered { bytes: torn.bytes, kept_in }
    });
    let entries: Vec<_> = torn.iter().chain(events).map(Event::split).collect::<Result<_, _>>()?;
    let lines = entries.iter().map(|(event_type, details)| (event_type.as_str(), details));
    // No time in the record goes back behind the one before.
    let now = Timestamp::now().max(newest.0);
    let durable = log.append_all(now, lines, Need::Reserved)?;
    durable.wait_blocking().context("the record does not answer")
}
