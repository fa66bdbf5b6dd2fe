//! Twilio signs the address that it calls and the fields that it sends
//! (<https://www.twilio.com/docs/usage/webhooks/webhooks-security>).
//!
//! Nothing separates the fields under the signature and no time is in it. So the fields that matter have to be there, once and in
//! their form, and a delivery that was seen before is known by its id. A header that names another algorithm or key is not
//! listened to: both are ours to choose.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::{digest, hmac};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};
use vault::Secret;

use super::{Delivery, Refusal, UntrustedRequest, id_of, key};

const SIGNATURE: &str = "X-Twilio-Signature";
const CONTENT_TYPE: &str = "Content-Type";

/// A delivery has some thirty fields.
const MOST_FIELDS: usize = 500;

/// Where Twilio calls us, and whose account it has to be about.
#[derive(Clone, Copy, Debug)]
pub struct Receiver<'a> {
    /// The address as it was given to Twilio, without a query. What a proxy or a header says it is does not count.
    pub public_address: &'a Url,
    /// [`crate::twilio::ACCOUNT_SID`].
    pub account_sid: &'a Secret,
    /// [`crate::twilio::AUTH_TOKEN`].
    pub auth_token: &'a Secret,
}

/// What a delivery is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody wrote to our number.
    Message,
    /// What became of a message of ours. These come out of order and twice.
    MessageStatus,
    /// Somebody calls, or what becomes of a call.
    Call,
    /// A JSON body, which is about whatever it says.
    Json,
}

/// What Twilio says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromTwilio {
    /// What it is about.
    pub kind: Kind,
    /// The delivery: of a message, those of its fields that a reader needs, as JSON; else the body as it came.
    pub delivery: Delivery,
}

type Fields = BTreeMap<String, BTreeSet<String>>;

/// What Twilio says, if it was Twilio, about our account.
pub fn from_twilio(untrusted: UntrustedRequest, receiver: &Receiver<'_>) -> Result<FromTwilio, Refusal> {
    let untrusted = untrusted.bounded()?;
    let signature = untrusted.only(SIGNATURE)?;
    let content_type = std::str::from_utf8(untrusted.only(CONTENT_TYPE)?).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match content_type.as_str() {
        "application/x-www-form-urlencoded" => {
            let pairs = pairs(&untrusted.body)?;
            signed(receiver, &untrusted.query, &values(&pairs), signature)?;
            form(pairs, receiver, untrusted.body)
        }
        "application/json" => {
            signed(receiver, &untrusted.query, &Fields::new(), signature)?;
            json(&untrusted.query, untrusted.body)
        }
        _ => Err(Refusal::Misshapen { header: CONTENT_TYPE }),
    }
}

fn signed(receiver: &Receiver<'_>, query: &str, fields: &Fields, signature: &[u8]) -> Result<(), Refusal> {
    let signature =
        BASE64_STANDARD.decode(signature).map_err(|_| Refusal::Misshapen { header: SIGNATURE })?;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key(receiver.auth_token)?);
    let holds = addresses(receiver.public_address, query).iter().any(|address| {
        let mut signed = address.clone();
        for (name, values) in fields {
            for value in values {
                signed.push_str(name);
                signed.push_str(value);
            }
        }
        hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    });
    if holds { Ok(()) } else { Err(Refusal::NotSigned) }
}

/// With the port and without: Twilio signs now the one and now the other.
fn addresses(public: &Url, query: &str) -> [String; 2] {
    let (scheme, host, path) = (public.scheme(), public.host_str().unwrap_or_default(), public.path());
    let behind = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let port = public.port_or_known_default().unwrap_or(443);
    [format!("{scheme}://{host}{behind}"), format!("{scheme}://{host}:{port}{behind}")]
}

/// What a form holds, in its order. Bytes that are no text would be read differently by somebody.
fn pairs(body: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
    let replaced = Refusal::NotUnderstood { what: "its form is not text" };
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(body).into_owned().take(MOST_FIELDS + 1).collect();
    if pairs.len() > MOST_FIELDS
        || pairs.iter().any(|(name, value)| format!("{name}{value}").contains('\u{fffd}'))
    {
        return Err(replaced);
    }
    Ok(pairs)
}

/// Names and values in order, each once.
fn values(pairs: &[(String, String)]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in pairs {
        fields.entry(name.clone()).or_default().insert(value.clone());
    }
    fields
}

