//! What an HTTP reply means for the one call that it answers, where the provider's page says nothing of its own.

use std::time::Duration;

use egress::{Call, Client, Reply as Http};
use serde::Deserialize;
use serde_json::error::Category;

use crate::failure::{Cause, Effect, Failure, Reply};
use crate::retry::Retry;

/// A call that was made: whose, what for, and whether it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) connector: &'static str,
    pub(crate) step: &'static str,
    pub(crate) effect: Effect,
}

// === impl Asked ===

impl Asked {
    pub(crate) const fn new(client: &Client, call: &Call, effect: Effect) -> Asked {
        Asked { connector: client.reach().connector, step: call.step, effect }
    }

    /// Makes the call, again where that is allowed, and reads the reply.
    pub(crate) async fn ask<T>(
        &self,
        client: &Client,
        retry: &Retry,
        call: &Call,
        read: impl Fn(&Asked, &Http) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let attempt = || async {
            let reply = client.call(call).await;
            let reply = reply.map_err(|problem| Failure::without_reply(self.step, problem, self.effect))?;
            read(self, &reply)
        };
        retry.run(self.effect, attempt).await
    }

    /// The body of a reply that says that all went well. What it says besides is ignored.
    pub(crate) fn read<'reply, T: Deserialize<'reply>>(&self, http: &'reply Http) -> Result<T, Failure> {
        if http.content_type != "application/json" {
            return Err(self.not_understood("it is not JSON by its content type"));
        }
        serde_json::from_slice(&http.untrusted_body).map_err(|error| {
            // The parser's own words may quote the body.
            let what = match error.classify() {
                Category::Data => "a field is missing or of another kind",
                Category::Syntax | Category::Eof | Category::Io => "it is not JSON",
            };
            let (line, column) = (error.line(), error.column());
            self.not_understood(&format!("{what} (line {line}, column {column})"))
        })
    }

    /// What a status other than 2xx means (RFC 9110 section 15), with the provider's words.
    pub(crate) fn refused(&self, status: u16, words: &str, retry_after: Option<Duration>) -> Failure {
        let Asked { connector, step, effect: _ } = *self;
        let reply = Reply::new(status, &without_long_runs(words));
        match status {
            401 => Failure::NotAllowed { step, connector, reply },
            429 => Failure::Limited { step, retry_after, reply },
            // It did not wait for the end of the request, or so it says.
            408 | 500.. => self.broke_off(reply),
            400..=499 => Failure::Rejected { step, reply },
            _ => self.not_understood(&format!("HTTP status {status}")),
        }
    }

    /// The provider answered that it came to grief: what counts may have counted.
    pub(crate) fn broke_off(&self, reply: Reply) -> Failure {
        let Asked { connector: _, step, effect } = *self;
        let cause = Cause::Reply(reply);
        match effect {
            Effect::Once => Failure::Unknown { step, cause },
            Effect::None => Failure::Unavailable { step, cause },
        }
    }

    pub(crate) fn not_understood(&self, what: &str) -> Failure {
        Failure::not_understood(self.step, what, self.effect)
    }
}

/// Words from outside without what could be a token or an account's number: servers like to repeat the path they were asked
/// for.
pub(crate) fn without_long_runs(untrusted_words: &str) -> String {
    const LONGEST: usize = 24;
    let of_a_token = |c: char| c.is_ascii_alphanumeric() || "_-:%.".contains(c);
    let mut kept = String::new();
    let mut rest = untrusted_words;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(rest.find(|c| !of_a_token(c)).unwrap_or(rest.len()));
        if run.len() > LONGEST {
            kept.push('*');
        } else {
            kept.push_str(run);
        }
        let (between, next) = after.split_at(after.find(of_a_token).unwrap_or(after.len()));
        kept.push_str(between);
        rest = next;
    }
    kept
}

/// A whole number that has to be there, also where the provider writes it as a text.
pub(crate) fn whole_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    crate::lenient::number(from)?.ok_or_else(|| serde::de::Error::custom("it is null"))
}

#[cfg(test)]
mod tests {
    use super::{Asked, without_long_runs};
    use crate::failure::{Effect, Failure};
    use egress::Reply;
    use serde_json::Value;

    const READ: Asked = Asked { connector: "slack", step: "asking", effect: Effect::None };
    const SEND: Asked = Asked { connector: "slack", step: "sending", effect: Effect::Once };

    fn kind(failure: &Failure) -> &'static str {
        match failure {
            Failure::Malformed { .. } => "malformed",
            Failure::Rejected { .. } => "rejected",
            Failure::NotAllowed { .. } => "not allowed",
            Failure::Limited { .. } => "limited",
            Failure::Unavailable { .. } => "unavailable",
            Failure::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn a_status_says_whether_what_counts_may_have_counted() {
        for (status, read, send) in [
            (400, "rejected", "rejected"),
            (401, "not allowed", "not allowed"),
            (404, "rejected", "rejected"),
            (408, "unavailable", "unknown"),
            (429, "limited", "limited"),
            (500, "unavailable", "unknown"),
            (503, "unavailable", "unknown"),
            (304, "unavailable", "unknown"),
        ] {
            assert_eq!(kind(&READ.refused(status, "", None)), read, "{status}");
            assert_eq!(kind(&SEND.refused(status, "", None)), send, "{status}");
        }
    }

    #[test]
    fn a_success_that_is_not_understood_may_have_counted_and_quotes_nobody() {
        let reply = |content_type: &str, body: &str| Reply {
            status: 200,
            content_type: content_type.into(),
            retry_after: None,
            headers: Vec::new(),
            untrusted_body: body.into(),
        };
        for reply in [
            reply("text/html", "{}"),
            reply("application/json", "{\"private words\":"),
            reply("application/json", "private words"),
        ] {
            let failure = SEND.read::<Value>(&reply).unwrap_err();
            assert_eq!(kind(&failure), "unknown");
            assert!(!failure.to_string().contains("private"), "{failure}");
            assert_eq!(kind(&READ.read::<Value>(&reply).unwrap_err()), "unavailable");
        }
        let of_another_kind = reply("application/json", "{\"a\":\"private\"}");
        let failure = READ.read::<std::collections::BTreeMap<String, u8>>(&of_another_kind).unwrap_err();
        assert!(!failure.to_string().contains("private"), "{failure}");
    }

    #[test]
    fn what_may_be_a_token_is_not_repeated() {
        for (words, kept) in [
            ("no /bot123456789:AAbcdefghijklmnopqrstuvwxyz012345/getMe here", "no /*/getMe here"),
            ("Bad Request: chat not found", "Bad Request: chat not found"),
            ("/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef.json", "/2010-04-01/Accounts/*"),
            ("xoxb-000000000000-000000000000-abcdefghijklmnopqrstuvwx", "*"),
            ("\u{e9}", "\u{e9}"),
            ("", ""),
        ] {
            assert_eq!(without_long_runs(words), kept);
        }
    }
}
