//! One check per limit: change one thing in content that fits, and it fits no longer.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what it expects")]

use clean_content::{
    Attachment, Authentication, BODY_LIMIT, CleanContent, ContentType, Doubt, Finding, JSON_LIMIT, Link,
    Metadata, Misfit, Parts, Party, SCHEMA, Severity, Untrusted,
};
use serde_json::{Value, json};

fn finding(severity: Severity) -> Finding {
    Finding {
        kind: "override".into(),
        place: "body".into(),
        severity,
        reason: "The text tells an assistant what to do.".into(),
        evidence: "ignore".into(),
    }
}

fn fitting() -> Parts {
    Parts {
        body: "Hello\n\tworld ä 中 🦀".into(),
        content_type: ContentType::Email,
        findings: vec![finding(Severity::Medium), finding(Severity::Low)],
        score: 0.5,
        injection_warning: true,
        original_length: 40,
        truncated: false,
        sanitized_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        metadata: Metadata {
            sender: Some(Party { name: Some("Ann".into()), address: "ann@example.org".into() }),
            reply_to: None,
            recipients: vec![Party { name: None, address: "bob@example.org".into() }],
            subject: Some("Lunch".into()),
            message_id: Some("1@example.org".into()),
            date: Some("2026-01-02T03:04:05Z".into()),
            chat: None,
            attachments: vec![Attachment {
                name: Some("a.txt".into()),
                media_type: "text/plain".into(),
                size: 1,
                sha256: "ab".repeat(32),
                text: Some("Two\nlines".into()),
            }],
            doubts: vec![Doubt::LookAlikeDomain],
            authentication: vec![Authentication {
                server: "mx.example.org".into(),
                method: "dkim".into(),
                result: "pass".into(),
                about: Some("example.org".into()),
            }],
            links: vec![Link {
                shown: "bank.example".into(),
                target: "https://evil.example/".into(),
                leads_elsewhere: true,
            }],
        },
    }
}

fn fitting_json() -> Value {
    serde_json::from_str(&CleanContent::from_parts(fitting()).unwrap().to_json()).unwrap()
}

fn schema_accepts(json: &Value) -> bool {
    jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap().is_valid(json)
}

/// Changes one thing in the parts; says what the constructor and what the schema think of it.
#[track_caller]
fn check(change: impl Fn(&mut Parts), misfit: &str, in_schema: bool) {
    let mut parts = fitting();
    change(&mut parts);
    let json = json!({
        "body": parts.body, "content_type": parts.content_type, "injection_warning": parts.injection_warning,
        "original_length": parts.original_length, "sanitized_length": parts.body.chars().count(),
        "sanitized_at": parts.sanitized_at, "findings": parts.findings, "score": parts.score,
        "truncated": parts.truncated, "metadata": parts.metadata,
    });
    let error = CleanContent::from_parts(parts).unwrap_err();
    assert!(format!("{error:?}").starts_with(misfit), "{error:?}");
    let error = CleanContent::parse(Untrusted::new(json.to_string())).unwrap_err();
    if !json["score"].is_null() {
        assert!(format!("{error:?}").starts_with(misfit), "{error:?}");
    }
    assert_eq!(schema_accepts(&json), !in_schema, "{json:#}");
}

/// Changes one thing in the JSON; parse must refuse it.
#[track_caller]
fn check_json(change: impl Fn(&mut Value), misfit: &str, in_schema: bool) {
    let mut json = fitting_json();
    change(&mut json);
    let error = CleanContent::parse(Untrusted::new(json.to_string())).unwrap_err();
    assert!(format!("{error:?}").starts_with(misfit), "{error:?}");
    assert_eq!(schema_accepts(&json), !in_schema, "{json:#}");
}

#[test]
fn what_fits_survives_the_round_trip_and_the_schema() {
    let clean = CleanContent::from_parts(fitting()).unwrap();
    assert!(schema_accepts(&fitting_json()));
    assert_eq!(CleanContent::parse(Untrusted::new(clean.to_json())).unwrap(), clean);
    assert_eq!(clean.sanitized_length(), 18);
}

#[test]
fn a_body_at_the_limit_fits_and_one_character_more_does_not() {
    let mut parts = fitting();
    parts.body = "中".repeat(BODY_LIMIT);
    assert!(CleanContent::from_parts(parts).is_ok());
    check(|p| p.body = "中".repeat(BODY_LIMIT + 1), "BodyTooLong", true);
}

