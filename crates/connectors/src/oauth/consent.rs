//! Asking a person for consent, in their own browser.

use std::io;
use std::time::Duration;

use form_urlencoded::Serializer;
use tokio::net::TcpListener;
use vault::Secret;

use super::request::Expected;
use super::{pkce, redirect};

/// Where Google asks (its guide "OAuth 2.0 for Mobile & Desktop Apps").
pub const GOOGLE_PAGE: &str = "https://accounts.google.com/o/oauth2/v2/auth";

/// A question that is being asked. While it lives, a listener on a loopback address waits for the one answer.
pub struct Consent {
    listener: TcpListener,
    redirect_uri: String,
    expected: Expected,
    verifier: Secret,
    scopes: &'static [&'static str],
}

/// A person's consent, to be exchanged at once for tokens: it is good for one exchange and a few minutes.
pub struct Answer {
    pub(super) code: Secret,
    pub(super) verifier: Secret,
    pub(super) redirect_uri: String,
    pub(super) scopes: &'static [&'static str],
}

/// Why there is no consent, in words for the owner.
#[derive(Debug, thiserror::Error)]
pub enum NoConsent {
    /// The system gave no randomness.
    #[error("the system gives no randomness, without which nobody can be told from anybody")]
    NoRandomness,
    /// Nothing can be listened to on this machine.
    #[error("cannot listen on 127.0.0.1 for the browser's answer")]
    Listener(#[source] io::Error),
    /// Nobody answered.
    #[error("no answer came from the browser within {} s; start again, and open the page on this machine", .0.as_secs())]
    TimedOut(Duration),
    /// The person said no, or may not say yes.
    #[error(
        "access was refused on the provider's page. If it was not you who said no: the account has to be among the test users of \
         the project, or the project has to be published (Google Cloud console, `Audience`); then start again"
    )]
    Denied,
    /// The provider does not let the account's people decide.
    #[error(
        "the account's organisation does not allow this program (`{error}`); its administrator has to trust the client id, or \
         another account has to be used"
    )]
    NotTheirs {
        /// The provider's code.
        error: String,
    },
    /// The provider did not take the question.
    #[error(
        "the provider refused the question (`{error}`); check that the client is of the type `Desktop app`, that the Gmail API is \
         enabled in its project and that client_id is whole; then start again"
    )]
    Refused {
        /// The provider's code, cut and escaped.
        error: String,
    },
}

// === impl Consent ===

impl Consent {
    /// Begins to listen on a port of 127.0.0.1 that the system chooses. The scopes are what will be asked for.
    ///
    /// # Errors
    /// [`NoConsent::NoRandomness`], [`NoConsent::Listener`].
    pub async fn ask(scopes: &'static [&'static str]) -> Result<Consent, NoConsent> {
        let random = |name| pkce::random(name).map_err(|_unspecified| NoConsent::NoRandomness);
        let (state, verifier) = (random("state")?, random("code verifier")?);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(NoConsent::Listener)?;
        let host = listener.local_addr().map_err(NoConsent::Listener)?.to_string();
        let redirect_uri = format!("http://{host}/callback");
        Ok(Consent { listener, redirect_uri, expected: Expected { host, state }, verifier, scopes })
    }

    /// The address of the page that the person has to open, at the provider's `page`. It holds no secret that lasts: the client
    /// id is public, the state is good for this question only.
    pub fn page(&self, page: &str, client_id: &str) -> String {
        let query = Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("state", &String::from_utf8_lossy(self.expected.state.expose()))
            .append_pair("code_challenge", &pkce::challenge(&self.verifier))
            .append_pair("code_challenge_method", "S256")
            // Only with both does Google give a refresh token to somebody who had one before.
            .append_pair("access_type", "offline")
            .append_pair("prompt", "consent")
            .finish();
        format!("{page}?{query}")
    }

    /// Waits for the browser to come back, and closes the listener.
    ///
    /// # Errors
    /// [`NoConsent`], with what to do.
    pub async fn answer(self, patience: Duration) -> Result<Answer, NoConsent> {
        let Consent { listener, redirect_uri, expected, verifier, scopes } = self;
        let code = redirect::wait(listener, expected, patience).await?;
        Ok(Answer { code, verifier, redirect_uri, scopes })
    }
}

// === impl NoConsent ===

impl NoConsent {
    /// What an `error` in the answer means (RFC 6749 section 4.1.2.1, and Google's own).
    pub(super) fn said(untrusted_error: &str) -> NoConsent {
        let error = crate::failure::one_line(untrusted_error);
        match untrusted_error {
            "access_denied" => NoConsent::Denied,
            "admin_policy_enforced" | "org_internal" | "disallowed_useragent" => {
                NoConsent::NotTheirs { error }
            }
            _ => NoConsent::Refused { error },
        }
    }
}
