//! Health for ops scripts: HTTP on a Unix socket of each process's own, so that
//! `curl --unix-socket run/ops-executor/health.sock http://localhost/readyz` works.
//!
//! `/healthz`: the process is alive. `/readyz`: it can do its job (200), or why not (503). `/metrics`: Prometheus text.
//! A zone also answers `POST /probe`: it tries to get through its own walls and says what came of it.

use crate::Listener;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::client::legacy::Client;
use hyperlocal::UnixClientExt as _;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a process says of itself; clones share it.
#[derive(Clone)]
pub struct Health(Arc<Mutex<Shared>>);

/// Whether one thing that a process needs is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// It is.
    Ready,
    /// It is not, and why.
    NotReady(String),
}

/// The body of `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which process.
    pub process: String,
    /// Whether it can do its job.
    pub ready: bool,
    /// What it needs, and whether that is there.
    pub checks: BTreeMap<String, Readiness>,
    /// Facts about the process, such as its walls.
    pub facts: BTreeMap<String, serde_json::Value>,
}

/// Why a process's health is not known.
#[derive(Debug, thiserror::Error)]
pub enum CannotAsk {
    /// It does not answer.
    #[error("`{}` does not answer: {why}", socket.display())]
    NoAnswer {
        /// Which socket.
        socket: PathBuf,
        /// Why.
        why: String,
    },
}

/// Counters that differ in the value of one label.
#[derive(Clone, Debug)]
pub struct Counters {
    label: &'static str,
    family: Family<Vec<(&'static str, String)>, Counter>,
}

struct Shared {
    report: Report,
    registry: Registry,
}

// === impl Health ===

impl Health {
    /// Health of a process that needs these things; none of them is there yet.
    pub fn new(process: &str, needs: &[&str]) -> Self {
        let not_yet = || Readiness::NotReady("starting".to_owned());
        let checks = needs.iter().map(|need| ((*need).to_owned(), not_yet())).collect();
        let report = Report { process: process.to_owned(), ready: false, checks, facts: BTreeMap::new() };
        Self(Arc::new(Mutex::new(Shared { report, registry: Registry::with_prefix("moltbot") })))
    }

    /// Says whether something that the process needs is there.
    pub fn set(&self, need: &str, readiness: Readiness) {
        self.with(|state| {
            state.report.checks.insert(need.to_owned(), readiness);
            state.report.ready = state.report.checks.values().all(|check| *check == Readiness::Ready);
        });
    }

    /// States a fact.
    pub fn fact(&self, name: &str, value: serde_json::Value) {
        self.with(|state| state.report.facts.insert(name.to_owned(), value));
    }

    /// A new counter under `/metrics`, called `moltbot_<name>_total`.
    pub fn counter(&self, name: &str, help: &str) -> Counter {
        let counter = Counter::default();
        self.with(|state| state.registry.register(name, help, counter.clone()));
        counter
    }

    /// A new family of counters under `/metrics`, one for each value of a label.
    pub fn counters(&self, name: &str, help: &str, label: &'static str) -> Counters {
        let family = Family::default();
        self.with(|state| state.registry.register(name, help, family.clone()));
        Counters { label, family }
    }

    /// What `/readyz` says now.
    pub fn report(&self) -> Report {
        self.with(|state| state.report.clone())
    }

    fn metrics(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        self.with(|state| prometheus_client::encoding::text::encode(&mut text, &state.registry))?;
        Ok(text)
    }

    fn with<T>(&self, f: impl FnOnce(&mut Shared) -> T) -> T {
        // The state is whole between any two statements above, so a panic elsewhere does not spoil it.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.report())
    }
}

// === impl Counters ===

impl Counters {
    /// Counts one more with this value of the label.
    pub fn count(&self, value: &str) {
        self.family.get_or_create(&vec![(self.label, value.to_owned())]).inc();
    }
}

/// Serves health for as long as the process lives.
pub async fn serve_health(listener: Listener, health: Health) -> io::Result<()> {
    let (listener, _admission) = listener.into_tokio()?;
    axum::serve(listener, routes(health)).await
}

/// Serves health, and probes when it is asked to. The probe must be quick: nothing else is served meanwhile.
pub async fn serve_health_and_probe<Targets, Attempt>(
    listener: Listener,
    health: Health,
    probe: fn(&Targets) -> Vec<Attempt>,
) -> io::Result<()>
where
    Targets: serde::de::DeserializeOwned + Send + 'static,
    Attempt: Serialize + Send + 'static,
{
    let probe =
        post(move |axum::Json(targets): axum::Json<Targets>| async move { axum::Json(probe(&targets)) });
    let (listener, _admission) = listener.into_tokio()?;
    axum::serve(listener, routes(health).route("/probe", probe)).await
}

fn routes(health: Health) -> axum::Router {
    axum::Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let report = health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(report))
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match health.metrics() {
        Ok(text) => (StatusCode::OK, [("content-type", TEXT)], text),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [("content-type", "text/plain")], error.to_string())
        }
    }
}

/// Asks a process how it is, waiting at most two seconds.
pub async fn ask(socket: &Path) -> Result<Report, CannotAsk> {
    // Ready or not, the body says why.
    exchange(socket, "/readyz", None).await
}

/// Has a zone try to get through its own walls, waiting at most two seconds.
pub async fn ask_to_probe<Attempt: serde::de::DeserializeOwned>(
    socket: &Path,
    targets: &impl Serialize,
) -> Result<Vec<Attempt>, CannotAsk> {
    let targets = serde_json::to_vec(targets)
        .map_err(|error| CannotAsk::NoAnswer { socket: socket.to_owned(), why: error.to_string() })?;
    exchange(socket, "/probe", Some(targets)).await
}

/// One request, with a JSON body or none, and its JSON answer, of at most 1 MiB.
async fn exchange<T: serde::de::DeserializeOwned>(
    socket: &Path,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<T, CannotAsk> {
    let problem = |why: String| CannotAsk::NoAnswer { socket: socket.to_owned(), why };
    let client: Client<_, http_body_util::Full<bytes::Bytes>> = Client::unix();
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = axum::http::Request::builder()
        .method(method)
        .uri(hyperlocal::Uri::new(socket, path))
        .header("content-type", "application/json")
        .body(body.unwrap_or_default().into())
        .map_err(|error| problem(error.to_string()))?;
    let asked = async {
        let response = client.request(request).await.map_err(|error| problem(root_cause(&error)))?;
        let body = Limited::new(response.into_body(), 1024 * 1024)
            .collect()
            .await
            .map_err(|error| problem(error.to_string()))?;
        serde_json::from_slice(&body.to_bytes()).map_err(|error| problem(error.to_string()))
    };
    tokio::time::timeout(Duration::from_secs(2), asked)
        .await
        .map_err(|_elapsed| problem("no answer in 2 s".to_owned()))?
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
