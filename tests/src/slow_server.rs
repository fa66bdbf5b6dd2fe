//! A mail server that takes a mail and does not say whether it has it, until it is told to.

use crate::TestHome;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

/// The server; it serves one connection.
#[derive(Debug)]
pub struct SlowServer {
    port: u16,
    told: mpsc::Receiver<Heard>,
    answer: mpsc::Sender<()>,
}

/// What a client did.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// The whole mail is here.
    Mail,
    /// The client hung up before it was answered.
    HungUp,
}

// === impl SlowServer ===

impl SlowServer {
    /// A server on a free port of this machine.
    #[expect(clippy::new_without_default, reason = "making one starts a thread")]
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ((tell, told), (answer, answers)) = (mpsc::channel(), mpsc::channel());
        std::thread::spawn(move || serve(listener.accept().unwrap().0, &tell, &answers));
        Self { port, told, answer }
    }

    /// A home that delivers to it.
    pub fn home(&self) -> TestHome {
        TestHome::with(&[
            ("deliver = \"maildir\"", "deliver = \"smtp\""),
            ("#[connectors.mail.smtp]", "[connectors.mail.smtp]"),
            ("#host = \"127.0.0.1\"", "host = \"127.0.0.1\""),
            ("#port = 587", &format!("port = {}", self.port)),
            ("#security = \"starttls\"", "security = \"none\""),
        ])
    }

    /// Returns when the whole mail is here and its sender waits.
    pub async fn has_the_mail(&self) {
        let heard = crate::eventually("the mail arrives", || self.told.try_recv().ok()).await;
        assert_eq!(heard, Heard::Mail);
    }

    /// Returns when the sender has hung up without an answer, and long before it would have by itself, after 60 seconds.
    pub async fn is_left(&self) {
        let hung_up = crate::eventually("the sender hangs up", || self.told.try_recv().ok());
        let heard = tokio::time::timeout(std::time::Duration::from_secs(20), hung_up).await;
        assert_eq!(heard.expect("the sender still waits"), Heard::HungUp);
    }

    /// Says that it has the mail.
    pub fn answers(&self) {
        self.answer.send(()).unwrap();
    }
}

fn serve(stream: TcpStream, tell: &mpsc::Sender<Heard>, answers: &mpsc::Receiver<()>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let say = |words: &str| (&stream).write_all(words.as_bytes()).unwrap();
    say("220 slow.invalid\r\n");
    let mut is_mail = false;
    while let Some(Ok(line)) = lines.next() {
        match (is_mail, line.as_str()) {
            (false, "DATA") => {
                is_mail = true;
                say("354 go on\r\n");
            }
            (false, "QUIT") => return say("221 bye\r\n"),
            (false, _) => say("250 ok\r\n"),
            (true, ".") => {
                tell.send(Heard::Mail).unwrap();
                is_mail = false;
                stream.set_nonblocking(true).unwrap();
                while answers.try_recv().is_err() {
                    // Nothing comes while it waits, so an end or an error is the sender's.
                    let mut byte = [0];
                    let read = (&stream).read(&mut byte);
                    if !matches!(&read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock) {
                        // Nobody may be there to hear it.
                        let _ = tell.send(Heard::HungUp);
                        return;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                stream.set_nonblocking(false).unwrap();
                say("250 taken\r\n");
            }
            (true, _) => {}
        }
    }
}
