//! The HTTP client of one connector.

use crate::dial::Dialer;
use crate::settings::{BadSettings, Place};
use crate::{Call, Cause, Credentials, NotSent, Problem, Reach, Reply, Settings};
use crate::{connection, receive, render};
use bytes::Bytes;
use connection::Connector;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

/// A connection that was idle for longer is not used again; servers close theirs after a minute or so.
const IDLE: Duration = Duration::from_secs(50);
/// So many idle connections are kept for a site.
const IDLE_CONNECTIONS: usize = 2;
/// The most that a reply's head may have.
const LONGEST_HEAD: usize = 64 * 1024;

/// Makes the calls of one connector: those that its reach declares, to the declared hosts, with its own credentials.
#[derive(Clone)]
pub struct Client {
    reach: &'static Reach,
    places: Arc<[(&'static str, Place)]>,
    credentials: Arc<dyn Credentials>,
    http: legacy::Client<Connector, Full<Bytes>>,
}

// === impl Client ===

impl Client {
    /// A client for what `reach` declares, at the addresses that the settings name.
    ///
    /// # Errors
    /// [`BadSettings`], with what to write instead.
    pub fn new(
        reach: &'static Reach,
        settings: &Settings,
        credentials: Arc<dyn Credentials>,
    ) -> Result<Self, BadSettings> {
        let places: Arc<[_]> = Place::all(reach, settings)?.into();
        let dialer = Dialer::speaking(settings, &[b"http/1.1"])?;
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_buf_size(LONGEST_HEAD)
            // Tried once more only where nothing at all of the request was written.
            .retry_canceled_requests(true)
            .build(Connector::new(dialer, Arc::clone(&places)));
        Ok(Self { reach, places, credentials, http })
    }

    /// What it may reach.
    pub const fn reach(&self) -> &'static Reach {
        self.reach
    }

    /// Makes a call, once.
    ///
    /// # Errors
    /// [`Problem::NotSent`] when nothing of it left this machine, [`Problem::MaybeSent`] when it may have been done.
    pub async fn call(&self, call: &Call) -> Result<Reply, Problem> {
        let request = self.request(call)?;
        let deadline = tokio::time::Instant::now() + call.patience;
        let head = match tokio::time::timeout_at(deadline, self.http.request(request)).await {
            Ok(Ok(head)) => head,
            Ok(Err(error)) => return Err(problem(&error)),
            // It may have been on its way for all we know.
            Err(_elapsed) => return Err(Problem::MaybeSent(Cause::Timeout)),
        };
        let whole = receive::whole(head, call.longest_reply);
        match tokio::time::timeout_at(deadline, whole).await {
            Ok(reply) => reply.map_err(Problem::MaybeSent),
            Err(_elapsed) => Err(Problem::MaybeSent(Cause::Timeout)),
        }
    }

    fn request(&self, call: &Call) -> Result<Request<Full<Bytes>>, NotSent> {
        let credentials = &*self.credentials;
        let segments = render::segments(call, credentials)?;
        let meant: Vec<&str> = segments.iter().map(|segment| segment.as_str()).collect();
        let site = self.reach.site(call.site, call.method, &meant)?;
        let place = self.places.iter().find(|(name, _)| *name == site.name).map(|(_, place)| place);
        let unfit = |what: &str| NotSent::Unfit { step: call.step, what: what.to_owned() };
        let place = place.ok_or_else(|| unfit("its site has no address"))?;

        let target = render::target(&place.base, &segments, &call.query);
        let scheme = if place.tls { "https" } else { "http" };
        let whole = zeroize::Zeroizing::new(format!("{scheme}://{}{}", place.authority, target.as_str()));
        let uri =
            Uri::from_maybe_shared(Bytes::from_owner(zeroize::Zeroizing::new(whole.as_bytes().to_vec())))
                .map_err(|_invalid| unfit("its address is not one"))?;

        let (content_type, body) = render::body(&call.body, credentials)?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = match call.method {
            crate::Method::Get => http::Method::GET,
            crate::Method::Post => http::Method::POST,
        };
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static("moltbot"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(authorization) = render::authorization(&call.credential, credentials)? {
            headers.insert(AUTHORIZATION, authorization);
        }
        Ok(request)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("connector", &self.reach.connector).finish_non_exhaustive()
    }
}

/// What became of a request that got no answer. Only what failed before or while connecting is known not to have been sent.
fn problem(error: &legacy::Error) -> Problem {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(not_sent) = inner.downcast_ref::<NotSent>() {
            return not_sent.clone().into();
        }
        source = inner.source();
    }
    let words = receive::innermost(error);
    if error.is_connect() {
        return NotSent::NoConnection { host: String::new(), cause: Cause::Connection(words) }.into();
    }
    Problem::MaybeSent(Cause::Connection(words))
}