#[test]
fn no_invisible_character_stands_anywhere() {
    for c in "\0\r\u{1b}\u{7f}\u{ad}\u{200b}\u{202e}\u{2066}\u{feff}\u{fe0f}\u{e0041}\u{e0101}\u{e000}\u{1ffff}\u{10fffd}".chars() {
        check(|p| p.body.push(c), "ForbiddenCharacter { field: \"body\"", true);
        check(|p| p.metadata.subject = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.findings[0].evidence.push(c), "ForbiddenCharacter", true);
        check(|p| p.metadata.attachments[0].text = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.metadata.links[0].target.push(c), "ForbiddenCharacter", true);
        check(|p| p.metadata.authentication[0].result.push(c), "ForbiddenCharacter", true);
    }
}

#[test]
fn one_line_fields_are_one_line() {
    for c in ['\n', '\t'] {
        check(|p| p.metadata.subject = Some(format!("a{c}b")), "ForbiddenCharacter", true);
        check(|p| p.metadata.chat = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.metadata.message_id = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.metadata.sender.as_mut().unwrap().name = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.metadata.recipients[0].address.push(c), "ForbiddenCharacter", true);
        check(|p| p.metadata.attachments[0].name = Some(c.into()), "ForbiddenCharacter", true);
        check(|p| p.findings[0].reason.push(c), "ForbiddenCharacter", true);
        check(|p| p.findings[0].place.push(c), "ForbiddenCharacter", true);
    }
}

#[test]
fn texts_are_normalised() {
    for text in ["Ｈｅｌｌｏ", "e\u{301}", "ﬁ"] {
        check(|p| p.body = text.into(), "NotNfkc { field: \"body\"", false);
        check(|p| p.metadata.subject = Some(text.into()), "NotNfkc", false);
    }
}

#[test]
fn every_text_has_a_limit() {
    let long = |n: usize| "a".repeat(n + 1);
    check(|p| p.metadata.sender.as_mut().unwrap().name = Some(long(200)), "FieldTooLong", true);
    check(|p| p.metadata.sender.as_mut().unwrap().address = long(320), "FieldTooLong", true);
    check(
        |p| p.metadata.reply_to = Some(Party { name: None, address: long(320) }),
        "FieldTooLong { field: \"metadata.reply_to\"",
        true,
    );
    check(|p| p.metadata.recipients[0].address = long(320), "FieldTooLong", true);
    check(|p| p.metadata.subject = Some(long(998)), "FieldTooLong", true);
    check(|p| p.metadata.message_id = Some(long(998)), "FieldTooLong", true);
    check(|p| p.metadata.chat = Some(long(200)), "FieldTooLong", true);
    check(|p| p.metadata.attachments[0].name = Some(long(200)), "FieldTooLong", true);
    check(|p| p.metadata.attachments[0].media_type = format!("a/{}", long(125)), "FieldTooLong", true);
    check(|p| p.metadata.attachments[0].text = Some(long(5_000)), "FieldTooLong", true);
    check(|p| p.metadata.authentication[0].server = long(255), "FieldTooLong", true);
    check(|p| p.metadata.authentication[0].about = Some(long(255)), "FieldTooLong", true);
    check(|p| p.metadata.links[0].shown = long(200), "FieldTooLong", true);
    check(|p| p.metadata.links[0].target = long(1_000), "FieldTooLong", true);
    check(|p| p.findings[0].kind = long(64), "FieldTooLong", true);
    check(|p| p.findings[0].place = long(200), "FieldTooLong", true);
    check(|p| p.findings[0].reason = long(400), "FieldTooLong", true);
    check(|p| p.findings[0].evidence = long(200), "FieldTooLong", true);
}

#[test]
fn every_list_has_a_limit() {
    check(|p| p.findings = vec![finding(Severity::High); 51], "TooMany { field: \"findings\"", true);
    check(|p| p.metadata.recipients = vec![p.metadata.recipients[0].clone(); 101], "TooMany", true);
    check(|p| p.metadata.attachments = vec![p.metadata.attachments[0].clone(); 101], "TooMany", true);
    check(|p| p.metadata.doubts = vec![p.metadata.doubts[0]; 9], "TooMany", true);
    check(|p| p.metadata.authentication = vec![p.metadata.authentication[0].clone(); 21], "TooMany", true);
    check(|p| p.metadata.links = vec![p.metadata.links[0].clone(); 51], "TooMany", true);
}

#[test]
fn the_texts_of_all_attachments_have_a_limit_together() {
    let five = |p: &mut Parts| {
        p.metadata.attachments[0].text = Some("a".repeat(4_001));
        p.metadata.attachments = vec![p.metadata.attachments[0].clone(); 5];
    };
    check(five, "FieldTooLong { field: \"metadata.attachments.text\"", false);
}

