//! The owner's command for secrets, from outside.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const MOLTCTL: &str = env!("CARGO_BIN_EXE_moltctl");

/// Somebody whose key nobody here has.
const STRANGER: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// A home with its files of secrets.
struct Scene {
    place: TempDir,
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { place: tempfile::tempdir().unwrap() };
        said(scene.prepared(MOLTCTL, &["init"]), "").well();
        scene.secrets(&["init"], "").well();
        scene
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home().join("secrets").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn prepared(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("MOLTBOT_HOME", self.home());
        command.env_remove("SOPS_AGE_KEY_FILE").env_remove("VISUAL");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn secrets(&self, arguments: &[&str], input: &str) -> Said {
        said(self.prepared(MOLTCTL, &[&["secrets"], arguments].concat()), input)
    }

    fn set(&self, file: &str, key: &str, value: &str) {
        self.secrets(&["set", file, key], value).well();
    }

    fn get(&self, file: &str, key: &str) -> String {
        let said = self.secrets(&["get", file, key, "--reveal"], "");
        assert_eq!(said.err, "", "a file that is signed is shown without a warning");
        said.well().strip_suffix('\n').unwrap().to_owned()
    }
}

fn said(mut command: Command, input: &str) -> Said {
    let mut child = command.spawn().unwrap();
    // A command that needs no input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    fn badly(self, expected: &str) -> String {
        assert_ne!(self.code, Some(0), "{}{}", self.out, self.err);
        assert!(self.err.contains(expected), "{expected} in:\n{}", self.err);
        self.out + &self.err
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn init_makes_signed_files_for_every_connector_and_nothing_that_others_can_reach() {
    let scene = Scene::new();
    for file in ["api-keys", "approval", "mail", "oauth", "twilio"] {
        for name in [format!("{file}.yaml"), format!("{file}.yaml.sig")] {
            assert_eq!(fs::metadata(scene.file(&name)).unwrap().mode() & 0o777, 0o600, "{name}");
        }
    }
    assert_eq!(fs::metadata(scene.home().join("keys/secrets.key")).unwrap().mode() & 0o777, 0o600);
    let first = scene.text("api-keys.yaml");
    assert!(first.lines().next().unwrap().contains("ENC[AES256_GCM"), "{first}");
    let checked = scene.secrets(&["check"], "").well();
    assert!(checked.contains("`slack_token` has no value"), "{checked}");
    let again = scene.secrets(&["init"], "").well();
    assert!(again.contains("nothing was changed") && again.contains("export SOPS_AGE_KEY_FILE='"), "{again}");
    assert_eq!(scene.text("api-keys.yaml"), first);
}

#[test]
fn a_value_comes_from_standard_input_and_is_printed_only_when_that_is_said() {
    let scene = Scene::new();
    let set = scene.secrets(&["set", "api-keys", "slack_token"], "xoxb-hunter2\n").well();
    assert!(!set.contains("hunter2"), "{set}");
    assert_eq!(scene.get("api-keys.yaml", "slack_token"), "xoxb-hunter2");
    let hidden = scene.secrets(&["get", "api-keys", "slack_token"], "").badly("--reveal");
    assert!(!hidden.contains("hunter2") && hidden.contains("12 letters"), "{hidden}");
    for said in [scene.secrets(&["list"], "").well(), scene.secrets(&["check"], "").well()] {
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(!scene.text("api-keys.yaml").contains("hunter2"));
    scene.secrets(&["set", "api-keys", "slack_token", "in-the-arguments"], "").badly("unexpected argument");
    scene.secrets(&["set", "api-keys", "slack_token"], "\n").badly("empty");
    scene.secrets(&["set", "api-keys", "slack_token"], &"x".repeat(70_000)).badly("bytes");
    scene.secrets(&["set", "api-keys", "x_unencrypted"], "x").badly("is not encrypted");
    assert_eq!(scene.get("api-keys", "slack_token"), "xoxb-hunter2");
    scene.set("database.json", "main.password", "p\nq");
    assert_eq!(scene.get("database", "main.password"), "p\nq");
}

#[test]
fn a_file_that_the_owner_did_not_sign_is_shown_with_a_warning_and_not_changed() {
    let scene = Scene::new();
    // It decrypts and is whole, under another name.
    fs::copy(scene.file("oauth.yaml"), scene.file("api-keys.yaml")).unwrap();
    let before = scene.text("api-keys.yaml");
    let commands = [
        &["set", "api-keys", "slack_token"][..],
        &["edit", "api-keys"],
        &["rotate", "api-keys"],
        &["rotate"],
    ];
    for command in commands {
        scene.secrets(command, "x").badly("moltctl secrets trust api-keys.yaml");
    }
    assert_eq!(scene.text("api-keys.yaml"), before);
    let shown = scene.secrets(&["get", "api-keys", "client_id", "--reveal"], "");
    assert!(shown.code == Some(0) && shown.err.contains("is not signed"), "{}", shown.err);
    let checked = scene.secrets(&["check"], "");
    assert!(checked.code == Some(1) && checked.out.contains("api-keys.yaml: WRONG"), "{}", checked.out);
    let trusted = scene.secrets(&["trust", "api-keys"], "").well();
    assert!(trusted.contains("client_id, client_secret, refresh_token"), "{trusted}");
    assert!(trusted.contains("this home's key"), "{trusted}");
    scene.set("api-keys", "slack_token", "x");
    scene.secrets(&["check"], "").well();
}

#[test]
fn what_does_not_decrypt_is_not_signed() {
    let scene = Scene::new();
    let text = scene.text("api-keys.yaml");
    let put = |from: &str, to: &str| fs::write(scene.file("api-keys.yaml"), text.replace(from, to)).unwrap();
    put("slack_token: \"\"", "slack_token: \"x\"");
    scene.secrets(&["trust", "api-keys"], "").badly("`slack_token` is not encrypted, though it should be");
    put("slack_token: \"\"\n", "slack_token_unencrypted: x\n");
    scene.secrets(&["trust", "api-keys"], "").badly("its MAC does not hold");
}

#[test]
fn a_file_is_edited_in_plain_text_that_is_gone_afterwards() {
    let scene = Scene::new();
    scene.set("api-keys", "slack_token", "xoxb-before");
    let (trace, editor) = (scene.place.path().join("trace"), scene.place.path().join("editor"));
    let edit = |script: &str| {
        let seen =
            format!("{{ echo \"$1\"; stat -c %a \"$1\" \"$(dirname \"$1\")\"; }} > '{}'", trace.display());
        fs::write(&editor, format!("#!/bin/sh\n{seen}\n{script}\n")).unwrap();
        fs::set_permissions(&editor, Permissions::from_mode(0o700)).unwrap();
        let mut command = scene.prepared(MOLTCTL, &["secrets", "edit", "api-keys"]);
        command.env("EDITOR", &editor);
        let said = said(command, "no\n");
        let trace = fs::read_to_string(&trace).unwrap();
        let mut lines = trace.lines();
        let plain = Path::new(lines.next().unwrap());
        assert!(!plain.exists() && !plain.parent().unwrap().exists(), "{trace}");
        assert_eq!((lines.next(), lines.next()), (Some("600"), Some("700")));
        said
    };
    edit("sed -i 's/xoxb-before/xoxb-after/; s/^# the bot token.*/# mine/' \"$1\"; cp \"$1\" \"$1~\"").well();
    assert_eq!(scene.get("api-keys", "slack_token"), "xoxb-after");
    let before = scene.text("api-keys.yaml");
    assert!(edit("grep -q '^# mine$' \"$1\"").well().contains("Nothing was changed"));
    edit("echo 'slack_token: [' >> \"$1\"").badly("nothing was changed");
    edit("echo 'sops: x' >> \"$1\"").badly("nothing was changed");
    edit("rm \"$1\"").badly("is gone");
    edit("exit 3").badly("nothing was changed");
    assert_eq!(scene.text("api-keys.yaml"), before);
}

#[test]
fn rotation_makes_everything_new_and_wraps_it_for_whom_it_is_told() {
    let scene = Scene::new();
    scene.set("api-keys", "slack_token", "xoxb-hunter2");
    let before = scene.text("api-keys.yaml");
    scene.secrets(&["rotate", "--add-recipient", STRANGER], "").well();
    let after = scene.text("api-keys.yaml");
    assert!(before.lines().filter(|line| line.contains("ENC[")).all(|line| !after.contains(line.trim())));
    assert!(after.contains(STRANGER) && scene.text(".sops.yaml").contains(STRANGER));
    scene.set("new-file", "key", "value");
    assert!(scene.text("new-file.yaml").contains(STRANGER), "new files are for the same");

    let said = scene.secrets(&["rotate", "--remove-recipient", STRANGER], "").well();
    assert!(said.contains("change the credentials at the providers"), "{said}");
    assert!(!scene.text("api-keys.yaml").contains(STRANGER) && !scene.text(".sops.yaml").contains(STRANGER));
    assert_eq!(scene.get("api-keys", "slack_token"), "xoxb-hunter2");
    let key = fs::read_to_string(scene.home().join("keys/age.txt")).unwrap();
    let ours = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    scene.secrets(&["rotate", "--remove-recipient", ours], "").badly("would not be encrypted to");
    scene.secrets(&["rotate", "--add-recipient", "age1nobody"], "").badly("not a recipient");
}

/// What somebody else puts into `.sops.yaml` makes them a reader of nothing.
#[test]
fn new_files_are_encrypted_to_whom_signed_files_are_and_not_to_whom_an_unsigned_one_says() {
    let scene = Scene::new();
    fs::write(scene.file(".sops.yaml"), format!("creation_rules:\n    - age: {STRANGER}\n")).unwrap();
    let text = scene.text("api-keys.yaml").replace("age1", "age1x");
    fs::write(scene.file("unsigned.yaml"), text).unwrap();
    scene.set("new-file", "key", "value");
    assert_eq!(scene.text("new-file.yaml").matches("recipient: ").count(), 1);
    assert!(!scene.text("new-file.yaml").contains(STRANGER));
}

#[test]
fn credentials_in_a_file_move_into_the_vault_and_leave_references() {
    let scene = Scene::new();
    // Put together here, so that no scanner takes this file for a leak.
    let slack = format!("xoxb-{}", "1a".repeat(12));
    let refresh = format!("1//{}", "0gA_".repeat(10));
    let weather = "q1w2e3r4t5z6";
    let text = |slack: &str, weather: &str, refresh: &str| {
        format!(
            "# my notes\nexport SLACK_BOT_TOKEN={slack}\nOTHER=5\nSLACK_AGAIN=\"{slack}\"\n\
             weather_api_key: {weather}\n\nI wrote down {refresh}.\nPORT=8080"
        )
    };
    let before = text(&slack, weather, &refresh);
    let path = scene.place.path().join("memory.md");
    fs::write(&path, &before).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let named = path.to_str().unwrap();

    let refused = scene.secrets(&["import", named], "no\n");
    assert_eq!(refused.code, Some(1));
    for secret in [slack.as_str(), weather, refresh.as_str()] {
        assert!(!refused.out.contains(secret), "{}", refused.out);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    assert_eq!(scene.get("api-keys", "slack_token"), "");

    scene.secrets(&["import", named, "--yes"], "").well();
    let after =
        text("vault:api-keys.slack_token", "vault:imported.weather_api_key", "vault:oauth.refresh_token");
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    assert_eq!(names(scene.place.path()), ["home", "memory.md"], "no copy is left");
    assert_eq!(scene.get("api-keys", "slack_token"), slack);
    assert_eq!(scene.get("imported", "weather_api_key"), weather);
    assert_eq!(scene.get("oauth", "refresh_token"), refresh);
    assert!(scene.secrets(&["import", named, "--yes"], "").well().contains("Nothing"));

    // Another value does not take the place of the one that is there.
    fs::write(&path, format!("SLACK_TOKEN={slack}x9\n")).unwrap();
    scene.secrets(&["import", named, "--yes"], "").well();
    assert_eq!(fs::read_to_string(&path).unwrap(), "SLACK_TOKEN=vault:api-keys.slack_token_2\n");
    assert_eq!(scene.get("api-keys", "slack_token"), slack);
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let scene = Scene::new();
    for key in ["keys/age.txt", "keys/secrets.key"] {
        let path = scene.home().join(key);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let said = scene.secrets(&["set", "api-keys", "slack_token"], "x").badly("chmod 600");
        assert!(said.contains(key), "{said}");
        assert_eq!(scene.secrets(&["check"], "").code, Some(1));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        scene.secrets(&["check"], "").well();
    }
}

/// Killed at each call with which it reaches files, one after the other.
#[test]
fn whenever_it_is_killed_the_old_or_the_new_secret_is_there_and_signed() {
    let scene = Scene::new();
    let mut before = "value-0".to_owned();
    scene.set("api-keys", "slack_token", &before);
    let mut kills = 0;
    for call in ["openat", "write", "fsync", "rename", "unlink", "fchmod"] {
        for nth in 1.. {
            let value = format!("value-{call}-{nth}");
            let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
            let traced = format!("trace={call}");
            let strace = ["-f", "-qq", "-o", "/dev/null", "-e", &traced, "-e", &inject, MOLTCTL];
            let set = ["secrets", "set", "api-keys", "slack_token"];
            let said = said(scene.prepared("strace", &[&strace[..], &set[..]].concat()), &value);
            let now = scene.get("api-keys", "slack_token");
            assert!(now == before || now == value, "{now} when killed at {call} {nth}");
            before = now;
            if said.code == Some(0) {
                assert_eq!(before, value);
                break;
            }
            kills += 1;
            assert!(kills < 2_000, "it never ends: {}", said.err);
        }
    }
    assert!(kills > 20, "it was killed only {kills} times");
    scene.secrets(&["check"], "").well();
}
