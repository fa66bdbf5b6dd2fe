//! One request: who asks for which action with which parameters, and the digest that names exactly that.

use crate::shape::InvalidParameter;
use crate::{Action, ActionName, CATALOGUE_VERSION, Digest, UnknownAction, ZoneId};

/// A request in canonical form.
///
/// Having one tells you that the action is in the catalogue, that its parameters have the catalogue's shape, and who
/// asked. It does not tell you that anybody agreed.
///
/// There is one constructor, [`Request::check`]; a second one would let parameters exist that nobody checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    zone: ZoneId,
    action: Action,
    parameters: String,
    digest: Digest,
}

/// Why there is no request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidRequest {
    /// The action is not in the catalogue.
    #[error(transparent)]
    UnknownAction(#[from] UnknownAction),
    /// The parameters are not a JSON object of the action's shape.
    #[error("parameters of `{action}`: {problem}")]
    Parameters {
        /// Which action.
        action: ActionName,
        /// What is wrong, for whoever made the request.
        problem: String,
    },
}

// === impl Request ===

impl Request {
    /// Checks what a zone asked for, and consumes it.
    pub fn check(
        zone: ZoneId,
        untrusted_action: &str,
        untrusted_parameters: String,
    ) -> Result<Self, InvalidRequest> {
        let name: ActionName = untrusted_action.parse()?;
        let invalid = |problem: String| InvalidRequest::Parameters { action: name, problem };
        let value: serde_json::Value =
            serde_json::from_str(&untrusted_parameters).map_err(|error| invalid(error.to_string()))?;
        if !value.is_object() {
            return Err(invalid("must be a JSON object".to_owned()));
        }
        let action =
            Action::check(name, value).map_err(|error: InvalidParameter| invalid(error.to_string()))?;
        let failed = |error: serde_json::Error| invalid(error.to_string());
        let parameters = serde_json_canonicalizer::to_string(&action).map_err(failed)?;
        let named = Named {
            action: name.as_str(),
            catalogue: CATALOGUE_VERSION,
            parameters: &action,
            zone: &zone.to_string(),
        };
        let digest = Digest::of(&serde_json_canonicalizer::to_vec(&named).map_err(failed)?);
        Ok(Self { zone, action, parameters, digest })
    }

    /// Who asks.
    pub const fn zone(&self) -> &ZoneId {
        &self.zone
    }

    /// What is asked.
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// The parameters in canonical form (RFC 8785).
    pub fn parameters(&self) -> &str {
        &self.parameters
    }

    /// SHA-256 over the canonical form of zone, action, parameters and catalogue version.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// What the digest is over.
#[derive(serde::Serialize)]
struct Named<'a> {
    action: &'static str,
    catalogue: u32,
    parameters: &'a Action,
    zone: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn planner() -> ZoneId {
        ZoneId::new("local", Role::Planner)
    }

    fn check(action: &str, parameters: &str) -> Result<Request, InvalidRequest> {
        Request::check(planner(), action, parameters.to_owned())
    }

    const MAIL: &str = r#"{"to":"ann@example.org","subject":"Hi","body":"Hello"}"#;

