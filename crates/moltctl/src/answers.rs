//! The operator's end of the bridge to the control plane.

use anyhow::Context as _;
use home::{Config, Home};
use tonic::Status;
use tonic::transport::Channel;
use wire::v1::operator_bridge_client::OperatorBridgeClient;
use wire::v1::{
    Answer, AnswerRequest, ApprovalCard, ListPendingRequest, OperatorApplyPolicyRequest,
    OperatorAskAgainRequest, OperatorEraseRequest, PolicyInForce, ShowPolicyRequest, ShowRequestRequest,
};
use zone_bridge::{MESSAGE_LIMIT, lazy_channel};

/// Asks the control plane.
#[derive(Clone)]
pub(crate) struct Operator(OperatorBridgeClient<Channel>);

/// The runtime of a command.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

// === impl Operator ===

impl Operator {
    /// The control plane of a home; must be called within a runtime.
    pub(crate) fn of(home: &Home, config: &Config) -> anyhow::Result<Self> {
        let socket = config.operator_socket();
        anyhow::ensure!(socket.exists(), "{} is not up; raise it with `moltctl up`", home.path().display());
        let client = OperatorBridgeClient::new(lazy_channel(&socket)?);
        Ok(Self(client.max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)))
    }

    /// What waits, oldest first.
    pub(crate) async fn pending(&mut self) -> anyhow::Result<Vec<ApprovalCard>> {
        Ok(self.0.list_pending(ListPendingRequest {}).await.map_err(in_words)?.into_inner().cards)
    }

    /// One request.
    pub(crate) async fn show(&mut self, request: &str) -> anyhow::Result<ApprovalCard> {
        let shown = self.0.show_request(ShowRequestRequest { request: request.to_owned() }).await;
        Ok(shown.map_err(in_words).with_context(|| format!("request `{request}`"))?.into_inner())
    }

    /// Answers the request of a card that the owner saw; returns its new state.
    pub(crate) async fn answer(&mut self, card: &ApprovalCard, answer: Answer) -> anyhow::Result<String> {
        let request = AnswerRequest {
            request: card.request.clone(),
            digest: card.digest.clone(),
            answer: answer.into(),
        };
        let answered = self.0.answer(request).await.map_err(in_words);
        Ok(answered.with_context(|| format!("request `{}`", card.request))?.into_inner().state)
    }

    /// Is asked again about what expired; returns the request's new state.
    pub(crate) async fn ask_again(&mut self, request: &str) -> anyhow::Result<String> {
        let again = self.0.ask_again(OperatorAskAgainRequest { request: request.to_owned() }).await;
        Ok(again.map_err(in_words).with_context(|| format!("request `{request}`"))?.into_inner().state)
    }

    /// The policy in force.
    pub(crate) async fn policy(&mut self) -> anyhow::Result<PolicyInForce> {
        Ok(self.0.show_policy(ShowPolicyRequest {}).await.map_err(in_words)?.into_inner())
    }

    /// Puts a policy in force on top of the one that the owner saw; returns the requests whose question became void.
    pub(crate) async fn apply_policy(&mut self, from: &str, text: &str) -> anyhow::Result<Vec<String>> {
        let request = OperatorApplyPolicyRequest { from: from.to_owned(), text: text.to_owned() };
        Ok(self.0.apply_policy(request).await.map_err(in_words)?.into_inner().superseded)
    }

    /// Erases content; returns how much of it was there.
    pub(crate) async fn erase(&mut self, about: &str, content: Vec<String>) -> anyhow::Result<u32> {
        let request = OperatorEraseRequest { about: about.to_owned(), content };
        Ok(self.0.erase(request).await.map_err(in_words)?.into_inner().erased)
    }
}

fn in_words(status: Status) -> anyhow::Error {
    if status.code() == tonic::Code::Unavailable {
        anyhow::anyhow!(
            "nobody answers ({}); raise everything with `moltctl up`, or see `moltctl status`",
            status.message()
        )
    } else {
        anyhow::anyhow!("{}", status.message())
    }
}
