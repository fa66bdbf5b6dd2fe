//! Mail of any bytes through the running system: clean or kept in quarantine, never a crash, never in the way of others.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use siege_tests::{POLICY, Random, System};
use std::os::unix::ffi::OsStrExt as _;

const LIMIT: usize = 25 * 1024 * 1024;

/// A question from somebody who is answered without asking.
fn question(more_headers: &str, body: &[u8]) -> Vec<u8> {
    let head = "From: Ann <ann@auto.example>\r\nSubject: a question\r\nMessage-ID: <1@auto.example>\r\n";
    [head.as_bytes(), more_headers.as_bytes(), b"\r\n", body].concat()
}

fn typed(content_type: &str, body: &[u8]) -> Vec<u8> {
    question(&format!("Content-Type: {content_type}\r\n"), body)
}

/// Its longest form that is still taken in.
fn filled(mut mail: Vec<u8>, with: &[u8]) -> Vec<u8> {
    while mail.len() + with.len() <= LIMIT {
        mail.extend_from_slice(with);
    }
    mail
}

fn hostile(random: &mut Random) -> Vec<(&'static str, Vec<u8>)> {
    let noise: Vec<u8> = (0..100_000).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
    let attachments = |n: usize| format!("--b\r\nContent-Type: text/plain; name={n}.txt\r\n\r\nhi\r\n");
    let nested = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    let multiparts = format!("From: a@auto.example\r\n{}", (0..100_000).map(nested).collect::<String>());
    let recipients: Vec<_> = (0..100_000).map(|n| format!("u{n}@host.example")).collect();
    let headers: String = (0..100_000).map(|n| format!("X-{n}: y\r\n")).collect();
    vec![
        ("nothing", Vec::new()),
        ("zeros", vec![0; 100_000]),
        ("noise", noise),
        ("no headers", b"\r\n\r\n\r\n".to_vec()),
        ("headers without an end", b"From: a@auto.example\r\nSubject: question".to_vec()),
        ("a charset that is none", typed("text/plain; charset=no-such", b"\xff\xfe\x00\xd8")),
        ("half a UTF-16", typed("text/plain; charset=utf-16", &b"\xd8\x00".repeat(50_000))),
        ("broken base64", question("Content-Transfer-Encoding: base64\r\n", b"/////w==!!!\r\n=\r\n")),
        (
            "10,000 parts",
            typed("multipart/mixed; boundary=b", (0..10_000).map(attachments).collect::<String>().as_bytes()),
        ),
        ("100,000 in each other", multiparts.into_bytes()),
        ("100,000 mails in each other", b"Content-Type: message/rfc822\r\n\r\n".repeat(100_000)),
        ("a boundary that never comes", typed("multipart/mixed; boundary=never", b"--neve\r\n--never-\r\n")),
        ("100,000 recipients", question(&format!("To: {}\r\n", recipients.join(", ")), b"hi")),
        ("100,000 headers", question(&headers, b"hi")),
        ("a header of 20 MB", question(&format!("X-Long: {}\r\n", "q".repeat(20_000_000)), b"hi")),
        (
            "a header folded 500,000 times",
            question(&format!("X-Long: y{}\r\n", "\r\n x".repeat(500_000)), b"hi"),
        ),
        (
            "a million open comments",
            [b"From: ", &b"(".repeat(1_000_000)[..], b"a@auto.example\r\n\r\nhi"].concat(),
        ),
        ("one line of 20 MB", question("", &b"z".repeat(20_000_000))),
        ("the limit", filled(question("", b""), b"y")),
        ("tags to the limit", filled(typed("text/html", b""), b"<a ")),
        ("one byte over the limit", b"x".repeat(LIMIT + 1)),
    ]
}

