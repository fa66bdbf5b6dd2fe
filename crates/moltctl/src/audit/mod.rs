//! Reading and verifying the record. The files speak for themselves; a process is asked only to erase.

mod erase;
mod filter;
mod read;
mod receipt;
mod show;
mod verify;

pub(crate) use read::{Record, told_of};

use filter::Filter;
use home::Home;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Print the entries.
    Show {
        #[command(flatten)]
        filter: Filter,
    },
    /// Print the last entries.
    Tail {
        /// How many.
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
        /// Go on printing entries as they are written.
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        filter: Filter,
    },
    /// Check every link of the chain, and that nothing is missing; exit 0 when all of it holds, 1 when it does not.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Another log than that of the home: its chain alone is checked.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Print one request's whole story, with its proof; exit 0 when all of it holds, 1 when it does not.
    Receipt {
        /// The request's id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Erase the content of a request or an item. What the record says of it stands, and the chain holds.
    Erase {
        /// The request's or item's id.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) fn command(path: &Path, command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Verify { json, file: Some(file) } => verify::chain_of_file(file, *json),
        Command::Verify { json, file: None } => verify::command(&Home::open(path)?, *json),
        Command::Show { filter } => show::show(&Record::of(&Home::open(path)?), filter),
        Command::Tail { lines, follow, filter } => {
            show::tail(&Record::of(&Home::open(path)?), *lines, *follow, filter)
        }
        Command::Receipt { id, json } => receipt::command(&Home::open(path)?, id, *json),
        Command::Erase { id, yes } => erase::command(&Home::open(path)?, id, *yes),
    }
}
