//! What a status means for whoever asked.

use super::response::{Code, Kind, Status};
use crate::failure::{Cause, Failure, Reply};
use crate::mail_server::CONNECTOR;

impl Status {
    /// Its words; IMAP has no numbers.
    pub(super) fn to_reply(&self) -> Reply {
        match &self.code {
            Code::Other(code) => Reply::new(0, &format!("[{code}] {}", self.untrusted_words)),
            Code::None | Code::UidValidity(_) | Code::UidNext(_) | Code::Capabilities(_) => {
                Reply::new(0, &self.untrusted_words)
            }
        }
    }

    pub(super) fn expect_ok(self, step: &'static str) -> Result<(), Failure> {
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
    pub(super) fn expect_signed_in(self, step: &'static str) -> Result<(), Failure> {
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
