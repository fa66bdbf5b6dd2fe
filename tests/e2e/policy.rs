//! The owner changes what the agent may do.

use action::Digest;
use capability::{Answer, ApprovalKey};
use planner::client::{Standing, Wish};
use ring::rand::SystemRandom;
use serde_json::json;
use std::fs;
use system_tests::{
    Owner, Said, TestHome, approved_permit, eventually, mail_wish, moltctl, planner, refusal,
};

const NO_MAIL: &str = r#"@id("no-mail") forbid (principal, action == Action::"send_email", resource);"#;

fn policy(home: &TestHome) -> String {
    fs::read_to_string(home.policy_file()).unwrap()
}

/// The policy with one more rule.
fn with_rule(home: &TestHome, rule: &str) -> String {
    format!("{}\n{rule}\n", policy(home))
}

async fn asked(home: &TestHome, wish: &Wish) -> String {
    match planner(home).request_capability(wish).await.unwrap() {
        Standing::Pending { request } => request,
        granted @ Standing::Granted { .. } => panic!("the owner was not asked: {granted:?}"),
    }
}

async fn performed(home: &TestHome, wish: &Wish) {
    let permit = approved_permit(home, wish).await;
    planner(home).execute_with_token(permit, wish).await.unwrap();
}

fn apply(home: &TestHome) -> Said {
    home.moltctl(&["policy", "apply", "--unproved", "--yes"])
}

fn everything_is_complete(home: &TestHome) {
    let verified = home.moltctl(&["audit", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[tokio::test]
async fn a_policy_edited_in_place_is_put_in_force_and_what_it_does_not_ask_is_no_longer_a_question() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let id = asked(&home, &mail_wish("k")).await;
    let before = Digest::of(policy(&home).as_bytes());
    let text = with_rule(&home, NO_MAIL);
    let after = Digest::of(text.as_bytes());
    fs::write(home.policy_file(), &text).unwrap();

    let applied = apply(&home).well();
    for wanted in ["no-mail", &before.to_hex(), &after.to_hex(), &id] {
        assert!(applied.contains(wanted), "`{wanted}` in:\n{applied}");
    }
    let recorded = home.recorded("policy_applied").pop().unwrap();
    assert_eq!((&recorded["from"], &recorded["to"]), (&json!(before), &json!(after)));
    assert_eq!(home.recorded("approval_superseded").len(), 1);
    let too_late = home.moltctl(&["approvals", "approve", &id]);
    assert_eq!(too_late.code, Some(2), "{too_late:?}");
    assert!(too_late.err.contains("the request is superseded"), "{too_late:?}");
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("k")).await), "policy_denies");
    assert!(apply(&home).well().ends_with("is in force already.\n"));
    everything_is_complete(&home);
}

#[tokio::test]
async fn a_policy_from_elsewhere_comes_into_force_when_the_owner_says_yes() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let (old, new) = (policy(&home), with_rule(&home, NO_MAIL));
    let file = home.path().join("new.cedar");
    fs::write(&file, &new).unwrap();
    let try_it = |words: &[u8], more: &[&str]| {
        let all =
            [&["--home", home.path().to_str().unwrap(), "policy", "apply", file.to_str().unwrap()], more];
        moltctl(&all.concat(), words)
    };
    for no in [b"no\n".as_slice(), b"y\n", b""] {
        assert_eq!(try_it(no, &["--unproved"]).code, Some(1));
    }
    assert!(policy(&home) == old && home.recorded("policy_applied").len() == 1);

    let yes = try_it(b"yes\n", &[]);
    assert_eq!(yes.code, Some(0), "{yes:?}");
    let less = "send_email: less is allowed; no longer: local/planner may send_email to mallory@example.org with approval";
    assert!(yes.out.contains(less), "{yes:?}");
    assert!(policy(&home) == new && home.recorded("policy_applied").len() == 2);
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("k")).await), "policy_denies");
}

#[tokio::test]
async fn a_policy_of_which_a_claim_is_not_true_is_not_put_in_force() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let old = policy(&home);
    let all = r#"@id("all") permit (principal in Role::"planner", action == Action::"send_sms", resource);"#;
    let file = home.path().join("new.cedar");
    fs::write(&file, with_rule(&home, all)).unwrap();
    let refused = home.moltctl(&["policy", "apply", file.to_str().unwrap(), "--yes"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let hole = "local/planner may send_sms to +441632960961 without approval: rule `all` permits it";
    for wanted in ["FAILS    no action that sends is allowed without approval", hole, "--unproved"] {
        assert!(refused.err.contains(wanted), "{wanted}: {refused:?}");
    }
    assert!(policy(&home) == old && home.recorded("policy_applied").len() == 1);
}

#[tokio::test]
async fn a_policy_with_a_mistake_is_not_put_in_force() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let old = policy(&home);
    let file = home.path().join("new.cedar");
    fs::write(&file, with_rule(&home, "permit (principal, action == Action::\"format_disk\", resource);"))
        .unwrap();
    let refused = home.moltctl(&["policy", "apply", file.to_str().unwrap(), "--unproved", "--yes"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("format_disk"), "{refused:?}");
    assert!(policy(&home) == old && home.recorded("policy_applied").len() == 1);
}

#[tokio::test]
async fn a_policy_that_zone_1_refuses_leaves_the_file_as_it_was() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    // A control plane whose word Zone 1 does not take.
    fs::write(home.approval_key_file(), ApprovalKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    let _control_plane = home.control_plane().await;
    let (old, new) = (policy(&home), with_rule(&home, NO_MAIL));
    let file = home.path().join("new.cedar");
    fs::write(&file, &new).unwrap();
    let refused = home.moltctl(&["policy", "apply", file.to_str().unwrap(), "--unproved", "--yes"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("its file is as it was"), "{refused:?}");
    assert_eq!(policy(&home), old);
    assert_eq!((home.recorded("policy_applied").len(), home.recorded("policy_refused").len()), (1, 1));
    asked(&home, &mail_wish("k")).await;

    fs::write(home.policy_file(), &new).unwrap();
    let refused = apply(&home);
    assert!(refused.err.contains("everything is denied"), "{refused:?}");
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("l")).await), "policy_changed");
}

