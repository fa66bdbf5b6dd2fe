//! The capability client: ping, ask, wait for the owner, spend the permit.

use tonic::transport::Channel;
use tonic::{Code, Status};
use wire::v1::capability_decision::Decision;
use wire::v1::planner_bridge_client::PlannerBridgeClient;
use wire::v1::{
    AwaitApprovalRequest, CapabilityDecision, CapabilityRequest, Delivery, ExecuteRequest, ExecuteResponse,
    Granted, Pending, PlannerPingRequest, ReceiveRequest, SettleRequest, WithdrawRequest,
};
use zone_bridge::MESSAGE_LIMIT;

/// A planner's end of the bridge.
#[derive(Clone, Debug)]
pub struct CapabilityClient(PlannerBridgeClient<Channel>);

/// What is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A name in the action catalogue.
    pub action: String,
    /// A JSON object.
    pub parameters: String,
    /// The planner's own name for this wish: the same key is the same wish.
    pub key: String,
    /// The item it is about; empty if none.
    pub item: String,
}

/// Where a wish stands that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be done, once, with this permit.
    Granted {
        /// The permit.
        permit: String,
    },
    /// The owner has been asked.
    Pending {
        /// The request to wait for.
        request: String,
    },
}

/// Why Zone 1 does not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Zone 1 says no, with one of its codes.
    #[error("{code}: {explanation}")]
    Refusal {
        /// The code, such as `action_not_allowed`.
        code: String,
        /// Why, in words.
        explanation: String,
        /// When to try again, in Unix seconds, where that makes sense.
        retry_at: Option<i64>,
    },
    /// The bridge does not work.
    #[error("the bridge is lost: {0}")]
    Bridge(String),
}

// === impl CapabilityClient ===

impl CapabilityClient {
    /// A client over this channel.
    pub fn new(channel: Channel) -> Self {
        let client = PlannerBridgeClient::new(channel);
        Self(client.max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT))
    }

    /// The zone that Zone 1 takes us for.
    pub async fn ping(&mut self) -> Result<String, Refused> {
        Ok(self.0.ping(PlannerPingRequest {}).await?.into_inner().zone)
    }

    /// Clean content to plan on.
    pub async fn receive(&mut self) -> Result<tonic::Streaming<Delivery>, Refused> {
        Ok(self.0.receive(ReceiveRequest {}).await?.into_inner())
    }

    /// Says that an item is done with.
    pub async fn settle(&mut self, item: &str, summary: &str) -> Result<(), Refused> {
        let request = SettleRequest { item: item.to_owned(), summary: summary.to_owned() };
        self.0.settle(request).await?;
        Ok(())
    }

    /// Asks for a capability.
    pub async fn request_capability(&mut self, wish: &Wish) -> Result<Standing, Refused> {
        let Wish { action, parameters, key, item } = wish.clone();
        let request = CapabilityRequest { action, parameters_json: parameters, key, item };
        standing(self.0.request_capability(request).await?.into_inner())
    }

    /// Waits until the owner has answered, or the time for it is over (300 s).
    pub async fn wait_for_approval(&mut self, request: &str) -> Result<Standing, Refused> {
        let request = AwaitApprovalRequest { request: request.to_owned() };
        standing(self.0.await_approval(request).await?.into_inner())
    }

    /// Takes a wish back. What is under way or done is not undone.
    pub async fn withdraw(&mut self, request: &str) -> Result<(), Refused> {
        self.0.withdraw(WithdrawRequest { request: request.to_owned() }).await?;
        Ok(())
    }

    /// Spends a permit. Returns what the action returned, a JSON object.
    pub async fn execute_with_token(&mut self, permit: String, wish: &Wish) -> Result<String, Refused> {
        let Wish { action, parameters, key: _, item: _ } = wish.clone();
        let request = ExecuteRequest { permit, action, parameters_json: parameters };
        let ExecuteResponse { request: _, result_json } = self.0.execute(request).await?.into_inner();
        Ok(result_json)
    }
}

fn standing(decision: CapabilityDecision) -> Result<Standing, Refused> {
    let CapabilityDecision { request, digest: _, decision } = decision;
    match decision {
        Some(Decision::Granted(Granted { permit, expires_at: _ })) => Ok(Standing::Granted { permit }),
        Some(Decision::Pending(Pending { requires_approval: _, expires_at: _ })) => {
            Ok(Standing::Pending { request })
        }
        None => Err(Refused::Bridge("an answer without a decision".to_owned())),
    }
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        let word = |key: &str| Some(status.metadata().get(key)?.to_str().ok()?.to_owned());
        match word("moltbot-refusal") {
            Some(code) => Self::Refusal {
                code,
                explanation: status.message().to_owned(),
                retry_at: word("moltbot-retry-at").and_then(|second| second.parse().ok()),
            },
            None if status.code() == Code::Unimplemented => Self::Refusal {
                code: "no_such_service".to_owned(),
                explanation: "this zone's socket does not offer that".to_owned(),
                retry_at: None,
            },
            None => Self::Bridge(format!("{}: {}", status.code(), status.message())),
        }
    }
}
