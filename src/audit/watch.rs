//! One scenario through the production fill models.
//!
//! In: the scenario's stream. Out: when each model thinks each shadow was filled. Cold path.
//!
//! 1. A shadow has no impact, on other shadows neither: those watched at the same time stand in
//!    simulators of their own, each of which sees the whole stream.

use super::{Contender, Outcome, Plan, View};
use crate::book::{self, Book};
use crate::event::own::{LANES, OrderReason, OrderState};
use crate::event::{Snapshot, Trade};
use crate::sim::config::Config;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::units::Ns;
use crate::units::rules::Rules;
use crate::venue::cst::{self, EVERY_NS, Scenario, Seen, Shadow, WATCH_NS};

/// Shadows watched at the same time.
const SLOTS: u32 = 6;
const _: () = assert!(WATCH_NS < EVERY_NS * 6);

/// A book with one simulator a model.
pub(super) struct Slot {
    book: Book,
    sims: Vec<(Config, Sim)>,
}

/// What the simulators said.
pub(super) struct Heard {
    /// By model and order, when it was filled whole.
    pub filled: Vec<Vec<Option<Ns>>>,
    /// By model, how many orders were refused.
    pub refused: Vec<u32>,
}

impl Heard {
    fn hear(&mut self, model: usize, event: SimEvent) {
        match event {
            // The block that filled the rest of it; its order is called done when a later one is heard of.
            SimEvent::Fill(f) if f.lane == LANES[0] && f.open.0 == 0 => {
                let id = usize::try_from(f.id).unwrap_or(usize::MAX);
                self.filled[model][id] = Some(f.time);
            }
            SimEvent::Order(o) if o.state == OrderState::Rejected => self.refused[model] += 1,
            _ => {}
        }
    }
}

impl Slot {
    /// Simulators of `contenders` under the venue's `rules`.
    pub(super) fn new(contenders: &[Contender], rules: Rules, seed: u64) -> Slot {
        let mut book = Book::default();
        book.on_up();
        let sim = |c: &Contender| {
            (c.cfg, Sim::new(c.cfg.shipped(&book::Config::default()), rules, 2, seed))
        };
        Slot { book, sims: contenders.iter().map(sim).collect() }
    }

    /// Lets every simulator act on what `change` does to the book at `now`.
    pub(super) fn change(&mut self, now: Ns, heard: &mut Heard, change: impl FnOnce(&mut Book)) {
        for (m, (cfg, sim)) in self.sims.iter_mut().enumerate() {
            sim.before(cfg.shipped(&book::Config::default()), now, &self.book, &mut |e| {
                heard.hear(m, e)
            });
        }
        change(&mut self.book);
        for (m, (cfg, sim)) in self.sims.iter_mut().enumerate() {
            sim.after(cfg.shipped(&book::Config::default()), now, &self.book, &mut |e| {
                heard.hear(m, e)
            });
        }
    }

    fn snapshot(&mut self, now: Ns, seen: &Snapshot, heard: &mut Heard) {
        self.change(now, heard, |book| book.on_snapshot(now, seen));
    }

    /// Prints of one block.
    pub(super) fn prints(&mut self, prints: &[Trade], heard: &mut Heard) {
        let ages = book::Config::default();
        for (m, (cfg, sim)) in self.sims.iter_mut().enumerate() {
            let set = cfg.shipped(&ages);
            sim.on_prints(set, prints, &self.book, &mut |e| heard.hear(m, e));
        }
    }

    /// An order that is placed `at` and watched for `watched_ns`.
    pub(super) fn place(
        &mut self,
        (id, new): (u64, NewOrder),
        at: Ns,
        watched_ns: i64,
        heard: &mut Heard,
    ) {
        for (m, (_, sim)) in self.sims.iter_mut().enumerate() {
            if sim.submit_at(id, new, at).is_err() {
                heard.refused[m] += 1;
            }
            let why = OrderReason::Replaced;
            sim.cancel_at(at, id, at.plus(watched_ns), why, &mut |e| heard.hear(m, e));
        }
    }
}

/// Runs `scenario`; `done` is called for each shadow whose outcome is known.
pub(super) fn watch(plan: &Plan, scenario: &Scenario, done: &mut impl FnMut()) -> Outcome {
    let models = plan.contenders.len();
    let shadows = usize::try_from(plan.shadows).unwrap_or(0);
    let mut heard = Heard { filled: vec![vec![None; shadows]; models], refused: vec![0; models] };
    let mut slots: Vec<Slot> =
        (0..SLOTS).map(|_| Slot::new(&plan.contenders, Rules::perp(2), plan.seed)).collect();
    let bbo = plan.view == View::Bbo;
    let truth = cst::run(scenario, plan.seed, plan.shadows, bbo, &mut |now, seen| match seen {
        Seen::Prints(prints) => slots.iter_mut().for_each(|s| s.prints(prints, &mut heard)),
        Seen::Book(book) => slots.iter_mut().for_each(|s| s.snapshot(now, book, &mut heard)),
        Seen::Bbo(bbo) => {
            for slot in &mut slots {
                slot.change(now, &mut heard, |book| {
                    book.on_bbo(now, bbo);
                });
            }
        }
        Seen::Placed(shadow, book) => {
            let slot = &mut slots[(shadow.id % SLOTS) as usize];
            if !bbo {
                slot.snapshot(now, book, &mut heard);
            }
            let Shadow { id, side, px, sz, placed, .. } = *shadow;
            let new = NewOrder { side, px, sz, level: 0 };
            slot.place((u64::from(id), new), placed, WATCH_NS, &mut heard);
        }
        Seen::Done(_) => done(),
    });
    Outcome { scenario: *scenario, truth, filled: heard.filled, refused: heard.refused }
}
