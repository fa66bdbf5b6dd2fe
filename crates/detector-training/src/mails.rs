//! Whole mails beside the labelled corpus, of the same collection: nobody labelled them one by one, and none is an attack.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sanitizer::ContentType;

use crate::data::{self, Item, Line, Origin};

/// The mails of a folder that are not in these files of the corpus. A mail whose name begins with `spam` is unsolicited; one without a
/// `Message-ID` is left out, since nobody can say whether the corpus has it.
///
/// # Errors
/// When something cannot be read.
pub fn mails(folder: &Path, corpus: &[PathBuf]) -> anyhow::Result<Vec<Item>> {
    let mut known = HashSet::new();
    for file in corpus {
        known.extend(in_corpus(file).with_context(|| format!("in {}", file.display()))?);
    }
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut files: Vec<_> =
            folder.read_dir()?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        files.sort();
        Ok(files)
    };
    let mut items = Vec::new();
    for file in read().with_context(|| format!("cannot read {}", folder.display()))? {
        let mail = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        if message_id(&mail).is_none_or(|id| known.contains(&id)) {
            continue;
        }
        let id = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unsolicited = id.starts_with("spam");
        let (texts, bytes) = data::texts(mail, ContentType::Email);
        items.push(Item {
            source: if unsolicited { "mails-spam" } else { "mails" }.to_owned(),
            tier: if unsolicited { "ben_spam" } else { "ben_mail" }.to_owned(),
            id,
            attack: false,
            origin: Origin::Mails,
            language: String::new(),
            whole: true,
            bytes,
            texts,
        });
    }
    Ok(items)
}

/// The `Message-ID` of each mail in a file of the corpus.
fn in_corpus(file: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for line in BufReader::new(File::open(file)?).lines() {
        let line: Line = serde_json::from_str(&line?)?;
        found.extend(message_id(line.text.as_bytes()));
    }
    Ok(found)
}

/// What the first header field of that name says.
fn message_id(mail: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"message-id:";
    let lines = mail.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty());
    let mut fields = lines.filter_map(|line| line.split_at_checked(NAME.len()));
    let (_, id) = fields.find(|(name, _)| name.eq_ignore_ascii_case(NAME))?;
    Some(id.trim_ascii().to_vec()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::mails;

    #[test]
    fn mails_that_the_corpus_has_are_not_learned_from_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = folder.path().join("dev.jsonl");
        let text = "From: a@b.c\\r\\nMESSAGE-id:  <1@b.c>\\r\\n\\r\\nHello\\n";
        std::fs::write(
            &corpus,
            format!(
                r#"{{"id": "x", "source": "s", "label": "benign", "tier": "ben_mail", "content_type": "email", "text": "{text}"}}"#
            ),
        )
        .unwrap();
        let beside = folder.path().join("mail");
        std::fs::create_dir(&beside).unwrap();
        for (name, id) in [("ham-1", "<1@b.c>"), ("ham-2", "<2@b.c>"), ("spam-1", "<3@b.c>"), ("ham-3", "")] {
            let mail = format!("From: a@b.c\nMessage-ID: {id}\n\nHello there, see you on Friday.\n");
            std::fs::write(beside.join(name), mail).unwrap();
        }
        let found = mails(&beside, &[corpus]).unwrap();
        let named: Vec<_> = found.iter().map(|item| (item.id.as_str(), item.tier.as_str())).collect();
        assert_eq!(named, [("ham-2", "ben_mail"), ("spam-1", "ben_spam")]);
        assert!(found.iter().all(|item| !item.attack && item.texts.iter().any(|text| text.words() > 0)));
    }
}
