//! The way out against real servers: TLS with certificates good and bad, and every kind of bad weather.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod server;

use egress::{
    Body, Call, Cause, Client, Credential, Credentials, Key, Method, NotSent, Part, PathRule, Problem, Reach,
    Settings, Site,
};
use server::{Certificate, Server, Then};
use std::sync::Arc;
use std::time::Duration;
use vault::Secret;

const TOKEN: Key = Key { file: "api-keys", name: "token" };
const USER: Key = Key { file: "api-keys", name: "user" };
const PLANTED: &str = "123:planted-secret";

static REACH: Reach = Reach {
    connector: "example",
    sites: &[Site {
        name: "endpoint",
        address: "https://api.example.org",
        paths: &[
            PathRule { method: Method::Get, pattern: "/v1/things/*" },
            PathRule { method: Method::Post, pattern: "/v1/things" },
            PathRule { method: Method::Post, pattern: "/bot*/send" },
        ],
    }],
};

struct Keys(&'static str);

impl Credentials for Keys {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        match key {
            TOKEN => Ok(Arc::new(Secret::new("token", self.0.as_bytes().to_vec()))),
            USER => Ok(Arc::new(Secret::new("user", b"user".to_vec()))),
            key => Err(NotSent::NoCredential { key, why: "nobody set it".to_owned() }),
        }
    }
}

fn client_with(address: String, extra_roots: Option<Vec<u8>>, token: &'static str) -> Client {
    let addresses = vec![("endpoint".to_owned(), address)];
    let settings = Settings { addresses, extra_roots, ..Settings::default() };
    Client::new(&REACH, &settings, Arc::new(Keys(token))).unwrap()
}

/// To a server that speaks TLS, whose authority is known.
fn client(server: &Server) -> Client {
    client_with(server.address("127.0.0.1"), Some(server.authority.clone()), PLANTED)
}

fn get(path: &[&str]) -> Call {
    let path = path.iter().map(|segment| vec![Part::from(*segment)]).collect();
    let call = Call::get("reading a thing", "endpoint", ["v1"]);
    Call { path, patience: Duration::from_millis(1500), ..call }
}

fn thing() -> Call {
    get(&["v1", "things", "1"])
}

