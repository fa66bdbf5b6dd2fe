//! Taking content in from a service: what is new is durable here before the service hears that we have it.
//!
//! One look brings items and a cursor. The items go into the spool and the record, then the cursor into the record, and only the
//! next look hands it in, which acknowledges. A crash anywhere makes the same items come again, under the same names.

use crate::refusal::Refusal;
use crate::spool::{NotTaken, Spool, item_name, take_in};
use crate::standing::Standings;
use crate::zone1::Zone1;
use connectors::Failure;
use connectors::incoming::{Batch, Incoming};
use ledger::{Event, quoted};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The first wait after a look that failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Longer cursors do not go into the record.
const LONGEST_CURSOR: usize = 4000;

/// What a look at a service returns.
pub type Looking<'a> = Pin<Box<dyn Future<Output = Result<Batch, Failure>> + Send + 'a>>;

/// A service that content is fetched from.
pub trait Service: Send {
    /// What is new behind the cursor; the cursor itself acknowledges what is before it. It may wait for something to come.
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a>;

    /// Waits until it is worth looking again, after a look that brought everything there was.
    fn wait(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// One source that is fed by a service.
pub struct Feed {
    /// The source's name.
    pub source: &'static str,
    /// The connector's name.
    pub connector: &'static str,
    /// The service.
    pub service: Box<dyn Service>,
}

// === impl Feed ===

impl Feed {
    /// Takes in what is new, for as long as the process lives.
    pub async fn follow(mut self, zone1: Arc<Zone1>, spool: Spool, standings: Standings) {
        let mut wait = FIRST_WAIT;
        loop {
            let pause = match self.look_once(&zone1, &spool).await {
                Ok(more) => {
                    standings.works(self.connector);
                    wait = FIRST_WAIT;
                    if !more {
                        self.service.wait().await;
                    }
                    continue;
                }
                Err(NotFed::Failure(failure)) => {
                    standings.degraded(self.connector, &quoted(&failure.to_string()));
                    wait = (wait * 2).min(LONGEST_WAIT);
                    after(&failure, wait)
                }
                Err(NotFed::Taken(why)) => {
                    standings.degraded(self.connector, &why.to_string());
                    wait = (wait * 2).min(LONGEST_WAIT);
                    wait
                }
                // What is latched is lifted by the owner; what is under way ends, and nothing new is fetched.
                Err(NotFed::Latched) => FIRST_WAIT,
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// One look, everything that it brought made durable. Whether there is more at once.
    ///
    /// # Errors
    /// What kept it; nothing was acknowledged then.
    pub async fn look_once(&mut self, zone1: &Zone1, spool: &Spool) -> Result<bool, NotFed> {
        zone1.unlatched().map_err(|_latched| NotFed::Latched)?;
        let name = format!("{}/{}", self.source, self.connector);
        let before = zone1.record()?.ledger().cursor(&name).map(str::to_owned);
        let batch = self.service.look(before.as_deref()).await.map_err(NotFed::Failure)?;
        // It may have waited for long. What was not taken in is not acknowledged, and comes again.
        zone1.unlatched().map_err(|_latched| NotFed::Latched)?;
        let Batch { items, refused, cursor, more } = batch;
        for Incoming { id, untrusted_bytes } in items {
            let item = item_name(self.source, &format!("{}:{id}", self.connector));
            take_in(zone1, spool, self.source, item, untrusted_bytes).await?;
        }
        for (id, why) in refused {
            let (source, name) = (self.source.to_owned(), quoted(&id));
            zone1.note(Event::ItemRefused { source, name, why: quoted(&why) }).await?;
        }
        if cursor.len() > LONGEST_CURSOR || !cursor.is_ascii() {
            let why = "the service's cursor is not one";
            return Err(NotFed::Taken(NotTaken::Source(why.to_owned())));
        }
        if before.as_deref() != Some(cursor.as_str()) {
            zone1.note(Event::SourceAdvanced { source: name, cursor }).await?;
        }
        Ok(more)
    }
}

/// Why a look brought nothing, or nothing that lasts.
#[derive(Debug, thiserror::Error)]
pub enum NotFed {
    /// The service, or the way to it.
    #[error(transparent)]
    Failure(Failure),
    /// What it brought could not be made durable.
    #[error(transparent)]
    Taken(#[from] NotTaken),
    /// The owner stopped everything.
    #[error("the latch is set")]
    Latched,
}

impl From<Refusal> for NotFed {
    fn from(refusal: Refusal) -> Self {
        Self::Taken(refusal.into())
    }
}

/// What the provider says counts.
fn after(failure: &Failure, wait: Duration) -> Duration {
    match failure {
        Failure::Limited { retry_after: Some(provider_says), .. } => (*provider_says).max(wait),
        Failure::Malformed { .. }
        | Failure::Rejected { .. }
        | Failure::NotAllowed { .. }
        | Failure::Limited { .. }
        | Failure::Unavailable { .. }
        | Failure::Unknown { .. } => wait,
    }
}
