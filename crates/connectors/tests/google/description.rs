//! That the part of Google's description that the repository carries is Google's.

use serde_json::Value;

use crate::stand_in::discovery;

#[test]
fn what_requests_are_checked_against_is_what_google_describes() {
    let Some(whole) = discovery::whole() else {
        println!(
            "UNPROVEN: that the extract of gmail.v1.json is as Google has it, because MOLTBOT_SPECS names no folder"
        );
        return;
    };
    assert_part(&discovery::EXTRACT, &whole, "");
}

/// Everything but the descriptions and the note of its source is the same.
fn assert_part(part: &Value, whole: &Value, at: &str) {
    let Value::Object(fields) = part else { return assert_eq!(part, whole, "{at}") };
    for (name, value) in fields.iter().filter(|(name, _)| !at.is_empty() || *name != "source") {
        assert_part(value, &whole[name], &format!("{at}/{name}"));
    }
    let selection =
        ["", "/resources/users", "/resources/users/methods", "/resources/users/resources", "/schemas"];
    let methods = at.ends_with("/methods")
        || at.starts_with("/resources/users/resources/") && at.matches('/').count() == 4;
    if !selection.contains(&at) && !methods {
        for name in
            whole.as_object().unwrap().keys().filter(|name| !name.to_lowercase().contains("description"))
        {
            assert!(fields.contains_key(name), "{at}/{name} is left out");
        }
    }
}

#[test]
fn a_request_that_is_not_described_is_found() {
    let list = discovery::method("GET", "/gmail/v1/users/me/messages").unwrap();
    let check = |name: &str, value: &str| list.check_request(&[(name.to_owned(), value.to_owned())], b"");
    assert_eq!(check("maxResults", "5"), Vec::<String>::new());
    assert_eq!(check("maxResults", "five").len(), 1);
    assert_eq!(check("labels", "INBOX").len(), 1);
    assert_eq!(list.check_request(&[], b"{}").len(), 1);
    let get = discovery::method("GET", "/gmail/v1/users/me/messages/1").unwrap();
    assert_eq!(get.check_request(&[("format".to_owned(), "RAWEST".to_owned())], b"").len(), 1);
    let send = discovery::method("POST", "/gmail/v1/users/me/messages/send").unwrap();
    assert_eq!(send.check_request(&[], br#"{"raw":"YQ","threadId":"1"}"#), Vec::<String>::new());
    for wrong in [r#"{"raw":"Y+/="}"#, r#"{"row":"YQ"}"#, r#"{"threadId":1}"#, "raw"] {
        assert_eq!(send.check_request(&[], wrong.as_bytes()).len(), 1, "{wrong}");
    }
    assert!(discovery::method("POST", "/gmail/v1/users/me/messages/1").is_none());
}
