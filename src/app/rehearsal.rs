//! Cache warming: replays the newest message of each stream through a shadow pipeline while the socket is
//! idle.
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
use crate::feed::{Loss, Stream};
use crate::journal::Digest;
use crate::limits::{REHEARSE_NS, REHEARSED_MAX, REHEARSED_NS, STAGED_MAX};
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
    /// The newest message of each stream, and when it was taken.
    messages: [(u64, Vec<u8>); Stream::ALL.len()],
    /// Stream of the newest one of all, and of the one that is rehearsed next.
    newest: usize,
    next: usize,
    /// When the last rehearsal was, by the clock of the laps.
    at: u64,
    times: u64,
}

impl<C: Components> Rehearsal<C> {
    /// Rehearses with `turn`, which is to be like the one of the run, and is no longer of use.
    pub fn new(turn: Turn<C>) -> Rehearsal<C> {
        let messages = Stream::ALL.map(|_| (0, Vec::with_capacity(REHEARSED_MAX)));
        let (out, end) = Publisher::new(STAGED_MAX, 0, Digest::default());
        Rehearsal { turn, out, end, messages, newest: 0, next: 0, at: 0, times: 0 }
    }

    /// The link came up.
    pub fn up(&mut self, now: Ns) {
        self.turn.up(0, now, &mut self.out);
        self.forget();
    }

    /// The link went down.
    pub fn down(&mut self, now: Ns) {
        self.messages.iter_mut().for_each(|(_, text)| text.clear());
        self.turn.down(0, now, Loss::Lost, &mut self.out);
        self.forget();
    }

    /// A message was taken at `mono`, and is rehearsed first. One of no stream, or longer than a book, is not.
    pub fn heard(&mut self, mono: u64, stream: Option<Stream>, text: &[u8]) {
        if let Some(stream) = stream.filter(|_| text.len() <= REHEARSED_MAX) {
            (self.newest, self.next) = (stream.index(), stream.index());
            let (at, kept) = &mut self.messages[stream.index()];
            *at = mono;
            kept.clear();
            kept.extend_from_slice(text);
        }
    }

    /// The message whose turn it is. Those of other streams than the newest one only while they are young:
    /// old trades would be taken for a history.
    fn turn_of(&mut self, mono: u64) -> Option<usize> {
        let all = self.messages.len();
        let due = (0..all).map(|i| (self.next + i) % all).find(|i| {
            let (at, text) = &self.messages[*i];
            !text.is_empty() && (*i == self.newest || mono.saturating_sub(*at) < REHEARSED_NS)
        })?;
        self.next = due + 1;
        Some(due)
    }

    /// Nothing was read at `mono` on the clock of the laps. The instructions are not all that a processor
    /// forgets: what the turn of the run reads when it decides is looked at as well, and records go
    /// through its stage.
    pub fn rehearse(&mut self, clock: SessionClock, mono: u64, real: (&Turn<C>, &mut Stage)) {
        if mono.saturating_sub(self.at) < REHEARSE_NS {
            return;
        }
        let Some(due) = self.turn_of(mono) else { return };
        self.at = mono;
        self.times += 1;
        let (turn, stage) = real;
        let now = clock.at(mono);
        step(&mut self.turn, (stage, &mut self.out), clock, now, &self.messages[due].1);
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
        let bbo = Some(Stream::Bbo);
        assert_eq!(idle(&mut r, REHEARSE_NS), (0, 0), "nothing was heard yet");
        r.up(clock.at(0));
        let mut rounds = 0;
        for (_, text) in frames.iter() {
            r.heard(0, bbo, text);
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
        r.heard(0, bbo, &vec![b'x'; REHEARSED_MAX + 1]);
        r.heard(0, None, b"{}");
        assert_eq!(idle(&mut r, REHEARSE_NS).0, rounds, "too long, of no stream");
    }

    #[test]
    fn streams_take_turns_the_newest_first_and_the_old_ones_no_more() {
        let frames = Frames::embedded(3, 1, 0);
        let turn = Turn::new(&Config::quoting().engine, &frames.coins, [0; 2]).expect("coins");
        let mut r = Rehearsal::new(turn);
        let [bbo, fast, trades] = [Stream::Bbo, Stream::Fast, Stream::Trades].map(Stream::index);
        r.heard(1, Some(Stream::Trades), b"t");
        r.heard(2, Some(Stream::Bbo), b"b");
        r.heard(3, Some(Stream::Fast), b"f");
        let turns = |r: &mut Rehearsal, mono| [0; 4].map(|_| r.turn_of(mono));
        assert_eq!(turns(&mut r, 4), [fast, trades, bbo, fast].map(Some));
        r.heard(5, Some(Stream::Bbo), b"b");
        assert_eq!(turns(&mut r, 6), [bbo, fast, trades, bbo].map(Some));
        let later = 5 + REHEARSED_NS;
        assert_eq!(turns(&mut r, later), [bbo; 4].map(Some), "the newest is rehearsed at any age");
    }
}
