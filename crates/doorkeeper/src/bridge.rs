//! The way to Zone 1, for as long as it lives. A zone that loses its bridge ends: it could not dial again.

use std::time::Duration;
use tonic::Status;
use tonic::transport::Channel;
use wire::v1::webhook_bridge_client::WebhookBridgeClient;
use wire::v1::{WebhookAnswer, WebhookDelivery, WebhookPingRequest};
use zone_bridge::MESSAGE_LIMIT;

/// How often is looked whether the bridge is there, while nobody calls.
const EVERY: Duration = Duration::from_secs(1);

/// The executor is gone, or refuses.
#[derive(Debug, thiserror::Error)]
#[error("the bridge is lost")]
pub struct Lost(#[source] Box<Status>);

/// The bridge; clones share the one connection.
#[derive(Clone, Debug)]
pub struct Bridge(WebhookBridgeClient<Channel>);

// === impl Bridge ===

impl Bridge {
    /// The bridge over this channel.
    pub fn new(channel: Channel) -> Self {
        let client = WebhookBridgeClient::new(channel);
        Self(client.max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT))
    }

    /// Whether somebody answers.
    pub async fn ping(&self) -> Result<(), Lost> {
        let lost = |status| Lost(Box::new(status));
        self.0.clone().ping(WebhookPingRequest {}).await.map(drop).map_err(lost)
    }

    /// Completes when nobody answers any more.
    pub async fn until_lost(&self) -> Lost {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(lost) = self.ping().await {
                return lost;
            }
        }
    }

    /// What Zone 1 answers to a request.
    pub(crate) async fn deliver(&self, delivery: WebhookDelivery) -> Result<WebhookAnswer, Status> {
        Ok(self.0.clone().deliver(delivery).await?.into_inner())
    }
}
