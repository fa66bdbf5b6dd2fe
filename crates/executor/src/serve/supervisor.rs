//! The supervisor's edge: what became of a zone goes into the record.

use crate::zone1::Zone1;
use ledger::{Event, quoted};
use std::sync::Arc;
use tonic::{Request, Response, Status};
use wire::v1::supervisor_bridge_server::SupervisorBridge;
use wire::v1::tell_request::What;
use wire::v1::{TellRequest, TellResponse, ZoneBreach, ZoneDown, ZoneRaised};

/// Attacks that are named in one entry; there are fewer than this.
const ATTACKS: usize = 64;

/// What the supervisor may call.
#[derive(Debug, Clone)]
pub struct SupervisorService {
    /// Zone 1.
    pub zone1: Arc<Zone1>,
}

#[tonic::async_trait]
impl SupervisorBridge for SupervisorService {
    async fn tell(&self, request: Request<TellRequest>) -> Result<Response<TellResponse>, Status> {
        let TellRequest { zone, what } = request.into_inner();
        let zone = quoted(&zone);
        let event = match what {
            Some(What::Raised(ZoneRaised {})) => Event::ZoneStarted { zone },
            Some(What::Ended(ZoneDown { how })) => Event::ZoneEnded { zone, how: quoted(&how) },
            Some(What::GivenUp(ZoneDown { how })) => Event::ZoneGivenUp { zone, why: quoted(&how) },
            Some(What::Breached(ZoneBreach { attacks })) => {
                let attacks = attacks.iter().take(ATTACKS).map(|attack| quoted(attack)).collect();
                Event::ZoneBreached { zone, attacks }
            }
            None => return Err(Status::invalid_argument("nothing is said of the zone")),
        };
        self.zone1.note(event).await?;
        Ok(Response::new(TellResponse {}))
    }
}
