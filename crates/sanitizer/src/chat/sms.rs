use clean_content::{Party, limits};
use serde_json::Value;

use super::{file, finish, line, parse, text};
use crate::{Unreadable, view::View};

/// Reads the fields that Twilio sends for a text message
/// (<https://www.twilio.com/docs/messaging/guides/webhook-request>), all of them texts.
pub(crate) fn view(raw: &[u8]) -> Result<View, Unreadable> {
    let json = parse(raw)?;
    if !json.get("Body").is_some_and(Value::is_string) {
        return Err(Unreadable::WrongShape { expected: "`Body`, a text" });
    }
    let party = |key| text(&json, key).map(|end| Party { name: None, address: end.to_owned() });
    let mut view = View::default();
    view.metadata.sender = party("From");
    view.metadata.recipients = party("To").into_iter().collect();
    view.metadata.message_id = text(&json, "MessageSid").map(str::to_owned);
    // Files stay at Twilio: how many it counts, and what each is said to be.
    let files = text(&json, "NumMedia").and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
    for nth in 0..files.min(limits::ATTACHMENTS) {
        view.metadata.attachments.push(file(None, text(&json, &format!("MediaContentType{nth}")), None));
    }
    if let Some(words) = text(&json, "Body") {
        line(&mut view, words);
    }
    Ok(finish(view, &json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_telephone_shows_is_the_body_and_who_wrote_stands_beside_it() {
        let view = view(
            br#"{"Body":"a\nb","From":"+441632960961","To":"+441632960962","MessageSid":"MM1","NumMedia":"2",
            "MediaContentType0":"image/jpeg"}"#,
        )
        .unwrap();
        assert_eq!(view.visible, "a\nb");
        let party = |address: &str| Party { name: None, address: address.to_owned() };
        assert_eq!(view.metadata.sender, Some(party("+441632960961")));
        assert_eq!(view.metadata.recipients, [party("+441632960962")]);
        assert_eq!(view.metadata.message_id.as_deref(), Some("MM1"));
        let types: Vec<_> = view.metadata.attachments.iter().map(|file| file.media_type.as_str()).collect();
        assert_eq!(types, ["image/jpeg", "application/octet-stream"]);
    }

    #[test]
    fn a_picture_without_words_is_a_message_too() {
        let view = view(br#"{"Body":"","NumMedia":"1","MediaContentType0":"image/png"}"#).unwrap();
        assert_eq!((view.visible.as_str(), view.metadata.attachments.len()), ("", 1));
    }

    #[test]
    fn what_is_not_shown_is_kept_apart_and_a_count_of_files_is_bounded() {
        let view = view(br#"{"Body":"a","NumMedia":"999999","X":"some hidden words"}"#).unwrap();
        assert!(view.passages.iter().any(|passage| passage.text.contains("some hidden words")));
        assert_eq!(view.metadata.attachments.len(), limits::ATTACHMENTS);
    }

    #[test]
    fn what_is_no_text_message_is_said_to_be_none() {
        let error = |json: &str| super::view(json.as_bytes()).unwrap_err();
        assert!(matches!(error("Body=a"), Unreadable::NotJson { .. }));
        for json in ["{}", "[]", r#"{"Body":1}"#, r#"{"Body":null}"#] {
            assert!(matches!(error(json), Unreadable::WrongShape { .. }), "{json}");
        }
    }
}
