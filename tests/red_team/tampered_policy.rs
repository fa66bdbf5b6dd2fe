//! Somebody changes the policy who is not the owner.

use action::Role;
use capability::ApprovalKey;
use planner::client::{Refused, Standing};
use ring::rand::SystemRandom;
use std::fs;
use system_tests::{Owner, TestHome, approved_permit, eventually, mail_wish, planner, refusal};
use wire::v1::ApplyPolicyRequest;
use wire::v1::control_bridge_client::ControlBridgeClient;

const ALLOW: &str = r#"permit (principal, action == Action::"send_email", resource);"#;

fn policy(home: &TestHome) -> String {
    fs::read_to_string(home.policy_file()).unwrap()
}

/// Hands in a word on the policy at the control plane's door.
async fn hand_in(home: &TestHome, text: &str, receipt: &str) -> Result<(), Refused> {
    let mut bridge = ControlBridgeClient::new(home.channel(Role::ControlPlane));
    let (text, receipt) = (text.to_owned(), receipt.to_owned());
    bridge.apply_policy(ApplyPolicyRequest { text, receipt }).await?;
    Ok(())
}

async fn is_granted(home: &TestHome, key: &str) -> bool {
    let answer = planner(home).request_capability(&mail_wish(key)).await;
    matches!(answer, Ok(Standing::Granted { .. }))
}

#[tokio::test]
async fn a_policy_changed_behind_zone_1_denies_at_once_until_it_is_restored() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let permit = approved_permit(&home, &mail_wish("before")).await;
    let (old, new) = (policy(&home), format!("{}\n{ALLOW}\n", policy(&home)));
    for (round, tamper) in [
        (&|| fs::write(home.policy_file(), &new).unwrap()) as &dyn Fn(),
        &|| fs::remove_file(home.policy_file()).unwrap(),
        &|| {
            fs::write(home.path().join("other"), &new).unwrap();
            fs::rename(home.path().join("other"), home.policy_file()).unwrap();
        },
    ]
    .into_iter()
    .enumerate()
    {
        tamper();
        // At once: nothing is waited for.
        let wish = mail_wish(&format!("while {round}"));
        assert_eq!(refusal(planner(&home).request_capability(&wish).await), "policy_changed");
        let spent = planner(&home).execute_with_token(permit.clone(), &mail_wish("before")).await;
        assert_eq!(refusal(spent), "policy_changed");
        eventually("it is recorded", || home.recorded("policy_file_changed").get(round).cloned()).await;
        fs::write(home.policy_file(), &old).unwrap();
        let asked = planner(&home).request_capability(&mail_wish(&format!("after {round}"))).await;
        assert!(matches!(asked, Ok(Standing::Pending { .. })), "{asked:?}");
        eventually("it is recorded", || home.recorded("policy_file_restored").get(round).cloned()).await;
    }
    assert!(home.outbox().is_empty());
    assert_eq!(home.recorded("policy_applied").len(), 1);
}

#[tokio::test]
async fn a_policy_that_was_changed_while_zone_1_was_down_puts_nothing_in_force() {
    let home = TestHome::new();
    drop(home.executor().await);
    fs::write(home.policy_file(), format!("{}\n{ALLOW}\n", policy(&home))).unwrap();
    let _executor = home.executor().await;
    assert_eq!(refusal(planner(&home).request_capability(&mail_wish("k")).await), "policy_changed");
}

#[tokio::test]
async fn a_word_on_the_policy_that_is_not_the_owners_changes_nothing() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let owner = Owner::of(&home);
    let (old, new) = (policy(&home), format!("{}\n{ALLOW}\n", policy(&home)));
    let from = action::Digest::of(old.as_bytes()).to_hex();
    let genuine = owner.sign_policy(&from, &new);
    let (signed, _) = genuine.rsplit_once('.').unwrap();
    let other_key =
        ApprovalKey::from_text(&ApprovalKey::generate_text(&SystemRandom::new()).unwrap()).unwrap();
    let statement = capability::PolicyStatement {
        from: from.parse().unwrap(),
        to: action::Digest::of(new.as_bytes()),
        who: "a test".to_owned(),
        how: "a test".to_owned(),
        when: jiff::Timestamp::now(),
    };
    let elsewhere = action::Digest::of(b"elsewhere").to_hex();
    let receipts = [
        ("another key", other_key.sign_policy(&statement).unwrap()),
        ("no signature", format!("{signed}.")),
        ("nothing", String::new()),
        ("about another policy", owner.sign_policy(&from, "another")),
        ("on top of another", owner.sign_policy(&elsewhere, &new)),
    ];
    fs::write(home.policy_file(), &new).unwrap();
    for (round, (what, receipt)) in receipts.iter().enumerate() {
        assert_eq!(refusal(hand_in(&home, &new, receipt).await), "policy_not_applied", "{what}");
        assert_eq!(home.recorded("policy_refused").len(), round + 1, "{what}");
        assert!(!is_granted(&home, what).await, "{what}");
    }
    // Genuine, and the file says something else.
    fs::write(home.policy_file(), &old).unwrap();
    assert_eq!(refusal(hand_in(&home, &new, &genuine).await), "policy_not_applied");
    assert_eq!(home.recorded("policy_applied").len(), 1);

    fs::write(home.policy_file(), &new).unwrap();
    hand_in(&home, &new, &genuine).await.unwrap();
    assert!(is_granted(&home, "now").await);
}

#[tokio::test]
async fn an_old_word_on_the_policy_counts_no_more() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let owner = Owner::of(&home);
    let (old, new) = (policy(&home), format!("{}\n{ALLOW}\n", policy(&home)));
    owner.apply_policy(&home, &new).await.unwrap();
    let receipt = home.recorded("policy_applied")[1]["receipt"].as_str().unwrap().to_owned();
    assert_eq!(refusal(hand_in(&home, &new, &receipt).await), "policy_not_applied");
    // The owner thought better of it: the old word fits once more, on top of the old policy.
    owner.apply_policy(&home, &old).await.unwrap();
    fs::write(home.policy_file(), &new).unwrap();
    assert_eq!(refusal(hand_in(&home, &new, &receipt).await), "policy_not_applied");
    drop(executor);
    let _executor = home.executor().await;
    assert_eq!(refusal(hand_in(&home, &new, &receipt).await), "policy_not_applied");
    assert!(!is_granted(&home, "k").await);
    assert_eq!(home.recorded("policy_applied").len(), 3);
}
