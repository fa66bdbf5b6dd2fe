//! Services call us: what they signed comes in once, and nothing else does, through a process that holds no secret.

use crate::services::{Telegram, append, found_in_memory_of, holds_planted};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Value, json};
use std::net::SocketAddr;
use system_tests::{TestHome, eventually, moltctl};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Look like secrets, and are met nowhere else. Telegram's is shown with every delivery, so it goes through the doorkeeper.
const TELEGRAM: &str = "telegram-webhook-secret-h7Kd2";
const BOT_TOKEN: &str = "7654321:PLANTED-telegram-token-xq8Zr4";
const SLACK: &str = "PLANTED-slack-signing-secret-8f742231b10e";
const TWILIO: &str = "PLANTED-twilio-auth-token-12345";
const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";

const RULE: &str = r#"
[[rule]]
name = "tell"
when = { source = "telegram" }
action = "send_email"
with = { to = "ann@example.org", subject = "telegram", body = "{{ body }}" }

[[rule]]
name = "tell-slack"
when = { source = "slack" }
action = "send_email"
with = { to = "ann@example.org", subject = "slack", body = "{{ body }}" }

[[rule]]
name = "answer"
when = { source = "sms" }
action = "send_sms"
with = { to = "{{ sender }}", text = "You said: {{ body }}" }
"#;

/// A home that services call.
struct Called {
    home: TestHome,
    door: SocketAddr,
}

/// One request of somebody, with what it takes to make it right or wrong.
#[derive(Clone)]
struct Asked {
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

// === impl Called ===

impl Called {
    fn new() -> Self {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let home = TestHome::new();
        let more = format!(
            "\n[connectors.telegram]\n[connectors.slack]\n[connectors.twilio]\n\
             [webhooks]\nlisten = \"{door}\"\npublic_url = \"https://hooks.example.org\"\n"
        );
        append(&home.config_file(), &more);
        append(&home.rules_file(), RULE);
        for (file, name, secret) in [
            ("api-keys", "telegram_bot_token", BOT_TOKEN),
            ("api-keys", "telegram_webhook_secret", TELEGRAM),
            ("api-keys", "slack_signing_secret", SLACK),
            ("twilio", "account_sid", ACCOUNT),
            ("twilio", "auth_token", TWILIO),
        ] {
            let set = ["--home", home.path().to_str().unwrap(), "secrets", "set", file, name];
            moltctl(&set, secret.as_bytes()).well();
        }
        Self { home, door }
    }

    async fn ask(&self, asked: &Asked) -> (u16, String) {
        self.say(asked.to_string().as_bytes()).await
    }

    async fn say(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.door).await.unwrap();
        // It may be answered before all of it was sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), body.unwrap_or_default())
    }

    fn pid(&self) -> u64 {
        let status = self.home.moltctl(&["status", "--json"]).json();
        let rows = status["processes"].as_array().unwrap().clone();
        rows.iter().find(|row| row["process"] == "doorkeeper").unwrap()["pid"].as_u64().unwrap()
    }
}

// === impl Asked ===

impl Asked {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, headers, body } = self;
        write!(f, "POST {path} HTTP/1.1\r\nHost: hooks.example.org\r\nContent-Length: {}\r\n", body.len())?;
        for (name, value) in headers {
            write!(f, "{name}: {value}\r\n")?;
        }
        write!(f, "\r\n{body}")
    }
}

fn telegram(update: i64, text: &str) -> Asked {
    let from = json!({ "id": 11, "is_bot": false, "first_name": "Ann" });
    let chat = json!({ "id": 11, "type": "private", "first_name": "Ann" });
    let message =
        json!({ "message_id": update, "date": 1_700_000_000, "from": from, "chat": chat, "text": text });
    Asked {
        path: "/telegram",
        headers: vec![("X-Telegram-Bot-Api-Secret-Token", TELEGRAM.to_owned())],
        body: json!({ "update_id": update, "message": message }).to_string(),
    }
}

