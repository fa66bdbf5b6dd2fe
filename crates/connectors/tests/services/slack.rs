//! A bot at Slack's stand-in.

use std::collections::BTreeSet;
use std::sync::Arc;

use connectors::Failure;
use connectors::slack::{REACH, Slack, SlackSource};
use serde_json::json;

use crate::impatient;
use crate::stand_in::{self, Fault, How, StandIn};

type Server = StandIn<stand_in::slack::Slack>;

async fn bot() -> (Server, Arc<Slack>) {
    let server = StandIn::start(stand_in::slack::Slack::new()).await;
    let slack = Slack::new(server.client(&REACH), impatient());
    (server, Arc::new(slack))
}

fn ts(nth: u32) -> String {
    format!("17000{:05}.{:06}", nth / 3, nth)
}

async fn source(server: &Server, slack: &Arc<Slack>, channels: &[&str]) -> (SlackSource, String) {
    for channel in channels {
        server.state().provider.says(channel, "1600000000.000001", "long ago");
    }
    let channels = channels.iter().map(|&channel| channel.to_owned()).collect();
    let mut source = SlackSource::new(Arc::clone(slack), channels).unwrap();
    let batch = source.look("").await.unwrap();
    assert!(
        batch.items.is_empty() && batch.refused.is_empty() && !batch.more,
        "reading begins now: {batch:?}"
    );
    (source, batch.cursor)
}

/// Everything behind the cursor, and the last cursor.
async fn all(source: &mut SlackSource, cursor: &str) -> (Vec<String>, String) {
    let (mut ids, mut cursor, mut more) = (Vec::new(), cursor.to_owned(), true);
    while more {
        let batch = source.look(&cursor).await.unwrap();
        ids.extend(batch.items.into_iter().map(|item| item.id));
        (cursor, more) = (batch.cursor, batch.more);
    }
    (ids, cursor)
}

#[tokio::test]
async fn the_bot_is_told_by_its_name_and_its_team() {
    let (_server, slack) = bot().await;
    assert_eq!(slack.identity().await.unwrap().who, "molt at Acme");
}

#[tokio::test]
async fn all_channels_are_listed_however_many_pages_they_take() {
    let (server, slack) = bot().await;
    (0..450).for_each(|nth| server.state().provider.says(&format!("C{nth:03}"), "1.000000", "x"));
    let channels = slack.channels().await.unwrap();
    assert_eq!(channels.iter().map(|channel| &channel.id).collect::<BTreeSet<_>>().len(), 450);
    assert_eq!(server.state().requests.len(), 3);
    server.state().provider.page = 1;
    let failure = slack.channels().await.unwrap_err();
    assert!(failure.to_string().contains("does not end"), "{failure}");
}

#[tokio::test]
async fn a_text_arrives_as_it_was_approved_and_nothing_in_it_is_expanded() {
    let (server, slack) = bot().await;
    server.state().provider.says("C1", "1.000000", "x");
    let posted = slack.post("C1", "<!channel> & <@U1> *b*").await.unwrap();
    assert_eq!((posted.channel.as_str(), posted.ts.as_str()), ("C1", "1800000000.000001"));
    assert_eq!(server.state().done, ["C1: &lt;!channel&gt; &amp; &lt;@U1&gt; *b*"]);
    let request = server.state().requests[0].json();
    for off in ["unfurl_links", "unfurl_media", "mrkdwn", "link_names"] {
        assert_eq!(request[off], json!(false), "{off}");
    }
}

#[tokio::test]
async fn a_refusal_under_http_200_posts_nothing() {
    let (server, slack) = bot().await;
    server.state().provider.says("C1", "1.000000", "x");
    assert!(matches!(slack.post("C2", "hi").await, Err(Failure::Rejected { .. })));
    server.state().provider.refuses = Some("token_revoked");
    assert!(matches!(slack.post("C1", "hi").await, Err(Failure::NotAllowed { .. })));
    server.state().provider.refuses = Some("fatal_error");
    assert!(slack.post("C1", "hi").await.unwrap_err().may_have_happened());
    assert!(server.state().done.is_empty());
}

#[tokio::test]
async fn what_slack_puts_off_is_not_asked_before() {
    let (server, slack) = bot().await;
    server.state().provider.says("C1", "1.000000", "x");
    server.meets(Fault::Before(How::TooMany(600)));
    for _ in 0..3 {
        let failure = slack.post("C1", "hi").await.unwrap_err();
        assert!(matches!(failure, Failure::Limited { retry_after: Some(_), .. }), "{failure}");
    }
    assert_eq!(server.state().requests.len(), 1, "the two others were not even sent");
    slack.identity().await.unwrap();
}

#[tokio::test]
async fn messages_come_oldest_first_each_once_and_bytes_as_they_are() {
    let (server, slack) = bot().await;
    let (mut source, cursor) = source(&server, &slack, &["C1", "C2"]).await;
    (0..5).for_each(|nth| server.state().provider.says("C1", &ts(nth), "x"));
    server.state().provider.says("C2", &ts(2), "y");
    let batch = source.look(&cursor).await.unwrap();
    let expected: Vec<_> =
        (0..5).map(|nth| format!("C1:{}", ts(nth))).chain([format!("C2:{}", ts(2))]).collect();
    assert_eq!(batch.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), expected);
    let item: serde_json::Value = serde_json::from_slice(&batch.items[5].untrusted_bytes).unwrap();
    assert_eq!((&item["channel"], &item["message"]["text"]), (&json!("C2"), &json!("y")));
    assert_eq!(batch.cursor, format!("C1={};C2={}", ts(4), ts(2)));
    assert_eq!(source.look(&cursor).await.unwrap(), batch, "the same cursor, the same batch");
    assert_eq!(source.look(&batch.cursor).await.unwrap().items, []);
}

