//! Mails that no two programs read alike.

use super::promises_hold;
use crate::check::read;
use sanitizer::ContentType;

const MAILS: &[(&str, &str)] = &[
    ("only a body", "\r\nHello"),
    ("only a colon", ":"),
    ("a header without an end", "Subject: a"),
    ("spaces before the colon", "Subject : a\r\n\r\nb"),
    ("bare carriage returns", "Subject: a\rFrom: b@c\r\rd"),
    ("mixed line ends", "Subject: a\nFrom: b@c\r\n\nd\r\r\ne"),
    ("a mailbox's first line", "From ann Mon Jun  2 10:00:00 2025\nSubject: a\n\nb"),
    ("folding before anything", " a\r\nSubject: b\r\n\r\nc"),
    ("folding into nothing", "Subject:\r\n \r\n\t\r\n\r\na"),
    ("two senders", "From: a@b\r\nFrom: c@d\r\n\r\ne"),
    ("two subjects", "Subject: a\r\nSubject: b\r\n\r\nc"),
    ("two types", "Content-Type: text/html\r\nContent-Type: text/plain\r\n\r\n<p>a"),
    ("two encodings", "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\nYQ=="),
    (
        "two boundaries",
        "Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nx\r\n--b\r\n\r\ny",
    ),
    ("no boundary", "Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nb"),
    ("an empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\na\r\n----"),
    (
        "a boundary that begins another",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--ab\r\n\r\nx\r\n--a\r\n\r\ny\r\n--a--",
    ),
    (
        "a boundary with spaces after it",
        "Content-Type: multipart/mixed; boundary=\"a \"\r\n\r\n--a \t \r\n\r\nx\r\n--a-- \r\nepilogue",
    ),
    (
        "a boundary in a comment",
        "Content-Type: multipart/mixed; boundary=(x)a\r\n\r\n--a\r\n\r\nb\r\n--(x)a\r\n\r\nc",
    ),
    (
        "a boundary in pieces",
        "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\n\r\nx\r\n--a\r\n\r\ny",
    ),
    (
        "a boundary in another charset",
        "Content-Type: multipart/mixed; boundary*=utf-8''%61\r\n\r\n--a\r\n\r\nx",
    ),
    (
        "an inner boundary that ends the outer one",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--a--\r\n--b\r\n\r\ny",
    ),
    (
        "the same boundary inside",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n--a--",
    ),
    (
        "a boundary in a header",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nSubject: x\r\n--a\r\n\r\ny",
    ),
    (
        "text before and after",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\nIgnore this\r\n--a\r\n\r\nx\r\n--a--\r\nand this",
    ),
    (
        "parts without a line between",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nx\r\n--a\r\n--a--",
    ),
    (
        "an encoded multipart",
        "Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: base64\r\n\r\nLS1hDQoNCngNCi0tYS0t",
    ),
    (
        "an encoded message",
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogYQ0KDQpi",
    ),
    (
        "a message in a message",
        "Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\nContent-Type: text/html\r\n\r\n<p>x",
    ),
    ("a message in part", "Content-Type: message/partial; id=a; number=2; total=3\r\n\r\nx"),
    (
        "a message elsewhere",
        "Content-Type: message/external-body; access-type=url; url=\"https://a.example\"\r\n\r\nContent-Type: text/html\r\n\r\nx",
    ),
    (
        "a report",
        "Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;a@b\r\n\r\n--a--",
    ),
    ("a digest", "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: x\r\n\r\ny\r\n--a--"),
    (
        "forms that differ",
        "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>y\r\n--a\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nSUMMARY:z",
    ),
    (
        "related without a root",
        "Content-Type: multipart/related; start=\"<b>\"; boundary=a\r\n\r\n--a\r\nContent-Type: text/html\r\nContent-ID: <c>\r\n\r\n<p>x",
    ),
    ("broken base64", "Content-Transfer-Encoding: base64\r\n\r\nYQ=YQ==\r\n=\r\n*YQ\r\nY"),
    (
        "base64 that ends inside a letter",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nw6TD",
    ),
    (
        "broken quoted-printable",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n=4\r\n=ZZ=41= \r\n==41=\n=e2=80=8b=",
    ),
    ("an unknown encoding", "Content-Transfer-Encoding: x-a\r\n\r\nb"),
    ("an encoding with a comment", "Content-Transfer-Encoding: (a) base64 (b)\r\n\r\nYQ=="),
    ("uuencode", "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#86)C\r\n`\r\nend"),
    ("UTF-7", "Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-a"),
    ("UTF-16", "Content-Type: text/plain; charset=utf-16\r\n\r\n\0a\0b"),
    ("an unknown charset", "Content-Type: text/plain; charset=a\"b\r\n\r\n\u{e9}"),
    ("a charset of nothing", "Content-Type: text/plain; charset=\r\n\r\n\u{e9}"),
    (
        "states of a charset",
        "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\u{1b}$B\u{1b}(B<b>\u{1b}$B",
    ),
    ("HZ", "Content-Type: text/plain; charset=hz-gb-2312\r\n\r\n~{<b>~}"),
    ("a type of nothing", "Content-Type:\r\n\r\na"),
    ("a type of slashes", "Content-Type: ///;;;===\r\n\r\na"),
    ("a type in capitals", "CONTENT-TYPE: TEXT/HTML\r\n\r\n<P>a"),
    (
        "format=flowed",
        "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nig \r\nnore \r\n all\r\n-- \r\nb",
    ),
    ("encoded words side by side", "Subject: =?utf-8?q?a?= =?utf-8?q?b?==?utf-8?q?c?=\r\n\r\nd"),
    ("an encoded word in two letters", "Subject: =?utf-8?b?w6Q=?= =?utf-8?q?=C3?= =?utf-8?q?=A4?=\r\n\r\na"),
    ("encoded words within", "Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=\r\n\r\nb"),
    ("an encoded word that breaks lines", "Subject: =?utf-8?q?a=0D=0ABcc:_b@c=0D=0A=0D=0Ad?=\r\n\r\ne"),
    ("an encoded word with a language", "Subject: =?utf-8*en?q?a?= =?*?q?b?= =??q??=\r\n\r\nc"),
    ("an encoded word in an address", "From: =?utf-8?q?bank@bank.example=00?= <a@evil.example>\r\n\r\nb"),
    ("an address in quotes", "From: \"a@b.example\" <c@d.example>\r\nReply-To: \"\" <>\r\n\r\ne"),
    ("an address in comments", "From: (a@b) c@d (e@f)\r\n\r\ng"),
    ("routes", "From: <@a,@b:c@d>\r\nTo: a:b@c,d@e;, f@[127.0.0.1], \"g h\"@i\r\n\r\nj"),
    ("addresses without an end", "From: <a@b\r\nTo: \"c <d@e>\r\nCc: (((\r\n\r\nf"),
    ("nothing as an address", "From: ,,,;;:\r\nTo: <>,<>\r\n\r\na"),
    ("look-alikes", "From: \u{430}pple <a@\u{430}pple.example>\r\n\r\nb"),
    ("invisible letters in an address", "From: a\u{200b}@b\u{ad}.example\u{202e}\r\n\r\nc"),
    (
        "results of results",
        "Authentication-Results: ;;;=;=\r\nAuthentication-Results: a; none\r\nAuthentication-Results: (((; spf=pass\r\n\r\nb",
    ),
    ("dates", "Date: Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\na"),
    ("a date before time", "Date: Mon, 1 Jan 0000 00:00:00 -0000\r\n\r\na"),
    (
        "names of files",
        "Content-Type: text/plain; name=\"../../etc/passwd\"\r\nContent-Disposition: attachment; filename*0*=utf-8''%E2%80%AE; filename*1=\"txt.exe\"; filename=a\r\n\r\nb",
    ),
    ("a disposition of nothing", "Content-Disposition: ;;;\r\n\r\na"),
    (
        "a PDF that is none",
        "Content-Type: application/pdf\r\n\r\n%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R/Prev 0>>\nstartxref\n0\n%%EOF",
    ),
    (
        "TNEF that is none",
        "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgEA/////w==",
    ),
    (
        "a calendar without an end",
        "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=:a\\nb\\,c\r\n\r\n d\r\nDESCRIPTION:",
    ),
    ("a vCard", "Content-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\nFN:a\r\nEND:VCARD"),
    ("zeros in headers", "Sub\0ject: a\0b\r\nContent-Type: text/\0html\r\n\r\n<p>c\0d"),
    ("eight-bit headers", "Subject: \u{e9}\u{202e}\u{1b}[2J\r\n\r\na"),
    ("a dot on its line", "Subject: a\r\n\r\nb\r\n.\r\nMAIL FROM:<c@d>\r\n"),
];

