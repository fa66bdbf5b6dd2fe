//! Taking a reply in, within its bounds.

use crate::{Cause, Reply};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// Of a reply with more headers the rest is left out.
const MOST_HEADERS: usize = 64;

/// Nobody asks us in earnest to wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The whole reply, or why there is none.
pub(crate) async fn whole(response: Response<Incoming>, limit: usize) -> Result<Reply, Cause> {
    let (head, mut body) = response.into_parts();
    let status = head.status.as_u16();
    if head.status.is_redirection() {
        return Err(Cause::Redirected { status });
    }
    let announced = text(&head.headers, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(Cause::TooLong { limit });
    }
    // Nothing of the kind was asked for, and what unpacks has no bound.
    if text(&head.headers, &CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Cause::Broken("it is packed, which was not asked for".to_owned()));
    }
    let mut untrusted_body = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Cause::Broken(innermost(&error)))?;
        let Ok(data) = frame.into_data() else { continue };
        if untrusted_body.len() + data.len() > limit {
            return Err(Cause::TooLong { limit });
        }
        untrusted_body.extend_from_slice(&data);
    }
    let content_type = text(&head.headers, &CONTENT_TYPE).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let retry_after = text(&head.headers, &RETRY_AFTER).and_then(wait);
    let headers = head.headers.iter().take(MOST_HEADERS);
    let headers =
        headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    Ok(Reply { status, content_type, retry_after, headers: headers.collect(), untrusted_body })
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn wait(value: &str) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The words of the innermost error, on one line of printable ASCII: some of them are the other side's.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    let words = error.to_string();
    words.chars().take(200).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_WAIT, wait};
    use std::time::{Duration, SystemTime};

    #[test]
    fn how_long_to_wait_is_told_in_seconds_or_by_a_date() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("99999999999"), Some(LONGEST_WAIT));
        assert_eq!(wait("soon"), None);
        let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        assert!(wait(&later).is_some_and(|wait| wait > Duration::from_secs(3000)));
        assert_eq!(wait("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
    }
}
