//! The operator's edge: the owner at the machine looks and answers.

use action::Digest;
use capability::{ApprovalKey, PolicyStatement, Statement};
use jiff::Timestamp;
use std::sync::Arc;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use wire::v1::control_bridge_client::ControlBridgeClient;
use wire::v1::operator_bridge_server::OperatorBridge;
use wire::v1::{
    Answer, AnswerRequest, AnswerResponse, ApplyPolicyRequest, ApplyPolicyResponse, ApprovalCard,
    AskAgainRequest, AskAgainResponse, EraseRequest, EraseResponse, ListPendingRequest, ListPendingResponse,
    OperatorApplyPolicyRequest, OperatorAskAgainRequest, OperatorEraseRequest, PolicyInForce,
    ShowPolicyRequest, ShowRequestRequest, SubmitApprovalRequest,
};
use zone_bridge::{MESSAGE_LIMIT, Peer};

/// What the operator's command may call.
#[derive(Debug, Clone)]
pub struct OperatorService {
    executor: ControlBridgeClient<Channel>,
    key: Arc<ApprovalKey>,
}

// === impl OperatorService ===

impl OperatorService {
    /// A service that asks the executor over this channel and signs with this key.
    pub fn new(executor: Channel, key: ApprovalKey) -> Self {
        let executor = ControlBridgeClient::new(executor)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        Self { executor, key: Arc::new(key) }
    }
}

#[tonic::async_trait]
impl OperatorBridge for OperatorService {
    async fn list_pending(
        &self,
        _request: Request<ListPendingRequest>,
    ) -> Result<Response<ListPendingResponse>, Status> {
        self.executor.clone().list_pending(ListPendingRequest {}).await
    }

    async fn show_request(
        &self,
        request: Request<ShowRequestRequest>,
    ) -> Result<Response<ApprovalCard>, Status> {
        let ShowRequestRequest { request } = request.into_inner();
        self.executor.clone().show_request(ShowRequestRequest { request }).await
    }

    async fn answer(&self, request: Request<AnswerRequest>) -> Result<Response<AnswerResponse>, Status> {
        let who = who(&request);
        let AnswerRequest { request, digest, answer } = request.into_inner();
        let answer = match Answer::try_from(answer) {
            Ok(Answer::Approve) => capability::Answer::Approved,
            Ok(Answer::Deny) => capability::Answer::Denied,
            Ok(Answer::Unspecified) | Err(_) => {
                return Err(Status::invalid_argument("neither approve nor deny"));
            }
        };
        let digest: Digest = digest.parse().map_err(|error| Status::invalid_argument(format!("{error}")))?;
        let statement =
            Statement { request, digest, answer, who, how: "moltctl".to_owned(), when: Timestamp::now() };
        let receipt = self.key.sign(&statement).map_err(|error| Status::internal(error.to_string()))?;
        let submitted =
            self.executor.clone().submit_approval(SubmitApprovalRequest { receipt }).await?.into_inner();
        Ok(Response::new(AnswerResponse { state: submitted.state }))
    }

    async fn ask_again(
        &self,
        request: Request<OperatorAskAgainRequest>,
    ) -> Result<Response<AskAgainResponse>, Status> {
        let who = who(&request);
        let OperatorAskAgainRequest { request } = request.into_inner();
        self.executor.clone().ask_again(AskAgainRequest { request, who }).await
    }

    async fn show_policy(
        &self,
        _request: Request<ShowPolicyRequest>,
    ) -> Result<Response<PolicyInForce>, Status> {
        self.executor.clone().show_policy(ShowPolicyRequest {}).await
    }

    async fn apply_policy(
        &self,
        request: Request<OperatorApplyPolicyRequest>,
    ) -> Result<Response<ApplyPolicyResponse>, Status> {
        let who = who(&request);
        let OperatorApplyPolicyRequest { from, text } = request.into_inner();
        let from: Digest = from.parse().map_err(|error| Status::invalid_argument(format!("{error}")))?;
        let to = Digest::of(text.as_bytes());
        let statement = PolicyStatement { from, to, who, how: "moltctl".to_owned(), when: Timestamp::now() };
        let receipt =
            self.key.sign_policy(&statement).map_err(|error| Status::internal(error.to_string()))?;
        self.executor.clone().apply_policy(ApplyPolicyRequest { text, receipt }).await
    }

    async fn erase(&self, request: Request<OperatorEraseRequest>) -> Result<Response<EraseResponse>, Status> {
        let who = who(&request);
        let OperatorEraseRequest { about, content } = request.into_inner();
        self.executor.clone().erase(EraseRequest { about, content, who }).await
    }
}

/// The kernel's word on who called.
fn who<T>(request: &Request<T>) -> String {
    Peer::of(request).map_or_else(|| "unknown".to_owned(), |peer| format!("uid {}", peer.uid))
}
