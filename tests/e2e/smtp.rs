//! Mail out by a real mail server.

use mail_parser::MessageParser;
use planner::client::Refused;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use system_tests::{TestHome, approved_permit, eventually, mail_wish, planner, refusal};

/// Debian's aiosmtpd, which puts what it takes into a Maildir. Dropped: killed.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

// === impl Server ===

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        // The system's interpreter: another one first on the path would not see the system's packages.
        let child = Command::new("/usr/bin/python3")
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::null())
            .spawn()
            .expect("`/usr/bin/python3` cannot be started: apt-get install -y python3-aiosmtpd");
        let mut server = Self { child, port, folder };
        eventually("the mail server answers", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "the mail server ended: apt-get install -y python3-aiosmtpd");
            TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        server
    }

    fn arrived(&self) -> Vec<Vec<u8>> {
        let new: PathBuf = self.folder.path().join("mail/new");
        new.read_dir()
            .into_iter()
            .flatten()
            .map(|mail| std::fs::read(mail.unwrap().path()).unwrap())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn delivering_to(port: u16) -> TestHome {
    TestHome::with(&[
        ("deliver = \"maildir\"", "deliver = \"smtp\""),
        ("#[connectors.mail.smtp]", "[connectors.mail.smtp]"),
        ("#host = \"127.0.0.1\"", "host = \"127.0.0.1\""),
        ("#port = 587", &format!("port = {port}")),
        ("#security = \"starttls\"", "security = \"none\""),
    ])
}

#[tokio::test]
async fn an_approved_mail_arrives_at_the_server_once() {
    let server = Server::start().await;
    let home = delivering_to(server.port);
    let _system = home.up();
    home.deliver_mail("A meeting?", "Shall we meet on Monday?");
    let list = || home.moltctl(&["approvals", "list", "--json"]).json().as_array().unwrap().first().cloned();
    let waiting = eventually("the owner is asked", list).await;
    home.moltctl(&["approvals", "approve", waiting["request"].as_str().unwrap()]).well();
    let finished = eventually("it is sent", || home.recorded("execution_finished").pop()).await;
    assert_eq!(finished["outcome"]["is"], "performed", "{finished}");

    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    let mail = MessageParser::default().parse(&arrived[0]).unwrap();
    assert_eq!(mail.subject(), Some("Re: A meeting?"));
    assert_eq!(mail.in_reply_to().as_text(), Some("question@example.org"));
    assert_eq!(mail.header_raw("X-RcptTo").unwrap().trim(), "ann@example.org");
    assert_eq!(mail.header_raw("X-MailFrom").unwrap().trim(), "moltbot@localhost");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure_that_is_recorded_and_not_repeated() {
    let home = delivering_to(free_port());
    let _executor = home.executor().await;
    let wish = mail_wish("k");
    let permit = approved_permit(&home, &wish).await;
    let executed = planner(&home).execute_with_token(permit.clone(), &wish).await;
    assert!(matches!(&executed, Err(Refused::Refusal { code, .. }) if code == "failed"), "{executed:?}");
    assert_eq!(home.recorded("execution_finished")[0]["outcome"]["is"], "failed");
    assert_eq!(refusal(planner(&home).execute_with_token(permit, &wish).await), "permit_spent");
    assert_eq!(refusal(planner(&home).request_capability(&wish).await), "failed");
}
