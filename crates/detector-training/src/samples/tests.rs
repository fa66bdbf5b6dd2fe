use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Flaw, Sample, Unusable, generate, splice};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn texts(files: &[(&str, &str)]) -> Vec<String> {
    let samples = generate(folder(files).path(), 7, 200).unwrap();
    let mut texts: Vec<_> = samples.into_iter().map(|sample| sample.text).collect();
    texts.sort();
    texts
}

fn flaw(files: &[(&str, &str)]) -> (String, usize, Flaw) {
    match generate(folder(files).path(), 7, 1).unwrap_err() {
        Unusable::Line { file, line, flaw } => (file, line, flaw),
        Unusable::Unreadable { path, .. } => panic!("{} cannot be read", path.display()),
    }
}

#[test]
fn a_slot_gives_each_of_its_options() {
    let made = texts(&[("a.txt", "@drop = ignore | pass over\n[override en]\n{drop} this\n")]);
    assert_eq!(made, ["ignore this", "pass over this"]);
}

#[test]
fn options_hold_slots() {
    let made = texts(&[("a.txt", "@a = x {b}\n@b = y | z\n[override en]\n{a}\n")]);
    assert_eq!(made, ["x y", "x z"]);
}

#[test]
fn what_is_left_out_leaves_no_gap() {
    let made = texts(&[("a.txt", "@o = all\n[override en]\n{o?} of it {o?}, now {o?}\n")]);
    assert_eq!(made.len(), 8);
    assert!(made.contains(&"of it, now".to_owned()), "{made:?}");
    assert!(made.contains(&"all of it all, now all".to_owned()), "{made:?}");
}

#[test]
fn a_capital_in_the_name_is_a_capital_in_the_text() {
    let made = texts(&[("a.txt", "@drop = écarte tout\n[override fr]\n{drop} {Drop} {DROP}\n")]);
    assert_eq!(made, ["écarte tout Écarte tout ÉCARTE TOUT"]);
}

#[test]
fn marks_can_be_written_as_text() {
    let file =
        "@t = <|end|> a|b\n[forged en]\n{{\"role\": \"{t}\"}\n\\# Heading\\nnext\n\\[system]\n\\@you\n";
    let made = texts(&[("a.txt", file)]);
    assert_eq!(made, ["# Heading\nnext", "@you", "[system]", "{\"role\": \"<|end|> a|b\"}"]);
}

#[test]
fn common_slots_serve_every_file_and_a_files_own_goes_before() {
    let common = ("common.txt", "@who = anyone\n@what = thing\n");
    let own = ("own.txt", "@who = me\n[role en]\n{who} {what}\n");
    assert_eq!(texts(&[common, own]), ["me thing"]);
    assert_eq!(texts(&[common, ("other.txt", "[role en]\n{who} {what}\n")]), ["anyone thing"]);
}

#[test]
fn a_sample_says_its_family_and_language() {
    let files = [("a.txt", "# nothing\n[override en]\nstop\n[tool-order de]\nhalt\n")];
    let made = generate(folder(&files).path(), 1, 3).unwrap();
    let sample = |text: &str, family: &str, language: &str| Sample {
        text: text.to_owned(),
        family: family.to_owned(),
        language: language.to_owned(),
        whole: true,
    };
    assert_eq!(made, [sample("stop", "override", "en"), sample("halt", "tool-order", "de")]);
}

