//! The password is said to the server that the certificate names, and to nobody else.

use connectors::imap::{Imap, ImapSettings};
use connectors::{Cause, Failure, Security, Unusable};
use egress::{NotSent, Problem};

use crate::servers::{Certificate, Dovecot, PASSWORD, Proxy, Scripted, USER, assert_no_secret_in, login};

fn is_about_the_certificate(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unavailable {
            cause: Cause::Egress(Problem::NotSent(NotSent::NoConnection {
                cause: egress::Cause::Certificate(_),
                ..
            })),
            ..
        }
    )
}

#[tokio::test]
async fn a_bad_certificate_ends_the_conversation_before_the_password() {
    for certificate in [Certificate::OfAStranger, Certificate::Expired, Certificate::OfAnotherHost] {
        let dovecot = Dovecot::with(certificate, "");
        for (security, port) in [(Security::Tls, dovecot.imaps), (Security::StartTls, dovecot.imap)] {
            let settings = ImapSettings { security, port, ..dovecot.settings() };
            let failure = dovecot.client_with(settings).look(None).await.unwrap_err();
            assert!(is_about_the_certificate(&failure), "{certificate:?} {security:?}: {failure:?}");
        }
        assert!(!dovecot.log().contains(USER), "{}", dovecot.log());
    }
}

#[tokio::test]
async fn tls_is_started_before_the_password_is_said() {
    let dovecot = Dovecot::start();
    let proxy = Proxy::before(dovecot.imap, Some, Some);
    let settings = ImapSettings { security: Security::StartTls, port: proxy.port, ..dovecot.settings() };
    dovecot.client_with(settings).look(None).await.unwrap();
    let heard = proxy.heard.text();
    assert!(heard.contains("STARTTLS") && !heard.contains("AUTHENTICATE"));
    assert_no_secret_in(&heard);
}

#[tokio::test]
async fn a_server_that_seems_to_have_no_tls_is_told_nothing() {
    let dovecot = Dovecot::start();
    let stripping = |line: Vec<u8>| {
        Some(
            String::from_utf8_lossy(&line)
                .replace(" STARTTLS", "")
                .replace(" LOGINDISABLED", "")
                .into_bytes(),
        )
    };
    let proxy = Proxy::before(dovecot.imap, Some, stripping);
    let settings = ImapSettings { security: Security::StartTls, port: proxy.port, ..dovecot.settings() };
    let failure = dovecot.client_with(settings).look(None).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { step: "starting TLS", .. }), "{failure:?}");
    assert_eq!(proxy.heard.text(), "A1 CAPABILITY\r\n");
}

#[tokio::test]
async fn words_that_come_before_tls_do_not_count_after_it() {
    let answers = |line: &str| {
        Some(if line.ends_with("CAPABILITY") {
            b"* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK done\r\n".to_vec()
        } else {
            b"A2 OK go\r\nA1 OK signed in\r\n".to_vec()
        })
    };
    let injecting = Scripted::answering("* OK ready\r\n", answers);
    let known = Scripted::answering("* PREAUTH you are tim\r\n", answers);
    let refusing = Scripted::answering("* OK ready\r\n", |line| {
        Some(if line.ends_with("CAPABILITY") {
            b"* CAPABILITY IMAP4rev1 STARTTLS\r\nA1 OK done\r\n".to_vec()
        } else {
            b"A2 NO not today\r\n".to_vec()
        })
    });
    for (server, hears) in [(injecting, "STARTTLS"), (known, ""), (refusing, "STARTTLS")] {
        let settings = ImapSettings {
            security: Security::StartTls,
            port: server.port,
            ..ImapSettings::new("localhost")
        };
        let mut client = Imap::new(settings, egress_of_the_world(), login()).unwrap();
        let failure = client.look(None).await.unwrap_err();
        assert!(!matches!(failure, Failure::NotAllowed { .. }), "{failure:?}");
        let heard = server.heard.text();
        let last = heard.lines().last().unwrap_or_default();
        assert!(last.ends_with(hears) && last.is_empty() == hears.is_empty(), "{heard}");
    }
}

#[test]
fn in_the_clear_nothing_leaves_this_machine_and_no_password_without_the_owners_word() {
    let settings = |host: &str| ImapSettings { security: Security::None, ..ImapSettings::new(host) };
    for host in ["mail.example.org", "192.0.2.1", "localhost.example.org", "0.0.0.0"] {
        let may = login().danger_allow_plaintext_loopback();
        assert!(matches!(
            Imap::new(settings(host), egress_of_the_world(), may),
            Err(Unusable::InTheClear { .. })
        ));
    }
    let unasked = Imap::new(settings("localhost"), egress_of_the_world(), login());
    assert!(matches!(unasked, Err(Unusable::PasswordInTheClear)));
    for folder in ["", "a\r\nA1 DELETE INBOX"] {
        let settings = ImapSettings { folder: folder.to_owned(), ..ImapSettings::new("localhost") };
        assert!(matches!(Imap::new(settings, egress_of_the_world(), login()), Err(Unusable::NotAFolder)));
    }
}

#[tokio::test]
async fn each_way_of_signing_in_says_the_secrets_once_and_whole() {
    let plain = {
        let message = format!("\0{USER}\0{PASSWORD}");
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, message)
    };
    let asked_for = format!("A2 AUTHENTICATE PLAIN\r\n{plain}\r\n");
    let at_once = format!("A2 AUTHENTICATE PLAIN {plain}\r\n");
    let by_login = format!("A2 LOGIN {{3}}\r\n{USER} {{{}}}\r\n{PASSWORD}\r\n", PASSWORD.len());
    for (abilities, said) in
        [("AUTH=PLAIN", asked_for), ("AUTH=PLAIN SASL-IR", at_once), ("AUTH=GSSAPI", by_login)]
    {
        let server = Scripted::answering("* OK ready\r\n", move |line| {
            let tag = line.split(' ').next().unwrap().to_owned();
            Some(if line.ends_with("CAPABILITY") {
                format!("* CAPABILITY IMAP4rev1 {abilities}\r\n{tag} OK done\r\n").into_bytes()
            } else if line.ends_with("}") && !line.starts_with(PASSWORD) || line.ends_with("PLAIN") {
                b"+ \r\n".to_vec()
            } else {
                // Whatever is wrong in the end, it is the server's own matter.
                b"A2 NO [UNAVAILABLE] later\r\n".to_vec()
            })
        });
        let settings =
            ImapSettings { security: Security::None, port: server.port, ..ImapSettings::new("localhost") };
        let may = login().danger_allow_plaintext_loopback();
        let failure = Imap::new(settings, egress_of_the_world(), may).unwrap().look(None).await.unwrap_err();
        assert!(matches!(failure, Failure::Unavailable { step: "signing in", .. }), "{failure:?}");
        assert_eq!(server.heard.text(), format!("A1 CAPABILITY\r\n{said}"));
        assert_no_secret_in(&format!("{failure} {failure:?}"));
    }
}

fn egress_of_the_world() -> egress::Dialer {
    egress::Dialer::new(&egress::Settings::default()).unwrap()
}
