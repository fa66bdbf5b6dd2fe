//! The zones as a test plays them, over the real sockets.

use crate::{PATIENCE, TestHome};
use action::Role;
use capability::{Answer, ApprovalKey, PolicyStatement, Statement};
use jiff::Timestamp;
use planner::client::{CapabilityClient, Refused, Standing, Wish};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;
use wire::v1::control_bridge_client::ControlBridgeClient;
use wire::v1::reader_answer::Answer as Reading;
use wire::v1::reader_bridge_client::ReaderBridgeClient;
use wire::v1::reader_work::Part;
use wire::v1::{
    ApplyPolicyRequest, ApprovalCard, AskAgainRequest, Delivery, ListPendingRequest, ReaderAnswer,
    ReaderReady, ReaderUnreadable, ReaderWork, ShowPolicyRequest, ShowRequestRequest, SubmitApprovalRequest,
};

/// The planner's end of its bridge; each call is a connection of its own.
pub fn planner(home: &TestHome) -> CapabilityClient {
    CapabilityClient::new(home.channel(Role::Planner))
}

/// A wish for a mail to `ann@example.org`.
pub fn mail_wish(key: &str) -> Wish {
    Wish {
        action: "send_email".to_owned(),
        parameters: r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#.to_owned(),
        key: key.to_owned(),
        item: String::new(),
    }
}

/// The next clean item on a planner's stream.
pub async fn delivery(stream: &mut Streaming<Delivery>) -> Delivery {
    let next = tokio::time::timeout(PATIENCE, stream.next()).await.expect("waited in vain for a delivery");
    next.expect("the executor delivers").unwrap()
}

/// The code of a refusal; anything else fails the test.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Refused>) -> String {
    match result {
        Err(Refused::Refusal { code, .. }) => code,
        other => panic!("not refused: {other:?}"),
    }
}

/// Asks, says yes as the owner, and returns the permit.
pub async fn approved_permit(home: &TestHome, wish: &Wish) -> String {
    let mut planner = planner(home);
    let Standing::Pending { request } = planner.request_capability(wish).await.unwrap() else {
        panic!("the owner was not asked");
    };
    Owner::of(home).answer(&request, Answer::Approved).await.unwrap();
    match planner.wait_for_approval(&request).await.unwrap() {
        Standing::Granted { permit } => permit,
        pending @ Standing::Pending { .. } => panic!("approved, and still {pending:?}"),
    }
}

/// The owner's side: the control plane's socket, and the key that signs answers.
#[derive(Debug)]
pub struct Owner {
    bridge: ControlBridgeClient<Channel>,
    key: ApprovalKey,
}

// === impl Owner ===

impl Owner {
    /// The owner of a home.
    pub fn of(home: &TestHome) -> Self {
        let text = std::fs::read_to_string(home.approval_key_file()).unwrap();
        let key = ApprovalKey::from_text(&text).unwrap();
        Self { bridge: ControlBridgeClient::new(home.channel(Role::ControlPlane)), key }
    }

    /// What waits for an answer.
    pub async fn pending(&self) -> Vec<ApprovalCard> {
        self.bridge.clone().list_pending(ListPendingRequest {}).await.unwrap().into_inner().cards
    }

    /// One request.
    pub async fn show(&self, request: &str) -> ApprovalCard {
        let asked = ShowRequestRequest { request: request.to_owned() };
        self.bridge.clone().show_request(asked).await.unwrap().into_inner()
    }

    /// What the control plane would sign for this answer to a card.
    pub fn statement(card: &ApprovalCard, answer: Answer) -> Statement {
        Statement {
            request: card.request.clone(),
            digest: card.digest.parse().unwrap(),
            answer,
            who: "a test".to_owned(),
            how: "a test".to_owned(),
            when: Timestamp::now(),
        }
    }

    /// Signs it.
    pub fn sign(&self, statement: &Statement) -> String {
        self.key.sign(statement).unwrap()
    }

    /// Hands in a receipt; returns the request's new state.
    pub async fn submit(&self, receipt: String) -> Result<String, Refused> {
        let submitted = self.bridge.clone().submit_approval(SubmitApprovalRequest { receipt }).await?;
        Ok(submitted.into_inner().state)
    }

