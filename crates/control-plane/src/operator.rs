//! The operator's edge: the owner at the machine looks and answers.

use action::Digest;
use capability::{ApprovalKey, Statement};
use jiff::Timestamp;
use std::sync::Arc;
use tonic::transport::Channel;
use tonic::transport::server::UdsConnectInfo;
use tonic::{Request, Response, Status};
use wire::v1::control_bridge_client::ControlBridgeClient;
use wire::v1::operator_bridge_server::OperatorBridge;
use wire::v1::{
    Answer, AnswerRequest, AnswerResponse, ApprovalCard, ListPendingRequest, ListPendingResponse,
    ShowRequestRequest, SubmitApprovalRequest,
};
use zone_bridge::MESSAGE_LIMIT;

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
}

/// The kernel's word on who called.
fn who<T>(request: &Request<T>) -> String {
    let peer = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
    peer.map_or_else(|| "unknown".to_owned(), |peer| format!("uid {}", peer.uid()))
}
