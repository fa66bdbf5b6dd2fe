//! Somebody who can write the record writes it anew, with every hash right.

use action::Digest;
use audit_log::{Entry, HeadKey};
use home::RECORD_ORIGIN;
use serde_json::Value;
use system_tests::{TestHome, approved_permit, mail_wish, planner};

/// Writes these entries as a whole record, numbered and chained.
fn write_anew(home: &TestHome, entries: Vec<Entry>) -> (u64, Digest) {
    let (mut log, mut seq, mut prev_hash) = (String::new(), 0_u64, "0".repeat(64));
    for Entry { timestamp, event_type, details, .. } in entries {
        seq += 1;
        let hashed = format!(
            r#"{{"seq":{seq},"timestamp":"{timestamp:.6}","event_type":"{event_type}","details":{details},"prev_hash":"{prev_hash}""#
        );
        prev_hash = Digest::of(format!("{hashed}}}").as_bytes()).to_hex();
        log.push_str(&format!("{hashed},\"hash\":\"{prev_hash}\"}}\n"));
    }
    std::fs::write(home.audit_log(), log).unwrap();
    (seq, prev_hash.parse().unwrap())
}

/// The same by somebody who took over the executor, and has the key that signs heads.
fn write_anew_and_sign(home: &TestHome, entries: Vec<Entry>) {
    let (seq, hash) = write_anew(home, entries);
    let key = HeadKey::from_text(&std::fs::read_to_string(home.record_key_file()).unwrap()).unwrap();
    let head = key.sign(&RECORD_ORIGIN.parse().unwrap(), seq, hash);
    std::fs::write(home.audit_log().with_extension("head"), head).unwrap();
}

/// A home in which one mail was sent with the owner's yes, and its record.
async fn after_one_mail() -> (TestHome, Vec<Entry>) {
    let home = TestHome::new();
    let executor = home.executor().await;
    let permit = approved_permit(&home, &mail_wish("k")).await;
    planner(&home).execute_with_token(permit, &mail_wish("k")).await.unwrap();
    drop(executor);
    let record = home.record();
    home.is_forged();
    (home, record)
}

/// The verdicts: chain, completeness, head.
fn verdicts(home: &TestHome) -> (bool, bool, bool) {
    let verified = home.moltctl(&["audit", "verify", "--json"]);
    let json = verified.json();
    let holds = |value: &Value| value.as_bool().unwrap();
    let all = (holds(&json["valid"]), holds(&json["complete"]), holds(&json["head"]["holds"]));
    assert_eq!(verified.code, Some(if all == (true, true, true) { 0 } else { 1 }), "{verified:?}");
    all
}

#[tokio::test]
async fn the_same_entries_in_other_words_are_told_by_the_head_alone() {
    let (home, mut record) = after_one_mail().await;
    assert_eq!(verdicts(&home), (true, true, true));
    record.last_mut().unwrap().details["outcome"]["receipt"] = "put somewhere else".into();
    write_anew(&home, record.clone());
    assert_eq!(verdicts(&home), (true, true, false));
    assert!(home.moltctl(&["audit", "verify"]).out.contains("Signed head: REWRITTEN"));
    write_anew_and_sign(&home, record);
    assert_eq!(verdicts(&home), (true, true, true));
}

#[tokio::test]
async fn whatever_led_to_an_execution_is_missed_when_it_is_left_out() {
    let (home, record) = after_one_mail().await;
    for left_out in [
        "capability_requested",
        "decision_made",
        "approval_recorded",
        "permit_issued",
        "execution_intended",
        "policy_applied",
    ] {
        let rest: Vec<_> = record.iter().filter(|entry| entry.event_type != left_out).cloned().collect();
        assert_eq!(rest.len(), record.len() - 1);
        write_anew_and_sign(&home, rest);
        assert_eq!(verdicts(&home), (true, false, true), "{left_out}");
    }
}

#[tokio::test]
async fn not_even_the_executor_can_make_up_the_owners_yes() {
    let (home, mut record) = after_one_mail().await;
    let answer = record.iter_mut().find(|entry| entry.event_type == "approval_recorded").unwrap();
    let receipt = answer.details["receipt"].as_str().unwrap();
    let (signed, signature) = receipt.rsplit_once('.').unwrap();
    // As good as it gets without the owner's key: the right words, and another signature.
    let made_up: String = signature.chars().rev().collect();
    answer.details["receipt"] = format!("{signed}.{made_up}").into();
    let id = answer.details["request"].as_str().unwrap().to_owned();
    write_anew_and_sign(&home, record);
    assert_eq!(verdicts(&home), (true, false, true));

    let words = home.moltctl(&["audit", "verify"]).out;
    assert!(words.contains("records an answer that the owner did not sign"), "{words}");
    let receipt = home.moltctl(&["audit", "receipt", &id]);
    assert_eq!(receipt.code, Some(1));
    assert!(receipt.out.contains("THE OWNER DID NOT SIGN THIS"), "{receipt:?}");
    assert!(receipt.out.contains("Story: 3 GAPS"), "{receipt:?}");
}

#[tokio::test]
async fn a_record_that_was_cut_is_missed_by_its_head() {
    let (home, mut record) = after_one_mail().await;
    // A whole story less, and nothing is missing in what is left.
    let last = record.iter().position(|entry| entry.event_type == "capability_requested").unwrap();
    record.truncate(last);
    write_anew(&home, record);
    assert_eq!(verdicts(&home), (true, true, false));
    let words = home.moltctl(&["audit", "verify"]).out;
    assert!(words.contains("Signed head: TRUNCATED OR ROLLED BACK"), "{words}");

    std::fs::write(home.audit_log().with_extension("head"), "x\n1\ny\n\n— x z\n").unwrap();
    assert_eq!(verdicts(&home), (true, true, false));
    assert!(home.moltctl(&["audit", "verify"]).out.contains("Signed head: NOT GENUINE"));
    std::fs::remove_file(home.audit_log().with_extension("head")).unwrap();
    assert_eq!(verdicts(&home), (true, true, false));
    assert!(home.moltctl(&["audit", "verify"]).out.contains("Signed head: MISSING"));
}

#[tokio::test]
async fn other_parameters_than_those_asked_for_are_no_receipt() {
    let (home, record) = after_one_mail().await;
    let wish = record.iter().find(|entry| entry.event_type == "capability_requested").unwrap();
    let id = wish.details["request"].as_str().unwrap();
    assert_eq!(home.moltctl(&["audit", "receipt", id]).code, Some(0));
    // Gone, and no entry says that somebody erased them.
    std::fs::remove_dir_all(home.content()).unwrap();
    let receipt = home.moltctl(&["audit", "receipt", id]);
    assert_eq!(receipt.code, Some(1), "{receipt:?}");
    assert!(receipt.out.contains("LOST: they are not there, and nobody erased them"), "{receipt:?}");
    // Others, under the name of those that were asked for.
    std::fs::create_dir(home.content()).unwrap();
    let file = home.content().join(wish.details["parameters"].as_str().unwrap());
    std::fs::write(file, r#"{"body":"Hello","subject":"Hi","to":["eve@example.org"]}"#).unwrap();
    let receipt = home.moltctl(&["audit", "receipt", id]);
    assert_eq!(receipt.code, Some(1), "{receipt:?}");
    assert!(receipt.out.contains("LOST: ") && !receipt.out.contains("eve@example.org"), "{receipt:?}");
}
