//! The exit codes, in one table; README and `--help` print the same one.
//!
//! In: a failure with its text. Out: a process exit code. Cold path.

use std::fmt;
use std::path::Path;

/// How a command ended, when not well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// A check that was asked for failed: digests differ, damage found, a bound exceeded.
    Check = 1,
    /// The command line or the configuration is wrong; nothing was done.
    Usage = 2,
    /// The venue cannot be reached, refused, or does not know a coin.
    Venue = 3,
    /// The disk: a folder cannot be written, it is full, the journal failed.
    Disk = 4,
    /// An input file cannot be read or is not what it should be.
    Input = 5,
    /// A broken invariant of the program itself.
    Internal = 70,
}

impl Code {
    /// Every code with its sentence.
    pub const TABLE: &'static [(u8, &'static str)] = &[
        (0, "done; also after Ctrl-C or SIGTERM, when everything was written"),
        (1, "a check failed: digests differ, a journal is damaged, a stated bound is exceeded"),
        (2, "the command line or the configuration is wrong"),
        (3, "the venue cannot be reached, refused the connection, or does not know a coin"),
        (4, "the disk: a folder cannot be written, it is full, or the journal failed"),
        (5, "an input file cannot be read or is not what it should be"),
        (70, "a broken invariant of the program itself; please report it"),
        (130, "Ctrl-C before there was a result, or a second one, ended the program at once"),
        (143, "the same by SIGTERM"),
    ];
}

/// A failure of a command: the code and one line that says what to do.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Exit code.
    pub code: Code,
    /// One line for the terminal.
    pub text: String,
}

/// What comes of a step of a command.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure with a code and a line.
    pub fn new(code: Code, text: impl Into<String>) -> Failure {
        Failure { code, text: text.into() }
    }

    /// The command line or configuration is wrong.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure::new(Code::Usage, text)
    }

    /// An input file is wrong.
    pub fn input(text: impl Into<String>) -> Failure {
        Failure::new(Code::Input, text)
    }

    /// The disk failed.
    pub fn disk(text: impl Into<String>) -> Failure {
        Failure::new(Code::Disk, text)
    }

    /// The program failed, or what it needs of the system.
    pub fn internal(text: impl Into<String>) -> Failure {
        Failure::new(Code::Internal, text)
    }

    /// The venue failed.
    pub fn venue(text: impl Into<String>) -> Failure {
        Failure::new(Code::Venue, text)
    }

    /// A check that was asked for failed.
    pub fn check(text: impl Into<String>) -> Failure {
        Failure::new(Code::Check, text)
    }

    /// A file that cannot be written.
    pub fn unwritten(path: &Path, e: impl fmt::Display) -> Failure {
        Failure::disk(format!("cannot write {}: {e}", path.display()))
    }

    /// A file that cannot be read.
    pub fn unread(path: &Path, e: impl fmt::Display) -> Failure {
        Failure::input(format!("cannot read {}: {e}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.text))
    }
}

impl std::error::Error for Failure {}

/// A line in words: without the numbers by which systems name their errors.
fn plain(text: &str) -> String {
    let words = [
        ("No such file or directory", "there is no such file or folder"),
        ("entity not found", "there is no such file or folder"),
        ("File exists", "a file of that name is there"),
        ("Is a directory", "it is a folder"),
        ("Not a directory", "a part of the path is a file"),
        ("stream did not contain valid UTF-8", "it is no text"),
    ];
    let mut out = words.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    while let Some(from) = out.find(" (os error ") {
        let Some(length) = out[from..].find(')') else { break };
        out.replace_range(from..=from + length, "");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_in_words() {
        let text = "cannot read x: No such file or directory (os error 2); see y (os error 17).";
        let said = Failure::input(text).to_string();
        assert_eq!(said, "cannot read x: there is no such file or folder; see y.");
    }
}
