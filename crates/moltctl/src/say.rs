//! Saying something on standard output, to a reader who may have gone.

/// Prints a line.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::line(format_args!($($words)*)) };
}

/// Prints a line. When nobody reads any more there is nothing left to do; other failures are the terminal's own.
pub(crate) fn line(words: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    if let Err(error) = writeln!(std::io::stdout(), "{words}")
        && error.kind() == std::io::ErrorKind::BrokenPipe
    {
        // As a program that SIGPIPE ends: 128 + 13.
        std::process::exit(141);
    }
}

/// Asks for the owner's yes on the terminal: the whole word, so that no stray key says it.
pub(crate) fn is_agreed(question: &str) -> anyhow::Result<bool> {
    use std::io::Write as _;
    write!(std::io::stdout(), "{question} Type yes to go on: ")?;
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}
