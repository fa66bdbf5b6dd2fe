//! Waiting for new mail (RFC 2177).

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::response::{Kind, Response, Status};
use super::session::{SMALL_TALK, Session};
use crate::failure::{Cause, Failure};
use crate::mail_server::within;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
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
}
