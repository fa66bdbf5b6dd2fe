//! A real mail server, and servers that break off at every step.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use connectors::smtp::{Security, Smtp, SmtpConfig, SmtpReceipt, Unusable};
use connectors::{Cause, Failure, Fault, OutgoingMail, compose};
use mail_parser::MessageParser;
use tempfile::TempDir;

fn config(port: u16, security: Security) -> SmtpConfig {
    let (host, hello_name) = ("127.0.0.1".to_owned(), "client.example.org".to_owned());
    SmtpConfig { host, port, security, hello_name, timeout: Duration::from_secs(5) }
}

fn send_to(config: SmtpConfig, recipients: &[&str], message: &[u8]) -> Result<SmtpReceipt, Failure> {
    let recipients: Vec<String> = recipients.iter().map(ToString::to_string).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Smtp::new(config).unwrap().send("owner@example.org", &recipients, message))
}

fn send(port: u16) -> Result<SmtpReceipt, Failure> {
    send_to(config(port, Security::None), &["ann@example.net"], b"Subject: hi\r\n\r\nhello\r\n")
}

// === a real server ===

/// Debian's aiosmtpd, which puts what it takes into a Maildir.
struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    fn start() -> Server {
        Server::start_with("aiosmtpd.handlers.Mailbox", None)
    }

    fn start_with(handler: &str, code: Option<(&str, &str)>) -> Server {
        let folder = tempfile::tempdir().unwrap();
        // Its own `new` is made with the Maildir.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if let Some((file, text)) = code {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        // The system's interpreter: another one first on the path would not see the system's packages.
        let mut child = Command::new("/usr/bin/python3")
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c", handler])
            .arg(folder.path().join("mail"))
            .env("PYTHONPATH", folder.path())
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::null())
            .spawn()
            .expect("`/usr/bin/python3` cannot be started: apt-get install -y python3-aiosmtpd");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the mail server ended with {ended:?}: apt-get install -y python3-aiosmtpd"
            );
            assert!(Instant::now() < deadline, "the mail server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Server { child, port, folder }
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    fn arrived(&self) -> Vec<Vec<u8>> {
        let new = self.mail().join("new");
        let entries = |new: &Path| new.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path());
        entries(&new).map(|path| std::fs::read(path).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_message_arrives_as_it_was_composed() {
    let server = Server::start();
    let body = ".\n..two dots\nGrüße\n.\n".to_owned();
    let mail = OutgoingMail {
        from: "owner@example.org".to_owned(),
        to: vec!["ann@example.net".to_owned()],
        cc: vec!["bob@example.net".to_owned()],
        subject: "Обед".to_owned(),
        body: body.clone(),
        in_reply_to: None,
        references: Vec::new(),
    };
    let bytes = compose(&mail, "<request-7@example.org>", SystemTime::UNIX_EPOCH).unwrap();
    let receipt =
        send_to(config(server.port, Security::None), &["ann@example.net", "bob@example.net"], &bytes)
            .unwrap();
    assert_eq!(receipt.reply.code, 250);

    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    let message = MessageParser::default().parse(&arrived[0]).unwrap();
    assert_eq!(message.subject(), Some("Обед"));
    assert_eq!(message.message_id(), Some("request-7@example.org"));
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), body);
    let header = |name: &str| message.header_raw(name).unwrap().trim().to_owned();
    assert_eq!(header("X-RcptTo"), "ann@example.net, bob@example.net");
    assert_eq!(header("X-MailFrom"), "owner@example.org");
}

#[test]
fn dots_alone_on_a_line_do_not_end_the_message_and_no_line_is_added() {
    let server = Server::start();
    let message = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nlast\r\n";
    send_to(config(server.port, Security::None), &["ann@example.net"], message).unwrap();
    let arrived = String::from_utf8(server.arrived().remove(0)).unwrap().replace("\r\n", "\n");
    assert!(arrived.ends_with("\n\n.\n..\n.x\nlast\n"), "{arrived:?}");
}

