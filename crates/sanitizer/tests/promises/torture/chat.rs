//! Chat messages that no service sends.

use super::promises_hold;

const TELEGRAM: &[&str] = &[
    r#"{}"#,
    r#"{"message":null}"#,
    r#"{"message":[]}"#,
    r#"{"message":{"text":1}}"#,
    r#"{"message":{"chat":[],"text":"a"}}"#,
    r#"{"message":{"chat":{"title":"\u0000\u202e","id":-1e400},"text":"a"}}"#,
    r#"{"message":{"chat":{},"text":"\ud83d"}}"#,
    r#"{"message":{"chat":{},"text":"\ud83d\ude00","entities":[{"type":"text_link","offset":1,"length":1,"url":"https://a.example"}]}}"#,
    r#"{"message":{"chat":{},"text":"abc","entities":[{"type":"text_link","offset":18446744073709551615,"length":18446744073709551615,"url":"x"}]}}"#,
    r#"{"message":{"chat":{},"text":"abc","entities":[{"type":"text_link","offset":-1,"length":-1,"url":"x"},{"type":5},null,[]]}}"#,
    r#"{"message":{"chat":{},"text":"abc","entities":[{"type":"spoiler","offset":0,"length":3},{"type":"pre","offset":2,"length":9}]}}"#,
    r#"{"message":{"chat":{},"text":"a","text":"b"}}"#,
    r#"{"message":{"chat":{},"caption":"a","document":{"file_name":"\u001b[2J.pdf","mime_type":"a/b/c\n","file_size":-1}}}"#,
    r#"{"message":{"chat":{},"photo":[{}],"caption":"\u202eabc"}}"#,
    r#"{"message":{"chat":{},"text":"a","reply_to_message":{"text":"b","reply_to_message":{"text":"c"}}}}"#,
    r#"{"message":{"chat":{},"poll":{"question":"a","options":[{"text":"b"},{"text":1},null]}}}"#,
    r#"{"message":{"chat":{},"text":"a","from":{"first_name":"\u200b","username":"\n"},"date":99999999999999}}"#,
    r#"{"message":{"chat":{},"text":"a","date":-62135596801}}"#,
    r#"{"channel_post":{"chat":{},"text":"a"},"edited_message":{"chat":{},"text":"b"}}"#,
    r#"{"callback_query":{"data":"a","message":{"chat":{},"text":"b"}}}"#,
    r#"{"message":{"chat":{},"text":"a","contact":{"first_name":"b","vcard":"BEGIN:VCARD"},"location":{"latitude":1e999}}}"#,
    r#"{"message":{"chat":{},"text":"a"}} {"message":{"chat":{},"text":"b"}}"#,
    r#"{"message":{"chat":{},"text":"a",}}"#,
    r#"{"message":{"chat":{},"text":'a'}}"#,
    "\u{feff}{\"message\":{\"chat\":{},\"text\":\"a\"}}",
];

const SLACK: &[&str] = &[
    r#"{"event":{}}"#,
    r#"{"event":{"type":"message","text":null}}"#,
    r#"{"event":{"type":"message","text":"<"}}"#,
    r#"{"event":{"type":"message","text":"<>|<|><@><#|><!|>"}}"#,
    r#"{"event":{"type":"message","text":"<https://a.example|https://b.example> <mailto:a@b|c> <!subteam^1|@d> <!date^1^{date}|e> <javascript:f|g>"}}"#,
    r#"{"event":{"type":"message","text":"&lt;!channel&gt; &amp;lt; &amp;amp;"}}"#,
    r#"{"event":{"type":"message","text":"\ud800\u0000\u202e"}}"#,
    r#"{"event":{"type":"message","text":"a","blocks":[null,1,"b",[],{}, {"type":"section","text":"c"},{"type":"section","text":{"text":{"text":"d"}}}]}}"#,
    r#"{"event":{"type":"message","text":"a","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"b"},{"type":"link","url":"https://a.example","text":"https://b.example"},{"type":"emoji","name":"x","unicode":"zz-1f600"}]}]}]}}"#,
    r#"{"event":{"type":"message","text":"shown","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"another"}}]}}"#,
    r#"{"event":{"type":"message","text":"a","blocks":[{"type":"image","alt_text":"b","image_url":"https://a.example/?q={c}","title":{"text":"d"}}]}}"#,
    r#"{"event":{"type":"message","text":"a","blocks":[{"type":"actions","elements":[{"type":"button","text":{"text":"b"},"value":"c","confirm":{"text":{"text":"d"}}}]}]}}"#,
    r#"{"event":{"type":"message","text":"a","attachments":[{"fallback":"b","color":"c","fields":[{"title":1}],"footer":"d","ts":"e","blocks":[]}]}}"#,
    r#"{"event":{"type":"message","text":"a","files":[{"name":"\u202e","mimetype":"","size":1e30,"preview":"b"},null]}}"#,
    r#"{"event":{"type":"message","subtype":"message_changed","message":{"text":"a"},"previous_message":{"text":"b"}}}"#,
    r#"{"event":{"type":"message","subtype":"message_deleted"}}"#,
    r#"{"event":{"type":"message","user":"\n","bot_profile":{"name":"\u001b[2J"},"channel":{},"ts":"nan","text":"a"}}"#,
    r#"{"type":"message","text":"a"}"#,
    r#"{"type":"url_verification","challenge":"a"}"#,
];

const SMS: &[&str] = &[
    r#"{"Body":""}"#,
    r#"{"Body":null}"#,
    r#"{"Body":["a"],"From":"+441632960961"}"#,
    r#"{"Body":"a","From":"","To":""}"#,
    r#"{"Body":"a\u0000\u202e\u001b[2J\u200bb","From":"\u202e\u001b[2J","To":"\n","MessageSid":"\u0000"}"#,
    r#"{"Body":"a","From":{"a":"b"},"To":[null],"MessageSid":7}"#,
    r#"{"Body":"a","NumMedia":"-1","MediaContentType0":"image/png"}"#,
    r#"{"Body":"a","NumMedia":"18446744073709551616"}"#,
    r#"{"Body":"a","NumMedia":"101","MediaContentType0":"\u202e","MediaContentType1":"","MediaContentType2":"a/b/c\n"}"#,
    r#"{"Body":"\ud800"}"#,
    r#"{"Body":"a","Body":"b"}"#,
];

#[test]
fn promises_hold_for_messages_that_no_service_sends() {
    for message in TELEGRAM.iter().chain(SLACK).chain(SMS) {
        promises_hold(message, message.as_bytes());
    }
}

#[test]
fn promises_hold_for_a_message_cut_off_anywhere() {
    for message in [TELEGRAM[8], SLACK[8]] {
        for end in 0..message.len() {
            promises_hold(&format!("cut at {end}"), message.get(..end).unwrap().as_bytes());
        }
    }
}
