//! The doorkeeper's edge: requests of strangers in, what to answer out.

use crate::spool::Spool;
use crate::webhooks::{Provider, Reply, Webhooks};
use crate::zone1::Zone1;
use action::ZoneId;
use connectors::webhook::UntrustedRequest;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use wire::v1::webhook_bridge_server::WebhookBridge;
use wire::v1::{
    WebhookAnswer, WebhookDelivery, WebhookHeader, WebhookPingRequest, WebhookPingResponse, WebhookProvider,
};
use zone_bridge::Counters;

/// What the doorkeeper may call.
#[derive(Debug, Clone)]
pub struct WebhookService {
    /// Zone 1.
    pub zone1: Arc<Zone1>,
    /// The zone behind this socket.
    pub zone: ZoneId,
    /// Where raw items are kept.
    pub spool: Spool,
    /// Whose webhooks are taken in.
    pub webhooks: Arc<Webhooks>,
    /// What was answered, by status.
    pub answered: Counters,
}

#[tonic::async_trait]
impl WebhookBridge for WebhookService {
    async fn ping(
        &self,
        _request: Request<WebhookPingRequest>,
    ) -> Result<Response<WebhookPingResponse>, Status> {
        Ok(Response::new(WebhookPingResponse { zone: self.zone.to_string() }))
    }

    async fn deliver(&self, request: Request<WebhookDelivery>) -> Result<Response<WebhookAnswer>, Status> {
        let WebhookDelivery { provider, target, headers, body } = request.into_inner();
        let provider = match WebhookProvider::try_from(provider) {
            Ok(WebhookProvider::Telegram) => Provider::Telegram,
            Ok(WebhookProvider::Slack) => Provider::Slack,
            Ok(WebhookProvider::Twilio) => Provider::Twilio,
            Ok(WebhookProvider::Unspecified) | Err(_) => {
                return Err(Status::invalid_argument("there is no such provider"));
            }
        };
        let query = target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
        let headers = headers.into_iter().map(|WebhookHeader { name, value }| (name, value)).collect();
        let untrusted = UntrustedRequest { headers, query, body };
        let service = self.clone();
        // Whoever asked may go away: what was begun is done, so that the record and the spool agree.
        let taking = tokio::spawn(async move {
            let Self { zone1, zone, spool, webhooks, answered: _ } = service;
            webhooks.take(&zone1, &spool, &zone, provider, untrusted).await
        });
        let Reply { status, content_type, body } =
            taking.await.map_err(|_failed| Status::internal("it was not looked at to its end"))?;
        self.answered.count(&status.to_string());
        Ok(Response::new(WebhookAnswer {
            status: status.into(),
            content_type: content_type.to_owned(),
            body: body.into_bytes(),
        }))
    }
}
