//! A value that is typed or piped in, and shown nowhere.

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use vault::sops::Text;
use zeroize::Zeroizing;

/// The longest value, in bytes.
const LONGEST: usize = 64 * 1024;

/// The value: typed twice on a terminal, else standard input to its end without a last line end.
pub(super) fn value(what: &str) -> anyhow::Result<Text> {
    let input = std::io::stdin();
    let value = if isatty(&input) { typed(what)? } else { text(whole(input.as_fd())?)? };
    anyhow::ensure!(!value.is_empty(), "the value is empty; nothing was changed");
    anyhow::ensure!(
        !value.contains('\0'),
        "the value holds a zero byte, which no credential does; nothing was changed"
    );
    Ok(value)
}

/// The same, typed once: what is asked for here is tried at once, and a slip shows. Piped in, it is one line.
pub(crate) fn prompt_once(what: &str) -> anyhow::Result<Text> {
    let input = std::io::stdin();
    if !isatty(&input) {
        return text(line(input.as_fd())?);
    }
    let terminal =
        File::options().read(true).write(true).open("/dev/tty").context("there is no terminal to ask on")?;
    let _silent = Silent::begin(terminal.as_fd())?;
    ask(&terminal, &format!("{what} (is not shown)"))
}

/// A line of standard input that is no secret. Nothing behind it is read.
pub(crate) fn input_line() -> anyhow::Result<String> {
    Ok(text(line(std::io::stdin().as_fd())?)?.to_string())
}

fn ask(terminal: &File, question: &str) -> anyhow::Result<Text> {
    use std::io::Write as _;
    let mut out = terminal;
    write!(out, "{question}: ")?;
    let line = line(terminal.as_fd())?;
    writeln!(out)?;
    text(line)
}

fn typed(what: &str) -> anyhow::Result<Text> {
    let terminal =
        File::options().read(true).write(true).open("/dev/tty").context("there is no terminal to ask on")?;
    let silent = Silent::begin(terminal.as_fd())?;
    let first = ask(&terminal, &format!("{what} (is not shown)"))?;
    let second = ask(&terminal, "The same again")?;
    drop(silent);
    anyhow::ensure!(first == second, "the two are not the same; nothing was changed");
    Ok(first)
}

fn text(bytes: Zeroizing<Vec<u8>>) -> anyhow::Result<Text> {
    let text =
        std::str::from_utf8(&bytes).ok().context("the value is not text (UTF-8); nothing was changed")?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    // What Ctrl-C puts in, which is not acted on while the terminal is silent, or it would stay so.
    anyhow::ensure!(!text.contains('\u{3}'), "interrupted; nothing was changed");
    Ok(Zeroizing::new(text.to_owned()))
}

/// Read by ourselves: the standard library's buffer would keep a copy.
fn whole(input: BorrowedFd<'_>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    read(input, 4096, |_| false)
}

fn line(input: BorrowedFd<'_>) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    // What comes behind it is somebody else's to read.
    read(input, 1, |bytes| bytes.ends_with(b"\n"))
}

fn read(
    input: BorrowedFd<'_>,
    step: usize,
    is_enough: impl Fn(&[u8]) -> bool,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut part = Zeroizing::new(vec![0; step]);
    while !is_enough(&bytes) {
        let count = match rustix::io::read(input, part.as_mut_slice()) {
            Ok(0) => break,
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(errno) => return Err(errno.into()),
        };
        anyhow::ensure!(
            bytes.len() + count <= LONGEST,
            "the value has more than {LONGEST} bytes; nothing was changed"
        );
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
    }
    Ok(bytes)
}

/// A terminal that shows nothing until this is dropped.
struct Silent<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

// === impl Silent ===

impl<'a> Silent<'a> {
    fn begin(terminal: BorrowedFd<'a>) -> anyhow::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _nothing_else_can_be_done = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
