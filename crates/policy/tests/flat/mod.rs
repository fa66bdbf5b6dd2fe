//! The same decision by Cedar alone: every rule, one evaluation, the context read from JSON. What the index is held against.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot set up its case fails")]

use action::Request;
use cedar_policy::{Authorizer, Context, Effect, Entities, EntityUid, PolicySet, Response};
use policy::{Approval, Decision, Knowledge, RateLimit, Reason, Risk, Terms};
use serde_json::json;

/// A policy as Cedar parses it.
pub(crate) struct Flat(PolicySet);

// === impl Flat ===

impl Flat {
    /// Parses a file that is known to be good.
    pub(crate) fn load(text: &str) -> Self {
        Self(text.parse().unwrap())
    }

    /// Judges as the real one should. Of rules that err, the names are given.
    pub(crate) fn judge(&self, request: &Request, knowledge: &Knowledge) -> Decision {
        let now = self.evaluate(request, knowledge, knowledge.approval);
        match (&now, knowledge.approval) {
            (Decision::Deny(Reason::NoRulePermits | Reason::Forbidden(_)), Approval::None) => {
                match self.evaluate(request, knowledge, Approval::Verified) {
                    Decision::Allow(terms) => Decision::Ask(terms),
                    Decision::Ask(_) | Decision::Deny(_) => now,
                }
            }
            _ => now,
        }
    }

    /// One evaluation of every rule.
    pub(crate) fn evaluate(&self, request: &Request, knowledge: &Knowledge, approval: Approval) -> Decision {
        let response = self.ask(&question(request, knowledge, approval));
        let erring = response.diagnostics().errors().map(|error| {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            self.name(error.policy_id())
        });
        let mut erring: Vec<_> = erring.collect();
        erring.sort();
        if !erring.is_empty() {
            return Decision::Deny(Reason::CannotEvaluate(erring.join(" ")));
        }
        let mut rules: Vec<_> = response.diagnostics().reason().map(|id| self.name(id)).collect();
        rules.sort();
        if response.decision() == cedar_policy::Decision::Deny {
            let reason =
                if rules.is_empty() { Reason::NoRulePermits } else { Reason::Forbidden(rules.into()) };
            return Decision::Deny(reason);
        }
        let annotated = |key| {
            let of = move |id| self.0.policy(id).unwrap().annotation(key);
            response.diagnostics().reason().filter_map(of)
        };
        let risk = annotated("risk").map(|text| text.parse::<Risk>().unwrap()).max();
        let limits = annotated("rate_limit").map(|text| text.parse::<RateLimit>().unwrap());
        // Every limit of these tests is by the hour.
        let limit =
            limits.min_by_key(|limit| limit.to_string().split('/').next().unwrap().parse::<u32>().unwrap());
        assert!(
            response.diagnostics().reason().all(|id| self.0.policy(id).unwrap().effect() == Effect::Permit)
        );
        Decision::Allow(Terms { rules: rules.into(), risk: risk.unwrap_or(Risk::Medium), limit })
    }

    /// Cedar's own answer.
    pub(crate) fn ask(&self, (query, entities): &(cedar_policy::Request, Entities)) -> Response {
        Authorizer::new().is_authorized(query, &self.0, entities)
    }

    fn name(&self, id: &cedar_policy::PolicyId) -> String {
        self.0.policy(id).unwrap().annotation("id").unwrap().to_owned()
    }
}

/// A request in Cedar's words.
pub(crate) fn question(
    request: &Request,
    known: &Knowledge,
    approval: Approval,
) -> (cedar_policy::Request, Entities) {
    let uid = |text: String| text.parse::<EntityUid>().unwrap();
    let (zone, name) = (request.zone(), request.action().name());
    let long = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut context = json!({
        "approved": approval == Approval::Verified,
        "injection_warning": known.injection_warning,
        "done_last_hour": long(known.done_last_hour),
        "done_last_day": long(known.done_last_day),
        "now": { "__extn": { "fn": "datetime", "arg": format!("{:.3}", known.at) } },
    });
    let recipients = request.action().recipients();
    if !recipients.is_empty() {
        let domain = |address: &String| address.split_once('@').map(|(_, domain)| domain.to_owned());
        let domains: Vec<_> = recipients.iter().filter_map(domain).collect();
        let known_recipients = known.unknown_recipients.is_empty();
        context["recipients"] = json!(recipients);
        context["recipient_domains"] = json!(domains);
        context["unknown_recipients"] = json!(known.unknown_recipients);
        context["known_recipients"] = json!(known_recipients);
        context["untrusted_parameters"] = json!(known.untrusted_parameters);
    }
    let query = cedar_policy::Request::new(
        uid(format!("Zone::\"{zone}\"")),
        uid(format!("Action::\"{name}\"")),
        uid(format!("Connector::\"{}\"", name.connector())),
        Context::from_json_value(context, None).unwrap(),
        None,
    );
    let role = json!({ "type": "Role", "id": zone.role().as_str() });
    let entities = json!([
        { "uid": { "type": "Zone", "id": zone.to_string() }, "attrs": { "host": zone.host() }, "parents": [role] },
        { "uid": role, "attrs": {}, "parents": [] },
    ]);
    (query.unwrap(), Entities::from_json_value(entities, None).unwrap())
}
