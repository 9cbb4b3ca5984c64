//! One own order at a time in a simulator of each model.
//!
//! In: what the feed shows, orders. Out: when each model thinks each order was filled. Cold path.

use crate::book::{self, Book};
use crate::event::Trade;
use crate::event::own::{LANES, OrderReason};
use crate::sim::config::Config;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::units::Ns;
use crate::units::rules::Rules;

/// A book with one simulator a model.
pub(super) struct Slot {
    book: Book,
    sims: Vec<(Config, Sim)>,
}

/// By model and order, when it was filled whole.
pub(super) type Filled = Vec<Vec<Option<Ns>>>;

/// What the simulator of a model said.
fn hear(filled: &mut [Option<Ns>], event: SimEvent) {
    // The block that filled the rest of it; its order is called done when a later one is heard of.
    if let SimEvent::Fill(f) = event
        && f.lane == LANES[0]
        && f.open.0 == 0
    {
        filled[usize::try_from(f.id).unwrap_or(usize::MAX)] = Some(f.time);
    }
}

impl Slot {
    /// Simulators of each of `settings` under the venue's `rules`.
    pub(super) fn new(settings: &[Config], rules: Rules, seed: u64) -> Slot {
        let mut book = Book::default();
        book.on_up();
        let ages = book::Config::default();
        let sim = |cfg: &Config| (*cfg, Sim::new(cfg.shipped(&ages), rules, 2, seed));
        Slot { book, sims: settings.iter().map(sim).collect() }
    }

    /// Lets every simulator act on what `change` does to the book at `now`.
    pub(super) fn change(&mut self, now: Ns, filled: &mut Filled, change: impl FnOnce(&mut Book)) {
        let ages = book::Config::default();
        for ((cfg, sim), filled) in self.sims.iter_mut().zip(&mut *filled) {
            sim.before(cfg.shipped(&ages), now, &self.book, &mut |e| hear(filled, e));
        }
        change(&mut self.book);
        for ((cfg, sim), filled) in self.sims.iter_mut().zip(filled) {
            sim.after(cfg.shipped(&ages), now, &self.book, &mut |e| hear(filled, e));
        }
    }

    /// Prints of one block.
    pub(super) fn prints(&mut self, prints: &[Trade], filled: &mut Filled) {
        let ages = book::Config::default();
        for ((cfg, sim), filled) in self.sims.iter_mut().zip(filled) {
            sim.on_prints(cfg.shipped(&ages), prints, &self.book, &mut |e| hear(filled, e));
        }
    }

    /// An order that is placed `at` and watched for `watched_ns`.
    pub(super) fn place(&mut self, (id, new): (u64, NewOrder), at: Ns, watched_ns: i64) {
        for (_, sim) in &mut self.sims {
            // There is room: the order before has been watched to its end.
            let _ = sim.submit_at(id, new, at);
            sim.cancel_at(at, id, at.plus(watched_ns), OrderReason::Replaced, &mut |_| ());
        }
    }
}
