use serde::Deserialize;

use super::super::tests::{request, secret};
use super::*;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Signatures that Twilio's own package for Python made.
#[derive(Deserialize)]
struct Vector {
    token: String,
    public_address: Url,
    query: String,
    body: String,
    signature: String,
}

#[derive(Deserialize)]
struct Vectors {
    twilio_forms: Vec<Vector>,
    twilio_json: Vec<Vector>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/webhooks.json")).unwrap()
}

impl Vector {
    fn told(&self, content_type: &str) -> Result<FromTwilio, Refusal> {
        let headers = [(SIGNATURE, self.signature.as_str()), (CONTENT_TYPE, content_type)];
        let (account_sid, auth_token) = (secret(ACCOUNT), secret(&self.token));
        let receiver = Receiver {
            public_address: &self.public_address,
            account_sid: &account_sid,
            auth_token: &auth_token,
        };
        from_twilio(request(&headers, &self.query, &self.body), &receiver)
    }
}

/// A form that is signed here, for what Twilio would not send.
fn signed_here(body: &str) -> Result<FromTwilio, Refusal> {
    let public_address = Url::parse("https://example.org/hook").unwrap();
    let mut signed = "https://example.org/hook".to_owned();
    for (name, values) in values(&pairs(body.as_bytes()).unwrap()) {
        for value in values {
            signed.push_str(&name);
            signed.push_str(&value);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
    let signature = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    Vector { token: "12345".into(), public_address, query: String::new(), body: body.into(), signature }
        .told(FORM)
}

fn message() -> String {
    format!(
        "MessageSid=SM{0}&AccountSid={ACCOUNT}&From=%2B441632960961&To=%2B441632960962&Body=hi",
        "0123456789abcdef".repeat(2)
    )
}

#[test]
fn the_published_example_holds() {
    let body =
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let public_address = Url::parse("https://mycompany.com/myapp.php").unwrap();
    let (account_sid, auth_token) = (secret(ACCOUNT), secret("12345"));
    let receiver =
        Receiver { public_address: &public_address, account_sid: &account_sid, auth_token: &auth_token };
    let fields = values(&pairs(body.as_bytes()).unwrap());
    assert_eq!(signed(&receiver, "foo=1&bar=2", &fields, b"RSOYDt4T1cUTdK1PDd93/VVr8B8="), Ok(()));
    assert_eq!(signed(&receiver, "foo=1", &fields, b"RSOYDt4T1cUTdK1PDd93/VVr8B8="), Err(Refusal::NotSigned));
}

#[test]
fn what_twilios_own_package_signs_holds_and_no_change_of_it_does() {
    let Vectors { twilio_forms, twilio_json } = vectors();
    assert!(twilio_forms.len() >= 12 && twilio_json.len() >= 3);
    for (vectors, content_type) in [(twilio_forms, FORM), (twilio_json, "application/json")] {
        for mut vector in vectors {
            let told = vector.told(content_type).unwrap();
            let as_it_came = told.delivery.into_incoming().untrusted_bytes == vector.body.as_bytes();
            assert_eq!(as_it_came, told.kind != Kind::Message);
            let token = std::mem::replace(&mut vector.token, "12346".into());
            assert_eq!(vector.told(content_type), Err(Refusal::NotSigned));
            vector.token = token;
            let elsewhere = vector.public_address.join("/elsewhere").unwrap();
            let address = std::mem::replace(&mut vector.public_address, elsewhere);
            assert_eq!(vector.told(content_type), Err(Refusal::NotSigned));
            vector.public_address = address;
            vector.body.push_str("&Extra=1");
            assert_eq!(vector.told(content_type), Err(Refusal::NotSigned));
        }
    }
}

#[test]
fn what_is_told_is_what_was_sent() {
    let told = vectors().twilio_forms.remove(0).told(FORM).unwrap();
    assert_eq!(told.kind, Kind::Message);
    assert_eq!(told.delivery.id(), "SM0123456789abcdef0123456789abcdef");
    assert_eq!(read(told)["Body"], "h\u{e9}llo & b+c=\u{1f600}\nnext");
}

fn read(told: FromTwilio) -> serde_json::Value {
    serde_json::from_slice(&told.delivery.into_incoming().untrusted_bytes).unwrap()
}

#[test]
fn a_reader_is_given_what_it_needs_of_a_message_and_no_more() {
    let more = "&NumMedia=2&MediaContentType0=image%2Fjpeg&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fx&FromCity=x\
                &MediaContentType1=a&MediaContentType1=b";
    let told = signed_here(&(message() + more)).unwrap();
    let expected = serde_json::json!({
        "MessageSid": format!("SM{}", "0123456789abcdef".repeat(2)), "From": "+441632960961", "To": "+441632960962",
        "Body": "hi", "NumMedia": "2", "MediaContentType0": "image/jpeg",
    });
    assert_eq!(read(told), expected);
}

#[test]
fn a_delivery_has_one_name_for_each_thing_that_happened() {
    let mut ids: Vec<(Kind, String)> = vectors()
        .twilio_forms
        .iter()
        .map(|vector| vector.told(FORM).unwrap())
        .map(|told| (told.kind, told.delivery.id().to_owned()))
        .collect();
    ids.dedup();
    let (message, call) = ("SM0123456789abcdef0123456789abcdef", "CA0123456789abcdef0123456789abcdef");
    let expected = [
        (Kind::Message, message.to_owned()),
        (Kind::MessageStatus, format!("{message}:delivered")),
        (Kind::Call, format!("{call}:ringing")),
        (Kind::Message, message.to_owned()),
    ];
    assert_eq!(ids, expected);
}

#[test]
fn a_header_that_is_missing_empty_or_there_twice_is_a_refusal() {
    let vector = vectors().twilio_forms.remove(0);
    let (account_sid, auth_token) = (secret(ACCOUNT), secret("12345"));
    let receiver = Receiver {
        public_address: &vector.public_address,
        account_sid: &account_sid,
        auth_token: &auth_token,
    };
    let told = |headers: &[(&str, &str)]| from_twilio(request(headers, "", &vector.body), &receiver);
    let (signature, form) = ((SIGNATURE, vector.signature.as_str()), (CONTENT_TYPE, FORM));
    assert!(told(&[signature, form]).is_ok());
    assert_eq!(told(&[form]), Err(Refusal::Missing { header: SIGNATURE }));
    assert_eq!(told(&[(SIGNATURE, ""), form]), Err(Refusal::Missing { header: SIGNATURE }));
    assert_eq!(told(&[signature, signature, form]), Err(Refusal::Repeated { header: SIGNATURE }));
    assert_eq!(told(&[signature]), Err(Refusal::Missing { header: CONTENT_TYPE }));
    assert_eq!(
        told(&[signature, (CONTENT_TYPE, "text/plain")]),
        Err(Refusal::Misshapen { header: CONTENT_TYPE })
    );
    assert_eq!(told(&[(SIGNATURE, "not base64!"), form]), Err(Refusal::Misshapen { header: SIGNATURE }));
    assert_eq!(told(&[(SIGNATURE, "AAAA"), form]), Err(Refusal::NotSigned));
}

#[test]
fn a_header_does_not_choose_the_algorithm_or_the_key() {
    let vector = vectors().twilio_forms.remove(0);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"12345");
    let mut signed = vector.public_address.to_string();
    for (name, values) in values(&pairs(vector.body.as_bytes()).unwrap()) {
        values.iter().for_each(|value| signed.extend([name.as_str(), value]));
    }
    let signature = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let settings = ("X-Twilio-Webhooks-Signature-Settings", "key=x,algorithm=HMAC_SHA256");
    let (account_sid, auth_token) = (secret(ACCOUNT), secret("12345"));
    let receiver = Receiver {
        public_address: &vector.public_address,
        account_sid: &account_sid,
        auth_token: &auth_token,
    };
    let headers = [(SIGNATURE, signature.as_str()), (CONTENT_TYPE, FORM), settings];
    assert_eq!(from_twilio(request(&headers, "", &vector.body), &receiver), Err(Refusal::NotSigned));
}

#[test]
fn a_json_body_that_nobody_vouches_for_is_refused() {
    let public_address = Url::parse("https://example.org/hook").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345");
    let told = |query: &str, body: &str| {
        let address = if query.is_empty() { String::new() } else { format!("?{query}") };
        let signed = format!("https://example.org/hook{address}");
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        let (public_address, query, body) = (public_address.clone(), query.into(), body.into());
        Vector { token: "12345".into(), public_address, query, body, signature }.told("application/json")
    };
    let of_braces = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(told(&format!("bodySHA256={of_braces}"), "{}").unwrap().kind, Kind::Json);
    assert_eq!(told(&format!("bodySHA256={of_braces}"), "{ }"), Err(Refusal::NotSigned));
    for query in ["", "x=1", &format!("bodySHA256={of_braces}&bodySHA256={of_braces}")] {
        assert!(matches!(told(query, "{}"), Err(Refusal::NotUnderstood { .. })), "{query}");
    }
}

#[test]
fn somebody_elses_account_is_refused_though_it_is_signed() {
    assert!(signed_here(&message()).is_ok());
    let other = message().replace("AccountSid=AC0", "AccountSid=AC1");
    assert_eq!(signed_here(&other), Err(Refusal::OtherAccount));
}

#[test]
fn fields_that_matter_are_there_once_and_in_their_form() {
    for field in ["MessageSid", "AccountSid", "From", "To", "Body"] {
        let without = message().replacen(&format!("{field}="), &format!("X{field}="), 1);
        assert!(matches!(signed_here(&without), Err(Refusal::NotUnderstood { .. })), "{field} is missing");
        let twice = format!("{}&{field}=x", message());
        assert!(matches!(signed_here(&twice), Err(Refusal::NotUnderstood { .. })), "{field} is there twice");
    }
    for (from, to) in
        [("SM0123", "SMx123"), ("From=%2B441632960961", "From="), ("MessageSid=SM", "MessageSid=SMa")]
    {
        assert!(
            matches!(signed_here(&message().replace(from, to)), Err(Refusal::NotUnderstood { .. })),
            "{to}"
        );
    }
    let status = format!("{}&MessageStatus=de%0Alivered", message());
    assert!(matches!(signed_here(&status), Err(Refusal::NotUnderstood { .. })));
}

#[test]
fn borders_that_shift_under_the_same_signature_lose_a_field_that_matters() {
    // "…Bodyhi" + "From+44…" is signed alike as "…BodyhiFrom+44…" without a sender.
    let shifted =
        message().replace("&From=%2B441632960961", "").replace("Body=hi", "Body=hiFrom%2B441632960961");
    let signature_of = |body: &str| {
        let fields = values(&pairs(body.as_bytes()).unwrap());
        fields
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| format!("{name}{value}")))
            .collect::<String>()
    };
    assert_eq!(signature_of(&shifted), signature_of(&message()), "the same is signed");
    assert!(matches!(signed_here(&shifted), Err(Refusal::NotUnderstood { .. })));
}

#[test]
fn a_form_is_text_of_a_bounded_number_of_fields() {
    assert!(pairs(b"a=%ff").is_err() && pairs(b"%ff=a").is_err());
    assert!(pairs("a=1&".repeat(MOST_FIELDS + 1).as_bytes()).is_err());
    assert!(pairs("a=1&".repeat(MOST_FIELDS).as_bytes()).is_ok());
}
