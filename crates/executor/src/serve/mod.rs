//! The bridges: gRPC on one side, Zone 1's own words on the other. One file per edge; on each socket only that edge.

mod control;
mod planner;
mod reader;
mod supervisor;

pub use control::ControlService;
pub use planner::PlannerService;
pub use reader::ReaderService;
pub use supervisor::SupervisorService;

use std::convert::Infallible;
use std::io;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use wire::v1::control_bridge_server::ControlBridgeServer;
use wire::v1::planner_bridge_server::PlannerBridgeServer;
use wire::v1::reader_bridge_server::ReaderBridgeServer;
use wire::v1::supervisor_bridge_server::SupervisorBridgeServer;
use zone_bridge::{Listener, MESSAGE_LIMIT, admitted, grpc_server, serving_health};

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
}

/// The generated servers share no trait for their limits.
macro_rules! limited {
    ($server:ident, $service:expr) => {
        $server::new($service)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT)
    };
}
/// Serves one zone's socket for as long as the process lives.
pub async fn serve(listener: Listener, bridge: Bridge) -> io::Result<()> {
    match bridge {
        Bridge::Reader(service) => serve_only(listener, limited!(ReaderBridgeServer, service)).await,
        Bridge::Planner(service) => serve_only(listener, limited!(PlannerBridgeServer, service)).await,
        Bridge::Control(service) => serve_only(listener, limited!(ControlBridgeServer, service)).await,
        Bridge::Supervisor(service) => serve_only(listener, limited!(SupervisorBridgeServer, service)).await,
    }
}

async fn serve_only<S>(listener: Listener, service: S) -> io::Result<()>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    grpc_server()
        .add_service(serving_health(&service).await)
        .add_service(service)
        .serve_with_incoming(admitted(listener)?)
        .await
        .map_err(io::Error::other)
}
