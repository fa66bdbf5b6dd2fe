//! What strangers send, over real sockets, to a door behind which somebody stands who plays Zone 1.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up its case fails")]

use doorkeeper::{Bridge, Door, Limits, serve};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use wire::v1::webhook_bridge_server::{WebhookBridge, WebhookBridgeServer};
use wire::v1::{
    WebhookAnswer, WebhookDelivery, WebhookHeader, WebhookPingRequest, WebhookPingResponse, WebhookProvider,
};
use zone_bridge::{Health, MESSAGE_LIMIT, only_channel};

/// What was handed on; the answer repeats the query.
#[derive(Clone, Default)]
struct Zone1 {
    handed_on: Arc<Mutex<Vec<WebhookDelivery>>>,
    is_silent: bool,
}

#[tonic::async_trait]
impl WebhookBridge for Zone1 {
    async fn ping(&self, _: Request<WebhookPingRequest>) -> Result<Response<WebhookPingResponse>, Status> {
        Ok(Response::new(WebhookPingResponse::default()))
    }

    async fn deliver(&self, request: Request<WebhookDelivery>) -> Result<Response<WebhookAnswer>, Status> {
        let delivery = request.into_inner();
        self.handed_on.lock().unwrap().push(delivery.clone());
        if self.is_silent {
            std::future::pending::<()>().await;
        }
        let (status, content_type, body) = (202, "text/plain".to_owned(), delivery.target.into_bytes());
        Ok(Response::new(WebhookAnswer { status, content_type, body }))
    }
}

/// A door, and who is behind it.
struct House {
    address: SocketAddr,
    zone1: Zone1,
    bridge: Bridge,
    /// Their end of the bridge.
    their_end: std::os::unix::net::UnixStream,
}

const HASTY: Limits = Limits { time: Duration::from_millis(300), ..Limits::STRANGERS };

impl House {
    async fn with(limits: Limits, zone1: Zone1) -> Self {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let their_end = theirs.try_clone().unwrap();
        let theirs = tokio::net::UnixStream::from_std(theirs).unwrap();
        let service = WebhookBridgeServer::new(zone1.clone()).max_decoding_message_size(MESSAGE_LIMIT);
        let once = tokio_stream::once(Ok::<_, std::io::Error>(theirs));
        tokio::spawn(async move {
            // The stream of connections ends, and this one goes on.
            Server::builder().add_service(service).serve_with_incoming(once).await.unwrap();
        });
        let bridge = Bridge::new(only_channel(ours).await.unwrap());
        let door = Door::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = door.address().unwrap();
        let answered = Health::new("doorkeeper", &[]).counters("requests", "", "status");
        tokio::spawn(serve(door, bridge.clone(), limits, answered));
        Self { address, zone1, bridge, their_end }
    }

    async fn new() -> Self {
        Self::with(Limits::STRANGERS, Zone1::default()).await
    }

    /// What is answered to these bytes, until the connection ends.
    async fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // It may be answered, and no longer listened to, before all of it was sent.
        let _ = stream.write_all(bytes.as_ref()).await;
        listen(&mut stream).await
    }

    fn handed_on(&self) -> Vec<WebhookDelivery> {
        self.zone1.handed_on.lock().unwrap().clone()
    }
}