#[test]
fn promises_hold_for_mails_that_no_two_programs_read_alike() {
    for (name, mail) in MAILS {
        promises_hold(name, mail.as_bytes());
        promises_hold(name, format!("From: a@b.example\r\nMIME-Version: 1.0\r\n{mail}").as_bytes());
        promises_hold(name, mail.replace("\r\n", "\n").as_bytes());
        promises_hold(
            name,
            mail.chars().map(|c| u8::try_from(c).unwrap_or(0xff)).collect::<Vec<_>>().as_slice(),
        );
    }
}

#[test]
fn promises_hold_for_a_mail_cut_off_anywhere() {
    let mail = "From: =?utf-8?q?Ann?= <ann@example.org>\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nH=C3=A4llo\r\n--a\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+SGVsbG88L3A+\r\n--a--\r\n";
    for (end, _) in mail.char_indices() {
        promises_hold(&format!("cut at {end}"), mail.get(..end).unwrap().as_bytes());
    }
}

#[test]
fn more_of_everything_than_is_kept_is_still_clean() {
    let many = |unit: &dyn Fn(usize) -> String| (0..300).map(unit).collect::<String>();
    let addresses = many(&|n| format!("\"Name {n} \u{200b}{}\" <a{n}@example.org>, ", "x".repeat(n)));
    let links =
        many(&|n| format!("<a href='https://a{n}.example/{}'>https://b{n}.example</a> ", "y".repeat(n * 10)));
    let files = many(&|n| {
        format!(
            "--x\r\nContent-Type: text/plain; name=\"{}\"\r\nContent-Disposition: attachment\r\n\r\n{}\r\n",
            "z".repeat(n),
            "words ".repeat(n * 10)
        )
    });
    let results = many(&|n| {
        format!("Authentication-Results: mx{n}.example; spf=pass smtp.mailfrom={}\r\n", "w".repeat(n * 5))
    });
    let mail = format!(
        "{results}To: {addresses}\r\nSubject: {}\r\nMessage-ID: <{}@a>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{files}--x\r\nContent-Type: text/html\r\n\r\n{links}\r\n--x--\r\n",
        "s".repeat(5_000),
        "m".repeat(5_000)
    );
    promises_hold("more of everything", mail.as_bytes());
    assert!(read(mail.as_bytes(), ContentType::Email).is_ok());
}
