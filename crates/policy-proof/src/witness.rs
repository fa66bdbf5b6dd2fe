//! A counterexample, tried on Cedar itself and told in a sentence.

use crate::NoAnswer;
use crate::model::cannot;
use crate::world::sends;
use action::{ActionName, Role, ZoneId, reveal};
use cedar_policy::{AuthorizationError, Authorizer, EntityUid, EvalResult, PolicySet};
use cedar_policy_symcc::Env;
use policy::Rule;
use std::collections::BTreeSet;

/// A request that a solver found, and what Cedar makes of it.
#[derive(Debug)]
pub(crate) struct Witness<'r> {
    zone: String,
    role: Role,
    action: ActionName,
    facts: Vec<(&'static str, EvalResult)>,
    rules: Vec<&'r Rule>,
    decided: Decided,
}

/// What Cedar decides; rules by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    /// These permit it.
    Permitted(Vec<String>),
    /// These forbid it.
    Forbidden(Vec<String>),
    /// No rule permits it.
    Refused,
    /// These err, and how.
    Erred(Vec<(String, String)>),
}

const FACTS: [&str; 8] = [
    "recipients",
    "unknown_recipients",
    "approved",
    "injection_warning",
    "untrusted_parameters",
    "done_last_hour",
    "done_last_day",
    "now",
];

// === impl Witness ===

