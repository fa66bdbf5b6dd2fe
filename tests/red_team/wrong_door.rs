//! A zone that calls what is another zone's.

use action::Role;
use std::path::PathBuf;
use system_tests::TestHome;
use tonic::transport::Channel;
use tonic::{Code, Status};
use wire::v1::control_bridge_client::ControlBridgeClient;
use wire::v1::operator_bridge_client::OperatorBridgeClient;
use wire::v1::planner_bridge_client::PlannerBridgeClient;
use wire::v1::reader_bridge_client::ReaderBridgeClient;
use wire::v1::webhook_bridge_client::WebhookBridgeClient;
use wire::v1::{
    AnswerRequest, AwaitApprovalRequest, CapabilityRequest, ControlPingRequest, ExecuteRequest,
    ListPendingRequest, PlannerPingRequest, ReaderPingRequest, ReceiveRequest, SettleRequest,
    ShowRequestRequest, SubmitApprovalRequest, WebhookDelivery, WebhookPingRequest,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Reader,
    Planner,
    Control,
    Webhook,
    Operator,
}

/// Calls every method of a service; how each ended.
async fn call(service: Service, channel: Channel) -> Vec<(&'static str, Code)> {
    fn end<T>(called: Result<T, Status>) -> Code {
        called.map_or_else(|status| status.code(), |_| Code::Ok)
    }
    match service {
        Service::Reader => {
            let mut bridge = ReaderBridgeClient::new(channel);
            vec![
                ("ping", end(bridge.ping(ReaderPingRequest {}).await)),
                ("attend", end(bridge.attend(tokio_stream::empty()).await)),
            ]
        }
        Service::Planner => {
            let mut bridge = PlannerBridgeClient::new(channel);
            vec![
                ("ping", end(bridge.ping(PlannerPingRequest {}).await)),
                ("receive", end(bridge.receive(ReceiveRequest {}).await)),
                ("settle", end(bridge.settle(SettleRequest::default()).await)),
                ("request_capability", end(bridge.request_capability(CapabilityRequest::default()).await)),
                ("await_approval", end(bridge.await_approval(AwaitApprovalRequest::default()).await)),
                ("execute", end(bridge.execute(ExecuteRequest::default()).await)),
            ]
        }
        Service::Control => {
            let mut bridge = ControlBridgeClient::new(channel);
            vec![
                ("ping", end(bridge.ping(ControlPingRequest {}).await)),
                ("list_pending", end(bridge.list_pending(ListPendingRequest {}).await)),
                ("show_request", end(bridge.show_request(ShowRequestRequest::default()).await)),
                ("submit_approval", end(bridge.submit_approval(SubmitApprovalRequest::default()).await)),
            ]
        }
        Service::Webhook => {
            let mut bridge = WebhookBridgeClient::new(channel);
            vec![
                ("ping", end(bridge.ping(WebhookPingRequest {}).await)),
                ("deliver", end(bridge.deliver(WebhookDelivery::default()).await)),
            ]
        }
        Service::Operator => {
            let mut bridge = OperatorBridgeClient::new(channel);
            vec![
                ("list_pending", end(bridge.list_pending(ListPendingRequest {}).await)),
                ("show_request", end(bridge.show_request(ShowRequestRequest::default()).await)),
                ("answer", end(bridge.answer(AnswerRequest::default()).await)),
            ]
        }
    }
}

fn doors(home: &TestHome) -> Vec<(PathBuf, Service)> {
    let config = home.config();
    let bridges = config.roles().map(|role| {
        let service = match role {
            Role::ReaderEmail | Role::ReaderTelegram | Role::ReaderSlack | Role::ReaderSms => Service::Reader,
            Role::Planner => Service::Planner,
            Role::ControlPlane => Service::Control,
            Role::Doorkeeper => Service::Webhook,
        };
        (config.bridge_socket(role), service)
    });
    bridges.chain([(home.config().operator_socket(), Service::Operator)]).collect()
}

#[tokio::test]
async fn on_each_socket_there_is_one_service_and_no_other() {
    let home = TestHome::with(&[("#[webhooks]", "[webhooks]")]);
    let _executor = home.executor().await;
    let _control_plane = home.control_plane().await;
    for (socket, its_own) in doors(&home) {
        for service in
            [Service::Reader, Service::Planner, Service::Control, Service::Webhook, Service::Operator]
        {
            let channel = zone_bridge::lazy_channel(&socket).unwrap();
            for (method, end) in call(service, channel).await {
                let is_there = end != Code::Unimplemented;
                assert_eq!(
                    is_there,
                    service == its_own,
                    "{service:?}.{method} at {}: {end:?}",
                    socket.display()
                );
            }
        }
    }
}

#[tokio::test]
async fn who_calls_is_known_by_the_socket_and_by_nothing_else() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    for role in [Role::ReaderEmail, Role::ReaderTelegram, Role::ReaderSlack] {
        let pong = ReaderBridgeClient::new(home.channel(role)).ping(ReaderPingRequest {}).await.unwrap();
        assert_eq!(pong.into_inner().zone, format!("local/{role}"));
    }
}