    /// Puts another policy in force, as `moltctl policy apply` does; returns the questions that became void.
    pub async fn apply_policy(&self, home: &TestHome, text: &str) -> Result<Vec<String>, Refused> {
        std::fs::write(home.policy_file(), text).unwrap();
        let from = self.bridge.clone().show_policy(ShowPolicyRequest {}).await?.into_inner().digest;
        let receipt = self.sign_policy(&from, text);
        let request = ApplyPolicyRequest { text: text.to_owned(), receipt };
        Ok(self.bridge.clone().apply_policy(request).await?.into_inner().superseded)
    }

    /// What the control plane would sign for a change of policy.
    pub fn sign_policy(&self, from: &str, text: &str) -> String {
        let statement = PolicyStatement {
            from: from.parse().unwrap(),
            to: action::Digest::of(text.as_bytes()),
            who: "a test".to_owned(),
            how: "a test".to_owned(),
            when: Timestamp::now(),
        };
        self.key.sign_policy(&statement).unwrap()
    }

    /// Asks to be asked again; returns the request's new state.
    pub async fn ask_again(&self, request: &str) -> Result<String, Refused> {
        let again = AskAgainRequest { request: request.to_owned(), who: "a test".to_owned() };
        Ok(self.bridge.clone().ask_again(again).await?.into_inner().state)
    }

    /// Answers a request as it stands.
    pub async fn answer(&self, request: &str, answer: Answer) -> Result<String, Refused> {
        let card = self.show(request).await;
        self.submit(self.sign(&Self::statement(&card, answer))).await
    }
}

/// A reader's end of its bridge. Dropped: it hangs up.
#[derive(Debug)]
pub struct Reader {
    answers: mpsc::Sender<ReaderAnswer>,
    work: Streaming<ReaderWork>,
}

/// An item as a reader is handed it.
#[derive(Debug)]
pub struct RawItem {
    /// What it is said to be.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

// === impl Reader ===

impl Reader {
    /// A reader that is ready for work.
    pub async fn attend(home: &TestHome, role: Role) -> Self {
        let (answers, outgoing) = mpsc::channel(1);
        let ready = ReaderAnswer { answer: Some(Reading::Ready(ReaderReady {})), last: false };
        answers.send(ready).await.unwrap();
        let mut bridge = ReaderBridgeClient::new(home.channel(role));
        let work = bridge.attend(ReceiverStream::new(outgoing)).await.unwrap().into_inner();
        Self { answers, work }
    }

    /// The next item, whole.
    pub async fn next(&mut self) -> RawItem {
        tokio::time::timeout(PATIENCE, self.next_whole()).await.expect("waited in vain for an item")
    }

    async fn next_whole(&mut self) -> RawItem {
        let mut item = RawItem { content_type: String::new(), bytes: Vec::new() };
        loop {
            let part = self.work.next().await.expect("the executor hands out work").unwrap().part;
            match part.expect("every part is something") {
                Part::Begin(begin) => item.content_type = begin.content_type,
                Part::Chunk(chunk) => item.bytes.extend_from_slice(&chunk),
                Part::End(_) => return item,
            }
        }
    }

    /// Answers the last item with this JSON.
    pub async fn answer(&self, clean_json: String) {
        self.say(Reading::CleanJson(clean_json)).await;
    }

    /// Answers the last item with this JSON and wants no further one.
    pub async fn last_answer(&self, clean_json: String) {
        let answer = Some(Reading::CleanJson(clean_json));
        self.answers.send(ReaderAnswer { answer, last: true }).await.unwrap();
    }

    /// Says that the last item cannot be read.
    pub async fn unreadable(&self, reason: &str) {
        self.say(Reading::Unreadable(ReaderUnreadable { reason: reason.to_owned() })).await;
    }

    /// Says again that it is ready, as if it had nothing to answer.
    pub async fn ready_again(&self) {
        self.say(Reading::Ready(ReaderReady {})).await;
    }

    /// Whether the executor ended the stream instead of handing out more.
    pub async fn is_dismissed(&mut self) -> bool {
        let next = tokio::time::timeout(PATIENCE, self.work.next()).await;
        !matches!(next.expect("waited in vain for the executor"), Some(Ok(_)))
    }

    async fn say(&self, answer: Reading) {
        self.answers.send(ReaderAnswer { answer: Some(answer), last: false }).await.unwrap();
    }
}
