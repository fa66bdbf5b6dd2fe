//! Gmail over its API, with the scopes `gmail.readonly` and `gmail.send` and no other.
//!
//! The API's own description (discovery document, revision 20261005) is what the calls in `calls.rs` follow.

mod answer;
mod calls;
mod cursor;
mod fetch;
mod history;
mod inbox;
mod listing;
mod search;
mod send;

use std::sync::Arc;

use egress::{Call, Client, Credentials, Method, PathRule, Reach, Reply, Site};
use tokio::sync::Semaphore;

use crate::failure::{Effect, Failure};
use crate::identity::Identity;
use crate::oauth::{AccessToken, AccessTokens, Keeper, TOKEN_PATH, TOKEN_SITE};
use crate::retry::{BUDGET, Budget, Retry};

pub use fetch::{Fetched, LONGEST_MESSAGE};
pub use inbox::{Inbox, Start};
pub use search::Found;
pub use send::{Answering, LONGEST_SENT, Sent};

/// Everything that this connector may reach.
pub const REACH: Reach = Reach {
    connector: "gmail",
    sites: &[
        Site {
            name: "endpoint",
            address: "https://gmail.googleapis.com",
            paths: &[
                PathRule { method: Method::Get, pattern: "/gmail/v1/users/me/profile" },
                PathRule { method: Method::Get, pattern: "/gmail/v1/users/me/messages" },
                PathRule { method: Method::Get, pattern: "/gmail/v1/users/me/messages/*" },
                PathRule { method: Method::Get, pattern: "/gmail/v1/users/me/history" },
                PathRule { method: Method::Post, pattern: "/gmail/v1/users/me/messages/send" },
            ],
        },
        Site {
            name: TOKEN_SITE,
            address: "https://oauth2.googleapis.com",
            paths: &[PathRule { method: Method::Post, pattern: TOKEN_PATH }],
        },
    ],
};

/// What is asked of the owner of the account: to read and to send. Neither includes the other.
pub const SCOPES: &[&str] = &[READONLY, SEND];

pub(crate) const READONLY: &str = "https://www.googleapis.com/auth/gmail.readonly";
pub(crate) const SEND: &str = "https://www.googleapis.com/auth/gmail.send";

/// So many calls that read are on their way at once, whoever makes them; a raw message takes up to 60 MiB while it comes in.
const READS_AT_ONCE: usize = 4;

/// One Gmail account.
#[derive(Clone)]
pub struct Gmail(Arc<Inner>);

struct Inner {
    client: Client,
    tokens: AccessTokens,
    reads: Semaphore,
    retry: Retry,
}

// === impl Gmail ===

impl Gmail {
    /// With a client for [`REACH`], the credentials that it has, and whoever keeps a new refresh token.
    pub fn new(client: Client, credentials: Arc<dyn Credentials>, keeper: Arc<dyn Keeper>) -> Gmail {
        Self::within(BUDGET, client, credentials, keeper)
    }

    /// The same with another budget for asking again.
    pub fn within(
        budget: Budget,
        client: Client,
        credentials: Arc<dyn Credentials>,
        keeper: Arc<dyn Keeper>,
    ) -> Gmail {
        let tokens = AccessTokens::new(client.clone(), credentials, keeper);
        let (reads, retry) = (Semaphore::new(READS_AT_ONCE), Retry::within(budget));
        Gmail(Arc::new(Inner { client, tokens, reads, retry }))
    }

    /// Whose account it is.
    ///
    /// # Errors
    /// As every call that reads.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        let profile = calls::profile(&self.read(&calls::get_profile()).await?)?;
        let total = profile.messages.map_or_else(|| "unknown".to_owned(), |total| total.to_string());
        Ok(Identity::new(&profile.address).with("messages", &total))
    }

    /// A call that reads: asked again within the budget. The reply is a success.
    async fn read(&self, call: &Call) -> Result<Reply, Failure> {
        let attempt = || async {
            // Given back while nobody is asked. Nobody closes it.
            let _turn = self.0.reads.acquire().await;
            self.ask(call, Effect::None).await
        };
        self.0.retry.run(Effect::None, attempt).await
    }

    /// A call, once; once more with another token where the first is not accepted. The reply is a success.
    async fn ask(&self, call: &Call, effect: Effect) -> Result<Reply, Failure> {
        let token = self.0.tokens.access().await?;
        let reply = self.once(call, &token, effect).await?;
        if reply.status != 401 {
            token.was_accepted();
            return answer::success(call.step, reply, effect, &token);
        }
        // 401 says that nothing was done, so this holds for what counts too.
        let token = self.0.tokens.instead_of(&token).await?;
        let reply = self.once(call, &token, effect).await?;
        if reply.status != 401 {
            token.was_accepted();
        }
        answer::success(call.step, reply, effect, &token)
    }

    async fn once(&self, call: &Call, token: &AccessToken, effect: Effect) -> Result<Reply, Failure> {
        let call = call.clone().by(token.credential());
        let reply = self.0.client.call(&call).await;
        reply.map_err(|problem| Failure::without_reply(call.step, problem, effect))
    }
}
