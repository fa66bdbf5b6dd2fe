//! A planner that was taken over: it may ask for anything, as often and as much as it likes, and gets what policy and
//! the owner agreed to, once.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use planner::client::{CapabilityClient, Refused, Standing, Wish};
use siege_tests::{POLICY, System};
use zone_bridge::{connect, only_channel};

async fn taken_over(system: &System) -> CapabilityClient {
    let bridge = connect(&system.home().join("run/planner/zone-bridge.sock")).unwrap();
    CapabilityClient::new(only_channel(bridge).await.unwrap())
}

fn mail(to: &str, body: &str, key: &str) -> Wish {
    let parameters = serde_json::json!({ "to": to, "subject": "s", "body": body }).to_string();
    Wish { action: "send_email".to_owned(), parameters, key: key.to_owned(), item: String::new() }
}

fn code<T: std::fmt::Debug>(answer: Result<T, Refused>) -> String {
    match answer {
        Err(Refused::Refusal { code, .. }) => code,
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn one_permit_spent_by_a_hundred_at_once_is_one_mail() {
    let system = System::raise(POLICY);
    let mut client = taken_over(&system).await;
    let wish = mail("ann@auto.example", "Hello", "k");
    let Standing::Granted { permit } = client.request_capability(&wish).await.unwrap() else {
        panic!("not granted")
    };
    // Every further answer brings a permit of its own, for the same request.
    let Standing::Granted { permit: twin } = client.request_capability(&wish).await.unwrap() else {
        panic!("not granted")
    };
    let mut all = tokio::task::JoinSet::new();
    for n in 0..100 {
        let (mut client, wish) = (client.clone(), wish.clone());
        let permit = if n % 2 == 0 { permit.clone() } else { twin.clone() };
        all.spawn(async move { client.execute_with_token(permit, &wish).await });
    }
    let answers = all.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    system.assert_sound();
    assert_eq!(system.names("mail/outbox/new").len(), 1);
}

#[tokio::test]
async fn however_long_the_cards_the_owner_sees_what_waits_and_can_answer() {
    let system = System::raise(POLICY);
    let mut client = taken_over(&system).await;
    // Each character takes twelve bytes once it is made visible.
    let unseen = "\u{200b}".repeat(9_999);
    for n in 0..30 {
        let wish = mail("ann@ask.example", &format!("{unseen}!"), &format!("long {n}"));
        assert!(matches!(client.request_capability(&wish).await.unwrap(), Standing::Pending { .. }));
    }
    let wish = mail("ann@ask.example", "Hello", "short");
    let Standing::Pending { request } = client.request_capability(&wish).await.unwrap() else {
        panic!("not asked")
    };
    assert_eq!(system.succeed(&["approvals", "list"]).matches("req-").count(), 31);
    assert!(system.succeed(&["approvals", "show", &request]).contains("Hello"));
    system.succeed(&["approvals", "approve", &request]);
    assert!(matches!(client.wait_for_approval(&request).await.unwrap(), Standing::Granted { .. }));
}

#[tokio::test]
async fn a_refusal_that_quotes_a_megabyte_still_is_a_refusal() {
    let system = System::raise(POLICY);
    let mut client = taken_over(&system).await;
    let long = "\u{200b}".repeat(300_000);
    let mut wish = mail("ann@auto.example", "Hello", "k");
    wish.parameters = serde_json::json!({ "to": "a@b.c", "subject": "s", "body": "b", &long: 1 }).to_string();
    assert_eq!(code(client.request_capability(&wish).await), "invalid_parameters");
    wish = Wish { action: long, ..mail("ann@auto.example", "Hello", "k") };
    assert_eq!(code(client.request_capability(&wish).await), "action_not_allowed");
    assert_eq!(client.ping().await.unwrap(), "local/planner", "the bridge is still there");
    assert_eq!(system.fact("executor", "restarts"), Some(0));
}
