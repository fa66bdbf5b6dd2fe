//! What one call costs over an open connection, beside the same request by a bare HTTP client over the same kind of connection.

#![expect(clippy::unwrap_used, reason = "what cannot be set up ends the benchmark")]

use bytes::Bytes;
use divan::{Bencher, black_box};
use egress::{
    Body, Call, Client, Credential, Credentials, Key, Method, NotSent, PathRule, Reach, Settings, Site,
};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use vault::Secret;

fn main() {
    divan::main();
}

const TOKEN: Key = Key { file: "api-keys", name: "token" };

static REACH: Reach = Reach {
    connector: "example",
    sites: &[Site {
        name: "endpoint",
        address: "https://api.example.org",
        paths: &[PathRule { method: Method::Post, pattern: "/api/chat.postMessage" }],
    }],
};

struct Keys(Arc<Secret>);

impl Credentials for Keys {
    fn secret(&self, _key: Key) -> Result<Arc<Secret>, NotSent> {
        Ok(Arc::clone(&self.0))
    }
}

const MESSAGE: &str =
    r#"{"channel":"C0123456789","text":"The report is ready; it is in the folder of this week."}"#;

/// Answers every request on every connection, from a thread of its own.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let mut some = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut some) {
                    bytes.extend(some.iter().take(read));
                    if bytes.ends_with(MESSAGE.as_bytes()) {
                        bytes.clear();
                        let reply = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";
                        stream.write_all(reply).unwrap();
                    }
                }
            });
        }
    });
    port
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[divan::bench]
fn through_the_egress_layer(bencher: Bencher<'_, '_>) {
    let settings = Settings {
        addresses: vec![("endpoint".to_owned(), format!("http://127.0.0.1:{}", server()))],
        plaintext_loopback: true,
        ..Settings::default()
    };
    let keys = Keys(Arc::new(Secret::new("token", b"xoxb-0123456789-abcdefghij".to_vec())));
    let client = Client::new(&REACH, &settings, Arc::new(keys)).unwrap();
    let runtime = runtime();
    bencher.bench_local(|| {
        let call =
            Call::post("posting", "endpoint", ["api", "chat.postMessage"], Body::Json(MESSAGE.to_owned()));
        let reply = runtime.block_on(client.call(&call.by(Credential::Bearer(TOKEN)))).unwrap();
        black_box(reply)
    });
}

#[divan::bench]
fn by_a_bare_client(bencher: Bencher<'_, '_>) {
    let address = format!("http://127.0.0.1:{}/api/chat.postMessage", server());
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: legacy::Client<_, Full<Bytes>> =
        legacy::Client::builder(TokioExecutor::new()).build(connector);
    let runtime = runtime();
    bencher.bench_local(|| {
        let request = http::Request::post(&address)
            .header("authorization", "Bearer xoxb-0123456789-abcdefghij")
            .header("content-type", "application/json; charset=utf-8")
            .body(Full::new(Bytes::from(MESSAGE.to_owned())))
            .unwrap();
        let body = runtime.block_on(async {
            let response = client.request(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        });
        black_box(body)
    });
}
