//! What the lines of a recording mean: messages, and the link's ups and downs as recorded or implied.
//!
//! In: stamped lines. Out: signals, and what was seen. Cold path around the hot one.
//!
//! 1. Our own recordings say when the link came up and went down. Others do not: their first frame
//!    means up, and a silence of `MESSAGE_SILENCE_NS` means down, as a live link would have been
//!    given up then, and up again at the next frame.
//!    A file of a run that is missing is a hole: what was open is lost, and open again at the next line.
//! 2. The end of the recording is the time of its last line.

use std::path::PathBuf;

use super::events::is_events;
use super::source::{Signal, Source};
use crate::feed::{
    CoinSpec, Control, Counters, Loss, Parser, SIMULATED, control, imported, is_coin, listed,
    lost_frames, set_aside,
};
use crate::folder::recording::{Fault, LeftOut, Meter, Reader, RecordingError, Tail};
use crate::limits::{MESSAGE_SILENCE_NS, SOCKETS, SOCKETS_MAX};
use crate::units::Ns;

/// What a replay went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Frames read, control lines included.
    pub frames: u64,
    /// Stamp of the first line.
    pub from: Ns,
    /// Stamp of the last line.
    pub to: Ns,
    /// Times the link went down.
    pub downs: u64,
    /// Frames that the recording says it misses: the disk fell behind.
    pub missing: u64,
    /// The feed's counters.
    pub counters: Counters,
    /// How the recording ends.
    pub tail: Tail,
    /// Lines and stamps that were not taken as they stand.
    pub left_out: LeftOut,
}

/// What the lines of a recording mean: messages, and the link's ups and downs as recorded or implied.
#[derive(Debug, Default)]
pub struct Lines {
    pub(super) seen: Outcome,
    /// The recording is our own: it says when the link changed.
    pub(super) ours: bool,
    pub(super) last: Option<Ns>,
    /// Connections that are open.
    open: [bool; SOCKETS],
    /// Those that were at a hole, until the next line.
    again: [bool; SOCKETS],
}

impl Lines {
    /// Goes on behind the line stamped `last`, with these connections open.
    pub(super) fn behind(seen: Outcome, (ours, last): (bool, Ns), open: [bool; SOCKETS]) -> Lines {
        Lines { seen, ours, last: Some(last), open, ..Lines::default() }
    }

    /// One line, stamped `at`. `to` is given what it means.
    pub fn read(&mut self, at: Ns, line: &[u8], mut to: impl FnMut(Ns, Signal<'_>)) {
        if self.seen.frames == 0 {
            self.seen.from = at;
        }
        self.seen.frames += 1;
        self.seen.to = at;
        if self.again != [false; SOCKETS] {
            let again = (0..SOCKETS_MAX).zip(std::mem::take(&mut self.again));
            again.filter(|s| s.1).for_each(|(s, _)| to(at, Signal::Up(s)));
        }
        if let Some((what, socket)) = control(line) {
            if what == Control::Hole {
                self.again = self.open;
                self.down(at, &mut to);
            } else if let Some(open) = self.open.get_mut(usize::from(socket)) {
                self.ours = true;
                *open = match what {
                    Control::Up => true,
                    Control::Down => false,
                    _ => *open,
                };
                to(at, signal(what, socket));
            }
        } else if let Some((coin, aside)) = set_aside(line) {
            to(at, Signal::Aside(coin, aside));
        } else if let Some(missing) = lost_frames(line) {
            self.seen.missing = self.seen.missing.saturating_add(missing);
        } else if line == SIMULATED || imported(line).is_some() {
            // What a recording says of itself is no message: the link is up from the first on.
            self.last = None;
            return;
        } else if is_coin(line) {
            // Their rules were read before the replay.
            if let Some((coin, socket)) = listed(line) {
                to(at, Signal::On(&coin.name, socket));
            }
        } else {
            if !self.ours && self.last.is_none_or(|l| at.since(l) >= MESSAGE_SILENCE_NS) {
                self.imply(at, &mut to);
            }
            to(at, Signal::Message(line));
        }
        self.last = Some(at);
    }

    /// A recording ends and another one follows: what lies between them is a hole.
    pub fn next_file(&mut self, mut to: impl FnMut(Ns, Signal<'_>)) {
        if let Some(last) = self.last.take() {
            self.down(last, &mut to);
        }
        (self.ours, self.open) = (false, [false; SOCKETS]);
    }

    /// Whatever is open is lost; of a recording of ours that may be several connections.
    #[cold]
    fn down(&mut self, at: Ns, to: &mut impl FnMut(Ns, Signal<'_>)) {
        (0..SOCKETS_MAX).for_each(|s| to(at, Signal::Down(s, Loss::Lost)));
        self.seen.downs += 1;
    }

    /// A recording of somebody else: the first frame means up, silence means down and up again.
    #[cold]
    fn imply(&mut self, at: Ns, to: &mut impl FnMut(Ns, Signal<'_>)) {
        if let Some(last) = self.last {
            to(last.plus(MESSAGE_SILENCE_NS), Signal::Down(0, Loss::Lost));
            self.seen.downs += 1;
        }
        to(at, Signal::Up(0));
    }

    /// What was seen so far, but for the feed's counters and the recording's tail.
    pub fn seen(&self) -> Outcome {
        self.seen
    }
}

/// What a line of our own means.
fn signal(line: Control, socket: u8) -> Signal<'static> {
    match line {
        Control::Up => Signal::Up(socket),
        Control::Down => Signal::Down(socket, Loss::Lost),
        Control::Behind => Signal::Behind(true),
        Control::Drained => Signal::Behind(false),
        Control::Stop | Control::Still | Control::Hole => Signal::Time,
        Control::Ping => Signal::Pinged(socket),
        Control::From => Signal::From(socket),
    }
}

/// Why recordings could not be replayed: which one, and the fault.
pub type Unread = (PathBuf, RecordingError);

/// Reads recordings, in order of time; `to` is given each signal with the source that is to take it.
///
/// # Errors
/// A recording cannot be read or joined, or its coins cannot be followed.
pub(super) fn read(
    files: &[PathBuf],
    coins: &[CoinSpec],
    parser: Parser,
    meter: &Meter,
    mut to: impl FnMut(&mut Source, Ns, Signal<'_>),
) -> Result<(Source, Outcome), Unread> {
    let fault = |fault| RecordingError { line: 0, fault };
    let first = || files.first().cloned().unwrap_or_default();
    let source = Source::new(parser, coins, 0).map_err(|_| (first(), fault(Fault::Coins)));
    let (mut source, mut lines) = (source?, Lines::default());
    let (mut left_out, mut tail) = (LeftOut::default(), Tail::Whole);
    for path in files {
        let mut one = || {
            if is_events(path) {
                return Err(fault(Fault::NotJoined));
            }
            let mut reader = Reader::open_metered(path, meter)?;
            lines.next_file(|at, signal| to(&mut source, at, signal));
            while let Some(line) = reader.step()?.filter(|line| meter.goes_on(line.at)) {
                lines.read(line.at, line.bytes(), |at, signal| to(&mut source, at, signal));
            }
            left_out = left_out.and(reader.left_out());
            tail = reader.tail();
            Ok(())
        };
        one().map_err(|e| (path.clone(), e))?;
    }
    let counters = source.feed().counters();
    Ok((source, Outcome { tail, left_out, counters, ..lines.seen() }))
}
