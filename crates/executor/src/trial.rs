//! Trying the connectors, for the owner: whose credentials they are, and whether they are accepted. Nothing is sent to anybody.

use crate::services::Services;
use connectors::{Failure, Fault, Identity};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one connector may take, with everything that is asked again.
const PATIENCE: Duration = Duration::from_secs(90);

/// What came of trying one connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Its name, as in `[connectors.<name>]`.
    pub connector: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub result: Result,
}

/// Whether it works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Result {
    /// The provider knows us.
    Works {
        /// As whom. No token; a number of an account is masked.
        who: String,
        /// What else the provider says.
        detail: BTreeMap<String, String>,
    },
    /// It does not.
    Failed {
        /// Who has to change something: `owner`, `caller`, `us`, `world`.
        fault: &'static str,
        /// What went wrong, and what to do.
        why: String,
    },
}

// === impl Services ===

impl Services {
    /// Tries every connector that is set up, or those that are named, one after the other.
    pub async fn try_out(&self, named: &[String]) -> Vec<Tried> {
        let mut all = Vec::new();
        for connector in self.names() {
            if named.is_empty() || named.iter().any(|name| name == connector) {
                let tried = tokio::time::timeout(PATIENCE, self.identity_at(connector)).await;
                let result = match tried {
                    Ok(Ok(identity)) => Result::from(identity),
                    Ok(Err(failure)) => Result::from(&failure),
                    Err(_elapsed) => {
                        Result::Failed { fault: "world", why: "it did not answer in time".to_owned() }
                    }
                };
                all.push(Tried { connector, result });
            }
        }
        all
    }

    async fn identity_at(&self, connector: &str) -> std::result::Result<Identity, Failure> {
        let unset = Failure::Malformed { what: "it is not set up" };
        match connector {
            "mail" => {
                let smtp = self.smtp.as_ref().ok_or(unset)?;
                smtp.check().await?;
                Ok(Identity::new("the server takes mail from us"))
            }
            "imap" => {
                let mailbox = self.imap.as_ref().ok_or(unset)?;
                let mut opened =
                    mailbox.open().map_err(|_why| Failure::Malformed { what: "its settings" })?;
                let identity = opened.identity().await;
                opened.close().await;
                identity
            }
            "gmail" => self.gmail.as_ref().ok_or(unset)?.identity().await,
            "telegram" => self.telegram.as_ref().ok_or(unset)?.identity().await,
            "slack" => self.slack.as_ref().ok_or(unset)?.identity().await,
            "twilio" => self.twilio.as_ref().ok_or(unset)?.identity().await,
            _ => Err(unset),
        }
    }
}

// === impl Result ===

impl Result {
    /// Whether it works.
    pub const fn works(&self) -> bool {
        matches!(self, Self::Works { .. })
    }
}

impl From<Identity> for Result {
    fn from(identity: Identity) -> Self {
        Self::Works { who: identity.who, detail: identity.detail.into_iter().collect() }
    }
}

impl From<&Failure> for Result {
    fn from(failure: &Failure) -> Self {
        let fault = match failure.fault() {
            Fault::Caller => "caller",
            Fault::Owner => "owner",
            Fault::Us => "us",
            Fault::World => "world",
        };
        Self::Failed { fault, why: failure.to_string() }
    }
}
