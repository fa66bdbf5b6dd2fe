//! What becomes of a zone is told to Zone 1, which records it.

use home::Process;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use wire::v1::supervisor_bridge_client::SupervisorBridgeClient;
use wire::v1::tell_request::What;
use wire::v1::{TellRequest, ZoneBreach, ZoneDown, ZoneRaised};
use zone_bridge::{CannotDial, lazy_channel};

/// What is kept while nobody can record it: while Zone 1 itself is being raised again.
const KEPT: usize = 1024;
/// How long an answer may take; then it is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes what is to be told; clones share the queue.
#[derive(Clone, Debug)]
pub(crate) struct Teller(mpsc::Sender<TellRequest>);

/// What became of a zone.
#[derive(Clone, Debug)]
pub(crate) enum Tale {
    Raised,
    Ended(String),
    GivenUp(String),
    Breached(Vec<String>),
}

// === impl Teller ===

impl Teller {
    /// A teller, and the work of telling, which never ends by itself.
    pub(crate) fn to(socket: &Path) -> Result<(Self, impl Future<Output = ()> + Send + 'static), CannotDial> {
        let bridge = SupervisorBridgeClient::new(lazy_channel(socket)?);
        let (sender, queue) = mpsc::channel(KEPT);
        Ok((Self(sender), tell_all(bridge, queue)))
    }

    /// Has something recorded, as soon as that is possible.
    pub(crate) fn tell(&self, process: Process, tale: Tale) {
        let what = match tale {
            Tale::Raised => What::Raised(ZoneRaised {}),
            Tale::Ended(how) => What::Ended(ZoneDown { how }),
            Tale::GivenUp(how) => What::GivenUp(ZoneDown { how }),
            Tale::Breached(attacks) => What::Breached(ZoneBreach { attacks }),
        };
        let told = TellRequest { zone: process.to_string(), what: Some(what) };
        if self.0.try_send(told).is_err() {
            tracing::error!("{process}: too much happened that nobody recorded; this is lost to the record");
        }
    }
}

async fn tell_all(
    mut bridge: SupervisorBridgeClient<tonic::transport::Channel>,
    mut queue: mpsc::Receiver<TellRequest>,
) {
    while let Some(told) = queue.recv().await {
        while !matches!(tokio::time::timeout(PATIENCE, bridge.tell(told.clone())).await, Ok(Ok(_))) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
