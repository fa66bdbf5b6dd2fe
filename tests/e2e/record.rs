//! What the owner learns from the record, and what can be erased beside it.

use action::Role;
use capability::Answer;
use clean_content::{ContentType, Untrusted};
use jiff::Timestamp;
use planner::client::{Standing, Wish};
use serde_json::{Value, json};
use system_tests::{Owner, Reader, TestHome, approved_permit, delivery, eventually, mail_wish, planner};

/// Asks for a mail; the request that waits.
async fn asked(home: &TestHome, wish: &Wish) -> String {
    match planner(home).request_capability(wish).await.unwrap() {
        Standing::Pending { request } => request,
        granted @ Standing::Granted { .. } => panic!("the owner was not asked: {granted:?}"),
    }
}

/// A request that was asked about, approved and performed.
async fn performed(home: &TestHome, wish: &Wish) -> String {
    let permit = approved_permit(home, wish).await;
    planner(home).execute_with_token(permit, wish).await.unwrap();
    let finished = home.recorded("execution_finished").pop().unwrap();
    finished["request"].as_str().unwrap().to_owned()
}

/// An item with these words that was read and delivered.
async fn delivered_item(home: &TestHome, words: &str) -> String {
    home.deliver_mail("A question", words);
    let mut reader = Reader::attend(home, Role::ReaderEmail).await;
    let raw = reader.next().await.bytes;
    let clean = sanitizer::sanitize(Untrusted::new(raw), ContentType::Email, Timestamp::now()).unwrap();
    reader.answer(clean.to_json()).await;
    let mut deliveries = planner(home).receive().await.unwrap();
    delivery(&mut deliveries).await.item
}

