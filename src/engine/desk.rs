//! One coin: book, own orders, account, learning, and the ladder that works.
//!
//! In: this coin's events. Out: records. Hot path: no allocation.
//!
//! 1. Arrivals and cancels take effect against the book before the block that is applied.
//! 2. Within a message: own orders, then what the strategy hears, then at most one decision, and only then
//!    the shadow ladder: the curve that it feeds is read at points of the tick grid alone.
//! 3. A strategy is asked only when a side may be changed and what it was last asked on no longer
//!    stands ([`super::requote`]).

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::components::Components;
use super::config::Coin;
use super::convert::{e8, market, print};
use super::cx::Cx;
use super::grid::{early_ns, is_second, turn_of};
use super::marks::{HORIZONS, Marks, PRIMARY};
use super::mids::Mids;
use super::publish::Publish;
use super::requests::Pace;
use super::requote::{Basis, HELD, Spot, Standing};
use super::samples;
use super::watch::Watch;
use super::working::{Wanted, Working};
use crate::book::Book;
use crate::event::{Bbo, Ctx, Joint, Snapshot, Trade};
use crate::learn::{Learners, Sample};
use crate::limits::{COIN_NAME_MAX, FUNDED_HOURS_MAX};
use crate::math::seed::named;
use crate::quote::guard::{self, State};
use crate::quote::{Inputs, Ladder, Strategy, fit};
use crate::record::{self, Guard, Health, Late};
use crate::sim::executor::Executor;
use crate::sim::fees::funding_e8;
use crate::sim::hold::{Batch, Came, Hold};
use crate::sim::ledger::Ledger;
use crate::sim::orders::View;
use crate::units::rules::Rules;
use crate::units::{CoinId, Ns, Px, Side, Sz};

/// Horizon of the account's adverse selection: the primary markout horizon.
const HORIZON: i64 = HORIZONS[PRIMARY];

/// One coin of the engine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Desk<C: Components> {
    id: CoinId,
    name: [u8; COIN_NAME_MAX],
    /// Its turn among the points of the grid of a second.
    turn: i64,
    book: Book,
    working: Working<C>,
    account: Account<C>,
    watch: Watch,
    health: Health,
    behind: bool,
    stopping: bool,
    loss: bool,
    /// Number of the newest estimates.
    estimates: u64,
    /// Number of messages with prints, and of points of the tick grid.
    beats: u64,
    /// Number of the windows of evidence that the strategy knows of.
    windows: u64,
    ctx: Ctx,
    funded: Ns,
    /// Funding was paid since the loss was looked at; the account's moves by then.
    funds: bool,
    checked: u64,
    /// The market, until it can be taken in the venue's order.
    hold: Hold,
    /// Blocks that had to be taken early for want of room.
    early: u64,
    /// As recorded last.
    late: Late,
    /// While it holds there is nothing to decide; worked out when it is missing.
    #[serde(skip)]
    rest: Option<Standing>,
}

impl<C: Components> Desk<C> {
    pub(super) fn new<P>(cx: &Cx<'_, C, P>, coin: &Coin) -> Desk<C> {
        let fee_bps = cx.cfg.maker_fee_bps(coin.rules.billing);
        let turn = turn_of(&coin.name);
        let watch = Watch::new(coin.rules, fee_bps, turn);
        let learners = Learners::new(&cx.cfg.learn, watch.curve().rates());
        let seed = named(cx.cfg.seed, &coin.name);
        let bounds = cx.bounds(coin.rules);
        let strategy = C::Strategy::new(&cx.cfg.strategy, &bounds, learners.estimates());
        Desk {
            id: cx.coin,
            name: coin.name,
            turn,
            book: Book::default(),
            working: Working::new(C::Executor::new(cx.sim(), coin.rules, seed)),
            account: Account {
                rules: coin.rules,
                ledgers: [HORIZON; 3].map(Ledger::new),
                learners,
                strategy,
                marks: Marks::new(),
                mids: Mids::new(),
                last_fill: Ns(i64::MIN),
                moves: 0,
            },
            watch,
            health: Health::Down,
            behind: false,
            stopping: false,
            loss: false,
            estimates: 0,
            beats: 0,
            windows: 0,
            ctx: Ctx::default(),
            funded: Ns(i64::MIN),
            funds: false,
            checked: 0,
            hold: Hold::default(),
            early: 0,
            late: Late { prints: 0, blocks: 0, cut: 0 },
            rest: None,
        }
    }

