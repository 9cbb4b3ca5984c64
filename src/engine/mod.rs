//! The whole decision: what happens to the market and to us, in order, coin by coin.
//!
//! In: `step(now, Event, publisher)`. Out: records. Hot path: no allocation, no clock, no I/O.
//!
//! 1. `now` never goes back; every point of the grid up to `now` comes before what is stamped `now`.
//! 2. Within a message: book and fills first, then learning, then at most one re-quote.
//! 3. Nothing is filled across a gap: a lost link takes every own order out.
//! 4. Same events and configuration, same records, byte for byte.

mod account;
mod components;
pub mod config;
mod convert;
mod cx;
mod desk;
pub mod grid;
mod marks;
mod mids;
pub mod publish;
pub mod requests;
mod requote;
mod samples;
mod watch;
mod working;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Joint, Link};
use crate::limits::COINS_MAX;
use crate::quote::Strategy;
use crate::record::{self, JointCode, NO_COIN, StopReason};
use crate::units::rules::Rules;
use crate::units::{CoinId, Ns};

pub use components::{Components, Shipped};
pub use config::{Coin, ConfigOf};
use cx::Cx;
use desk::Desk;
use grid::{Grid, is_second};
use publish::{Counted, Publish};
use requests::Requests;

/// The engine: settings, held once, and the state they act on.
#[derive(Debug)]
pub struct Engine<C: Components = Shipped> {
    cfg: ConfigOf<C>,
    state: EngineState<C>,
}

/// Everything that changes while the engine runs: what a checkpoint holds. No setting is in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct EngineState<C: Components = Shipped> {
    desks: Vec<Desk<C>>,
    requests: Requests,
    /// Hash of the deciding configuration.
    hash: [u64; 2],
    /// Of each coin: whether its link is open, and how often it was opened.
    links: Box<[(bool, u32)]>,
    /// The same of links that bring all coins.
    all: (bool, u32),
    frames: u64,
    tick: Grid,
}

#[cfg(any(test, feature = "lab"))]
impl<C: Components> EngineState<C> {
    /// What accounts, learners and strategies hold, coin by coin: what must not depend on who
    /// executes the orders.
    #[must_use]
    pub fn learned(&self) -> impl Serialize + '_ {
        self.desks.iter().map(Desk::account).collect::<Vec<_>>()
    }
}

impl<C: Components> Engine<C> {
    /// An engine for up to `COINS_MAX` coins (more are left out), with the hash of its deciding
    /// configuration for the record.
    #[must_use]
    pub fn new(cfg: &ConfigOf<C>, coins: &[Coin], hash: [u64; 2]) -> Engine<C> {
        let mut requests = Requests::new(coins.len().min(COINS_MAX));
        let desk = |(coin, i): (&Coin, u8)| {
            let (now, id, requests) = (Ns(0), CoinId(i), &mut requests);
            Desk::new(&Cx { cfg, now, coin: id, requests, out: &mut () }, coin)
        };
        let desks: Vec<_> = coins.iter().take(COINS_MAX).zip(0u8..).map(desk).collect();
        let (links, all) = (vec![(false, 0); desks.len()].into(), (false, 0));
        let tick = Grid::default();
        let state = EngineState { desks, requests, hash, links, all, frames: 0, tick };
        Engine { cfg: cfg.clone(), state }
    }

    /// What changes while it runs.
    #[must_use]
    pub fn state(&self) -> &EngineState<C> {
        &self.state
    }

