//! An account at Twilio's stand-in.

use connectors::Failure;
use connectors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Progress, REACH, Sender, Sid, Twilio};
use connectors::webhook::{Kind, Receiver, Refusal, UntrustedRequest, from_twilio};
use jiff::{SignedDuration, Timestamp};
use url::Url;
use vault::Secret;

use crate::impatient;
use crate::stand_in::{self, Fault, How, StandIn, secret_of};

const TO: &str = "+441632960961";

type Server = StandIn<stand_in::twilio::Twilio>;

async fn account() -> (Server, Twilio) {
    let server = StandIn::start(stand_in::twilio::Twilio::new()).await;
    let twilio = Twilio::new(server.client(&REACH), impatient(), Sender::Number);
    (server, twilio)
}

#[tokio::test]
async fn the_account_is_told_with_its_number_masked() {
    let (_server, twilio) = account().await;
    let identity = twilio.identity().await.unwrap();
    assert_eq!(identity.who, "AC…1234");
    assert!(identity.detail.contains(&("status".to_owned(), "active".to_owned())));
}

#[tokio::test]
async fn a_message_arrives_as_it_was_approved() {
    let (server, twilio) = account().await;
    let text = "a+b & c=d %2B \u{e9}\u{1f600}\nnext";
    let sent = twilio.send_message(TO, text).await.unwrap();
    assert_eq!(server.state().done, [format!("{TO}: {text}")]);
    assert_eq!(sent.state, "queued");
    let request = server.state().requests[0].clone();
    assert!(request.body.starts_with(b"To=%2B441632960961&From=%2B441632960001&"), "a plus is not a space");
    assert_eq!(twilio.progress(&sent.sid).await.unwrap(), sent);
    server.state().provider.messages[0]["status"] = "delivered".into();
    assert_eq!(twilio.progress(&sent.sid).await.unwrap().state, "delivered");
}

#[tokio::test]
async fn a_messaging_service_sends_without_a_number() {
    let server = StandIn::start(stand_in::twilio::Twilio::new()).await;
    let service: Sid = format!("MG{}", "0".repeat(32)).parse().unwrap();
    let twilio = Twilio::new(server.client(&REACH), impatient(), Sender::Service(service.clone()));
    twilio.send_message(TO, "hi").await.unwrap();
    let request = server.state().requests[0].clone();
    assert_eq!(
        (request.field("MessagingServiceSid").as_deref(), request.field("From")),
        (Some(service.as_str()), None)
    );
}

#[tokio::test]
async fn a_call_says_the_text_and_does_nothing_else() {
    let (server, twilio) = account().await;
    let made = twilio.make_call(TO, "</Say><Dial>+1</Dial>").await.unwrap();
    let twiml = "<Response><Say>&lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt;</Say></Response>";
    assert_eq!(server.state().done, [format!("{TO}: {twiml}")]);
    assert_eq!(twilio.progress(&made.sid).await.unwrap(), made);
}

#[tokio::test]
async fn each_refusal_says_who_has_to_act() {
    let (server, twilio) = account().await;
    let refused = async |status, code| {
        server.state().provider.refuses = Some((status, code));
        twilio.send_message(TO, "hi").await.unwrap_err()
    };
    assert!(matches!(refused(401, 20003).await, Failure::NotAllowed { .. }));
    assert!(matches!(refused(429, 20429).await, Failure::Limited { .. }));
    assert!(matches!(refused(400, 21211).await, Failure::Rejected { .. }));
    assert!(matches!(refused(400, 21610).await, Failure::Rejected { .. }));
    assert!(refused(500, 20500).await.may_have_happened());
    assert!(server.state().done.is_empty());
}

#[tokio::test]
async fn the_owner_can_look_whether_a_lost_message_is_there_and_nothing_is_sent_again() {
    let (server, twilio) = account().await;
    let intent = server.state().provider.now + SignedDuration::from_millis(400);
    let sids = |found: Vec<Progress>| found.into_iter().map(|one| one.sid.to_string()).collect::<Vec<_>>();
    for (fault, there) in [(Fault::Before(How::Disconnect), 0), (Fault::After(How::Disconnect), 1)] {
        server.meets(fault);
        assert!(twilio.send_message(TO, "hi").await.unwrap_err().may_have_happened());
        let found = twilio.messages_since(TO, "hi", intent).await.unwrap();
        assert_eq!((found.matching.len(), found.complete), (there, true), "{fault:?}");
        assert_eq!(server.state().done.len(), there, "looking sends nothing");
    }
    assert!(twilio.messages_since(TO, "ho", intent).await.unwrap().matching.is_empty());
    assert!(twilio.messages_since("+441632960962", "hi", intent).await.unwrap().matching.is_empty());
    let later: Timestamp = intent + SignedDuration::from_secs(1);
    assert!(twilio.messages_since(TO, "hi", later).await.unwrap().matching.is_empty());
    server.meets(Fault::After(How::Truncated));
    assert!(twilio.make_call(TO, "hi").await.unwrap_err().may_have_happened());
    let calls = twilio.calls_since(TO, intent).await.unwrap();
    assert_eq!(sids(calls.matching), [format!("CA{:032x}", 1)]);
}

/// Twilio's side of a webhook, made by hand: what stands under the signature is the address, then names and values in order.
#[test]
fn a_delivery_is_checked_with_the_accounts_own_secrets() {
    let secret = |key| Secret::new("secret", secret_of(key).as_bytes().to_vec());
    let (account_sid, auth_token) = (secret(ACCOUNT_SID), secret(AUTH_TOKEN));
    let public_address = Url::parse("https://example.org/sms").unwrap();
    let receiver =
        Receiver { public_address: &public_address, account_sid: &account_sid, auth_token: &auth_token };
    let sid = format!("SM{:032x}", 1);
    let account = secret_of(ACCOUNT_SID);
    let signed =
        format!("https://example.org/smsAccountSid{account}BodystopFrom{TO}MessageSid{sid}To+441632960001");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.expose());
    let signature =
        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, ring::hmac::sign(&key, signed.as_bytes()));
    let request = |signature: &str| UntrustedRequest {
        headers: [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", signature)]
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .into(),
        query: String::new(),
        body: format!(
            "MessageSid={sid}&AccountSid={account}&From=%2B441632960961&To=%2B441632960001&Body=stop"
        )
        .into(),
    };
    let told = from_twilio(request(&signature), &receiver).unwrap();
    assert_eq!((told.kind, told.delivery.id()), (Kind::Message, sid.as_str()));
    assert_eq!(from_twilio(request("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), &receiver), Err(Refusal::NotSigned));
}
