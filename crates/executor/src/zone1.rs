//! What the processes of one home share: the record, the policy, the keys and the way out.

use crate::brake::Brake;
use crate::clock::Clock;
use crate::outbound::Outbound;
use crate::policy_in_force::PolicyInForce;
use crate::provenance::Delivered;
use crate::record::{Record, Written};
use crate::refusal::Refusal;
use action::{Role, ZoneId};
use audit_log::Head;
use capability::{ApprovalVerifier, PermitKey};
use home::Latch;
use jiff::{SignedDuration, Timestamp};
use ledger::{Event, quoted};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};

/// How often the head of a record that grows is handed to the witness.
const HEADS_EVERY: Duration = Duration::from_secs(1);

/// Zone 1.
#[derive(Debug)]
pub struct Zone1 {
    record: Mutex<Record>,
    /// What was handed to zones; `None` until somebody asks where a value comes from.
    delivered: Mutex<Option<Delivered>>,
    changed: watch::Sender<()>,
    /// The latch, as it was last seen.
    pub(crate) brake: Arc<Brake>,
    pub(crate) means: Means,
}

/// What Zone 1 decides with and acts by.
#[derive(Debug)]
pub struct Means {
    /// This machine's name in zone names.
    pub host: String,
    /// While this file exists nothing is done.
    pub latch: PathBuf,
    /// Our time.
    pub clock: Clock,
    /// What the agent may do.
    pub policy: PolicyInForce,
    /// The key that mints permits.
    pub permits: PermitKey,
    /// The public half of the control plane's key.
    pub approvals: ApprovalVerifier,
    /// The connectors.
    pub outbound: Outbound,
    /// How long a request waits for the owner.
    pub approval_expiry: SignedDuration,
    /// How long a permit lives.
    pub permit_lifetime: SignedDuration,
    /// Makes tags of recipients that say nothing to whoever has the record alone.
    pub tag_key: [u8; 32],
}

// === impl Zone1 ===

impl Zone1 {
    /// Puts it together.
    pub fn new(record: Record, means: Means) -> Self {
        Self {
            record: Mutex::new(record),
            delivered: Mutex::new(None),
            changed: watch::Sender::new(()),
            brake: Arc::new(Brake::new(Latch::at(means.latch.clone()))),
            means,
        }
    }

    /// The zone of that role on this host.
    pub fn zone(&self, role: Role) -> ZoneId {
        ZoneId::new(&self.means.host, role)
    }

    /// Records that this process begins to serve.
    pub async fn started(&self, version: &str) -> Result<(), Refusal> {
        let (version, host, policy) =
            (version.to_owned(), self.means.host.clone(), self.means.policy.applied().0.digest());
        let torn = self.record()?.found().torn.clone();
        if let Some(torn) = torn {
            let kept_in = torn.kept_in.display().to_string();
            self.note(Event::LogRecovered { bytes: torn.bytes, kept_in }).await?;
        }
        self.note(Event::ExecutorStarted { version, host, policy }).await
    }

    /// Waits until no effect is between its intent and its outcome.
    pub async fn quiesce(&self) {
        let mut changes = self.changes();
        while self.record().is_ok_and(|record| record.ledger().anything_under_way())
            && changes.changed().await.is_ok()
        {}
    }

    /// Ends it, and gives the record back.
    pub fn into_record(self) -> Result<Record, Refusal> {
        self.record
            .into_inner()
            .map_err(|_poisoned| Refusal::AuditUnavailable("an earlier call failed half-way".to_owned()))
    }

    /// The time, read in one place.
    pub(crate) fn now(&self) -> Timestamp {
        self.means.clock.now()
    }

    /// The record. A panic while it was held leaves it in a state that nobody vouches for: then nothing is done.
    pub(crate) fn record(&self) -> Result<MutexGuard<'_, Record>, Refusal> {
        self.record
            .lock()
            .map_err(|_poisoned| Refusal::AuditUnavailable("an earlier call failed half-way".to_owned()))
    }

    /// What was handed to zones. Taken after the record, never before it.
    pub(crate) fn delivered(&self) -> Result<MutexGuard<'_, Option<Delivered>>, Refusal> {
        self.delivered
            .lock()
            .map_err(|_poisoned| Refusal::AuditUnavailable("an earlier call failed half-way".to_owned()))
    }

    /// Writes an event and wakes who waits for a change.
    pub(crate) fn write(&self, record: &mut Record, event: Event) -> Result<Written, Refusal> {
        let written = record.write(self.now(), event)?;
        self.changed.send_replace(());
        Ok(written)
    }

    /// Writes events that follow from each other.
    pub(crate) fn write_all(&self, record: &mut Record, events: &[Event]) -> Result<Written, Refusal> {
        let written = record.write_all(self.now(), events)?;
        self.changed.send_replace(());
        Ok(written)
    }

    /// Waits until what was read of the record is durable: what nobody may be told yet may already be known here.
    pub(crate) async fn settled(&self) -> Result<(), Refusal> {
        let settled = self.record()?.settled();
        Ok(settled.await?)
    }

    /// Writes an event that depends on nothing read before, durably.
    pub(crate) async fn note(&self, event: Event) -> Result<(), Refusal> {
        let durable = {
            let mut record = self.record()?;
            self.write(&mut record, event)?
        };
        Ok(durable.wait().await?)
    }

    /// Records a refused call, and gives the refusal back for whoever called.
    pub(crate) async fn note_refused(
        &self,
        zone: &ZoneId,
        call: &'static str,
        untrusted_about: &str,
        refusal: Refusal,
    ) -> Result<Refusal, Refusal> {
        self.note(Event::CallRefused {
            zone: zone.to_string(),
            call: call.to_owned(),
            about: quoted(untrusted_about),
            code: refusal.code().to_owned(),
            why: quoted(&refusal.to_string()),
        })
        .await?;
        Ok(refusal)
    }

    /// Wakes whenever something was recorded.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Wakes who waits for a change, for one that is not in the record.
    pub(crate) fn look_again(&self) {
        self.changed.send_replace(());
    }

    /// The signed heads of the record, now and from now on; of many within a second the newest.
    pub(crate) fn heads(&self) -> Result<impl Stream<Item = Head> + Send + 'static, Refusal> {
        let heads = WatchStream::new(self.record()?.heads());
        Ok(heads.then(async |head| {
            tokio::time::sleep(HEADS_EVERY).await;
            head
        }))
    }

    /// The latch: checked first by every request, and first and last by every effect.
    pub(crate) fn unlatched(&self) -> Result<(), Refusal> {
        self.brake.check()
    }

    /// A new random name, 16 hexadecimal digits after the prefix.
    pub(crate) fn fresh_name(prefix: &str) -> Result<String, Refusal> {
        let mut bytes = [0; 8];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_unspecified| Refusal::AuditUnavailable("the system gave no randomness".to_owned()))?;
        Ok(format!("{prefix}-{:016x}", u64::from_be_bytes(bytes)))
    }
}