    pub(super) fn id(&self) -> CoinId {
        self.id
    }

    pub(super) fn name(&self) -> [u8; COIN_NAME_MAX] {
        self.name
    }

    pub(super) fn rules(&self) -> Rules {
        self.account.rules
    }

    #[cfg(any(test, feature = "lab"))]
    pub(super) fn account(&self) -> &Account<C> {
        &self.account
    }

    pub(super) fn on_up(&mut self, cx: &mut Cx<'_, C, impl Publish>, again: bool) {
        self.book.on_up();
        self.book.set_gapped(again);
        self.hold.clear();
        self.working.exec.on_up();
        self.note_health(cx);
    }

    pub(super) fn on_down(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.book.on_down();
        self.void_orders(cx, Ns(i64::MAX));
        self.note_health(cx);
        self.decide(cx);
    }

    /// What the link brought before it went down happened before.
    pub(super) fn on_end(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.take(cx, Batch::Upto(Ns(i64::MAX)));
        let Desk { working: w, account, .. } = self;
        w.exec.on_end(cx.sim(), &mut |e| account.on_sim(cx, e));
    }

    /// A message of the market came. Gives what of the market is to be taken now.
    fn hold<'a>(&mut self, cx: &mut Cx<'_, C, impl Publish>, came: Came<'a>) -> Batch<'a> {
        let Desk { working: w, account, watch, hold, early, .. } = self;
        w.exec.hear(cx.sim(), cx.now, &mut |e| account.on_sim(cx, e));
        watch.on(cx, came);
        hold.on(cx.now, cx.cfg.sim.wait_ns(), came, |hold, batch| {
            *early += 1;
            w.take(cx, account, (hold, batch));
            watch.take(cx, hold, batch);
        })
    }

    /// What is let go goes to the executor.
    fn execute(&mut self, cx: &mut Cx<'_, C, impl Publish>, batch: Batch<'_>) {
        self.working.take(cx, &mut self.account, (&self.hold, batch));
    }

    /// What is let go goes to the shadow ladder, after any decision, and waits no more.
    fn watch(&mut self, cx: &Cx<'_, C, impl Publish>, batch: Batch<'_>) {
        self.watch.take(cx, &self.hold, batch);
        self.hold.drop(batch);
    }

    /// What is let go is taken by both.
    fn take(&mut self, cx: &mut Cx<'_, C, impl Publish>, batch: Batch<'_>) {
        self.execute(cx, batch);
        self.watch(cx, batch);
    }

    /// Prints between the links: those recovered without a hole are played, after a hole none are.
    pub(super) fn on_history(
        &mut self,
        cx: &mut Cx<'_, C, impl Publish>,
        prints: &[Trade],
        joint: Joint,
    ) {
        match joint {
            Joint::Gap { to, .. } => {
                self.void_orders(cx, prints.last().map_or(to, |p| p.time));
            }
            Joint::Contiguous { .. } => {
                let batch = self.play(cx, prints);
                self.watch(cx, batch);
            }
            Joint::First => {}
        }
        self.book.set_gapped(false);
        self.note_health(cx);
    }

    /// A round trip to the venue took `ns`.
    pub(super) fn on_ping(&mut self, ns: i64) {
        self.working.exec.on_ping(ns);
    }

    pub(super) fn on_ctx(&mut self, now: Ns, ctx: &Ctx) {
        self.ctx = *ctx;
        if self.funded.0 == i64::MIN {
            self.funded = now;
        }
    }

    pub(super) fn on_bbo(&mut self, cx: &mut Cx<'_, C, impl Publish>, bbo: &Bbo) {
        if self.book.on_bbo(cx.now, bbo) {
            self.account.mids.see(bbo.time, self.book.mid());
        }
        self.on_market(cx, Came::Bbo(bbo));
    }

    pub(super) fn on_book(&mut self, cx: &mut Cx<'_, C, impl Publish>, snapshot: &Snapshot) {
        self.book.on_snapshot(cx.now, snapshot);
        self.account.mids.see(snapshot.time, self.book.mid());
        self.on_market(cx, Came::Book(snapshot));
    }

