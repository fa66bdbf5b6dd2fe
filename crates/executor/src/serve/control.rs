//! The control edge: what waits for the owner goes out, signed answers come in.

use crate::approvals::Card;
use crate::zone1::Zone1;
use action::ZoneId;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use wire::v1::control_bridge_server::ControlBridge;
use wire::v1::{
    ApprovalCard, CardField, ControlPingRequest, ControlPingResponse, ListPendingRequest,
    ListPendingResponse, ShowRequestRequest, SubmitApprovalRequest, SubmitApprovalResponse,
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
        let cards = self.zone1.pending()?.into_iter().map(to_wire);
        Ok(Response::new(ListPendingResponse { cards: within_a_message(cards) }))
    }

    async fn show_request(
        &self,
        request: Request<ShowRequestRequest>,
    ) -> Result<Response<ApprovalCard>, Status> {
        let ShowRequestRequest { request } = request.into_inner();
        Ok(Response::new(to_wire(self.zone1.show(&request)?)))
    }

    async fn submit_approval(
        &self,
        request: Request<SubmitApprovalRequest>,
    ) -> Result<Response<SubmitApprovalResponse>, Status> {
        let SubmitApprovalRequest { receipt } = request.into_inner();
        let state = self.zone1.submit_approval(receipt).await?.to_owned();
        Ok(Response::new(SubmitApprovalResponse { state }))
    }
}

/// As many cards as one message carries, each whole or without its fields: however much is asked, the owner can look.
fn within_a_message(cards: impl Iterator<Item = ApprovalCard>) -> Vec<ApprovalCard> {
    let (mut room, mut listed) = (LIST_LIMIT, Vec::new());
    for mut card in cards {
        if size(&card) > CARD_LIMIT {
            card.fields.clear();
            card.warnings = vec!["too long for a list; look at it with `moltctl approvals show`".to_owned()];
        }
        match room.checked_sub(size(&card)) {
            Some(left) => room = left,
            None => break,
        }
        listed.push(card);
    }
    listed
}

/// At least the bytes of a card on the wire.
fn size(card: &ApprovalCard) -> usize {
    let fields = card.fields.iter().map(|field| field.name.len() + field.value.len() + 16);
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
