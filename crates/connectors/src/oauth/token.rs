//! What is said to a token endpoint, and what its answers mean (RFC 6749 sections 4.1.3, 5 and 6).

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use egress::{Body, Call, Client, Key, Part, Problem};
use serde::Deserialize;
use vault::Secret;
use zeroize::Zeroizing;

use super::{Answer, TOKEN_SITE};
use crate::failure::{Cause, Effect, Failure, Reply};
use crate::lenient;

/// The client's public name.
pub const CLIENT_ID: Key = Key { file: "oauth", name: "client_id" };
/// Google asks desktop programs for it too, although nobody can keep it secret there.
pub const CLIENT_SECRET: Key = Key { file: "oauth", name: "client_secret" };
/// What consent gave: access until it is taken away.
pub const REFRESH_TOKEN: Key = Key { file: "oauth", name: "refresh_token" };

/// The path at the site, for a connector's reach.
pub const TOKEN_PATH: &str = "/token";

/// A token reply has a few thousand characters at most.
const LONGEST_REPLY: usize = 64 * 1024;

/// What an exchange or a refresh gave.
pub struct Granted {
    /// Gives access for a while.
    pub access_token: Secret,
    /// For how long, where the provider says so.
    pub good_for: Option<Duration>,
    /// A refresh token to be kept in place of any that was there before. An exchange gives one, a refresh rarely.
    pub refresh_token: Option<Secret>,
    /// What was asked for and not given: people can untick it on the provider's page.
    pub missing_scopes: Vec<&'static str>,
}

/// Why a token endpoint gave no token. It can be told many times over.
#[derive(Clone, Debug)]
pub(super) enum Refused {
    /// Until the owner acts, the answer will be the same.
    ForGood(Reply),
    /// It wants fewer calls.
    Limited { retry_after: Option<Duration>, reply: Reply },
    /// It does not take the request.
    Rejected(Reply),
    /// It cannot answer now.
    Unavailable(Reply),
    /// No answer came.
    NoReply(Problem),
    /// Its answer is not one.
    NotUnderstood(String),
    /// A refresh token that it gave could not be kept.
    NotKept(String),
}

/// Exchanges a person's consent for tokens, with the client's id and secret from the vault. A code is good once, so this is not
/// made again by itself.
///
/// # Errors
/// [`Failure::NotAllowed`] when code, client or verifier are not accepted; any other that a call can end in.
pub async fn exchange(client: &Client, answer: Answer) -> Result<Granted, Failure> {
    const STEP: &str = "exchanging the consent for a token";
    let connector = client.reach().connector;
    let Answer { code, verifier, redirect_uri, scopes } = answer;
    let text = |secret: &Secret| Part::from(String::from_utf8_lossy(secret.expose()).into_owned());
    // The call holds code and verifier as they are; it must not be printed.
    let fields = vec![
        ("grant_type", Part::from("authorization_code")),
        ("code", text(&code)),
        ("code_verifier", text(&verifier)),
        ("redirect_uri", Part::from(redirect_uri)),
        ("client_id", Part::from(CLIENT_ID)),
        ("client_secret", Part::from(CLIENT_SECRET)),
    ];
    let reply = client.call(&call(STEP, fields)).await;
    // A lost exchange changed nothing that anybody would miss: the person is asked again.
    let reply = reply.map_err(|problem| Failure::without_reply(STEP, problem, Effect::None))?;
    let granted = granted(reply, scopes, EXCHANGE).map_err(|refused| refused.failure(STEP, connector))?;
    if granted.refresh_token.is_none() {
        let what = "it holds no refresh token; take the program's access away at myaccount.google.com/permissions and start again";
        return Err(Failure::not_understood(STEP, what, Effect::None));
    }
    Ok(granted)
}

/// The call that makes an access token from the refresh token in the vault.
pub(super) fn refresh(step: &'static str) -> Call {
    let fields = vec![
        ("grant_type", Part::from("refresh_token")),
        ("refresh_token", Part::from(REFRESH_TOKEN)),
        ("client_id", Part::from(CLIENT_ID)),
        ("client_secret", Part::from(CLIENT_SECRET)),
    ];
    call(step, fields)
}

/// What the reply to a refresh says.
pub(super) fn refreshed(reply: egress::Reply) -> Result<Granted, Refused> {
    granted(reply, &[], REFRESH)
}

fn call(step: &'static str, fields: Vec<(&'static str, Part)>) -> Call {
    let path = [TOKEN_PATH.trim_start_matches('/')];
    Call { longest_reply: LONGEST_REPLY, ..Call::post(step, TOKEN_SITE, path, Body::Form(fields)) }
}

