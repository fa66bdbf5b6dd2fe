//! A planner that hides from the owner what it asks for.

use planner::client::Standing;
use serde_json::json;
use system_tests::{Owner, TestHome, mail_wish, planner};

#[tokio::test]
async fn what_is_invisible_or_misleading_is_shown_to_the_owner_as_such() {
    let home = TestHome::new();
    let _executor = home.executor().await;
    let _control_plane = home.control_plane().await;
    let mut wish = mail_wish("k");
    let body = "Pay\u{200B} \u{202E}001\u{202C} to\u{00A0}me\u{E0041}\nbold\u{2066}ly";
    wish.parameters =
        json!({ "to": "ann@example.org", "subject": "in\u{200D}voice \u{202E}fdp.exe", "body": body })
            .to_string();
    let Standing::Pending { request } = planner(&home).request_capability(&wish).await.unwrap() else {
        panic!("the owner was not asked");
    };

    let card = Owner::of(&home).show(&request).await;
    assert_eq!(card.title, "Send mail to ann@example.org: in⟨U+200D⟩voice ⟨U+202E⟩fdp.exe");
    let body = &card.fields.iter().find(|field| field.name == "body").unwrap().value;
    assert_eq!(body, "Pay⟨U+200B⟩ ⟨U+202E⟩001⟨U+202C⟩ to⟨U+00A0⟩me⟨U+E0041⟩\nbold⟨U+2066⟩ly");

    for command in
        [vec!["show", &request], vec!["show", &request, "--json"], vec!["list"], vec!["list", "--json"]]
    {
        let shown = home.moltctl(&[vec!["approvals"], command].concat()).well();
        assert!(shown.contains("⟨U+202E⟩fdp.exe"), "{shown}");
        let hidden =
            shown.chars().find(|c| "\u{200B}\u{200D}\u{202E}\u{202C}\u{2066}\u{A0}\u{E0041}".contains(*c));
        assert_eq!(hidden, None, "{shown:?}");
    }
    let recorded = std::fs::read_to_string(home.audit_log()).unwrap();
    assert!(!recorded.contains('\u{202E}'), "the record is read on terminals too");
}
