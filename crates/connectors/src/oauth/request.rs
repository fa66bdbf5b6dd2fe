//! One request to the loopback address, and whether it is the answer that is waited for.
//!
//! Anybody on this machine, and any page in the browser, can send requests there. Only one that knows the state is heard; the
//! rest is refused and changes nothing, so nobody can end the question for the person who is asked.

use form_urlencoded::parse;
use vault::Secret;

use super::NoConsent;

/// The longest head of a request that is read: a code has some hundred characters, a browser's own headers a few thousand.
pub(super) const LONGEST_HEAD: usize = 16 * 1024;

/// What the answer must show.
pub(super) struct Expected {
    /// `127.0.0.1:port`: a page that makes its own name lead here has another.
    pub(super) host: String,
    /// What only our question and its answer hold.
    pub(super) state: Secret,
}

/// What a request is.
pub(super) enum Verdict {
    /// The answer: a code, or the provider's no.
    Answer(Result<Secret, NoConsent>),
    /// Something else, to be refused with this status.
    Refuse(u16),
    /// Not whole yet.
    Unfinished,
}

impl Expected {
    /// Judges the head of a request, as far as it came.
    pub(super) fn judge(&self, untrusted_head: &[u8]) -> Verdict {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(untrusted_head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) if untrusted_head.len() < LONGEST_HEAD => {
                return Verdict::Unfinished;
            }
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Verdict::Refuse(431);
            }
            Err(_) => return Verdict::Refuse(400),
        }
        let hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
        let hosts: Vec<&[u8]> = hosts.map(|header| header.value).collect();
        if hosts != [self.host.as_bytes()] {
            return Verdict::Refuse(421);
        }
        let (path, query) = request.path.and_then(|target| target.split_once('?')).unwrap_or_default();
        match (path, request.method) {
            ("/callback", Some("GET")) => self.answer(query),
            ("/callback", _) => Verdict::Refuse(405),
            _ => Verdict::Refuse(404),
        }
    }

    fn answer(&self, query: &str) -> Verdict {
        // Each at most once (RFC 6749 section 3.1): two readers must not see two answers in one.
        let only = |name: &str| {
            let mut values = parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
            (values.next().filter(|value| !value.is_empty()), values.next().is_some())
        };
        let (Some(state), false) = only("state") else { return Verdict::Refuse(400) };
        // `Secret` compares in a time that does not depend on what is alike.
        if Secret::new("state", state.into_owned().into_bytes()) != self.state {
            return Verdict::Refuse(403);
        }
        match (only("code"), only("error")) {
            ((None, false), (Some(error), false)) => Verdict::Answer(Err(NoConsent::said(&error))),
            ((Some(code), false), (None, false)) if code.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Verdict::Answer(Ok(Secret::new("authorization code", code.into_owned().into_bytes())))
            }
            _ => Verdict::Refuse(400),
        }
    }
}
