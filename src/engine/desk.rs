//! One coin: book, own orders, account, learning, quotes, and the ladder that works.
//!
//! In: this coin's events. Out: records. Hot path: no allocation.
//!
//! 1. Arrivals and cancels take effect against the book before the block that is applied.
//! 2. A ladder is changed at most once per message, and not sooner than the least time after the
//!    last change; a guard takes a side down at once.
//! 3. An order that stands close enough to where it is wanted keeps its place in the queue.
//! 4. A ladder is worked out only when it may be changed and something it depends on has moved by
//!    more than its orders may stand off: less would leave the same orders where they are.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use arrayvec::ArrayVec;

use super::account::{Account, ESTIMATE_RECORDS, learned};
use super::clock::Clock;
use super::publish::Publish;
use super::settled::{Basis, Settled, Spot};
use super::shape::{
    beliefs, depth_bps, depth_of, e8, hundredths, market, print, sweep_of, worst_on,
};
use super::{Coin, Config};
use crate::book::Book;
use crate::event::{Bbo, Ctx, Joint, Snapshot, Trade};
use crate::learn::{BookSample, Estimates, LearnEvent, Learners, QuoteSample, Touch};
use crate::limits::{COIN_NAME_MAX, LADDER_MAX, ORDERS_MAX, TICK_NS};
use crate::quote::guard::State;
use crate::quote::{self, Curve, Inputs, Quoter, SideQuote};
use crate::record::{self, Guard, Health, OrderReason};
use crate::sim::fees::funding_e8;
use crate::sim::ledger::Ledger;
use crate::sim::orders::{NewOrder, Sim, SimEvent, View};
use crate::units::rules::Rules;
use crate::units::{CoinId, Mid2, Ns, Px, Side, Sz};

/// Horizon of the account's adverse selection: the primary markout horizon.
const HORIZON_NS: i64 = 5 * Ns::SEC;
/// Distance within which the displayed size is sampled, bps.
const BOOK_BPS: f64 = 5.0;
const HOUR_NS: i64 = 3_600 * Ns::SEC;

/// One coin of the engine.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Desk {
    name: [u8; COIN_NAME_MAX],
    rules: Rules,
    book: Book,
    sim: Sim,
    clock: Clock,
    account: Account,
    health: Health,
    behind: bool,
    stopping: bool,
    loss: bool,
    /// What each side shows or why it does not, as published last, and when it changed.
    shown: [Shown; 2],
    /// Number of the newest estimates.
    curves: u64,
    /// What each side was worked out from last; none where an order is missing.
    settled: [Option<Settled>; 2],
    ctx: Ctx,
    funded: Ns,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Shown {
    quote: SideQuote,
    changed: Ns,
}

/// What became of a side's orders.
#[derive(Clone, Copy, Debug)]
struct Worked {
    changed: bool,
    /// How far wanted prices may go until an order has to be changed, price units; none where an
    /// order is missing.
    slack: Option<i64>,
}

impl Desk {
    pub(super) fn new(cfg: &Config, coin: &Coin, id: CoinId) -> Desk {
        let learners = Learners::new(&cfg.learn, cfg.maker_fee_bps());
        let none = Shown {
            quote: SideQuote { levels: ArrayVec::new(), guard: Guard::LinkDown },
            changed: Ns(i64::MIN),
        };
        let curve = curve(cfg, learners.estimates());
        Desk {
            name: coin.name,
            rules: coin.rules,
            book: Book::new(cfg.book),
            sim: Sim::new(cfg.sim, coin.rules, ORDERS_MAX, cfg.seed ^ (u64::from(id.0) << 32)),
            clock: Clock::new(),
            account: Account {
                coin: id,
                ledgers: [HORIZON_NS; 3].map(Ledger::new),
                curve,
                learners,
                quoter: Quoter::new(coin.rules),
                last_fill: Ns(i64::MIN),
                moves: 0,
            },
            health: Health::Down,
            behind: false,
            stopping: false,
            loss: false,
            shown: [none.clone(), none],
            curves: 0,
            settled: [None; 2],
            ctx: Ctx::default(),
            funded: Ns(i64::MIN),
        }
    }

    pub(super) fn recall(&mut self, cfg: &Config) {
        self.sim.recall(cfg.sim);
        self.account.learners.recall(&cfg.learn, cfg.maker_fee_bps());
    }

    pub(super) fn id(&self) -> CoinId {
        self.account.coin
    }

    pub(super) fn name(&self) -> [u8; COIN_NAME_MAX] {
        self.name
    }

