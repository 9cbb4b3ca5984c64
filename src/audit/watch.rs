//! One scenario through the production fill models.
//!
//! In: the scenario's stream. Out: when each model thinks each shadow was filled. Cold path.
//!
//! 1. A shadow has no impact, on other shadows neither: those watched at the same time stand in
//!    simulators of their own, each of which sees the whole stream.

use super::{Outcome, Plan, View};
use crate::book::{self, Book};
use crate::event::Snapshot;
use crate::event::own::{OrderReason, OrderState};
use crate::sim::config::Config;
use crate::sim::orders::{NewOrder, Sim, SimEvent};
use crate::units::Ns;
use crate::units::rules::Rules;
use crate::venue::cst::{self, EVERY_NS, Scenario, Seen, Shadow, WATCH_NS};

/// Shadows watched at the same time.
const SLOTS: u32 = 6;
const _: () = assert!(WATCH_NS < EVERY_NS * 6);

/// A book with one simulator a model.
struct Slot {
    book: Book,
    sims: Vec<(Config, Sim)>,
}

/// What the simulators said.
struct Heard {
    filled: Vec<Vec<Option<Ns>>>,
    refused: Vec<u32>,
}

impl Heard {
    fn hear(&mut self, model: usize, event: SimEvent) {
        if let SimEvent::Order(o) = event {
            let id = usize::try_from(o.id).unwrap_or(usize::MAX);
            match o.state {
                OrderState::Filled => self.filled[model][id] = Some(o.effective),
                OrderState::Rejected => self.refused[model] += 1,
                _ => {}
            }
        }
    }
}

impl Slot {
    fn new(plan: &Plan) -> Slot {
        let mut book = Book::default();
        book.on_up();
        let sim = |c: &super::Contender| {
            (c.cfg, Sim::new(c.cfg.shipped(&book::Config::default()), Rules::perp(2), 2, plan.seed))
        };
        Slot { book, sims: plan.contenders.iter().map(sim).collect() }
    }

    /// Lets every simulator act on what `change` does to the book at `now`.
    fn change(&mut self, now: Ns, heard: &mut Heard, change: impl FnOnce(&mut Book)) {
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

    fn place(&mut self, s: &Shadow, heard: &mut Heard) {
        let new = NewOrder { side: s.side, px: s.px, sz: s.sz, level: 0 };
        for (m, (_, sim)) in self.sims.iter_mut().enumerate() {
            let id = u64::from(s.id);
            if sim.submit_at(id, new, s.placed).is_err() {
                heard.refused[m] += 1;
            }
            let end = s.placed.plus(WATCH_NS);
            let why = OrderReason::Replaced;
            sim.cancel_at(s.placed, id, end, why, &mut |e| heard.hear(m, e));
        }
    }
}

/// Runs `scenario`; `done` is called for each shadow whose outcome is known.
pub(super) fn watch(plan: &Plan, scenario: &Scenario, done: &mut impl FnMut()) -> Outcome {
    let models = plan.contenders.len();
    let shadows = usize::try_from(plan.shadows).unwrap_or(0);
    let mut heard = Heard { filled: vec![vec![None; shadows]; models], refused: vec![0; models] };
    let mut slots: Vec<Slot> = (0..SLOTS).map(|_| Slot::new(plan)).collect();
    let bbo = plan.view == View::Bbo;
    let truth = cst::run(scenario, plan.seed, plan.shadows, bbo, &mut |now, seen| match seen {
        Seen::Prints(prints) => {
            for slot in &mut slots {
                for (m, (cfg, sim)) in slot.sims.iter_mut().enumerate() {
                    sim.on_prints(
                        cfg.shipped(&book::Config::default()),
                        prints,
                        &slot.book,
                        &mut |e| heard.hear(m, e),
                    );
                }
            }
        }
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
            slot.place(shadow, &mut heard);
        }
        Seen::Done(_) => done(),
    });
    Outcome { scenario: *scenario, truth, filled: heard.filled, refused: heard.refused }
}
