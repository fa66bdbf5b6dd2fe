use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};

struct Stand {
    _folder: tempfile::TempDir,
    content: PathBuf,
}

impl Stand {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let content = folder.path().join("content");
        Self { _folder: folder, content }
    }

    fn open(&self) -> ContentStore {
        ContentStore::open(&self.content).unwrap()
    }

    fn reader(&self) -> ContentReader {
        ContentReader::new(&self.content)
    }

    fn journals(&self) -> Vec<PathBuf> {
        let folder = self.content.join(journal::FOLDER);
        journal::numbers(&folder).unwrap().iter().map(|number| folder.join(number.to_string())).collect()
    }

    fn shelved(&self, digest: Digest) -> PathBuf {
        self.content.join(digest.to_hex())
    }
}

fn put(store: &ContentStore, bytes: &[u8]) -> Digest {
    let (digest, durable) = store.put(bytes).unwrap();
    durable.wait_blocking().unwrap();
    assert_eq!(digest, Digest::of(bytes));
    digest
}

fn file(store: &ContentStore) -> io::Result<()> {
    store.inner.file(&store.inner.filing())
}

#[test]
fn content_is_found_before_and_after_it_is_filed_here_and_from_outside() {
    let stand = Stand::new();
    assert_eq!(stand.reader().get(Digest::of(b"one")).unwrap(), None, "no store yet");
    let store = stand.open();
    let digests = [b"one", b"two"].map(|bytes| put(&store, bytes));
    for filed in [false, true] {
        assert_eq!(digests.map(|digest| stand.shelved(digest).exists()), [filed; 2]);
        for (digest, bytes) in digests.into_iter().zip([b"one", b"two"]) {
            assert_eq!(store.get(digest).unwrap().unwrap(), bytes);
            assert_eq!(stand.reader().get(digest).unwrap().unwrap(), bytes);
        }
        assert_eq!(store.get(Digest::of(b"other")).unwrap(), None);
        assert_eq!(stand.reader().get(Digest::of(b"other")).unwrap(), None);
        file(&store).unwrap();
    }
    assert_eq!(stand.journals().len(), 1);
    assert_eq!(std::fs::metadata(&stand.journals()[0]).unwrap().len(), 0);
}

#[test]
fn what_was_not_filed_before_a_crash_is_found_after_it() {
    let stand = Stand::new();
    for start in 0..3_u8 {
        let store = stand.open();
        for earlier in 0..start {
            assert_eq!(store.get(Digest::of(&[earlier])).unwrap().unwrap(), [earlier]);
        }
        put(&store, &[start]);
    }
    assert!(!stand.shelved(Digest::of(&[0])).exists(), "the case is about the journal");
    let store = stand.open();
    file(&store).unwrap();
    drop(store);
    assert_eq!([0, 1, 2].map(|n: u8| stand.shelved(Digest::of(&[n])).exists()), [true; 3]);
}

#[test]
fn a_journal_cut_at_any_byte_gives_all_that_is_whole() {
    let contents: [&[u8]; 4] = [b"first", b"", b"third third", b"last"];
    let stand = Stand::new();
    let store = stand.open();
    let ends = contents.map(|bytes| {
        put(&store, bytes);
        store.inner.state().journal.end()
    });
    drop(store);
    let journal = std::fs::read(&stand.journals()[0]).unwrap();
    assert_eq!(journal.len() as u64, ends[3]);
    for cut in 0..=journal.len() {
        let after = Stand::new();
        drop(after.open());
        std::fs::write(&after.journals()[0], &journal[..cut]).unwrap();
        let store = after.open();
        for (bytes, end) in contents.iter().zip(ends) {
            let whole = end <= cut as u64;
            let found = store.get(Digest::of(bytes)).unwrap();
            assert_eq!(found.as_deref(), whole.then_some(*bytes), "cut at {cut}");
            assert_eq!(after.reader().get(Digest::of(bytes)).unwrap(), found, "cut at {cut}");
        }
        put(&store, b"and it goes on");
    }
}