fn slack_says(body: &Value, at: i64) -> Asked {
    let body = body.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SLACK.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers =
        vec![("X-Slack-Request-Timestamp", at.to_string()), ("X-Slack-Signature", format!("v0={digits}"))];
    Asked { path: "/slack", headers, body }
}

fn slack(ts: &str, text: &str, at: i64) -> Asked {
    slack_in("C0123456789", ts, text, at)
}

fn slack_in(channel: &str, ts: &str, text: &str, at: i64) -> Asked {
    let event = json!({ "type": "message", "channel": channel, "user": "U1", "ts": ts, "text": text });
    slack_says(
        &json!({ "type": "event_callback", "event_id": "Ev1", "api_app_id": "A1", "event": event }),
        at,
    )
}

fn twilio(message: &str) -> Asked {
    twilio_says(message, ("Body", "hi"))
}

fn twilio_says(message: &str, what: (&'static str, &str)) -> Asked {
    let mut fields = [
        ("AccountSid", ACCOUNT),
        ("MessageSid", message),
        ("From", "+15551234567"),
        ("To", "+15557654321"),
        what,
    ];
    fields.sort_unstable();
    let signed: String = fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TWILIO.as_bytes());
    let tag = hmac::sign(&key, format!("https://hooks.example.org/twilio{signed}").as_bytes());
    let letter = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let encoded = |value: &str| value.bytes().map(letter).collect::<String>();
    let form = fields.map(|(name, value)| format!("{name}={}", encoded(value))).join("&");
    let headers = vec![
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
        ("X-Twilio-Signature", BASE64_STANDARD.encode(tag.as_ref())),
    ];
    Asked { path: "/twilio", headers, body: form }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

const SMS: &str = "SM00112233445566778899aabbccddeeff";

#[tokio::test]
async fn what_a_service_signed_is_taken_in_once_and_comes_to_the_planner_and_the_doorkeeper_holds_no_secret()
{
    let called = Called::new();
    let home = &called.home;
    {
        let _system = home.up();
        let pid = called.pid();
        assert!(!found_in_memory_of(pid, TELEGRAM.as_bytes()), "before Telegram showed it");

        let (said, message) =
            (telegram(100, "Is anybody there?"), slack("1700000000.000100", "And here?", now()));
        for _ in 0..2 {
            assert_eq!(called.ask(&said).await, (200, String::new()));
            assert_eq!(called.ask(&message).await, (200, String::new()));
            let (status, body) = called.ask(&twilio(SMS)).await;
            assert_eq!((status, body.ends_with("<Response/>")), (200, true), "{body}");
        }
        let received: Vec<_> =
            home.recorded("item_received").iter().map(|facts| facts["source"].clone()).collect();
        assert_eq!(received, ["telegram", "slack"], "durable when it was answered, and once");
        let refused = home.recorded("item_refused");
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!((&refused[0]["source"], &refused[0]["name"]), (&"sms".into(), &SMS.into()));
        assert!(refused[0]["why"].as_str().unwrap().contains("[sources.sms]"), "{refused:?}");

        let asked = eventually("the planner asks about both", || {
            let list = home.moltctl(&["approvals", "list", "--json"]).json().to_string();
            (list.contains("Is anybody there?") && list.contains("And here?")).then_some(())
        });
        asked.await;

        // Slack wants to see whether we are there, and is answered only where it signs.
        let challenge =
            slack_says(&json!({ "type": "url_verification", "challenge": "3eZbrw1aBm2r" }), now());
        assert_eq!(called.ask(&challenge).await, (200, "3eZbrw1aBm2r".to_owned()));

        assert_eq!(called.pid(), pid, "it is the one that served");
        assert!(!found_in_memory_of(pid, b"PLANTED"));
        let probed = home.moltctl(&["zones", "probe", "doorkeeper", "--json"]).json();
        let attempts = probed["doorkeeper"].as_array().unwrap();
        assert!(attempts.len() > 20, "{probed}");
        assert!(attempts.iter().all(|attempt| attempt["result"] != "got-through"), "{probed}");
        let status = home.moltctl(&["status"]).out;
        assert!(status.contains("webhook telegram: works") && status.contains("doorkeeper "), "{status}");
    }
    // What came before a restart is known after it.
    let _system = home.up();
    assert_eq!(called.ask(&telegram(100, "Is anybody there?")).await.0, 200);
    assert_eq!(called.ask(&twilio(SMS)).await.0, 200);
    assert_eq!(home.recorded("item_received").len(), 2);
    assert_eq!(home.recorded("item_refused").len(), 1);
    for log in std::fs::read_dir(home.path().join("logs")).unwrap() {
        assert!(!holds_planted(&std::fs::read(log.unwrap().path()).unwrap()));
    }
}

#[tokio::test]
async fn a_text_message_comes_clean_to_the_planner_once_and_a_forged_one_never() {
    let called = Called::new();
    let home = &called.home;
    append(&home.config_file(), "[sources.sms]\nconnector = \"twilio\"\n");
    let said = twilio_says(SMS, ("Body", "Call m\u{200b}e back & soon"));
    let other = "SMffeeddccbbaa99887766554433221100";
    let refused = || {
        let refused = home.recorded("item_refused").into_iter();
        refused.map(|facts| facts["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    {
        let _system = home.up();
        let forged = twilio(other).with(|asked| asked.body = asked.body.replace("hi", "Pay+me"));
        assert_eq!(called.ask(&forged).await.0, 401);
        // What became of a message of ours is answered, and nobody reads it.
        let delivered = twilio_says(other, ("MessageStatus", "delivered"));
        for _ in 0..2 {
            for asked in [&said, &delivered] {
                let (status, body) = called.ask(asked).await;
                assert_eq!((status, body.ends_with("<Response/>")), (200, true), "{body}");
            }
        }
        let asked = eventually("the planner asks whether it may answer", || {
            let list = home.moltctl(&["approvals", "list", "--json"]).json().to_string();
            list.contains("You said: Call me back & soon").then_some(list)
        });
        let list = asked.await;
        assert!(list.contains("+15551234567") && !list.contains("Pay"), "{list}");
        let status = home.moltctl(&["status"]).out;
        assert!(status.contains("reader-sms") && status.contains("webhook twilio: works"), "{status}");
    }
    // What came before a restart is known after it.
    let _system = home.up();
    assert_eq!(called.ask(&said).await.0, 200);
    let received = home.recorded("item_received");
    assert_eq!((received.len(), &received[0]["source"]), (1, &"sms".into()), "{received:?}");
    assert_eq!(refused(), [other]);

    let clean = home.recorded("item_cleaned").remove(0);
    let stored = audit_log::ContentReader::new(&home.content());
    let content = stored.get(clean["clean"].as_str().unwrap().parse().unwrap()).unwrap().unwrap();
    let content: Value = serde_json::from_slice(&content).unwrap();
    assert_eq!((&content["content_type"], &content["body"]), (&"sms".into(), &"Call me back & soon".into()));
    assert_eq!(content["metadata"]["sender"]["address"], "+15551234567");
    assert_eq!(content["metadata"]["recipients"][0]["address"], "+15557654321");
    assert_eq!(content["metadata"]["message_id"], SMS);

    // Zone 1 knows what of the answer stands in what strangers wrote.
    let asked = home.recorded("capability_requested").remove(0);
    let origin = |parameter: &str| json!({ "item": received[0]["item"], "parameter": parameter });
    assert_eq!(asked["origins"], json!([origin("text"), origin("to")]));
}

#[tokio::test]
async fn where_channels_are_named_what_slack_tells_of_others_is_answered_and_not_taken_in() {
    let called = Called::new();
    let home = &called.home;
    append(&home.config_file(), "[sources.slack]\nchannels = [\"C0123456789\"]\n");
    let _system = home.up();
    let joined = json!({ "type": "event_callback", "event_id": "Ev2", "event": { "type": "team_join" } });
    for nth in ["1", "2", "3"] {
        let of_another = slack_in("C9876543210", &format!("1700000000.00010{nth}"), "Psst", now());
        assert_eq!(called.ask(&of_another).await, (200, String::new()));
        assert_eq!(called.ask(&slack_says(&joined, now())).await.0, 200);
    }
    assert_eq!(called.ask(&slack("1700000000.000100", "Hello?", now())).await.0, 200);
    let received = home.recorded("item_received");
    assert_eq!((received.len(), &received[0]["source"]), (1, &"slack".into()), "{received:?}");
    let refused = home.recorded("item_refused");
    let named: Vec<_> = refused.iter().map(|facts| (&facts["source"], &facts["name"])).collect();
    let slack = Value::from("slack");
    assert_eq!(named, [(&slack, &"C9876543210".into()), (&slack, &"no channel".into())], "once each");
}

#[tokio::test]
async fn an_older_file_of_secrets_that_is_put_back_while_nothing_runs_is_not_used_until_the_owner_trusts_it()
{
    let called = Called::new();
    let home = &called.home;
    let files = ["api-keys.yaml", "api-keys.yaml.sig"].map(|name| home.path().join("secrets").join(name));
    let older = files.clone().map(|file| std::fs::read(file).unwrap());
    let at = ["--home", home.path().to_str().unwrap(), "secrets"];
    moltctl(&[&at[..], &["set", "api-keys", "telegram_webhook_secret"]].concat(), b"a-newer-one").well();
    let with_the_old = |update| telegram(update, "x");
    let with_the_new =
        |update| telegram(update, "x").with(|asked| asked.headers[0].1 = "a-newer-one".to_owned());
    let version = {
        let _system = home.up();
        assert_eq!(called.ask(&with_the_new(1)).await.0, 200);
        let used = eventually("its version is recorded", || home.recorded("secrets_used").pop()).await;
        assert_eq!(used["file"], "api-keys");
        used["version"].as_i64().unwrap()
    };
    for (file, bytes) in files.iter().zip(older) {
        std::fs::write(file, bytes).unwrap();
    }
    let _system = home.up();
    assert_eq!(called.ask(&with_the_old(2)).await.0, 503, "a secret that was taken back");
    assert_eq!(called.ask(&with_the_new(3)).await.0, 503);
    let status = home.moltctl(&["status"]).out;
    assert!(
        status.contains("is an older one") && status.contains("moltctl secrets trust api-keys"),
        "{status}"
    );

    // A version is a second at least, and several may have been made in one.
    eventually("it is later", || (now() > version).then_some(())).await;
    moltctl(&[&at[..], &["trust", "api-keys"]].concat(), b"").well();
    assert_eq!(called.ask(&with_the_old(2)).await.0, 200, "without a restart");
    let used = || home.recorded("secrets_used").pop()?["version"].as_i64();
    eventually("that is recorded too", || used().filter(|used| *used > version)).await;
}

#[tokio::test]
async fn what_is_forged_stale_unsigned_too_long_or_slow_changes_nothing_and_is_answered_rightly() {
    let called = Called::new();
    let home = &called.home;
    let _system = home.up();
    let in_time = |text: &str| slack("1700000000.000100", text, now());
    let forged = |asked: Asked| {
        asked.with(|asked| {
            let (_, signature) = asked.headers.last_mut().unwrap();
            *signature = signature.chars().rev().collect();
        })
    };
    let unsigned = |asked: Asked| {
        asked.with(|asked| {
            asked.headers.pop();
        })
    };
    let changed = |asked: Asked| asked.with(|asked| asked.body.push(' '));
    let other_account = twilio(SMS).with(|asked| asked.body = asked.body.replace("AC00", "AC11"));
    for (what, asked, status) in [
        ("another secret", telegram(1, "x").with(|asked| asked.headers[0].1.push('x')), 401),
        ("no secret", unsigned(telegram(1, "x")), 401),
        ("a secret twice", telegram(1, "x").with(|asked| asked.headers.push(asked.headers[0].clone())), 401),
        ("no update", telegram(1, "x").with(|asked| asked.body = "{}".to_owned()), 400),
        ("another's signature", in_time("x").with(|asked| asked.body = in_time("y").body), 401),
        (
            "a turned signature",
            forged(in_time("x")).with(|asked| asked.headers[1].1 = "v0=0".to_owned()),
            401,
        ),
        ("no signature", unsigned(in_time("x")), 401),
        ("a changed body", changed(in_time("x")), 401),
        ("an old one", slack("1700000000.000100", "x", now() - 400), 403),
        ("one of tomorrow", slack("1700000000.000100", "x", now() + 400), 403),
        ("an unsigned form", unsigned(twilio(SMS)), 401),
        ("another's form", other_account, 401),
        ("a signature for another path", twilio(SMS).with(|asked| asked.path = "/twilio?x=1"), 401),
        ("Slack's at Telegram's", in_time("x").with(|asked| asked.path = "/telegram"), 401),
        ("nobody's path", telegram(1, "x").with(|asked| asked.path = "/"), 404),
        ("too long", telegram(1, &"x".repeat(1024 * 1024)), 413),
        (
            "too long a head",
            telegram(1, "x").with(|asked| asked.headers.push(("X-Long", "x".repeat(20_000)))),
            431,
        ),
    ] {
        assert_eq!(called.ask(&asked).await.0, status, "{what}");
    }
    let text = telegram(1, "x").to_string();
    let get = text.replacen("POST", "GET", 1);
    assert_eq!(called.say(get.as_bytes()).await.0, 405);
    // It is given up before it is whole; how long that takes is no claim of this test.
    assert_eq!(called.say(text.split_at(text.len() - 1).0.as_bytes()).await.0, 408);

    assert_eq!(home.recorded("item_received"), Vec::<Value>::new());
    assert_eq!(home.recorded("item_refused"), Vec::<Value>::new());
    let refused = eventually("refusals are recorded", || {
        let refused = home.recorded("call_refused");
        (refused.len() >= 8).then_some(refused)
    });
    let refused = refused.await;
    assert!(refused.iter().all(|facts| facts["code"] == "webhook_refused"), "{refused:?}");
    // The same again adds no entry, however often.
    for _ in 0..50 {
        assert_eq!(called.ask(&forged(twilio(SMS))).await.0, 401);
    }
    let kinds: std::collections::BTreeSet<_> = home
        .recorded("call_refused")
        .iter()
        .map(|facts| format!("{} {}", facts["about"], facts["why"]))
        .collect();
    assert_eq!(home.recorded("call_refused").len(), kinds.len());
    // And a real one is taken in all the same.
    assert_eq!(called.ask(&telegram(1, "x")).await.0, 200);
    assert_eq!(home.recorded("item_received").len(), 1);
}

#[tokio::test]
async fn while_everything_is_frozen_nothing_is_taken_in_and_a_kill_takes_the_doorkeeper_too() {
    let called = Called::new();
    let home = &called.home;
    home.moltctl(&["up", "--detach"]).well();
    home.moltctl(&["freeze", "--reason", "a test"]).well();
    assert_eq!(called.ask(&telegram(7, "Hello?")).await.0, 503);
    assert_eq!(home.recorded("item_received"), Vec::<Value>::new());
    home.moltctl(&["unfreeze", "--reason", "a test"]).well();
    assert_eq!(called.ask(&telegram(7, "Hello?")).await.0, 200, "as Telegram sends it again");

    let doorkeeper =
        || crate::kill::processes_of(home.path()).iter().any(|words| words.contains("moltbot-doorkeeper"));
    assert!(doorkeeper());
    let killed = home.moltctl(&["kill", "--reason", "a test", "--json"]);
    assert_eq!(killed.code, Some(0), "{killed:?}");
    assert!(TcpStream::connect(called.door).await.is_err(), "nobody listens");
    assert!(!doorkeeper());
}

#[tokio::test]
async fn a_doorkeeper_that_ends_and_one_that_loses_its_bridge_are_raised_anew() {
    use rustix::process::{Pid, Signal, kill_process};
    let called = Called::new();
    let home = &called.home;
    let _system = home.up();
    let executor = || {
        let status = home.moltctl(&["status", "--json"]).json();
        let rows = status["processes"].as_array().unwrap().clone();
        rows.iter().find(|row| row["process"] == "executor").unwrap()["pid"].as_u64()
    };
    for (update, pid) in [(1, called.pid()), (2, executor().unwrap())] {
        let before = called.pid();
        kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
        eventually("a fresh one is ready", || {
            let status = home.moltctl(&["status", "--json"]).json();
            let fresh = status["processes"].as_array()?.iter().any(|row| {
                row["process"] == "doorkeeper" && row["pid"].as_u64().is_some_and(|pid| pid != before)
            });
            (fresh && status["ready"] == true).then_some(())
        })
        .await;
        assert_eq!(called.ask(&telegram(update, "Hello?")).await.0, 200);
    }
    assert_eq!(home.recorded("item_received").len(), 2);
}

#[tokio::test]
async fn telegram_is_told_where_to_call_and_with_what_and_is_believed_then() {
    let provider = Telegram::default();
    let called = Called::new();
    let home = &called.home;
    let endpoint = format!(
        "[connectors.telegram]\nendpoint = \"http://127.0.0.1:{}\"\ndanger_allow_plaintext_loopback = true\n",
        provider.listen()
    );
    home.edit(&home.config_file(), "\n[connectors.telegram]\n", &format!("\n{endpoint}"));
    let _system = home.up();
    let said = home.moltctl(&["connect", "telegram", "--webhook"]).well();
    let form = provider.webhook().unwrap();
    let field = |name: &str| {
        let value = form.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        value.map(ToOwned::to_owned).unwrap_or_else(|| panic!("no {name} in {form}"))
    };
    assert_eq!(field("url"), "https%3A%2F%2Fhooks.example.org%2Ftelegram");
    let secret = field("secret_token");
    assert!(secret.len() == 64 && !said.contains(&secret), "{said}");

    assert_eq!(called.ask(&telegram(1, "with the old secret")).await.0, 401);
    let with_the_new = telegram(1, "Hello?").with(|asked| asked.headers[0].1 = secret);
    assert_eq!(called.ask(&with_the_new).await.0, 200, "without a restart");

    home.moltctl(&["connect", "telegram", "--no-webhook"]).well();
    assert_eq!(provider.webhook(), None);
    let slack = home.moltctl(&["connect", "slack", "--webhook"]);
    assert!(slack.code == Some(2) && slack.err.contains("Event Subscriptions"), "{slack:?}");
}

#[tokio::test]
async fn without_its_section_there_is_no_doorkeeper_at_all() {
    let home = TestHome::new();
    let _system = home.up();
    let status = home.moltctl(&["status", "--json"]).json();
    let names: Vec<_> =
        status["processes"].as_array().unwrap().iter().map(|row| row["process"].clone()).collect();
    assert!(names.len() == 6 && !names.contains(&"doorkeeper".into()), "{names:?}");
    assert!(!home.path().join("run/doorkeeper").exists(), "and no socket for one");
    let started = home.moltctl(&["zones", "start", "doorkeeper"]);
    assert!(started.err.contains("there is no such zone"), "{started:?}");
}
