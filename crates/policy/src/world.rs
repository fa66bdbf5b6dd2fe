//! A request and what is known of it, in Cedar's words.

use crate::condition::Needed;
use crate::index::Slice;
use crate::{Approval, Knowledge};
use action::{Action, ActionName, Request, Role};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, PolicySet,
    Response, RestrictedExpression,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

type Unusable = Box<dyn std::error::Error>;

/// The names that every question uses, read once.
#[derive(Debug)]
pub(crate) struct Words {
    zone: EntityTypeName,
    roles: BTreeMap<Role, EntityUid>,
    /// For each action, itself and the connector that performs it.
    actions: BTreeMap<ActionName, (EntityUid, EntityUid)>,
}

/// One request before the rules that can matter to it.
pub(crate) struct World<'p> {
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    entities: Entities,
    facts: Vec<(String, RestrictedExpression)>,
    speaks_of_approval: bool,
    rules: Vec<&'p PolicySet>,
}

// === impl Words ===

impl Words {
    pub(crate) fn new() -> Result<Self, Box<ParseErrors>> {
        let kind = |name: &str| name.parse::<EntityTypeName>().map_err(Box::new);
        let (role, action, connector) = (kind("Role")?, kind("Action")?, kind("Connector")?);
        let uid = |kind: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
        };
        Ok(Self {
            zone: kind("Zone")?,
            roles: Role::ALL.into_iter().map(|name| (name, uid(&role, name.as_str()))).collect(),
            actions: ActionName::ALL
                .into_iter()
                .map(|name| (name, (uid(&action, name.as_str()), uid(&connector, name.connector()))))
                .collect(),
        })
    }
}

// === impl World ===

impl<'p> World<'p> {
    pub(crate) fn new(
        words: &Words,
        slice: &'p Slice,
        request: &Request,
        knowledge: &Knowledge,
    ) -> Result<Self, Unusable> {
        let zone = request.zone();
        let (action, resource) =
            words.actions.get(&request.action().name()).ok_or("an action without a name")?;
        let role = words.roles.get(&zone.role()).ok_or("a role without a name")?;
        let principal = EntityUid::from_type_name_and_id(words.zone.clone(), EntityId::new(zone.to_string()));
        let host = RestrictedExpression::new_string(zone.host().to_owned());
        let entities = Entities::from_entities(
            [
                Entity::new(
                    principal.clone(),
                    HashMap::from([("host".to_owned(), host)]),
                    HashSet::from([role.clone()]),
                )?,
                Entity::new_no_attrs(role.clone(), HashSet::new()),
            ],
            None,
        )?;
        let recipients = request.action().recipients();
        let domains = recipient_domains(request.action());
        let occurring =
            slice.asks_for_literals().then(|| occurring(&recipients, domains.as_ref(), knowledge));
        Ok(Self {
            principal,
            action: action.clone(),
            resource: resource.clone(),
            entities,
            facts: facts(slice, &recipients, domains.as_ref(), knowledge),
            speaks_of_approval: slice.speaks_of("approved"),
            rules: slice.relevant(occurring.into_iter().flatten()),
        })
    }

    /// What every part of the rules answers, were the owner's answer this one.
    pub(crate) fn ask_cedar(&self, approval: Approval) -> Result<Vec<Response>, Unusable> {
        let (query, authorizer) = (self.query(approval)?, Authorizer::new());
        Ok(self.rules.iter().map(|rules| authorizer.is_authorized(&query, rules, &self.entities)).collect())
    }

    /// Whether one rule that permits holds. It may speak of what the rules of this world speak of, and of nothing else.
    pub(crate) fn meets(&self, rule: &cedar_policy::Policy, approval: Approval) -> Result<bool, Unusable> {
        let rules = PolicySet::from_policies([rule.clone()])?;
        let response = Authorizer::new().is_authorized(&self.query(approval)?, &rules, &self.entities);
        Ok(response.decision() == cedar_policy::Decision::Allow)
    }

    fn query(&self, approval: Approval) -> Result<cedar_policy::Request, Unusable> {
        let approved = RestrictedExpression::new_bool(approval == Approval::Verified);
        let approved = self.speaks_of_approval.then(|| ("approved".to_owned(), approved));
        Ok(cedar_policy::Request::new(
            self.principal.clone(),
            self.action.clone(),
            self.resource.clone(),
            Context::from_pairs(self.facts.iter().cloned().chain(approved))?,
            None,
        )?)
    }
}

/// Those facts of the context that some rule speaks of, but for the approval. A fact that no rule reads changes nothing.
fn facts(
    slice: &Slice,
    recipients: &[String],
    domains: Option<&BTreeSet<String>>,
    knowledge: &Knowledge,
) -> Vec<(String, RestrictedExpression)> {
    let Knowledge {
        injection_warning,
        approval: _,
        unknown_recipients,
        untrusted_parameters,
        done_last_hour,
        done_last_day,
        at,
    } = knowledge;
    let boolean = RestrictedExpression::new_bool;
    // A count that Cedar cannot hold stays the largest it can.
    let long = |count: u64| RestrictedExpression::new_long(i64::try_from(count).unwrap_or(i64::MAX));
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: &mut dyn FnMut() -> RestrictedExpression| {
        if slice.speaks_of(name) {
            facts.push((name.to_owned(), value()));
        }
    };
    fact("injection_warning", &mut || boolean(*injection_warning));
    fact("done_last_hour", &mut || long(*done_last_hour));
    fact("done_last_day", &mut || long(*done_last_day));
    fact("now", &mut || RestrictedExpression::new_datetime(format!("{at:.3}")));
    if let Some(domains) = domains {
        fact("recipients", &mut || strings(recipients.iter().cloned()));
        fact("recipient_domains", &mut || strings(domains.iter().cloned()));
        fact("unknown_recipients", &mut || strings(unknown_recipients.iter().cloned()));
        fact("known_recipients", &mut || boolean(unknown_recipients.is_empty()));
        fact("untrusted_parameters", &mut || strings(untrusted_parameters.iter().cloned()));
    }
    facts
}

/// Every string in the sets of the context: those of `condition::SETS`, in that order.
fn occurring(
    recipients: &[String],
    domains: Option<&BTreeSet<String>>,
    knowledge: &Knowledge,
) -> Vec<Needed> {
    let mut found = Vec::new();
    let mut all = |set, literals: &mut dyn Iterator<Item = &String>| {
        found.extend(literals.map(|literal| Needed { set, literal: literal.clone() }));
    };
    let [to, at, unknown, untrusted] = crate::condition::SETS;
    all(to, &mut recipients.iter());
    all(at, &mut domains.into_iter().flatten());
    all(unknown, &mut knowledge.unknown_recipients.iter());
    all(untrusted, &mut knowledge.untrusted_parameters.iter());
    found
}

/// The domains that an action reaches; `None` where it reaches nobody.
fn recipient_domains(action: &Action) -> Option<BTreeSet<String>> {
    match action {
        Action::SendEmail(mail) => {
            Some(mail.to.iter().chain(&mail.cc).map(|address| address.domain().to_owned()).collect())
        }
        Action::SendTelegram(_) | Action::SendSlack(_) | Action::MakeCall(_) | Action::SendSms(_) => {
            Some(BTreeSet::new())
        }
        Action::ReadEmail(_) | Action::ReadTelegram(_) | Action::ReadSlack(_) | Action::ReadSms(_) => None,
    }
}

fn strings(values: impl IntoIterator<Item = String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(RestrictedExpression::new_string))
}