#[tokio::test]
async fn a_long_absence_is_caught_up_with_in_order_while_more_is_said() {
    for (restarts, ends_count) in [(false, false), (true, false), (false, true), (true, true)] {
        let (server, slack) = bot().await;
        let (mut source, mut cursor) = source(&server, &slack, &["C1"]).await;
        server.state().provider.page = 7;
        server.state().provider.ends_count = ends_count;
        (0..40).for_each(|nth| server.state().provider.says("C1", &ts(nth), "x"));
        let (mut ids, mut more, mut said) = (Vec::new(), true, 40);
        while more {
            let batch = source.look(&cursor).await.unwrap();
            assert!(batch.items.len() <= 7, "no more than a page is held");
            ids.extend(batch.items.into_iter().map(|item| item.id));
            (cursor, more) = (batch.cursor, batch.more);
            if said < 60 {
                (said..said + 5).for_each(|nth| server.state().provider.says("C1", &ts(nth), "x"));
                said += 5;
            }
            if restarts {
                source = SlackSource::new(Arc::clone(&slack), vec!["C1".to_owned()]).unwrap();
            }
        }
        ids.extend(all(&mut source, &cursor).await.0);
        assert_eq!(
            ids,
            (0..60).map(|nth| format!("C1:{}", ts(nth))).collect::<Vec<_>>(),
            "{restarts} {ends_count}"
        );
    }
}

#[tokio::test]
async fn remembering_where_pages_begin_saves_calls() {
    let calls = async |restarts: bool| {
        let (server, slack) = bot().await;
        let (mut source, mut cursor) = source(&server, &slack, &["C1"]).await;
        server.state().provider.page = 5;
        (0..100).for_each(|nth| server.state().provider.says("C1", &ts(nth), "x"));
        let (before, mut more) = (server.state().requests.len(), true);
        while more {
            let batch = source.look(&cursor).await.unwrap();
            (cursor, more) = (batch.cursor, batch.more);
            if restarts {
                source = SlackSource::new(Arc::clone(&slack), vec!["C1".to_owned()]).unwrap();
            }
        }
        server.state().requests.len() - before
    };
    assert_eq!(calls(false).await, 20 + 19, "each page is walked over once and handed over once");
    assert!(calls(true).await > 200);
}

#[tokio::test]
async fn what_the_bot_said_itself_is_not_read_and_notices_are_told_as_refused() {
    let (server, slack) = bot().await;
    let (mut source, cursor) = source(&server, &slack, &["C1"]).await;
    {
        let slack = &mut server.state().provider;
        slack.is_told("C1", &ts(1), json!({"ts": ts(1), "bot_id": "B1", "text": "own"}));
        slack.is_told("C1", &ts(2), json!({"ts": ts(2), "user": "U1", "text": "own"}));
        slack.is_told("C1", &ts(3), json!({"ts": ts(3), "subtype": "channel_join", "text": "<@U9> joined"}));
        slack.is_told(
            "C1",
            &ts(4),
            json!({"ts": ts(4), "subtype": "bot_message", "bot_id": "B9", "text": "other"}),
        );
        slack.is_told("C1", &ts(5), json!({"ts": 5, "text": "no moment"}));
    }
    let batch = source.look(&cursor).await.unwrap();
    assert_eq!(batch.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), [format!("C1:{}", ts(4))]);
    let refused = [
        ("C1".to_owned(), "it has no moment".to_owned()),
        (format!("C1:{}", ts(3)), "it is a notice: channel_join".to_owned()),
    ];
    assert_eq!(batch.refused, refused);
    assert_eq!(batch.cursor, format!("C1={}", ts(4)), "what is not handed over is passed");
}

#[tokio::test]
async fn a_channel_that_slack_refuses_is_told_once_and_does_not_keep_the_others_from_being_read() {
    let (server, slack) = bot().await;
    let (mut source, cursor) = source(&server, &slack, &["C1", "C2"]).await;
    let taken = server.state().provider.channels.remove("C1").unwrap();
    server.state().provider.says("C2", &ts(1), "x");
    let batch = source.look(&cursor).await.unwrap();
    assert_eq!((batch.items.len(), batch.refused.len()), (1, 1));
    assert!(batch.refused[0].1.contains("channel_not_found"), "{batch:?}");
    assert_eq!(source.look(&batch.cursor).await.unwrap().refused, []);
    server.state().provider.channels.insert("C1".to_owned(), taken);
    server.state().provider.says("C1", &ts(2), "back");
    assert_eq!(source.look(&batch.cursor).await.unwrap().items.len(), 1);
    server.state().provider.channels.remove("C1");
    assert_eq!(source.look(&batch.cursor).await.unwrap().refused.len(), 1);
}

#[tokio::test]
async fn what_the_first_channels_said_is_handed_over_though_a_later_one_fails() {
    let (server, slack) = bot().await;
    let (mut source, cursor) = source(&server, &slack, &["C1", "C2"]).await;
    for channel in ["C1", "C2"] {
        server.state().provider.says(channel, &ts(1), "x");
    }
    server.state().provider.broken = Some("C2".to_owned());
    let batch = source.look(&cursor).await.unwrap();
    assert_eq!(batch.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), [format!("C1:{}", ts(1))]);
    assert_eq!(batch.cursor, format!("C1={};C2=1600000000.000001", ts(1)), "C2 is where it was");
    assert!(batch.more);
    assert!(
        matches!(source.look(&batch.cursor).await, Err(Failure::Unavailable { .. })),
        "nothing to hand over"
    );
    server.state().provider.broken = None;
    assert_eq!(source.look(&batch.cursor).await.unwrap().items.len(), 1);
}