/// The verdicts on the record, all of which must hold.
fn verified(home: &TestHome) -> Value {
    let verified = home.moltctl(&["audit", "verify", "--json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    verified.json()
}

fn receipt(home: &TestHome, request: &str) -> Value {
    let receipt = home.moltctl(&["audit", "receipt", request, "--json"]);
    assert_eq!(receipt.code, Some(0), "{receipt:?}");
    receipt.json()
}

/// Whether any file of the record has these words.
fn is_kept(home: &TestHome, words: &str) -> bool {
    let mut folders = vec![home.path().join("audit"), home.path().join("spool")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap().windows(words.len()).any(|part| part == words.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn a_receipt_tells_the_whole_story_and_proves_it() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let item = delivered_item(&home, "Shall we meet on Monday?").await;
    let mut wish = mail_wish("k");
    wish.item = item.clone();
    asked(&home, &mail_wish("another")).await;
    let id = performed(&home, &wish).await;

    let told = receipt(&home, &id);
    assert_eq!(
        (&told["state"], &told["zone"], &told["action"], &told["holds"], &told["gaps"]),
        (&json!("performed"), &json!("local/planner"), &json!("send_email"), &json!(true), &json!([]))
    );
    assert_eq!(told["parameters"]["title"], "Send mail to ann@example.org: Hi");
    assert!(told["because_of"].as_str().unwrap().contains("ann@example.org, \"A question\""), "{told}");
    let entries = told["entries"].as_array().unwrap();
    let types: Vec<_> = entries.iter().map(|entry| entry["event_type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "capability_requested",
            "decision_made",
            "approval_recorded",
            "permit_issued",
            "execution_intended",
            "execution_finished",
        ]
    );
    let record = home.record();
    for entry in entries {
        let seq = usize::try_from(entry["seq"].as_u64().unwrap()).unwrap();
        assert_eq!(entry["hash"], record[seq - 1].hash.as_str());
    }
    assert_eq!(entries[2]["signature_holds"], true);
    assert_eq!(told["chain"], json!({ "valid": true, "entries": record.len() }));

    let words = home.moltctl(&["audit", "receipt", &id]).well();
    for wanted in [
        "Send mail to ann@example.org: Hi\n",
        "  to           ann@example.org\n",
        "the owner is asked until",
        "by send-email",
        "approved by a test with a test",
        "the owner's signature holds for this request and these bytes",
        "performed: ",
        "Chain integrity: VALID",
        "Story: COMPLETE",
        &item,
    ] {
        assert!(words.contains(wanted), "`{wanted}` in:\n{words}");
    }
    let nobodys = home.moltctl(&["audit", "receipt", "req-0000000000000000"]);
    assert_eq!(nobodys.code, Some(2), "{nobodys:?}");
    assert!(nobodys.err.contains("knows no request"), "{nobodys:?}");
}

#[tokio::test]
async fn verifying_says_how_much_there_was_to_look_at() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    performed(&home, &mail_wish("done")).await;
    let refused = asked(&home, &mail_wish("refused")).await;
    Owner::of(&home).answer(&refused, Answer::Denied).await.unwrap();
    asked(&home, &mail_wish("open")).await;

    let json = verified(&home);
    let entries = home.record().len();
    assert_eq!(
        (&json["valid"], &json["entries"], &json["complete"]),
        (&json!(true), &json!(entries), &json!(true))
    );
    assert_eq!(json["figures"], json!({ "requests": 3, "executions": 1, "approvals": 2, "under_way": 0 }));
    let words = home.moltctl(&["audit", "verify"]).well();
    let expected = format!(
        "Chain integrity: VALID ({entries} entries)\n\
         Completeness: VALID (3 requests, 1 executions, 2 approvals)\n\
         Signed head: AGREES ({entries} entries)\n\
         Witness: SAW NOTHING YET\n"
    );
    assert!(words.starts_with(&expected), "{words}");
}

#[tokio::test]
async fn entries_are_found_by_request_time_type_and_zone() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let id = performed(&home, &mail_wish("k")).await;
    let other = asked(&home, &mail_wish("other")).await;
    let found = |arguments: &[&str]| {
        let said = home.moltctl(&[&["audit", "show", "--json"], arguments].concat()).well();
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    assert_eq!(found(&[]).len(), home.record().len());
    let of_the_request = found(&["--request", &id]);
    assert_eq!(of_the_request.len(), 6);
    assert!(of_the_request.iter().all(|entry| entry["details"]["request"] == id.as_str()));
    assert_eq!(found(&["--request", &other]).len(), 2);
    assert_eq!(found(&["--type", "decision_made"]).len(), 2);
    assert_eq!(found(&["--zone", "planner"]).len(), 8);
    assert_eq!(found(&["--zone", "reader-email"]).len(), 0);
    assert_eq!(found(&["--since", "1h"]).len(), home.record().len());
    assert_eq!(found(&["--until", "1h"]).len(), 0);
    let last = home.moltctl(&["audit", "tail", "-n", "1", "--json", "--request", &id]).json();
    assert_eq!(last["event_type"], "execution_finished");
    let nonsense = home.moltctl(&["audit", "show", "--since", "yesterday"]);
    assert_eq!(nonsense.code, Some(2));
    assert!(nonsense.err.contains("30m"), "{nonsense:?}");
}

#[tokio::test]
async fn what_was_erased_is_gone_and_the_record_of_it_stands() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let item = delivered_item(&home, "A very private question of mine.").await;
    let mut wish = mail_wish("k");
    wish.item = item.clone();
    wish.parameters = wish.parameters.replace("Hello", "A very private answer of mine.");
    let id = performed(&home, &wish).await;
    planner(&home).settle(&item, "done").await.unwrap();
    assert!(is_kept(&home, "private answer") && is_kept(&home, "private question"));

    let asked_first = home.moltctl(&["audit", "erase", &id]);
    assert_eq!(asked_first.code, Some(1), "{asked_first:?}");
    assert!(asked_first.out.contains(&format!("the parameters of {id} (send_email)")), "{asked_first:?}");
    assert!(asked_first.out.ends_with("Nothing was erased.\n"), "{asked_first:?}");
    assert!(is_kept(&home, "private answer") && home.recorded("content_erased").is_empty());

    home.moltctl(&["audit", "erase", &id, "--yes"]).well();
    eventually("the answer is gone", || (!is_kept(&home, "private answer")).then_some(())).await;
    assert!(is_kept(&home, "private question"));
    let told = receipt(&home, &id);
    let erased = home.record().into_iter().find(|entry| entry.event_type == "content_erased").unwrap();
    assert_eq!(told["parameters"], json!({ "erased_by_entry": erased.seq }));
    assert_eq!(told["holds"], true);
    let words = home.moltctl(&["audit", "receipt", &id]).well();
    assert!(words.contains(&format!("parameters   erased, by entry {}", erased.seq)), "{words}");

    home.moltctl(&["audit", "erase", &item, "--yes"]).well();
    eventually("the question is gone", || (!is_kept(&home, "private question")).then_some(())).await;
    assert!(home.moltctl(&["audit", "receipt", &id]).well().contains("which is no longer there"));
    assert_eq!(verified(&home)["figures"]["executions"], 1);
    let again = home.moltctl(&["audit", "erase", &item, "--yes"]).well();
    assert!(again.starts_with("Nothing is kept of"), "{again}");
}

#[tokio::test]
async fn what_is_open_is_not_erased() {
    let home = TestHome::new();
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let item = delivered_item(&home, "A very private question of mine.").await;
    let id = asked(&home, &mail_wish("k")).await;
    for open in [&item, &id] {
        let refused = home.moltctl(&["audit", "erase", open, "--yes"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("nothing was erased"), "{refused:?}");
        assert!(refused.err.contains("still needed by something that is open"), "{refused:?}");
    }
    assert!(home.recorded("content_erased").is_empty() && is_kept(&home, "private question"));
    let unknown = home.moltctl(&["audit", "erase", "req-0000000000000000", "--yes"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    verified(&home);
}

#[tokio::test]
async fn what_expired_can_be_asked_again_and_be_performed() {
    let home = TestHome::with(&[("#expire_after_seconds = 300", "expire_after_seconds = 2")]);
    let (_executor, _control_plane) = (home.executor().await, home.control_plane().await);
    let wish = mail_wish("k");
    let id = asked(&home, &wish).await;
    let early = home.moltctl(&["approvals", "ask-again", &id]);
    assert_eq!(early.code, Some(2), "{early:?}");
    assert!(early.err.contains("the request is pending; only what expired"), "{early:?}");

    eventually("the request expires", || home.recorded("approval_expired").pop()).await;
    let again = home.moltctl(&["approvals", "ask-again", &id]).well();
    assert_eq!(again, "pending: Send mail to ann@example.org: Hi\n");
    home.moltctl(&["approvals", "approve", &id]).well();
    let granted = planner(&home).request_capability(&wish).await.unwrap();
    let Standing::Granted { permit } = granted else { panic!("{granted:?}") };
    planner(&home).execute_with_token(permit, &wish).await.unwrap();
    assert_eq!(home.outbox().len(), 1);
    assert_eq!(receipt(&home, &id)["state"], "performed");
    verified(&home);
}

#[tokio::test]
async fn what_the_witness_has_seen_of_a_record_gives_away_that_it_was_written_anew() {
    let home = TestHome::new();
    let executor = home.executor().await;
    let control_plane = home.control_plane().await;
    performed(&home, &mail_wish("done")).await;
    let agrees =
        || verified(&home)["witness"]["verdict"].as_str().is_some_and(|said| said.contains("AGREES"));
    let entries = home.record().len();
    let seen = format!("the newest over {entries} entries");
    let all_seen = || home.moltctl(&["audit", "verify"]).out.contains(&seen).then_some(());
    eventually("the witness has seen the last entry", all_seen).await;
    assert!(agrees());
    drop((executor, control_plane));

    // Who took over the executor begins a record of its own, with its own key for the head: everything in it is right.
    for entry in std::fs::read_dir(home.path().join("audit")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::remove_file(path).unwrap();
        }
    }
    let _executor = home.executor().await;
    let said = home.moltctl(&["audit", "verify"]);
    assert!(said.out.contains("Signed head: AGREES") && said.out.contains("Witness: DIFFERS"), "{said:?}");
    assert_eq!(said.code, Some(1));
}
