//! The bridges: gRPC on one side, Zone 1's own words on the other. One file per edge; on each socket only that edge.

mod control;
mod planner;
mod reader;
mod supervisor;
mod webhooks;

pub use control::ControlService;
pub use planner::PlannerService;
pub use reader::ReaderService;
pub use supervisor::SupervisorService;
pub use webhooks::WebhookService;

use home::Process;
use ledger::{Event, quoted};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::service::Routes;
use wire::v1::control_bridge_server::ControlBridgeServer;
use wire::v1::planner_bridge_server::PlannerBridgeServer;
use wire::v1::reader_bridge_server::ReaderBridgeServer;
use wire::v1::supervisor_bridge_server::SupervisorBridgeServer;
use wire::v1::webhook_bridge_server::WebhookBridgeServer;
use zone_bridge::{Limits, Listener, MESSAGE_LIMIT, Refused, Tell, Turns, serving_health};

/// The service of one zone's socket. Which one it is follows from the zone's role and from nothing else.
#[derive(Debug, Clone)]
pub enum Bridge {
    /// For a reader.
    Reader(ReaderService),
    /// For the planner.
    Planner(PlannerService),
    /// For the control plane.
    Control(ControlService),
    /// For the supervisor.
    Supervisor(SupervisorService),
    /// For the doorkeeper.
    Webhooks(WebhookService),
}

/// The generated servers share no trait for their limits.
macro_rules! limited {
    ($server:ident, $service:expr) => {
        $server::new($service)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT)
    };
}

// === impl Bridge ===

impl Bridge {
    /// What the zone behind the socket may cost.
    pub const fn limits(&self) -> Limits {
        match self {
            Self::Reader(_) | Self::Planner(_) | Self::Webhooks(_) => Limits::ZONE,
            Self::Control(_) | Self::Supervisor(_) => Limits::OWNER,
        }
    }

    /// Puts what is refused before a handler sees it into the record.
    fn tell(&self) -> Tell {
        let (zone1, zone) = match self {
            Self::Reader(service) => (&service.zone1, service.zone.to_string()),
            Self::Planner(service) => (&service.zone1, service.zone.to_string()),
            Self::Control(service) => (&service.zone1, service.zone.to_string()),
            Self::Supervisor(service) => (&service.zone1, Process::Supervisor.to_string()),
            Self::Webhooks(service) => (&service.zone1, service.zone.to_string()),
        };
        let zone1 = Arc::clone(zone1);
        Tell::by(move |refused| {
            let zone1 = Arc::clone(&zone1);
            let event = refusal(&zone, &refused);
            tokio::spawn(async move {
                if let Err(not_noted) = zone1.note(event).await {
                    tracing::warn!("a refused call is not in the record: {not_noted}");
                }
            });
        })
    }
}

fn refusal(zone: &str, Refused { code, untrusted_call, why }: &Refused) -> Event {
    Event::CallRefused {
        zone: zone.to_owned(),
        call: "bridge".to_owned(),
        about: quoted(untrusted_call),
        code: (*code).to_owned(),
        why: (*why).to_owned(),
    }
}

/// Serves one zone's socket for as long as the process lives.
pub async fn serve(listener: Listener, bridge: Bridge, limits: Limits, turns: &Turns) -> io::Result<()> {
    let tell = bridge.tell();
    let routes = match bridge {
        Bridge::Reader(service) => only(limited!(ReaderBridgeServer, service)).await,
        Bridge::Planner(service) => only(limited!(PlannerBridgeServer, service)).await,
        Bridge::Control(service) => only(limited!(ControlBridgeServer, service)).await,
        Bridge::Supervisor(service) => only(limited!(SupervisorBridgeServer, service)).await,
        Bridge::Webhooks(service) => only(limited!(WebhookBridgeServer, service)).await,
    };
    zone_bridge::serve(listener, routes, limits, turns, tell).await
}

async fn only<S>(service: S) -> Routes
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    Routes::new(serving_health(&service).await).add_service(service)
}
