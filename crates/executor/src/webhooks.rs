//! What services send us without being asked: verified with their secrets, taken in, and only then answered.
//!
//! Nothing here listens. The doorkeeper, which holds no secret, hands every request on as it came.

use crate::refusal::Refusal;
use crate::spool::{NotTaken, Spool, item_name, take_in};
use crate::standing::Standings;
use crate::zone1::Zone1;
use action::ZoneId;
use connectors::webhook::{
    self, Delivery, FromSlack, FromTwilio, Kind, Receiver, UntrustedRequest, from_slack, from_telegram,
    from_twilio,
};
use connectors::{slack, telegram, twilio};
use egress::{Credentials, NotSent};
use home::Config;
use ledger::{Event, quoted};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use url::Url;

/// A refusal of the same kind is told at most this often, however many strangers try.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Why a text message is answered and not read.
const NO_SOURCE: &str = "text messages are not read: write [sources.sms] with connector = \"twilio\"";

/// Why anything else that Twilio sends is.
const NO_READER: &str = "there is no reader for what becomes of messages and calls";

/// Why an event of Slack is answered and not read.
const OTHER_CHANNEL: &str = "it is none of the channels that [sources.slack] names";

/// An answer that says nothing (<https://www.twilio.com/docs/messaging/twiml>).
const EMPTY_TWIML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// Whom a request says that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// It was sent to `/telegram`.
    Telegram,
    /// It was sent to `/slack`.
    Slack,
    /// It was sent to `/twilio`.
    Twilio,
}

/// What is answered. A stranger may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Of HTTP.
    pub status: u16,
    /// Empty where there is no body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Whose webhooks are taken in, and what they are verified with.
pub struct Webhooks {
    credentials: Arc<dyn Credentials>,
    providers: Vec<Provider>,
    /// Where Twilio calls us.
    twilio: Option<Url>,
    /// Whether text messages are a source.
    reads_sms: bool,
    /// The channels that are read; with none named, all.
    slack_channels: Vec<String>,
    deviation: Option<String>,
    standings: Standings,
    told: Mutex<BTreeMap<(Provider, String), Instant>>,
}

/// Why a request is not taken in.
#[derive(Debug, thiserror::Error)]
enum NotTakenIn {
    #[error("nothing is set up for it")]
    NotSetUp,
    #[error(transparent)]
    Refused(#[from] webhook::Refusal),
    /// The provider is to send it again.
    #[error("{0}")]
    Unavailable(String),
}

// === impl Provider ===

impl Provider {
    /// The connector's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Twilio => "twilio",
        }
    }
}

// === impl Reply ===

impl Reply {
    /// Nothing but a status.
    pub const fn bare(status: u16) -> Self {
        Self { status, content_type: "", body: String::new() }
    }

    /// Whose fault it is, as a status of HTTP: a provider repeats what is ours (5xx).
    fn to(not_taken_in: &NotTakenIn) -> Self {
        use webhook::Refusal as R;
        Self::bare(match not_taken_in {
            NotTakenIn::NotSetUp => 404,
            NotTakenIn::Refused(
                R::Missing { .. } | R::Repeated { .. } | R::Misshapen { .. } | R::NotSigned,
            ) => 401,
            NotTakenIn::Refused(R::Stale | R::OtherAccount) => 403,
            NotTakenIn::Refused(R::NotUnderstood { .. }) => 400,
            NotTakenIn::Refused(R::TooLong) => 413,
            NotTakenIn::Refused(R::NoSecret) | NotTakenIn::Unavailable(_) => 503,
        })
    }
}

// === impl Webhooks ===

