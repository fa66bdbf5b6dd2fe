//! The calls, as values. What is posted is a form; the last layer encodes it, the plus of a number included.

use std::fmt;
use std::str::FromStr;

use egress::{Body, Call, Credential, Part};

use super::{ACCOUNT_SID, AUTH_TOKEN, PHONE_NUMBER};
use crate::Failure;

/// Error 21617 is what Twilio says to more.
const LONGEST_TEXT: usize = 1600;

/// "Max 4000 characters" (parameter `Twiml`).
const LONGEST_TWIML: usize = 4000;

/// How many of the newest are looked through.
pub(super) const PAGE: usize = 200;

/// Whom messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The telephone number in the vault.
    Number,
    /// A messaging service (`MG…`), which chooses among its numbers.
    Service(Sid),
}

/// The name of a message (`SM…`, `MM…`), a call (`CA…`) or a messaging service (`MG…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sid(String);

/// It is not two letters and 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not the SID of a message, a call or a messaging service, such as SM and 32 hexadecimal digits"
)]
pub struct NotASid;

pub(super) fn account() -> Call {
    with_account(
        Call::get("asking about the account", "endpoint", []),
        vec![ACCOUNT_SID.into(), ".json".into()],
        [],
    )
}

pub(super) fn send_message(sender: &Sender, to: &str, text: &str) -> Result<Call, Failure> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Failure::Malformed { what: "the text has more than 1600 characters" });
    }
    if text.trim().is_empty() {
        return Err(Failure::Malformed { what: "the text is empty" });
    }
    let from = match sender {
        Sender::Number => ("From", Part::from(PHONE_NUMBER)),
        Sender::Service(Sid(service)) => ("MessagingServiceSid", Part::from(service.as_str())),
    };
    let form = vec![("To", number(to)?.into()), from, ("Body", text.into())];
    let call = Call::post("sending the message", "endpoint", [], Body::Form(form));
    Ok(of_account(call, ["Messages.json"]))
}

pub(super) fn make_call(to: &str, say: &str) -> Result<Call, Failure> {
    if say.trim().is_empty() {
        return Err(Failure::Malformed { what: "the text is empty" });
    }
    let twiml = format!("<Response><Say>{}</Say></Response>", xml_text(say)?);
    if twiml.chars().count() > LONGEST_TWIML {
        return Err(Failure::Malformed { what: "the text is longer than Twilio takes for a call" });
    }
    let form = vec![("To", number(to)?.into()), ("From", PHONE_NUMBER.into()), ("Twiml", twiml.into())];
    let call = Call::post("making the call", "endpoint", [], Body::Form(form));
    Ok(of_account(call, ["Calls.json"]))
}

pub(super) fn progress(sid: &Sid) -> Call {
    let kind = if sid.0.starts_with("CA") { "Calls" } else { "Messages" };
    let call = Call::get("asking what became of it", "endpoint", []);
    of_account(call, [kind, &format!("{}.json", sid.0)])
}

pub(super) fn messages_to(to: &str) -> Result<Call, Failure> {
    let call = Call::get("looking through the messages", "endpoint", [])
        .with_query("To", number(to)?)
        .with_query("PageSize", PAGE.to_string());
    Ok(of_account(call, ["Messages.json"]))
}

pub(super) fn calls_to(to: &str) -> Result<Call, Failure> {
    let call = Call::get("looking through the calls", "endpoint", [])
        .with_query("To", number(to)?)
        .with_query("PageSize", PAGE.to_string());
    Ok(of_account(call, ["Calls.json"]))
}

fn of_account<const N: usize>(call: Call, below: [&str; N]) -> Call {
    with_account(call, vec![ACCOUNT_SID.into()], below)
}

fn with_account<const N: usize>(mut call: Call, account: Vec<Part>, below: [&str; N]) -> Call {
    call.path = vec![vec!["2010-04-01".into()], vec!["Accounts".into()], account];
    call.path.extend(below.map(|segment| vec![Part::from(segment)]));
    call.by(Credential::Basic { user: ACCOUNT_SID, password: AUTH_TOKEN })
}

/// ITU-T E.164: a plus sign and at most 15 digits, the first of which is not zero.
fn number(text: &str) -> Result<&str, Failure> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let sound = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if sound {
        Ok(text)
    } else {
        Err(Failure::Malformed { what: "the number is not of the form +441632960961" })
    }
}

/// Text for the inside of an element. What XML 1.0 (section 2.2) has no way to write is refused.
fn xml_text(text: &str) -> Result<String, Failure> {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | ' '..='\u{7e}' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => {
                escaped.push(character)
            }
            _ => return Err(Failure::Malformed { what: "the text holds a control character" }),
        }
    }
    Ok(escaped)
}

// === impl Sid ===

impl Sid {
    /// As Twilio writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sid {
    type Err = NotASid;

