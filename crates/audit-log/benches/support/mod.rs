//! A log as Zone 1 writes it.

use audit_log::{AuditLog, Durable, EntryRef, Fold, HeadKey, Need, Options, Place, Signer};
use jiff::Timestamp;
use std::path::Path;

/// RFC 8032, section 7.1, first key.
const KEY: &str = "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Remembers nothing, and begins with an entry of this type.
pub(crate) struct Forgetful(pub(crate) &'static str);

/// The facts of the commonest entry; its line has about 560 bytes.
pub(crate) fn details() -> serde_json::Value {
    serde_json::json!({
        "request": "req-0123456789abcdef", "zone": "local/planner", "action": "send_email",
        "digest": "0".repeat(64), "parameters": "0".repeat(64), "key": "email-0123456789abcdef/rule",
    })
}

pub(crate) fn open(active: &Path, fold: &mut Forgetful) -> AuditLog {
    let key = HeadKey::from_text(KEY).unwrap();
    let signer = Signer { origin: "example.org/moltbot/executor".parse().unwrap(), key };
    AuditLog::open(&Place::of(active).unwrap(), signer, &Options::default(), fold).unwrap().log
}

/// One more entry; a segment that is full is closed.
pub(crate) fn append(log: &mut AuditLog, details: &serde_json::Value) -> Durable {
    if log.rotation_due() {
        return log.rotate(Timestamp::now(), "remembered", &()).unwrap();
    }
    log.append(Timestamp::now(), "capability_requested", details, Need::Ordinary).unwrap()
}

impl Fold for Forgetful {
    fn begins_with(&mut self, first: &EntryRef<'_>) -> bool {
        first.event_type == self.0
    }

    fn take(&mut self, entry: &EntryRef<'_>) {
        divan::black_box(entry);
    }
}