#[test]
fn the_longest_content_that_fits_is_one_message() {
    let long = |n: usize| "🦀".repeat(n);
    let party = Party { name: Some(long(200)), address: long(320) };
    let mut parts = fitting();
    parts.body = long(BODY_LIMIT);
    parts.findings =
        vec![
            Finding { place: long(200), reason: long(400), evidence: long(200), ..finding(Severity::High) };
            50
        ];
    let about = &mut parts.metadata;
    about.recipients = vec![party.clone(); 100];
    (about.sender, about.reply_to) = (Some(party.clone()), Some(party));
    (about.subject, about.message_id, about.chat) = (Some(long(998)), Some(long(998)), Some(long(200)));
    let file = Attachment { name: Some(long(200)), text: None, ..about.attachments[0].clone() };
    let read = Attachment { text: Some(long(5_000)), ..file.clone() };
    about.attachments = [vec![read; 4], vec![file; 96]].concat();
    let word = long(255);
    let results = Authentication {
        server: word.clone(),
        method: word.clone(),
        result: word.clone(),
        about: Some(word),
    };
    about.authentication = vec![results; 20];
    about.links = vec![Link { shown: long(200), target: long(1_000), leads_elsewhere: true }; 50];
    let json = CleanContent::from_parts(parts).unwrap().to_json();
    assert!(CleanContent::parse(Untrusted::new(json)).is_ok());
}

#[test]
fn a_score_is_a_probability() {
    check(|p| p.score = 1.01, "ScoreOutOfRange", true);
    check(|p| p.score = -0.01, "ScoreOutOfRange", true);
    check(|p| p.score = f64::NAN, "ScoreOutOfRange", true);
}

#[test]
fn the_warning_follows_from_the_findings() {
    check(|p| p.injection_warning = false, "WarningMismatch", true);
    check(|p| p.findings.clear(), "WarningMismatch", true);
    check(|p| p.findings = vec![finding(Severity::Low)], "WarningMismatch", true);
}

#[test]
fn what_programs_read_has_its_form() {
    check(|p| p.findings[0].kind = "Not a name".into(), "Malformed", true);
    check(|p| p.findings[0].kind = String::new(), "Malformed", true);
    check(|p| p.metadata.attachments[0].media_type = "text".into(), "Malformed", true);
    check(|p| p.metadata.attachments[0].media_type = "text/PLAIN".into(), "Malformed", true);
    check(|p| p.metadata.attachments[0].sha256 = "AB".repeat(32), "Malformed", true);
    check(|p| p.metadata.attachments[0].sha256 = "ab".repeat(31), "Malformed", true);
    check(|p| p.metadata.date = Some("yesterday".into()), "NotUtcTime", true);
    check(|p| p.metadata.date = Some("2026-01-02T03:04:05+01:00".into()), "NotUtcTime", true);
}

#[test]
fn a_readers_json_is_held_to_its_shape() {
    check_json(|j| j["extra"] = json!(1), "NotThisShape", true);
    check_json(|j| j["metadata"]["extra"] = json!(1), "NotThisShape", true);
    check_json(|j| j["findings"][0]["extra"] = json!(1), "NotThisShape", true);
    check_json(|j| j["metadata"]["sender"]["extra"] = json!(1), "NotThisShape", true);
    check_json(|j| j["metadata"]["attachments"][0]["extra"] = json!(1), "NotThisShape", true);
    check_json(|j| j["content_type"] = json!("pdf"), "NotThisShape", true);
    check_json(|j| j["sanitized_length"] = json!(3), "LengthMismatch", false);
    check_json(|j| j["sanitized_at"] = json!("2026-01-02T03:04:05+00:00"), "NotUtcTime", true);
    check_json(|j| j["sanitized_at"] = json!("now"), "NotUtcTime", true);
    for field in
        ["body", "content_type", "injection_warning", "original_length", "score", "truncated", "metadata"]
    {
        check_json(|j| drop(j.as_object_mut().unwrap().remove(field)), "NotThisShape", true);
    }
}

#[test]
fn a_key_said_twice_is_refused() {
    let json = fitting_json().to_string().replacen('{', "{\"truncated\":false,", 1);
    assert!(matches!(CleanContent::parse(Untrusted::new(json)), Err(Misfit::NotThisShape { .. })));
}

#[test]
fn a_huge_or_deep_json_is_refused_unread() {
    let huge = format!("{}{}", " ".repeat(JSON_LIMIT), fitting_json());
    assert!(matches!(CleanContent::parse(Untrusted::new(huge)), Err(Misfit::JsonTooLarge { .. })));
    assert!(matches!(
        CleanContent::parse(Untrusted::new("[".repeat(500_000))),
        Err(Misfit::NotThisShape { .. })
    ));
}
