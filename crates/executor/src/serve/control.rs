//! The control edge: what waits for the owner goes out, signed answers come in.

use crate::approvals::Card;
use crate::policy_in_force::File;
use crate::zone1::Zone1;
use action::{Digest, ZoneId};
use std::pin::Pin;
use std::sync::Arc;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use wire::v1::control_bridge_server::ControlBridge;
use wire::v1::{
    ApplyPolicyRequest, ApplyPolicyResponse, ApprovalCard, AskAgainRequest, AskAgainResponse, CardField,
    ControlPingRequest, ControlPingResponse, EraseRequest, EraseResponse, HeadsRequest, ListPendingRequest,
    ListPendingResponse, PolicyInForce, ShowPolicyRequest, ShowRequestRequest, SignedHead,
    SubmitApprovalRequest, SubmitApprovalResponse,
};

/// Bytes of all cards in one list; a message on a bridge is 1 MiB.
const LIST_LIMIT: usize = 900 * 1024;

/// Bytes of one card in a list.
const CARD_LIMIT: usize = 32 * 1024;

/// What the control plane may call.
#[derive(Debug, Clone)]
pub struct ControlService {
    /// Zone 1.
    pub zone1: Arc<Zone1>,
    /// The zone behind this socket.
    pub zone: ZoneId,
}

#[tonic::async_trait]
impl ControlBridge for ControlService {
    async fn ping(
        &self,
        _request: Request<ControlPingRequest>,
    ) -> Result<Response<ControlPingResponse>, Status> {
        Ok(Response::new(ControlPingResponse { zone: self.zone.to_string() }))
    }

    async fn list_pending(
        &self,
        _request: Request<ListPendingRequest>,
    ) -> Result<Response<ListPendingResponse>, Status> {
        // As many cards as one message carries, each whole or without its fields: however much is asked, the owner can
        // look.
        let mut room = LIST_LIMIT;
        let cards = self.zone1.pending(|card| {
            let bytes = if size(card) > CARD_LIMIT { 1024 + card.title.len() } else { size(card) };
            let left = room.checked_sub(bytes);
            room = left.unwrap_or(0);
            left.is_none()
        })?;
        self.zone1.settled().await?;
        Ok(Response::new(ListPendingResponse { cards: cards.into_iter().map(in_a_list).collect() }))
    }

    async fn show_request(
        &self,
        request: Request<ShowRequestRequest>,
    ) -> Result<Response<ApprovalCard>, Status> {
        let ShowRequestRequest { request } = request.into_inner();
        let card = self.zone1.show(&request)?;
        self.zone1.settled().await?;
        Ok(Response::new(to_wire(card)))
    }

    async fn submit_approval(
        &self,
        request: Request<SubmitApprovalRequest>,
    ) -> Result<Response<SubmitApprovalResponse>, Status> {
        let SubmitApprovalRequest { receipt } = request.into_inner();
        let state = self.zone1.submit_approval(receipt).await?.to_owned();
        Ok(Response::new(SubmitApprovalResponse { state }))
    }

    async fn ask_again(
        &self,
        request: Request<AskAgainRequest>,
    ) -> Result<Response<AskAgainResponse>, Status> {
        let AskAgainRequest { request, who } = request.into_inner();
        let state = self.zone1.ask_again(&request, &who).await?.to_owned();
        Ok(Response::new(AskAgainResponse { state }))
    }

    async fn show_policy(
        &self,
        _request: Request<ShowPolicyRequest>,
    ) -> Result<Response<PolicyInForce>, Status> {
        let policy = &self.zone1.means.policy;
        let (applied, text) = policy.applied();
        let file_differs = policy.file() != File::Same;
        Ok(Response::new(PolicyInForce {
            digest: applied.digest().to_hex(),
            text: text.to_string(),
            file_differs,
        }))
    }

    async fn apply_policy(
        &self,
        request: Request<ApplyPolicyRequest>,
    ) -> Result<Response<ApplyPolicyResponse>, Status> {
        let ApplyPolicyRequest { text, receipt } = request.into_inner();
        let superseded = self.zone1.apply_policy(text, receipt).await?;
        Ok(Response::new(ApplyPolicyResponse { superseded }))
    }

    async fn erase(&self, request: Request<EraseRequest>) -> Result<Response<EraseResponse>, Status> {
        let EraseRequest { about, content, who } = request.into_inner();
        let content: Vec<Digest> = content
            .iter()
            .map(|digest| digest.parse())
            .collect::<Result<_, _>>()
            .map_err(|error| Status::invalid_argument(format!("{error}")))?;
        let erased = self.zone1.erase(&about, content, &who).await?;
        Ok(Response::new(EraseResponse { erased }))
    }

    type HeadsStream = Pin<Box<dyn Stream<Item = Result<SignedHead, Status>> + Send>>;

    async fn heads(&self, _request: Request<HeadsRequest>) -> Result<Response<Self::HeadsStream>, Status> {
        let heads = self.zone1.heads()?;
        Ok(Response::new(Box::pin(heads.map(|head| Ok(SignedHead { note: head.note.to_string() })))))
    }
}

fn in_a_list(card: Card) -> ApprovalCard {
    let is_too_long = size(&card) > CARD_LIMIT;
    let mut card = to_wire(card);
    if is_too_long {
        card.fields.clear();
        card.warnings = vec!["too long for a list; look at it with `moltctl approvals show`".to_owned()];
    }
    card
}

/// At least the bytes of a card on the wire.
fn size(card: &Card) -> usize {
    let fields = card.fields.iter().map(|(name, value)| name.len() + value.len() + 16);
    let warnings = card.warnings.iter().map(|warning| warning.len() + 8);
    512 + card.title.len() + fields.sum::<usize>() + warnings.sum::<usize>()
}

fn to_wire(card: Card) -> ApprovalCard {
    let Card { request, title, fields, warnings, asked } = card;
    ApprovalCard {
        request,
        digest: asked.digest.to_hex(),
        zone: asked.zone.clone(),
        action: asked.action.clone(),
        title,
        fields: fields.into_iter().map(|(name, value)| CardField { name, value }).collect(),
        warnings,
        state: asked.state_word().to_owned(),
        asked_at: asked.at.as_second(),
        expires_at: asked.expires_at.unwrap_or(asked.at).as_second(),
        risk: asked.risk.as_str().to_owned(),
    }
}
