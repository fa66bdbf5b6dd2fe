//! Access tokens: made when they are needed, kept in memory only, and made once however many tasks wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use egress::{Client, Credential, Credentials, Problem};
use tokio::sync::Mutex;
use tokio::time::Instant;
use vault::Secret;

use super::token::{self, Granted, Refused};
use super::{CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN};
use crate::failure::{Effect, Failure, Reply};

const STEP: &str = "getting an access token";

/// A token is not used any more when it has less than this left: a call must not outlive it, and clocks differ.
const MARGIN: Duration = Duration::from_secs(120);

/// How soon another token may be made when the last was refused before it was ever accepted.
const PAUSE: Duration = Duration::from_secs(60);

/// Whoever keeps the refresh token.
pub trait Keeper: Send + Sync {
    /// The provider gave another one, and the old one may end now. Once this returns, it must be what the vault gives out.
    ///
    /// # Errors
    /// Why it could not be kept, in words without the token.
    fn keep(&self, refresh_token: &Secret) -> Result<(), String>;
}

/// Makes access tokens from the refresh token in the vault.
///
/// When the provider says that the grant has ended, that is final: nobody asks again until a secret in the vault changes.
pub struct AccessTokens {
    client: Client,
    credentials: Arc<dyn Credentials>,
    keeper: Arc<dyn Keeper>,
    /// How many attempts to make a token have ended.
    attempts: AtomicU64,
    state: Mutex<State>,
}

/// An access token in use.
#[derive(Clone)]
pub struct AccessToken(Arc<Held>);

struct Held {
    token: Arc<Secret>,
    made_with: Grant,
    made_at: Instant,
    good_for: Option<Duration>,
    accepted: AtomicBool,
}

#[derive(Default)]
struct State {
    held: Option<AccessToken>,
    /// The secrets that the provider refused for good, and its words.
    refused: Option<(Grant, Reply)>,
    /// How the last attempt failed, for all who waited for it.
    last: Option<Refused>,
    /// A refresh token that could not be kept yet.
    unkept: Option<Secret>,
}

/// What a token is made with.
#[derive(Clone, PartialEq, Eq)]
struct Grant([Arc<Secret>; 3]);

// === impl AccessTokens ===

impl AccessTokens {
    /// For a client whose reach has the site [`super::TOKEN_SITE`] and whose credentials are these.
    pub fn new(client: Client, credentials: Arc<dyn Credentials>, keeper: Arc<dyn Keeper>) -> AccessTokens {
        let (attempts, state) = (AtomicU64::new(0), Mutex::new(State::default()));
        AccessTokens { client, credentials, keeper, attempts, state }
    }

    /// A token that is good for a while: the one at hand, or a new one.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] when the grant has ended. Nothing of the caller's own call was sent.
    pub async fn access(&self) -> Result<AccessToken, Failure> {
        let grant = self.grant()?;
        let seen = self.attempts.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        match &state.held {
            Some(held) if held.0.made_with == grant && held.0.is_good() => Ok(held.clone()),
            _ => self.make(&mut state, grant, seen).await,
        }
    }

    /// Another token in place of one that was answered with 401.
    ///
    /// # Errors
    /// As [`AccessTokens::access`]; also when that token was new: another would fare no better.
    pub async fn instead_of(&self, refused: &AccessToken) -> Result<AccessToken, Failure> {
        let grant = self.grant()?;
        let seen = self.attempts.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        match &state.held {
            // Somebody else was refused too, and has a new one already.
            Some(held)
                if !Arc::ptr_eq(&held.0, &refused.0) && held.0.made_with == grant && held.0.is_good() =>
            {
                Ok(held.clone())
            }
            Some(held)
                if Arc::ptr_eq(&held.0, &refused.0) && held.0.made_with == grant && held.0.is_suspect() =>
            {
                Err(self.not_allowed(Reply::new(401, "a token that was just given is refused")))
            }
            _ => {
                state.held = None;
                self.make(&mut state, grant, seen).await
            }
        }
    }