#[tokio::test]
async fn the_policy_in_force_is_put_back_and_the_other_one_is_kept_aside() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let (old, new) = (policy(&home), with_rule(&home, NO_MAIL));
    fs::write(home.policy_file(), &new).unwrap();
    eventually("it is noticed", || home.recorded("policy_file_changed").pop()).await;
    home.moltctl(&["policy", "restore"]).well();
    assert_eq!(policy(&home), old);
    assert_eq!(fs::read_to_string(home.policy_file().with_extension("cedar.set-aside")).unwrap(), new);
    asked(&home, &mail_wish("k")).await;
    eventually("it is noticed", || home.recorded("policy_file_restored").pop()).await;
    let again = home.moltctl(&["policy", "restore"]).well();
    assert!(again.contains("nothing to restore"), "{again}");
    everything_is_complete(&home);
}

#[tokio::test]
async fn a_policy_is_tried_on_everything_that_was_ever_decided() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let to = |key: &str, whom: &str| {
        let mut wish = mail_wish(key);
        wish.parameters = wish.parameters.replace("ann@example.org", whom);
        wish
    };
    performed(&home, &to("1", "ann@example.org")).await;
    performed(&home, &to("2", "ann@example.org")).await;
    let eve = asked(&home, &to("3", "eve@example.net")).await;
    Owner::of(&home).answer(&eve, Answer::Denied).await.unwrap();
    let gone = asked(&home, &to("4", "bob@example.org")).await;
    Owner::of(&home).answer(&gone, Answer::Denied).await.unwrap();
    home.moltctl(&["audit", "erase", &gone, "--yes"]).well();
    let read = Wish { action: "read_email".to_owned(), parameters: "{}".to_owned(), ..mail_wish("5") };
    assert!(matches!(planner(&home).request_capability(&read).await.unwrap(), Standing::Granted { .. }));

    let candidate = home.path().join("candidate.cedar");
    let replay = |text: &str| {
        fs::write(&candidate, text).unwrap();
        home.moltctl(&["policy", "replay", candidate.to_str().unwrap(), "--json"])
    };
    let same = replay(&policy(&home)).json();
    assert_eq!(
        same,
        json!({
            "policy": Digest::of(policy(&home).as_bytes()),
            "replayed": 4,
            "not_replayable": 1,
            "never_judged": 0,
            "was": { "allow": 1, "ask": 3, "refuse": 0 },
            "would_be": { "allow": 1, "ask": 3, "refuse": 0 },
            "changed": [],
        })
    );

    let trusting = with_rule(
        &home,
        r#"@id("to-us") permit (principal, action == Action::"send_email", resource)
           when { context.recipient_domains == ["example.org"] };
           @id("no-strangers") forbid (principal, action == Action::"send_email", resource)
           when { !(["example.org"].containsAll(context.recipient_domains)) };"#,
    );
    let found = replay(&trusting).json();
    assert_eq!(found["would_be"], json!({ "allow": 3, "ask": 0, "refuse": 1 }));
    let changed = found["changed"].as_array().unwrap();
    assert_eq!(changed.len(), 3);
    assert_eq!(changed[0]["would_be"], json!({ "is": "allow", "by": "to-us" }));
    assert_eq!(
        (&changed[2]["request"], &changed[2]["title"], &changed[2]["was"]["is"], &changed[2]["would_be"]),
        (
            &json!(eve),
            &json!("Send mail to eve@example.net: Hi"),
            &json!("ask"),
            &json!({ "is": "refuse", "by": "forbidden by no-strangers" })
        )
    );
    let words = home.moltctl(&["policy", "replay", candidate.to_str().unwrap()]).well();
    for wanted in [
        "would have asked 0 instead of 3 times",
        "It would have refused these 1:",
        "ask → refuse  Send mail to eve@example.net: Hi",
        "1 could not be: their parameters are no longer kept",
    ] {
        assert!(words.contains(wanted), "`{wanted}` in:\n{words}");
    }
    assert_eq!(home.recorded("policy_applied").len(), 1, "nothing was put in force");

    // Limits count what was done: one mail an hour would have refused all but the first.
    let stricter = policy(&home)
        .replace(r#"@id("send-email") @rate_limit("10/hour")"#, r#"@id("send-email") @rate_limit("1/hour")"#);
    let found = replay(&stricter).json();
    assert_eq!(found["would_be"], json!({ "allow": 1, "ask": 1, "refuse": 2 }));
    assert_eq!(
        found["changed"][0]["would_be"],
        json!({ "is": "refuse", "by": "the limit 1/hour was reached" })
    );

    let mistaken = replay("permit (principal, action == Action::\"format_disk\", resource);");
    assert_eq!(mistaken.code, Some(2), "{mistaken:?}");
}