#[test]
fn a_journal_with_any_byte_changed_never_gives_other_bytes() {
    let stand = Stand::new();
    let digests = [&b"one"[..], b"two", b"three"].map(|bytes| put(&stand.open(), bytes));
    let store = stand.open();
    let digests_and_bytes = digests.map(|digest| (digest, store.get(digest).unwrap().unwrap()));
    drop(store);
    for path in stand.journals() {
        let sound = std::fs::read(&path).unwrap();
        for position in 0..sound.len() {
            let mut changed = sound.clone();
            changed[position] ^= 0x10;
            std::fs::write(&path, &changed).unwrap();
            let store = stand.open();
            let mut found = 0;
            for (digest, bytes) in &digests_and_bytes {
                let Some(there) = store.get(*digest).unwrap() else { continue };
                assert_eq!(there, *bytes, "byte {position}");
                found += 1;
            }
            assert_eq!(found, 2, "byte {position}: one is lost");
        }
        std::fs::write(&path, &sound).unwrap();
    }
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let stand = Stand::new();
    let store = stand.open();
    put(&store, b"same");
    let written = store.inner.state().journal.end();
    put(&store, b"same");
    assert_eq!(store.inner.state().journal.end(), written);
    file(&store).unwrap();
    put(&store, b"same");
    assert_eq!(store.inner.state().journal.end(), 0);
}

#[test]
fn what_was_put_and_is_not_durable_yet_is_waited_for_by_everybody() {
    let stand = Stand::new();
    let store = stand.open();
    for n in 0..200_u32 {
        let (_, first) = store.put(&n.to_le_bytes()).unwrap();
        let (digest, second) = store.put(&n.to_le_bytes()).unwrap();
        second.wait_blocking().unwrap();
        // In a journal, or filed already: this is not the only one at work.
        assert!(stand.reader().get(digest).unwrap().is_some());
        first.wait_blocking().unwrap();
    }
}

#[test]
fn a_change_on_the_disk_is_noticed_and_mended_by_putting_it_again() {
    let stand = Stand::new();
    let store = stand.open();
    let digest = put(&store, b"hello");
    file(&store).unwrap();
    std::fs::write(stand.shelved(digest), b"hellO").unwrap();
    assert!(matches!(store.get(digest), Err(ContentProblem::Changed { .. })));
    assert!(matches!(stand.reader().get(digest), Err(ContentProblem::Changed { .. })));
    put(&store, b"hello");
    file(&store).unwrap();
    assert_eq!(std::fs::read(stand.shelved(digest)).unwrap(), b"hello");
}

#[test]
fn content_that_is_being_filed_is_found_from_outside_at_every_moment() {
    let stand = Stand::new();
    let store = stand.open();
    for n in 0..300_u32 {
        let digest = put(&store, &n.to_le_bytes());
        std::thread::scope(|scope| {
            let filing = scope.spawn(|| file(&store).unwrap());
            while !filing.is_finished() {
                assert_eq!(stand.reader().get(digest).unwrap().unwrap(), n.to_le_bytes());
            }
        });
    }
}

#[test]
fn what_is_erased_is_nowhere_also_after_a_start() {
    for filed in [false, true] {
        let stand = Stand::new();
        let store = stand.open();
        let (secret, other) = (put(&store, b"the secret"), put(&store, b"other"));
        if filed {
            file(&store).unwrap();
        }
        // As a crash leaves it that came while filing.
        std::fs::write(stand.content.join(format!(".{}.unfinished", secret.to_hex())), b"the sec").unwrap();
        store.erase(secret).unwrap();
        let nowhere = |store: &ContentStore| {
            assert_eq!(store.get(secret).unwrap(), None);
            assert_eq!(stand.reader().get(secret).unwrap(), None);
            assert_eq!(store.get(other).unwrap().unwrap(), b"other");
            assert_eq!(stand.reader().get(other).unwrap().unwrap(), b"other");
        };
        nowhere(&store);
        let files = std::fs::read_dir(&stand.content).unwrap().map(|file| file.unwrap().path());
        for path in files.chain(stand.journals()).filter(|path| path.is_file()) {
            let bytes = std::fs::read(path).unwrap();
            assert!(!bytes.windows(7).any(|part| part == b"the sec"));
        }
        drop(store);
        nowhere(&stand.open());
        stand.open().erase(secret).unwrap();
    }
}

