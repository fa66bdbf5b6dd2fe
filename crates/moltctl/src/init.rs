//! Making a home. What is there is kept, so running it again changes nothing; what is missing is made.

use crate::check::{check, make_private};
use crate::secrets;
use crate::up::how_to_raise;
use anyhow::Context as _;
use audit_log::HeadKey;
use capability::ApprovalKey;
use home::{Home, Latch, MARKER};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What a run of `init` made; empty when everything was there.
pub(crate) type Made = Vec<PathBuf>;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Make the home of a machine whose processes systemd raises, each under a user of its own. The install script does this.
    #[arg(long)]
    system: bool,
}

pub(crate) fn command(path: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (home, made) = make(path, if arguments.system { Whose::Machine } else { Whose::User })?;
    for file in &made {
        say!("made  {}", file.display());
    }
    match made.len() {
        0 => say!("{} is complete; nothing was changed.", home.path().display()),
        _ => say!("\n{} is ready. Next: {}", home.path().display(), how_to_raise(&home)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whose home is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    User,
    Machine,
}

/// Makes the home of a user, or completes one.
pub(crate) fn init(path: &Path) -> anyhow::Result<(Home, Made)> {
    make(path, Whose::User)
}

fn make(path: &Path, whose: Whose) -> anyhow::Result<(Home, Made)> {
    refuse_foreign(path)?;
    if !path.exists() {
        make_private(path).with_context(|| format!("cannot make `{}`", path.display()))?;
    }
    let mut made = Vec::new();
    // The marker comes first: if we are interrupted, the next run knows the folder for its own.
    write_new(&path.join(MARKER), "This folder is a moltbot home.\n", &mut made)?;
    let home = Home::open(path)?;
    let (template, further) = match whose {
        Whose::User => (home::TEMPLATE.to_owned(), ["logs", "run"].as_slice()),
        // Its logs are in the journal, its sockets in /run.
        Whose::Machine => (home::template_for_the_machine(), [].as_slice()),
    };
    let everywhere = ["audit", "keys", "planner", "policy", "quarantine", "secrets", "spool", "witness"];
    for folder in everywhere.iter().chain(further) {
        let folder = home.path().join(folder);
        if !folder.is_dir() {
            make_private(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
            made.push(folder);
        }
    }
    write_new(&home.config_file(), &template, &mut made)?;
    write_new(&home.policy_file(), policy::DEFAULT, &mut made)?;
    write_new(&home.rules_file(), planner::rules::DEFAULT, &mut made)?;
    make_keys(&home, &mut made)?;
    let age = secrets::load_age_key(&home, &home.age_key_file())?;
    write_new(&home.secrets().join(".sops.yaml"), &secrets::rules_for_sops(&[age.recipient()]), &mut made)?;
    Latch::of(&home).prepare().context("there is no room for the latch")?;
    check(&home)?;
    Ok((home, made))
}

/// A folder that holds something and is not ours is left alone.
fn refuse_foreign(path: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    anyhow::ensure!(metadata.is_dir(), "`{}` is not a folder; name another with --home DIR", path.display());
    if path.join(MARKER).exists() {
        return Ok(());
    }
    let mut entries =
        std::fs::read_dir(path).with_context(|| format!("cannot look into `{}`", path.display()))?;
    // A marker that is not finished is the rest of a run that was interrupted.
    let ours = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(MARKER))
    };
    anyhow::ensure!(
        entries.all(ours),
        "`{}` is not empty and not a home of ours; name an empty or a new folder with --home DIR",
        path.display()
    );
    Ok(())
}

fn make_keys(home: &Home, made: &mut Made) -> anyhow::Result<()> {
    let age = home.age_key_file();
    if !age.exists() {
        vault::create_identity(&age, jiff::Timestamp::now())?;
        made.push(age);
    }
    let random = ring::rand::SystemRandom::new();
    make_pair(
        (&home.approval_key_file(), &home.approval_public_key_file()),
        || Ok(ApprovalKey::generate_text(&random)?),
        |text| Ok(ApprovalKey::from_text(text)?.verifier().to_string()),
        made,
    )?;
    make_pair(
        (&home.secrets_key_file(), &home.secrets_public_key_file()),
        || Ok(vault::SecretsKey::generate_text()?.as_str().to_owned()),
        |text| Ok(vault::SecretsKey::from_text(text)?.verifier().to_string()),
        made,
    )?;
    let signs_heads = [
        (home.record_key_file(), home.record_public_key_file()),
        (home.witness_key_file(), home.witness_public_key_file()),
    ];
    for (private, public) in signs_heads {
        make_pair(
            (&private, &public),
            || Ok(HeadKey::generate_text(&random)?),
            |text| Ok(HeadKey::from_text(text)?.verifier().to_string()),
            made,
        )?;
    }
    Ok(())
}

/// A private key, and its public half beside it. A public half without its private one is left for the owner to decide.
fn make_pair(
    (private, public): (&Path, &Path),
    generate: impl FnOnce() -> anyhow::Result<String>,
    public_half: impl FnOnce(&str) -> anyhow::Result<String>,
    made: &mut Made,
) -> anyhow::Result<()> {
    if !private.exists() {
        anyhow::ensure!(
            !public.exists(),
            "`{}` is there but `{}` is gone: restore the private key, or remove both and run init again",
            public.display(),
            private.display()
        );
        write_new(private, &format!("{}\n", generate()?), made)?;
    }
    let text =
        std::fs::read_to_string(private).with_context(|| format!("cannot read `{}`", private.display()))?;
    let half = public_half(&text).with_context(|| format!("`{}`", private.display()))?;
    write_new(public, &format!("{half}\n"), made)
}

/// Writes a file that is not there yet, for nobody else, whole or not at all.
fn write_new(path: &Path, text: &str, made: &mut Made) -> anyhow::Result<()> {
    let cannot = || format!("cannot make `{}`", path.display());
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file =
        File::from(rustix::fs::open(&unfinished, flags, Mode::RUSR | Mode::WUSR).with_context(cannot)?);
    file.write_all(text.as_bytes()).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    // A link, unlike a rename, never replaces what somebody else made meanwhile.
    std::fs::hard_link(&unfinished, path).with_context(cannot)?;
    std::fs::remove_file(&unfinished).with_context(cannot)?;
    made.push(path.to_owned());
    Ok(())
}
