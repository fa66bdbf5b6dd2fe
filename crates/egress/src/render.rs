//! The last layer: from a call to the bytes that go out. Here, and nowhere before, secrets join it.

use crate::{Body, Call, Credential, Credentials, Key, NotSent, Part};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use vault::Secret;
use zeroize::Zeroizing;

/// What a path segment holds as it is: `pchar` of RFC 3986 section 3.3. A bot's token is only found with its colon.
const SEGMENT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A text with secrets in it, wiped when it goes.
pub(crate) type Text = Zeroizing<String>;

/// The segments of the path, as they are meant.
pub(crate) fn segments(call: &Call, credentials: &dyn Credentials) -> Result<Vec<Text>, NotSent> {
    call.path.iter().map(|parts| joined(parts, credentials)).collect()
}

/// The path and query, percent-encoded, behind the site's base.
pub(crate) fn target(base: &str, segments: &[Text], query: &[(&'static str, String)]) -> Text {
    let longest = base.len() + segments.iter().map(|segment| 1 + 3 * segment.len()).sum::<usize>() + 1;
    let mut target = Zeroizing::new(String::with_capacity(longest));
    target.push_str(base);
    for segment in segments {
        target.push('/');
        target.extend(utf8_percent_encode(segment, &SEGMENT));
    }
    if target.is_empty() {
        target.push('/');
    }
    let mut separator = '?';
    for (name, value) in query {
        target.push(separator);
        target.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        target.push('=');
        target.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        separator = '&';
    }
    target
}

/// The `Authorization` header, which no log of ours or of our libraries prints.
pub(crate) fn authorization(
    credential: &Credential,
    credentials: &dyn Credentials,
) -> Result<Option<HeaderValue>, NotSent> {
    let (key, value) = match credential {
        Credential::None => return Ok(None),
        Credential::Bearer(key) => (*key, bearer(*key, &*credentials.secret(*key)?)?),
        Credential::HeldBearer(secret) => {
            let key = Key { file: "oauth", name: "access_token" };
            (key, bearer(key, secret)?)
        }
        Credential::Basic { user, password: key } => {
            let (name, password) = (credentials.secret(*user)?, credentials.secret(*key)?);
            let (name, password) = (plain(*user, &name)?, plain(*key, &password)?);
            let pair = Zeroizing::new([name.as_bytes(), b":", password.as_bytes()].concat());
            (*key, with_scheme("Basic ", Zeroizing::new(BASE64_STANDARD.encode(&*pair)).as_bytes()))
        }
    };
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value))
        .map_err(|_invalid| NotSent::UnfitCredential { key })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn bearer(key: Key, secret: &Secret) -> Result<Zeroizing<Vec<u8>>, NotSent> {
    Ok(with_scheme("Bearer ", plain(key, secret)?.as_bytes()))
}

fn with_scheme(scheme: &str, credential: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([scheme.as_bytes(), credential].concat())
}

/// The body and its type.
pub(crate) fn body(
    body: &Body,
    credentials: &dyn Credentials,
) -> Result<(Option<&'static str>, Bytes), NotSent> {
    match body {
        Body::Empty => Ok((None, Bytes::new())),
        Body::Json(json) => Ok((Some("application/json; charset=utf-8"), Bytes::from(json.clone()))),
        Body::Form(fields) => {
            let values: Vec<_> = fields
                .iter()
                .map(|(name, part)| Ok((*name, joined(std::slice::from_ref(part), credentials)?)))
                .collect::<Result<_, NotSent>>()?;
            let longest = values.iter().map(|(name, value)| 2 + 3 * (name.len() + value.len())).sum();
            let mut form = Zeroizing::new(String::with_capacity(longest));
            for (name, value) in values {
                if !form.is_empty() {
                    form.push('&');
                }
                form.extend(form_urlencoded::byte_serialize(name.as_bytes()));
                form.push('=');
                form.extend(form_urlencoded::byte_serialize(value.as_bytes()));
            }
            let bytes = Zeroizing::new(std::mem::take(&mut *form).into_bytes());
            Ok((Some("application/x-www-form-urlencoded"), Bytes::from_owner(bytes)))
        }
    }
}

/// Room for the whole is made first: a text that grows leaves a copy behind that nobody wipes.
fn joined(parts: &[Part], credentials: &dyn Credentials) -> Result<Text, NotSent> {
    enum Piece<'a> {
        Text(&'a str),
        Secret(Key, Arc<Secret>),
    }
    let pieces = parts.iter().map(|part| {
        Ok(match part {
            Part::Text(text) => Piece::Text(text),
            Part::Secret(key) => Piece::Secret(*key, credentials.secret(*key)?),
        })
    });
    let pieces: Vec<_> = pieces.collect::<Result<_, NotSent>>()?;
    let length = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Secret(_, secret) => secret.expose().len(),
    });
    let mut joined = Zeroizing::new(String::with_capacity(length.sum()));
    for piece in &pieces {
        match piece {
            Piece::Text(text) => joined.push_str(text),
            Piece::Secret(key, secret) => joined.push_str(plain(*key, secret)?),
        }
    }
    Ok(joined)
}

/// What a provider hands out as a credential is printable; a line break in it is a slip of the hand or an attack.
fn plain(key: Key, secret: &Secret) -> Result<&str, NotSent> {
    let text = std::str::from_utf8(secret.expose()).ok();
    text.filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
        .ok_or(NotSent::UnfitCredential { key })
}
