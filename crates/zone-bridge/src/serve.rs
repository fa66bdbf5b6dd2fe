//! The one server: a socket's connections, each held to the socket's limits, in the turns that its process's sockets take.

use crate::connection::{Connection, Peer, Use};
use crate::gate::Gate;
use crate::limits::Limits;
use crate::listen::{Admission, Listener, NO_DESCRIPTORS};
use crate::refused::{Reason, Tell};
use crate::turns::{Crew, Turns};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::service::Routes;

/// How long whoever is there for nothing has to hear that it is let go.
const GOODBYE: Duration = Duration::from_secs(1);

/// How often we ask whether a peer is still there, and how long it has to answer.
const STILL_THERE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));

/// Serves a socket for as long as the process lives. Sockets that share `turns` leave each other their share of the time.
pub async fn serve(
    listener: Listener,
    routes: Routes,
    limits: Limits,
    turns: &Turns,
    tell: Tell,
) -> io::Result<()> {
    listener.let_wait(limits.waiting)?;
    let (listener, admission) = listener.into_tokio()?;
    let work = turns.join(&limits);
    let gate = Arc::new(Gate::new(routes, limits, tell));
    work.crew().take_on(accept(listener, admission, gate, work.crew()));
    work.run().await;
    Ok(())
}

async fn accept(listener: UnixListener, admission: Admission, gate: Arc<Gate>, crew: Crew) {
    let places = Arc::new(Semaphore::new(gate.limits.connections));
    loop {
        crew.clock().breathe().await;
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await.map(|(stream, _address)| stream) {
            Ok(stream) => match admission.of(&stream) {
                Some(peer) => crew.take_on(converse(stream, peer, place, Arc::clone(&gate), crew.clone())),
                None => gate.refusals.note(Reason::ForeignPeer, ""),
            },
            Err(_no_descriptors) => {
                gate.refusals.note(Reason::CannotAccept, "");
                tokio::time::sleep(NO_DESCRIPTORS).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, peer: Peer, place: OwnedSemaphorePermit, gate: Arc<Gate>, crew: Crew) {
    let used = Use::new();
    let bytes = Connection::new(stream, place, used.clone(), &gate.limits, crew.clock());
    let answer = {
        let (gate, used) = (Arc::clone(&gate), used.clone());
        move |request| {
            let (gate, peer, used) = (Arc::clone(&gate), peer.clone(), used.clone());
            async move { Ok::<_, Infallible>(gate.answer(request, peer, &used).await) }
        }
    };
    let answer = hyper::service::service_fn(answer);
    let mut conversation = pin!(http2(&gate.limits, crew).serve_connection(TokioIo::new(bytes), answer));
    let ended = loop {
        let may_stay = used.may_stay(&gate.limits);
        if may_stay.is_zero() {
            conversation.as_mut().graceful_shutdown();
            match tokio::time::timeout(GOODBYE, conversation.as_mut()).await {
                Ok(ended) => break ended,
                // A call that came in meanwhile is still answered.
                Err(_elapsed) if used.may_stay(&gate.limits).is_zero() => return,
                Err(_elapsed) => continue,
            }
        }
        if let Ok(ended) = tokio::time::timeout(may_stay, conversation.as_mut()).await {
            break ended;
        }
    };
    if ended.is_err_and(|error| is_abuse(&error)) {
        gate.refusals.note(Reason::Abuse, "");
    }
}

fn http2(limits: &Limits, crew: Crew) -> http2::Builder<Crew> {
    let mut builder = http2::Builder::new(crew);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.headers)
        .max_frame_size(limits.frame)
        .initial_stream_window_size(limits.window)
        .initial_connection_window_size(limits.window)
        .max_pending_accept_reset_streams(limits.takebacks)
        .max_local_error_reset_streams(limits.takebacks)
        .keep_alive_interval(STILL_THERE.0)
        .keep_alive_timeout(STILL_THERE.1);
    builder
}

/// A peer that just went away broke no rule.
fn is_abuse(error: &hyper::Error) -> bool {
    match error.source().map(|source| source.downcast_ref::<io::Error>()) {
        Some(Some(error)) => error.kind() == io::ErrorKind::QuotaExceeded,
        Some(None) => true,
        None => false,
    }
}

/// The `grpc.health.v1` service of a socket, saying that this service, and the socket as a whole, serves.
pub async fn serving_health<S: tonic::server::NamedService>(
    _service: &S,
) -> tonic_health::pb::health_server::HealthServer<impl tonic_health::pb::health_server::Health> {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
    reporter.set_service_status(S::NAME, tonic_health::ServingStatus::Serving).await;
    service
}
