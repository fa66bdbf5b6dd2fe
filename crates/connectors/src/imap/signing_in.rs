//! Saying who we are. The secrets are exposed here, as they are written, and nowhere else.

use tokio::io::{AsyncRead, AsyncWrite};

use super::session::{SMALL_TALK, Session};
use crate::failure::{Cause, Failure};
use crate::mail_server::{Broken, Login, within};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
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
}