    /// Continues from a state that an engine with the same settings and coins had.
    pub fn restore(&mut self, state: EngineState<C>) {
        self.state = state;
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
            let Rules { sz_decimals, billing, .. } = d.rules();
            let fee_e8 = self.cfg.sim.fees.maker(billing).0;
            out.publish(now, d.id(), record::Coin { name: d.name(), sz_decimals, fee_e8 });
        }
        for body in C::Strategy::info(&self.cfg.strategy).records() {
            out.publish(now, NO_COIN, body);
        }
    }

    /// The last records of a run; `records` is how many were produced before this call.
    pub fn stop(&mut self, now: Ns, reason: StopReason, records: u64, out: &mut impl Publish) {
        let mut out = Counted { out, n: 0 };
        self.each(now, &mut out, |d, cx| {
            d.on_end(cx);
            d.close(cx);
        });
        let requests = &mut self.state.requests;
        let pace = requests.pace(&self.cfg.requests, now);
        out.publish(now, NO_COIN, requests.record(&self.cfg.requests, pace));
        let records = records + out.n + 1;
        out.publish(now, NO_COIN, record::Stop { reason, frames: self.state.frames, records });
    }

    /// Time is at `now`: what happens without a message happens, at each point of the grid.
    pub fn advance(&mut self, now: Ns, out: &mut impl Publish) {
        while let Some(tick) = self.state.tick.due(now) {
            let second = is_second(tick);
            self.each(tick, out, |d, cx| d.on_tick(cx, second));
            if second && !self.state.desks.is_empty() {
                self.publish_requests(tick, out);
            }
        }
    }

    /// Touches the state that the next decision about a coin reads; no effect. Coins take turns by `n`.
    pub fn prefetch(&self, now: Ns, n: u64) {
        let coins = self.state.desks.len().max(1) as u64;
        let at = usize::try_from(n % coins).unwrap_or(0);
        if let Some(desk) = self.state.desks.get(at) {
            let (cfg, coin) = (&self.cfg, desk.id());
            let requests = &mut { self.state.requests };
            desk.prefetch(&Cx { cfg, now, coin, requests, out: &mut () });
        }
    }

    /// One event, after the time up to `now` has passed.
    pub fn step(&mut self, now: Ns, event: Event<'_>, out: &mut impl Publish) {
        self.advance(now, out);
        match event {
            Event::Link(link) => self.on_link(now, link == Link::Up, out),
            Event::Line { coin, link } => self.on_line(now, coin, link == Link::Up, out),
            Event::Behind(behind) => self.each(now, out, |d, cx| d.set_behind(cx, behind)),
            Event::Ping(ns) => self.state.desks.iter_mut().for_each(|d| d.on_ping(ns)),
            Event::Trades { coin, prints } => {
                self.with(now, coin, out, |d, cx| d.on_prints(cx, prints));
            }
            Event::History { coin, prints, joint } => {
                out.publish(now, coin, data_gap(joint, prints.len()));
                self.with(now, coin, out, |d, cx| d.on_history(cx, prints, joint));
            }
            Event::Bbo { coin, bbo } => self.with(now, coin, out, |d, cx| d.on_bbo(cx, bbo)),
            Event::Book { coin, book } => self.with(now, coin, out, |d, cx| d.on_book(cx, book)),
            Event::Ctx { coin, ctx } => self.with(now, coin, out, |d, _| d.on_ctx(now, ctx)),
        }
    }

    /// The run is ending: quotes are taken down.
    pub fn stopping(&mut self, now: Ns, out: &mut impl Publish) {
        self.advance(now, out);
        self.each(now, out, Desk::set_stopping);
    }

    /// A message of one coin.
    fn with<P: Publish>(
        &mut self,
        now: Ns,
        coin: CoinId,
        out: &mut P,
        f: impl FnOnce(&mut Desk<C>, &mut Cx<'_, C, P>),
    ) {
        self.state.frames += 1;
        if let Some(d) = self.state.desks.get_mut(coin.index()) {
            let (cfg, requests) = (&self.cfg, &mut self.state.requests);
            f(d, &mut Cx { cfg, now, coin, requests, out });
        }
    }

    /// Every coin in turn.
    fn each<P: Publish>(
        &mut self,
        now: Ns,
        out: &mut P,
        mut f: impl FnMut(&mut Desk<C>, &mut Cx<'_, C, P>),
    ) {
        let cfg = &self.cfg;
        for d in &mut self.state.desks {
            let coin = d.id();
            let requests = &mut self.state.requests;
            f(d, &mut Cx { cfg, now, coin, requests, out });
        }
    }

    /// How the account's budget of requests stands.
    fn publish_requests(&mut self, now: Ns, out: &mut impl Publish) {
        let requests = &mut self.state.requests;
        let pace = requests.pace(&self.cfg.requests, now);
        out.publish(now, NO_COIN, requests.record(&self.cfg.requests, pace));
    }

    /// The link of all coins changed.
    fn on_link(&mut self, now: Ns, up: bool, out: &mut impl Publish) {
        if up == self.state.all.0 {
            return;
        }
        self.state.all = (up, self.state.all.1 + u32::from(up));
        self.state.links.iter_mut().for_each(|l| *l = (up, l.1 + u32::from(up)));
        let (opened, again) = (self.state.all.1, self.state.links.iter().any(|l| l.1 > 1));
        if !up {
            self.each(now, out, Desk::on_end);
        }
        out.publish(now, NO_COIN, record::LinkChange { up, opened });
        self.each(now, out, |d, cx| if up { d.on_up(cx, again) } else { d.on_down(cx) });
    }

    /// The link of one coin among several changed.
    fn on_line(&mut self, now: Ns, coin: CoinId, up: bool, out: &mut impl Publish) {
        let EngineState { desks, links, requests, .. } = &mut self.state;
        let (Some(d), Some(link)) = (desks.get_mut(coin.index()), links.get_mut(coin.index()))
        else {
            return;
        };
        if up == link.0 {
            return;
        }
        *link = (up, link.1 + u32::from(up));
        let opened = link.1;
        let cx = &mut Cx { cfg: &self.cfg, now, coin, requests, out };
        if !up {
            d.on_end(cx);
        }
        cx.publish(record::LinkChange { up, opened });
        if up {
            d.on_up(cx, opened > 1);
        } else {
            d.on_down(cx);
        }
    }
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
