//! The edges that must never exist, over what cargo itself resolves.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod graph;
mod mitigations_are_held;
mod only_one_is_unsafe;

use graph::Graph;

/// That a package links none of these, directly or by way of others.
fn links_none_of(package: &str, forbidden: &[&str]) {
    let graph = Graph::read();
    let links = graph.links(package);
    let found: Vec<_> = forbidden.iter().filter(|name| links.contains(**name)).collect();
    assert!(found.is_empty(), "`{package}` links {found:?}; it may not");
}

#[test]
fn a_reader_can_only_read() {
    links_none_of(
        "reader",
        &["policy", "capability", "vault", "connectors", "executor", "audit-log", "home"],
    );
}

#[test]
fn a_doorkeeper_can_only_hand_on() {
    links_none_of(
        "doorkeeper",
        &[
            "policy",
            "capability",
            "vault",
            "connectors",
            "egress",
            "executor",
            "audit-log",
            "home",
            "sanitizer",
            "rustls",
        ],
    );
}

#[test]
fn the_planner_can_only_ask() {
    links_none_of(
        "planner",
        &["capability", "vault", "connectors", "policy", "audit-log", "executor", "home"],
    );
}

#[test]
fn only_the_executor_reaches_the_world() {
    let graph = Graph::read();
    let reaching: Vec<_> =
        graph.members().into_iter().filter(|package| graph.links(package).contains("connectors")).collect();
    assert_eq!(reaching, ["executor"]);
}

#[test]
fn only_the_way_out_speaks_tls() {
    let graph = Graph::read();
    let speaking: Vec<_> =
        graph.members().into_iter().filter(|package| graph.links(package).contains("rustls")).collect();
    assert_eq!(speaking, ["connectors", "egress", "executor"]);
}

#[test]
fn only_the_owners_command_runs_solvers() {
    let graph = Graph::read();
    let proving: Vec<_> =
        graph.members().into_iter().filter(|package| graph.links(package).contains("policy-proof")).collect();
    assert_eq!(proving, ["moltctl"]);
    let compiling =
        graph.members().into_iter().filter(|name| graph.links(name).contains("cedar-policy-symcc"));
    assert_eq!(compiling.collect::<Vec<_>>(), ["moltctl", "policy-proof"]);
}

#[test]
fn nobody_but_the_executor_mints_permits_and_nobody_but_the_owners_side_signs_answers() {
    let graph = Graph::read();
    let can: Vec<_> =
        graph.members().into_iter().filter(|package| graph.links(package).contains("capability")).collect();
    // The command makes the owner's key in `init`; the tests play the owner.
    assert_eq!(can, ["control-plane", "executor", "ledger", "moltctl", "system-tests"]);
}

#[test]
fn what_decides_does_no_io() {
    let io = [
        "async-std",
        "axum",
        "h2",
        "hyper",
        "hyper-util",
        "landlock",
        "lettre",
        "mio",
        "nix",
        "polling",
        "reqwest",
        "rustix",
        "rustls",
        "seccompiler",
        "smol",
        "socket2",
        "tempfile",
        "tokio",
        "tonic",
        "ureq",
        "walkdir",
    ];
    for package in ["action", "clean-content", "policy", "capability", "ledger", "sanitizer"] {
        links_none_of(package, &io);
    }
}

#[test]
fn there_is_one_version_of_what_matters() {
    let graph = Graph::read();
    for name in ["h2", "hyper", "prost", "ring", "rustls", "rustix", "serde", "serde_json", "tokio", "tonic"]
    {
        assert_eq!(graph.versions(name).len(), 1, "{name}: {:?}", graph.versions(name));
    }
}

#[test]
fn every_licence_lets_us_hand_the_programs_on() {
    let fine = [
        "0BSD",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-1-Clause",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "Unicode-3.0",
        "Unicode-DFS-2016",
        "Unlicense",
        "Zlib",
    ];
    // A licence for data: the root certificates that Mozilla trusts.
    let roots = ("webpki-roots".to_owned(), Some("CDLA-Permissive-2.0".to_owned()));
    let unfit: Vec<_> = Graph::read()
        .licences()
        .into_iter()
        .filter(|package| *package != roots)
        .filter(|(_, licence)| !licence.as_deref().is_some_and(|licence| allows(licence, &fine)))
        .collect();
    assert!(unfit.is_empty(), "{unfit:?}");
}

/// Whether an SPDX expression can be met with these alone: of each `OR` one side, of each `AND` both.
fn allows(expression: &str, fine: &[&str]) -> bool {
    fn split<'e>(expression: &'e str, by: &str) -> Vec<&'e str> {
        let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
        for (at, c) in expression.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 && expression.get(at..).is_some_and(|rest| rest.starts_with(by)) => {
                    parts.push(expression.get(start..at).unwrap_or_default());
                    start = at + by.len();
                }
                _ => {}
            }
        }
        parts.push(expression.get(start..).unwrap_or_default());
        parts
    }
    // The older way to write OR.
    let expression = expression.replace('/', " OR ");
    let one = |term: &str| {
        let term = term.trim();
        match term.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(inner) => allows(inner, fine),
            None => fine.contains(&term),
        }
    };
    split(&expression, " OR ").into_iter().any(|side| split(side, " AND ").into_iter().all(one))
}

#[test]
fn licence_expressions_are_understood() {
    let fine = ["MIT", "ISC", "Apache-2.0"];
    for expression in
        ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "MIT AND (GPL-3.0 OR ISC)", "(MIT OR X) AND ISC"]
    {
        assert!(allows(expression, &fine), "{expression}");
    }
    for expression in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT AND GPL-3.0) OR X", "Apache-2.0 WITH X"] {
        assert!(!allows(expression, &fine), "{expression}");
    }
}
