//! Servers for one test each, on ports of this machine's loopback, in a folder that goes with them.

mod certificates;
mod dovecot;
mod postfix;
mod proxy;
mod scripted;

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connectors::Login;
use egress::{Credentials, Dialer, Key, NotSent, Settings};
use vault::Secret;

pub(crate) use certificates::Certificate;
pub(crate) use dovecot::{Dovecot, INBOX};
pub(crate) use postfix::{Postfix, config};
pub(crate) use proxy::{Heard, Proxy};
pub(crate) use scripted::Scripted;

pub(crate) const USER: &str = "tim";
/// With what quotes, escapes and base64 make trouble of.
pub(crate) const PASSWORD: &str = "tan\"staa\\f {7}";

/// A vault of two secrets.
struct Two(String);

impl Credentials for Two {
    fn secret(&self, key: Key) -> Result<Arc<Secret>, NotSent> {
        assert_eq!(key.file, "mail");
        let text = if key.name == "username" { USER } else { &self.0 };
        Ok(Arc::new(Secret::new(key.to_string(), text.as_bytes().to_vec())))
    }
}

pub(crate) fn login() -> Login {
    login_with(PASSWORD)
}

pub(crate) fn login_with(password: &str) -> Login {
    Login::new(Arc::new(Two(password.to_owned())))
}

/// A way out that knows one more authority.
pub(crate) fn dialer(authority: &str) -> Dialer {
    let extra_roots = Some(authority.as_bytes().to_vec());
    Dialer::new(&Settings { extra_roots, ..Settings::default() }).unwrap()
}

/// What must not appear anywhere but in the command that says it.
pub(crate) fn assert_no_secret_in(text: &str) {
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, PASSWORD);
    for secret in [PASSWORD, &PASSWORD.escape_debug().to_string(), &encoded, "tan\"", "staa"] {
        assert!(!text.contains(secret), "the password stands in {text}");
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whoever owns the mail; root may not.
fn mail_owner() -> (u32, u32) {
    const NOBODY: u32 = 65_534;
    let user = rustix::process::geteuid();
    if user.is_root() { (NOBODY, NOBODY) } else { (user.as_raw(), rustix::process::getegid().as_raw()) }
}

/// Starts a program that ends with this test, however it ends.
fn start(program: &str, package: &str, arguments: &[&str], log: &Path) -> Child {
    let log = std::fs::File::create(log).unwrap();
    let found = ["/usr/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(program).exists());
    assert!(found, "`{program}` is not there: apt-get install -y --no-install-recommends {package}");
    Command::new("/usr/bin/setpriv")
        .args(["--pdeathsig", "TERM", program])
        .args(arguments)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        // Its own processes are in its group.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Waits until it is so. How long that takes is nobody's claim.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn until_it_listens(child: &mut Child, ports: &[u16], logs: &[&Path]) {
    until("the server listens", || {
        if let Some(status) = child.try_wait().unwrap() {
            let mut words = String::new();
            for log in logs {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                write!(words, "{}:\n{text}", log.display()).unwrap();
            }
            panic!("the server ended with {status}: {words}");
        }
        ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
    });
}

fn terminate(child: &mut Child) {
    let process = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    let _ = child.wait();
}
