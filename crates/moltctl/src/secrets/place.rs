//! Where the secrets of a home are, and the keys that open and sign them.

use super::{key_file_of_sops, quoted};
use anyhow::Context as _;
use home::Home;
use jiff::Timestamp;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use vault::sops::SopsFile;
use vault::{Changing, Identity, SecretsFile, SecretsFolder, SecretsKey, SecretsVerifier};

pub(super) struct Place {
    pub(super) home: Home,
    pub(super) folder: SecretsFolder,
}

/// The age key that is used, and why that one.
pub(super) struct AgeKey {
    pub(super) path: PathBuf,
    pub(super) why: &'static str,
}

// === impl Place ===

impl Place {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let home = Home::open(path)?;
        let folder = SecretsFolder::open(&home.secrets())
            .with_context(|| format!("run `moltctl --home {} init` first", quoted(home.path())))?;
        Ok(Self { home, folder })
    }

    pub(super) fn age_key(&self) -> anyhow::Result<AgeKey> {
        let ours = self.home.age_key_file();
        if ours.symlink_metadata().is_ok() {
            return Ok(AgeKey { path: ours, why: "this home's" });
        }
        if let Some(named) = std::env::var_os("SOPS_AGE_KEY_FILE").filter(|named| !named.is_empty()) {
            return Ok(AgeKey { path: named.into(), why: "SOPS_AGE_KEY_FILE" });
        }
        let theirs = key_file_of_sops().filter(|path| path.exists());
        let path = theirs.with_context(|| {
            format!("there is no age key: not {}, not in SOPS_AGE_KEY_FILE, not where sops looks; make one with `moltctl init`", quoted(&ours))
        })?;
        Ok(AgeKey { path, why: "where sops looks" })
    }

    pub(super) fn identity(&self) -> anyhow::Result<Identity> {
        let AgeKey { path, .. } = self.age_key()?;
        load_age_key(&self.home, &path)
    }

    pub(super) fn signing_key(&self) -> anyhow::Result<SecretsKey> {
        let file = self.home.secrets_key_file();
        let text = zeroize::Zeroizing::new(Home::read_private(&file).map_err(home::Problems::from)?);
        SecretsKey::from_text(&text).with_context(|| format!("`{}`", file.display()))
    }

    pub(super) fn verifier(&self) -> anyhow::Result<SecretsVerifier> {
        let file = self.home.secrets_public_key_file();
        Home::read(&file)
            .map_err(home::Problems::from)?
            .parse()
            .with_context(|| format!("`{}`", file.display()))
    }

    /// A file that is signed as it is. What somebody else may have put there is not changed, because that would sign it.
    pub(super) fn open_signed(&self, file: &SecretsFile) -> anyhow::Result<SopsFile> {
        let found = self.folder.read(file)?;
        anyhow::ensure!(
            found.signed(file, &self.verifier()?).is_some(),
            "`{file}` is not signed as it is, and changing it would sign it: look at it with `moltctl secrets check`, and if you \
             changed it yourself: moltctl secrets trust {file}"
        );
        SopsFile::open(&found.bytes, file.format(), &self.identity()?).with_context(|| format!("`{file}`"))
    }

    /// A signed file, or a new one where there is none.
    pub(super) fn open_or_create(&self, file: &SecretsFile) -> anyhow::Result<SopsFile> {
        if self.folder.path_of(file).symlink_metadata().is_ok() {
            return self.open_signed(file);
        }
        Ok(SopsFile::create(file.format(), &self.recipients_for_new()?)?)
    }

    /// Whom new files are encrypted to: ourselves, and whoever the signed files are. What `.sops.yaml` says is nobody's signed word.
    fn recipients_for_new(&self) -> anyhow::Result<Vec<String>> {
        let mut recipients = vec![self.identity()?.recipient()];
        let verifier = self.verifier()?;
        for file in self.folder.files()? {
            let Ok(found) = self.folder.read(&file) else { continue };
            if found.signed(&file, &verifier).is_some()
                && let Ok(theirs) = SopsFile::recipients_of(&found.bytes, file.format())
            {
                let new: Vec<_> = theirs.into_iter().filter(|one| !recipients.contains(one)).collect();
                recipients.extend(new);
            }
        }
        Ok(recipients)
    }

    /// Writes and signs a file.
    pub(super) fn save(
        &self,
        changing: &Changing<'_>,
        file: &SecretsFile,
        opened: &mut SopsFile,
    ) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let bytes = opened.seal(now).with_context(|| format!("`{file}`"))?;
        changing.write(file, &bytes, &self.signing_key()?, now)?;
        Ok(())
    }
}

/// The age key in that file. In the home of a machine it belongs to the executor, and root looks as the executor does.
pub(crate) fn load_age_key(home: &Home, path: &Path) -> anyhow::Result<Identity> {
    let owner = std::fs::symlink_metadata(path).map(|metadata| metadata.uid()).unwrap_or_default();
    if rustix::process::geteuid().is_root() && owner != 0 && path.starts_with(home.path()) {
        return as_user(owner, || vault::load_identity(path));
    }
    Ok(vault::load_identity(path)?)
}

/// Looks as another user does, as root: the home of a machine gives its age key to the executor.
fn as_user<T, E>(user: u32, look: impl FnOnce() -> Result<T, E>) -> anyhow::Result<T>
where
    anyhow::Error: From<E>,
{
    let (user, root) = (rustix::process::Uid::from_raw(user), rustix::process::Uid::ROOT);
    rustix::thread::set_thread_res_uid(None, user, None)?;
    // The home may lie below a folder that only root gets into, as what is installed for another root does.
    let may_search = search_as_root();
    let looked = look();
    rustix::thread::set_thread_res_uid(None, root, None)?;
    may_search?;
    Ok(looked?)
}

/// Root's right to pass through folders, which sleeps while the thread is another user; nothing where root has not got it.
fn search_as_root() -> rustix::io::Result<()> {
    let sets = capabilities(None)?;
    let effective = sets.permitted & CapabilitySet::DAC_READ_SEARCH;
    set_capabilities(None, CapabilitySets { effective, ..sets })
}