impl Webhooks {
    /// Those of the connectors that are set up, where the configuration says that services call us; else nobody's.
    pub fn of(config: &Config, credentials: &Arc<dyn Credentials>, standings: &Standings) -> Self {
        let connectors = &config.connectors;
        let set_up = [
            (Provider::Telegram, connectors.telegram.is_some()),
            (Provider::Slack, connectors.slack.is_some()),
            (Provider::Twilio, connectors.twilio.is_some()),
        ];
        let is_set_up = |(provider, is_set_up): (Provider, bool)| is_set_up.then_some(provider);
        let webhooks = config.webhooks.as_ref();
        let providers: Vec<_> =
            webhooks.map(|_| set_up.into_iter().filter_map(is_set_up).collect()).unwrap_or_default();
        for provider in &providers {
            standings.set_up(&name(*provider));
        }
        let public = webhooks.and_then(|webhooks| webhooks.public_url.as_ref());
        let in_the_clear = public.filter(|public| public.scheme() == "http");
        Self {
            credentials: Arc::clone(credentials),
            providers,
            twilio: webhooks.and_then(|webhooks| webhooks.public_address("/twilio")),
            reads_sms: config.sources.iter().any(|source| source.feed == Some(home::Feed::Twilio)),
            slack_channels: config
                .sources
                .iter()
                .flat_map(|source| source.channels.iter().cloned())
                .collect(),
            deviation: in_the_clear.map(|public| format!("public_url is {public}")),
            standings: standings.clone(),
            told: Mutex::default(),
        }
    }

    /// What of the configuration is not for use, in words for whoever looks at the status.
    pub fn deviation(&self) -> Option<String> {
        self.deviation.clone()
    }

    /// Verifies a request, takes in what it brings, and says what to answer.
    pub async fn take(
        &self,
        zone1: &Zone1,
        spool: &Spool,
        zone: &ZoneId,
        provider: Provider,
        untrusted: UntrustedRequest,
    ) -> Reply {
        match self.try_take(zone1, spool, provider, untrusted).await {
            Ok(reply) => {
                self.standings.works(&name(provider));
                reply
            }
            Err(not_taken_in) => {
                let reply = Reply::to(&not_taken_in);
                match not_taken_in {
                    NotTakenIn::NotSetUp => {}
                    NotTakenIn::Refused(refusal) => self.tell(zone1, zone, provider, refusal),
                    NotTakenIn::Unavailable(why) => self.standings.degraded(&name(provider), &quoted(&why)),
                }
                reply
            }
        }
    }

    async fn try_take(
        &self,
        zone1: &Zone1,
        spool: &Spool,
        provider: Provider,
        untrusted: UntrustedRequest,
    ) -> Result<Reply, NotTakenIn> {
        if !self.providers.contains(&provider) {
            return Err(NotTakenIn::NotSetUp);
        }
        // What is latched is lifted by the owner; until then the provider keeps what it has.
        zone1.unlatched()?;
        match provider {
            Provider::Telegram => {
                let secret = self.credentials.secret(telegram::WEBHOOK_SECRET)?;
                keep(zone1, spool, ("telegram", provider), from_telegram(untrusted, &secret)?).await?;
                Ok(Reply::bare(200))
            }
            Provider::Slack => {
                let secret = self.credentials.secret(slack::SIGNING_SECRET)?;
                match from_slack(untrusted, &secret, zone1.now())? {
                    FromSlack::Challenge(challenge) => {
                        Ok(Reply { status: 200, content_type: "text/plain", body: challenge })
                    }
                    FromSlack::Event { channel, .. } if !self.reads_channel(channel.as_deref()) => {
                        let channel = channel.as_deref().unwrap_or("no channel");
                        refuse_once(zone1, "slack", channel, OTHER_CHANNEL).await?;
                        Ok(Reply::bare(200))
                    }
                    FromSlack::Event { channel: _, delivery } => {
                        keep(zone1, spool, ("slack", provider), delivery).await?;
                        Ok(Reply::bare(200))
                    }
                    FromSlack::Nothing(_) => Ok(Reply::bare(200)),
                    FromSlack::Limited => {
                        tracing::warn!("Slack sends fewer events for a while");
                        Ok(Reply::bare(200))
                    }
                }
            }
            Provider::Twilio => {
                let public_address = self.twilio.as_ref().ok_or(NotTakenIn::NotSetUp)?;
                let account_sid = self.credentials.secret(twilio::ACCOUNT_SID)?;
                let auth_token = self.credentials.secret(twilio::AUTH_TOKEN)?;
                let receiver =
                    Receiver { public_address, account_sid: &account_sid, auth_token: &auth_token };
                match from_twilio(untrusted, &receiver)? {
                    FromTwilio { kind: Kind::Message, delivery } if self.reads_sms => {
                        keep(zone1, spool, ("sms", provider), delivery).await?;
                    }
                    unread => refuse_what_nobody_reads(zone1, &unread).await?,
                }
                Ok(Reply { status: 200, content_type: "text/xml", body: EMPTY_TWIML.to_owned() })
            }
        }
    }

