//! Who may reach what, for the owner's eyes.

use connectors::{gmail, slack, telegram, twilio};
use egress::{Attempt, Reach, Wall};
use home::{Connectors, MailDelivery, Server, WayOut};
use serde::Serialize;

/// What one connector may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// Its name.
    pub connector: &'static str,
    /// What it may say, and where: `POST https://api.telegram.org/bot*/sendMessage`.
    pub calls: Vec<String>,
    /// What is not as its provider has it, in words.
    pub deviations: Vec<String>,
}

/// A wall that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TriedWall {
    /// What must not be possible.
    pub attack: &'static str,
    /// `refused`, `got-through` or `not-tried`.
    pub result: &'static str,
    /// In words.
    pub detail: String,
}

// === impl Reached ===

impl Reached {
    /// Of every connector that is set up.
    pub fn of(connectors: &Connectors) -> Vec<Self> {
        let services = [
            (&gmail::REACH, &connectors.gmail),
            (&telegram::REACH, &connectors.telegram),
            (&slack::REACH, &connectors.slack),
            (&twilio::REACH, &connectors.twilio),
        ];
        let services =
            services.into_iter().filter_map(|(reach, way_out)| Some(of_service(reach, way_out.as_ref()?)));
        let smtp = match &connectors.mail_delivery {
            MailDelivery::Smtp(server) => Some(of_server("mail", "smtp", server)),
            MailDelivery::Maildir(_) | MailDelivery::Gmail => None,
        };
        let imap = connectors.imap.as_ref().map(|imap| of_server("imap", "imap", &imap.server));
        smtp.into_iter().chain(imap).chain(services).collect()
    }
}

fn of_service(reach: &Reach, way_out: &WayOut) -> Reached {
    let mut calls = Vec::new();
    for site in reach.sites {
        let other = way_out.addresses.iter().find(|(name, _)| name == site.name);
        let address = other.map_or(site.address, |(_, address)| address.as_str()).trim_end_matches('/');
        calls.extend(site.paths.iter().map(|rule| format!("{} {address}{}", rule.method, rule.pattern)));
    }
    Reached { connector: reach.connector, calls, deviations: way_out.deviations() }
}

fn of_server(connector: &'static str, scheme: &str, server: &Server) -> Reached {
    let tls = match server.security {
        home::Security::Tls => "TLS",
        home::Security::StartTls => "STARTTLS",
        home::Security::None => "WITHOUT TLS",
    };
    let calls = vec![format!("{scheme}://{}:{} with {tls}", server.host, server.port)];
    Reached { connector, calls, deviations: server.way_out.deviations() }
}

// === impl TriedWall ===

impl From<&Wall> for TriedWall {
    fn from(wall: &Wall) -> Self {
        let (result, detail) = match &wall.result {
            Attempt::Refused(words) => ("refused", words),
            Attempt::GotThrough(words) => ("got-through", words),
            Attempt::NotTried(words) => ("not-tried", words),
        };
        Self { attack: wall.attack, result, detail: detail.clone() }
    }
}
