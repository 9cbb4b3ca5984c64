//! The whole decision: what happens to the market and to us, in order, coin by coin.
//!
//! In: `step(now, Event, publisher)`. Out: records. Hot path: no allocation, no clock, no I/O.
//!
//! 1. `now` never goes back; a tick of the grid comes before any message with a later stamp.
//! 2. Within a message: book and fills first, then learning, then at most one re-quote.
//! 3. Nothing is filled across a gap: a lost link takes every own order out.
//! 4. Same events and configuration, same records, byte for byte.

mod account;
mod clock;
pub mod config;
mod desk;
pub mod publish;
mod settled;
mod shape;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Joint, Link};
use crate::limits::{COIN_NAME_MAX, COINS_MAX, TICK_NS};
use crate::quote::GLFT;
use crate::record::{self, JointCode, NO_COIN, StopReason};
use crate::units::rules::Rules;
use crate::units::{CoinId, Ns};

pub use config::Config;
use desk::Desk;
use publish::Publish;
pub use shape::beliefs;

/// A coin of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coin {
    /// Name, zero padded.
    pub name: [u8; COIN_NAME_MAX],
    /// Venue rules.
    pub rules: Rules,
}

/// The engine: settings, held once, and the state they act on.
#[derive(Debug)]
pub struct Engine {
    cfg: Config,
    state: EngineState,
}

/// Everything that changes while the engine runs: what a checkpoint holds. No setting is in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct EngineState {
    desks: Vec<Desk>,
    /// Hash of the deciding configuration.
    hash: [u64; 2],
    opened: u32,
    frames: u64,
    up: bool,
    tick: Grid,
}

/// The grid on which what happens without a message happens. It begins with the first question.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grid {
    /// Next point; `None` before the first question.
    next: Option<Ns>,
}

impl Grid {
    /// The next point at or before `now`, each once, in order.
    pub fn due(&mut self, now: Ns) -> Option<Ns> {
        let tick = *self.next.get_or_insert_with(|| next_tick(now));
        if tick > now {
            return None;
        }
        self.next = Some(tick.plus(TICK_NS));
        Some(tick)
    }
}

/// Whether a point of the tick grid is one of those at which what is learned is read off: once a
/// second.
#[must_use]
pub fn is_second(tick: Ns) -> bool {
    tick.0.rem_euclid(Ns::SEC) == 0
}

impl Engine {
    /// An engine for up to `COINS_MAX` coins (more are left out), with the hash of its deciding
    /// configuration for the record.
    #[must_use]
    pub fn new(cfg: &Config, coins: &[Coin], hash: [u64; 2]) -> Engine {
        let desks = coins
            .iter()
            .take(COINS_MAX)
            .zip(0u8..)
            .map(|(coin, i)| Desk::new(cfg, coin, CoinId(i)))
            .collect();
        let tick = Grid::default();
        let state = EngineState { desks, hash, opened: 0, frames: 0, up: false, tick };
        Engine { cfg: *cfg, state }
    }

    /// What changes while it runs.
    #[must_use]
    pub fn state(&self) -> &EngineState {
        &self.state
    }

    /// Continues from a state that an engine with the same settings and coins had.
    pub fn restore(&mut self, state: EngineState) {
        self.state = state;
        for d in &mut self.state.desks {
            d.recall(&self.cfg);
        }
    }

    /// The first records of a run.
    pub fn start(&mut self, now: Ns, out: &mut impl Publish) {
        let coins = u8::try_from(self.state.desks.len()).unwrap_or(u8::MAX);
        let body = record::Start {
            format: record::FORMAT_VERSION,
            config: self.state.hash,
            seed: self.cfg.seed,
            coins,
        };
        out.publish(now, NO_COIN, body);
        for d in &self.state.desks {
            let sz_decimals = d.rules().sz_decimals;
            out.publish(now, d.id(), record::Coin { name: d.name(), sz_decimals });
        }
        for body in GLFT.records() {
            out.publish(now, NO_COIN, body);
        }
    }