    fn reads_channel(&self, channel: Option<&str>) -> bool {
        self.slack_channels.is_empty()
            || channel.is_some_and(|channel| self.slack_channels.iter().any(|named| named == channel))
    }

    /// One entry for each kind of refusal in a while: strangers must not be able to fill the record.
    fn tell(&self, zone1: &Zone1, zone: &ZoneId, provider: Provider, refusal: webhook::Refusal) {
        let now = Instant::now();
        let why = refusal.to_string();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let last = told.get(&(provider, why.clone()));
            if last.is_some_and(|last| now.saturating_duration_since(*last) < TOLD_EVERY) {
                return;
            }
            told.insert((provider, why.clone()), now);
        }
        let event = Event::CallRefused {
            zone: zone.to_string(),
            call: "deliver".to_owned(),
            about: provider.as_str().to_owned(),
            code: "webhook_refused".to_owned(),
            why,
        };
        // Nobody waits for it: whoever was refused gains nothing by its entry.
        let written = zone1.record().and_then(|mut record| zone1.write(&mut record, event));
        if let Err(not_noted) = written.map(drop) {
            tracing::warn!("a refused delivery is not in the record: {not_noted}");
        }
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").field("providers", &self.providers).finish_non_exhaustive()
    }
}

impl From<Refusal> for NotTakenIn {
    fn from(refusal: Refusal) -> Self {
        Self::Unavailable(refusal.to_string())
    }
}

impl From<NotTaken> for NotTakenIn {
    fn from(not_taken: NotTaken) -> Self {
        Self::Unavailable(not_taken.to_string())
    }
}

impl From<NotSent> for NotTakenIn {
    fn from(no_credential: NotSent) -> Self {
        Self::Unavailable(no_credential.to_string())
    }
}

/// What the owner sees in the status.
fn name(provider: Provider) -> String {
    format!("webhook {}", provider.as_str())
}

/// Under the name that a look gives it: by whichever way it comes first, it comes once.
async fn keep(
    zone1: &Zone1,
    spool: &Spool,
    (source, connector): (&'static str, Provider),
    delivery: Delivery,
) -> Result<(), NotTakenIn> {
    let connectors::incoming::Incoming { id, untrusted_bytes } = delivery.into_incoming();
    let item = item_name(source, &format!("{}:{id}", connector.as_str()));
    Ok(take_in(zone1, spool, source, item, untrusted_bytes).await?)
}

/// One entry for each message and call, whatever becomes of it at Twilio.
async fn refuse_what_nobody_reads(zone1: &Zone1, from_twilio: &FromTwilio) -> Result<(), NotTakenIn> {
    let FromTwilio { kind, delivery } = from_twilio;
    let why = if *kind == Kind::Message { NO_SOURCE } else { NO_READER };
    let source = match kind {
        Kind::Message | Kind::MessageStatus => "sms",
        Kind::Call => "call",
        Kind::Json => "twilio",
    };
    // What became of a message or a call stands behind its SID.
    let name = match kind {
        Kind::Message | Kind::MessageStatus | Kind::Call => delivery.id().split(':').next(),
        Kind::Json => Some(delivery.id()),
    };
    refuse_once(zone1, source, name.unwrap_or_default(), why).await
}

/// Records that something was sent that nobody reads: once, however often it is sent.
async fn refuse_once(zone1: &Zone1, source: &str, name: &str, why: &str) -> Result<(), NotTakenIn> {
    let name = quoted(name);
    let written = {
        let mut record = zone1.record()?;
        if record.ledger().knows_refused(source, &name) {
            None
        } else {
            let why = why.to_owned();
            Some(zone1.write(&mut record, Event::ItemRefused { source: source.to_owned(), name, why })?)
        }
    };
    match written {
        Some(written) => written.wait().await.map_err(Refusal::from)?,
        // Known here already, it may still be on its way to the disk.
        None => zone1.settled().await?,
    }
    Ok(())
}