    pub(super) fn on_prints(&mut self, cx: &mut Cx<'_, C, impl Publish>, prints: &[Trade]) {
        if matches!(self.health, Health::Down | Health::Gapped) {
            prints.iter().for_each(|p| cx.publish(print(p)));
            return;
        }
        let batch = self.play(cx, prints);
        self.beats += 1;
        if cx.cfg.learn.on {
            samples::takers(cx, &mut self.account, prints);
        }
        self.check_loss(cx);
        self.decide(cx);
        self.watch(cx, batch);
    }

    /// Records prints and plays them to own orders, whatever the state of the book.
    fn play<'a>(&mut self, cx: &mut Cx<'_, C, impl Publish>, prints: &'a [Trade]) -> Batch<'a> {
        prints.iter().for_each(|p| cx.publish(print(p)));
        let batch = self.hold(cx, Came::Prints(prints));
        self.execute(cx, batch);
        batch
    }

    pub(super) fn on_tick(&mut self, cx: &mut Cx<'_, C, impl Publish>, second: bool) {
        self.beats += 1;
        // The coin's turn to say what it learned.
        let turn = is_second(cx.now.plus(early_ns(self.turn, Ns::SEC)));
        let batch = self.hold.due(cx.now, cx.cfg.sim.wait_ns());
        if self.watch.on_time(cx, turn, (&self.hold, batch)) {
            self.windows += 1;
            self.account.on_curve(cx, self.watch.curve());
            self.publish_scores(cx);
        }
        self.execute(cx, batch);
        self.hold.drop(batch);
        let Desk { working: w, account, .. } = self;
        w.exec.on_time(cx.sim(), cx.now, &mut |e| account.on_sim(cx, e));
        // Besides the mid, own fills and funding move the profit.
        if std::mem::take(&mut self.funds) || self.checked != self.account.moves {
            self.check_loss(cx);
        }
        // What is fresh only gets old by time.
        if self.health != Health::Fresh || self.book.is_stale(&cx.cfg.book, cx.now) {
            self.note_health(cx);
        }
        let learns = cx.cfg.learn.on && turn;
        if learns {
            self.learn(cx);
        }
        if second {
            self.on_second(cx);
        }
        if learns && self.health != Health::Down {
            self.account.publish_estimates(cx);
        }
        self.decide(cx);
    }

    pub(super) fn set_behind(&mut self, cx: &mut Cx<'_, C, impl Publish>, behind: bool) {
        self.behind = behind;
        self.decide(cx);
    }

    pub(super) fn set_stopping(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.stopping = true;
        self.decide(cx);
    }

    /// The last records of this coin.
    pub(super) fn close(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.account.marks.on_hole(&mut |e| cx.publish(e));
        self.account.publish(cx);
        if cx.cfg.learn.on {
            self.account.publish_estimates(cx);
            self.watch.publish(cx);
            self.publish_scores(cx);
        }
    }

    /// Forecasts of fills against fills.
    fn publish_scores(&self, cx: &mut Cx<'_, C, impl Publish>) {
        self.watch.publish_score(cx);
        self.account.publish_score(cx, self.watch.curve().fast());
    }

    fn on_market(&mut self, cx: &mut Cx<'_, C, impl Publish>, came: Came<'_>) {
        let batch = self.hold(cx, came);
        self.execute(cx, batch);
        self.note_health(cx);
        if self.health == Health::Fresh
            && let Some(mid) = self.book.mid()
        {
            self.account.on_mid(cx, mid);
            if self.checked != self.account.moves || self.account.ledgers[0].position().0 != 0 {
                self.check_loss(cx);
            }
        }
        self.decide(cx);
        self.watch(cx, batch);
    }

    fn on_second(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.fund(cx.now);
        if self.health == Health::Down {
            return;
        }
        cx.publish(market(&self.book));
        self.account.publish(cx);
        self.publish_late(cx);
    }

    /// What is learned is read off.
    fn learn(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.account.learners.on_second(&cx.cfg.learn, cx.now);
        self.account.on_estimates(cx);
        self.estimates += 1;
    }

    fn publish_late(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        let (prints, cut) = (self.working.exec.late(), self.account.ledgers[0].cut());
        let late = Late { prints, blocks: self.early, cut };
        if late != self.late {
            self.late = late;
            cx.publish(late);
        }
    }

