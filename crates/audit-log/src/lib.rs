//! The audit log: hash-chained JSON Lines that are appended durably, replayed and verified.
//!
//! One entry is one line:
//! `{"seq":1,"timestamp":"…","event_type":"…","details":{…},"prev_hash":"…","hash":"…"}`. `hash` is SHA-256 in hexadecimal
//! over exactly the bytes of the line without its `,"hash":"…"` member; `prev_hash` is the `hash` of the line before, and
//! 64 zeros in the first. So any tool that can hash bytes can verify a log.
//!
//! The log is the database: what Zone 1 must remember is a fold over it, so nothing can have happened that is not in it.
//! Personal content stands beside the chain, in a [`ContentStore`], and the chain names it by digest.
//!
//! What it does not show by itself: a log cut at the end of a line is a shorter good log. A [`SignedHead`] kept outside it shows
//! that.

mod append;
mod content;
mod disk;
mod durable;
mod entry;
mod files;
mod head;
mod head_file;
mod keeper;
mod lines;
mod lock;
mod problem;
mod recover;
mod room;
mod scan;
mod segment;
mod trouble;
mod verify;
mod walk;
mod watch;
mod writer;

pub use append::Need;
pub use content::{ContentProblem, ContentReader, ContentStore};
pub use disk::{Disk, DiskFile, Folder, Opening, Stat};
pub use durable::Durable;
pub use entry::{Entry, EntryRef, NotAnEntry};
pub use files::LogFiles;
pub use head::{HeadKey, HeadKeyProblem, HeadVerifier, InvalidHead, Origin, SignedHead};
pub use head_file::{Head, Signer};
pub use lock::Holder;
pub use problem::OpenProblem;
pub use recover::{Fold, Torn};
pub use segment::Place;
pub use trouble::{Fault, Tampered, Tampering, Trouble, Unwritable};
pub use verify::{Checked, Heads, Verdict, check, entries, entries_of_file, verify, verify_file};
pub use writer::{AuditLog, Opened, Options};
