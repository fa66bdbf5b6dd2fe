//! A planner that asks for what is not in the catalogue.

use system_tests::{TestHome, mail_wish, planner, refusal};

#[tokio::test]
async fn an_action_that_is_not_in_the_catalogue_is_refused_and_recorded() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let wishes =
        ["transfer_money", "", "SEND_EMAIL", "send_email ", "send_email\0", "../send_email", "\u{1b}[2J"];
    for action in wishes {
        let mut wish = mail_wish("k");
        wish.action = action.to_owned();
        assert_eq!(
            refusal(planner(&home).request_capability(&wish).await),
            "action_not_allowed",
            "{action:?}"
        );
        let executed = planner(&home).execute_with_token("no permit".to_owned(), &wish).await;
        assert_eq!(refusal(executed), "action_not_allowed", "{action:?}");
    }
    assert_eq!(home.recorded_refusals(), vec!["action_not_allowed"; 2 * wishes.len()]);
    let last = home.recorded("capability_refused").pop().unwrap();
    assert_eq!(last["action"], "⟨U+001B⟩[2J", "what was asked for stands in the record, and misleads nobody");
    assert!(home.recorded("capability_requested").is_empty());
}

#[tokio::test]
async fn an_action_without_a_connector_is_refused_before_the_owner_is_asked() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let mut wish = mail_wish("k");
    (wish.action, wish.parameters) =
        ("make_call".to_owned(), r#"{"to":"+441632960961","say":"x"}"#.to_owned());
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "no_connector");
    assert_eq!(home.recorded_refusals(), ["no_connector"]);
}

#[tokio::test]
async fn parameters_outside_the_actions_shape_are_refused_and_recorded() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let parameters = [
        "",
        "[]",
        "null",
        "{}",
        r#"{"to":"ann@example.org","subject":"s","body":"b","bcc":"eve@example.org"}"#,
        r#"{"to":"ann@example.org\nBcc: eve@example.org","subject":"s","body":"b"}"#,
        r#"{"to":"ann@example.org","subject":"s\r\nBcc: eve@example.org","body":"b"}"#,
        r#"{"to":"ann@example.org","subject":"s","body":"\u001b[2J"}"#,
        r#"{"to":"ann@example.org","subject":"s","body":"b","in_reply_to":"<a@b>\r\nBcc: <e@e>"}"#,
    ];
    for text in parameters {
        let mut wish = mail_wish("k");
        wish.parameters = text.to_owned();
        assert_eq!(refusal(planner(&home).request_capability(&wish).await), "invalid_parameters", "{text}");
    }
    assert_eq!(home.recorded_refusals(), vec!["invalid_parameters"; parameters.len()]);
}
