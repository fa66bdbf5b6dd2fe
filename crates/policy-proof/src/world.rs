//! What is true of every request that Zone 1 can judge, beyond the schema: the assumptions of every proof.
//!
//! Each follows from how requests are made, not from what policies say. All that cannot be said in Cedar (how many
//! recipients there are, that a domain is that of an address) is left open, so the model holds more than can happen.

use action::{ActionName, Role, ZoneId};
use cedar_policy::EntityUid;
use std::collections::BTreeSet;

/// The assumptions about one action, as a condition. `named` are the zones and roles that the rules in question name.
pub(crate) fn world(action: ActionName, named: &BTreeSet<String>) -> String {
    let mut facts = vec![one_role()];
    facts.extend(named.iter().filter_map(|uid| about_named(uid)));
    // The catalogue says where an action is done.
    facts.push(format!("resource == Connector::{:?}", action.connector()));
    // Zone 1 counts what happened: the last hour is part of the last day. It lives in years that Cedar can write.
    facts.push(
        "0 <= context.done_last_hour && context.done_last_hour <= context.done_last_day && \
         datetime(\"1970-01-01\") <= context.now && context.now <= datetime(\"9999-12-31T23:59:59Z\")"
            .to_owned(),
    );
    if sends(action) {
        let parameters: Vec<_> = action.parameters().iter().map(|name| format!("{name:?}")).collect();
        let has_domains = if action == ActionName::SendEmail { "!" } else { "" };
        facts.push(format!(
            "!context.recipients.isEmpty() && {has_domains}context.recipient_domains.isEmpty() && \
             context.recipients.containsAll(context.unknown_recipients) && \
             context.known_recipients == context.unknown_recipients.isEmpty() && \
             [{}].containsAll(context.untrusted_parameters)",
            parameters.join(", ")
        ));
    }
    facts.join(" && ")
}

/// Whether an action reaches somebody.
pub(crate) const fn sends(action: ActionName) -> bool {
    match action {
        ActionName::SendEmail
        | ActionName::SendTelegram
        | ActionName::SendSlack
        | ActionName::MakeCall
        | ActionName::SendSms => true,
        ActionName::ReadEmail | ActionName::ReadTelegram | ActionName::ReadSlack | ActionName::ReadSms => {
            false
        }
    }
}

/// A zone has one role: Cedar's hierarchy would let it have any number, or none.
fn one_role() -> String {
    let is = |role: Role| format!("principal in Role::\"{role}\"");
    let only = |role: Role| {
        let others =
            Role::ALL.into_iter().filter(|other| *other != role).map(|other| format!("!({})", is(other)));
        std::iter::once(is(role)).chain(others).collect::<Vec<_>>().join(" && ")
    };
    let each: Vec<_> = Role::ALL.into_iter().map(|role| format!("({})", only(role))).collect();
    format!("({})", each.join(" || "))
}

/// What the name of a zone or role tells: a role that is not in the catalogue has no zones, and the zone that is called
/// `host/role` has that host and that role.
fn about_named(uid: &str) -> Option<String> {
    let parsed: EntityUid = uid.parse().ok()?;
    let name = parsed.id().unescaped();
    match parsed.type_name().basename() {
        "Role" => Role::named(name).is_none().then(|| format!("!(principal in {uid})")),
        "Zone" => Some(match name.parse::<ZoneId>() {
            Ok(zone) => format!(
                "(principal != {uid} || (principal in Role::\"{}\" && principal.host == {:?}))",
                zone.role(),
                zone.host()
            ),
            Err(_unknown) => format!("principal != {uid}"),
        }),
        _ => None,
    }
}

/// What makes a counterexample read well, most demanding first. It is asked for after one was found, and only to show it.
pub(crate) fn telling(action: ActionName, role: Role) -> Vec<String> {
    let who = format!(
        "principal == Zone::\"local/{role}\" && principal.host == \"local\" && principal in Role::\"{role}\""
    );
    let whom = match action {
        ActionName::SendEmail => {
            "context.recipients == [\"mallory@example.org\"] && context.recipient_domains == [\"example.org\"]"
        }
        ActionName::SendTelegram => "context.recipients == [\"4711\"]",
        ActionName::SendSlack => "context.recipients == [\"C0123456789\"]",
        ActionName::MakeCall | ActionName::SendSms => "context.recipients == [\"+441632960961\"]",
        ActionName::ReadEmail | ActionName::ReadTelegram | ActionName::ReadSlack | ActionName::ReadSms => {
            "true"
        }
    };
    let calm = "!context.injection_warning && context.now == datetime(\"2026-03-02T12:00:00Z\") && context.done_last_day == 0";
    vec![format!("{who} && {whom} && {calm}"), format!("{who} && {whom}"), who]
}
