//! The zone's verb: one raw item in, one answer out.

use clean_content::{ContentType, Untrusted};
use jiff::Timestamp;
use wire::v1::ReaderUnreadable;
use wire::v1::reader_answer::Answer;

/// Reads one item.
pub fn read_item(untrusted_item: Untrusted<Vec<u8>>, content_type: &str, now: Timestamp) -> Answer {
    let read = || -> Result<String, String> {
        let content_type: ContentType = content_type.parse().map_err(|error| format!("{error}"))?;
        let clean =
            sanitizer::sanitize(untrusted_item, content_type, now).map_err(|error| error.to_string())?;
        Ok(clean.to_json())
    };
    match read() {
        Ok(clean_json) => Answer::CleanJson(clean_json),
        Err(reason) => Answer::Unreadable(ReaderUnreadable { reason }),
    }
}