    /// Funding is paid at each full hour, on the position held then; after a pause, for each of its
    /// hours.
    fn fund(&mut self, now: Ns) {
        let hour = |t: Ns| t.0.div_euclid(Ns::HOUR);
        if self.funded.0 == i64::MIN {
            return;
        }
        let hours = (hour(now) - hour(self.funded)).clamp(0, FUNDED_HOURS_MAX);
        if hours == 0 {
            return;
        }
        self.funded = now;
        self.funds = true;
        for l in &mut self.account.ledgers {
            let one = funding_e8(l.position(), self.ctx.oracle, self.ctx.funding_e10);
            l.on_funding(one.saturating_mul(hours));
        }
    }

    /// Takes own orders that arrived up to block `upto` out: nothing fills across a gap.
    fn void_orders(&mut self, cx: &mut Cx<'_, C, impl Publish>, upto: Ns) {
        // What is of a block after it happened to no order of ours.
        self.take(cx, Batch::Upto(upto));
        let account = &mut self.account;
        self.working.exec.on_gap(cx.sim(), cx.now, upto, &mut |e| account.on_sim(cx, e));
        account.on_hole(cx);
        self.watch.on_hole(cx);
    }

    /// Publishes a change of the book's health; learners stop and continue with it.
    fn note_health(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        let health = self.book.health(&cx.cfg.book, cx.now);
        if health == self.health {
            return;
        }
        cx.publish(record::HealthChange { was: self.health, now: health });
        let learners = &mut self.account.learners;
        if !cx.cfg.learn.on {
            // Nothing is learned.
        } else if health == Health::Fresh {
            learners.on_resume(&cx.cfg.learn, cx.now);
            self.account.sample(cx, &Sample::Seen);
        } else if self.health == Health::Fresh {
            learners.on_gap(cx.now);
            self.account.sample(cx, &Sample::Lost);
        }
        self.health = health;
    }

    fn check_loss(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        self.checked = self.account.moves;
        if self.loss {
            return;
        }
        let limit_usd = cx.cfg.quote.loss_limit_usd;
        if let Some(lost) = self.account.lost(limit_usd) {
            self.loss = true;
            let (value, limit) = (e8(lost.to_f64()), e8(-limit_usd));
            cx.publish(record::Latch { guard: Guard::LossLimit, value, limit });
        }
    }

    /// Decides, unless both sides stand as they are.
    #[inline]
    fn decide(&mut self, cx: &mut Cx<'_, C, impl Publish>) {
        let (basis, spot) = (self.basis(), self.spot());
        if !self.rest.as_ref().is_some_and(|rest| rest.holds(cx.now, &basis, &spot)) {
            self.requote(cx, basis, spot);
        }
    }

