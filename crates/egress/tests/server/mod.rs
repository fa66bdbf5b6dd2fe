//! A server that says exactly what a test wants, over TLS, and remembers what it heard.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "only tests use this; what cannot be set up fails the test"
)]

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Whose certificate the server shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    Good,
    OfAStranger,
    Expired,
    NotYetValid,
    OfAnotherHost,
}

/// What it does when it has said what it has to say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// Waits for the next request.
    Next,
    Close,
    Wait,
    Drip,
    Endless,
}

pub(crate) struct Server {
    port: u16,
    /// The authority that clients trust (PEM); it vouches for good certificates.
    pub(crate) authority: Vec<u8>,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn answering(status: &str, body: &str) -> Self {
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        Self::start(Certificate::Good, &reply, Then::Next).await
    }

    pub(crate) async fn with_certificate(certificate: Certificate) -> Self {
        Self::start(certificate, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Then::Close).await
    }

    pub(crate) async fn raw(reply: &str, then: Then) -> Self {
        Self::start(Certificate::Good, reply, then).await
    }

    pub(crate) fn address(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    /// Every request, whole.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    async fn start(certificate: Certificate, reply: &str, then: Then) -> Self {
        let (authority, config) = tls(certificate);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicUsize::new(0)));
        let (hears, counts, reply) = (Arc::clone(&heard), Arc::clone(&connections), reply.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counts.fetch_add(1, Ordering::SeqCst);
                let (acceptor, hears, reply) = (acceptor.clone(), Arc::clone(&hears), reply.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &hears, reply.as_bytes(), then).await;
                    }
                });
            }
        });
        Self { port, authority, heard, connections }
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heard: &Mutex<Vec<String>>,
    reply: &[u8],
    then: Then,
) {
    while let Some(request) = request(&mut stream).await {
        heard.lock().unwrap().push(request);
        if stream.write_all(reply).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        match then {
            Then::Next => {}
            Then::Close => return drop(stream.shutdown().await),
            Then::Wait => std::future::pending().await,
            Then::Drip => loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if stream.write_all(b"x").await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            },
            Then::Endless => {
                let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
                while stream.write_all(&chunk).await.is_ok() {}
                return;
            }
        }
    }
}

/// One request with its body; `None` at the end.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse::<usize>().unwrap()) {
                return Some(text);
            }
        }
        let mut some = [0; 4096];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&some[..read]),
        }
    }
}

fn tls(certificate: Certificate) -> (Vec<u8>, ServerConfig) {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let issuer = if matches!(certificate, Certificate::OfAStranger) { &stranger } else { &trusted };
    let names = match certificate {
        Certificate::OfAnotherHost => vec!["api.example.com".to_owned()],
        _ => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
    };
    let mut params = CertificateParams::new(names).unwrap();
    (params.not_before, params.not_after) = match certificate {
        Certificate::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
        Certificate::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1)),
        _ => (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1)),
    };
    let key = KeyPair::generate().unwrap();
    let signed = params.signed_by(&key, &issuer.issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(signed.pem().as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
    (trusted.pem.into_bytes(), config)
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }
}
