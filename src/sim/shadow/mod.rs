//! The shadow ladder: what quotes at every distance would have met, whatever is quoted.
//!
//! In: when the market's messages come, the time, the market in the venue's order. Out: what its quotes met.
//! Hot path: fixed capacity.
//!
//! 1. A decision is made every so often on the session clock, from the best prices received by then, and
//!    takes effect after the run's own delay.
//! 2. The market is taken in the order in which the venue did it ([`super::hold`]), as the executor takes
//!    it: decisions of a block, then its prints, then its states.
//! 3. No own order is looked at: what is seen follows from the tape and the settings alone.

mod ladder;

use serde::{Deserialize, Serialize};

use self::ladder::{Decision, Ladder};
use super::hold::{Came, Takes};
use super::room::List;
use crate::event::shadow::Seen;
use crate::event::{Bbo, Snapshot, Trade};
use crate::limits::DECISIONS_MAX;
use crate::units::rules::Rules;
use crate::units::{Ns, Px};

/// How the ladder is run.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time between decisions, ns (> 0).
    pub every_ns: i64,
    /// From a decision to its effect, from the session clock to the venue's, ns.
    pub delay_ns: i64,
    /// From an event of the venue to its receipt as the session clock has it, ns, besides what stamps show.
    pub feed_ns: i64,
}

/// The ladder of one coin, and what waits for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shadow {
    ladder: Ladder,
    decisions: List<Decision>,
    /// When the next decision is made.
    next: Option<Ns>,
    /// The newest best prices received: block, prices.
    touch: (Ns, Option<[Px; 2]>),
    /// How long messages take, a running median, ns.
    lag: i64,
}

/// What is let go goes to the ladder.
struct Play<'a, O> {
    ladder: &'a mut Ladder,
    decisions: &'a mut List<Decision>,
    out: O,
}

impl<O: FnMut(Seen)> Play<'_, O> {
    fn until(&mut self, t: Ns) {
        let due = self.decisions.iter().take_while(|d| d.arrive <= t).count();
        for d in &self.decisions[..due] {
            self.ladder.decide(d, &mut self.out);
        }
        self.decisions.remove_first(due);
    }
}

impl<O: FnMut(Seen)> Takes for Play<'_, O> {
    fn prints(&mut self, prints: &[Trade]) {
        for p in prints {
            self.until(p.time);
            self.ladder.on_print(p, &mut self.out);
        }
    }

    fn bbo(&mut self, bbo: &Bbo) {
        self.until(bbo.time);
        if let (Some(bid), Some(ask)) = (bbo.bid, bbo.ask) {
            self.ladder.on_state(bbo.time, bid, ask, &mut self.out);
        }
    }

    fn book(&mut self, book: &Snapshot) {
        self.until(book.time);
        self.ladder.on_book(book, &mut self.out);
    }
}

impl Shadow {
    /// A ladder that has seen nothing.
    #[must_use]
    pub fn new(rules: Rules) -> Shadow {
        Shadow {
            ladder: Ladder::new(rules),
            decisions: List::new(DECISIONS_MAX),
            next: None,
            touch: (Ns(i64::MIN), None),
            lag: 0,
        }
    }

    /// A message came.
    pub fn on(&mut self, pace: &Pace, now: Ns, came: Came<'_>, out: &mut impl FnMut(Seen)) {
        self.on_time(pace, now, out);
        let (block, touch) = match came {
            Came::Bbo(bbo) => (bbo.time, bbo.bid.zip(bbo.ask)),
            Came::Book(book) => {
                (book.time, book.bids.first().copied().zip(book.asks.first().copied()))
            }
            Came::Prints(_) => return,
        };
        self.received(pace, now, block, touch.map(|(bid, ask)| [bid.px, ask.px]));
    }

    /// The session clock is at `now`: decisions are made.
    pub fn on_time(&mut self, pace: &Pace, now: Ns, out: &mut impl FnMut(Seen)) {
        let next = *self.next.get_or_insert(now.plus(Ns::SEC));
        if next <= now {
            self.decide(pace, now, next, out);
        }
    }

    /// Who takes what of the market is let go.
    pub fn takes<O: FnMut(Seen)>(&mut self, out: O) -> impl Takes {
        Play { ladder: &mut self.ladder, decisions: &mut self.decisions, out }
    }

    /// Makes the decisions from `next` up to `now`.
    fn decide(&mut self, pace: &Pace, now: Ns, next: Ns, out: &mut impl FnMut(Seen)) {
        let every = pace.every_ns.max(1);
        // After a pause those that are long past are left out.
        let missed = now.since(next) / every - i64::try_from(DECISIONS_MAX).unwrap_or(0);
        let mut t = next.plus(missed.max(0) * every);
        while t <= now {
            let d = Decision { arrive: t.plus(pace.delay_ns), touch: self.touch.1, lag: self.lag };
            t = t.plus(every);
            self.next = Some(t);
            while self.decisions.push(d).is_err() {
                self.decisions.iter().take(1).for_each(|d| self.ladder.decide(d, out));
                self.decisions.remove_first(1);
            }
        }
    }

    /// The link is down or trades were lost: what stood stands no more.
    pub fn on_hole(&mut self, out: &mut impl FnMut(Seen)) {
        self.ladder.hole(out);
        self.decisions.clear();
        self.touch = (Ns(i64::MIN), None);
    }

    fn received(&mut self, pace: &Pace, now: Ns, block: Ns, touch: Option<[Px; 2]>) {
        if touch.is_none() {
            return;
        }
        let lag = now.since(block).saturating_add(pace.feed_ns).clamp(0, Ns::MINUTE);
        let step = (lag - self.lag).signum() * (self.lag / 64);
        self.lag = if self.lag == 0 { lag } else { self.lag + step };
        if block >= self.touch.0 {
            self.touch = (block, touch);
        }
    }
}

#[cfg(test)]
mod tests;
