//! The planner edge: clean content out; wishes, waits and orders in.

use crate::caller::Caller;
use crate::judge::{Answer, Standing, UntrustedWish};
use crate::knowledge::clean_content_of;
use crate::perform::{Done, UntrustedOrder};
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::ZoneId;
use clean_content::CleanContent;
use ledger::{Event, ItemState, quoted};
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use wire::v1::capability_decision::Decision;
use wire::v1::planner_bridge_server::PlannerBridge;
use wire::v1::{
    AwaitApprovalRequest, CapabilityDecision, CapabilityRequest, Delivery, ExecuteRequest, ExecuteResponse,
    Granted, Pending, PlannerPingRequest, PlannerPingResponse, ReceiveRequest, SettleRequest, SettleResponse,
    WithdrawRequest, WithdrawResponse,
};
use zone_bridge::{Health, Peer, Readiness};

/// What the planner may call.
#[derive(Debug, Clone)]
pub struct PlannerService {
    /// Zone 1.
    pub zone1: Arc<Zone1>,
    /// The zone behind this socket.
    pub zone: ZoneId,
    /// Where it is said whether the planner listens.
    pub health: Health,
}

#[tonic::async_trait]
impl PlannerBridge for PlannerService {
    async fn ping(
        &self,
        _request: Request<PlannerPingRequest>,
    ) -> Result<Response<PlannerPingResponse>, Status> {
        Ok(Response::new(PlannerPingResponse { zone: self.zone.to_string() }))
    }

    type ReceiveStream = Pin<Box<dyn Stream<Item = Result<Delivery, Status>> + Send>>;

    async fn receive(
        &self,
        request: Request<ReceiveRequest>,
    ) -> Result<Response<Self::ReceiveStream>, Status> {
        let (to_planner, deliveries) = mpsc::channel(4);
        let (service, caller) = (self.clone(), self.caller(&request));
        tokio::spawn(async move {
            let need = service.zone.role().as_str();
            service.health.set(need, Readiness::Ready);
            if let Err(refusal) = service.deliver(&caller, &to_planner).await {
                tracing::warn!("{need}: {refusal}");
                // The receiver may be gone already; then nobody needs to know.
                let _ = to_planner.send(Err(refusal.into())).await;
            }
            service.health.set(need, Readiness::NotReady("the planner is gone".to_owned()));
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(deliveries))))
    }

    async fn settle(&self, request: Request<SettleRequest>) -> Result<Response<SettleResponse>, Status> {
        let SettleRequest { item, summary } = request.into_inner();
        self.settle_item(item, &summary).await?;
        Ok(Response::new(SettleResponse {}))
    }

    async fn request_capability(
        &self,
        request: Request<CapabilityRequest>,
    ) -> Result<Response<CapabilityDecision>, Status> {
        let caller = self.caller(&request);
        let CapabilityRequest { action, parameters_json, key, item } = request.into_inner();
        let wish = UntrustedWish { action, parameters: parameters_json, key, item };
        Ok(Response::new(decision(self.zone1.request(&caller, wish).await?)))
    }

    async fn await_approval(
        &self,
        request: Request<AwaitApprovalRequest>,
    ) -> Result<Response<CapabilityDecision>, Status> {
        let caller = self.caller(&request);
        let AwaitApprovalRequest { request } = request.into_inner();
        Ok(Response::new(decision(self.zone1.await_approval(&caller, &request).await?)))
    }

    async fn withdraw(
        &self,
        request: Request<WithdrawRequest>,
    ) -> Result<Response<WithdrawResponse>, Status> {
        let caller = self.caller(&request);
        let WithdrawRequest { request } = request.into_inner();
        self.zone1.withdraw(&caller, &request).await?;
        Ok(Response::new(WithdrawResponse {}))
    }

    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let caller = self.caller(&request);
        let ExecuteRequest { permit, action, parameters_json } = request.into_inner();
        let order = UntrustedOrder { permit, action, parameters: parameters_json };
        let Done { request, result } = self.zone1.execute(caller, order).await?;
        Ok(Response::new(ExecuteResponse { request, result_json: result }))
    }
}