    pub(super) fn rules(&self) -> Rules {
        self.rules
    }

    pub(super) fn on_up(&mut self, now: Ns, again: bool, out: &mut impl Publish) {
        self.book.on_up();
        self.book.set_gapped(again);
        self.look(now, out);
    }

    pub(super) fn on_down(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        self.book.on_down();
        self.clock = Clock::new();
        let account = &mut self.account;
        self.sim.void(now, &mut |e| account.on_sim(cfg, now, e, out));
        self.look(now, out);
        self.decide(cfg, now, out);
    }

    pub(super) fn on_history(
        &mut self,
        cfg: &Config,
        now: Ns,
        joint: Joint,
        out: &mut impl Publish,
    ) {
        if let Joint::Gap { .. } = joint {
            let account = &mut self.account;
            self.sim.void(now, &mut |e| account.on_sim(cfg, now, e, out));
        }
        self.book.set_gapped(false);
        self.look(now, out);
    }

    pub(super) fn on_ctx(&mut self, now: Ns, ctx: &Ctx) {
        self.ctx = *ctx;
        if self.funded.0 == i64::MIN {
            self.funded = now;
        }
    }

    pub(super) fn on_bbo(&mut self, cfg: &Config, now: Ns, bbo: &Bbo, out: &mut impl Publish) {
        self.clock.see(now, bbo.time);
        let account = &mut self.account;
        self.sim.before(bbo.time, &self.book, &mut |e| account.on_sim(cfg, now, e, out));
        if self.book.on_bbo(now, bbo) {
            let account = &mut self.account;
            self.sim.after(bbo.time, &self.book, &mut |e| account.on_sim(cfg, now, e, out));
        }
        self.on_market(cfg, now, out);
    }

    pub(super) fn on_book(
        &mut self,
        cfg: &Config,
        now: Ns,
        book: &Snapshot,
        out: &mut impl Publish,
    ) {
        self.clock.see(now, book.time);
        let account = &mut self.account;
        self.sim.before(book.time, &self.book, &mut |e| account.on_sim(cfg, now, e, out));
        self.book.on_snapshot(now, book);
        let account = &mut self.account;
        self.sim.after(book.time, &self.book, &mut |e| account.on_sim(cfg, now, e, out));
        self.on_market(cfg, now, out);
    }

    pub(super) fn on_prints(
        &mut self,
        cfg: &Config,
        now: Ns,
        prints: &[Trade],
        out: &mut impl Publish,
    ) {
        for p in prints {
            out.publish(now, self.account.coin, print(p));
        }
        if !matches!(self.health, Health::Fresh | Health::Stale) {
            return;
        }
        // Before they fill; there is room for every order there can be.
        let mut reached: ArrayVec<View, ORDERS_MAX> = ArrayVec::new();
        for side in Side::BOTH {
            let Some(worst) = worst_on(side, prints) else { continue };
            for v in self.sim.reached(side, worst) {
                let _ = reached.try_push(v);
            }
        }
        let mut filled: ArrayVec<u64, ORDERS_MAX> = ArrayVec::new();
        let account = &mut self.account;
        self.sim.on_prints(prints, &self.book, &mut |e| {
            if let SimEvent::Fill(f) = e
                && f.lane == record::Lane::Configured
                && !filled.contains(&f.id)
            {
                let _ = filled.try_push(f.id);
            }
            account.on_sim(cfg, now, e, out);
        });
        self.learn_takers(now, prints, &reached, &filled, out);
        self.check_loss(cfg, now, out);
        self.decide(cfg, now, out);
    }

    pub(super) fn on_tick(&mut self, cfg: &Config, now: Ns, second: bool, out: &mut impl Publish) {
        self.look(now, out);
        if second {
            self.on_second(cfg, now, out);
        }
        self.decide(cfg, now, out);
    }

    pub(super) fn set_behind(
        &mut self,
        cfg: &Config,
        now: Ns,
        behind: bool,
        out: &mut impl Publish,
    ) {
        self.behind = behind;
        self.decide(cfg, now, out);
    }

    pub(super) fn set_stopping(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        self.stopping = true;
        self.decide(cfg, now, out);
    }

    /// The last records of this coin; gives how many.
    pub(super) fn close(&mut self, now: Ns, out: &mut impl Publish) -> u64 {
        self.account.publish(now, out);
        self.account.publish_estimates(now, out);
        3 + ESTIMATE_RECORDS
    }

