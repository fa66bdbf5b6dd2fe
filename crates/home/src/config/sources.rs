//! Where content comes in.

use super::connectors::Connectors;
use crate::Home;
use crate::section::Section;
use action::Role;
use std::path::PathBuf;

/// What one reader reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name: email, telegram, slack or sms.
    pub name: &'static str,
    /// The reader that reads it.
    pub reader: Role,
    /// A folder that any program can fill.
    pub maildir: Option<PathBuf>,
    /// A service that is asked, or calls.
    pub feed: Option<Feed>,
    /// The channels of Slack that are read, however their messages come; with none named, all that Slack tells of.
    pub channels: Vec<String>,
}

/// A service that content is fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// `connectors.imap`.
    Imap,
    /// `connectors.gmail`.
    Gmail,
    /// `connectors.telegram`.
    Telegram,
    /// `connectors.slack`.
    Slack,
    /// `connectors.twilio`, which is not asked: it calls, as `webhooks` says.
    Twilio,
}

// === impl Feed ===

impl Feed {
    /// The connector's name.
    pub const fn connector(&self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Gmail => "gmail",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Twilio => "twilio",
        }
    }

    fn is_set_up(&self, connectors: &Connectors) -> bool {
        match self {
            Self::Imap => connectors.imap.is_some(),
            Self::Gmail => connectors.gmail.is_some(),
            Self::Telegram => connectors.telegram.is_some(),
            Self::Slack => connectors.slack.is_some(),
            Self::Twilio => connectors.twilio.is_some(),
        }
    }
}

/// Reads `[sources]`.
pub(super) fn read(
    section: &Section<'_, '_>,
    home: &Home,
    connectors: Option<&Connectors>,
    is_called: bool,
) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    for (name, reader) in [
        ("email", Role::ReaderEmail),
        ("telegram", Role::ReaderTelegram),
        ("slack", Role::ReaderSlack),
        ("sms", Role::ReaderSms),
    ] {
        let Some(source) = section.optional_section(name) else { continue };
        let feed = read_feed(&source, name);
        if feed == Some(Feed::Twilio) && !is_called {
            source.problem("connector", "is \"twilio\", which is not asked but calls: it needs [webhooks]");
        }
        let channels =
            if reader == Role::ReaderSlack { read_channels(&source, feed.as_ref()) } else { Vec::new() };
        let calls_us = is_called
            && connectors.is_some_and(|connectors| match name {
                "telegram" => connectors.telegram.is_some(),
                "slack" => connectors.slack.is_some(),
                _ => false,
            });
        let maildir = if source.has("maildir") || (feed.is_none() && !calls_us) {
            Some(home.resolve(&source.required_string("maildir", &format!("{name}/inbox"))))
        } else {
            None
        };
        if maildir.is_some() && connectors.and_then(Connectors::outbox) == maildir.as_ref() {
            source.problem(
                "maildir",
                "is also where outgoing mail goes, which would go round in circles; name another folder",
            );
        }
        if let Some(twin) = sources.iter().find(|other| maildir.is_some() && other.maildir == maildir) {
            source.problem(
                "maildir",
                format!("is already the folder of sources.{}; name another folder", twin.name),
            );
        }
        if let (Some(feed), Some(connectors)) = (&feed, connectors)
            && !feed.is_set_up(connectors)
        {
            let connector = feed.connector();
            source.problem(
                "connector",
                format!("is \"{connector}\", which needs [connectors.{connector}]; see `moltctl connect {connector}`"),
            );
        }
        source.finish();
        sources.push(Source { name, reader, maildir, feed, channels });
    }
    sources
}

fn read_feed(source: &Section<'_, '_>, name: &str) -> Option<Feed> {
    let choices: &[(&str, Option<&str>)] = match name {
        "email" => &[("none", None), ("imap", Some("imap")), ("gmail", Some("gmail"))],
        "telegram" => &[("none", None), ("telegram", Some("telegram"))],
        "sms" => &[("none", None), ("twilio", Some("twilio"))],
        _ => &[("none", None), ("slack", Some("slack"))],
    };
    Some(match source.choice("connector", choices, None)? {
        "imap" => Feed::Imap,
        "gmail" => Feed::Gmail,
        "telegram" => Feed::Telegram,
        "twilio" => Feed::Twilio,
        _ => Feed::Slack,
    })
}

fn read_channels(source: &Section<'_, '_>, feed: Option<&Feed>) -> Vec<String> {
    let channels = source.strings("channels");
    let is_id = |id: &String| {
        id.starts_with(['C', 'G', 'D']) && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    if (channels.is_empty() && feed.is_some()) || !channels.iter().all(is_id) {
        source.problem(
            "channels",
            "must name the channels that are read by their ids, for example channels = [\"C0123456789\"]; \
             `moltctl connectors test` lists them",
        );
    }
    channels
}
