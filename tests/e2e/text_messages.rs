//! Text messages: what somebody sends to the owner's number is read in a zone of its own, and answered if the owner says so.

use crate::callers::{Called, SMS, twilio, twilio_says};
use crate::services::append;
use serde_json::{Value, json};
use system_tests::eventually;

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