    /// Only one task is ever in here; the others wait for the lock, and find what this one leaves.
    async fn make(&self, state: &mut State, grant: Grant, seen: u64) -> Result<AccessToken, Failure> {
        if let Some((refused, reply)) = &state.refused
            && *refused == grant
        {
            return Err(self.not_allowed(reply.clone()));
        }
        // An attempt that ended while we waited was ours as well.
        if let Some(refused) = &state.last
            && self.attempts.load(Ordering::Acquire) != seen
        {
            return Err(refused.clone().failure(STEP, self.client.reach().connector));
        }
        let made = match self.settle(state) {
            Ok(()) => self.ask().await,
            Err(refused) => Err(refused),
        };
        self.attempts.fetch_add(1, Ordering::Release);
        match made {
            Ok(granted) => {
                let token = self.take(state, granted, grant);
                (state.refused, state.last) = (None, None);
                state.held = Some(token.clone());
                Ok(token)
            }
            Err(refused) => {
                if let Refused::ForGood(reply) = &refused {
                    state.refused = Some((grant, reply.clone()));
                }
                state.last = Some(refused.clone());
                Err(refused.failure(STEP, self.client.reach().connector))
            }
        }
    }

    async fn ask(&self) -> Result<Granted, Refused> {
        match self.client.call(&token::refresh(STEP)).await {
            Ok(reply) => token::refreshed(reply),
            Err(problem) => Err(Refused::NoReply(problem)),
        }
    }

    fn take(&self, state: &mut State, granted: Granted, asked_with: Grant) -> AccessToken {
        let Granted { access_token, good_for, refresh_token, missing_scopes: _ } = granted;
        let [_, _, old] = &asked_with.0;
        state.unkept = refresh_token.filter(|new| new != old.as_ref());
        // Whether it could be kept or not: the access token is good.
        let made_with = match self.settle(state) {
            Ok(()) => self.grant().unwrap_or(asked_with),
            Err(_) => asked_with,
        };
        let (token, accepted) = (Arc::new(access_token), AtomicBool::new(false));
        AccessToken(Arc::new(Held { token, made_with, made_at: Instant::now(), good_for, accepted }))
    }

    /// Hands over a refresh token that still waits to be kept. Asking with the old one in its place could end the grant.
    fn settle(&self, state: &mut State) -> Result<(), Refused> {
        if let Some(refresh_token) = &state.unkept {
            self.keeper.keep(refresh_token).map_err(|why| {
                Refused::NotKept(format!("the provider's new refresh token cannot be kept: {why}"))
            })?;
            state.unkept = None;
        }
        Ok(())
    }

    fn grant(&self) -> Result<Grant, Failure> {
        let secret = |key| {
            let secret = self.credentials.secret(key);
            secret.map_err(|missing| Failure::without_reply(STEP, Problem::NotSent(missing), Effect::None))
        };
        Ok(Grant([secret(CLIENT_ID)?, secret(CLIENT_SECRET)?, secret(REFRESH_TOKEN)?]))
    }

    fn not_allowed(&self, reply: Reply) -> Failure {
        Failure::NotAllowed { step: STEP, connector: self.client.reach().connector, reply }
    }
}

// === impl AccessToken ===

impl AccessToken {
    /// What a call is made by.
    pub fn credential(&self) -> Credential {
        Credential::HeldBearer(Arc::clone(&self.0.token))
    }

    /// The provider answered a call that it made otherwise than with 401.
    pub fn was_accepted(&self) {
        self.0.accepted.store(true, Ordering::Relaxed);
    }

    /// Whether its text stands in there.
    pub(crate) fn stands_in(&self, bytes: &[u8]) -> bool {
        let token = self.0.token.expose();
        bytes.windows(token.len()).any(|window| window == token)
    }
}

// === impl Held ===

impl Held {
    fn is_good(&self) -> bool {
        // Of a short life at least half is used.
        let usable = |good_for: Duration| good_for - MARGIN.min(good_for / 2);
        self.good_for.is_none_or(|good_for| self.made_at.elapsed() < usable(good_for))
    }

    /// New, and nobody has accepted it yet.
    fn is_suspect(&self) -> bool {
        !self.accepted.load(Ordering::Relaxed) && self.made_at.elapsed() < PAUSE
    }
}
