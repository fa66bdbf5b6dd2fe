//! Files of sops are read, and what is written here is what sops would have written.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::{fixture, format_of, identity, open, throw_away_key};
use vault::sops::{
    BadRule, BadSection, BadValue, CannotChange, CannotOpen, Format, Kind, Scalar, SopsFile, Unopened,
};

const YAML: [&str; 7] = [
    "default.yaml",
    "unencrypted_suffix.yaml",
    "encrypted_suffix.yaml",
    "unencrypted_regex.yaml",
    "encrypted_regex.yaml",
    "mac_only_encrypted.yaml",
    "two_recipients.yaml",
];

fn now() -> jiff::Timestamp {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn said(file: &SopsFile) -> Vec<(String, Kind, String)> {
    file.values().into_iter().map(|(name, value)| (name, value.kind(), value.as_str().to_owned())).collect()
}

fn refused(bytes: &[u8], format: Format) -> CannotOpen {
    SopsFile::open(bytes, format, &identity()).unwrap_err()
}

#[test]
fn every_value_and_comment_of_sops_is_read_whatever_the_rule() {
    let expected = [
        ("slack_token", Kind::Str, "xoxb-not-a-token"),
        ("empty", Kind::Str, ""),
        ("nothing", Kind::Null, ""),
        ("count", Kind::Int, "42"),
        ("large", Kind::Int, "9223372036854775807"),
        ("ratio", Kind::Float, "0.125"),
        ("huge", Kind::Float, "1000000000000000000000"),
        ("agreed", Kind::Bool, "true"),
        ("since", Kind::Time, "2001-02-03T04:05:06Z"),
        ("key", Kind::Str, "-----BEGIN NOTHING-----\ntwo lines # no comment\n\n-----END NOTHING-----\n"),
        ("tricky", Kind::Str, "é 😀 \t 'x' \"y\""),
        ("host_unencrypted", Kind::Str, "mail.example.org"),
        ("database.user", Kind::Str, "admin"),
        ("database.password", Kind::Str, "hunter2"),
        ("list.0", Kind::Str, "one"),
        ("list.1", Kind::Int, "2"),
        ("list.2.name", Kind::Str, "three"),
        ("list.2.port", Kind::Int, "3"),
    ]
    .map(|(name, kind, text)| (name.to_owned(), kind, text.to_owned()));
    for name in YAML {
        let file = open(name);
        assert_eq!(said(&file), expected, "{name}");
        assert_eq!(file.comments_not_opened(), 0, "{name}");
        let text = file.plaintext().unwrap();
        let comments = [
            "# what the executor shows to the services\n",
            "# behind the value\n",
            "\n# before the map\ndatabase:\n    # first in the map\n    user: admin\n    # between\n    password: hunter2\n    # last in the map\n",
            "list:\n    # in the list\n    - one\n",
            "# at the end\n",
        ];
        for comment in comments {
            assert!(text.contains(comment), "{name}: {comment:?} in\n{}", *text);
        }
    }
}

#[test]
fn the_json_of_sops_is_read_in_its_order() {
    for name in ["default.json", "encrypted_regex.json"] {
        let values = said(&open(name));
        let names: Vec<_> = values.iter().map(|(name, ..)| name.as_str()).collect();
        let expected = [
            "slack_token",
            "empty",
            "nothing",
            "database.password",
            "database.port",
            "database.ratio",
            "database.tls",
            "list.0",
            "list.1",
            "list.2.k",
            "host_unencrypted",
        ];
        assert_eq!(names, expected);
        assert_eq!(values[4], ("database.port".to_owned(), Kind::Int, "5432".to_owned()));
        assert_eq!(values[9].2, "<é & 😀>");
    }
}

/// Sops keeps the bytes of what does not change, so that a file's history shows what did.
#[test]
fn what_does_not_change_keeps_its_bytes() {
    for name in YAML.into_iter().chain(["default.json", "encrypted_regex.json"]) {
        let before = fixture(name);
        let sealed = |text: &str| -> Vec<String> {
            let values =
                text.split('"').flat_map(|part| part.lines()).flat_map(|line| line.split_inclusive(']'));
            values
                .filter_map(|part| part.find("ENC[").and_then(|at| part.get(at..)).map(str::to_owned))
                .collect()
        };
        let (before, after) =
            (String::from_utf8(before).unwrap(), String::from_utf8(open(name).seal(now()).unwrap()).unwrap());
        let (before, after) = (sealed(&before), sealed(&after));
        let changed: Vec<_> = before.iter().filter(|value| !after.contains(value)).collect();
        assert_eq!(changed.len(), 1, "{name}: only the MAC changes: {changed:?}");
    }
}

#[test]
fn a_file_of_ours_has_the_form_of_sops() {
    for (format, plain) in [(Format::Yaml, fixture("plain.yaml")), (Format::Json, fixture("plain.json"))] {
        let plain = String::from_utf8(plain).unwrap();
        let mut file = SopsFile::create(format, &[identity().recipient()]).unwrap();
        file.replace(&plain).unwrap();
        let bytes = file.seal(now()).unwrap();
        let again = SopsFile::open(&bytes, format, &identity()).unwrap();
        assert!(again.says_the_same_as(&file));
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            !text.contains("hunter2") && !text.contains("first in the map") && !text.contains("xoxb"),
            "{text}"
        );
        assert!(text.contains("mail.example.org") && text.contains("2026-02-03T04:05:06Z"), "{text}");
    }
}