    /// The last records of a run; `records` is how many were produced before this call.
    pub fn stop(&mut self, now: Ns, reason: StopReason, records: u64, out: &mut impl Publish) {
        let before = records;
        let mut n = 0;
        for d in &mut self.state.desks {
            n += d.close(now, out);
        }
        let body = record::Stop { reason, frames: self.state.frames, records: before + n + 1 };
        out.publish(now, NO_COIN, body);
    }

    /// Gives the next point of the tick grid at or before `now`, if one is due: the caller steps
    /// it with [`Event::Tick`] before anything stamped `now`.
    #[must_use]
    pub fn due(&mut self, now: Ns) -> Option<Ns> {
        self.state.tick.due(now)
    }

    /// Brings what decisions about one coin read close to the processor, to no other effect; the coins
    /// take turns by `n`.
    pub fn glance(&self, now: Ns, n: u64) {
        let coins = self.state.desks.len().max(1) as u64;
        let at = usize::try_from(n % coins).unwrap_or(0);
        if let Some(desk) = self.state.desks.get(at) {
            desk.glance(&self.cfg, now);
        }
    }

    /// One event.
    pub fn step(&mut self, now: Ns, event: Event<'_>, out: &mut impl Publish) {
        match event {
            Event::Tick => self.on_tick(now, out),
            Event::Link(link) => self.on_link(now, link, out),
            Event::Behind(behind) => {
                for d in &mut self.state.desks {
                    d.set_behind(&self.cfg, now, behind, out);
                }
            }
            Event::Trades { coin, prints } => {
                self.with(coin, |d, cfg| d.on_prints(cfg, now, prints, out));
            }
            Event::History { coin, prints, joint } => {
                out.publish(now, coin, data_gap(joint, prints.len()));
                self.with(coin, |d, cfg| d.on_history(cfg, now, joint, out));
            }
            Event::Bbo { coin, bbo } => self.with(coin, |d, cfg| d.on_bbo(cfg, now, bbo, out)),
            Event::Book { coin, book } => self.with(coin, |d, cfg| d.on_book(cfg, now, book, out)),
            Event::Ctx { coin, ctx } => self.with(coin, |d, _| d.on_ctx(now, ctx)),
        }
    }

    /// The run is ending: quotes are taken down.
    pub fn stopping(&mut self, now: Ns, out: &mut impl Publish) {
        for d in &mut self.state.desks {
            d.set_stopping(&self.cfg, now, out);
        }
    }

    fn with(&mut self, coin: CoinId, f: impl FnOnce(&mut Desk, &Config)) {
        self.state.frames += 1;
        if let Some(d) = self.state.desks.get_mut(coin.index()) {
            f(d, &self.cfg);
        }
    }

    fn on_tick(&mut self, now: Ns, out: &mut impl Publish) {
        let second = is_second(now);
        for d in &mut self.state.desks {
            d.on_tick(&self.cfg, now, second, out);
        }
    }

    fn on_link(&mut self, now: Ns, link: Link, out: &mut impl Publish) {
        let up = link == Link::Up;
        if up == self.state.up {
            return;
        }
        self.state.up = up;
        self.state.opened += u32::from(up);
        out.publish(now, NO_COIN, record::LinkChange { up, opened: self.state.opened });
        for d in &mut self.state.desks {
            if up {
                d.on_up(now, self.state.opened > 1, out);
            } else {
                d.on_down(&self.cfg, now, out);
            }
        }
    }
}

fn next_tick(now: Ns) -> Ns {
    Ns(now.0 - now.0.rem_euclid(TICK_NS) + TICK_NS)
}

fn data_gap(joint: Joint, prints: usize) -> record::DataGap {
    let news = u32::try_from(prints).unwrap_or(u32::MAX);
    let none = Ns(0);
    let (joint, from, to) = match joint {
        Joint::First => (JointCode::First, none, none),
        Joint::Contiguous { .. } => (JointCode::Contiguous, none, none),
        Joint::Gap { from, to } => (JointCode::Gap, from, to),
    };
    record::DataGap { joint, from, to, news }
}
