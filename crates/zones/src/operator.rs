//! The operator's edge: lists, starts, stops and probes single processes.

use crate::local::Supervisor;
use crate::orders::{Orders, Wanted};
use crate::probing::{Probed, Prober, probed_zones};
use crate::standing::{Standing, Standings, State};
use home::{Config, Process};
use sandbox::WallState;
use std::time::Duration;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use wire::v1::zones_bridge_server::{ZonesBridge, ZonesBridgeServer};
use wire::v1::{
    ListZonesRequest, ListZonesResponse, ProbeAttempt, ProbeReport, ZoneRequest, ZoneState, ZoneWall,
};
use zone_bridge::{Limits, Listener, Refused, Tell, Turns, serving_health};

/// How long an order may take to be carried out: longer than a process may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operator may call.
#[derive(Clone, Debug)]
struct ZonesService {
    config: Config,
    standings: Standings,
    orders: Orders,
    prober: Prober,
}

/// Serves the operator's socket for as long as the supervisor lives.
pub(crate) async fn serve(
    operators: Listener,
    config: Config,
    standings: Standings,
    orders: Orders,
    prober: Prober,
) {
    let service = ZonesBridgeServer::new(ZonesService { config, standings, orders, prober });
    let routes = Routes::new(serving_health(&service).await).add_service(service);
    let tell = Tell::by(|Refused { code, why, .. }| {
        tracing::warn!("refused on the operator's socket: {code}: {why}")
    });
    let served = zone_bridge::serve(operators, routes, Limits::OWNER, &Turns::default(), tell).await;
    if let Err(error) = served {
        tracing::error!("the operator's socket is gone: {error}; stop and raise everything to have it back");
    }
}

// === impl ZonesService ===

impl ZonesService {
    async fn order(
        &self,
        request: Request<ZoneRequest>,
        wanted: Wanted,
    ) -> Result<Response<ZoneState>, Status> {
        let process = self.process_named(&request.into_inner().zone)?;
        match tokio::time::timeout(PATIENCE, self.orders.give(process, wanted)).await {
            Ok(true) => Ok(Response::new(to_wire(process, self.standings.of(process)))),
            Ok(false) => Err(Status::unavailable("everything is being stopped")),
            Err(_elapsed) => Err(Status::deadline_exceeded(format!("{process} does not follow"))),
        }
    }

    fn process_named(&self, untrusted_name: &str) -> Result<Process, Status> {
        let known: Vec<_> = Supervisor::processes(&self.config).collect();
        let found = known.iter().find(|process| process.as_str() == untrusted_name).copied();
        found.ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|process| process.as_str()).collect();
            Status::not_found(format!("there is no such zone; there are {}", names.join(", ")))
        })
    }
}

#[tonic::async_trait]
impl ZonesBridge for ZonesService {
    async fn list(&self, _request: Request<ListZonesRequest>) -> Result<Response<ListZonesResponse>, Status> {
        let zones = Supervisor::processes(&self.config)
            .map(|process| to_wire(process, self.standings.of(process)))
            .collect();
        Ok(Response::new(ListZonesResponse { zones }))
    }

    async fn start(&self, request: Request<ZoneRequest>) -> Result<Response<ZoneState>, Status> {
        self.order(request, Wanted::Start).await
    }

    async fn stop(&self, request: Request<ZoneRequest>) -> Result<Response<ZoneState>, Status> {
        self.order(request, Wanted::Stop).await
    }

    async fn restart(&self, request: Request<ZoneRequest>) -> Result<Response<ZoneState>, Status> {
        self.order(request, Wanted::Restart).await
    }

    async fn probe(&self, request: Request<ZoneRequest>) -> Result<Response<ProbeReport>, Status> {
        let process = self.process_named(&request.into_inner().zone)?;
        if !probed_zones(&self.config).any(|zone| zone == process) {
            return Err(Status::invalid_argument(format!("{process} keeps its powers; it is not probed")));
        }
        if self.standings.of(process).state != State::Up {
            let what = format!("{process} is down; raise it with: moltctl zones start {process}");
            return Err(Status::failed_precondition(what));
        }
        let probed =
            self.prober.probe(process).await.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(Response::new(ProbeReport { attempts: probed.iter().map(attempt_to_wire).collect() }))
    }
}

fn to_wire(process: Process, standing: Standing) -> ZoneState {
    let restarts = standing.starts.saturating_sub(1);
    let Standing { state, pid, last_end, alert, cell, .. } = standing;
    ZoneState {
        zone: process.to_string(),
        state: state.as_str().to_owned(),
        pid: pid.unwrap_or(0),
        restarts,
        last_end: last_end.unwrap_or_default(),
        alert: alert.unwrap_or_default(),
        cell: cell
            .into_iter()
            .map(|wall| match wall.state {
                WallState::Missing { why } => ZoneWall { name: wall.name.to_owned(), missing: why },
                WallState::Stands | WallState::NotWanted => {
                    ZoneWall { name: wall.name.to_owned(), missing: String::new() }
                }
            })
            .collect(),
    }
}

/// One attempt as it goes over the wire.
pub fn attempt_to_wire(probed: &Probed) -> ProbeAttempt {
    let (result, detail) = probed.in_words();
    ProbeAttempt {
        attack: probed.attempt.attack.clone(),
        held_by: probed.attempt.held_by.join(", "),
        result: result.to_owned(),
        detail: detail.to_owned(),
    }
}
