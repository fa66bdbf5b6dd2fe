//! Services call us: what they signed comes in once, and nothing else does, through a process that holds no secret.

use crate::callers::{Asked, Called, SMS, TELEGRAM, now, slack, slack_in, slack_says, telegram, twilio};
use crate::services::{Telegram, append, found_in_memory_of, holds_planted};
use serde_json::{Value, json};
use system_tests::{TestHome, eventually};
use tokio::net::TcpStream;

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