async fn listen(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

fn post(target: &str, headers: &str, body: &str) -> String {
    format!("POST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn status(answer: &str) -> u16 {
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

#[tokio::test]
async fn a_request_is_handed_on_as_it_came_and_answered_with_what_zone_1_says() {
    let house = House::new().await;
    let body = "a=1&b=%00\u{e9}";
    let said =
        house.say(post("/twilio?x=1&y=%41", "X-Sig: one\r\nx-sig: two\r\nX-Odd: \u{fc}\r\n", body)).await;
    assert_eq!(status(&said), 202, "{said}");
    assert!(said.ends_with("\r\n\r\n/twilio?x=1&y=%41"), "{said}");
    assert!(
        said.contains("content-type: text/plain\r\n") && said.contains("connection: close\r\n"),
        "{said}"
    );
    let WebhookDelivery { provider, target, headers, body: carried } = house.handed_on().pop().unwrap();
    assert_eq!((provider, target.as_str()), (WebhookProvider::Twilio.into(), "/twilio?x=1&y=%41"));
    assert_eq!(carried, body.as_bytes());
    let of = |wanted: &str| -> Vec<Vec<u8>> {
        let of = |header: &&WebhookHeader| header.name == wanted;
        headers.iter().filter(of).map(|header| header.value.clone()).collect()
    };
    assert_eq!(of("x-sig"), [b"one".to_vec(), b"two".to_vec()], "one that is there twice is told twice");
    assert_eq!(of("x-odd"), ["\u{fc}".as_bytes()]);
}

#[tokio::test]
async fn each_path_is_one_provider_and_there_is_no_other_path_or_method() {
    let house = House::new().await;
    for path in ["/telegram", "/slack", "/twilio"] {
        assert_eq!(status(&house.say(post(path, "", "")).await), 202, "{path}");
    }
    let providers: Vec<_> = house.handed_on().into_iter().map(|delivery| delivery.provider).collect();
    assert_eq!(providers, [1, 2, 3]);
    for path in [
        "/",
        "/Telegram",
        "/telegram/",
        "//telegram",
        "/x/../telegram",
        "/%74elegram",
        "/healthz",
        "/metrics",
        "*",
    ] {
        let said = house.say(post(path, "", "")).await;
        assert!([404, 400].contains(&status(&said)), "{path}: {said}");
    }
    for method in ["GET", "PUT", "HEAD", "OPTIONS", "post"] {
        let said = house.say(format!("{method} /slack HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        assert_eq!(status(&said), 405, "{method}: {said}");
        assert!(said.contains("allow: POST"), "{said}");
    }
    assert_eq!(house.handed_on().len(), 3);
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_largest_passes() {
    let house = House::new().await;
    let longest = "x".repeat(Limits::STRANGERS.body);
    assert_eq!(status(&house.say(post("/slack", "", &longest)).await), 202);
    assert_eq!(status(&house.say(post("/slack", "", &format!("{longest}x"))).await), 413);
    // A length that is only claimed is believed, and nothing is waited for.
    let claim = "POST /slack HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(status(&house.say(claim).await), 413);
    // What it sends all the same does not cost it the answer.
    assert_eq!(status(&house.say(format!("{claim}{}", "x".repeat(64 * 1024))).await), 413);
    let mut chunked = b"POST /slack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..17 {
        chunked.extend(format!("10000\r\n{}\r\n", "x".repeat(0x10000)).as_bytes());
    }
    chunked.extend(b"0\r\n\r\n");
    assert_eq!(status(&house.say(chunked).await), 413);
    let long_head = post("/slack", &format!("X-Long: {}\r\n", "x".repeat(Limits::STRANGERS.head)), "");
    assert_eq!(status(&house.say(long_head).await), 431);
    let headers = |n: usize| (0..n).map(|n| format!("X-{n}: x\r\n")).collect::<String>();
    assert_eq!(status(&house.say(post("/slack", &headers(Limits::STRANGERS.headers), "")).await), 431);
    assert_eq!(status(&house.say(post("/slack", &headers(40), "")).await), 202);
    assert_eq!(house.handed_on().len(), 2);
}

#[tokio::test]
async fn what_two_might_read_differently_is_refused() {
    let house = House::new().await;
    for bytes in [
        "POST /slack HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /slack HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na",
        "POST /slack HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        "POST /slack HTTP/1.1\r\nHost : h\r\n\r\n",
        "POST /slack HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01",
        "nonsense\r\n\r\n",
    ] {
        assert_eq!(status(&house.say(bytes).await), 400, "{bytes:?}");
    }
    assert_eq!(house.handed_on(), []);
}

#[tokio::test]
async fn one_connection_is_one_request() {
    let house = House::new().await;
    let twice = post("/slack", "Connection: keep-alive\r\n", "1") + &post("/slack", "", "2");
    let said = house.say(twice).await;
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    assert_eq!(house.handed_on().len(), 1);
}

#[tokio::test]
async fn who_is_slow_is_told_so_wherever_it_stops() {
    let house = House::with(HASTY, Zone1::default()).await;
    let whole = post("/slack", "", "body");
    for stops_after in [0, 1, 30, whole.len() - 4, whole.len() - 1] {
        let said = house.say(whole.split_at(stops_after).0).await;
        assert_eq!(status(&said), 408, "after {stops_after}: {said}");
    }
    assert_eq!(house.handed_on(), []);
}

#[tokio::test]
async fn one_byte_now_and_then_does_not_keep_a_connection() {
    let house = House::with(HASTY, Zone1::default()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let (mut reads, mut writes) = stream.split();
    let dripping = async {
        for byte in post("/slack", "", &"x".repeat(10_000)).bytes() {
            if writes.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it was let drip to the end");
    };
    let mut answer = String::new();
    tokio::select! {
        () = dripping => {}
        read = reads.read_to_string(&mut answer) => { read.unwrap(); }
    }
    assert_eq!(status(&answer), 408, "{answer}");
    assert_eq!(house.handed_on(), []);
}

#[tokio::test]
async fn when_zone_1_does_not_answer_the_provider_is_asked_to_send_it_again() {
    let house = House::with(HASTY, Zone1 { is_silent: true, ..Zone1::default() }).await;
    let said = house.say(post("/slack", "", "x")).await;
    assert_eq!(status(&said), 503, "{said}");
    assert!(said.contains("retry-after: "), "{said}");
}

#[tokio::test]
async fn so_many_are_heard_at_a_time_and_the_next_ones_wait() {
    let house = House::with(Limits { connections: 2, ..Limits::STRANGERS }, Zone1::default()).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(b"POST /slack HTTP/1.1\r\n").await.unwrap();
        held.push(stream);
    }
    let mut third = TcpStream::connect(house.address).await.unwrap();
    third.write_all(post("/slack", "", "third").as_bytes()).await.unwrap();
    let mut byte = [0];
    let waits = tokio::time::timeout(Duration::from_millis(300), third.read(&mut byte)).await;
    assert!(waits.is_err(), "{waits:?}");
    assert_eq!(house.handed_on(), []);
    drop(held);
    assert_eq!(status(&listen(&mut third).await), 202);
}

#[tokio::test]
async fn without_its_bridge_it_ends() {
    let house = House::new().await;
    house.bridge.ping().await.unwrap();
    house.their_end.shutdown(std::net::Shutdown::Both).unwrap();
    let lost = tokio::time::timeout(Duration::from_secs(60), house.bridge.until_lost()).await;
    assert_eq!(lost.unwrap().to_string(), "the bridge is lost");
}
