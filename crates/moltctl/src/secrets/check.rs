//! Looking at everything.

use super::place::{AgeKey, Place};
use super::schema::{self, SCHEMA};
use action::reveal;
use std::process::ExitCode;
use vault::sops::SopsFile;
use vault::{Identity, SecretsFile, SecretsVerifier};

/// What was found: what is wrong, and what is worth knowing.
#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    notes: Vec<String>,
}

pub(super) fn command(place: &Place) -> anyhow::Result<ExitCode> {
    let AgeKey { path, why } = place.age_key()?;
    let mut is_well = true;
    let identity = match place.identity() {
        Ok(identity) => {
            say!("age key: {} ({why}), {}", path.display(), identity.recipient());
            Some(identity)
        }
        Err(error) => {
            say!("age key: WRONG: {error:#}");
            is_well = false;
            None
        }
    };
    let verifier = place.verifier()?;
    match place.signing_key() {
        Ok(key) if key.verifier() == verifier => {
            say!("signing key: {}", place.home.secrets_key_file().display())
        }
        Ok(_) => {
            say!(
                "signing key: WRONG: keys/secrets.key and keys/secrets.pub do not belong together; restore both from a copy"
            );
            is_well = false;
        }
        Err(error) => {
            say!("signing key: WRONG: {error:#}");
            is_well = false;
        }
    }
    let files = place.folder.files()?;
    for file in &files {
        let mut findings = Findings::default();
        findings.look(place, file, identity.as_ref(), &verifier);
        say!("{file}: {}", if findings.wrong.is_empty() { "well" } else { "WRONG" });
        findings.wrong.iter().chain(&findings.notes).for_each(|line| say!("  {line}"));
        is_well &= findings.wrong.is_empty();
    }
    for wanted in &SCHEMA {
        if !files.iter().any(|file| file.stem() == wanted.file) {
            say!("{}: not there; `moltctl secrets init` makes it", wanted.file);
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// === impl Findings ===

impl Findings {
    fn look(
        &mut self,
        place: &Place,
        file: &SecretsFile,
        identity: Option<&Identity>,
        verifier: &SecretsVerifier,
    ) {
        // Two endings of one name are found here.
        if let Err(error) = place.folder.file(file.stem()) {
            self.wrong.push(error.to_string());
        }
        let found = match place.folder.read(file) {
            Ok(found) => found,
            Err(error) => return self.wrong.push(error.to_string()),
        };
        match found.signed(file, verifier) {
            Some(signed) => self.notes.push(format!("signed {}, version {}", signed.at, signed.version)),
            None => self.wrong.push(format!(
                "not signed as it is, so it is not used; if you changed it yourself: moltctl secrets trust {file}"
            )),
        }
        let Some(identity) = identity else { return };
        match SopsFile::open(&found.bytes, file.format(), identity) {
            Ok(opened) => self.look_inside(file, &opened, identity),
            Err(error) => self.wrong.push(error.to_string()),
        }
    }

    fn look_inside(&mut self, file: &SecretsFile, opened: &SopsFile, identity: &Identity) {
        self.notes.push("decrypts, and its MAC holds".to_owned());
        for recipient in opened.recipients() {
            let whose = if recipient == identity.recipient() { "this home's key" } else { "somebody else" };
            self.notes.push(format!("encrypted to {recipient}: {whose}"));
        }
        if opened.comments_not_opened() > 0 {
            self.notes.push(format!(
                "{} encrypted comments do not open; they are kept as they are",
                opened.comments_not_opened()
            ));
        }
        let values = opened.values();
        for (name, value) in &values {
            if !opened.encrypts(name) && !value.as_str().is_empty() {
                self.wrong
                    .push(format!("`{}` stands there in plain text, by the file's own rule", reveal(name)));
            }
        }
        let Some(wanted) = schema::of(file.stem()) else {
            return self.notes.push("no connector looks into this file".to_owned());
        };
        for (name, _) in &values {
            if !schema::knows(file.stem(), name) {
                self.notes.push(format!("no connector asks for `{}`", reveal(name)));
            }
        }
        for (key, what) in wanted.keys {
            let is_set = values.iter().any(|(name, value)| name == key && !value.as_str().is_empty());
            if !is_set {
                self.notes.push(format!("`{key}` has no value ({what})"));
            }
        }
    }
}
