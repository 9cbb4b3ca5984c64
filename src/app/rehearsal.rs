//! Cache warming: replays the newest message through a shadow pipeline while the socket is idle.
//!
//! In: messages, and the time where nothing was read. Out: nothing. Hot path of a loop that polls
//! without rest: no allocation.
//!
//! After a hundredth of a second of polling, the path of a message has left the caches and branch
//! predictors: the next one takes ten times as long. Warming keeps them filled. Feed and engine are
//! its own but for the list in which records wait, which is empty between messages; the state that the
//! run's engine would read next is prefetched besides.
//!
//! 1. Nothing of it reaches a record, an order, a file or the engine that quotes.
//! 2. It is at work only when a read found nothing, at most once in [`REHEARSE_NS`].

use rtrb::Consumer;

use super::publish::Publisher;
use super::staged::Stage;
use super::step::step;
use super::turn::Turn;
use crate::engine::{Components, Shipped};
use crate::feed::Loss;
use crate::journal::Digest;
use crate::limits::{REHEARSE_NS, REHEARSED_MAX, STAGED_MAX};
use crate::record::Bytes;
use crate::sys::clock::SessionClock;
use crate::units::Ns;

/// What is rehearsed with.
#[derive(Debug)]
pub struct Rehearsal<C: Components = Shipped> {
    turn: Turn<C>,
    out: Publisher,
    /// The other end of its queue, which is emptied at once.
    end: Consumer<Bytes>,
    message: Vec<u8>,
    /// When the last one was, by the clock of the laps.
    at: u64,
    times: u64,
}

impl<C: Components> Rehearsal<C> {
    /// Rehearses with `turn`, which is to be like the one of the run, and is no longer of use.
    pub fn new(turn: Turn<C>) -> Rehearsal<C> {
        let message = Vec::with_capacity(REHEARSED_MAX);
        let (out, end) = Publisher::new(STAGED_MAX, 0, Digest::new());
        Rehearsal { turn, out, end, message, at: 0, times: 0 }
    }

    /// The link came up.
    pub fn up(&mut self, now: Ns) {
        self.turn.up(0, now, &mut self.out);
        self.forget();
    }

    /// The link went down.
    pub fn down(&mut self, now: Ns) {
        self.message.clear();
        self.turn.down(0, now, Loss::Lost, &mut self.out);
        self.forget();
    }

    /// A message was taken. Longer ones than a book are not rehearsed.
    pub fn heard(&mut self, text: &[u8]) {
        if text.len() <= REHEARSED_MAX {
            self.message.clear();
            self.message.extend_from_slice(text);
        }
    }

    /// Nothing was read at `mono` on the clock of the laps. The instructions are not all that a processor
    /// forgets: what the turn of the run reads when it decides is looked at as well, and records go
    /// through its stage.
    pub fn rehearse(&mut self, clock: SessionClock, mono: u64, real: (&Turn<C>, &mut Stage)) {
        if self.message.is_empty() || mono.saturating_sub(self.at) < REHEARSE_NS {
            return;
        }
        self.at = mono;
        self.times += 1;
        let (turn, stage) = real;
        let now = clock.at(mono);
        step(&mut self.turn, (stage, &mut self.out), clock, now, &self.message);
        self.forget();
        turn.prefetch(now, self.times);
    }

    /// Nobody else reads what was published.
    fn forget(&mut self) {
        while self.end.pop().is_ok() {}
    }

    /// How often the path was rehearsed.
    pub fn times(&self) -> u64 {
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;
    use crate::bench::input::Frames;

    #[test]
    fn what_was_heard_is_gone_through_again_and_not_too_often() {
        let frames = Frames::embedded(3, 200, 0);
        let (cfg, coins) = (Config::quoting(), &frames.coins);
        let mut r = Rehearsal::new(Turn::new(&cfg.engine, coins, [0; 2]).expect("coins"));
        let clock = SessionClock::start(1);
        let (real, mut stage) =
            (Turn::new(&cfg.engine, coins, [0; 2]).expect("coins"), Stage::default());
        let mut mono = 0;
        let mut idle = |r: &mut Rehearsal, by: u64| {
            mono += by;
            r.rehearse(clock, mono, (&real, &mut stage));
            assert_eq!(r.end.slots(), 0);
            (r.times(), r.turn.feed().counters().messages)
        };
        assert_eq!(idle(&mut r, REHEARSE_NS), (0, 0), "nothing was heard yet");
        r.up(clock.at(0));
        let mut rounds = 0;
        for (_, text) in frames.iter() {
            r.heard(text);
            // Half a second each, so that quotes change.
            assert_eq!(idle(&mut r, 500_000_000), (rounds + 1, rounds + 1));
            assert_eq!(idle(&mut r, REHEARSE_NS - 1), (rounds + 1, rounds + 1));
            assert_eq!(idle(&mut r, 1), (rounds + 2, rounds + 2));
            rounds += 2;
        }
        let published = r.out.published();
        assert!(published.next_seq > 100 && published.dropped == 0, "{published:?}");
        assert_eq!(r.turn.feed().counters().rejects(), 0);
        r.down(clock.at(100 * 1_000_000_000));
        assert_eq!(idle(&mut r, REHEARSE_NS).0, rounds, "nothing is heard without a link");
        r.up(clock.at(101 * 1_000_000_000));
        r.heard(&vec![b'x'; REHEARSED_MAX + 1]);
        assert_eq!(idle(&mut r, REHEARSE_NS).0, rounds, "too long");
    }
}
