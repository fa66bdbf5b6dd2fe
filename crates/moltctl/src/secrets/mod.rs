//! The owner's secrets: set, shown, changed, rotated, taken in from elsewhere, and looked after.

mod check;
mod edit;
mod import;
mod list;
mod made;
mod place;
mod plain;
mod prompt;
mod rotate;
mod schema;
mod values;

pub(crate) use made::rules_for_sops;
pub(crate) use place::load_age_key;
pub(crate) use prompt::{input_line, prompt_once};

use place::Place;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vault::sops::Text;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make the files that the connectors look into, without values. What is there is kept.
    Init,
    /// Set a secret; its value is asked for, or read from standard input.
    Set {
        /// The file: `api-keys`, or `api-keys.yaml`.
        file: String,
        /// The key: `slack_token`, or `database.password` for a key in a map.
        key: String,
    },
    /// Say what a secret is like, or print it.
    Get {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// Print the value itself.
        #[arg(long)]
        reveal: bool,
    },
    /// Name every file and key, and say which have a value. No value is shown.
    List,
    /// Change a file in your editor ($VISUAL, $EDITOR), in plain text that is gone afterwards.
    Edit {
        /// The file.
        file: String,
    },
    /// Give files a new data key, for the same recipients or for others.
    Rotate(rotate::Arguments),
    /// Move the credentials found in a file, such as .env, into the vault, and leave references in their place.
    Import(import::Arguments),
    /// Look at everything: does it decrypt, is it whole, who signed it, who can reach it, what is missing; exit 1 when something is wrong.
    Check,
    /// Sign a file as it is, after you changed it with something else, such as sops.
    Trust {
        /// The file.
        file: String,
    },
}

pub(crate) fn command(home: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    if let Err(why) = vault::protect_process() {
        eprintln!("moltctl: this process's memory is not kept from others of your user: {why}");
    }
    let place = Place::open(home)?;
    match command {
        Command::Init => made::command(&place),
        Command::Set { file, key } => values::set(&place, file, key),
        Command::Get { file, key, reveal } => values::get(&place, file, key, *reveal),
        Command::List => list::command(&place),
        Command::Edit { file } => edit::command(&place, file),
        Command::Rotate(arguments) => rotate::command(&place, arguments),
        Command::Import(arguments) => import::command(&place, arguments),
        Command::Check => check::command(&place),
        Command::Trust { file } => values::trust(&place, file),
    }
}

/// Keeps a value that the owner gave in another way than by `set`.
pub(crate) fn keep_text(home: &Path, file: &str, key: &str, value: Text) -> anyhow::Result<()> {
    let place = Place::open(home)?;
    values::keep(&place, &place.folder.file(file)?, key, value).map(drop)
}

/// For people: a path as it can be pasted into a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Where sops looks for its key when nothing is said (getsops/sops, `age/keysource.go`).
fn key_file_of_sops() -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").filter(|named| !named.is_empty()).map(PathBuf::from);
    let config = config.or_else(|| {
        let user = std::env::home_dir()?;
        Some(user.join(if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" }))
    });
    Some(config?.join("sops/age/keys.txt"))
}
