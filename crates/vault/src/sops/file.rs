//! One file: opened, changed, and written again.

use super::cipher::{self, BadValue, Kept};
use super::envelope::{DataKey, NoRandomness, Opened};
use super::json::{self, NotInJson};
use super::limits::{LONGEST_FILE, Unreadable};
use super::metadata::{BadSection, SECTION, Section};
use super::names::{self, BadName};
use super::tree::{Item, Kind, Node, Scalar, Text, get};
use super::wrap::{NotARecipient, unwrap, wrap};
use super::yaml;
use crate::Identity;
use jiff::Timestamp;
use std::path::Path;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

/// A file whose values are in memory in plain form, until it is dropped and they are wiped.
pub struct SopsFile {
    format: Format,
    tree: Vec<Item>,
    section: Section,
    key: DataKey,
    kept: Kept,
    comments_not_opened: usize,
}

/// Why a file was not opened. No message shows a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotOpen {
    /// It is longer than anything that holds credentials.
    #[error("it has more than {LONGEST_FILE} bytes")]
    TooLong,
    /// It is not UTF-8.
    #[error("it is not text (UTF-8)")]
    NotText,
    /// It is not the YAML or JSON of such a file.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Its own section.
    #[error(transparent)]
    Section(#[from] BadSection),
    /// It is encrypted to others.
    #[error("it is encrypted to {} and not to this key, {ours}; use the key that belongs to it, or have its owner run `moltctl secrets rotate --add-recipient {ours}`", .theirs.join(", "))]
    NotForUs {
        /// To whom.
        theirs: Vec<String>,
        /// Whom we are.
        ours: String,
    },
    /// A value.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// The values are not those that were encrypted together.
    #[error(
        "its MAC does not hold: values were changed, moved or taken away by something that is not sops; restore it from a copy"
    )]
    Mac,
}

