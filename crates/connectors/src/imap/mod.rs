//! Taking mail out of a folder of an IMAP server (RFC 9051, RFC 3501).
//!
//! The folder is opened for reading only and messages are peeked at, so nothing here changes what the owner's other mail
//! programs show. What the server says is bounded before it is kept and checked before it is believed; whatever it says,
//! the outcome is a batch or a typed failure.
//!
//! **Numbers that are given anew.** A message is known by its folder's UIDVALIDITY and its UID. A server that loses its numbering
//! changes UIDVALIDITY, and then nobody can tell by the numbers what was handed over before. So the folder is read from its
//! beginning once more, less what arrived more than a day before the newest message that was met (the cursor remembers
//! when that was). What is left of the overlap is handed over again under new ids and with the same bytes: the caller drops a
//! message whose digest it has from this source already.

mod cursor;
mod fetch;
mod folder;
mod frame;
mod idle;
mod lexer;
mod look;
mod opening;
mod pause;
mod response;
mod session;
mod signing_in;
mod verdict;

use std::time::Duration;

use egress::Dialer;
use tokio::time::{Instant, sleep, sleep_until};

use crate::failure::Failure;
use crate::identity::Identity;
use crate::incoming::Batch;
use crate::mail_server::{Login, Security, Unusable, check};
use cursor::Cursor;
use folder::{Folder, quoted_name};
use opening::Private;
use pause::Pauses;

/// A connection on which nothing is said for half an hour may be closed (RFC 2177), and on the way there are those who are
/// less patient.
const LONGEST_IDLE: Duration = Duration::from_secs(28 * 60);

/// However much a server has to tell, it is looked at no more often than this.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Where the folder is and how the server is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImapSettings {
    /// The server's name, which its certificate must bear, or its address.
    pub host: String,
    /// Usually 993 with TLS, 143 with STARTTLS.
    pub port: u16,
    /// How the conversation is kept from others.
    pub security: Security,
    /// The folder's name as people write it.
    pub folder: String,
    /// Whether the very first look brings what is there already, and not only what comes from then on.
    pub from_the_start: bool,
    /// How long each step may take.
    pub timeout: Duration,
    /// How long a server may be waited for that tells of new mail; at most 28 minutes.
    pub idle: Duration,
    /// How often a server is asked that does not tell.
    pub poll: Duration,
}

/// A folder that mail is taken from.
pub struct Imap {
    settings: ImapSettings,
    quoted_folder: String,
    dialer: Dialer,
    login: Login,
    /// Only while nothing is under way on it: what is dropped in the middle of a conversation cannot be gone on with.
    session: Option<Private>,
    pauses: Pauses,
    /// A message that the server refused to give, and how often in a row.
    stuck: Option<(u32, u32, u32)>,
    looked: Option<Instant>,
}

// === impl ImapSettings ===

impl ImapSettings {
    /// The inbox, over TLS at the usual port.
    pub fn new(host: impl Into<String>) -> ImapSettings {
        ImapSettings {
            host: host.into(),
            port: 993,
            security: Security::Tls,
            folder: "INBOX".to_owned(),
            from_the_start: false,
            timeout: Duration::from_secs(30),
            idle: Duration::from_secs(14 * 60),
            poll: Duration::from_secs(60),
        }
    }
}

// === impl Imap ===

impl Imap {
    /// Checks the settings; nothing is connected yet.
    pub fn new(settings: ImapSettings, dialer: Dialer, login: Login) -> Result<Imap, Unusable> {
        check(&settings.host, settings.security, Some(&login))?;
        let quoted_folder = quoted_name(&settings.folder)?;
        let (session, stuck, looked) = (None, None, None);
        Ok(Imap { settings, quoted_folder, dialer, login, session, pauses: Pauses::default(), stuck, looked })
    }

    /// What came since the cursor. Without one: nothing yet, or all that is there if the settings say so.
    ///
    /// Reads only, so it may be dropped and asked again at any time.
    pub async fn look(&mut self, cursor: Option<&str>) -> Result<Batch, Failure> {
        let cursor = cursor.map(Cursor::parse).transpose()?;
        self.looked = Some(Instant::now());
        let kept = self.session.is_some();
        let mut outcome = self.look_once(cursor).await;
        if kept && matches!(outcome, Err(Failure::Unavailable { .. } | Failure::Rejected { .. })) {
            // A connection that was left open may be gone, or hold to a folder that is, and that is no news.
            outcome = self.look_once(cursor).await;
        }
        match &outcome {
            Ok(_) => self.pauses.forget(),
            Err(failure) => self.pauses.add(failure),
        }
        outcome
    }

    /// Until another look may be worth it: the folder grew, the time for asking anew has come, or the pause after a failure
    /// is over. What goes wrong here is told by the next look.
    pub async fn wait(&mut self) {
        if let Some(pause) = self.pauses.take() {
            return sleep(pause).await;
        }
        let earliest = self.looked.map(|looked| looked + SHORTEST_WAIT);
        if let Some(mut session) = self.session.take() {
            if session.take_grown() {
                self.session = Some(session);
            } else {
                match session.idle(self.settings.idle.min(LONGEST_IDLE)).await {
                    Ok(Some(())) => self.session = Some(session),
                    Ok(None) => {
                        self.session = Some(session);
                        sleep(self.settings.poll).await;
                    }
                    Err(_told_by_the_next_look) => {}
                }
            }
        }
        if let Some(earliest) = earliest {
            sleep_until(earliest).await;
        }
    }

    /// Signs in and opens the folder. Whose account it is stays in the vault.
    pub async fn identity(&mut self) -> Result<Identity, Failure> {
        let mut session = self.open().await?;
        let can = session.capabilities("signing in").await?;
        let folder = Folder::examine(&mut session, &self.quoted_folder).await?;
        session.log_out().await;
        let ImapSettings { host, port, folder: name, .. } = &self.settings;
        Ok(Identity::new(&format!("signed in at {host}:{port}"))
            .with("folder", name)
            .with("messages", &folder.exists.to_string())
            .with("new mail is", if can.idle { "told at once" } else { "asked for" }))
    }

    /// Says good-bye to the server.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.log_out().await;
        }
    }

    async fn look_once(&mut self, cursor: Option<Cursor>) -> Result<Batch, Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.open().await?,
        };
        let (batch, session_is_sound) = self.look_over(&mut session, cursor).await?;
        if session_is_sound {
            self.session = Some(session);
        }
        Ok(batch)
    }
}