    fn on_market(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        self.look(now, out);
        if self.health == Health::Fresh
            && let Some(mid) = self.book.mid()
        {
            self.account.on_mid(now, mid, out);
            self.show_touch(mid);
            self.check_loss(cfg, now, out);
        }
        self.decide(cfg, now, out);
    }

    fn on_second(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        let coin = self.account.coin;
        self.sample_book();
        self.show_distances(now, out);
        self.account.learners.on_second(now, &mut |e| learned(now, coin, e, out));
        self.read_estimates(cfg);
        self.fund(now);
        if self.health == Health::Down {
            return;
        }
        out.publish(now, coin, market(&self.book));
        self.account.publish(now, out);
        self.account.publish_estimates(now, out);
    }

    /// Tells the learners of the best bid and ask.
    fn show_touch(&mut self, mid: Mid2) {
        if let Some((bid, ask)) = self.book.best_bid().zip(self.book.best_ask()) {
            let m = mid.to_f64();
            self.account.learners.on_touch(Touch {
                half_spread_bps: (ask.px.to_f64() - bid.px.to_f64()) / 2.0 / m * 1e4,
                bid: bid.sz.to_f64(),
                ask: ask.sz.to_f64(),
            });
        }
    }

    /// Tells the learners how far own orders are from the mid by now.
    fn show_distances(&mut self, now: Ns, out: &mut impl Publish) {
        let Some(mid) = self.book.mid() else { return };
        if self.health != Health::Fresh {
            return;
        }
        let coin = self.account.coin;
        for v in self.sim.open().filter(|v| v.live) {
            let depth_bps = depth_bps(v.side, v.px, mid);
            let sample = QuoteSample { id: v.id, side: v.side, depth_bps, level: v.level };
            self.account.learners.on_distance(now, sample, &mut |e| learned(now, coin, e, out));
        }
    }

    /// Tells the learners how much is displayed within a bps range of the mid, both sides.
    fn sample_book(&mut self) {
        if self.health != Health::Fresh {
            return;
        }
        let Some(mid) = self.book.mid() else { return };
        for side in Side::BOTH {
            let sign = if side == Side::Buy { -1.0 } else { 1.0 };
            let far = e8(mid.to_f64() * (1.0 + sign * BOOK_BPS * 1e-4));
            let size = self.book.size_to(side, Px(far)).to_f64();
            self.account.learners.on_book(BookSample { within_bps: BOOK_BPS, size });
        }
    }

    /// Funding is paid at each full hour, on the position held then.
    fn fund(&mut self, now: Ns) {
        if self.funded.0 == i64::MIN
            || now.0.div_euclid(HOUR_NS) == self.funded.0.div_euclid(HOUR_NS)
        {
            return;
        }
        self.funded = now;
        for l in &mut self.account.ledgers {
            l.on_funding(funding_e8(l.position(), self.ctx.oracle, self.ctx.funding_e10));
        }
    }

    /// Publishes a change of the book's health and tells the learners whether they see.
    fn look(&mut self, now: Ns, out: &mut impl Publish) {
        let health = self.book.health(now);
        if health == self.health {
            return;
        }
        let coin = self.account.coin;
        out.publish(now, coin, record::HealthChange { was: self.health, now: health });
        let sees = |h| h == Health::Fresh;
        if sees(health) {
            self.account.learners.on_resume(now);
        } else if sees(self.health) {
            self.account.learners.on_gap(now, &mut |e: LearnEvent| learned(now, coin, e, out));
        }
        self.health = health;
    }

    /// Each taker is a sample of how deep takers reach, and a trial for every own order it reached.
    fn learn_takers(
        &mut self,
        now: Ns,
        prints: &[Trade],
        reached: &[View],
        filled: &[u64],
        out: &mut impl Publish,
    ) {
        let coin = self.account.coin;
        let mut rest = prints;
        while let Some(first) = rest.first() {
            let same = |p: &&Trade| {
                p.time == first.time && p.aggressor == first.aggressor && p.taker == first.taker
            };
            let (taker, tail) = rest.split_at(rest.iter().take_while(same).count());
            rest = tail;
            let mid = self.sim.mid_for(first.time);
            if mid.0 <= 0 {
                continue;
            }
            let from = self.account.learners.reference(first.time);
            let from = from.unwrap_or_else(|| mid.to_f64());
            let sweep = sweep_of(taker, mid, from, self.rules);
            self.account.learners.on_sweep(now, sweep, &mut |e| learned(now, coin, e, out));
            let passive = first.aggressor.opposite();
            let worst = worst_on(passive, taker).unwrap_or(first.px);
            for v in reached.iter().filter(|v| v.side == passive && !passive.better(worst, v.px)) {
                let through = passive.better(v.px, worst);
                let depth = depth_of(passive, v.px, from);
                let was_filled = filled.contains(&v.id);
                self.account.learners.on_reached(passive, depth, was_filled, through);
            }
        }
    }

