//! The calls, as values. The token goes into a header, never into a query.

use egress::{Body, Call, Credential};
use serde_json::json;

use super::TOKEN;
use super::timestamp::Timestamp;
use crate::Failure;

/// What Slack advises for a message; it cuts at 40,000, which this cannot become by escaping.
const LONGEST_TEXT: usize = 4000;

/// As many as Slack advises for a page.
pub(super) const PAGE: usize = 200;

/// A page of the longest messages with blocks, attachments and files.
const LONGEST_PAGE: usize = 16 * 1024 * 1024;

/// Steps are also what the pace is kept by.
pub(super) const ASKING_WHO: &str = "asking who the bot is";
pub(super) const LISTING: &str = "listing the channels";
pub(super) const LOOKING: &str = "looking for messages";
pub(super) const POSTING: &str = "posting the message";

pub(super) fn auth_test() -> Call {
    Call::get(ASKING_WHO, "endpoint", ["auth.test"]).by(Credential::Bearer(TOKEN))
}

pub(super) fn list(cursor: &str) -> Call {
    let call = Call::get(LISTING, "endpoint", ["conversations.list"])
        .with_query("types", "public_channel,private_channel")
        .with_query("exclude_archived", "true")
        .with_query("limit", PAGE.to_string())
        .by(Credential::Bearer(TOKEN));
    if cursor.is_empty() { call } else { call.with_query("cursor", cursor) }
}

/// Messages between two moments, neither of them included: `latest` is the present where nothing is said.
pub(super) fn history(
    channel: &str,
    oldest: Option<Timestamp>,
    latest: Option<Timestamp>,
    cursor: &str,
    limit: usize,
) -> Call {
    let call = Call::get(LOOKING, "endpoint", ["conversations.history"])
        .with_query("channel", channel)
        .with_query("limit", limit.to_string())
        .by(Credential::Bearer(TOKEN));
    let mut call = Call { longest_reply: LONGEST_PAGE, ..call };
    for (name, moment) in [("oldest", oldest), ("latest", latest)] {
        if let Some(moment) = moment {
            call = call.with_query(name, moment.to_string());
        }
    }
    if cursor.is_empty() { call } else { call.with_query("cursor", cursor) }
}

/// The text is shown as it is. Slack asks for three characters to be escaped and reads `<!channel>` and the like in no other
/// form; previews would make it fetch addresses that the owner did not approve.
pub(super) fn post(channel: &str, text: &str) -> Result<Call, Failure> {
    if !is_channel(channel) {
        return Err(Failure::Malformed { what: "the channel is not an id such as C0123456789" });
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(Failure::Malformed { what: "the text has more than 4000 characters" });
    }
    if text.trim().is_empty() {
        return Err(Failure::Malformed { what: "the text is empty" });
    }
    let body = json!({
        "channel": channel,
        "text": escaped(text),
        "parse": "none",
        "link_names": false,
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
    });
    let call = Call::post(POSTING, "endpoint", ["chat.postMessage"], Body::Json(body.to_string()));
    Ok(call.by(Credential::Bearer(TOKEN)))
}

/// The id of a channel, group or direct conversation.
pub(super) fn is_channel(text: &str) -> bool {
    text.starts_with(['C', 'G', 'D'])
        && (2..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>: these three and no others.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use egress::{Body, Call, Credential, Part};
    use serde_json::{Value, json};

    use super::super::{REACH, TOKEN};
    use super::*;

    fn body(call: &Call) -> Value {
        let Body::Json(text) = &call.body else { panic!("{:?}", call.body) };
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_call_is_one_that_is_declared_and_shows_the_token_in_a_header_only() {
        let moment = "1700000000.000100".parse().ok();
        for call in [
            auth_test(),
            list(""),
            list("dGVhbTpDMDYx"),
            history("C1", moment, moment, "x", PAGE),
            post("C1", "a").unwrap(),
        ] {
            let [path] = &call.path[..] else { panic!("{call:?}") };
            let [Part::Text(method)] = &path[..] else { panic!("{call:?}") };
            assert!(REACH.site(call.site, call.method, &[method]).is_ok(), "{call:?}");
            assert_eq!(call.credential, Credential::Bearer(TOKEN));
            assert!(call.query.iter().all(|(name, _)| *name != "token"));
        }
    }

    #[test]
    fn nothing_in_a_text_is_expanded() {
        let call = post("C1", "<!channel> <@U1> *b* &amp; <https://a.example|b> @here").unwrap();
        let expected = json!({
            "channel": "C1",
            "text": "&lt;!channel&gt; &lt;@U1&gt; *b* &amp;amp; &lt;https://a.example|b&gt; @here",
            "parse": "none", "link_names": false, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false,
        });
        assert_eq!(body(&call), expected);
    }

    #[test]
    fn a_post_has_a_channels_id_and_a_text_of_bounded_length() {
        for (channel, text, fits) in [
            ("C0123456789", "a".repeat(4000), true),
            ("C0123456789", "&".repeat(4000), true),
            ("C0123456789", "a".repeat(4001), false),
            ("C0123456789", "  ".into(), false),
            ("G1", "a".into(), true),
            ("D1", "a".into(), true),
            ("#general", "a".into(), false),
            ("U1", "a".into(), false),
            ("C", "a".into(), false),
            ("C1&x=1", "a".into(), false),
        ] {
            assert_eq!(post(channel, &text).is_ok(), fits, "{channel} {}", text.len());
        }
    }
}