#[test]
fn nothing_is_reached_through_a_link_and_all_is_private() {
    let stand = Stand::new();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), &stand.content).unwrap();
    assert!(matches!(ContentStore::open(&stand.content), Err(ContentProblem::Io { .. })));
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    std::fs::remove_file(&stand.content).unwrap();

    let store = stand.open();
    let digest = put(&store, b"hello");
    file(&store).unwrap();
    let unfiled = put(&store, b"in the journal");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stand.content), 0o700);
    assert_eq!(mode(&stand.content.join(journal::FOLDER)), 0o700);
    assert_eq!((mode(&stand.shelved(digest)), mode(&stand.journals()[0])), (0o600, 0o600));

    let target = elsewhere.path().join("target");
    std::fs::write(&target, b"linked").unwrap();
    symlink(&target, stand.shelved(Digest::of(b"linked"))).unwrap();
    assert!(matches!(store.get(Digest::of(b"linked")), Err(ContentProblem::Io { .. })));
    symlink(&target, stand.content.join(format!(".{}.unfinished", unfiled.to_hex()))).unwrap();
    assert!(file(&store).is_err());
    assert_eq!(std::fs::read(target).unwrap(), b"linked");
}

#[test]
fn one_process_at_a_time_writes() {
    let stand = Stand::new();
    let store = stand.open();
    assert!(matches!(ContentStore::open(&stand.content), Err(ContentProblem::Held { .. })));
    drop(store);
    put(&stand.open(), b"free again");
}

#[test]
fn contents_that_cannot_be_filed_end_the_writing_and_are_not_lost() {
    let stand = Stand::new();
    let store = stand.open();
    let digest = put(&store, b"hello");
    // A folder with something in it cannot be replaced.
    std::fs::create_dir_all(stand.shelved(digest).join("x")).unwrap();
    assert!(file(&store).is_err());
    assert!(matches!(store.put(b"more"), Err(ContentProblem::Unwritable(Unwritable::Poisoned { .. }))));
    assert!(matches!(store.trouble(), Some(Trouble::Poisoned { .. })));
    assert_eq!(store.get(digest).unwrap().unwrap(), b"hello");
    drop(store);
    std::fs::remove_dir_all(stand.shelved(digest)).unwrap();
    assert_eq!(stand.open().get(digest).unwrap().unwrap(), b"hello");
}

#[test]
fn content_too_long_for_a_journal_is_filed_at_once() {
    let stand = Stand::new();
    let store = stand.open();
    let long = vec![b'x'; journal::LONGEST + 1];
    let digest = put(&store, &long);
    assert_eq!(store.inner.state().journal.end(), 0);
    assert_eq!(std::fs::read(stand.shelved(digest)).unwrap(), long);
    put(&store, &long);
}

#[test]
fn nothing_is_lost_while_journals_come_and_go() {
    let stand = Stand::new();
    let store = stand.open();
    let content = |thread: usize, n: usize| format!("{thread}/{n} ").repeat(2000).into_bytes();
    let all = || (0..8).flat_map(|thread| (0..40).map(move |n| (thread, n)));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (store, stand) = (&store, &stand);
            scope.spawn(move || {
                for n in 0..40 {
                    let digest = put(store, &content(thread, n));
                    assert!(store.get(digest).unwrap().is_some());
                    assert!(stand.reader().get(digest).unwrap().is_some());
                    if thread == 0 {
                        file(store).unwrap();
                    }
                }
            });
        }
    });
    for filed in [false, true] {
        for (bytes, reader) in all().map(|(thread, n)| (content(thread, n), stand.reader())) {
            assert_eq!(reader.get(Digest::of(&bytes)).unwrap(), Some(bytes), "filed: {filed}");
        }
        file(&store).unwrap();
    }
}
