//! A server on this machine that stands in for a provider: it checks every request against the provider's description, keeps
//! what was done, and plays bad weather.
//!
//! What is particular to a provider is a [`Provider`]; everything else is the same for all.

mod http;
pub(crate) mod spec;
mod weather;

pub(crate) mod slack;
pub(crate) mod telegram;
pub(crate) mod twilio;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use egress::{Client, Credentials, Key, NotSent, Reach, Settings};
use serde_json::Value;
use tokio::net::TcpListener;
use vault::Secret;

pub(crate) use http::Request;
pub(crate) use weather::{Fault, How, every_fault};

/// What a provider does with a request that its description allows.
pub(crate) trait Provider: Send + 'static {
    /// Its description.
    fn spec(&self) -> &'static spec::Spec;

    /// What it demands beside its description; the complaint where it is not met.
    fn demands(&self, request: &Request) -> Result<(), String>;

    /// Does it. What has an effect in the world is put into `done`.
    fn answer(&mut self, request: &Request, done: &mut Vec<String>) -> Answer;

    /// What it says to too many calls.
    fn too_many(&self, seconds: u64) -> Answer;
}

/// An answer before the weather has had its way with it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// A running stand-in.
pub(crate) struct StandIn<P> {
    pub(crate) port: u16,
    state: Arc<Mutex<State<P>>>,
}

pub(crate) struct State<P> {
    pub(crate) provider: P,
    /// Everything that was asked, also what was refused.
    pub(crate) requests: Vec<Request>,
    /// What was really done, in order.
    pub(crate) done: Vec<String>,
    /// What was not as the provider describes it.
    complaints: Vec<String>,
    faults: VecDeque<Fault>,
}

/// The vault of a test: every secret is [`secret_of`] its key.
pub(crate) struct Vault;

/// A text that is found wherever it should not be.
pub(crate) fn secret_of(key: Key) -> &'static str {
    match (key.file, key.name) {
        ("api-keys", "telegram_bot_token") => "123456789:planted-telegram-token",
        ("api-keys", "telegram_webhook_secret") => "planted-webhook-secret",
        ("api-keys", "slack_token") => "xoxb-planted-slack-token",
        ("twilio", "account_sid") => "AC0123456789abcdef0123456789ab1234",
        ("twilio", "auth_token") => "planted-twilio-token",
        ("twilio", "phone_number") => "+441632960001",
        _ => panic!("nobody set {key}"),
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        Answer { status, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn with(mut self, header: &'static str, value: impl ToString) -> Answer {
        self.headers.push((header, value.to_string()));
        self
    }
}

// === impl StandIn ===

impl<P: Provider> StandIn<P> {
    pub(crate) async fn start(provider: P) -> StandIn<P> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, done, complaints, faults) = Default::default();
        let state = Arc::new(Mutex::new(State { provider, requests, done, complaints, faults }));
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(weather::serve(stream, Arc::clone(&serving)));
            }
        });
        StandIn { port, state }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client whose site `endpoint` is this stand-in.
    pub(crate) fn client(&self, reach: &'static Reach) -> Client {
        let addresses = vec![("endpoint".to_owned(), self.address())];
        let settings = Settings { addresses, plaintext_loopback: true, ..Settings::default() };
        Client::new(reach, &settings, Arc::new(Vault)).unwrap()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap()
    }

    /// The next request that has no fault yet meets this one.
    pub(crate) fn meets(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }
}

impl<P> Drop for StandIn<P> {
    fn drop(&mut self) {
        let Ok(state) = self.state.lock() else { return };
        if !std::thread::panicking() {
            assert!(state.complaints.is_empty(), "the provider would complain: {:#?}", state.complaints);
        }
    }
}

// === impl State ===

impl<P: Provider> State<P> {
    /// What the provider would say to a request, and what the weather makes of it.
    fn meet(&mut self, request: Request) -> (Answer, Option<How>) {
        self.requests.push(request.clone());
        let described = self.provider.spec().check(&request);
        if let Err(complaint) = described.and_then(|()| self.provider.demands(&request)) {
            self.complaints.push(format!("{} {}: {complaint}", request.method, request.path));
            return (Answer { status: 599, headers: Vec::new(), body: complaint }, None);
        }
        let Some(fault) = self.faults.pop_front() else {
            return (self.provider.answer(&request, &mut self.done), None);
        };
        let answer = match fault {
            Fault::Before(How::TooMany(seconds)) => return (self.provider.too_many(seconds), None),
            Fault::Before(_) => Answer::json(200, &Value::Null),
            Fault::After(_) => self.provider.answer(&request, &mut self.done),
        };
        let (Fault::Before(how) | Fault::After(how)) = fault;
        (answer, Some(how))
    }
}

// === impl Vault ===

impl Credentials for Vault {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        Ok(Arc::new(Secret::new(key.to_string(), secret_of(key).as_bytes().to_vec())))
    }
}