// === impl PlannerService ===

impl PlannerService {
    fn caller<T>(&self, request: &Request<T>) -> Caller {
        Caller::new(self.zone.clone(), Peer::of(request).unwrap_or_else(Peer::nobody))
    }

    /// Sends every unsettled item once per stream, in the order in which they were taken in. After content with a warning
    /// went out, the stream ends once all that was sent is settled: a fresh planner goes on, which never saw it.
    async fn deliver(
        &self,
        caller: &Caller,
        to_planner: &mpsc::Sender<Result<Delivery, Status>>,
    ) -> Result<(), Refusal> {
        let mut changes = self.zone1.changes();
        let mut sent = HashSet::new();
        loop {
            changes.mark_unchanged();
            while let Some((item, source, content)) = self.next_unsettled(&mut sent)? {
                let zone = self.zone.to_string();
                self.zone1.was_handed(caller, &item, &content)?;
                let clean_json = content.to_json();
                // Known here already, it may still be on its way to the disk.
                let kept = self.zone1.record()?.keep(clean_json.as_bytes())?.1;
                kept.wait().await?;
                self.zone1.note(Event::ItemDelivered { item: item.clone(), zone }).await?;
                if to_planner.send(Ok(Delivery { item, source, clean_json })).await.is_err() {
                    return Ok(());
                }
            }
            if caller.is_under_warning() && sent.is_empty() {
                return Ok(());
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
                () = to_planner.closed() => return Ok(()),
            }
        }
    }

    fn next_unsettled(
        &self,
        sent: &mut HashSet<String>,
    ) -> Result<Option<(String, String, Box<CleanContent>)>, Refusal> {
        let record = self.zone1.record()?;
        let ledger = record.ledger();
        sent.retain(|item| ledger.item(item).is_some_and(|item| matches!(item.state, ItemState::Cleaned(_))));
        let next = ledger
            .open_items()
            .find(|(id, item)| matches!(item.state, ItemState::Cleaned(_)) && sent.insert((*id).to_owned()));
        let Some((id, item)) = next else { return Ok(None) };
        let content = clean_content_of(&record, item)?
            .ok_or_else(|| Refusal::AuditUnavailable("clean content was erased".to_owned()))?;
        Ok(Some((id.to_owned(), item.source.clone(), Box::new(content))))
    }

    async fn settle_item(&self, untrusted_item: String, untrusted_summary: &str) -> Result<(), Refusal> {
        let settled = {
            let mut record = self.zone1.record()?;
            match record.ledger().item(&untrusted_item).map(|item| &item.state) {
                Some(ItemState::Settled(_)) => return Ok(()),
                Some(ItemState::Cleaned(_)) => {
                    let summary = quoted(untrusted_summary);
                    let event = Event::ItemSettled { item: untrusted_item.clone(), summary };
                    Some(self.zone1.write(&mut record, event)?)
                }
                Some(ItemState::Received | ItemState::Quarantined) | None => None,
            }
        };
        match settled {
            Some(durable) => Ok(durable.wait().await?),
            None => {
                let unknown = Refusal::UnknownItem;
                Err(self.zone1.note_refused(&self.zone, "settle", &untrusted_item, unknown).await?)
            }
        }
    }
}

fn decision(answer: Answer) -> CapabilityDecision {
    let Answer { request, digest, standing } = answer;
    let decision = match standing {
        Standing::Granted { permit, expires_at } => {
            Decision::Granted(Granted { permit, expires_at: expires_at.as_second() })
        }
        Standing::Pending { expires_at } => {
            Decision::Pending(Pending { requires_approval: true, expires_at: expires_at.as_second() })
        }
    };
    CapabilityDecision { request, digest: digest.to_hex(), decision: Some(decision) }
}
