//! The built programs, beside the test that runs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Where a program of the workspace is.
pub fn program(name: &str) -> PathBuf {
    // target/<profile>/deps/<test>
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    let program = folder.join(name);
    assert!(
        program.is_file(),
        "`{}` is not built; run `cargo build --workspace` (with the same profile) before the system tests",
        program.display()
    );
    program
}

/// Runs `moltctl` to its end.
pub fn moltctl(arguments: &[&str], input: &[u8]) -> Said {
    let mut child = Command::new(program("moltctl"))
        .args(arguments)
        .env_remove("MOLTBOT_HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("moltctl starts");
    let mut stdin = child.stdin.take().expect("its input is ours");
    let input = input.to_vec();
    let writing = std::thread::spawn(move || {
        // A command that needs no more input closes it.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("moltctl ends");
    writing.join().expect("the input is written");
    let text = |bytes| String::from_utf8(bytes).expect("moltctl writes text");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

// === impl Said ===

impl Said {
    /// Standard output of a command that succeeded.
    pub fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
