//! What a decision costs, beside Cedar over every rule in the same run: `cargo bench -p policy`.
//!
//! The number is that of rules. `spread` has one body, over all actions; `owner` has a rule for each recipient and each
//! domain. `flat_*` is the control: the same questions to Cedar with all rules in one set, prepared as ours are.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its case ends")]

#[path = "../tests/flat/mod.rs"]
#[expect(dead_code, reason = "the test compares whole decisions, the benchmark only asks")]
mod flat;

use action::{ActionName, Request, Role, ZoneId};
use divan::{Bencher, black_box};
use flat::Flat;
use policy::{Approval, DEFAULT, Knowledge, Policy};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const RULES: [u32; 3] = [20, 200, 2000];

fn main() {
    divan::main();
}

/// Rules over all actions, one body.
fn spread(rules: u32) -> String {
    let mut text = String::new();
    for (n, name) in (0..rules).zip(ActionName::ALL.into_iter().cycle()) {
        writeln!(
            text,
            r#"@id("r{n}") @rate_limit("10/hour")
            permit (principal in Role::"planner", action == Action::"{name}", resource == Connector::"{}")
            when {{ context.approved && !context.injection_warning }};"#,
            name.connector()
        )
        .unwrap();
    }
    text
}

/// An owner's file: mail to people and to companies, chats, channels and numbers; a few rules of another kind.
fn owner(rules: u32) -> String {
    let mut text = String::new();
    for n in 0..rules {
        let (action, connector, condition) = match n % 10 {
            0..=3 => ("send_email", "mail", format!(r#"context.recipients == ["p{n}@example.org"]"#)),
            4 | 5 => (
                "send_email",
                "mail",
                format!(r#"!context.injection_warning && context.recipient_domains == ["c{n}.example"]"#),
            ),
            6 => (
                "send_email",
                "mail",
                format!(r#"context.recipients.contains("cc{n}@example.org") && context.approved"#),
            ),
            7 => ("send_telegram", "telegram", format!(r#"context.recipients.contains("{n}")"#)),
            8 => ("send_slack", "slack", format!(r#"context.recipients.containsAny(["C{n}", "C{n}9"])"#)),
            _ => ("send_sms", "twilio", format!(r#"context.recipients.contains("+44163296{n:04}")"#)),
        };
        writeln!(
            text,
            r#"@id("r{n}") permit (principal in Role::"planner", action == Action::"{action}", resource == Connector::"{connector}")
            when {{ {condition} }};"#
        )
        .unwrap();
    }
    text + r#"
        @id("ask") permit (principal in Role::"planner", action == Action::"send_email", resource) when { context.approved };
        @id("night") forbid (principal, action == Action::"send_email", resource)
        unless { context.now.toTime() >= duration("1h") };"#
}

fn request(name: &str, parameters: &str) -> Request {
    Request::check(ZoneId::new("local", Role::Planner), name, parameters.to_owned()).unwrap()
}

/// To somebody for whom there is a rule.
fn mail() -> Request {
    request("send_email", r#"{"to":"p10@example.org","subject":"Hi","body":"Hello"}"#)
}

fn knowledge(approval: Approval) -> Knowledge {
    Knowledge {
        injection_warning: false,
        approval,
        unknown_recipients: BTreeSet::new(),
        untrusted_parameters: BTreeSet::new(),
        done_last_hour: 1,
        done_last_day: 2,
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
    }
}

fn ours(bencher: Bencher<'_, '_>, policy: &str, request: &Request, approval: Approval) {
    let (policy, knowledge) = (Policy::load(policy).unwrap(), knowledge(approval));
    bencher.bench(|| policy.judge(black_box(request), black_box(&knowledge)));
}

fn control(bencher: Bencher<'_, '_>, policy: &str) {
    let (policy, request) = (Flat::load(policy), mail());
    let prepared = flat::question(&request, &knowledge(Approval::Verified), Approval::Verified);
    bencher.bench(|| policy.ask(black_box(&prepared)));
}

#[divan::bench]
fn default_allow(bencher: Bencher<'_, '_>) {
    ours(bencher, DEFAULT, &request("read_email", "{}"), Approval::None);
}

#[divan::bench]
fn default_ask(bencher: Bencher<'_, '_>) {
    ours(bencher, DEFAULT, &mail(), Approval::None);
}

#[divan::bench]
fn default_approved(bencher: Bencher<'_, '_>) {
    ours(bencher, DEFAULT, &mail(), Approval::Verified);
}

#[divan::bench(args = RULES)]
fn spread_approved(bencher: Bencher<'_, '_>, rules: u32) {
    ours(bencher, &spread(rules), &mail(), Approval::Verified);
}

#[divan::bench(args = RULES)]
fn spread_ask(bencher: Bencher<'_, '_>, rules: u32) {
    ours(bencher, &spread(rules), &mail(), Approval::None);
}

#[divan::bench(args = RULES)]
fn owner_allow(bencher: Bencher<'_, '_>, rules: u32) {
    ours(bencher, &owner(rules), &mail(), Approval::None);
}

#[divan::bench(args = RULES)]
fn owner_ask(bencher: Bencher<'_, '_>, rules: u32) {
    let stranger = request("send_email", r#"{"to":"stranger@example.net","subject":"Hi","body":"Hello"}"#);
    ours(bencher, &owner(rules), &stranger, Approval::None);
}

#[divan::bench(args = RULES)]
fn flat_spread(bencher: Bencher<'_, '_>, rules: u32) {
    control(bencher, &spread(rules));
}

#[divan::bench(args = RULES)]
fn flat_owner(bencher: Bencher<'_, '_>, rules: u32) {
    control(bencher, &owner(rules));
}