    fn check_loss(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        if self.loss {
            return;
        }
        if let Some(lost) = self.account.lost(cfg.quote.loss_limit_usd) {
            self.loss = true;
            let body = record::Latch {
                guard: Guard::LossLimit,
                value: e8(lost.to_f64()),
                limit: e8(-cfg.quote.loss_limit_usd),
            };
            out.publish(now, self.account.coin, body);
        }
    }

    /// Makes the ladder that is wanted now and moves the working orders towards it.
    fn decide(&mut self, cfg: &Config, now: Ns, out: &mut impl Publish) {
        if self.account.last_fill.0 == i64::MIN && self.health == Health::Fresh {
            self.account.last_fill = now;
        }
        let x = self.inputs(now);
        let (quoter, curve) = (&self.account.quoter, &self.account.curve);
        let basis = Basis {
            state: x.state,
            curve: self.curves,
            moves: self.account.moves,
            ramp: if quoter.ramps(&cfg.quote, &x, curve) { now.0.div_euclid(TICK_NS) } else { 0 },
        };
        let spot = Spot { bid: x.bid, ask: x.ask, signal: x.signal };
        let stale = self.settled.map(|s| !s.is_some_and(|s| s.holds(basis, spot)));
        if stale == [false; 2] {
            return;
        }
        let guards = quoter.guards(&cfg.quote, &x, curve);
        let anew = Side::BOTH.map(|side| {
            let i = side.index();
            stale[i] && self.is_due(cfg, now, side, guards[i])
        });
        if anew == [false; 2] {
            return;
        }
        let quote = quoter.quote(&cfg.quote, &x, curve);
        let mut changed = false;
        for side in Side::BOTH.into_iter().filter(|s| anew[s.index()]) {
            let worked = self.work(cfg, now, side, &quote, out);
            self.settled[side.index()] = worked.slack.map(|slack| Settled { basis, spot, slack });
            changed |= worked.changed;
        }
        if changed && self.health == Health::Fresh {
            out.publish(now, self.account.coin, market(&self.book));
            let terms = record::Terms { mid: quote.mid.to_f64(), value: quote.terms.values() };
            out.publish(now, self.account.coin, terms);
        }
    }

    /// What a ladder wanted now depends on, besides the curve.
    fn inputs(&self, now: Ns) -> Inputs {
        let touch = self.book.best_bid().zip(self.book.best_ask());
        let (bid, ask) = touch.map_or((Px(0), Px(0)), |(b, a)| (b.px, a.px));
        Inputs {
            now,
            bid,
            ask,
            position: self.account.ledgers[0].position(),
            last_fill: self.account.last_fill,
            signal: hundredths(self.account.learners.signal_bps()),
            state: State {
                health: self.health,
                behind: self.behind,
                loss: self.loss,
                stopping: self.stopping,
            },
        }
    }

    /// Works out the ladder wanted now and compares it with the orders, to no effect: what the next
    /// decision reads is then at hand.
    pub(super) fn glance(&self, cfg: &Config, now: Ns) {
        let quote = self.account.quoter.quote(&cfg.quote, &self.inputs(now), &self.account.curve);
        let off = |v: View| {
            let wanted = quote.sides[v.side.index()].levels.first();
            wanted.map_or(0, |(px, _)| px.0.wrapping_sub(v.px.0))
        };
        black_box(self.sim.open().map(off).fold(0, i64::wrapping_add));
    }

    /// Whether a side may change now: a guard that is new takes it down at once, a ladder waits for
    /// the least time after the last change.
    fn is_due(&self, cfg: &Config, now: Ns, side: Side, guard: Guard) -> bool {
        let shown = &self.shown[side.index()];
        match guard {
            Guard::None if shown.quote.guard == Guard::None => {
                now.since(shown.changed) >= cfg.quote.requote_ms * Ns::MS
            }
            Guard::None => true,
            g => shown.quote.guard != g,
        }
    }

    /// Works out what follows from the newest estimates.
    fn read_estimates(&mut self, cfg: &Config) {
        let e = self.account.learners.estimates();
        self.account.curve = curve(cfg, e);
        self.curves += 1;
    }

