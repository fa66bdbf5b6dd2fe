//! The services that are set up: each a connector with a client that reaches its own hosts and nothing else.

use crate::feed::{Feed, Looking, Service};
use action::Digest;
use connectors::gmail::{Gmail, Inbox, Start};
use connectors::imap::{Imap, ImapSettings};
use connectors::incoming::{Batch, Incoming};
use connectors::oauth::Keeper;
use connectors::retry::Retry;
use connectors::slack::{Slack, SlackSource};
use connectors::smtp::{Smtp, SmtpConfig};
use connectors::telegram::Telegram;
use connectors::twilio::{Sender, Twilio};
use connectors::{Login, Security, gmail, slack, telegram, twilio};
use egress::{Client, Credentials, Dialer, Reach};
use home::{Config, Connectors, Home, Problem, Problems, Server, WayOut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a service is left alone that is asked again and again.
const POLL: Duration = Duration::from_secs(30);

/// Everything that is set up and reachable by name.
#[derive(Clone, Default)]
pub struct Services {
    /// `connectors.mail.smtp`, where mail leaves that way.
    pub smtp: Option<Arc<Smtp>>,
    /// `connectors.imap`.
    pub imap: Option<Mailbox>,
    /// `connectors.gmail`.
    pub gmail: Option<Gmail>,
    /// `connectors.telegram`.
    pub telegram: Option<Arc<Telegram>>,
    /// `connectors.slack`.
    pub slack: Option<Arc<Slack>>,
    /// `connectors.twilio`.
    pub twilio: Option<Arc<Twilio>>,
}

/// A mailbox, to be opened by whoever reads it.
#[derive(Clone)]
pub struct Mailbox {
    settings: ImapSettings,
    dialer: Dialer,
    login: Login,
}

/// Whoever has the credentials: the vault, or a test.
pub struct Holder {
    /// Gives them out.
    pub credentials: Arc<dyn Credentials>,
    /// Keeps a refresh token that a provider gave in place of the old one.
    pub keeper: Arc<dyn Keeper>,
}

// === impl Services ===

impl Services {
    /// Makes every client. Nothing is connected, and no secret is looked at yet.
    ///
    /// # Errors
    /// Every setting that cannot be meant, each with its key.
    pub fn set_up(home: &Home, connectors: &Connectors, holder: &Holder) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut setting_up = SettingUp { home, holder, problems: &mut problems };
        let services = Self {
            smtp: match &connectors.mail_delivery {
                home::MailDelivery::Smtp(server) => setting_up.smtp(server),
                home::MailDelivery::Maildir(_) | home::MailDelivery::Gmail => None,
            },
            imap: connectors.imap.as_ref().and_then(|imap| setting_up.imap(imap)),
            gmail: setting_up.client(&gmail::REACH, connectors.gmail.as_ref()).map(|client| {
                Gmail::new(client, Arc::clone(&holder.credentials), Arc::clone(&holder.keeper))
            }),
            telegram: setting_up
                .client(&telegram::REACH, connectors.telegram.as_ref())
                .map(|client| Arc::new(Telegram::new(client, Retry::default()))),
            slack: setting_up
                .client(&slack::REACH, connectors.slack.as_ref())
                .map(|client| Arc::new(Slack::new(client, Retry::default()))),
            twilio: setting_up
                .client(&twilio::REACH, connectors.twilio.as_ref())
                .map(|client| Arc::new(Twilio::new(client, Retry::default(), Sender::Number))),
        };
        Problems::none_or(problems)?;
        Ok(services)
    }

    /// The client of Gmail by itself, for asking for consent.
    ///
    /// # Errors
    /// It is not set up, or a setting cannot be meant.
    pub fn client_of_gmail(
        home: &Home,
        connectors: &Connectors,
        holder: &Holder,
    ) -> Result<Client, Problems> {
        let mut problems = Vec::new();
        let mut setting_up = SettingUp { home, holder, problems: &mut problems };
        let client = setting_up.client(&gmail::REACH, connectors.gmail.as_ref());
        Problems::none_or(problems)?;
        let unset =
            || Problem::new(home.config_file(), "connectors.gmail", "is not set up: moltctl connect gmail");
        client.ok_or_else(|| unset().into())
    }

    /// The feeds of the sources that are fed by a service.
    ///
    /// # Errors
    /// A setting of a source that cannot be meant.
    pub fn feeds(&self, home: &Home, config: &Config) -> Result<Vec<Feed>, Problems> {
        let mut feeds = Vec::new();
        for source in &config.sources {
            let Some(feed) = &source.feed else { continue };
            let problem = |key: &str, what: String| {
                Problem::new(home.config_file(), format!("sources.{}.{key}", source.name), what)
            };
            let service: Option<Box<dyn Service>> = match feed {
                // It calls.
                home::Feed::Twilio => continue,
                home::Feed::Telegram => self.telegram.clone().map(|telegram| Box::new(telegram) as _),
                home::Feed::Gmail => {
                    self.gmail.clone().map(|gmail| Box::new(Inbox::new(gmail, Start::Now)) as _)
                }
                home::Feed::Imap => match &self.imap {
                    Some(mailbox) => {
                        let opened = mailbox.open().map_err(|why| problem("connector", why))?;
                        Some(Box::new(opened) as _)
                    }
                    None => None,
                },
                home::Feed::Slack => match &self.slack {
                    Some(slack) => {
                        let source = SlackSource::new(Arc::clone(slack), source.channels.clone());
                        Some(Box::new(source.map_err(|why| problem("channels", why.to_string()))?) as _)
                    }
                    None => None,
                },
            };
            let unset = || problem("connector", format!("connectors.{} is not set up", feed.connector()));
            let service = service.ok_or_else(unset)?;
            feeds.push(Feed { source: source.name, connector: feed.connector(), service });
        }
        Ok(feeds)
    }

    /// The names of those that are set up, as in `[connectors.<name>]`.
    pub fn names(&self) -> Vec<&'static str> {
        let Self { smtp, imap, gmail, telegram, slack, twilio } = self;
        let all = [
            ("mail", smtp.is_some()),
            ("imap", imap.is_some()),
            ("gmail", gmail.is_some()),
            ("telegram", telegram.is_some()),
            ("slack", slack.is_some()),
            ("twilio", twilio.is_some()),
        ];
        all.into_iter().filter_map(|(name, is_set_up)| is_set_up.then_some(name)).collect()
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Services").field(&self.names()).finish()
    }
}

