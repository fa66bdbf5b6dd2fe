//! The connectors: how mail leaves, and which services are set up.

use super::way_out::{Security, Server, WayOut};
use crate::Home;
use crate::section::Section;
use action::Address;
use std::path::PathBuf;

/// What is set up. A service whose section is missing is not reached at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connectors {
    /// Who mail is from.
    pub mail_from: Address,
    /// How mail leaves.
    pub mail_delivery: MailDelivery,
    /// A mailbox that is read by IMAP.
    pub imap: Option<Imap>,
    /// Gmail.
    pub gmail: Option<WayOut>,
    /// Telegram.
    pub telegram: Option<WayOut>,
    /// Slack.
    pub slack: Option<WayOut>,
    /// Twilio.
    pub twilio: Option<WayOut>,
}

/// How mail leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailDelivery {
    /// Into a Maildir.
    Maildir(PathBuf),
    /// To a server.
    Smtp(Server),
    /// By Gmail, as `connectors.gmail` says.
    Gmail,
}

/// A mailbox on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imap {
    /// The server.
    pub server: Server,
    /// The folder that is read.
    pub folder: String,
}

// === impl Connectors ===

impl Connectors {
    /// Reads `[connectors]`. Without an address that mail is from there is nothing to return; a problem says so.
    pub(super) fn read(section: &Section<'_, '_>, home: &Home) -> Option<Self> {
        let mail = section.section("mail");
        let (mail_from, mail_delivery) = read_mail(&mail, home);
        mail.finish();
        let imap = section.optional_section("imap").map(|imap| {
            let server = Server::read(&imap, home, (993, Security::Tls), true);
            let folder = imap.string("folder", "INBOX");
            imap.finish();
            Imap { server, folder }
        });
        let service = |name, sites: &[(&'static str, &str)]| {
            let service = section.optional_section(name)?;
            let way_out = WayOut::read(&service, home, sites);
            service.finish();
            Some(way_out)
        };
        let gmail = service(
            "gmail",
            &[
                ("endpoint", "https://gmail.googleapis.com"),
                ("token_endpoint", "https://oauth2.googleapis.com"),
                ("consent_endpoint", "https://accounts.google.com"),
            ],
        );
        let telegram = service("telegram", &[("endpoint", "https://api.telegram.org")]);
        let slack = service("slack", &[("endpoint", "https://slack.com/api")]);
        let twilio = service("twilio", &[("endpoint", "https://api.twilio.com")]);
        if mail_delivery == MailDelivery::Gmail && gmail.is_none() {
            section.problem(
                "mail.deliver",
                "is \"gmail\", which needs [connectors.gmail]; write it, or choose another",
            );
        }
        for key in section.unknown() {
            section
                .problem(&key, "is not a connector; known are mail, imap, gmail, telegram, slack and twilio");
        }
        Some(Self { mail_from: mail_from?, mail_delivery, imap, gmail, telegram, slack, twilio })
    }

    /// What of them is not as the provider has it: the connector, and what, in words. Shown wherever the state is.
    pub fn deviations(&self) -> Vec<(&'static str, String)> {
        let smtp = match &self.mail_delivery {
            MailDelivery::Smtp(server) => Some(&server.way_out),
            MailDelivery::Maildir(_) | MailDelivery::Gmail => None,
        };
        let imap = self.imap.as_ref().map(|imap| &imap.server.way_out);
        let all = [
            ("mail", smtp),
            ("imap", imap),
            ("gmail", self.gmail.as_ref()),
            ("telegram", self.telegram.as_ref()),
            ("slack", self.slack.as_ref()),
            ("twilio", self.twilio.as_ref()),
        ];
        let ways = all.into_iter().filter_map(|(name, way_out)| Some((name, way_out?)));
        ways.flat_map(|(name, way_out)| way_out.deviations().into_iter().map(move |what| (name, what)))
            .collect()
    }

    /// The Maildir that mail leaves through, if it does.
    pub fn outbox(&self) -> Option<&PathBuf> {
        match &self.mail_delivery {
            MailDelivery::Maildir(folder) => Some(folder),
            MailDelivery::Smtp(_) | MailDelivery::Gmail => None,
        }
    }
}

fn read_mail(mail: &Section<'_, '_>, home: &Home) -> (Option<Address>, MailDelivery) {
    #[derive(Clone, Copy)]
    enum Way {
        Maildir,
        Smtp,
        Gmail,
    }
    let from = mail
        .string("from", "moltbot@localhost")
        .parse()
        .map_err(|error| mail.problem("from", format!("{error}")));
    let ways = [("maildir", Way::Maildir), ("smtp", Way::Smtp), ("gmail", Way::Gmail)];
    let way = mail.choice("deliver", &ways, Way::Maildir);
    let maildir = home.resolve(&mail.string("maildir", "mail/outbox"));
    // Read in any case, so that a slip in it is found before it is needed.
    let smtp = mail.optional_section("smtp").map(|smtp| {
        let server = Server::read(&smtp, home, (587, Security::StartTls), false);
        smtp.finish();
        server
    });
    let delivery = match (way, smtp) {
        (Way::Maildir, _) => MailDelivery::Maildir(maildir),
        (Way::Gmail, _) => MailDelivery::Gmail,
        (Way::Smtp, Some(server)) => MailDelivery::Smtp(server),
        (Way::Smtp, None) => {
            mail.problem(
                "smtp",
                "is missing; deliver = \"smtp\" needs [connectors.mail.smtp] with host, port and security",
            );
            MailDelivery::Maildir(maildir)
        }
    };
    (from.ok(), delivery)
}