#[test]
fn mail_of_any_bytes_ends_clean_or_in_quarantine_and_stops_nobody() {
    let mut system = System::raise(POLICY);
    let cases = hostile(&mut Random::seeded());
    let (count, over) = (cases.len(), cases.iter().filter(|(_, mail)| mail.len() > LIMIT).count());
    let mut over_the_limit = String::new();
    for (what, mail) in cases {
        let name = system.deliver(&mail);
        if mail.len() > LIMIT {
            over_the_limit = name;
        } else {
            eprintln!("{name}: {what}, {} bytes", mail.len());
        }
    }
    system.until_quiet(count, |_| {});
    let fold = system.fold();
    let (settled, quarantined, refused) = fold.ends();
    assert_eq!((settled + quarantined, refused), (count - over, over), "{fold:#?}");
    for (item, size) in fold.quarantined() {
        let kept = system.home().join("quarantine").join(format!("{item}.raw"));
        assert_eq!(kept.metadata().unwrap().len(), size, "the raw bytes are kept");
        assert_ne!(std::fs::read_to_string(kept.with_extension("txt")).unwrap(), "", "with a reason");
    }
    let kept = system.home().join("quarantine").join(over_the_limit).metadata().unwrap();
    assert_eq!(kept.len(), LIMIT as u64 + 1);
    assert_eq!(system.fact("reader-email", "restarts"), Some(0), "the reader has survived all of it");
    assert_eq!(system.fact("executor", "restarts"), Some(0), "and so has the executor");

    let ordinary = question("", b"Is all well?");
    system.deliver(&ordinary);
    system.until_quiet(count + 1, |_| {});
    assert_eq!(system.fold().summaries_of_size(ordinary.len()), ["acknowledge-a-question: performed"]);
    system.assert_sound();
}

#[test]
fn no_header_of_a_mail_becomes_a_header_of_the_answer() {
    let mut system = System::raise(POLICY);
    let encoded = |text: &str| text.bytes().map(|byte| format!("={byte:02X}")).collect::<String>();
    let breaks = [
        "\r\nBcc: eve@evil.example",
        "\nBcc: eve@evil.example",
        "\rBcc: eve@evil.example",
        "\u{2028}Bcc: eve@evil.example",
        "\u{85}Bcc: eve@evil.example",
        "\0Bcc: eve@evil.example",
    ];
    let mut mails: Vec<String> = Vec::new();
    for smuggled in breaks {
        let word = format!("=?utf-8?q?question{}?=", encoded(smuggled));
        mails.push(format!(
            "From: a@auto.example\r\nSubject: {word}\r\nMessage-ID: <1@host.example>\r\n\r\nhi"
        ));
        mails.push(format!("From: {word} <a@auto.example>\r\nSubject: question\r\n\r\nhi"));
        mails.push(format!(
            "From: a@auto.example\r\nSubject: question\r\nMessage-ID: <1{smuggled}@host.example>\r\n\r\nhi"
        ));
        mails.push(format!("From: a@auto.example\r\nSubject: question{smuggled}\r\n\r\nhi"));
        mails.push(format!("From: \"a{smuggled}\"@auto.example\r\nSubject: question\r\n\r\nhi"));
        mails.push(format!(
            "From: a@auto.example\r\nReply-To: {word}@evil.example\r\nSubject: question\r\n\r\nhi"
        ));
    }
    for mail in &mails {
        system.deliver(mail.as_bytes());
    }
    system.until_quiet(mails.len(), |_| {});
    system.assert_sound();

    let sent = system.names("mail/outbox/new");
    assert!(sent.len() >= mails.len() / 2, "most of them are answered: {sent:?}");
    let known = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    for name in sent {
        let mail = std::fs::read_to_string(system.home().join("mail/outbox/new").join(&name)).unwrap();
        let (head, _body) = mail.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{head:?}");
        for line in head.split("\r\n") {
            let (field, value) = line.split_once(": ").unwrap();
            assert!(known.contains(&field), "{line}");
            assert!(field != "To" || value == "a@auto.example", "{line}");
        }
    }
}

#[test]
fn what_cannot_be_moved_aside_does_not_hold_up_other_mail() {
    let mut system = System::raise(POLICY);
    // Quarantine is gone and cannot be made: moving aside fails, as it does across file systems.
    let quarantine = system.home().join("quarantine");
    std::fs::remove_dir(&quarantine).unwrap();
    std::fs::write(&quarantine, "in the way").unwrap();
    let link = system.home().join("mail/inbox/new").join(std::ffi::OsStr::from_bytes(b"0-link"));
    std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
    let refused = |system: &System| system.fold().ends().2;
    system.until("the link is refused", |system| refused(system) > 0);
    let ordinary = question("", b"Is all well?");
    system.deliver(&ordinary);
    system.until("the other mail is settled", |system| system.fold().ends().0 > 0);
    assert_eq!(system.fold().summaries_of_size(ordinary.len()), ["acknowledge-a-question: performed"]);
    assert_eq!(refused(&system), 1, "it is recorded once");
    assert!(link.symlink_metadata().is_ok(), "and stays where it is");
}
