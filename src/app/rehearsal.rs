//! A second feed and engine that take the newest message again and again while nothing comes.
//!
//! In: messages, and the time where nothing was read. Out: nothing. Hot path of a loop that polls
//! without rest: no allocation.
//!
//! A processor unlearns what it does not do: after a hundredth of a second of looking for bytes,
//! reading a message takes ten times as long as in a row. Rehearsing keeps the instructions and
//! branches of the path at hand; what it works on is its own.
//!
//! 1. Nothing of it reaches a record, an order, a file or the engine that quotes.
//! 2. It is at work only when a read found nothing, at most once in [`REHEARSE_NS`].

use crate::engine::publish::Publish;
use crate::feed::Loss;
use crate::journal::Digest;
use crate::limits::REHEARSE_NS;
use crate::record::{Body, Record};
use crate::units::{CoinId, Ns};

use super::turn::Turn;

/// Bytes of the longest message that is rehearsed: a book of both sides has about 3,000.
const MESSAGE_BYTES: usize = 8 << 10;

/// Encodes and hashes records, as the publisher of a run does, and keeps none.
#[derive(Debug, Default)]
struct Void {
    seq: u64,
    digest: Digest,
}

impl Publish for Void {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        let record = Record { seq: self.seq, at, coin, body: body.into() };
        self.digest.update(&record.encode());
        self.seq += 1;
    }
}

/// What is rehearsed with.
#[derive(Debug)]
pub struct Rehearsal {
    turn: Turn,
    out: Void,
    message: Vec<u8>,
    begun: bool,
    /// When the last one was, by the clock of the laps.
    at: u64,
    times: u64,
}

impl Rehearsal {
    /// Rehearses with `turn`, which is to be like the one of the run, and is no longer of use.
    #[must_use]
    pub fn new(turn: Turn) -> Rehearsal {
        let message = Vec::with_capacity(MESSAGE_BYTES);
        Rehearsal { turn, out: Void::default(), message, begun: false, at: 0, times: 0 }
    }

    /// The link came up.
    pub fn up(&mut self, now: Ns) {
        if !self.begun {
            self.begun = true;
            self.turn.start(now, &mut self.out);
        }
        self.turn.up(now, &mut self.out);
    }

    /// The link went down.
    pub fn down(&mut self, now: Ns) {
        self.message.clear();
        self.turn.down(now, Loss::Lost, &mut self.out);
    }

    /// A message was taken. Longer ones than a book are not rehearsed.
    pub fn heard(&mut self, text: &[u8]) {
        if text.len() <= MESSAGE_BYTES {
            self.message.clear();
            self.message.extend_from_slice(text);
        }
    }

    /// Nothing was read at `now`, which is `mono` on the clock of the laps.
    pub fn rehearse(&mut self, mono: u64, now: Ns) {
        if self.message.is_empty() || mono.saturating_sub(self.at) < REHEARSE_NS {
            return;
        }
        self.at = mono;
        self.times += 1;
        self.turn.message(now, &self.message, &mut self.out);
    }

    /// How often the path was rehearsed.
    #[must_use]
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
        let (cfg, coins) = (Config::default(), &frames.coins);
        let mut r = Rehearsal::new(Turn::new(&cfg.engine, coins, [0; 2]).expect("coins"));
        let mut mono = 0;
        let mut idle = |r: &mut Rehearsal, now: Ns, by: u64| {
            mono += by;
            r.rehearse(mono, now);
            (r.times(), r.turn.feed().counters().messages)
        };
        assert_eq!(idle(&mut r, Ns(1), REHEARSE_NS), (0, 0), "nothing was heard yet");
        let mut rounds = 0;
        for (now, text) in frames.iter() {
            if rounds == 0 {
                r.up(now);
            }
            r.heard(text);
            assert_eq!(idle(&mut r, now, REHEARSE_NS), (rounds + 1, rounds + 1));
            assert_eq!(idle(&mut r, now, REHEARSE_NS - 1), (rounds + 1, rounds + 1));
            assert_eq!(idle(&mut r, now, 1), (rounds + 2, rounds + 2));
            rounds += 2;
        }
        assert!(r.out.seq > 100, "the whole path, to the records: {}", r.out.seq);
        assert_eq!(r.turn.feed().counters().rejects(), 0);
        let end = frames.iter().last().expect("frames").0;
        r.down(end);
        assert_eq!(idle(&mut r, end, REHEARSE_NS).0, rounds, "nothing is heard without a link");
        r.up(end);
        r.heard(&vec![b'x'; MESSAGE_BYTES + 1]);
        assert_eq!(idle(&mut r, end, REHEARSE_NS).0, rounds, "too long");
    }
}