#[test]
fn one_refused_recipient_and_nobody_gets_the_message() {
    let handler = "
from aiosmtpd.handlers import Mailbox
class Choosy(Mailbox):
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('later'):
            return '451 4.7.1 come back\\x1b[2J later'
        if address.startswith('nobody'):
            return '550 5.1.1 no such user'
        envelope.rcpt_tos.append(address)
        return '250 OK'
";
    let server = Server::start_with("choosy.Choosy", Some(("choosy.py", handler)));
    let to = |who| {
        send_to(config(server.port, Security::None), &["ann@example.net", who], b"\r\nhi\r\n").unwrap_err()
    };

    let never = to("nobody@example.net");
    assert!(matches!(&never, Failure::Rejected { reply, .. } if reply.code == 550), "{never:?}");
    assert_eq!(never.to_string(), "a recipient was refused: 550 5.1.1 no such user");

    let later = to("later@example.net");
    assert!(matches!(&later, Failure::Unavailable { cause: Cause::Reply(reply), .. } if reply.code == 451));
    assert_eq!(later.to_string(), r"a recipient failed: 451 4.7.1 come back\u{1b}[2J later");
    assert!(!never.may_have_happened() && !later.may_have_happened());
    assert_eq!(server.arrived().len(), 0);
}

#[test]
fn tls_is_never_given_up_because_the_server_has_none() {
    let server = Server::start();
    for security in [Security::Tls, Security::StartTls] {
        let refused =
            send_to(config(server.port, security), &["ann@example.net"], b"\r\nhi\r\n").unwrap_err();
        assert!(matches!(refused, Failure::Unavailable { .. }), "{refused:?}");
    }
    assert_eq!(server.arrived().len(), 0);
}

// === servers that break off ===

/// Answers each line that begins with a word with a reply, and breaks off at a word that has none. An answer to `.` is
/// for the whole message.
fn scripted(answers: &'static [(&'static str, &'static str)]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let answer = |word: &str| answers.iter().find(|(begin, _)| *begin == word).map(|(_, answer)| *answer);
        let Some(greeting) = answer("connect") else { return };
        stream.write_all(greeting.as_bytes()).unwrap();
        let mut in_message = false;
        for line in lines.map_while(Result::ok) {
            let word =
                if in_message { if line == "." { "." } else { continue } } else { line.get(..4).unwrap() };
            match answer(word) {
                None => return,
                Some("wait") => std::thread::sleep(Duration::from_secs(30)),
                Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
            }
            in_message = word == "DATA";
        }
    });
    port
}

const HELLO: [(&str, &str); 5] = [
    ("connect", "220 here\r\n"),
    ("EHLO", "250 here\r\n"),
    ("MAIL", "250 ok\r\n"),
    ("RCPT", "250 ok\r\n"),
    ("DATA", "354 go\r\n"),
];

#[test]
fn a_connection_lost_before_the_message_is_unavailable() {
    for steps in 0..HELLO.len() {
        let failure = send(scripted(&HELLO[..steps])).unwrap_err();
        assert!(matches!(failure, Failure::Unavailable { .. }), "after {steps} answers: {failure:?}");
        assert_eq!(failure.fault(), Fault::World);
    }
}

#[test]
fn a_connection_lost_after_the_message_is_unknown() {
    let failure = send(scripted(&HELLO)).unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    assert!(failure.may_have_happened());
}