impl<'r> Witness<'r> {
    /// Asks Cedar about the request that a solver found.
    pub(crate) fn new(env: &Env, action: ActionName, rules: Vec<&'r Rule>) -> Result<Self, NoAnswer> {
        let set = PolicySet::from_policies(rules.iter().map(|rule| rule.cedar().clone()));
        let response = Authorizer::new().is_authorized(
            &env.request,
            &set.map_err(|error| cannot(&error))?,
            &env.entities,
        );
        let name = |id: &cedar_policy::PolicyId| {
            rules
                .iter()
                .find(|rule| rule.cedar().id() == id)
                .map_or_else(|| id.to_string(), |rule| rule.name().to_owned())
        };
        let erred: Vec<_> = response
            .diagnostics()
            .errors()
            .map(|error| {
                let AuthorizationError::PolicyEvaluationError(error) = error;
                (name(error.policy_id()), error.inner().to_string())
            })
            .collect();
        let mut reason: Vec<_> = response.diagnostics().reason().map(name).collect();
        reason.sort();
        let decided = match response.decision() {
            _ if !erred.is_empty() => Decided::Erred(erred),
            cedar_policy::Decision::Allow => Decided::Permitted(reason),
            cedar_policy::Decision::Deny if reason.is_empty() => Decided::Refused,
            cedar_policy::Decision::Deny => Decided::Forbidden(reason),
        };
        let principal = env.request.principal().ok_or_else(|| cannot(&"a request without a zone"))?;
        let is = |role: &Role| {
            let uid: Option<EntityUid> = format!("Role::\"{role}\"").parse().ok();
            uid.is_some_and(|uid| env.entities.is_ancestor_of(&uid, principal))
        };
        let role = Role::ALL.into_iter().find(is).ok_or_else(|| cannot(&"a zone without a role"))?;
        let called = principal.id().unescaped().to_owned();
        let real = called.parse::<ZoneId>().is_ok_and(|zone| zone.role() == role);
        let context = env.request.context();
        let fact = |name: &'static str| Some((name, context.and_then(|context| context.get(name))?));
        Ok(Self {
            zone: if real { reveal(&called) } else { format!("a zone of role {role}") },
            role,
            action,
            facts: FACTS.into_iter().filter_map(fact).collect(),
            rules,
            decided,
        })
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    pub(crate) const fn decided(&self) -> &Decided {
        &self.decided
    }

    /// "local/planner may send_email to mallory@example.org without approval: rule `mail-to-all` permits it".
    /// Facts are told as far as the rules that decided, or these, speak of them.
    pub(crate) fn sentence(&self, may: &str, also: &[&Rule]) -> String {
        let mut words = format!("{} {may} {}", self.zone, self.action);
        let spoken_of = self.spoken_of(also);
        for (name, value) in &self.facts {
            let told = *name == "recipients"
                || (*name == "approved" && sends(self.action))
                || spoken_of.contains(*name);
            if told && let Some(told) = tell(name, value) {
                words.push(' ');
                words.push_str(&told);
            }
        }
        let one = |names: &[String], verb: &str| {
            let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", reveal(name))).collect();
            let (rules, s) = if names.len() == 1 { ("rule", "s") } else { ("rules", "") };
            format!("{rules} {} {verb}{s} it", quoted.join(", "))
        };
        let why = match &self.decided {
            Decided::Permitted(names) => one(names, "permit"),
            Decided::Forbidden(names) => one(names, "forbid"),
            Decided::Refused => "no rule permits it".to_owned(),
            Decided::Erred(erred) => {
                let each = erred.iter().map(|(name, why)| format!("rule `{}` errs ({why})", reveal(name)));
                each.collect::<Vec<_>>().join(", ")
            }
        };
        format!("{words}: {why}")
    }

    fn spoken_of(&self, also: &[&Rule]) -> BTreeSet<String> {
        let decided = match &self.decided {
            Decided::Permitted(names) | Decided::Forbidden(names) => names.clone(),
            Decided::Erred(erred) => erred.iter().map(|(name, _)| name.clone()).collect(),
            Decided::Refused => Vec::new(),
        };
        let deciding =
            self.rules.iter().copied().filter(|rule| decided.iter().any(|name| name == rule.name()));
        let facts = |rule: &Rule| rule.facts().unwrap_or_else(|| FACTS.map(ToOwned::to_owned).into());
        let mut spoken_of: BTreeSet<_> = deciding.chain(also.iter().copied()).flat_map(facts).collect();
        if spoken_of.contains("known_recipients") {
            spoken_of.insert("unknown_recipients".to_owned());
        }
        spoken_of
    }
}

/// A fact as part of a sentence; what is as usual is not told.
fn tell(name: &str, value: &EvalResult) -> Option<String> {
    let is = |wanted: bool| matches!(value, EvalResult::Bool(found) if *found == wanted);
    let string = |element: &EvalResult| {
        let EvalResult::String(text) = element else { return None };
        (!text.trim().is_empty()).then(|| reveal(text))
    };
    let listed = |before: &str, after: &str| {
        let EvalResult::Set(set) = value else { return None };
        let strings: Vec<_> = set.iter().filter_map(string).collect();
        (!strings.is_empty()).then(|| format!("{before}{}{after}", strings.join(" and ")))
    };
    let count = if let EvalResult::Long(count) = value { Some(*count) } else { None };
    match name {
        "approved" if is(false) => Some("without approval".to_owned()),
        "approved" => Some("with approval".to_owned()),
        "injection_warning" if is(true) => Some("while content with a warning is out".to_owned()),
        "recipients" => Some(listed("to ", "").unwrap_or_else(|| "to somebody".to_owned())),
        "unknown_recipients" => listed("(unknown: ", ")"),
        "untrusted_parameters" => listed("with a value from outside in `", "`"),
        "done_last_hour" => count.filter(|n| *n > 0).map(|n| format!("after {n} times within the hour")),
        "done_last_day" => count.filter(|n| *n > 0).map(|n| format!("after {n} times within the day")),
        "now" => Some(format!("at {}", moment(value)?)),
        _ => None,
    }
}

/// A moment as Cedar writes it: so many milliseconds after the epoch.
fn moment(value: &EvalResult) -> Option<String> {
    let EvalResult::ExtensionValue(written) = value else { return None };
    let (_, rest) = written.split_once("duration(\"")?;
    let (milliseconds, _) = rest.split_once("ms")?;
    let at = jiff::Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    Some(format!("{at:.0}"))
}
