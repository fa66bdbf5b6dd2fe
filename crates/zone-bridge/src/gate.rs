//! The gate before the handlers of one socket: how many calls, how often, with how many bytes.

use crate::connection::{InUse, Peer, Use};
use crate::limits::Limits;
use crate::message::{Held, Inward};
use crate::rate::Bucket;
use crate::refused::{Reason, Refusals, Tell};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service as _;
use tonic::codegen::http::{Request, Response};
use tonic::service::Routes;

/// The gate of one socket.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) limits: Limits,
    pub(crate) refusals: Refusals,
    routes: Routes,
    rate: Mutex<Bucket>,
    calls: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

/// A call that was let in, until its answer is out or nobody wants it.
#[derive(Debug)]
struct Call {
    calls: Arc<AtomicUsize>,
    held: Arc<Held>,
    _connection: InUse,
}

/// An answer on its way out.
struct Outward {
    body: Body,
    _call: Call,
}

// === impl Gate ===

impl Gate {
    pub(crate) fn new(routes: Routes, limits: Limits, tell: Tell) -> Self {
        Self {
            routes: routes.prepare(),
            rate: Mutex::new(Bucket::full(limits.calls_per_second, limits.burst, Instant::now())),
            refusals: Refusals::new(tell),
            calls: Arc::default(),
            bytes: Arc::default(),
            limits,
        }
    }

    /// Answers a call, or refuses it.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
        used: &Use,
    ) -> Response<Body> {
        let target = request.uri().clone();
        let Some(call) = self.let_in(used) else {
            self.refusals.note(Reason::TooManyCalls, target.path());
            return Reason::TooManyCalls.status().into_http();
        };
        request.extensions_mut().insert(peer);
        let request = request.map(|body| Inward::new(body, Arc::clone(&call.held), self.limits.idle));
        let answer = match self.routes.clone().call(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if let Some(reason) = Reason::of_answer(&answer) {
            self.refusals.note(reason, target.path());
        }
        answer.map(|body| Body::new(Outward { body, _call: call }))
    }

    fn let_in(&self, used: &Use) -> Option<Call> {
        let is_in_time = self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(1, Instant::now());
        // Counted first and looked at then: whatever happens, the count is given back.
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        let held = Held::nothing_yet(Arc::clone(&self.bytes), self.limits.bytes_at_once);
        let call =
            Call { calls: Arc::clone(&self.calls), held: Arc::new(held), _connection: used.by_a_call() };
        (is_in_time && before < self.limits.calls_at_once).then_some(call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl Outward ===

impl hyper::body::Body for Outward {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