#[test]
fn silence_is_unknown_only_after_the_message() {
    const SILENT_BEFORE: &[(&str, &str)] = &[HELLO[0], HELLO[1], ("MAIL", "wait")];
    const SILENT_AFTER: &[(&str, &str)] = &[HELLO[0], HELLO[1], HELLO[2], HELLO[3], HELLO[4], (".", "wait")];
    let send = |port| {
        let config = SmtpConfig { timeout: Duration::from_millis(300), ..config(port, Security::None) };
        send_to(config, &["ann@example.net"], b"\r\nhi\r\n").unwrap_err()
    };
    let before = send(scripted(SILENT_BEFORE));
    assert!(matches!(before, Failure::Unavailable { cause: Cause::Timeout, .. }), "{before:?}");
    let after = send(scripted(SILENT_AFTER));
    assert!(matches!(after, Failure::Unknown { cause: Cause::Timeout, .. }), "{after:?}");
}

#[test]
fn the_answer_to_the_message_is_believed_if_it_is_one() {
    const REFUSED: &[(&str, &str)] =
        &[HELLO[0], HELLO[1], HELLO[2], HELLO[3], HELLO[4], (".", "554 spam\r\n")];
    const LATER: &[(&str, &str)] =
        &[HELLO[0], HELLO[1], HELLO[2], HELLO[3], HELLO[4], (".", "452 disk full\r\n")];
    const NOISE: &[(&str, &str)] =
        &[HELLO[0], HELLO[1], HELLO[2], HELLO[3], HELLO[4], (".", "hmm, well\r\n")];
    const ODD: &[(&str, &str)] = &[HELLO[0], HELLO[1], HELLO[2], HELLO[3], HELLO[4], (".", "354 more\r\n")];
    let refused = send(scripted(REFUSED)).unwrap_err();
    assert!(matches!(&refused, Failure::Rejected { reply, .. } if reply.code == 554), "{refused:?}");
    let later = send(scripted(LATER)).unwrap_err();
    assert!(matches!(&later, Failure::Unavailable { cause: Cause::Reply(reply), .. } if reply.code == 452));
    for script in [NOISE, ODD] {
        let failure = send(scripted(script)).unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = send(port).unwrap_err();
    assert!(matches!(failure, Failure::Unavailable { step: "connecting", .. }), "{failure:?}");
}

// === what never leaves ===

#[test]
fn mail_in_the_clear_stays_on_this_machine() {
    for host in ["mail.example.org", "192.0.2.1", "localhost.example.org", "0.0.0.0", "::2"] {
        let config = SmtpConfig { host: host.to_owned(), ..config(25, Security::None) };
        assert!(matches!(Smtp::new(config), Err(Unusable::InTheClear { .. })), "{host}");
    }
    for host in ["localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]"] {
        assert!(
            Smtp::new(SmtpConfig { host: host.to_owned(), ..config(25, Security::None) }).is_ok(),
            "{host}"
        );
    }
    for hello_name in ["", "a b", "a\r\nMAIL FROM:<x@y.z>"] {
        let config = SmtpConfig { hello_name: hello_name.to_owned(), ..config(25, Security::None) };
        assert!(matches!(Smtp::new(config), Err(Unusable::NotAHost { field: "hello_name" })), "{hello_name}");
    }
}

#[test]
fn a_message_cannot_smuggle_a_second_one() {
    for message in ["a\n.\r\nMAIL FROM:<x@y.z>\r\n", "a\r\n.\nb\r\n", "a\r.\r\nb\r\n", "a\r\n\r", "\n"] {
        let refused =
            send_to(config(1, Security::None), &["ann@example.net"], message.as_bytes()).unwrap_err();
        assert!(matches!(refused, Failure::Malformed { .. }), "{message:?}");
    }
    for address in ["a@b.c> NOTIFY=NEVER", "a@b.c>\r\nDATA", "a b@c.d", "ä@b.c", ""] {
        let refused = send_to(config(1, Security::None), &[address], b"\r\nhi\r\n").unwrap_err();
        assert!(matches!(refused, Failure::Malformed { .. }), "{address}");
    }
    assert!(matches!(
        send_to(config(1, Security::None), &[], b"\r\n").unwrap_err(),
        Failure::Malformed { .. }
    ));
}
