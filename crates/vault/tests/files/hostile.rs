//! Files by anybody: nothing panics, and what is taken is said again the same.

use crate::common::{fixture, format_of, identity};
use proptest::prelude::*;
use vault::sops::{CannotChange, Format, SopsFile};

fn formats() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::Yaml), Just(Format::Json)]
}

/// Texts out of what the readers know, in any order.
fn almost_a_file() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("a: ".to_owned()),
        Just("- ".to_owned()),
        Just("\n".to_owned()),
        Just("    ".to_owned()),
        Just("#".to_owned()),
        Just("|\n".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("\\u00e9".to_owned()),
        Just("sops:\n".to_owned()),
        Just("ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]".to_owned()),
        "[ -~é\\n]{0,8}",
    ];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// A value of YAML and JSON alike, as JSON writes it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\\n\\t]{0,40}",
        "\\PC{0,20}",
        "[a-z]{1,8}(\\n[ -~]{0,10}){0,4}\\n?",
        "[0-9+._xeE-]{1,12}",
        "(yes|no|null|~|true|on|\\.inf)"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_a_reader_panic(text in almost_a_file(), format in formats()) {
        let mut file = SopsFile::create(format, &[identity().recipient()]).unwrap();
        let _ = SopsFile::open(text.as_bytes(), format, &identity());
        if file.replace(&text).is_ok() {
            let again = file.plaintext();
            if let Ok(again) = again {
                let mut other = SopsFile::create(format, &[identity().recipient()]).unwrap();
                other.replace(&again).unwrap();
                prop_assert_eq!(
                    file.values().iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect::<Vec<_>>(),
                    other.values().iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect::<Vec<_>>()
                );
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), format in formats()) {
        let _ = SopsFile::open(&bytes, format, &identity());
        let _ = SopsFile::names_of(&bytes, format);
    }

    /// Somebody changes a byte, or takes a piece out: the file is refused, or it says what it said.
    #[test]
    fn a_damaged_file_is_refused_or_says_the_same(
        name in prop_oneof![Just("default.yaml"), Just("encrypted_regex.yaml"), Just("default.json")],
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        byte in any::<u8>(),
    ) {
        let mut bytes = fixture(name);
        let at = at.index(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, [byte]);
        let before = crate::common::open(name);
        if let Ok(after) = SopsFile::open(&bytes, format_of(name), &identity()) {
            let said = |file: &SopsFile| file.values().iter().map(|(_, value)| value.as_str().to_owned()).collect::<String>();
            prop_assert_eq!(said(&before), said(&after));
        }
    }

    #[test]
    fn every_text_comes_back(values in proptest::collection::vec(text(), 1..6), format in formats()) {
        let mut file = SopsFile::create(format, &[identity().recipient()]).unwrap();
        for (nth, value) in values.iter().enumerate() {
            file.set(&format!("map.key{nth}"), vault::sops::Scalar::text(value.clone().into())).unwrap();
        }
        let bytes = file.seal(jiff::Timestamp::UNIX_EPOCH).unwrap();
        let again = SopsFile::open(&bytes, format, &identity()).unwrap();
        let mut edited = SopsFile::create(format, &[identity().recipient()]).unwrap();
        edited.replace(&again.plaintext().unwrap()).unwrap();
        for (nth, value) in values.iter().enumerate() {
            prop_assert_eq!(again.value(&format!("map.key{nth}")).unwrap().as_str(), value);
            prop_assert_eq!(edited.value(&format!("map.key{nth}")).unwrap().as_str(), value);
        }
    }
}

#[test]
fn what_stands_too_deep_is_refused_and_not_followed() {
    let yaml: String =
        (0..20_000).map(|depth| format!("{}a:\n", " ".repeat(depth % 400))).take(400).collect();
    let dashes = "- ".repeat(50_000);
    let json = "[".repeat(100_000);
    for (format, text) in [
        (Format::Yaml, yaml),
        (Format::Yaml, format!("a:\n  {dashes}x\n")),
        (Format::Json, format!("{{\"a\": {json}")),
        (Format::Json, "{\"a\":".repeat(50_000)),
    ] {
        let mut file = SopsFile::create(format, &[identity().recipient()]).unwrap();
        assert!(matches!(file.replace(&text), Err(CannotChange::Unreadable(_))));
    }
}