    fn from_str(text: &str) -> Result<Self, NotASid> {
        let number = ["SM", "MM", "CA", "MG"].iter().find_map(|kind| text.strip_prefix(kind));
        let sound =
            number.is_some_and(|number| number.len() == 32 && number.bytes().all(|b| b.is_ascii_hexdigit()));
        if sound { Ok(Self(text.to_owned())) } else { Err(NotASid) }
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use egress::{Body, Call, Credential, Part};

    use super::super::{ACCOUNT_SID, AUTH_TOKEN, PHONE_NUMBER, REACH};
    use super::*;

    const TO: &str = "+441632960961";
    const SID: &str = "SM0123456789abcdef0123456789abcdef";

    fn form(call: &Call) -> &[(&'static str, Part)] {
        let Body::Form(fields) = &call.body else { panic!("{:?}", call.body) };
        fields
    }

    #[test]
    fn every_call_is_one_that_is_declared_and_names_the_account() {
        for call in [
            account(),
            send_message(&Sender::Number, TO, "a").unwrap(),
            make_call(TO, "a").unwrap(),
            progress(&SID.parse().unwrap()),
            progress(&SID.replace("SM", "CA").parse().unwrap()),
            messages_to(TO).unwrap(),
            calls_to(TO).unwrap(),
        ] {
            let meant: Vec<String> = call
                .path
                .iter()
                .map(|parts| {
                    let text = |part: &Part| match part {
                        Part::Text(text) => text.clone(),
                        Part::Secret(key) => {
                            assert_eq!(*key, ACCOUNT_SID);
                            "AC1".to_owned()
                        }
                    };
                    parts.iter().map(text).collect()
                })
                .collect();
            let meant: Vec<&str> = meant.iter().map(String::as_str).collect();
            assert!(REACH.site(call.site, call.method, &meant).is_ok(), "{call:?}");
            assert_eq!(call.credential, Credential::Basic { user: ACCOUNT_SID, password: AUTH_TOKEN });
        }
    }

    #[test]
    fn a_message_says_whom_it_is_for_whom_it_is_from_and_what() {
        let call = send_message(&Sender::Number, TO, "a & b").unwrap();
        assert_eq!(form(&call), [("To", TO.into()), ("From", PHONE_NUMBER.into()), ("Body", "a & b".into())]);
        let service = SID.replace("SM", "MG");
        let call = send_message(&Sender::Service(service.parse().unwrap()), TO, "a").unwrap();
        assert_eq!(form(&call)[1], ("MessagingServiceSid", service.into()));
    }

    #[test]
    fn a_text_of_a_call_cannot_become_an_instruction() {
        let call = make_call(TO, "</Say><Dial>+1900</Dial> \"&\" 'x'\n\u{e9}\u{1f600}").unwrap();
        let twiml = "<Response><Say>&lt;/Say&gt;&lt;Dial&gt;+1900&lt;/Dial&gt; &quot;&amp;&quot; &apos;x&apos;\n\u{e9}\u{1f600}</Say></Response>";
        assert_eq!(form(&call)[2], ("Twiml", twiml.into()));
        for text in ["\u{0}", "\u{b}", "\u{1b}[2J", "\u{fffe}", "\u{ffff}", "\r", "\u{7f}", " "] {
            assert!(matches!(make_call(TO, text), Err(Failure::Malformed { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_text_has_a_bounded_length() {
        let fits = |text: String| send_message(&Sender::Number, TO, &text).is_ok();
        assert!(fits("a".repeat(1600)) && fits("\u{1f600}".repeat(1600)));
        assert!(!fits("a".repeat(1601)) && !fits(String::new()) && !fits("\n".into()));
        assert!(make_call(TO, &"a".repeat(1000)).is_ok());
        assert!(make_call(TO, &"&".repeat(1000)).is_err(), "escaped it is longer than Twilio takes");
    }

    #[test]
    fn only_a_number_in_e164_form_is_written_or_called() {
        for to in [
            "441632960961",
            "+0441632960961",
            "+44",
            "+4416329609611234",
            "+44 1632",
            "client:x",
            "sip:a@b",
            "",
        ] {
            assert!(send_message(&Sender::Number, to, "a").is_err(), "{to}");
            assert!(make_call(to, "a").is_err() && messages_to(to).is_err() && calls_to(to).is_err(), "{to}");
        }
    }

    #[test]
    fn only_a_sid_is_looked_up() {
        assert_eq!(SID.parse::<Sid>().unwrap().as_str(), SID);
        for sid in
            ["", "SM", "AC0123456789abcdef0123456789abcdef", "SM0123456789abcdef0123456789abcde/", "../x"]
        {
            assert_eq!(sid.parse::<Sid>(), Err(NotASid), "{sid}");
        }
    }
}
