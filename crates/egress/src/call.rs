//! A call as a connector says it: plain values, and names where a secret belongs.

use crate::Method;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use vault::Secret;

/// The name of a secret in the vault: a file in `<home>/secrets` without its ending, and a key in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The file: `api-keys`, `oauth`, `twilio`, `mail`.
    pub file: &'static str,
    /// The key in it.
    pub name: &'static str,
}

/// A piece of text that goes out, or the name of a secret whose text does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Text(String),
    /// The secret of that name.
    Secret(Key),
}

/// How a call says who makes it.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// Not at all, or in its path or form.
    None,
    /// `Authorization: Bearer …` (RFC 6750) with a secret of the vault.
    Bearer(Key),
    /// The same with one that is kept in memory only, such as an access token.
    HeldBearer(Arc<Secret>),
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user.
        user: Key,
        /// The password.
        password: Key,
    },
}

/// What a call carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// `application/json; charset=utf-8`, serialised.
    Json(String),
    /// `application/x-www-form-urlencoded`: names and values, encoded in the last layer.
    Form(Vec<(&'static str, Part)>),
}

/// One request to a site that the connector's [`crate::Reach`] declares. It holds no secret, so it can be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is being done, for errors and logs: `sending the message`.
    pub step: &'static str,
    /// The name of the site in the connector's reach.
    pub site: &'static str,
    /// The method.
    pub method: Method,
    /// The path's segments behind the site's address; each is one or more parts put together, and percent-encoded as a whole.
    pub path: Vec<Vec<Part>>,
    /// The query, percent-encoded in the last layer. A secret never stands in it.
    pub query: Vec<(&'static str, String)>,
    /// Who makes it.
    pub credential: Credential,
    /// What it carries.
    pub body: Body,
    /// How long the whole of it may take, the reply included.
    pub patience: Duration,
    /// The most bytes that a reply may have; more is refused while it comes in.
    pub longest_reply: usize,
}

/// How long a call may take unless it says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The most that a reply may have unless a call says otherwise: every JSON reply of ours is far below.
pub const LONGEST_REPLY: usize = 4 * 1024 * 1024;

// === impl Call ===

impl Call {
    /// A GET.
    pub fn get<const N: usize>(step: &'static str, site: &'static str, path: [&str; N]) -> Self {
        Self::new(step, site, Method::Get, path)
    }

    /// A POST.
    pub fn post<const N: usize>(step: &'static str, site: &'static str, path: [&str; N], body: Body) -> Self {
        Self { body, ..Self::new(step, site, Method::Post, path) }
    }

    fn new<const N: usize>(step: &'static str, site: &'static str, method: Method, path: [&str; N]) -> Self {
        Self {
            step,
            site,
            method,
            path: path.map(|segment| vec![Part::from(segment)]).into(),
            query: Vec::new(),
            credential: Credential::None,
            body: Body::Empty,
            patience: PATIENCE,
            longest_reply: LONGEST_REPLY,
        }
    }

    /// The same with a query.
    #[must_use]
    pub fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same, said by somebody.
    #[must_use]
    pub fn by(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }
}

// === impl Key ===

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.file, self.name)
    }
}

// === impl Part ===

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Key> for Part {
    fn from(key: Key) -> Self {
        Self::Secret(key)
    }
}

// === impl Credential ===

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bearer(key) => write!(f, "Bearer({key})"),
            Self::HeldBearer(secret) => write!(f, "HeldBearer({})", secret.name()),
            Self::Basic { user, password } => write!(f, "Basic({user}, {password})"),
        }
    }
}
