//! The units, judged by systemd itself.

use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What each unit may be exposed to at most, in tenths of systemd's own figure of 0 (nothing) to 10 (everything), and why it
/// is not lower. The figure counts what a unit allows, not what the process then gives up by itself.
const THRESHOLDS: [(&str, u32); 7] = [
    // The namespaces, mounts and limits of the walls that a zone raises itself, which need these calls until they stand.
    ("moltbot-reader@.service", 13),
    ("moltbot-planner.service", 13),
    // The same, and the machine's network, in which it binds one address before it leaves it.
    ("moltbot-doorkeeper.service", 20),
    // The network of the machine, which it reaches mail servers by, and the users of the machine, by whom it tells zones apart.
    ("moltbot-executor.service", 13),
    // Local sockets, and the limits that it sets itself.
    ("moltbot-control-plane.service", 4),
    // CAP_NET_ADMIN and the machine's network, which are its job; it runs for a moment and reads one file.
    ("moltbot-egress.service", 17),
    ("moltbot-alert@.service", 5),
];

/// The units as they are, but for the path of the programs, which are where they were built.
fn units() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let programs = format!("{}/", crate::programs().display());
    for unit in fs::read_dir(crate::deploy().join("systemd")).unwrap() {
        let unit = unit.unwrap();
        let text = fs::read_to_string(unit.path()).unwrap();
        let runs = text.lines().map(|line| match line.strip_prefix("ExecStart=/usr/local/lib/moltbot/") {
            Some(program) => format!("ExecStart={programs}{program}\n"),
            None => format!("{line}\n"),
        });
        fs::write(folder.path().join(unit.file_name()), runs.collect::<String>()).unwrap();
    }
    folder
}

fn verify(folder: &Path) -> (bool, String) {
    let mut units: Vec<_> = fs::read_dir(folder).unwrap().map(|unit| unit.unwrap().path()).collect();
    units.sort_unstable();
    crate::run(Command::new("systemd-analyze").arg("verify").args(units))
}

fn security(folder: &Path, unit: &str, threshold: u32) -> (bool, String) {
    let arguments = ["security", "--offline=true", "--no-pager", &format!("--threshold={threshold}")];
    crate::run(Command::new("systemd-analyze").args(arguments).arg(folder.join(unit)))
}

#[test]
fn systemd_understands_every_line_of_every_unit() {
    let units = units();
    assert_eq!(verify(units.path()), (true, String::new()));
    // A misspelt wall would be no wall: it is noticed.
    let reader = units.path().join("moltbot-reader@.service");
    let text = fs::read_to_string(&reader).unwrap();
    fs::write(&reader, text.replace("PrivateNetwork=", "PrivateNetworks=")).unwrap();
    let (_, said) = verify(units.path());
    assert!(said.contains("PrivateNetworks"), "{said}");
}

#[test]
fn no_unit_is_exposed_to_more_than_its_reason() {
    let units = units();
    for (unit, threshold) in THRESHOLDS {
        let (within, said) = security(units.path(), unit, threshold);
        assert!(within, "{unit} is above {threshold}: {said}");
    }
    let services = fs::read_dir(units.path()).unwrap().filter(|unit| {
        unit.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "service")
    });
    assert_eq!(services.count(), THRESHOLDS.len(), "every service has a threshold");
}

#[test]
fn a_zone_without_its_network_wall_is_over_the_threshold() {
    let units = units();
    for (unit, threshold) in
        THRESHOLDS.into_iter().filter(|(unit, _)| unit.contains("reader") || unit.contains("planner"))
    {
        let file = units.path().join(unit);
        let text = fs::read_to_string(&file).unwrap();
        for wall in [
            "PrivateNetwork=yes",
            "RestrictAddressFamilies=AF_UNIX",
            "CapabilityBoundingSet=",
            "ProtectSystem=strict",
        ] {
            let without: String =
                text.lines().filter(|line| *line != wall).map(|line| format!("{line}\n")).collect();
            assert_ne!(without, text, "{unit} has no {wall}");
            fs::write(&file, without).unwrap();
            let (within, said) = security(units.path(), unit, threshold);
            assert!(!within, "{unit} without {wall}: {said}");
        }
    }
}

/// The lines of a unit with this key, in order.
fn values(unit: &str, key: &str) -> Vec<String> {
    let text = fs::read_to_string(crate::deploy().join("systemd").join(unit)).unwrap();
    let value = |line: &str| line.strip_prefix(key)?.strip_prefix('=').map(ToOwned::to_owned);
    text.lines().filter_map(value).collect()
}

#[test]
fn a_zone_sees_its_own_bridge_and_nobody_elses() {
    for (unit, bridge) in [
        ("moltbot-reader@.service", "reader-%i"),
        ("moltbot-planner.service", "planner"),
        ("moltbot-doorkeeper.service", "doorkeeper"),
    ] {
        assert_eq!(values(unit, "TemporaryFileSystem"), ["/:ro"], "{unit} starts from an empty root");
        let seen = [values(unit, "BindReadOnlyPaths"), values(unit, "BindPaths")].concat().join(" ");
        let run: Vec<_> = seen.split(' ').filter(|path| path.starts_with("/run/")).collect();
        let expected = [
            format!("/run/moltbot/{bridge}:/var/run/zone-bridge"),
            format!("/run/moltbot/ops-{bridge}:/run/ops"),
        ];
        assert_eq!(run, expected, "{unit}");
    }
}

#[test]
fn what_the_latch_stops_is_not_started_by_systemd_either() {
    for unit in [
        "moltbot-reader@.service",
        "moltbot-planner.service",
        "moltbot-doorkeeper.service",
        "moltbot-executor.service",
        "moltbot-control-plane.service",
    ] {
        assert_eq!(values(unit, "ConditionPathExists"), ["!/var/lib/moltbot/latch"], "{unit}");
    }
}

#[test]
fn a_zone_does_not_start_with_a_wall_missing_unless_its_owner_says_so() {
    for unit in ["moltbot-reader@.service", "moltbot-planner.service", "moltbot-doorkeeper.service"] {
        assert!(values(unit, "Environment").contains(&"MOLTBOT_SANDBOX=require".to_owned()), "{unit}");
        assert!(values(unit, "ExecStart").concat().ends_with("--sandbox ${MOLTBOT_SANDBOX}"), "{unit}");
    }
}

#[test]
fn who_has_a_network_requires_its_rules() {
    for unit in ["moltbot-executor.service", "moltbot-control-plane.service", "moltbot-doorkeeper.service"] {
        assert_eq!(values(unit, "Requires"), ["moltbot-egress.service"], "{unit}");
        assert!(values(unit, "After").concat().contains("moltbot-egress.service"), "{unit}");
        assert_eq!(values(unit, "IPAddressDeny"), ["any"], "{unit}");
    }
}
