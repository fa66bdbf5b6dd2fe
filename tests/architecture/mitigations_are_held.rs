//! What the threat model says is held by a test is held by a test that exists.

use std::path::{Path, PathBuf};

/// Where the tests of a suite are.
fn folder(suite: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    Some(match suite {
        "red_team" | "e2e" | "deploy" => root.join("tests").join(suite),
        "siege" => root.join("tests/siege/tests"),
        "zone-bridge" | "sandbox" | "zones" | "link" | "egress" | "executor" | "vault" | "connectors"
        | "doorkeeper" => root.join("crates").join(suite).join("tests"),
        _ => return None,
    })
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/threat-model.md")).unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let named: Vec<_> = quoted.filter_map(|quoted| quoted.split_once(": ")).collect();
    assert!(named.len() > 30, "{named:?}");
    for (suite, name) in named {
        let folder = folder(suite).unwrap_or_else(|| panic!("`{suite}: {name}` names no suite"));
        let is_there = folder.join(format!("{name}.rs")).is_file() || folder.join(name).is_dir();
        assert!(is_there, "`{suite}: {name}` is not there");
    }
}

#[test]
fn every_mitigation_has_one_number() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/threat-model.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| M") && !line.contains("| as above |"));
    let mut numbers: Vec<_> = rows.filter_map(|row| row.split(' ').nth(1)).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "{numbers:?}");
}
