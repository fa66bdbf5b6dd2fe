//! Input that others collected; it is not ours to hand on, so it is not in the repository.

use super::check::promises;
use sanitizer::ContentType;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder with `torture/` and `mail/`.
const WHERE: &str = "MOLTBOT_CORPUS";

/// Past the test harness, which keeps what a passing test says to itself.
fn say(words: &str) {
    std::io::stderr().write_all(format!("{words}\n").as_bytes()).unwrap();
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

fn type_of(file: &Path) -> &'static [ContentType] {
    let is_in = |folder: &str| file.components().any(|part| part.as_os_str() == folder);
    if is_in("html") {
        &[ContentType::Html, ContentType::Email]
    } else if is_in("strings") {
        &[ContentType::Text, ContentType::Html, ContentType::Slack, ContentType::Telegram]
    } else {
        &[ContentType::Email]
    }
}

fn hold_for(set: &str) {
    let Some(corpus) = std::env::var_os(WHERE) else {
        say(&format!(
            "UNPROVEN: nothing is known of the files of `{set}/`, because {WHERE} names no folder that has it"
        ));
        return;
    };
    let mut found = Vec::new();
    files(&Path::new(&corpus).join(set), &mut found);
    assert!(!found.is_empty(), "`{set}` is empty");
    let broken = |file: &PathBuf| {
        let raw = fs::read(file).unwrap();
        let broken = |of_type: &ContentType| Some((*of_type, promises(&raw, *of_type).err()?));
        let (of_type, broken) = type_of(file).iter().find_map(broken)?;
        Some(format!("{} as {of_type}: {broken}", file.display()))
    };
    let broken: Vec<_> = found.iter().filter_map(broken).collect();
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), found.len(), broken.join("\n"));
    say(&format!("proven for {} files of `{set}/`", found.len()));
}

#[test]
fn promises_hold_for_what_others_collected_to_break_parsers() {
    hold_for("torture");
}

#[test]
fn promises_hold_for_real_mail() {
    hold_for("mail");
}
