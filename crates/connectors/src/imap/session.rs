//! One connection to a server: commands go out under tags of ours, and what comes back is heard until the tag returns.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::frame::Frame;
use super::response::{Capabilities, Kind, Response, Status};
use crate::failure::{Cause, Failure};
use crate::mail_server::{Broken, Wire, within};

/// What a command may be answered with unless it asks for more.
pub(super) const SMALL_TALK: usize = 256 * 1024;

/// A connection whose greeting was heard.
pub(super) struct Session<S> {
    pub(super) wire: Wire<S>,
    commands: u32,
    pub(super) patience: Duration,
    pub(super) can: Capabilities,
    /// The folder grew since this was looked at last.
    pub(super) grown: bool,
}

// === impl Session ===

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A connection that says nothing first, as after STARTTLS.
    pub(super) fn new(stream: S, patience: Duration) -> Session<S> {
        let wire = Wire::new(stream);
        Session { wire, commands: 0, patience, can: Capabilities::default(), grown: false }
    }

    /// Hears the server's first words. [`Kind::PreAuth`]: it holds us to be signed in already.
    pub(super) async fn greeting(&mut self, step: &'static str) -> Result<Kind, Failure> {
        self.wire.allow(SMALL_TALK);
        let patience = self.patience;
        let heard = async { self.hear().await.map_err(|broken| broken.at(step)) };
        match within(patience, step, heard).await? {
            Response::Status(Status { kind: kind @ (Kind::Ok | Kind::PreAuth), .. }) => Ok(kind),
            Response::Status(status) => {
                Err(Failure::Unavailable { step, cause: Cause::Reply(status.to_reply()) })
            }
            Response::GoOn
            | Response::Done { .. }
            | Response::Capabilities(_)
            | Response::Exists(_)
            | Response::Fetch(_)
            | Response::Other => Err(Broken::NotUnderstood("this is no mail server's greeting").at(step)),
        }
    }

    /// What the server can do, asked anew: what it said before TLS or before we signed in does not count.
    pub(super) async fn capabilities(&mut self, step: &'static str) -> Result<Capabilities, Failure> {
        let mut can = None;
        self.command(step, "CAPABILITY", SMALL_TALK, |response| {
            if let Response::Capabilities(said) = response {
                can = Some(said);
            }
        })
        .await?;
        self.can = can.ok_or(Broken::NotUnderstood("it does not say what it can do").at(step))?;
        Ok(self.can)
    }

    /// The connection itself, when it was agreed to speak TLS from here on.
    pub(super) async fn starttls(mut self, step: &'static str) -> Result<S, Failure> {
        self.command(step, "STARTTLS", SMALL_TALK, |_| ()).await?;
        self.wire.into_drained().map_err(|broken| broken.at(step))
    }

    /// Sends one command and hears everything until it is done; `hear` is told what belongs to no tag.
    pub(super) async fn command(
        &mut self,
        step: &'static str,
        command: &str,
        allowance: usize,
        mut hear: impl FnMut(Response),
    ) -> Result<(), Failure> {
        let tag = self.next_tag();
        self.wire.allow(allowance);
        let patience = self.patience;
        let status = within(patience, step, async {
            let line = format!("{tag} {command}\r\n");
            self.wire.say(line.as_bytes()).await.map_err(|broken| broken.at(step))?;
            self.until_done(&tag, &mut hear).await.map_err(|ended| ended.at(step))
        })
        .await?;
        status.expect_ok(step)
    }

    /// Whether the folder grew since this was asked last.
    pub(super) fn take_grown(&mut self) -> bool {
        std::mem::take(&mut self.grown)
    }

    /// Says good-bye and does not wait.
    pub(super) async fn log_out(mut self) {
        let tag = self.next_tag();
        let line = format!("{tag} LOGOUT\r\n");
        let _ = tokio::time::timeout(Duration::from_secs(1), self.wire.say(line.as_bytes())).await;
    }

    pub(super) fn next_tag(&mut self) -> String {
        self.commands = self.commands.wrapping_add(1);
        format!("A{}", self.commands)
    }

    pub(super) async fn hear(&mut self) -> Result<Response, Broken> {
        let response = Response::of(&Frame::read(&mut self.wire).await?);
        self.grown |= matches!(response, Response::Exists(_));
        Ok(response)
    }

    pub(super) async fn until_done(
        &mut self,
        tag: &str,
        hear: &mut impl FnMut(Response),
    ) -> Result<Status, Ended> {
        loop {
            match self.hear().await? {
                Response::Done { untrusted_tag, status } if untrusted_tag == tag => return Ok(status),
                Response::Done { .. } => {
                    return Err(Broken::NotUnderstood("an answer to what was not asked").into());
                }
                Response::GoOn => {
                    return Err(Broken::NotUnderstood("it waits for more where there is no more").into());
                }
                Response::Status(status @ Status { kind: Kind::Bye, .. }) => return Err(Ended::Bye(status)),
                response @ (Response::Status(_)
                | Response::Capabilities(_)
                | Response::Exists(_)
                | Response::Fetch(_)
                | Response::Other) => hear(response),
            }
        }
    }

    /// Until the server waits for the rest of the command; or the status with which it refused to.
    pub(super) async fn until_go_on(&mut self, tag: &str) -> Result<Option<Status>, Broken> {
        loop {
            match self.hear().await? {
                Response::GoOn => return Ok(None),
                Response::Done { untrusted_tag, status }
                    if untrusted_tag == tag && status.kind != Kind::Ok =>
                {
                    return Ok(Some(status));
                }
                Response::Done { .. } => {
                    return Err(Broken::NotUnderstood("an answer to what was not asked"));
                }
                Response::Status(Status { kind: Kind::Bye, .. }) => return Err(Broken::Closed),
                Response::Status(_)
                | Response::Capabilities(_)
                | Response::Exists(_)
                | Response::Fetch(_)
                | Response::Other => {}
            }
        }
    }
}

/// Why a command has no end of its own.
pub(super) enum Ended {
    Broken(Broken),
    /// The server hung up, with words.
    Bye(Status),
}

impl From<Broken> for Ended {
    fn from(broken: Broken) -> Self {
        Ended::Broken(broken)
    }
}

impl Ended {
    pub(super) fn at(self, step: &'static str) -> Failure {
        match self {
            Ended::Broken(broken) => broken.at(step),
            Ended::Bye(status) => Failure::Unavailable { step, cause: Cause::Reply(status.to_reply()) },
        }
    }
}