// === impl Mailbox ===

impl Mailbox {
    /// Opens it; nothing is connected yet.
    ///
    /// # Errors
    /// Settings that cannot be meant, in words.
    pub fn open(&self) -> Result<Imap, String> {
        Imap::new(self.settings.clone(), self.dialer.clone(), self.login.clone())
            .map_err(|unusable| unusable.to_string())
    }
}

/// Making them, with every problem kept.
struct SettingUp<'a> {
    home: &'a Home,
    holder: &'a Holder,
    problems: &'a mut Vec<Problem>,
}

// === impl SettingUp ===

impl SettingUp<'_> {
    fn problem(&mut self, connector: &str, what: String) {
        self.problems.push(Problem::new(self.home.config_file(), format!("connectors.{connector}"), what));
    }

    fn settings(&mut self, connector: &str, way_out: &WayOut) -> Option<egress::Settings> {
        let extra_roots = match way_out.extra_ca.as_ref().map(std::fs::read).transpose() {
            Ok(extra_roots) => extra_roots,
            Err(error) => {
                self.problem(connector, format!("extra_ca cannot be read: {error}"));
                return None;
            }
        };
        Some(egress::Settings {
            addresses: way_out.addresses.clone(),
            extra_roots,
            plaintext_loopback: way_out.plaintext_loopback,
            private_addresses: way_out.private_addresses,
        })
    }

    fn client(&mut self, reach: &'static Reach, way_out: Option<&WayOut>) -> Option<Client> {
        let connector = reach.connector;
        let mut settings = self.settings(connector, way_out?)?;
        // Opened by the owner's browser, not by us: what she says there would be read on its way all the same.
        let is_opened_by_her = |(site, _): &mut (String, String)| site == "consent_endpoint";
        for (site, address) in settings.addresses.extract_if(.., is_opened_by_her).collect::<Vec<_>>() {
            settings.check(&site, &address).map_err(|bad| self.problem(connector, bad.to_string())).ok()?;
        }
        Client::new(reach, &settings, Arc::clone(&self.holder.credentials))
            .map_err(|bad| self.problem(connector, bad.to_string()))
            .ok()
    }

    /// How a mail server is dialled and signed in to.
    fn server(&mut self, connector: &str, server: &Server) -> Option<(Dialer, Login)> {
        let settings = self.settings(connector, &server.way_out)?;
        let dialer = Dialer::new(&settings).map_err(|bad| self.problem(connector, bad.to_string())).ok()?;
        let login = Login::new(Arc::clone(&self.holder.credentials));
        let in_the_clear = server.way_out.plaintext_loopback;
        Some((dialer, if in_the_clear { login.danger_allow_plaintext_loopback() } else { login }))
    }

    fn smtp(&mut self, server: &Server) -> Option<Arc<Smtp>> {
        let (dialer, login) = self.server("mail.smtp", server)?;
        let config = SmtpConfig {
            host: server.host.clone(),
            port: server.port,
            security: security(server.security),
            hello_name: "localhost".to_owned(),
            timeout: Duration::from_secs(60),
        };
        Smtp::with(config, dialer, server.sign_in.then_some(login))
            .map_err(|unusable| self.problem("mail.smtp", unusable.to_string()))
            .ok()
            .map(Arc::new)
    }

    fn imap(&mut self, imap: &home::Imap) -> Option<Mailbox> {
        let home::Imap { server, folder } = imap;
        let (dialer, login) = self.server("imap", server)?;
        let settings = ImapSettings {
            port: server.port,
            security: security(server.security),
            folder: folder.clone(),
            ..ImapSettings::new(server.host.clone())
        };
        let mailbox = Mailbox { settings, dialer, login };
        mailbox.open().map_err(|why| self.problem("imap", why)).ok()?;
        Some(mailbox)
    }
}

