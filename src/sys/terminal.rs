//! The terminal: whether there is one, how large it is, keys, and putting it back as it was.
//!
//! In: standard input and output. Out: sizes, bytes of keys. Cold path.
//!
//! 1. Whatever ends the process in order, a panic included, restores the terminal first.
//! 2. Only a process in the foreground touches it: one in the background would be stopped.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use rustix::termios::{self, OptionalActions, Termios};

/// To the other screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
/// And back.
const LEAVE: &str = "\x1b[0m\x1b[?25h\x1b[?1049l";

/// The terminal's settings while they are changed; of an input that is no terminal, none.
static SAVED: Mutex<Option<Option<Termios>>> = Mutex::new(None);

/// What was said of colours.
static COLOUR: OnceLock<bool> = OnceLock::new();

/// The terminal taken over for a full-screen view; dropping it gives it back.
#[derive(Debug)]
pub struct Screen {
    keys: Option<mpsc::Receiver<u8>>,
}

/// Whether a full-screen view makes sense: standard output is a terminal that knows escape
/// sequences, and this process is in its foreground.
pub fn is_viewable() -> bool {
    let out = io::stdout();
    let dumb = std::env::var_os("TERM").is_none_or(|t| t.is_empty() || t == "dumb");
    let foreground = termios::tcgetpgrp(&out).is_ok_and(|g| g == rustix::process::getpgrp());
    out.is_terminal() && !dumb && foreground
}

/// Whether colours are wanted: <https://no-color.org>.
pub fn is_coloured() -> bool {
    let wanted = || std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    COLOUR.get().copied().unwrap_or_else(wanted)
}

/// Colours are wanted, or not, whatever the environment says; the first call counts.
pub fn colour(wanted: bool) {
    let _ = COLOUR.set(wanted);
}

/// Columns and lines of the terminal on standard output; 80 by 24 where it does not say.
pub fn size() -> (usize, usize) {
    match termios::tcgetwinsize(io::stdout()) {
        Ok(w) if w.ws_col > 0 && w.ws_row > 0 => (w.ws_col.into(), w.ws_row.into()),
        _ => (80, 24),
    }
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn enter() -> io::Result<Screen> {
        let input = io::stdin();
        let keys = if input.is_terminal() {
            let before = termios::tcgetattr(&input)?;
            let mut raw = before.clone();
            raw.make_raw();
            save(Some(before));
            termios::tcsetattr(&input, OptionalActions::Now, &raw)?;
            Some(listen())
        } else {
            save(None);
            None
        };
        show(ENTER)?;
        Ok(Screen { keys })
    }

    /// Keys pressed since the last call, as bytes.
    pub fn keys(&self) -> Vec<u8> {
        self.keys.as_ref().map(|k| k.try_iter().collect()).unwrap_or_default()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Sends bytes to the terminal as one piece, so that it draws no half pictures.
///
/// # Errors
/// The terminal is gone.
pub fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("\x1b[?2026h{text}\x1b[?2026l").as_bytes())?;
    out.flush()
}

/// Puts the terminal back as it was, where it was changed.
pub fn restore() {
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(saved) = saved else { return };
    let _ = show(LEAVE);
    if let Some(before) = saved {
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Flush, &before);
    }
}

fn save(saved: Option<Termios>) {
    *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
}

/// Reads keys on a thread of its own, which ends with the process.
fn listen() -> mpsc::Receiver<u8> {
    let (to, from) = mpsc::channel();
    // Where there is no thread there are no keys; signals still work.
    let _ = std::thread::Builder::new().name("keys".into()).spawn(move || {
        let mut byte = [0u8; 1];
        while let Ok(1) = io::stdin().read(&mut byte) {
            if to.send(byte[0]).is_err() {
                return;
            }
        }
    });
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restoring_what_was_not_changed_does_nothing() {
        restore();
        restore();
        let (width, height) = size();
        assert!(width > 0 && height > 0);
    }
}