/// Why a file was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotChange {
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A recipient.
    #[error(transparent)]
    Recipient(#[from] NotARecipient),
    /// Nobody could open it any more.
    #[error("a file needs a recipient, or nobody can open it")]
    NoRecipient,
    /// The name of a key.
    #[error(transparent)]
    Name(#[from] BadName),
    /// By the file's own rule the value would not be encrypted.
    #[error("by the file's own rule `{0}` is not encrypted; choose a name that is")]
    WouldBePlain(String),
    /// The new text.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The new text has a section of its own.
    #[error("the key `sops` belongs to the file's own data; leave it out")]
    HasSection,
    /// JSON.
    #[error(transparent)]
    NotInJson(#[from] NotInJson),
    /// The data key is held by others as well, and cannot be changed for them.
    #[error("its data key is also held by {}, for which it cannot be wrapped anew here; use `sops rotate`", .0.join(", "))]
    OtherKeys(Vec<&'static str>),
    /// It has become too long.
    #[error("it would have more than {LONGEST_FILE} bytes")]
    TooLong,
    /// What would be written does not read back as what was meant. Nothing was written.
    #[error("what would be written does not read back as what was meant; nothing was changed")]
    NotReadBack,
}

// === impl Format ===

impl Format {
    /// By the end of a file's name.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn read(self, untrusted: &str) -> Result<Vec<Item>, Unreadable> {
        match self {
            Self::Yaml => yaml::read(untrusted),
            Self::Json => json::read(untrusted),
        }
    }

    fn write(self, tree: &[Item]) -> Result<Text, NotInJson> {
        match self {
            Self::Yaml => Ok(yaml::write(tree)),
            Self::Json => json::write(tree),
        }
    }
}

// === impl SopsFile ===

impl SopsFile {
    /// A new file without values.
    pub fn create(format: Format, recipients: &[String]) -> Result<Self, CannotChange> {
        let section = Section::new().map_err(|_never| CannotChange::NotReadBack)?;
        let mut file = Self {
            format,
            tree: Vec::new(),
            section,
            key: DataKey::generate()?,
            kept: Kept::default(),
            comments_not_opened: 0,
        };
        file.rotate(recipients)?;
        Ok(file)
    }

    /// Decrypts a file and checks its MAC.
    pub fn open(untrusted: &[u8], format: Format, identity: &Identity) -> Result<Self, CannotOpen> {
        let (tree, section) = parse(untrusted, format)?;
        let key = unwrap(&section.wrapped, identity).ok_or_else(|| CannotOpen::NotForUs {
            theirs: section.wrapped.iter().map(|one| one.recipient.clone()).collect(),
            ours: identity.recipient(),
        })?;
        Self::with_key(tree, section, key, format)
    }

    fn with_key(
        mut tree: Vec<Item>,
        section: Section,
        key: DataKey,
        format: Format,
    ) -> Result<Self, CannotOpen> {
        let decrypted = cipher::decrypt(&mut tree, &key, &section.rules)?;
        match key.open(&section.mac()?, &section.last_modified()?) {
            Ok((Opened::Value(Kind::Str), mac)) if decrypted.mac.is(&mac) => {}
            Ok(_) | Err(_) => return Err(CannotOpen::Mac),
        }
        let (kept, comments_not_opened) = (decrypted.kept, decrypted.comments_not_opened);
        Ok(Self { format, tree, section, key, kept, comments_not_opened })
    }

    /// Whom the file is encrypted to, without opening it.
    pub fn recipients_of(untrusted: &[u8], format: Format) -> Result<Vec<String>, CannotOpen> {
        let (_, section) = parse(untrusted, format)?;
        Ok(section.wrapped.into_iter().map(|one| one.recipient).collect())
    }

    /// The names of a file's values, which are not encrypted, without opening it.
    pub fn names_of(untrusted: &[u8], format: Format) -> Result<Vec<String>, CannotOpen> {
        let (tree, _) = parse(untrusted, format)?;
        Ok(names::leaves(&tree).into_iter().map(|(name, _)| name).collect())
    }

    /// Whom the file is encrypted to.
    pub fn recipients(&self) -> Vec<String> {
        self.section.wrapped.iter().map(|one| one.recipient.clone()).collect()
    }

    /// Encrypted comments that did not open. They stay as they are.
    pub fn comments_not_opened(&self) -> usize {
        self.comments_not_opened
    }

    /// The value of that name; none for a map or a list.
    pub fn value(&self, name: &str) -> Option<&Scalar> {
        match names::find(&self.tree, name)? {
            Node::Leaf(scalar) => Some(scalar),
            Node::Map(_) | Node::List(_) => None,
        }
    }

    /// Every value with its name.
    pub fn values(&self) -> Vec<(String, &Scalar)> {
        names::leaves(&self.tree)
    }

    /// Whether a value of that name is encrypted in the file.
    pub fn encrypts(&self, name: &str) -> bool {
        let path = names::path(&self.tree, name);
        let path: Vec<_> = path.iter().map(String::as_str).filter(|key| !key.is_empty()).collect();
        self.section.rules.selection.encrypts(&path)
    }

    /// Puts a value under a name, and says whether the name is new. A value that would not be encrypted is refused.
    pub fn set(&mut self, name: &str, value: Scalar) -> Result<bool, CannotChange> {
        if name.split('.').next() == Some(SECTION) {
            return Err(BadName::Reserved.into());
        }
        if !self.encrypts(name) {
            return Err(CannotChange::WouldBePlain(name.to_owned()));
        }
        Ok(names::set(&mut self.tree, name, value)?)
    }

    /// The whole file in plain text, with its comments.
    pub fn plaintext(&self) -> Result<Text, CannotChange> {
        Ok(self.format.write(&self.tree)?)
    }

    /// Puts another plain text in the place of all values and comments.
    pub fn replace(&mut self, plaintext: &str) -> Result<(), CannotChange> {
        let tree = self.format.read(plaintext)?;
        if get(&tree, SECTION).is_some() {
            return Err(CannotChange::HasSection);
        }
        self.tree = tree;
        Ok(())
    }

    /// Whether the values and comments are the same as another file's.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// Makes a new data key, wraps it for these recipients and no others, and encrypts everything anew.
    pub fn rotate(&mut self, recipients: &[String]) -> Result<(), CannotChange> {
        if recipients.is_empty() {
            return Err(CannotChange::NoRecipient);
        }
        if !self.section.other_keys.is_empty() {
            return Err(CannotChange::OtherKeys(self.section.other_keys.clone()));
        }
        let key = DataKey::generate()?;
        let wrapped = recipients.iter().map(|recipient| wrap(&key, recipient)).collect::<Result<_, _>>()?;
        self.section.wrap_anew(wrapped);
        (self.key, self.kept) = (key, Kept::default());
        Ok(())
    }

    /// The bytes of the file as it is now. They are read back before they are given out.
    pub fn seal(&mut self, now: Timestamp) -> Result<Vec<u8>, CannotChange> {
        let kept = std::mem::take(&mut self.kept);
        let (mut sealed, mac, kept) = cipher::encrypt(&self.tree, &self.key, &self.section.rules, kept)?;
        self.kept = kept;
        let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mac = self.key.seal("str", mac.as_str(), &now)?;
        sealed.push(self.section.with(&now, &mac));
        let bytes = self.format.write(&sealed)?.as_bytes().to_vec();
        if bytes.len() > LONGEST_FILE {
            return Err(CannotChange::TooLong);
        }
        let again = parse(&bytes, self.format).and_then(|(tree, section)| {
            let key = DataKey::from_slice(self.key.bytes()).ok_or(CannotOpen::Mac)?;
            Self::with_key(tree, section, key, self.format)
        });
        match again {
            Ok(again) if names::leaves(&again.tree) == names::leaves(&self.tree) => Ok(bytes),
            Ok(_) | Err(_) => Err(CannotChange::NotReadBack),
        }
    }
}

impl std::fmt::Debug for SopsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SopsFile({:?}, {} values)", self.format, self.values().len())
    }
}

fn parse(untrusted: &[u8], format: Format) -> Result<(Vec<Item>, Section), CannotOpen> {
    if untrusted.len() > LONGEST_FILE {
        return Err(CannotOpen::TooLong);
    }
    let text = std::str::from_utf8(untrusted).map_err(|_not_utf8| CannotOpen::NotText)?;
    let mut tree = format.read(text)?;
    let section = Section::take(&mut tree)?;
    Ok((tree, section))
}