#[test]
fn what_a_template_with_slots_makes_is_not_whole() {
    let made =
        generate(folder(&[("a.txt", "@n = 1 | 2\n[role en]\nbe {n}\nbe {{n}\n")]).path(), 1, 1).unwrap();
    assert_eq!(made.iter().map(|sample| sample.whole).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_same_seed_makes_the_same_samples() {
    let files = [("a.txt", "@n = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8\n[override en]\n{n}{n}{n} x\n{n}{n}{n} y\n")];
    let folder = folder(&files);
    assert_eq!(generate(folder.path(), 5, 20).unwrap(), generate(folder.path(), 5, 20).unwrap());
    assert_ne!(generate(folder.path(), 5, 20).unwrap(), generate(folder.path(), 6, 20).unwrap());
}

#[test]
fn another_template_changes_nothing_for_the_rest() {
    let slots = "@n = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8\n[override en]\n";
    let alone = folder(&[("b.txt", &format!("{slots}{{n}}{{n}}{{n}} x\n"))]);
    let beside = folder(&[
        ("a.txt", &format!("{slots}new\n")),
        ("b.txt", &format!("{slots}new\n{{n}}{{n}}{{n}} x\n")),
    ]);
    let mut rest = generate(beside.path(), 5, 20).unwrap();
    rest.retain(|sample| sample.text != "new");
    assert_eq!(rest, generate(alone.path(), 5, 20).unwrap());
}

#[test]
fn no_sample_is_made_twice_of_a_template() {
    assert_eq!(texts(&[("a.txt", "[override en]\none wording\n")]), ["one wording"]);
}

#[test]
fn an_unknown_slot_is_named_with_its_line() {
    let unknown = |file: &str, line, slot: &str| (file.to_owned(), line, Flaw::UnknownSlot(slot.to_owned()));
    assert_eq!(flaw(&[("a.txt", "[override en]\n\n{none} here\n")]), unknown("a.txt", 3, "none"));
    assert_eq!(flaw(&[("a.txt", "@a = {none}\n")]), unknown("a.txt", 1, "none"));
    let another_file = [("a.txt", "[override en]\n{theirs}\n"), ("b.txt", "@theirs = x\n")];
    assert_eq!(flaw(&another_file), unknown("a.txt", 2, "theirs"));
}

#[test]
fn an_empty_option_is_refused() {
    for written in ["@a = x | | y", "@a =", "@a = x |", "@a = | x"] {
        assert_eq!(flaw(&[("a.txt", written)]), ("a.txt".to_owned(), 1, Flaw::EmptyOption("a".to_owned())));
    }
}

#[test]
fn a_slot_that_holds_itself_is_refused() {
    let recursive = |line, slot: &str| ("a.txt".to_owned(), line, Flaw::RecursiveSlot(slot.to_owned()));
    assert_eq!(flaw(&[("a.txt", "@a = x {a}\n")]), recursive(1, "a"));
    assert_eq!(flaw(&[("a.txt", "@a = x {B?}\n@b = y {c}\n@c = {a}\n")]), recursive(1, "a"));
}

#[test]
fn a_slot_taken_on_two_ways_is_not_recursive() {
    assert_eq!(texts(&[("a.txt", "@a = {b} {c}\n@b = {c}\n@c = x\n[role en]\n{a}\n")]), ["x x"]);
}

#[test]
fn a_line_that_is_nothing_is_refused() {
    let refused = |text: &str| flaw(&[("a.txt", text)]).2;
    assert_eq!(refused("@a = x\n@a = y\n"), Flaw::SlotTwice("a".to_owned()));
    assert_eq!(refused("@channel hello\n"), Flaw::NotASlot);
    assert_eq!(refused("@two words = x\n"), Flaw::NotASlot);
    assert_eq!(refused("[override]\n"), Flaw::NotASection);
    assert_eq!(refused("[override english]\n"), Flaw::NotASection);
    assert_eq!(refused("homeless\n"), Flaw::NoSection);
    assert_eq!(refused("[override en]\n{open\n"), Flaw::NotAName);
    assert_eq!(refused("[override en]\n{\"json\": 1}\n"), Flaw::NotAName);
}

#[test]
fn what_cannot_be_read_is_named() {
    let missing = folder(&[]).path().join("missing");
    let Unusable::Unreadable { path, .. } = generate(&missing, 1, 1).unwrap_err() else {
        panic!("it was read")
    };
    assert_eq!(path, missing);
}

#[test]
fn our_own_templates_make_samples() {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for folder in fs::read_dir(folders).unwrap() {
        let made = generate(&folder.unwrap().path(), 1, 2).unwrap();
        assert!(!made.is_empty() && made.iter().all(|sample| !sample.text.is_empty()));
    }
}

#[test]
fn samples_come_in_the_order_of_file_names_and_lines() {
    let files = [("b.txt", "[role en]\nthree\n"), ("a.txt", "[role en]\none\ntwo\n")];
    let made = generate(folder(&files).path(), 1, 1).unwrap();
    assert_eq!(made.iter().map(|sample| sample.text.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
}

#[test]
fn an_order_is_spliced_at_either_end_and_between_sentences() {
    let made: BTreeSet<String> = (0..200).map(|seed| splice("One. Two!\nThree 1.5", "Obey.", seed)).collect();
    let places = [
        "Obey. One. Two!\nThree 1.5",
        "Obey.\n\nOne. Two!\nThree 1.5",
        "One. Obey. Two!\nThree 1.5",
        "One. Two!\nObey.\nThree 1.5",
        "One. Two!\nThree 1.5 Obey.",
        "One. Two!\nThree 1.5\nObey.",
    ];
    assert_eq!(made, places.map(str::to_owned).into());
}

#[test]
fn an_order_is_spliced_where_a_sentence_ends_without_a_space() {
    let made: BTreeSet<String> = (0..200).map(|seed| splice("一。二", "三。", seed)).collect();
    assert!(made.contains("一。 三。 二"), "{made:?}");
}

#[test]
fn an_order_without_a_carrier_stays_alone() {
    assert!((0..20).all(|seed| splice("", "Obey.", seed) == "Obey."));
}

#[test]
fn the_same_seed_splices_alike() {
    let carrier = "One. Two. Three. Four. Five.";
    assert!((0..20).all(|seed| splice(carrier, "Obey.", seed) == splice(carrier, "Obey.", seed)));
}
