//! The latch: what it says, and that nothing short of its owner clears it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use home::{CannotLatch, CannotLift, Latch, Latched, Level, Order};
use std::fs;
use std::path::PathBuf;

fn latch() -> (tempfile::TempDir, Latch) {
    let folder = tempfile::tempdir().unwrap();
    let latch = Latch::at(folder.path().join("latch"));
    latch.prepare().unwrap();
    (folder, latch)
}

fn order(level: Level) -> Order {
    Order::new(level, "ann", "it sends too much")
}

fn spare(latch: &Latch) -> PathBuf {
    latch.file().with_extension("ready")
}

#[test]
fn whatever_is_in_its_place_but_a_clear_word_is_a_kill() {
    let (_folder, latch) = latch();
    let file = latch.file();
    assert_eq!(latch.read(), Latched::Not);
    for text in
        ["", " ", "{}", "frozen", "{\"level\":\"frozen\"}", "{\"level\":\"frozen\",\"who\":\"x\"", "\u{0}"]
    {
        fs::write(file, text).unwrap();
        assert_eq!(latch.read(), Latched::Killed(None), "{text:?}");
    }
    fs::write(file, vec![b' '; 1 << 20]).unwrap();
    assert_eq!(latch.read(), Latched::Killed(None));
    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
    assert_eq!(latch.read(), Latched::Killed(None));
    fs::remove_dir(file).unwrap();
    std::os::unix::fs::symlink("/nowhere", file).unwrap();
    assert_eq!(latch.read(), Latched::Killed(None));
}

#[test]
fn a_kill_says_who_and_why_and_the_first_word_stays() {
    let (_folder, latch) = latch();
    let killed = order(Level::Killed);
    latch.kill(&killed).unwrap();
    assert_eq!(latch.read(), Latched::Killed(Some(killed.clone())));
    latch.kill(&Order::new(Level::Killed, "bob", "again")).unwrap();
    assert_eq!(latch.read(), Latched::Killed(Some(killed)));
    assert!(matches!(
        latch.freeze(&order(Level::Frozen)),
        Err(CannotLatch::Already { level: Level::Killed, .. })
    ));
}

#[test]
fn a_kill_goes_over_a_freeze_with_and_without_a_spare_file() {
    for has_spare in [true, false] {
        let (_folder, latch) = latch();
        latch.freeze(&order(Level::Frozen)).unwrap();
        assert!(matches!(latch.read(), Latched::Frozen(_)));
        if !has_spare {
            fs::remove_file(spare(&latch)).unwrap();
        }
        let killed = order(Level::Killed);
        latch.kill(&killed).unwrap();
        assert_eq!(latch.read(), Latched::Killed(Some(killed)), "spare: {has_spare}");
    }
}

#[test]
fn the_longest_reason_fits_where_there_is_no_room_for_more() {
    let (_folder, latch) = latch();
    let order = Order::new(Level::Killed, &"\u{1}".repeat(5000), &"\u{1}".repeat(5000));
    latch.kill(&order).unwrap();
    assert_eq!(fs::metadata(latch.file()).unwrap().len(), 4096);
    assert_eq!(latch.read(), Latched::Killed(Some(order)));
}

#[test]
fn a_second_freeze_changes_nothing() {
    let (_folder, latch) = latch();
    let first = order(Level::Frozen);
    latch.freeze(&first).unwrap();
    let again = latch.freeze(&Order::new(Level::Frozen, "bob", "me too"));
    assert!(matches!(again, Err(CannotLatch::Already { level: Level::Frozen, .. })), "{again:?}");
    assert_eq!(latch.read(), Latched::Frozen(first));
}

#[test]
fn what_was_killed_meanwhile_is_not_lifted_as_frozen() {
    let (_folder, latch) = latch();
    latch.freeze(&order(Level::Frozen)).unwrap();
    let seen = latch.read();
    latch.kill(&order(Level::Killed)).unwrap();
    assert!(matches!(latch.lift(&seen), Err(CannotLift::SetAnew)));
    assert!(matches!(latch.read(), Latched::Killed(Some(_))));
    latch.lift(&latch.read()).unwrap();
    assert_eq!(latch.read(), Latched::Not);
}

#[test]
fn kills_that_race_with_lifting_are_there_in_the_end_when_they_look_once_more() {
    let (_folder, latch) = latch();
    for _ in 0..200 {
        latch.prepare().unwrap();
        latch.freeze(&order(Level::Frozen)).unwrap();
        let seen = latch.read();
        let lifting = std::thread::spawn({
            let latch = latch.clone();
            move || latch.lift(&seen).is_ok()
        });
        latch.kill(&order(Level::Killed)).unwrap();
        lifting.join().unwrap();
        // As every kill does before it says that it is done.
        latch.kill(&order(Level::Killed)).unwrap();
        assert!(matches!(latch.read(), Latched::Killed(_)));
        latch.lift(&latch.read()).unwrap();
    }
}

#[test]
fn others_may_read_it_only_where_the_home_lets_them_through() {
    use std::os::unix::fs::PermissionsExt as _;
    for (home, file) in [(0o700, 0o600), (0o711, 0o644)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(home)).unwrap();
        let latch = Latch::at(folder.path().join("latch"));
        latch.freeze(&Order::new(Level::Frozen, "somebody", "a look")).unwrap();
        let mode = std::fs::metadata(latch.file()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, file, "in a home of mode {home:o}");
    }
}

#[test]
fn a_freeze_that_comes_and_goes_while_it_is_looked_at_is_never_taken_for_a_kill() {
    let (folder, latch) = latch();
    latch.freeze(&order(Level::Frozen)).unwrap();
    let (aside, looks) = (folder.path().join("aside"), 20_000);
    let looking = std::thread::spawn({
        let latch = latch.clone();
        move || (0..looks).map(|_| latch.read()).collect::<Vec<_>>()
    });
    while !looking.is_finished() {
        fs::rename(latch.file(), &aside).unwrap();
        fs::rename(&aside, latch.file()).unwrap();
    }
    let seen = looking.join().unwrap();
    assert!(!seen.iter().any(|seen| matches!(seen, Latched::Killed(_))));
    assert_eq!(seen.len(), looks);
}
