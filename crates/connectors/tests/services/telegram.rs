//! A bot at Telegram's stand-in.

use std::time::Duration;

use connectors::telegram::{REACH, Sent, Telegram};
use connectors::webhook::{Refusal, UntrustedRequest, from_telegram};
use connectors::{Failure, telegram::WEBHOOK_SECRET};
use serde_json::json;
use vault::Secret;

use crate::impatient;
use crate::stand_in::{self, StandIn, secret_of};

async fn bot() -> (StandIn<stand_in::telegram::Telegram>, Telegram) {
    let server = StandIn::start(stand_in::telegram::Telegram::new()).await;
    let bot = Telegram::new(server.client(&REACH), impatient());
    (server, bot)
}

#[tokio::test]
async fn the_bot_is_told_by_its_name() {
    let (_server, bot) = bot().await;
    assert_eq!(bot.identity().await.unwrap().who, "@molt_bot");
}

#[tokio::test]
async fn a_text_arrives_as_it_was_approved() {
    let (server, bot) = bot().await;
    let text = "<b>hi</b> *you* _there_ [x](https://a.example) \u{1f600}\n& \"more\"";
    assert_eq!(bot.send("-5", text).await.unwrap(), Sent { chat: -5, message: 1 });
    bot.send("@news", &"\u{1f600}".repeat(2048)).await.unwrap();
    assert_eq!(server.state().done[0], format!("-5: {text}"));
    let request = server.state().requests[0].json();
    assert_eq!(request["link_preview_options"], json!({"is_disabled": true}));
    assert!(request.get("parse_mode").is_none() && request.get("entities").is_none());
}

#[tokio::test]
async fn a_chat_that_refuses_is_told_and_nothing_was_sent() {
    let (server, bot) = bot().await;
    let refusals = [
        ("1", (403, "Forbidden: bot was blocked by the user", None)),
        ("2", (400, "Bad Request: chat not found", None)),
        ("3", (400, "Bad Request: group chat was upgraded to a supergroup chat", Some(-1_001_234_567_890))),
    ];
    server.state().provider.chats.extend(refusals.map(|(chat, refusal)| (chat.to_owned(), refusal)));
    for (chat, words) in
        [("1", "blocked by the user"), ("2", "chat not found"), ("3", "the chat is -1001234567890 now")]
    {
        let failure = bot.send(chat, "hi").await.unwrap_err();
        assert!(
            matches!(failure, Failure::Rejected { .. }) && failure.to_string().contains(words),
            "{failure}"
        );
    }
    assert!(server.state().done.is_empty());
}

#[tokio::test]
async fn an_update_is_confirmed_by_the_look_after_the_one_that_brought_it() {
    let (server, bot) = bot().await;
    server.state().provider.says(7, "one");
    server.state().provider.says(8, "two");
    let batch = bot.look("", Duration::ZERO).await.unwrap();
    assert_eq!(batch.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["update:7", "update:8"]);
    assert_eq!(server.state().provider.updates.len(), 2, "nothing was confirmed");
    // The cursor was lost: the same again.
    assert_eq!(bot.look("", Duration::ZERO).await.unwrap(), batch);
    let next = bot.look(&batch.cursor, Duration::ZERO).await.unwrap();
    assert_eq!((next.items.len(), next.cursor), (0, batch.cursor));
    assert!(server.state().provider.updates.is_empty());
}

#[tokio::test]
async fn many_updates_come_in_several_looks_and_each_once() {
    let (server, bot) = bot().await;
    (1..=120).for_each(|number| server.state().provider.says(number, "x"));
    let (mut cursor, mut ids, mut more) = (String::new(), Vec::new(), true);
    while more {
        let batch = bot.look(&cursor, Duration::ZERO).await.unwrap();
        ids.extend(batch.items.into_iter().map(|item| item.id));
        (cursor, more) = (batch.cursor, batch.more);
    }
    assert_eq!(ids, (1..=120).map(|number| format!("update:{number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_that_is_none_confirms_nothing() {
    let (server, bot) = bot().await;
    for cursor in ["-1", "0", "x", "1 ", "C1=1.000000", "9223372036854775808"] {
        assert!(matches!(bot.look(cursor, Duration::ZERO).await, Err(Failure::Malformed { .. })), "{cursor}");
    }
    assert!(server.state().requests.is_empty());
}

#[tokio::test]
async fn a_webhook_keeps_looks_from_working_until_it_is_taken_away() {
    let (server, bot) = bot().await;
    server.state().provider.says(7, "one");
    bot.set_webhook("https://bot.example.org/hook").await.unwrap();
    let info = bot.webhook_info().await.unwrap();
    assert_eq!((info.url.as_str(), info.pending), ("https://bot.example.org/hook", 1));
    let failure = bot.look("", Duration::ZERO).await.unwrap_err();
    assert!(
        matches!(failure, Failure::Rejected { .. }) && failure.to_string().contains("webhook"),
        "{failure}"
    );
    bot.delete_webhook().await.unwrap();
    assert_eq!(bot.look("", Duration::ZERO).await.unwrap().items.len(), 1, "nothing was dropped");
}

#[tokio::test]
async fn what_comes_by_webhook_has_the_name_that_it_has_by_a_look() {
    let (server, bot) = bot().await;
    bot.set_webhook("https://bot.example.org/hook").await.unwrap();
    let (_, shown) = server.state().provider.webhook.clone().unwrap();
    server.state().provider.says(7, "one");
    let body = server.state().provider.updates[&7].to_string().into_bytes();
    let secret = Secret::new("secret", secret_of(WEBHOOK_SECRET).as_bytes().to_vec());
    let delivered = |shown: &str| {
        let headers = vec![("X-Telegram-Bot-Api-Secret-Token".to_owned(), shown.as_bytes().to_vec())];
        from_telegram(UntrustedRequest { headers, query: String::new(), body: body.clone() }, &secret)
    };
    assert_eq!(delivered("another"), Err(Refusal::NotSigned));
    let by_webhook = delivered(&shown).unwrap().into_incoming();
    bot.delete_webhook().await.unwrap();
    assert_eq!(bot.look("", Duration::ZERO).await.unwrap().items, [by_webhook]);
}
