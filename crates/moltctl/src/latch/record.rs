//! Writing to the record while no executor does: as its one writer, under the same lock and the same key.

use anyhow::Context as _;
use audit_log::{AuditLog, EntryRef, Fold, HeadKey, Need, Opened, Options, Place, Signer};
use home::Home;
use jiff::Timestamp;
use ledger::Event;

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
