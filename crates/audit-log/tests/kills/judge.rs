//! The reading side: what must be there, whatever happened to the writer.

use crate::child::{active, contents, signer};
use action::Digest;
use audit_log::{ContentReader, Heads, LogFiles, Place, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was acknowledged in one folder, by all runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    entries: BTreeMap<u64, String>,
    contents: BTreeSet<Digest>,
    erasing: BTreeSet<Digest>,
    erased: BTreeSet<Digest>,
}

/// What is there beyond what was acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct There {
    pub(crate) acknowledged: usize,
    /// Durable, and nobody was told.
    pub(crate) beyond: usize,
}

// === impl Told ===

impl Told {
    /// Takes down what a run said.
    pub(crate) fn hear(&mut self, said: &[String]) {
        for line in said {
            let words: Vec<&str> = line.split(' ').collect();
            let digest = || words[1].parse::<Digest>().unwrap();
            match words[0] {
                "entry" => {
                    let before = self.entries.insert(words[1].parse().unwrap(), words[2].to_owned());
                    assert_eq!(before, None, "the number was given before: {line}");
                }
                "content" => {
                    self.contents.insert(digest());
                }
                "erasing" => {
                    self.erasing.insert(digest());
                }
                "erased" => {
                    self.erased.insert(digest());
                }
                _ => {}
            }
        }
    }

    /// The chain holds, has every entry that was acknowledged, none twice, and its head is not ahead of it.
    pub(crate) fn log(&self, place: &Path) -> There {
        let files = LogFiles::of(&active(place));
        let mut found = BTreeMap::new();
        if !files.list().unwrap().is_empty() {
            for (index, entry) in audit_log::entries(&files).unwrap().enumerate() {
                let entry = entry.unwrap().unwrap();
                assert_eq!(entry.seq, index as u64 + 1);
                let nonce = entry.details.get("nonce").and_then(|nonce| nonce.as_str()).unwrap().to_owned();
                found.insert(entry.seq, nonce);
            }
        }
        for (seq, nonce) in &self.entries {
            assert_eq!(found.get(seq), Some(nonce), "acknowledged entry {seq} of {}", found.len());
        }
        assert_eq!(found.values().collect::<BTreeSet<_>>().len(), found.len(), "an entry is there twice");
        match Place::of(&active(place)).unwrap().head_note().unwrap() {
            None => assert!(found.is_empty(), "entries without a head"),
            Some(note) => {
                let head = signer().key.verifier().verify(&signer().origin, &note).unwrap();
                if found.is_empty() {
                    assert_eq!(head.entries(), 0, "the head is ahead");
                } else {
                    let checked = audit_log::check(&files, [head.entries()]).unwrap();
                    assert_eq!(checked.verdict, Verdict::Valid { entries: found.len() as u64 });
                    assert_eq!(checked.against(&head), Heads::Agrees { entries: head.entries() });
                }
            }
        }
        There { acknowledged: self.entries.len(), beyond: found.len() - self.entries.len() }
    }

    /// Every content that was acknowledged is there and what it was; what was erased is not.
    pub(crate) fn content(&self, place: &Path, runs: &[(&str, usize)]) -> There {
        let reader = ContentReader::new(&place.join("content"));
        for digest in &self.contents {
            let there = reader.get(*digest).unwrap().is_some();
            let erased = self.erased.contains(digest);
            assert!(!(erased && there), "{digest} came back");
            assert!(there || self.erasing.contains(digest), "{digest} was acknowledged and is lost");
        }
        let all = runs.iter().flat_map(|(run, rounds)| contents(run, *rounds));
        let unheard =
            all.map(|(bytes, _)| Digest::of(&bytes)).filter(|digest| !self.contents.contains(digest));
        let beyond = unheard.filter(|digest| matches!(reader.get(*digest), Ok(Some(_)))).count();
        There { acknowledged: self.contents.len(), beyond }
    }
}
