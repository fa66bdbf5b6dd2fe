//! One connection to a server: commands go out under tags of ours, and what comes back is heard until the tag returns.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::frame::Frame;
use super::response::{Capabilities, Code, Kind, Response, Status};
use crate::failure::{Cause, Failure, Reply};
use crate::mail_server::{Broken, CONNECTOR, Login, Wire, within};

/// What a command may be answered with unless it asks for more.
pub(super) const SMALL_TALK: usize = 256 * 1024;

/// A connection whose greeting was heard.
pub(super) struct Session<S> {
    wire: Wire<S>,
    commands: u32,
    patience: Duration,
    can: Capabilities,
    /// The folder grew since this was looked at last.
    grown: bool,
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

    /// Says who we are, over a connection that nobody else hears.
    pub(super) async fn sign_in(&mut self, login: &Login) -> Result<(), Failure> {
        const STEP: &str = "signing in";
        let tag = self.next_tag();
        self.wire.allow(SMALL_TALK);
        let patience = self.patience;
        let status = within(patience, STEP, async {
            let broken = |broken: Broken| broken.at(STEP);
            if self.can.plain {
                let secrets = login.secrets(STEP)?;
                if self.can.initial_response {
                    self.wire
                        .say(&secrets.plain(&format!("{tag} AUTHENTICATE PLAIN ")))
                        .await
                        .map_err(broken)?;
                } else {
                    self.wire
                        .say(format!("{tag} AUTHENTICATE PLAIN\r\n").as_bytes())
                        .await
                        .map_err(broken)?;
                    if let Some(refused) = self.until_go_on(&tag).await.map_err(broken)? {
                        return Ok(refused);
                    }
                    self.wire.say(&secrets.plain("")).await.map_err(broken)?;
                }
            } else if self.can.login_disabled {
                let cause = Cause::Connection("the server takes neither AUTH=PLAIN nor LOGIN".to_owned());
                return Err(Failure::Unavailable { step: STEP, cause });
            } else {
                // As literals, because a password may hold whatever quotes and escapes are made of.
                let secrets = login.secrets(STEP)?;
                let [user, password] = secrets.expose();
                let announced = format!("{tag} LOGIN {{{}}}\r\n", user.len());
                let between = format!(" {{{}}}\r\n", password.len());
                let parts = [(announced.as_bytes(), true), (user, false), (between.as_bytes(), true)];
                for (part, must_wait) in parts {
                    self.wire.say(part).await.map_err(broken)?;
                    if must_wait && let Some(refused) = self.until_go_on(&tag).await.map_err(broken)? {
                        return Ok(refused);
                    }
                }
                self.wire.say(password).await.map_err(broken)?;
                self.wire.say(b"\r\n").await.map_err(broken)?;
            }
            self.until_done(&tag, &mut |_| ()).await.map_err(|ended| ended.at(STEP))
        })
        .await?;
        status.expect_signed_in(STEP)
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

    /// Waits until the folder grows, at most so long. Nothing when the server does not do that after all.
    pub(super) async fn idle(&mut self, at_most: Duration) -> Result<Option<()>, Failure> {
        const STEP: &str = "waiting for mail";
        if !self.can.idle {
            return Ok(None);
        }
        let tag = self.next_tag();
        self.wire.allow(SMALL_TALK);
        let patience = self.patience;
        let begun = within(patience, STEP, async {
            self.wire.say(format!("{tag} IDLE\r\n").as_bytes()).await.map_err(|broken| broken.at(STEP))?;
            self.until_go_on(&tag).await.map_err(|broken| broken.at(STEP))
        });
        if begun.await?.is_some() {
            self.can.idle = false;
            return Ok(None);
        }
        let end = tokio::time::Instant::now() + at_most;
        while !self.grown {
            match tokio::time::timeout_at(end, self.wire.something()).await {
                Err(_elapsed) => break,
                Ok(something) => something.map_err(|broken| broken.at(STEP))?,
            }
            let heard = async { self.hear().await.map_err(|broken| broken.at(STEP)) };
            let response = within(patience, STEP, heard).await?;
            if let Response::Status(status @ Status { kind: Kind::Bye, .. }) = response {
                return Err(Failure::Unavailable { step: STEP, cause: Cause::Reply(status.to_reply()) });
            }
        }
        let done = within(patience, STEP, async {
            self.wire.say(b"DONE\r\n").await.map_err(|broken| broken.at(STEP))?;
            self.until_done(&tag, &mut |_| ()).await.map_err(|ended| ended.at(STEP))
        });
        done.await?.expect_ok(STEP)?;
        Ok(Some(()))
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

    fn next_tag(&mut self) -> String {
        self.commands = self.commands.wrapping_add(1);
        format!("A{}", self.commands)
    }

    async fn hear(&mut self) -> Result<Response, Broken> {
        let response = Response::of(&Frame::read(&mut self.wire).await?);
        self.grown |= matches!(response, Response::Exists(_));
        Ok(response)
    }

    async fn until_done(&mut self, tag: &str, hear: &mut impl FnMut(Response)) -> Result<Status, Ended> {
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
    async fn until_go_on(&mut self, tag: &str) -> Result<Option<Status>, Broken> {
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
enum Ended {
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
    fn at(self, step: &'static str) -> Failure {
        match self {
            Ended::Broken(broken) => broken.at(step),
            Ended::Bye(status) => Failure::Unavailable { step, cause: Cause::Reply(status.to_reply()) },
        }
    }
}

// === impl Status ===

impl Status {
    /// Its words; IMAP has no numbers.
    fn to_reply(&self) -> Reply {
        match &self.code {
            Code::Other(code) => Reply::new(0, &format!("[{code}] {}", self.untrusted_words)),
            Code::None | Code::UidValidity(_) | Code::UidNext(_) | Code::Capabilities(_) => {
                Reply::new(0, &self.untrusted_words)
            }
        }
    }

    fn expect_ok(self, step: &'static str) -> Result<(), Failure> {
        let reply = self.to_reply();
        match (self.kind, self.later(step)) {
            (Kind::Ok, _) => Ok(()),
            (_, Some(later)) => Err(later),
            (Kind::No | Kind::Bad | Kind::PreAuth | Kind::Bye, None) => Err(match &self.code {
                Code::Other(code) if matches!(code.as_str(), "NOPERM" | "CONTACTADMIN" | "EXPIRED") => {
                    Failure::NotAllowed { step, connector: CONNECTOR, reply }
                }
                Code::None
                | Code::UidValidity(_)
                | Code::UidNext(_)
                | Code::Capabilities(_)
                | Code::Other(_) => Failure::Rejected { step, reply },
            }),
        }
    }

    /// NO is about who we are, unless the server says that it is about itself.
    fn expect_signed_in(self, step: &'static str) -> Result<(), Failure> {
        match self.kind {
            Kind::No => {
                let reply = self.to_reply();
                Err(self.later(step).unwrap_or(Failure::NotAllowed { step, connector: CONNECTOR, reply }))
            }
            Kind::Ok | Kind::Bad | Kind::PreAuth | Kind::Bye => self.expect_ok(step),
        }
    }

    /// What a server refuses for now only (RFC 5530 section 3, RFC 9051 section 7.1).
    fn later(&self, step: &'static str) -> Option<Failure> {
        let Code::Other(code) = &self.code else { return None };
        match code.as_str() {
            "LIMIT" | "THROTTLED" => {
                Some(Failure::Limited { step, retry_after: None, reply: self.to_reply() })
            }
            "UNAVAILABLE" | "INUSE" | "SERVERBUG" => {
                Some(Failure::Unavailable { step, cause: Cause::Reply(self.to_reply()) })
            }
            _ => None,
        }
    }
}