fn security(security: home::Security) -> Security {
    match security {
        home::Security::Tls => Security::Tls,
        home::Security::StartTls => Security::StartTls,
        home::Security::None => Security::None,
    }
}

/// A server that numbers its folder anew brings the last day's mail once more under other numbers. It is the same mail, byte by
/// byte, and by its bytes it is known.
fn named_by_content(batch: Batch) -> Batch {
    let by_content = |item: Incoming| {
        let id = format!("sha256:{}", Digest::of(&item.untrusted_bytes).to_hex());
        Incoming { id, ..item }
    };
    Batch { items: batch.items.into_iter().map(by_content).collect(), ..batch }
}

type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Service for Arc<Telegram> {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        Box::pin(Telegram::look(self, cursor.unwrap_or_default(), telegram::LONGEST_WAIT))
    }

    /// A look waits itself.
    fn wait(&mut self) -> Waiting<'_> {
        Box::pin(std::future::ready(()))
    }
}

impl Service for Inbox {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        Box::pin(Inbox::look(self, cursor))
    }

    fn wait(&mut self) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(POLL))
    }
}

impl Service for SlackSource {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        Box::pin(SlackSource::look(self, cursor.unwrap_or_default()))
    }

    fn wait(&mut self) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(POLL))
    }
}

impl Service for Imap {
    fn look<'a>(&'a mut self, cursor: Option<&'a str>) -> Looking<'a> {
        Box::pin(async move { Imap::look(self, cursor).await.map(named_by_content) })
    }

    fn wait(&mut self) -> Waiting<'_> {
        Box::pin(Imap::wait(self))
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Incoming, named_by_content};

    #[test]
    fn a_mail_that_was_numbered_anew_is_the_same_mail() {
        let item = |id: &str, bytes: &[u8]| Incoming { id: id.to_owned(), untrusted_bytes: bytes.to_vec() };
        let batch = |items| named_by_content(Batch { items, ..Batch::default() }).items;
        let (before, after) =
            (batch(vec![item("imap:1:7", b"mail")]), batch(vec![item("imap:2:1", b"mail")]));
        assert_eq!(before, after);
        assert_ne!(before, batch(vec![item("imap:1:7", b"another")]));
    }
}
