//! Watching a run until it ends: the full-screen view on a terminal, lines elsewhere.
//!
//! In: snapshots. Out: a terminal. Cold path: a thread that sleeps between two pictures.
//!
//! 1. Ctrl-C and `q` ask for an orderly end; a second Ctrl-C ends the process at once, and the
//!    terminal is itself again in both cases.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use super::exit::{Failure, Result};
use super::options::{ask, is_asked, is_quiet};
use super::{say, summary};
use crate::app::status::Status;
use crate::ops::serve::{Server, Source};
use crate::ops::snapshot::Snapshot;
use crate::sys::terminal::{self, Screen};
use crate::view::canvas::Canvas;
use crate::view::screen::{Choice, Trend, draw};

/// Looks, of which there are twenty a second, between two pictures, and between two lines of progress.
const PICTURE: u32 = 4;
const LINE: u32 = 100;

/// How a run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Full screen.
    Screen,
    /// A line a coin every five seconds.
    Lines,
    /// Not at all.
    Silent,
}

/// The full-screen view.
#[derive(Debug)]
pub(super) struct Viewer {
    screen: Screen,
    shown: Canvas,
    choice: Choice,
    trend: Trend,
    colours: bool,
    coins: usize,
    /// `q` leaves at once: nothing ends with the view.
    leaves: bool,
}

impl Way {
    /// The way that fits standard output and the options.
    pub(super) fn of(plain: bool, json: bool) -> Way {
        if json || is_quiet() {
            Way::Silent
        } else if plain || !terminal::is_viewable() {
            Way::Lines
        } else {
            Way::Screen
        }
    }
}

impl Viewer {
    /// Takes the terminal; `end` says what `q` does, `leaves` that it may do so unasked.
    pub(super) fn new(end: &str, leaves: bool) -> io::Result<Viewer> {
        Ok(Viewer {
            screen: Screen::enter()?,
            shown: Canvas::default(),
            choice: Choice { end: end.to_owned(), ..Choice::default() },
            trend: Trend::default(),
            colours: terminal::is_coloured(),
            coins: 0,
            leaves,
        })
    }

    /// Takes keys pressed; whether they ask for the end.
    pub(super) fn keys(&mut self) -> bool {
        let coins = self.coins;
        let keys = self.screen.keys();
        let mut rest = &keys[..];
        while let Some((key, tail)) = rest.split_first() {
            rest = tail;
            if std::mem::take(&mut self.choice.asks) && matches!(key, b'y' | b'Y' | b'q' | b'Q') {
                return true;
            }
            match key {
                0x03 => return true,
                // What only looks may be left at once.
                b'q' | b'Q' if self.leaves => return true,
                b'q' | b'Q' => self.choice.asks = true,
                b'?' | b'h' => self.choice.help = !self.choice.help,
                b'f' | b'\r' | b'\n' => self.choice.alone = !self.choice.alone,
                b'\t' | b'n' => self.turn(1, coins),
                b'p' => self.turn(coins.saturating_sub(1), coins),
                b'1'..=b'9' => self.choice.first = usize::from(key - b'1'),
                0x1b => match rest {
                    // Arrows and shift-tab come as three bytes.
                    [b'[', b'C' | b'B', ..] => self.turn(1, coins),
                    [b'[', b'D' | b'A' | b'Z', ..] => self.turn(coins.saturating_sub(1), coins),
                    _ => {}
                },
                _ => {}
            }
            if *key == 0x1b {
                rest = rest.get(2..).unwrap_or_default();
            }
        }
        false
    }

    fn turn(&mut self, by: usize, coins: usize) {
        self.choice.first = (self.choice.first + by) % coins.max(1);
    }

    /// Brings the terminal to the newest state.
    pub(super) fn show(&mut self, s: &Snapshot) -> io::Result<()> {
        self.coins = s.status.coins.len();
        let (width, height) = terminal::size();
        self.trend.take(s);
        let next = draw(s, &self.trend, &self.choice, width, height);
        terminal::show(&next.change_from(&self.shown, self.colours))?;
        self.shown = next;
        Ok(())
    }
}

/// Listens on the address of `--metrics`, early: a run that cannot be had begins nothing.
pub(super) fn listen(addr: Option<&str>) -> Result<Option<TcpListener>> {
    let Some(text) = addr else { return Ok(None) };
    // A port alone is a port of this machine.
    let full = if text.contains(':') { text.to_owned() } else { format!("127.0.0.1:{text}") };
    let listener = TcpListener::bind(&full).map_err(|e| {
        Failure::usage(format!("--metrics {text}: {e}; use host:port or a port, e.g. 9464"))
    })?;
    Ok(Some(listener))
}

/// Looks at a run for a person, and serves its snapshots to others; dropping it closes their sockets.
pub(super) struct Watcher {
    way: Way,
    source: Source,
    viewer: RefCell<Option<Viewer>>,
    looks: Cell<u32>,
    _servers: Vec<Server>,
}

impl Watcher {
    /// Opens the sockets of a run in `folder` (where its disk knows none, `top` needs the address of
    /// `--metrics`), and takes the terminal where the view is wanted and to be had.
    pub(super) fn new(
        way: Way,
        (folder, metrics): (&Path, Option<TcpListener>),
        source: Source,
    ) -> Watcher {
        let tcp = metrics.map(|listener| Server::tcp(listener, Arc::clone(&source)));
        let unix = Server::unix(folder, Arc::clone(&source));
        let viewer = match way {
            Way::Screen => Viewer::new("end the run", false).ok(),
            Way::Lines | Way::Silent => None,
        };
        Watcher {
            way,
            source,
            viewer: RefCell::new(viewer),
            looks: Cell::new(0),
            _servers: tcp.into_iter().chain([unix]).filter_map(std::result::Result::ok).collect(),
        }
    }

    /// One look, twenty times a second.
    pub(super) fn look(&self, status: &Status) {
        let looks = self.looks.get().wrapping_add(1);
        self.looks.set(looks);
        let mut viewer = self.viewer.borrow_mut();
        let Some(v) = viewer.as_mut() else {
            if self.way != Way::Silent && looks.is_multiple_of(LINE) {
                say(&summary::progress(status));
            }
            return;
        };
        let ends = v.keys();
        let is_due = looks.is_multiple_of(PICTURE);
        let shown = if is_due { v.show(&(self.source)()) } else { Ok(()) };
        if ends || is_asked() || shown.is_err() {
            // From here on a signal ends the process at once: the terminal goes first.
            *viewer = None;
            if shown.is_ok() {
                ask();
                say("ending in order; Ctrl-C again ends at once\n");
            }
        }
    }

    /// Says a line, where the view does not show the same.
    pub(super) fn say(&self, text: &str) {
        if self.way != Way::Silent && self.viewer.borrow().is_none() {
            say(text);
        }
    }
}