#[test]
fn the_real_age_opens_the_data_key() {
    let mut file = SopsFile::create(Format::Yaml, &[identity().recipient()]).unwrap();
    file.set("a", Scalar::text("b".to_owned().into())).unwrap();
    let text = String::from_utf8(file.seal(now()).unwrap()).unwrap();
    let armored: String = text
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .take_while(|line| !line.starts_with("recipient"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let (_folder, key) = throw_away_key();
    let mut age = Command::new("age")
        .arg("-d")
        .arg("-i")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`age` is installed by scripts/test (Debian: apt-get install age)");
    age.stdin.take().unwrap().write_all(armored.as_bytes()).unwrap();
    let opened = age.wait_with_output().unwrap();
    assert!(opened.status.success());
    assert_eq!(opened.stdout.len(), 32);
}

#[test]
fn a_new_data_key_is_wrapped_for_those_who_are_named_and_nobody_else() {
    let stranger = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let mut file = open("default.yaml");
    let before = String::from_utf8(fixture("default.yaml")).unwrap();
    file.rotate(&[identity().recipient(), stranger.to_owned()]).unwrap();
    let bytes = file.seal(now()).unwrap();
    let again = SopsFile::open(&bytes, Format::Yaml, &identity()).unwrap();
    assert_eq!(again.recipients(), [identity().recipient(), stranger.to_owned()]);
    let text = String::from_utf8(bytes).unwrap();
    let is_kept = |line: &&str| line.contains("ENC[") && text.contains(line.trim());
    assert_eq!(before.lines().filter(is_kept).count(), 0, "every value is encrypted anew");

    file.rotate(&[stranger.to_owned()]).unwrap();
    let refused = refused(&file.seal(now()).unwrap(), Format::Yaml);
    assert!(matches!(refused, CannotOpen::NotForUs { theirs, .. } if theirs == [stranger]));
    assert_eq!(file.rotate(&[]).unwrap_err(), CannotChange::NoRecipient);
    assert!(matches!(file.rotate(&["age1nonsense".to_owned()]).unwrap_err(), CannotChange::Recipient(_)));
}

#[test]
fn a_value_is_set_by_its_name_and_the_rest_stands() {
    let mut file = open("default.yaml");
    let text = |text: &str| Scalar::text(text.to_owned().into());
    assert!(!file.set("database.password", text("correct horse")).unwrap());
    assert!(file.set("database.port", text("5432")).unwrap());
    assert!(file.set("new.deep.key", text("x")).unwrap());
    assert!(!file.set("list.1", text("second")).unwrap());
    assert!(!file.set("nothing", text("something")).unwrap());
    let again = SopsFile::open(&file.seal(now()).unwrap(), Format::Yaml, &identity()).unwrap();
    for (name, value) in [
        ("database.password", "correct horse"),
        ("database.port", "5432"),
        ("new.deep.key", "x"),
        ("list.1", "second"),
    ] {
        assert_eq!(again.value(name).unwrap().as_str(), value);
    }
    assert_eq!(again.value("database.user").unwrap().as_str(), "admin");
    for bad in [
        "database",
        "slack_token.x",
        "sops",
        "sops.mac",
        "a b",
        "",
        "a..b",
        "list.9",
        "x:y",
        "host_unencrypted",
        "x_unencrypted",
    ] {
        file.set(bad, text("x")).expect_err(bad);
    }
}

#[test]
fn a_file_that_was_changed_by_anything_but_sops_is_refused() {
    let text = String::from_utf8(fixture("default.yaml")).unwrap();
    let line = |key: &str| text.lines().find(|line| line.trim_start().starts_with(key)).unwrap().to_owned();
    let (user, password, count) = (line("user:"), line("password:"), line("count:"));
    let value = |line: &str| line.split_once(": ").unwrap().1.to_owned();
    let moved = CannotOpen::Value(BadValue { path: "database.user".to_owned(), why: Unopened::NotAuthentic });
    assert_eq!(refused(text.replace(&value(&user), &value(&password)).as_bytes(), Format::Yaml), moved);
    let plain = CannotOpen::Value(BadValue { path: "count".to_owned(), why: Unopened::NotEncrypted });
    assert_eq!(refused(text.replace(&value(&count), "43").as_bytes(), Format::Yaml), plain);
    for changed in [
        text.replace("mail.example.org", "mail.example.com"),
        text.replace(&format!("{count}\n"), ""),
        text.replace(&format!("{count}\n"), "")
            .replace(&line("large:"), &format!("{}\n{count}", line("large:"))),
        text.replace(&line("lastmodified:"), "    lastmodified: \"2020-01-01T00:00:00Z\""),
        text.replace("agreed: ", "agreed_unencrypted: "),
    ] {
        assert_ne!(changed, text);
        assert_eq!(refused(changed.as_bytes(), Format::Yaml), CannotOpen::Mac);
    }
    let missing = |key: &'static str| CannotOpen::Section(BadSection::Damaged(key));
    assert_eq!(refused(text.replace(&line("mac:"), "    x: y").as_bytes(), Format::Yaml), missing("mac"));
    assert_eq!(
        refused(text.replace(&line("lastmodified:"), "").as_bytes(), Format::Yaml),
        missing("lastmodified")
    );
}

/// With `mac_only_encrypted` what stands there in plain text may be changed: the file says so itself, and its signature holds it.
#[test]
fn what_is_not_encrypted_is_outside_the_mac_only_where_the_file_says_so() {
    let text = String::from_utf8(fixture("mac_only_encrypted.yaml")).unwrap();
    let changed = text.replace("mail.example.org", "mail.example.com");
    let file = SopsFile::open(changed.as_bytes(), Format::Yaml, &identity()).unwrap();
    assert_eq!(file.value("host_unencrypted").unwrap().as_str(), "mail.example.com");
    let without = text.replace("    mac_only_encrypted: true\n", "");
    assert_ne!(without, text);
    assert_eq!(refused(without.as_bytes(), Format::Yaml), CannotOpen::Mac);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let text = String::from_utf8(fixture("default.yaml")).unwrap();
    let with = |line: &str| {
        refused(
            text.replace("    lastmodified:", &format!("{line}\n    lastmodified:")).as_bytes(),
            Format::Yaml,
        )
    };
    assert_eq!(with("    key_groups:\n        - age: []"), CannotOpen::Section(BadSection::KeyGroups));
    assert_eq!(with("    shamir_threshold: 2"), CannotOpen::Section(BadSection::KeyGroups));
    let by_comment = BadRule::ByComment { rule: "encrypted_comment_regex" };
    assert_eq!(with("    encrypted_comment_regex: x"), CannotOpen::Section(BadSection::Rule(by_comment)));
    assert_eq!(with("    encrypted_regex: x"), CannotOpen::Section(BadSection::Rule(BadRule::MoreThanOne)));
    let kms =
        "a: b\nsops:\n    kms:\n        - arn: x\n    lastmodified: \"2026-02-03T04:05:06Z\"\n    mac: x\n";
    assert_eq!(
        refused(kms.as_bytes(), Format::Yaml),
        CannotOpen::Section(BadSection::OtherKeysOnly(vec!["kms"]))
    );
    assert_eq!(refused(b"a: b\n", Format::Yaml), CannotOpen::Section(BadSection::Missing));
    let documents = refused(format!("{text}---\na: b\n").as_bytes(), Format::Yaml).to_string();
    assert!(documents.contains("several documents"), "{documents}");
    assert_eq!(refused(&vec![b' '; 1024 * 1024 + 1], Format::Yaml), CannotOpen::TooLong);
    assert_eq!(refused(b"\xff", Format::Yaml), CannotOpen::NotText);
}

/// A file with other keys beside ours is read and changed; a new data key cannot be wrapped for them.
#[test]
fn other_ways_to_the_data_key_are_kept() {
    let text = String::from_utf8(fixture("default.yaml")).unwrap();
    let other = "    pgp:\n        - created_at: \"2026-02-03T04:05:06Z\"\n          enc: x\n          fp: ABCD\n    lastmodified:";
    let mut file =
        SopsFile::open(text.replace("    lastmodified:", other).as_bytes(), Format::Yaml, &identity())
            .unwrap();
    assert!(String::from_utf8(file.seal(now()).unwrap()).unwrap().contains("fp: ABCD"));
    assert_eq!(file.rotate(&[identity().recipient()]).unwrap_err(), CannotChange::OtherKeys(vec!["pgp"]));
}

#[test]
fn no_error_shows_what_stands_in_a_file() {
    for (format, plain) in [
        (Format::Yaml, "a: hunter2: x"),
        (Format::Yaml, "hunter2"),
        (Format::Yaml, "- hunter2"),
        (Format::Yaml, "a: \"hunter2"),
        (Format::Json, "{\"a\": hunter2}"),
        (Format::Json, "{\"a\": \"hunter2}"),
    ] {
        let mut file = SopsFile::create(format, &[identity().recipient()]).unwrap();
        let error = file.replace(plain).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    let file = open("default.yaml");
    assert!(!format!("{file:?} {:?}", file.values()).contains("hunter2"));
    assert_eq!(format_of("a.yml"), Format::Yaml);
}
