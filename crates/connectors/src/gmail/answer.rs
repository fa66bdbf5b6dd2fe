//! What Gmail's refusals mean (its guide "Resolve errors", and the error model of Google's APIs, AIP-193).

use egress::Reply;
use serde::Deserialize;

use super::{REACH, READONLY, SEND};
use crate::failure::{Cause, Effect, Failure, Reply as Said};
use crate::oauth::AccessToken;

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: Error,
}

#[derive(Default, Deserialize)]
struct Error {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    details: Vec<Reason>,
}

#[derive(Default, Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// The reply if it is a success, else what it means.
pub(super) fn success(
    step: &'static str,
    reply: Reply,
    effect: Effect,
    token: &AccessToken,
) -> Result<Reply, Failure> {
    if reply.is_success() {
        return Ok(reply);
    }
    let Reply { status, retry_after, untrusted_body, .. } = reply;
    let Refusal { error } = serde_json::from_slice(&untrusted_body).unwrap_or_default();
    let is = |reasons: &[&str]| {
        error.errors.iter().chain(&error.details).any(|said| reasons.contains(&said.reason.as_str()))
    };
    // A server that repeats what it was sent does not get it into a log.
    let words =
        if token.stands_in(&untrusted_body) { "(the answer repeats the token)" } else { &error.message };
    let said = Said::new(status, words);
    let connector = REACH.connector;
    Err(match status {
        429 => Failure::Limited { step, retry_after, reply: said },
        403 if is(&[
            "rateLimitExceeded",
            "userRateLimitExceeded",
            "dailyLimitExceeded",
            "RATE_LIMIT_EXCEEDED",
        ]) =>
        {
            Failure::Limited { step, retry_after, reply: said }
        }
        403 if is(&["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"]) => {
            let scope = match effect {
                Effect::None => READONLY,
                Effect::Once => SEND,
            };
            let words = format!("the consent does not hold the scope {scope}: {words}");
            Failure::NotAllowed { step, connector, reply: Said::new(status, &words) }
        }
        401 | 403 => Failure::NotAllowed { step, connector, reply: said },
        // It may have been done before it broke.
        408 | 500..=599 => match effect {
            Effect::None => Failure::Unavailable { step, cause: Cause::Reply(said) },
            Effect::Once => Failure::Unknown { step, cause: Cause::Reply(said) },
        },
        _ => Failure::Rejected { step, reply: said },
    })
}

/// Whether what was asked for is not there.
pub(super) fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::Rejected { reply: Said { code: 404, .. }, .. })
}

/// Why a reply is longer than it may be, if that is what failed.
pub(super) fn is_too_long(failure: &Failure) -> bool {
    use egress::Problem::MaybeSent;
    matches!(
        failure,
        Failure::Unavailable { cause: Cause::Egress(MaybeSent(egress::Cause::TooLong { .. })), .. }
    )
}