fn form(
    pairs: Vec<(String, String)>,
    receiver: &Receiver<'_>,
    untrusted_body: Vec<u8>,
) -> Result<FromTwilio, Refusal> {
    let mut fields: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (name, value) in pairs {
        fields.entry(name).and_modify(|twice| *twice = None).or_insert(Some(value));
    }
    let only = |name: &str| match fields.get(name) {
        Some(Some(value)) => Ok(value.as_str()),
        Some(None) => Err(Refusal::NotUnderstood { what: "a field that matters is there more than once" }),
        None => Err(Refusal::NotUnderstood { what: "a field that matters is missing" }),
    };
    let account = only("AccountSid")?;
    if !bool::from(account.as_bytes().ct_eq(key(receiver.account_sid)?)) {
        return Err(Refusal::OtherAccount);
    }
    let (kind, id, untrusted_bytes) = if fields.contains_key("MessageSid") {
        let message = sid(only("MessageSid")?, &["SM", "MM"])?;
        for end in ["From", "To"] {
            party(only(end)?)?;
        }
        if fields.contains_key("MessageStatus") {
            let id = id_of(format_args!("{message}:{}", word(only("MessageStatus")?)?))?;
            (Kind::MessageStatus, id, untrusted_body)
        } else {
            only("Body")?;
            (Kind::Message, id_of(format_args!("{message}"))?, for_a_reader(&fields))
        }
    } else {
        let call = sid(only("CallSid")?, &["CA"])?;
        for end in ["From", "To"] {
            party(only(end)?)?;
        }
        (Kind::Call, id_of(format_args!("{call}:{}", word(only("CallStatus")?)?))?, untrusted_body)
    };
    Ok(FromTwilio { kind, delivery: Delivery::checked(id, untrusted_bytes) })
}

/// What a person would want to know of a message, under Twilio's names. Where its media lie is left out: nobody fetches them.
fn for_a_reader(untrusted_fields: &BTreeMap<String, Option<String>>) -> Vec<u8> {
    const WANTED: [&str; 5] = ["MessageSid", "From", "To", "Body", "NumMedia"];
    let is_wanted = |name: &str| WANTED.contains(&name) || name.starts_with("MediaContentType");
    let wanted = untrusted_fields.iter().filter(|(name, _)| is_wanted(name));
    let once = wanted.filter_map(|(name, value)| Some((name.clone(), value.clone()?.into())));
    serde_json::Value::Object(once.collect()).to_string().into_bytes()
}

/// The address holds the body's digest, and the signature the address: without the digest nobody vouches for the body.
fn json(query: &str, untrusted_body: Vec<u8>) -> Result<FromTwilio, Refusal> {
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "bodySHA256");
    let (Some((_, said)), None) = (named.next(), named.next()) else {
        return Err(Refusal::NotUnderstood { what: "nobody vouches for its body" });
    };
    let digest = digest::digest(&digest::SHA256, &untrusted_body);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if !bool::from(digest.as_bytes().ct_eq(said.as_bytes())) {
        return Err(Refusal::NotSigned);
    }
    let delivery = Delivery::checked(id_of(format_args!("sha256:{digest}"))?, untrusted_body);
    Ok(FromTwilio { kind: Kind::Json, delivery })
}

/// Two letters and 32 hexadecimal digits.
fn sid<'a>(text: &'a str, kinds: &[&str]) -> Result<&'a str, Refusal> {
    let number = kinds.iter().find_map(|kind| text.strip_prefix(kind));
    let sound =
        number.is_some_and(|number| number.len() == 32 && number.bytes().all(|b| b.is_ascii_hexdigit()));
    if sound { Ok(text) } else { Err(Refusal::NotUnderstood { what: "a SID is not of Twilio's form" }) }
}

/// A number, a short one, a name of up to eleven letters, or an address of another channel such as `whatsapp:+…`.
fn party(text: &str) -> Result<&str, Refusal> {
    let sound = (1..=120).contains(&text.len()) && !text.chars().any(char::is_control);
    if sound { Ok(text) } else { Err(Refusal::NotUnderstood { what: "an end is nobody" }) }
}

fn word(text: &str) -> Result<&str, Refusal> {
    let sound = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_');
    if sound { Ok(text) } else { Err(Refusal::NotUnderstood { what: "its state is not one" }) }
}

#[cfg(test)]
mod tests;
