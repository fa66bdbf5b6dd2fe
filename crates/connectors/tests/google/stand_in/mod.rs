//! A Google for one account: its consent page, token endpoint and Gmail, with state, scopes and bad weather.
//!
//! It is no imitation of our own making alone: what it is asked and what it answers is held against Google's description.

pub(crate) mod discovery;
mod http;
mod mailbox;
mod tokens;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub(crate) use http::Delivery;
use http::{Answers, Request, Response};
use mailbox::Mailbox;
pub(crate) use tokens::{CLIENT_ID, CLIENT_SECRET, Tokens};

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is not done, and refused with this status and reason.
    Refuse(u16, &'static str),
    /// The same with a `Retry-After`.
    Later(u16, u64),
    /// It is done, and the answer does not come through.
    Lose(Delivery),
    /// It is done, and another body comes, of another type.
    Replace(&'static str, Vec<u8>),
    /// It is done, and a field of the answer is another.
    Change(&'static str, Value),
    /// It is not done, and the answer repeats what the request was authorised with.
    Repeat,
}

/// All of it.
pub(crate) struct Google {
    pub(crate) tokens: Tokens,
    pub(crate) mailbox: Mailbox,
    faults: HashMap<&'static str, VecDeque<Fault>>,
    /// How often each method was called.
    calls: HashMap<&'static str, usize>,
    /// What was not as Google describes it.
    wrong: Vec<String>,
}

/// A Google that listens.
pub(crate) struct StandIn {
    google: Arc<Mutex<Google>>,
    pub(crate) port: u16,
}

pub(crate) const TOKEN: &str = "token";
pub(crate) const PROFILE: &str = "gmail.users.getProfile";
pub(crate) const LIST: &str = "gmail.users.messages.list";
pub(crate) const GET: &str = "gmail.users.messages.get";
pub(crate) const SEND: &str = "gmail.users.messages.send";
pub(crate) const HISTORY: &str = "gmail.users.history.list";

// === impl StandIn ===

impl StandIn {
    pub(crate) async fn start() -> StandIn {
        let tokens = Tokens::lasting(3599);
        let (faults, calls, wrong) = (HashMap::new(), HashMap::new(), Vec::new());
        let google = Google { tokens, mailbox: Mailbox::default(), faults, calls, wrong };
        let google = Arc::new(Mutex::new(google));
        StandIn { port: http::serve(Arc::clone(&google)).await, google }
    }

    pub(crate) fn google(&self) -> MutexGuard<'_, Google> {
        self.google.lock().unwrap()
    }

    /// How often a method was called.
    pub(crate) fn calls(&self, method: &str) -> usize {
        self.google().calls(method)
    }

    /// How many tokens were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.google().tokens.asked
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for StandIn {
    /// Every test ends with this.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.google().wrong, Vec::<String>::new(), "not as Google describes it");
            assert_eq!(self.google().mailbox.misplaced, 0, "in a thread whose conditions it does not meet");
        }
    }
}

// === impl Google ===

impl Google {
    /// The next call of that method meets this, after those that were named before.
    pub(crate) fn fails(&mut self, method: &'static str, fault: Fault) {
        self.faults.entry(method).or_default().push_back(fault);
    }

    fn calls(&self, method: &str) -> usize {
        self.calls.get(method).copied().unwrap_or_default()
    }

    fn next_fault(&mut self, method: &'static str) -> Option<Fault> {
        *self.calls.entry(method).or_default() += 1;
        self.faults.get_mut(method)?.pop_front()
    }

    fn gmail(&mut self, request: &Request) -> Response {
        let Some(method) = discovery::method(&request.verb, &request.path) else {
            self.wrong.push(format!("there is no {} {}", request.verb, request.path));
            return refusal(404, "notFound", "no such method");
        };
        self.wrong.extend(method.check_request(&request.query, &request.body));
        let Some(scopes) = self.tokens.scopes(request.authorization.as_deref()) else {
            return refusal(401, "authError", "Request had invalid authentication credentials.");
        };
        if !method.scopes().iter().any(|scope| scopes.iter().any(|given| given == scope)) {
            return refusal(
                403,
                "insufficientPermissions",
                "Request had insufficient authentication scopes.",
            );
        }
        let fault = self.next_fault(method.id());
        match fault {
            Some(Fault::Refuse(status, reason)) => return refusal(status, reason, "an \u{202e}error\n"),
            Some(Fault::Later(status, seconds)) => {
                let mut response = refusal(status, "rateLimitExceeded", "Too many requests.");
                response.headers.push(("Retry-After", seconds.to_string()));
                return response;
            }
            Some(Fault::Repeat) => {
                let words = request.authorization.clone().unwrap();
                return refusal(400, "invalidArgument", &words);
            }
            Some(Fault::Lose(_) | Fault::Replace(..) | Fault::Change(..)) | None => {}
        }
        let last = request.path.rsplit('/').next().unwrap();
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let done = match method.id() {
            PROFILE => Ok(self.mailbox.profile()),
            LIST => self.mailbox.list(request),
            GET => self.mailbox.get(last, request.parameter("format")),
            HISTORY => self.mailbox.history(request),
            SEND => self.mailbox.send(&body),
            other => panic!("nobody plays {other}"),
        };
        let value = match done {
            Ok(value) => value,
            Err((status, words)) => return refusal(status, "x", words),
        };
        self.wrong.extend(method.check_reply(&value));
        broken(Response::json(200, &value), fault)
    }
}

impl Answers for Google {
    fn answer(&mut self, request: Request) -> Response {
        match (request.verb.as_str(), request.path.as_str()) {
            ("GET", "/o/oauth2/v2/auth") => self.tokens.page(&request),
            ("POST", "/token") => match self.next_fault(TOKEN) {
                Some(Fault::Refuse(status, error)) => Response::json(status, &json!({ "error": error })),
                fault => broken(self.tokens.endpoint(&request), fault),
            },
            _ => self.gmail(&request),
        }
    }
}

fn broken(response: Response, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::Lose(delivery)) => Response { delivery, ..response },
        Some(Fault::Change(field, other)) => {
            let mut value: Value = serde_json::from_slice(&response.body).unwrap();
            value[field] = other;
            Response::json(response.status, &value)
        }
        Some(Fault::Replace(content_type, body)) => {
            Response { headers: vec![("Content-Type", content_type.to_owned())], body, ..response }
        }
        _ => response,
    }
}

/// As Google's APIs refuse.
fn refusal(status: u16, reason: &str, message: &str) -> Response {
    let errors = json!([{ "domain": "global", "reason": reason, "message": message }]);
    Response::json(
        status,
        &json!({ "error": { "code": status, "message": message, "errors": errors, "status": "X" } }),
    )
}
