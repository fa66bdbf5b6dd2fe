//! From nothing to a session that is signed in: connected to a checked address, kept from others, and only then known.

use egress::Problem;

use super::response::Kind;
use super::session::Session;
use super::{Imap, ImapSettings};
use crate::failure::{Cause, Effect, Failure};
use crate::mail_server::{Security, Stream, within};

/// A session over TLS, or within this machine.
pub(super) type Private = Session<Box<dyn Stream>>;

impl Imap {
    pub(super) async fn open(&self) -> Result<Private, Failure> {
        let ImapSettings { host, port, security, timeout, .. } = &self.settings;
        let failed =
            |step| move |not_sent| Failure::without_reply(step, Problem::NotSent(not_sent), Effect::None);
        let connecting = async { self.dialer.connect(host, *port).await.map_err(failed("connecting")) };
        let connected = within(*timeout, "connecting", connecting).await?;
        let mut session = match security {
            Security::None => Session::new(Box::new(connected) as Box<dyn Stream>, *timeout),
            Security::Tls => {
                let securing = async { self.dialer.tls(host, connected).await.map_err(failed("connecting")) };
                let secured = within(*timeout, "connecting", securing).await?;
                Session::new(Box::new(secured) as Box<dyn Stream>, *timeout)
            }
            Security::StartTls => {
                const STEP: &str = "starting TLS";
                let mut clear = Session::new(connected, *timeout);
                // A greeting that holds us to be signed in would keep us from ever starting TLS (CVE-2020-14093).
                let offered = clear.greeting("connecting").await? == Kind::Ok
                    && clear.capabilities("connecting").await?.starttls;
                if !offered {
                    let words = "the server offers no STARTTLS; nothing was said".to_owned();
                    return Err(Failure::Unavailable { step: STEP, cause: Cause::Connection(words) });
                }
                let drained = clear.starttls(STEP).await?;
                let securing = async { self.dialer.tls(host, drained).await.map_err(failed(STEP)) };
                let secured = within(*timeout, STEP, securing).await?;
                Session::new(Box::new(secured) as Box<dyn Stream>, *timeout)
            }
        };
        let known = match security {
            // After STARTTLS there is no second greeting.
            Security::StartTls => false,
            Security::Tls | Security::None => session.greeting("connecting").await? == Kind::PreAuth,
        };
        if !known {
            session.capabilities("connecting").await?;
            session.sign_in(&self.login).await?;
        }
        // A server may be able to do more for those whom it knows.
        session.capabilities("signing in").await?;
        Ok(session)
    }
}