fn post() -> Call {
    let body = Body::Json(r#"{"a":1}"#.to_owned());
    let call = Call::post("doing a thing", "endpoint", ["v1", "things"], body);
    Call { patience: Duration::from_millis(1500), ..call }
}

fn with_token_in_path() -> Call {
    let path = vec![vec!["bot".into(), Part::Secret(TOKEN)], vec!["send".into()]];
    Call { path, ..post() }
}

#[tokio::test]
async fn what_goes_out_is_what_was_said_and_the_credential_with_it() {
    let server = Server::answering("200 OK", "{}").await;
    let client = client(&server);
    let reply = client.call(&post().by(Credential::Bearer(TOKEN))).await.unwrap();
    assert_eq!((reply.status, reply.content_type.as_str()), (200, "application/json"));
    assert_eq!(reply.untrusted_body, b"{}");
    let seen = server.seen();
    assert!(seen[0].starts_with("POST /v1/things HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[0].contains("\r\nauthorization: Bearer 123:planted-secret\r\n"), "{seen:?}");
    assert!(seen[0].contains("\r\ncontent-type: application/json; charset=utf-8\r\n"), "{seen:?}");
    assert!(seen[0].ends_with("\r\n\r\n{\"a\":1}"), "{seen:?}");

    let basic = Credential::Basic { user: USER, password: TOKEN };
    let form = Body::Form(vec![("To", "+1 555&x=ü".into()), ("token", Part::Secret(TOKEN))]);
    let call = Call { body: form, ..post().by(basic).with_query("q", "a b&c") };
    client.call(&call).await.unwrap();
    let seen = server.seen();
    assert!(seen[1].starts_with("POST /v1/things?q=a+b%26c HTTP/1.1\r\n"), "{seen:?}");
    assert!(seen[1].contains("\r\nauthorization: Basic dXNlcjoxMjM6cGxhbnRlZC1zZWNyZXQ=\r\n"), "{seen:?}");
    assert!(seen[1].ends_with("\r\n\r\nTo=%2B1+555%26x%3D%C3%BC&token=123%3Aplanted-secret"), "{seen:?}");
}

#[tokio::test]
async fn a_secret_in_the_path_goes_out_as_the_provider_wants_it() {
    let server = Server::answering("200 OK", "{}").await;
    let call = with_token_in_path();
    client(&server).call(&call).await.unwrap();
    assert!(server.seen()[0].starts_with("POST /bot123:planted-secret/send HTTP/1.1\r\n"));
    assert!(!format!("{call:?}").contains("planted"), "a call can be printed");
}

#[tokio::test]
async fn what_is_not_declared_is_not_said() {
    let server = Server::answering("200 OK", "{}").await;
    let client = client(&server);
    for call in [
        get(&["v1", "things"]),
        get(&["v1", "other", "1"]),
        get(&["v1", "things", "a", "b"]),
        get(&["v1", "things", ".."]),
        get(&["v1", "things", "a/b"]),
        Call { site: "elsewhere", ..thing() },
    ] {
        let problem = client.call(&call).await.unwrap_err();
        assert!(matches!(problem, Problem::NotSent(NotSent::OutOfReach(_))), "{call:?}: {problem}");
    }
    assert_eq!(server.connections(), 0);
    client.call(&get(&["v1", "things", "a?b#c%2f d"])).await.unwrap();
    assert!(server.seen()[0].starts_with("GET /v1/things/a%3Fb%23c%252f%20d HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_credential_that_cannot_be_sent_is_named_and_not_shown() {
    let server = Server::answering("200 OK", "{}").await;
    let missing = Key { file: "api-keys", name: "missing" };
    let problem = client(&server).call(&post().by(Credential::Bearer(missing))).await.unwrap_err();
    assert!(matches!(problem, Problem::NotSent(NotSent::NoCredential { .. })), "{problem}");
    for unfit in ["line\r\nbreak", "", "zero\0"] {
        let client = client_with(server.address("127.0.0.1"), Some(server.authority.clone()), unfit);
        for call in [post().by(Credential::Bearer(TOKEN)), with_token_in_path()] {
            let problem = client.call(&call).await.unwrap_err();
            assert!(
                matches!(problem, Problem::NotSent(NotSent::UnfitCredential { .. })),
                "{unfit:?}: {problem}"
            );
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_without_a_valid_certificate_for_its_name_hears_nothing() {
    let bad = [
        Certificate::OfAStranger,
        Certificate::Expired,
        Certificate::OfAnotherHost,
        Certificate::NotYetValid,
    ];
    for certificate in bad {
        let server = Server::with_certificate(certificate).await;
        let problem = client(&server).call(&post().by(Credential::Bearer(TOKEN))).await.unwrap_err();
        let certificate_is_to_blame =
            matches!(&problem, Problem::NotSent(NotSent::NoConnection { cause: Cause::Certificate(_), .. }));
        assert!(certificate_is_to_blame, "{certificate:?}: {problem}");
        assert!(server.seen().is_empty(), "{certificate:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_goes_nowhere_else() {
    let other = Server::answering("200 OK", "{}").await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("{status}\r\nLocation: {}/v1/things", other.address("localhost"));
        let server = Server::answering(&location, "").await;
        let problem = client(&server).call(&post().by(Credential::Bearer(TOKEN))).await.unwrap_err();
        assert!(matches!(problem, Problem::MaybeSent(Cause::Redirected { .. })), "{status}: {problem}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_reply_is_bounded_in_size_and_time() {
    let problem_with = async |reply: &str, then: Then| {
        let server = Server::raw(reply, then).await;
        client(&server).call(&thing()).await.unwrap_err()
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let endless = problem_with(chunked, Then::Endless).await;
    assert!(matches!(endless, Problem::MaybeSent(Cause::TooLong { .. })), "{endless}");

    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
    let announced = problem_with(announced, Then::Wait).await;
    assert!(matches!(announced, Problem::MaybeSent(Cause::TooLong { .. })), "{announced}");

    let drip = problem_with("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Then::Drip).await;
    assert!(matches!(drip, Problem::MaybeSent(Cause::Timeout)), "{drip}");

    let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(200_000));
    let head = problem_with(&head, Then::Endless).await;
    assert!(matches!(head, Problem::MaybeSent(Cause::Connection(_))), "{head}");

    let silent = problem_with("", Then::Wait).await;
    assert!(matches!(silent, Problem::MaybeSent(Cause::Timeout)), "{silent}");
}

#[tokio::test]
async fn half_a_reply_is_none() {
    for (reply, what) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":", "a body that ends early"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", "chunks that end early"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", "a packed body"),
    ] {
        let server = Server::raw(reply, Then::Close).await;
        let problem = client(&server).call(&post()).await.unwrap_err();
        assert!(matches!(problem, Problem::MaybeSent(Cause::Broken(_))), "{what}: {problem}");
    }
    let server = Server::raw("220 ready\r\n\r\n", Then::Close).await;
    let problem = client(&server).call(&post()).await.unwrap_err();
    assert!(matches!(problem, Problem::MaybeSent(Cause::Connection(_))), "{problem}");
}

#[tokio::test]
async fn nothing_listening_is_nothing_sent() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = client_with(format!("https://127.0.0.1:{port}"), None, PLANTED);
    let problem = client.call(&post()).await.unwrap_err();
    assert!(matches!(problem, Problem::NotSent(NotSent::NoConnection { .. })), "{problem}");
    let client = client_with("https://nowhere.invalid".to_owned(), None, PLANTED);
    let problem = client.call(&post()).await.unwrap_err();
    assert!(matches!(problem, Problem::NotSent(NotSent::NoAddress { .. })), "{problem}");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_loses_no_call_and_repeats_none() {
    let server = Server::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Then::Close).await;
    let client = client(&server);
    for nth in 1..=20 {
        client.call(&post()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(server.seen().len(), nth);
    }
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_not_repeated() {
    let server = Server::raw("", Then::Close).await;
    let client = client(&server);
    for nth in 1..=5 {
        let problem = client.call(&post()).await.unwrap_err();
        assert!(matches!(problem, Problem::MaybeSent(_)), "{problem}");
        assert_eq!(server.seen().len(), nth);
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::answering("200 OK", "{}").await;
    let client = client(&server);
    for _ in 0..5 {
        client.call(&thing()).await.unwrap();
    }
    assert_eq!((server.seen().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn every_wall_that_can_be_tried_here_holds() {
    let walls = egress::probe().await.unwrap();
    for wall in &walls {
        assert!(!matches!(wall.result, egress::Attempt::GotThrough(_)), "{wall:?}");
    }
    let refused = walls.iter().filter(|wall| matches!(wall.result, egress::Attempt::Refused(_)));
    assert!(refused.count() + 1 >= walls.len(), "only a proxy may be left untried: {walls:?}");
}