    /// Moves the orders of one side to where they are wanted.
    fn work(
        &mut self,
        cfg: &Config,
        now: Ns,
        side: Side,
        quote: &quote::Quote,
        out: &mut impl Publish,
    ) -> Worked {
        let wanted = &quote.sides[side.index()];
        let shown = &self.shown[side.index()];
        let down = wanted.guard != Guard::None;
        if down && shown.quote.guard == wanted.guard {
            return Worked { changed: false, slack: Some(0) };
        }
        let tolerance = self.tolerance(cfg, side, quote);
        // Rounding may move a price by another tick.
        let tick = wanted.levels.first().map_or(0, |(px, _)| self.rules.tick(*px));
        let mut slack = Some(tolerance - tick);
        let mut kept = [false; LADDER_MAX];
        let mut loose: ArrayVec<u64, ORDERS_MAX> = ArrayVec::new();
        for v in self.sim.open().filter(|v| v.side == side && !v.cancelling) {
            let off = |px: Px| (px.0 - v.px.0).abs();
            let stays = |(px, sz): &(Px, Sz)| {
                off(*px) <= tolerance && v.open.0 * 2 >= sz.0 && v.open.0 <= sz.0 * 2
            };
            let mut free = wanted.levels.iter().zip(&mut kept).filter(|(_, kept)| !**kept);
            if let Some(((px, _), kept)) = free.find(|(level, _)| stays(level)) {
                *kept = true;
                slack = slack.map(|s| s.min(tolerance - tick - off(*px)));
            } else {
                // There is room for every order there can be.
                let _ = loose.try_push(v.id);
            }
        }
        let mut changed = down;
        let mut loose = loose.into_iter();
        for (i, (px, sz)) in wanted.levels.iter().enumerate().filter(|(i, _)| !kept[*i]) {
            changed = true;
            let level = u8::try_from(i).unwrap_or(u8::MAX);
            let new = NewOrder { side, px: *px, sz: *sz, level };
            if !self.place(cfg, now, new, loose.next(), out) {
                slack = None;
            }
        }
        let leaves = self.clock.venue(now);
        let why = if down { OrderReason::Withdrawn } else { OrderReason::Replaced };
        for id in loose {
            changed = true;
            let account = &mut self.account;
            self.sim.cancel(leaves, id, why, &mut |e| account.on_sim(cfg, now, e, out));
        }
        if changed {
            self.show(now, side, wanted, out);
        }
        Worked { changed, slack }
    }

    /// Puts an order at a level: the order `instead` is changed into it, or it is a new one. False
    /// where there was no room.
    fn place(
        &mut self,
        cfg: &Config,
        now: Ns,
        new: NewOrder,
        instead: Option<u64>,
        out: &mut impl Publish,
    ) -> bool {
        let account = &mut self.account;
        let leaves = self.clock.venue(now);
        let out_of = &mut |e| account.on_sim(cfg, now, e, out);
        let sent = match instead {
            Some(old) => self.sim.modify(leaves, old, new, out_of),
            None => self.sim.submit(leaves, new, out_of),
        };
        let Ok(id) = sent else { return false };
        if let Some(mid) = self.book.mid() {
            let NewOrder { side, px, level, .. } = new;
            let sample = QuoteSample { id, side, depth_bps: depth_bps(side, px, mid), level };
            let coin = self.account.coin;
            self.account.learners.on_quote(now, sample, &mut |e| learned(now, coin, e, out));
        }
        true
    }

    fn show(&mut self, now: Ns, side: Side, wanted: &SideQuote, out: &mut impl Publish) {
        for part in record::ladder_records(side, wanted.guard, 0, &wanted.levels) {
            out.publish(now, self.account.coin, part);
        }
        self.shown[side.index()] = Shown { quote: wanted.clone(), changed: now };
    }

    /// How far a working order may be from where it is wanted, in price units.
    fn tolerance(&self, cfg: &Config, side: Side, quote: &quote::Quote) -> i64 {
        let bps = cfg.quote.requote_share * quote.terms.c1_bps;
        let first = quote.sides[side.index()].levels.first();
        first.map_or(0, |(px, _)| e8(px.to_f64() * bps * 1e-4))
    }
}

/// What follows from estimates under the settings.
fn curve(cfg: &Config, e: &Estimates) -> Curve {
    Curve::new(&beliefs(e, &cfg.quote), &cfg.quote, cfg.maker_fee_bps())
}
