//! Debian's Postfix, which takes mail from whom Dovecot knows and puts it where Dovecot finds it. Nothing leaves this machine.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use connectors::Security;
use connectors::smtp::{Smtp, SmtpConfig};
use tempfile::TempDir;

use super::{Certificate, Dovecot, dialer, free_port, login, mail_owner, start, terminate, until_it_listens};

pub(crate) struct Postfix {
    child: Child,
    folder: TempDir,
    /// Takes mail after STARTTLS and signing in.
    pub(crate) submission: u16,
    /// The same with TLS from the first byte.
    pub(crate) submissions: u16,
    /// Takes mail from anybody on this machine.
    pub(crate) open: u16,
    pub(crate) authority: String,
}

impl Postfix {
    pub(crate) fn beside(dovecot: &Dovecot) -> Postfix {
        Postfix::with(dovecot, Certificate::Good)
    }

    /// It starts for root alone.
    pub(crate) fn starts_or_says(unproven: &str) -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            println!("UNPROVEN, because Postfix starts for root only: {unproven}");
        }
        is_root
    }

    pub(crate) fn with(dovecot: &Dovecot, certificate: Certificate) -> Postfix {
        assert!(rustix::process::geteuid().is_root(), "Postfix starts for root only: run this test as root");
        let owner = Command::new("id").args(["-u", "postfix"]).output().unwrap();
        assert!(owner.status.success(), "apt-get install -y --no-install-recommends postfix");
        let owner: u32 = String::from_utf8(owner.stdout).unwrap().trim().parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let authority = certificate.write(folder.path());
        for part in ["etc", "spool", "data"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        chown(folder.path().join("data"), Some(owner), None).unwrap();
        let [submission, submissions, open] = [free_port(), free_port(), free_port()];
        let main = main_configuration(folder.path(), dovecot.path());
        std::fs::write(folder.path().join("etc/main.cf"), main).unwrap();
        let services = services(submission, submissions, open);
        std::fs::write(folder.path().join("etc/master.cf"), services).unwrap();
        let etc = folder.path().join("etc");
        let (output, log) = (folder.path().join("postfix.out"), folder.path().join("postfix.log"));
        let mut child = start("postfix", "postfix", &["-c", etc.to_str().unwrap(), "start-fg"], &output);
        until_it_listens(&mut child, &[submission, submissions, open], &[&output, &log]);
        Postfix { child, folder, submission, submissions, open, authority }
    }

    pub(crate) fn client(&self, port: u16, security: Security) -> Smtp {
        let login = if security == Security::None { None } else { Some(login()) };
        Smtp::with(config(port, security), dialer(&self.authority), login).unwrap()
    }

    /// Messages that are taken over and not yet delivered.
    pub(crate) fn queue(&self) -> usize {
        let waiting = |name| files_below(&self.folder.path().join("spool").join(name));
        ["maildrop", "incoming", "active", "deferred", "hold"].map(waiting).iter().sum()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("postfix.log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let etc = self.folder.path().join("etc");
        let _ = Command::new("/usr/sbin/postfix").arg("-c").arg(etc).arg("abort").output();
        terminate(&mut self.child);
    }
}

pub(crate) fn config(port: u16, security: Security) -> SmtpConfig {
    let (host, hello_name) = ("localhost".to_owned(), "client.example.org".to_owned());
    SmtpConfig { host, port, security, hello_name, timeout: Duration::from_secs(20) }
}

fn files_below(folder: &Path) -> usize {
    let below = |path: std::path::PathBuf| if path.is_dir() { files_below(&path) } else { 1 };
    folder.read_dir().into_iter().flatten().map(|entry| below(entry.unwrap().path())).sum()
}

fn main_configuration(folder: &Path, dovecot: &Path) -> String {
    let ((user, group), here, dovecot) = (mail_owner(), folder.display(), dovecot.display());
    format!(
        "compatibility_level = 3.6\nconfig_directory = {here}/etc\nqueue_directory = {here}/spool\n\
         data_directory = {here}/data\nmaillog_file = {here}/postfix.log\nmaillog_file_prefixes = {here}\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = mail.example.org\nmydestination =\n\
         mynetworks =\nalias_maps =\ndefault_transport = error:nothing leaves this machine\n\
         virtual_mailbox_domains = example.org\nvirtual_mailbox_base = {dovecot}/mail\n\
         virtual_mailbox_maps = inline:{{tim@example.org=tim/}}\nvirtual_uid_maps = static:{user}\n\
         virtual_gid_maps = static:{group}\nvirtual_minimum_uid = 1\nsmtpd_tls_security_level = may\n\
         smtpd_tls_auth_only = yes\nsmtpd_tls_cert_file = {here}/cert.pem\nsmtpd_tls_key_file = {here}/key.pem\n\
         smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {dovecot}/run/sasl\n\
         smtpd_relay_restrictions = permit_sasl_authenticated, reject\n"
    )
}

fn services(submission: u16, submissions: u16, open: u16) -> String {
    format!(
        "127.0.0.1:{submission} inet n - n - - smtpd\n\
         127.0.0.1:{submissions} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
         127.0.0.1:{open} inet n - n - - smtpd -o smtpd_relay_restrictions=reject_unauth_destination\n\
         cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\n\
         rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\nproxymap unix - - n - - proxymap\nerror unix - - n - - error\n\
         retry unix - - n - - error\nvirtual unix - n n - - virtual\nanvil unix - - n - 1 anvil\n\
         postlog unix-dgram n - n - 1 postlogd\n"
    )
}