    #[test]
    fn the_digest_is_over_the_canonical_form_that_anybody_can_make() {
        let request = check("send_email", MAIL).unwrap();
        let canonical = concat!(
            r#"{"action":"send_email","catalogue":1,"parameters":{"body":"Hello","subject":"Hi","to":["ann@example.org"]},"#,
            r#""zone":"local/planner"}"#
        );
        assert_eq!(request.digest(), Digest::of(canonical.as_bytes()));
        assert_eq!(request.parameters(), r#"{"body":"Hello","subject":"Hi","to":["ann@example.org"]}"#);
    }

    #[test]
    fn the_same_wish_written_differently_has_the_same_digest() {
        let other = r#" { "body":"Hello", "to":["ann@EXAMPLE.org"], "subject":"\u0048i" } "#;
        assert_eq!(check("send_email", MAIL).unwrap().digest(), check("send_email", other).unwrap().digest());
    }

    #[test]
    fn another_zone_action_or_parameter_has_another_digest() {
        let base = check("send_email", MAIL).unwrap().digest();
        let foreign = ZoneId::new("local", Role::ReaderEmail);
        assert_ne!(base, Request::check(foreign, "send_email", MAIL.to_owned()).unwrap().digest());
        assert_ne!(base, check("send_email", &MAIL.replace("Hello", "Hello ")).unwrap().digest());
        let (call, sms) = (r#"{"to":"+441632960961","say":"x"}"#, r#"{"to":"+441632960961","text":"x"}"#);
        assert_ne!(check("make_call", call).unwrap().digest(), check("send_sms", sms).unwrap().digest());
    }

    #[test]
    fn what_is_not_in_the_catalogue_is_not_an_action() {
        for name in ["format_disk", "", "Send_Email", "send_email "] {
            assert!(matches!(check(name, "{}"), Err(InvalidRequest::UnknownAction(_))), "{name}");
        }
    }

    #[test]
    fn parameters_outside_the_shape_are_refused() {
        for (action, parameters) in [
            ("send_email", "{}"),
            ("send_email", "[]"),
            ("send_email", "not json"),
            ("send_email", r#"{"to":[],"subject":"s","body":"b"}"#),
            ("send_email", r#"{"to":"ann@example.org","subject":"a\nBcc: x@y.z","body":"b"}"#),
            ("send_email", r#"{"to":"ann@example.org","subject":"s","body":"b","bcc":"x@y.z"}"#),
            ("send_email", r#"{"to":"ann@example.org, eve@example.org","subject":"s","body":"b"}"#),
            ("send_email", r#"{"to":"ann@example.org","subject":"s","body":"\u0000"}"#),
            ("send_email", r#"{"to":"ann@example.org","subject":"s","body":"b","in_reply_to":"x"}"#),
            ("send_telegram", r#"{"chat":"not a chat","text":"x"}"#),
            ("send_slack", r#"{"channel":"general","text":"x"}"#),
            ("make_call", r#"{"to":"0123456789","say":"x"}"#),
            ("send_sms", r#"{"to":"+1","text":"x"}"#),
            ("read_email", r#"{"limit":0}"#),
            ("read_email", r#"{"limit":51}"#),
        ] {
            let refused = check(action, parameters);
            assert!(
                matches!(refused, Err(InvalidRequest::Parameters { .. })),
                "{action} {parameters}: {refused:?}"
            );
        }
        let long = format!(r#"{{"to":"ann@example.org","subject":"s","body":"{}"}}"#, "x".repeat(10_001));
        assert!(check("send_email", &long).is_err());
        let astral = format!(r#"{{"chat":"1","text":"{}"}}"#, "😀".repeat(2049));
        assert!(check("send_telegram", &astral).is_err());
    }

    #[test]
    fn every_action_has_a_request_that_is_taken_and_shown_whole() {
        for (action, parameters) in [
            ("send_email", MAIL),
            ("send_telegram", r#"{"chat":"-100123","text":"x"}"#),
            ("send_slack", r#"{"channel":"C0123456789","text":"x"}"#),
            ("make_call", r#"{"to":"+441632960961","say":"x"}"#),
            ("send_sms", r#"{"to":"+441632960961","text":"x"}"#),
            ("read_email", "{}"),
            ("read_telegram", r#"{"limit":5}"#),
            ("read_slack", r#"{"limit":50}"#),
            ("read_sms", r#"{"limit":50}"#),
        ] {
            let request = check(action, parameters).unwrap();
            assert_eq!(request.action().name().as_str(), action);
            let stored: serde_json::Value = serde_json::from_str(request.parameters()).unwrap();
            let known = request.action().name().parameters();
            assert!(stored.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{action}");
            assert_eq!(stored.as_object().unwrap().len(), request.action().fields().len());
            // What was judged can be read back from the canonical form, and is the same request.
            let again = check(action, request.parameters()).unwrap();
            assert_eq!(again, request);
        }
    }
}
