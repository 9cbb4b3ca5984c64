//! The hot step: one message through feed, engine and queue.
//!
//! In: a message. Out: records in the queue, and the times of the way. Hot path.

use super::publish::Publisher;
use super::source::Signal;
use super::staged::Stage;
use super::turn::Turn;
use crate::engine::Components;
use crate::sys::clock::SessionClock;
use crate::units::Ns;

/// Puts one message through; gives when it was parsed, decided and published, by the clock of the
/// laps. Never in line: cache warming is to run the very code that runs.
#[inline(never)]
pub(super) fn step<C: Components>(
    turn: &mut Turn<C>,
    (stage, out): (&mut Stage, &mut Publisher),
    clock: SessionClock,
    now: Ns,
    text: &[u8],
) -> [u64; 3] {
    let mut parsed = 0;
    let mut staged = stage.before(out);
    turn.take_marked(now, Signal::Message(text), &mut staged, || parsed = clock.mono_ns());
    let decided = clock.mono_ns();
    staged.flush();
    // What asks for no decision was parsed when the step was done.
    [if parsed == 0 { decided } else { parsed }, decided, clock.mono_ns()]
}