#[derive(Deserialize)]
struct Tokens<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    token_type: Cow<'a, str>,
    #[serde(default, deserialize_with = "lenient::number")]
    expires_in: Option<u64>,
    #[serde(borrow, default)]
    refresh_token: Cow<'a, str>,
    #[serde(borrow, default)]
    scope: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Error {
    error: String,
}

/// What `invalid_grant` means: in an exchange something else than in a refresh.
type InvalidGrant = &'static str;

const EXCHANGE: InvalidGrant = "the answer of the browser was used already or is too old; start again";
/// The causes are those of Google's page "Using OAuth 2.0 to Access Google APIs", section "Refresh token expiration".
const REFRESH: InvalidGrant = "the grant has ended: taken away at myaccount.google.com/permissions, password changed, unused for \
     6 months, over 100 grants for this client, or given 7 days ago to a project that is in `Testing`";

fn granted(reply: egress::Reply, asked: &[&'static str], invalid: InvalidGrant) -> Result<Granted, Refused> {
    if !reply.is_success() {
        return Err(refused(&reply, invalid));
    }
    let status = reply.status;
    let body = Zeroizing::new(reply.untrusted_body);
    // The parser's own words could repeat the token.
    let unreadable = |_error| Refused::NotUnderstood(format!("it is not a token reply (HTTP {status})"));
    let tokens: Tokens<'_> = serde_json::from_slice(&body).map_err(unreadable)?;
    let bearer = tokens.token_type.is_empty() || tokens.token_type.eq_ignore_ascii_case("bearer");
    let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !bearer || !printable(&tokens.access_token) {
        return Err(Refused::NotUnderstood("it holds no bearer token".to_owned()));
    }
    let given: Option<Vec<&str>> = tokens.scope.as_deref().map(|scope| scope.split(' ').collect());
    let missing = |scope: &&&'static str| given.as_ref().is_some_and(|given| !given.contains(*scope));
    Ok(Granted {
        missing_scopes: asked.iter().filter(missing).copied().collect(),
        access_token: Secret::new("access token", tokens.access_token.into_owned().into_bytes()),
        good_for: tokens.expires_in.map(Duration::from_secs),
        refresh_token: printable(&tokens.refresh_token)
            .then(|| Secret::new("refresh token", tokens.refresh_token.into_owned().into_bytes())),
    })
}

/// The provider's own words are left out: a server that repeats what it was sent would put a secret into them.
fn refused(reply: &egress::Reply, invalid_grant: InvalidGrant) -> Refused {
    let error =
        serde_json::from_slice(&reply.untrusted_body).map(|Error { error }| error).unwrap_or_default();
    let known = match error.as_str() {
        "invalid_grant" => Some(invalid_grant),
        "invalid_client" | "deleted_client" | "disabled_client" => {
            Some("client_id or client_secret is not accepted, or the client was deleted")
        }
        "unauthorized_client" | "redirect_uri_mismatch" => {
            Some("the client is not of the type `Desktop app`, or the grant is another client's")
        }
        "invalid_scope" => Some("the grant does not hold what is asked for"),
        "access_denied" | "admin_policy_enforced" | "org_internal" => {
            Some("the account's organisation does not allow this program")
        }
        _ => None,
    };
    let named = match known {
        Some(why) => format!("{error}: {why}"),
        None if is_a_code(&error) => error.clone(),
        None => "without a code that is known".to_owned(),
    };
    let said = Reply::new(reply.status, &named);
    match (reply.status, known) {
        (429, _) => Refused::Limited { retry_after: reply.retry_after, reply: said },
        (400..=403, Some(_)) => Refused::ForGood(said),
        (403, None) if error.contains("rate") => {
            Refused::Limited { retry_after: reply.retry_after, reply: said }
        }
        (400..=499, _) => Refused::Rejected(said),
        _ => Refused::Unavailable(said),
    }
}

/// A word that cannot be a secret in disguise.
fn is_a_code(error: &str) -> bool {
    (1..=40).contains(&error.len()) && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

// === impl Refused ===

impl Refused {
    pub(super) fn failure(self, step: &'static str, connector: &'static str) -> Failure {
        match self {
            Self::ForGood(reply) => Failure::NotAllowed { step, connector, reply },
            Self::Limited { retry_after, reply } => Failure::Limited { step, retry_after, reply },
            Self::Rejected(reply) => Failure::Rejected { step, reply },
            Self::Unavailable(reply) => Failure::Unavailable { step, cause: Cause::Reply(reply) },
            Self::NoReply(problem) => Failure::without_reply(step, problem, Effect::None),
            Self::NotUnderstood(what) => Failure::not_understood(step, &what, Effect::None),
            Self::NotKept(why) => Failure::Unavailable { step, cause: io::Error::other(why).into() },
        }
    }
}