    /// Makes the ladder that is wanted now and moves the working orders towards it.
    #[inline(never)]
    fn requote(&mut self, cx: &mut Cx<'_, C, impl Publish>, basis: Basis, spot: Spot) {
        if self.account.last_fill.0 == i64::MIN && self.health == Health::Fresh {
            self.account.last_fill = cx.now;
        }
        let stale = self.working.stale(cx.now, &basis, &spot);
        self.rest = None;
        if stale == [false; 2] {
            self.rest = self.working.rest(basis);
            return;
        }
        let mut x = self.inputs(cx, &spot);
        let mut pace = cx.requests.pace(&cx.cfg.requests, cx.now);
        let engine = self.guards(&x, pace);
        // The strategy's reason not to quote, where nothing else is in the way, and how long it stands.
        let own = engine.contains(&Guard::None);
        let own = own.then(|| self.account.strategy.decline(&cx.cfg.strategy, &x)).flatten();
        let first = |g| if g == Guard::None { own.map(|(why, _)| why.guard()) } else { None };
        let guards = engine.map(|g| first(g).unwrap_or((g, 0)));
        let held = |i: usize| {
            let own = own.filter(|_| engine[i] == Guard::None);
            own.map_or(HELD, |(_, stands)| stands)
        };
        let wait_ns = pace.longer(cx.cfg.quote.requote_ms * Ns::MS);
        let is_due = |side: Side| {
            let i = side.index();
            stale[i] && self.working.is_due(cx.now, side, guards[i], wait_ns)
        };
        let due = [is_due(Side::Buy), is_due(Side::Sell)];
        for side in Side::BOTH.into_iter().filter(|s| stale[s.index()] && !due[s.index()]) {
            let i = side.index();
            // Requests come back with time alone.
            if !matches!(guards[i].0, Guard::None | Guard::Requests) && !self.working.stands(side) {
                self.working.sides[i].standing = Some(Standing::new(basis, spot, held(i), 0));
            }
        }
        if due == [false; 2] {
            return;
        }
        x.held = [guards[0].0 != Guard::None, guards[1].0 != Guard::None];
        let mut ladder = Ladder::default();
        if self.health == Health::Fresh {
            self.account.strategy.ladder(&cx.cfg.strategy, &x, &mut ladder);
        }
        let quotes = fit(&ladder, &x, guards);
        let mut changed = false;
        for side in Side::BOTH.into_iter().filter(|s| due[s.index()]) {
            let i = side.index();
            if changed {
                pace = cx.requests.pace(&cx.cfg.requests, cx.now);
            }
            let (quote, tolerance_bps) = (&quotes[i], ladder.tolerance_bps);
            let wanted = Wanted { side, quote, tolerance_bps, pace };
            let done = self.working.reconcile_side(cx, &mut self.account, &wanted);
            let stands = if x.held[i] { held(i) } else { ladder.stands };
            let standing = |slack| Standing::new(basis, spot, stands, slack);
            self.working.sides[i].standing = done.slack.map(standing);
            changed |= done.changed;
        }
        if changed && self.health == Health::Fresh {
            cx.publish(market(&self.book));
            // A term that is no number is published as none.
            let value = ladder.terms.map(|x| if x.is_finite() { x } else { 0.0 });
            cx.publish(record::Terms { mid: x.mid().to_f64(), value });
        }
    }

    fn state(&self) -> State {
        State { health: self.health, behind: self.behind, loss: self.loss, stopping: self.stopping }
    }

    /// What the orders that are wanted depend on besides where the market is.
    fn basis(&self) -> Basis {
        let Desk { estimates, beats, windows, .. } = *self;
        Basis { state: self.state(), moves: self.account.moves, estimates, beats, windows }
    }

    /// Where the market is.
    fn spot(&self) -> Spot {
        let none = Spot { bid: Px(0), ask: Px(0), sizes: [Sz(0); 2] };
        self.book.touch().map_or(none, |[bid, ask]| Spot {
            bid: bid.px,
            ask: ask.px,
            sizes: [bid.sz, ask.sz],
        })
    }

    /// What a ladder wanted now depends on, besides what the strategy knows.
    fn inputs<P>(&self, cx: &Cx<'_, C, P>, at: &Spot) -> Inputs {
        Inputs {
            now: cx.now,
            bid: at.bid,
            bid_sz: at.sizes[0],
            ask: at.ask,
            ask_sz: at.sizes[1],
            position: self.account.ledgers[0].position(),
            last_fill: self.account.last_fill,
            held: [false; 2],
            bounds: cx.bounds(self.account.rules),
        }
    }

    /// The first obstacle of each side that is not the strategy's.
    fn guards(&self, x: &Inputs, pace: Pace) -> [Guard; 2] {
        let lots = x.lots();
        let state = self.state();
        let of = |side, grows: f64| {
            let first = guard::first(&state, grows >= x.bounds.max_lots);
            let waits = pace.down || (pace.room == 0 && !self.working.stands(side));
            if first == Guard::None && waits { Guard::Requests } else { first }
        };
        [of(Side::Buy, lots), of(Side::Sell, -lots)]
    }

    /// Touches the state that the next decision reads, to bring it close to the processor. No effect.
    pub(super) fn prefetch<P>(&self, cx: &Cx<'_, C, P>) {
        if self.health != Health::Fresh {
            return;
        }
        let x = self.inputs(cx, &self.spot());
        let mut ladder = Ladder::default();
        self.account.strategy.ladder(&cx.cfg.strategy, &x, &mut ladder);
        let quotes = fit(&ladder, &x, [(Guard::None, 0); 2]);
        let off = |v: View| {
            let wanted = quotes[v.side.index()].levels.first();
            wanted.map_or(0, |(px, _)| px.0.wrapping_sub(v.px.0))
        };
        let open = Side::BOTH.into_iter().flat_map(|side| self.working.exec.open(side));
        black_box(open.map(off).fold(0, i64::wrapping_add));
    }
}
