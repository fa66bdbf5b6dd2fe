//! One request: is it one that may come here, and what does Zone 1 say to it.

use crate::bridge::Bridge;
use crate::limits::Limits;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};
use wire::v1::{WebhookAnswer, WebhookDelivery, WebhookHeader, WebhookProvider};

/// An answer; its body is short.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Answers a request whose last byte has to be there at `deadline`.
pub(crate) async fn answer(
    request: Request<Incoming>,
    bridge: Bridge,
    limits: Limits,
    deadline: Instant,
) -> Answer {
    let (head, body) = request.into_parts();
    let Some(provider) = provider_at(head.uri.path()) else { return bare(StatusCode::NOT_FOUND) };
    if head.method != Method::POST {
        let mut refused = bare(StatusCode::METHOD_NOT_ALLOWED);
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return refused;
    }
    if body.size_hint().lower() > limits.body as u64 {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let body = match timeout_at(deadline, Limited::new(body, limits.body).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return bare(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_broken)) => return bare(StatusCode::BAD_REQUEST),
        Err(_elapsed) => return bare(StatusCode::REQUEST_TIMEOUT),
    };
    let target = head.uri.path_and_query().map(|target| target.as_str().to_owned()).unwrap_or_default();
    let header = |(name, value): (&hyper::header::HeaderName, &HeaderValue)| WebhookHeader {
        name: name.as_str().to_owned(),
        value: value.as_bytes().to_vec(),
    };
    let headers = head.headers.iter().map(header).collect();
    let delivery = WebhookDelivery { provider: provider.into(), target, headers, body: body.into() };
    match timeout(limits.time, bridge.deliver(delivery)).await {
        Ok(Ok(answer)) => of_zone_1(answer),
        // The provider sends it again.
        Ok(Err(_)) | Err(_) => {
            let mut refused = bare(StatusCode::SERVICE_UNAVAILABLE);
            refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
            refused
        }
    }
}

/// Whole paths and nothing else, so that no two of us read one differently.
fn provider_at(path: &str) -> Option<WebhookProvider> {
    match path {
        "/telegram" => Some(WebhookProvider::Telegram),
        "/slack" => Some(WebhookProvider::Slack),
        "/twilio" => Some(WebhookProvider::Twilio),
        _ => None,
    }
}

fn of_zone_1(WebhookAnswer { status, content_type, body }: WebhookAnswer) -> Answer {
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    if let Some(content_type) = HeaderValue::try_from(content_type).ok().filter(|value| !value.is_empty()) {
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    answer
}

fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}
