//! How we sign in to servers that send mail, word for word.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connectors::smtp::Smtp;
use connectors::{Failure, Security, Unusable};
use egress::{Dialer, Settings};

use crate::servers::{PASSWORD, Scripted, USER, assert_no_secret_in, config, login};

const MESSAGE: &[u8] = b"\r\nhi\r\n";

fn to() -> [String; 1] {
    ["ann@example.net".to_owned()]
}

fn smtp(port: u16, security: Security) -> Result<Smtp, Unusable> {
    let dialer = Dialer::new(&Settings::default()).unwrap();
    Smtp::with(config(port, security), dialer, Some(login().danger_allow_plaintext_loopback()))
}

/// Offers these mechanisms and ends signing in with this.
fn server(mechanisms: &'static str, end: &'static str) -> Scripted {
    let password = STANDARD.encode(PASSWORD);
    Scripted::answering("220 here\r\n", move |line| {
        Some(match line {
            _ if line.starts_with("EHLO") => format!("250-here\r\n250 AUTH {mechanisms}\r\n").into_bytes(),
            "AUTH LOGIN" => b"334 VXNlcm5hbWU6\r\n".to_vec(),
            _ if line == STANDARD.encode(USER) => b"334 UGFzc3dvcmQ6\r\n".to_vec(),
            _ if line == password || line.starts_with("AUTH PLAIN") => end.as_bytes().to_vec(),
            _ if line == "DATA" => b"354 go\r\n".to_vec(),
            _ if line.starts_with("MAIL") || line.starts_with("RCPT") || line == "." => {
                b"250 ok\r\n".to_vec()
            }
            _ if line == "QUIT" => b"221 bye\r\n".to_vec(),
            _ => Vec::new(),
        })
    })
}

#[tokio::test]
async fn each_mechanism_says_the_secrets_once_and_whole() {
    let plain = format!("AUTH PLAIN {}\r\n", STANDARD.encode(format!("\0{USER}\0{PASSWORD}")));
    let login = format!("AUTH LOGIN\r\n{}\r\n{}\r\n", STANDARD.encode(USER), STANDARD.encode(PASSWORD));
    for (mechanisms, said) in [("LOGIN PLAIN", plain), ("GSSAPI login", login)] {
        let server = server(mechanisms, "235 welcome\r\n");
        smtp(server.port, Security::None).unwrap().send("tim@example.org", &to(), MESSAGE).await.unwrap();
        let heard = server.heard.text();
        let expected = format!("EHLO client.example.org\r\n{said}MAIL FROM:<tim@example.org>\r\n");
        assert!(heard.starts_with(&expected), "{heard}");
    }
}

#[tokio::test]
async fn a_refusal_to_sign_in_says_whose_matter_it_is() {
    for (end, who) in [
        ("535 5.7.8 no\r\n", "NotAllowed"),
        ("534 5.7.9 an application password, please\r\n", "NotAllowed"),
        ("454 4.7.0 later\r\n", "Unavailable"),
        ("421 4.7.0 go away\r\n", "Unavailable"),
        ("334 \r\n", "Unavailable"),
        ("what?\r\n", "Unavailable"),
    ] {
        for mechanisms in ["PLAIN", "LOGIN"] {
            let server = server(mechanisms, end);
            let sending = smtp(server.port, Security::None).unwrap();
            let failure = sending.send("tim@example.org", &to(), MESSAGE).await.unwrap_err();
            assert!(format!("{failure:?}").starts_with(who), "{end}: {failure:?}");
            assert!(!failure.may_have_happened() && !server.heard.text().contains("MAIL"));
            assert_no_secret_in(&format!("{failure} {failure:?}"));
        }
    }
    let without = server("GSSAPI", "235 x\r\n");
    let failure = smtp(without.port, Security::None).unwrap().check().await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { step: "signing in", .. }), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_wants_to_know_us_first_is_the_owners_matter() {
    let server = Scripted::answering("220 here\r\n", |line| {
        Some(if line.starts_with("EHLO") {
            b"250 here\r\n".to_vec()
        } else {
            b"530 5.7.0 who are you?\r\n".to_vec()
        })
    });
    let sending = Smtp::new(config(server.port, Security::None)).unwrap();
    let failure = sending.send("tim@example.org", &to(), MESSAGE).await.unwrap_err();
    assert!(matches!(&failure, Failure::NotAllowed { step: "the sender", .. }), "{failure:?}");
}

#[tokio::test]
async fn words_that_come_before_tls_do_not_count_after_it() {
    let server = Scripted::answering("220 here\r\n", |line| {
        Some(if line.starts_with("EHLO") {
            b"250-here\r\n250 STARTTLS\r\n".to_vec()
        } else {
            b"220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n".to_vec()
        })
    });
    let sending = smtp(server.port, Security::StartTls).unwrap();
    let failure = sending.send("tim@example.org", &to(), MESSAGE).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unavailable { step: "starting TLS", .. }), "{failure:?}");
    assert!(failure.to_string().contains("before TLS"), "{failure}");
}

#[test]
fn no_password_in_the_clear_without_the_owners_word() {
    let dialer = || Dialer::new(&Settings::default()).unwrap();
    let unasked = Smtp::with(config(25, Security::None), dialer(), Some(login()));
    assert!(matches!(unasked, Err(Unusable::PasswordInTheClear)));
    let elsewhere =
        connectors::smtp::SmtpConfig { host: "192.0.2.1".to_owned(), ..config(25, Security::None) };
    let may = login().danger_allow_plaintext_loopback();
    assert!(matches!(Smtp::with(elsewhere, dialer(), Some(may)), Err(Unusable::InTheClear { .. })));
}
