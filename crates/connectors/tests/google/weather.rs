//! Calls that read, in bad weather: asked again where it may help, and a typed failure where it does not.

use connectors::gmail::{Gmail, Inbox, Start};
use connectors::{Cause, Failure};
use serde_json::json;

use crate::account::{Account, MAIL};
use crate::stand_in::{Delivery, Fault, GET, HISTORY, LIST, PROFILE, TOKEN};

#[tokio::test]
async fn a_call_that_reads_is_asked_again_when_that_may_help() {
    for fault in [
        Fault::Refuse(500, "backendError"),
        Fault::Refuse(503, "backendError"),
        Fault::Refuse(429, "rateLimitExceeded"),
        Fault::Refuse(403, "userRateLimitExceeded"),
        Fault::Refuse(403, "rateLimitExceeded"),
        Fault::Lose(Delivery::Lost),
        Fault::Lose(Delivery::Half),
    ] {
        let Account { server, gmail, .. } = &Account::new().await;
        for _ in 0..2 {
            server.google().fails(PROFILE, fault.clone());
        }
        gmail.identity().await.unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert_eq!(server.calls(PROFILE), 3, "{fault:?}");
        for _ in 0..3 {
            server.google().fails(PROFILE, fault.clone());
        }
        gmail.identity().await.unwrap_err();
        assert_eq!(server.calls(PROFILE), 6, "{fault:?}: the budget ends");
    }
}

#[tokio::test]
async fn a_call_that_reads_is_not_asked_again_when_that_does_not_help() {
    for fault in [
        Fault::Refuse(400, "invalidArgument"),
        Fault::Refuse(403, "domainPolicy"),
        Fault::Refuse(404, "notFound"),
        Fault::Replace("text/html", b"<h1>Log in to this network</h1>".to_vec()),
        Fault::Replace("application/json", b"{\"historyId\": \"1".to_vec()),
        Fault::Replace("application/json", vec![b' '; 8 << 20]),
        Fault::Change("historyId", json!("much")),
        Fault::Change("historyId", json!(null)),
        Fault::Change("historyId", json!(-1)),
    ] {
        let Account { server, gmail, .. } = &Account::new().await;
        server.google().fails(PROFILE, fault.clone());
        let failure = gmail.identity().await.unwrap_err();
        assert!(failure.to_string().is_ascii(), "{failure}");
        assert_eq!(server.calls(PROFILE), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn numbers_are_taken_as_google_writes_them_and_as_others_do() {
    let Account { server, gmail, .. } = &Account::new().await;
    for (field, value) in
        [("historyId", json!(5000)), ("messagesTotal", json!("3")), ("unheardOf", json!({}))]
    {
        server.google().fails(PROFILE, Fault::Change(field, value));
        gmail.identity().await.unwrap();
    }
    server.google().fails(TOKEN, Fault::Change("expires_in", json!("3599")));
    server.google().tokens.expire_all();
    gmail.identity().await.unwrap();
}

#[tokio::test]
async fn a_token_endpoint_in_bad_weather_is_asked_again_and_the_call_is_made_once() {
    for fault in [
        Fault::Refuse(503, "backend_error"),
        Fault::Refuse(429, "rate_limit_exceeded"),
        Fault::Lose(Delivery::Lost),
        Fault::Lose(Delivery::Half),
    ] {
        let Account { server, gmail, .. } = &Account::new().await;
        server.google().fails(TOKEN, fault.clone());
        gmail.identity().await.unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert_eq!((server.calls(TOKEN), server.calls(PROFILE)), (2, 1), "{fault:?}");
        // For what counts nobody waits: it was not begun.
        server.google().tokens.expire_all();
        server.google().fails(TOKEN, fault.clone());
        let failure = gmail.send(MAIL, None).await.unwrap_err();
        assert!(!failure.may_have_happened(), "{fault:?}: {failure}");
        assert!(server.google().mailbox.sent().is_empty());
    }
}

#[tokio::test]
async fn every_step_of_a_look_survives_weather() {
    for method in [PROFILE, LIST, HISTORY, GET] {
        let Account { server, gmail, .. } = &Account::new().await;
        server.google().mailbox.arrives(MAIL);
        let mut inbox = Inbox::new(gmail.clone(), Start::Now);
        server.google().fails(method, Fault::Refuse(500, "backendError"));
        let cursor = inbox.look(None).await.unwrap().cursor;
        let id = server.google().mailbox.arrives(MAIL);
        server.google().fails(method, Fault::Lose(Delivery::Half));
        let batch = inbox.look(Some(&cursor)).await.unwrap();
        assert_eq!(batch.items.into_iter().map(|item| item.id).collect::<Vec<_>>(), [id], "{method}");
    }
}

#[tokio::test]
async fn who_is_not_there_is_unavailable() {
    let Account { server, vault, .. } = Account::new().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let addresses = vec![
        ("endpoint".to_owned(), format!("http://127.0.0.1:{nobody}")),
        ("token_endpoint".to_owned(), server.address()),
    ];
    let settings = egress::Settings { addresses, plaintext_loopback: true, ..egress::Settings::default() };
    let client = egress::Client::new(&connectors::gmail::REACH, &settings, vault.clone()).unwrap();
    let gmail = Gmail::within(crate::account::IMPATIENT, client, vault.clone(), vault);
    for failure in [gmail.identity().await.unwrap_err(), gmail.send(MAIL, None).await.unwrap_err()] {
        assert!(matches!(failure, Failure::Unavailable { cause: Cause::Egress(_), .. }), "{failure}");
    }
}
