//! From nothing to a conversation in which a message may be handed over: connected, kept from others, signed in.

use egress::Problem;
use tokio::io::{AsyncRead, AsyncWrite};

use super::conversation::Conversation;
use super::reply::{Abilities, Answer};
use super::{Security, Smtp, SmtpConfig};
use crate::failure::{Cause, Effect, Failure};
use crate::mail_server::{Private, Stream, Wire, within};

impl Smtp {
    pub(super) async fn open(&self) -> Result<Conversation, Failure> {
        let SmtpConfig { host, port, security, hello_name: _, timeout } = &self.config;
        let not_sent =
            |step| move |not_sent| Failure::without_reply(step, Problem::NotSent(not_sent), Effect::None);
        let connecting = async { self.dialer.connect(host, *port).await.map_err(not_sent("connecting")) };
        let connected = within(*timeout, "connecting", connecting).await?;
        let stream: Box<dyn Stream> = match security {
            Security::None => Box::new(connected),
            Security::Tls => {
                let secured =
                    async { self.dialer.tls(host, connected).await.map_err(not_sent("connecting")) };
                Box::new(within(*timeout, "connecting", secured).await?)
            }
            Security::StartTls => {
                let mut clear = Wire::new(connected);
                let abilities = self.greet(&mut clear).await?;
                if !abilities.starttls {
                    let cause =
                        Cause::Connection("the server offers no STARTTLS; nothing was said".to_owned());
                    return Err(Failure::Unavailable { step: "starting TLS", cause });
                }
                within(
                    *timeout,
                    "starting TLS",
                    ask(&mut clear, "starting TLS", b"STARTTLS\r\n", |code| code == 220),
                )
                .await?;
                let drained = clear.into_drained().map_err(|broken| broken.at("starting TLS"))?;
                let secured =
                    async { self.dialer.tls(host, drained).await.map_err(not_sent("starting TLS")) };
                Box::new(within(*timeout, "starting TLS", secured).await?)
            }
        };
        let mut wire = Wire::new(stream);
        // What was said in the clear is forgotten (RFC 3207 section 4.2); after STARTTLS there is no second greeting.
        let abilities = match security {
            Security::StartTls => within(*timeout, "connecting", self.hello(&mut wire)).await?,
            Security::Tls | Security::None => self.greet(&mut wire).await?,
        };
        within(*timeout, "signing in", self.sign_in(&mut wire, &abilities)).await?;
        Ok(Conversation::new(wire, abilities, *timeout))
    }

    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        wire: &mut Wire<S>,
    ) -> Result<Abilities, Failure> {
        let greeted = async {
            let greeting = Answer::read(wire).await.map_err(|broken| broken.at("connecting"))?;
            greeting.expect("connecting", |code| code == 220)?;
            self.hello(wire).await
        };
        within(self.config.timeout, "connecting", greeted).await
    }

    async fn hello<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        wire: &mut Wire<S>,
    ) -> Result<Abilities, Failure> {
        let hello = format!("EHLO {}\r\n", self.config.hello_name);
        Ok(ask(wire, "connecting", hello.as_bytes(), |code| code == 250).await?.abilities())
    }

    async fn sign_in(&self, wire: &mut Private, abilities: &Abilities) -> Result<(), Failure> {
        const STEP: &str = "signing in";
        let Some(login) = &self.login else { return Ok(()) };
        if abilities.plain {
            let secrets = login.secrets(STEP)?;
            ask(wire, STEP, &secrets.plain("AUTH PLAIN "), |code| code == 235).await?;
        } else if abilities.login {
            let secrets = login.secrets(STEP)?;
            ask(wire, STEP, b"AUTH LOGIN\r\n", |code| code == 334).await?;
            ask(wire, STEP, &secrets.user_line(), |code| code == 334).await?;
            ask(wire, STEP, &secrets.password_line(), |code| code == 235).await?;
        } else {
            let cause = Cause::Connection("the server takes neither AUTH PLAIN nor AUTH LOGIN".to_owned());
            return Err(Failure::Unavailable { step: STEP, cause });
        }
        Ok(())
    }
}

/// Says a line and hears the answer, in a step before which and in which nothing happened.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    step: &'static str,
    line: &[u8],
    expected: impl Fn(u16) -> bool,
) -> Result<Answer, Failure> {
    wire.say(line).await.map_err(|broken| broken.at(step))?;
    Answer::read(wire).await.map_err(|broken| broken.at(step))?.expect(step, expected)
}
