//! Debian's Dovecot with one user, whose mail lies in a Maildir.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use connectors::Security;
use connectors::imap::{Imap, ImapSettings};
use tempfile::TempDir;

use super::{
    Certificate, PASSWORD, USER, dialer, free_port, login, mail_owner, start, terminate, until_it_listens,
};

/// The folder in which mail arrives.
pub(crate) const INBOX: &str = "INBOX";

pub(crate) struct Dovecot {
    child: Child,
    folder: TempDir,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) authority: String,
    delivered: AtomicUsize,
}

impl Dovecot {
    pub(crate) fn start() -> Dovecot {
        Dovecot::with(Certificate::Good, "")
    }

    /// With another certificate, and further lines of configuration.
    pub(crate) fn with(certificate: Certificate, more: &str) -> Dovecot {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let authority = certificate.write(folder.path());
        let (imap, imaps) = (free_port(), free_port());
        std::fs::write(folder.path().join("users"), format!("{USER}:{{plain}}{PASSWORD}\n")).unwrap();
        let configuration = configuration(folder.path(), imap, imaps, more);
        std::fs::write(folder.path().join("dovecot.conf"), configuration).unwrap();
        let (user, group) = mail_owner();
        for part in ["mail", "mail/tim", "mail/tim/new", "mail/tim/cur", "mail/tim/tmp"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
            chown(folder.path().join(part), Some(user), Some(group)).unwrap();
        }
        let child = run(folder.path(), &[imap, imaps]);
        Dovecot { child, folder, imap, imaps, authority, delivered: AtomicUsize::new(0) }
    }

    /// Kills it and everything that it holds, without a good-bye, and starts it again on the same ports.
    pub(crate) fn kill_and_start_again(&mut self) {
        let group = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        self.child.wait().unwrap();
        super::until("the ports are free", || {
            [self.imap, self.imaps]
                .iter()
                .all(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        });
        let _ = std::fs::remove_file(self.folder.path().join("run/master.pid"));
        self.child = run(self.folder.path(), &[self.imap, self.imaps]);
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> ImapSettings {
        ImapSettings {
            port: self.imaps,
            timeout: Duration::from_secs(20),
            // Whoever waits for less than an hour was told.
            poll: Duration::from_secs(3600),
            ..ImapSettings::new("localhost")
        }
    }

    pub(crate) fn client(&self) -> Imap {
        self.client_with(self.settings())
    }

    pub(crate) fn client_with(&self, settings: ImapSettings) -> Imap {
        Imap::new(settings, dialer(&self.authority), login()).unwrap()
    }

    /// One that speaks in the clear, so that what it says can be overheard and changed.
    pub(crate) fn client_in_the_clear(&self, port: u16) -> Imap {
        let settings = ImapSettings { port, security: Security::None, ..self.settings() };
        Imap::new(settings, dialer(&self.authority), login().danger_allow_plaintext_loopback()).unwrap()
    }

    /// Puts a message in as a mail tool does: whole, or not at all.
    pub(crate) fn deliver(&self, folder: &str, message: &[u8]) -> PathBuf {
        self.deliver_at(folder, message, SystemTime::now())
    }

    /// The same with another time of arrival.
    pub(crate) fn deliver_at(&self, folder: &str, message: &[u8], arrived: SystemTime) -> PathBuf {
        let mut maildir = self.folder.path().join("mail/tim");
        if folder != INBOX {
            maildir.push(format!(".{folder}"));
        }
        let number = self.delivered.fetch_add(1, Ordering::SeqCst);
        let name = format!("{}.M{number}.example.org", 1_700_000_000 + number);
        let (draft, place) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
        std::fs::write(&draft, message).unwrap();
        std::fs::File::options().write(true).open(&draft).unwrap().set_modified(arrived).unwrap();
        let (user, group) = mail_owner();
        chown(&draft, Some(user), Some(group)).unwrap();
        std::fs::rename(draft, &place).unwrap();
        place
    }

    /// The administrator's command, for the user.
    pub(crate) fn doveadm(&self, arguments: &[&str]) -> String {
        let configuration = self.folder.path().join("dovecot.conf");
        let done =
            Command::new("/usr/bin/doveadm").arg("-c").arg(configuration).args(arguments).output().unwrap();
        assert!(done.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Takes away what the server knows of numbers, as happens when mail is brought back from a copy.
    pub(crate) fn lose_numbers(&self) {
        for entry in self.folder.path().join("mail/tim").read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("dovecot") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("dovecot.log")).unwrap_or_default()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        terminate(&mut self.child);
    }
}

fn run(folder: &Path, ports: &[u16]) -> Child {
    let configuration = folder.join("dovecot.conf");
    let (output, log) = (folder.join("dovecot.out"), folder.join("dovecot.log"));
    let arguments = ["-F", "-c", configuration.to_str().unwrap()];
    let mut child = start("dovecot", "dovecot-imapd", &arguments, &output);
    until_it_listens(&mut child, ports, &[&output, &log]);
    child
}

fn configuration(folder: &Path, imap: u16, imaps: u16, more: &str) -> String {
    let (user, group) = mail_owner();
    let here = folder.display();
    let nobody_else = if rustix::process::geteuid().is_root() {
        String::new()
    } else {
        let name = |flag| String::from_utf8(Command::new("id").arg(flag).output().unwrap().stdout).unwrap();
        let (user, group) = (name("-un"), name("-gn"));
        let (user, group) = (user.trim(), group.trim());
        format!(
            "default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\n\
             service anvil {{\n  chroot =\n}}\nservice imap-login {{\n  chroot =\n}}\nservice stats {{\n  chroot =\n}}\n"
        )
    };
    format!(
        "base_dir = {here}/run\nstate_dir = {here}/state\nlog_path = {here}/dovecot.log\nprotocols = imap\n\
         listen = 127.0.0.1\nmail_location = maildir:{here}/mail/%u\nmail_uid = {user}\nmail_gid = {group}\n\
         first_valid_uid = 1\nfirst_valid_gid = 1\nmail_fsync = never\nmail_max_userip_connections = 100\n\
         auth_failure_delay = 0\nssl = yes\nssl_cert = <{here}/cert.pem\nssl_key = <{here}/key.pem\n\
         auth_mechanisms = plain login\n\
         passdb {{\n  driver = passwd-file\n  args = scheme=plain username_format=%u {here}/users\n}}\n\
         userdb {{\n  driver = static\n  args = uid={user} gid={group} home={here}/home/%u\n}}\n\
         service imap-login {{\n  inet_listener imap {{\n    port = {imap}\n  }}\n  inet_listener imaps {{\n    \
         port = {imaps}\n    ssl = yes\n  }}\n}}\n\
         service auth {{\n  unix_listener sasl {{\n    mode = 0666\n  }}\n}}\n{nobody_else}{more}\n"
    )
}
