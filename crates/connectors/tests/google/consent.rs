//! The walk of `connect`: page, browser, loopback address, exchange.

use std::sync::Arc;
use std::time::Duration;

use connectors::Failure;
use connectors::gmail::{REACH, SCOPES};
use connectors::oauth::{Answer, Consent, NoConsent, REFRESH_TOKEN, exchange};
use egress::Credentials;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::account::{Account, IMPATIENT, Vault, client};
use crate::stand_in::{self, StandIn};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes to the listener of that address and gives what it says until it hangs up.
async fn knock(host: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut said = String::new();
    // A listener that refuses a long request may hang up on the rest of it.
    let _ = stream.read_to_string(&mut said).await;
    said
}

async fn get(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    knock(&host, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
}

/// The browser at the stand-in's page, with a person who says yes: where it is sent back to.
async fn yes(server: &StandIn, page: &str) -> String {
    assert!(page.starts_with(&server.address()));
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let target = page.strip_prefix(&server.address()).unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut said = vec![0; 4096];
    let length = stream.read(&mut said).await.unwrap();
    let said = String::from_utf8_lossy(&said[..length]).into_owned();
    let location = said.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    location.to_owned()
}

fn page(consent: &Consent, server: &StandIn) -> String {
    consent.page(&format!("{}/o/oauth2/v2/auth", server.address()), stand_in::CLIENT_ID)
}

/// A question, where it is listened for the answer, and the state that the answer must bring.
async fn question() -> (Consent, String, String) {
    let consent = Consent::ask(SCOPES).await.unwrap();
    let page = Url::parse(&consent.page("https://example.org/", "id")).unwrap();
    let said = |name: &str| page.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let (redirect_uri, state) = (said("redirect_uri"), said("state"));
    let host = redirect_uri.strip_prefix("http://").unwrap().strip_suffix("/callback").unwrap().to_owned();
    (consent, host, state)
}

async fn consented(server: &StandIn) -> Answer {
    let consent = Consent::ask(SCOPES).await.unwrap();
    let back = yes(server, &page(&consent, server)).await;
    let (answer, shown) = tokio::join!(consent.answer(PATIENCE), get(&back));
    assert!(shown.starts_with("HTTP/1.1 200 OK\r\n") && shown.contains("Thank you"), "{shown}");
    assert!(!shown.contains("planted"), "nothing of the request is in the page");
    answer.unwrap()
}

#[tokio::test]
async fn consent_ends_in_tokens_that_read_and_send() {
    let server = StandIn::start().await;
    let vault = Arc::new(Vault::with_client());
    let client = client(&server, &vault);
    let granted = exchange(&client, consented(&server).await).await.unwrap();
    assert_eq!(granted.missing_scopes, Vec::<&str>::new());
    vault.set(REFRESH_TOKEN, std::str::from_utf8(granted.refresh_token.unwrap().expose()).unwrap());
    let gmail = connectors::gmail::Gmail::within(IMPATIENT, client, vault.clone(), vault);
    assert_eq!(gmail.identity().await.unwrap().who, "owner@example.org");
}

#[tokio::test]
async fn what_the_person_unticked_is_named() {
    let server = StandIn::start().await;
    server.google().tokens.unticked = vec![SCOPES[1]];
    let client = client(&server, &Arc::new(Vault::with_client()));
    let granted = exchange(&client, consented(&server).await).await.unwrap();
    assert_eq!(granted.missing_scopes, [SCOPES[1]]);
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_the_verifier_of_its_question() {
    let server = StandIn::start().await;
    let client = client(&server, &Arc::new(Vault::with_client()));
    // Somebody else's question, answered with the code of ours.
    let ours = Consent::ask(SCOPES).await.unwrap();
    let back = Url::parse(&yes(&server, &page(&ours, &server)).await).unwrap();
    let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    let (theirs, host, state) = question().await;
    let answered = format!("http://{host}/callback?state={state}&code={}", code.replace('/', "%2F"));
    let (answer, _) = tokio::join!(theirs.answer(PATIENCE), get(&answered));
    let refused = exchange(&client, answer.unwrap()).await;
    assert!(matches!(refused, Err(Failure::NotAllowed { .. })));
}

#[tokio::test]
async fn a_code_is_good_once() {
    let server = StandIn::start().await;
    let client = client(&server, &Arc::new(Vault::with_client()));
    let consent = Consent::ask(SCOPES).await.unwrap();
    let back = yes(&server, &page(&consent, &server)).await;
    let (answer, _) = tokio::join!(consent.answer(PATIENCE), get(&back));
    exchange(&client, answer.unwrap()).await.unwrap();
    // The browser's history, opened again.
    let url = Url::parse(&back).unwrap();
    assert!(TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn only_the_answer_to_our_question_is_heard() {
    let (consent, host, state) = question().await;
    let request = |line: &str, host: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let right = format!("/callback?state={state}&code=c");
    let refusals = async {
        for (asked, status) in [
            (request("GET /callback?state=guess&code=c", &host), 403),
            (request("GET /callback?code=c", &host), 400),
            (request(&format!("GET /callback?state={state}&state={state}&code=c"), &host), 400),
            (request(&format!("GET /callback?state={state}&code=c&code=d"), &host), 400),
            (request(&format!("GET /callback?state={state}&code=c&error=access_denied"), &host), 400),
            (request(&format!("GET /callback?state={state}&code=%0d%0a"), &host), 400),
            (request(&format!("GET /callback?state={state}"), &host), 400),
            (request("GET /callback?state=guess&error=access_denied", &host), 403),
            (request("GET /favicon.ico?", &host), 404),
            (request(&format!("GET /callback/?state={state}&code=c"), &host), 404),
            (request(&format!("GET http://{host}{right}"), &host), 404),
            (request(&format!("POST {right}"), &host), 405),
            (request(&format!("GET {right}"), "evil.example.org"), 421),
            (format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"), 421),
            (format!("GET {right} HTTP/1.1\r\n\r\n"), 421),
            (format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000)), 431),
            ("\u{1}\r\n\r\n".to_owned(), 400),
        ] {
            let said = knock(&host, asked.as_bytes()).await;
            let line = format!("HTTP/1.1 {status} ");
            // A hang-up can overtake the page of a request that was not read to its end.
            assert!(said.starts_with(&line) || status == 431 && said.is_empty(), "{asked:.60}: {said}");
        }
        // One that says nothing holds up nobody.
        let silent = TcpStream::connect(&host).await.unwrap();
        let said = knock(&host, request(&format!("GET {right}"), &host).as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
        drop(silent);
    };
    let (answer, ()) = tokio::join!(consent.answer(PATIENCE), refusals);
    assert!(answer.is_ok());
    assert!(TcpStream::connect(&host).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_no_says_what_to_do() {
    for (error, part) in [
        ("access_denied", "test users"),
        ("admin_policy_enforced", "administrator"),
        ("invalid_scope%1b[2J", "Desktop app"),
    ] {
        let (consent, host, state) = question().await;
        let url = format!("http://{host}/callback?error={error}&state={state}");
        let (answer, shown) = tokio::join!(consent.answer(PATIENCE), get(&url));
        assert!(shown.contains("The terminal says what to do"), "{shown}");
        let Err(no) = answer else { panic!("{error} is a no") };
        assert!(no.to_string().contains(part) && !no.to_string().contains('\u{1b}'), "{no}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let (consent, host, _) = question().await;
    let answer = consent.answer(Duration::from_secs(300)).await;
    assert!(matches!(answer, Err(NoConsent::TimedOut(_))));
    assert!(std::net::TcpStream::connect(&host).is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_page_asks_for_what_google_and_the_rfcs_want() {
    let (consent, host, _) = question().await;
    let page = Url::parse(&consent.page(connectors::oauth::GOOGLE_PAGE, "id with space")).unwrap();
    let mut said: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    assert!(said.iter().any(|(name, value)| name == "state" && value.len() == 43));
    assert!(said.iter().any(|(name, value)| name == "code_challenge" && value.len() == 43));
    said.retain(|(name, _)| name != "state" && name != "code_challenge");
    let redirect_uri = format!("http://{host}/callback");
    assert!(host.starts_with("127.0.0.1:"));
    let expected = [
        ("client_id", "id with space"),
        ("redirect_uri", &redirect_uri),
        ("response_type", "code"),
        (
            "scope",
            "https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send",
        ),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("prompt", "consent"),
    ];
    assert_eq!(said, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_client_that_google_does_not_know_is_the_owners_to_mend() {
    let server = StandIn::start().await;
    let vault = Arc::new(Vault::with_client());
    vault.set(connectors::oauth::CLIENT_SECRET, "another");
    assert!(vault.secret(REFRESH_TOKEN).is_err());
    let refused = exchange(&client(&server, &vault), consented(&server).await).await.err().unwrap();
    assert!(matches!(&refused, Failure::NotAllowed { connector, .. } if *connector == REACH.connector));
    assert!(refused.to_string().contains("client_secret"), "{refused}");
    let account = Account::new().await;
    account.vault.set(connectors::oauth::CLIENT_ID, "another");
    assert!(account.gmail.identity().await.unwrap_err().to_string().contains("client_id"));
}
