//! A market made of bytes through the engine, twice, with every record held against what may be.
//!
//! In: bytes. Out: a panic that says which law broke. Cold path.
//!
//! Laws:
//! 1. The same events give the same record bytes; every record survives encoding.
//! 2. A side is quoted only on a fresh book, on an open link, with the journal keeping up, at prices
//!    and sizes the venue takes.
//! 3. An own order goes from sent to its end by the allowed steps, and is filled no more than its
//!    size in any lane, in the configured one only while it is in the book.
//! 4. The parts of every account sum to cash and marked position, fees and position to the fills.
//! 5. A strategy's ladder is held to all of that, whatever it wants.
//! 6. Probabilities are probabilities, what is estimated is finite.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::hostile::HostileEngine;
use crate::engine::config::Config;
use crate::engine::publish::Publish;
use crate::engine::{Coin, Components, ConfigOf, Engine};
use crate::event::{Bbo, Ctx, Event, Joint, Level, Levels, Link, Snapshot, Trade};
use crate::limits::LEVELS_MAX;
use crate::quote::Name;
use crate::quote::original::Policy;
use crate::record::{
    Account, Body, Edge, Fill, Guard, Health, Ladder, Lane, Order, OrderState, Record, StopReason,
};
use crate::sim;
use crate::units::rules::Rules;
use crate::units::{Cash, CoinId, Ns, Px, Side, Sz};

/// Coins of the run: size decimals, and a first price in ticks.
const COINS: [(u8, i64); 2] = [(2, 10_050), (1, 50_000)];
/// A tick, 0.01 USD: valid at all prices here, which are 90 to 600 USD.
const TICK: i64 = 1_000_000;
/// Records kept without growing.
const ROOM: usize = 1 << 16;
/// When it begins: ten seconds before an hour, so that funding is paid in most runs.
const BEGIN: Ns = Ns(1_790_002_790 * Ns::SEC);

/// Records in storage made beforehand.
#[derive(Debug, Default)]
struct Sink(Vec<Record>);

impl Publish for Sink {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        assert!(self.0.len() < self.0.capacity(), "room for records");
        let seq = self.0.len() as u64;
        self.0.push(Record { seq, at, coin, body: body.into() });
    }
}

/// The market of one coin.
struct Market {
    rules: Rules,
    /// Best bid and the spread, in ticks.
    bid: i64,
    spread: i64,
    time: Ns,
}

impl Market {
    fn best(&self, side: Side) -> i64 {
        self.bid + if side == Side::Buy { 0 } else { self.spread }
    }

    fn level(&self, bytes: &mut Bytes<'_>, side: Side, away: i64) -> Level {
        let sz = Sz(self.rules.lot() * (1 + bytes.number(200) * bytes.number(20)));
        Level { px: px(self.best(side) - side.sign() * away), sz, n: 1 }
    }
}

fn px(ticks: i64) -> Px {
    Px(ticks.max(1) * TICK)
}

/// The engine and its market.
struct World<C: Components> {
    engine: Engine<C>,
    markets: [Market; 2],
    now: Ns,
    up: bool,
    behind: bool,
    tid: u64,
}

/// Settings that every engine has.
fn config<C: Components>(bytes: &mut Bytes<'_>) -> ConfigOf<C> {
    let mut cfg: ConfigOf<C> = ConfigOf { seed: u64::from(bytes.byte()), ..ConfigOf::default() };
    cfg.sim.model = bytes.of(&sim::config::Model::ALL);
    cfg.sim.participation_pct = bytes.of(&[100, 100, 30]);
    cfg.quote.requote_ms = bytes.of(&[250, 0, 1_000]);
    cfg.quote.unit_usd = bytes.of(&[250.0, 20.0, 100_000.0]);
    cfg.quote.loss_limit_usd = bytes.of(&[100.0, 0.01]);
    cfg
}

/// And those of the shipped strategies.
fn shipped(bytes: &mut Bytes<'_>) -> Config {
    let mut cfg: Config = config(bytes);
    let policy = bytes.of(&[
        None,
        None,
        None,
        Some(Policy::Original),
        Some(Policy::Floor8000),
        Some(Policy::Analysis1),
        Some(Policy::Analysis2),
    ]);
    let others = [Name::Glft, Name::Glft, Name::Earn, Name::Join, Name::Avellaneda];
    cfg.strategy.name = bytes.of(&others);
    cfg.quote.anyway = bytes.below(2) > 0;
    if let Some(policy) = policy {
        cfg.strategy.name = Name::Original;
        cfg.strategy.original.policy = policy;
    }
    cfg.strategy.glft.levels = 1 + usize::from(bytes.below(8));
    cfg
}

impl<C: Components> World<C> {
    fn new(cfg: &ConfigOf<C>) -> World<C> {
        let coin = |(i, (decimals, _)): (u8, (u8, i64))| {
            let mut name = [0; 24];
            name[0] = b'A' + i;
            Coin { name, rules: Rules::perp(decimals) }
        };
        let coins: Vec<Coin> = (0..).zip(COINS).map(coin).collect();
        let market = |(decimals, bid)| {
            let rules = Rules::perp(decimals);
            Market { rules, bid, spread: 1, time: BEGIN }
        };
        World {
            engine: Engine::new(cfg, &coins, [1, 2]),
            markets: COINS.map(market),
            now: BEGIN,
            up: false,
            behind: false,
            tid: 0,
        }
    }

    /// Time goes on, and what the grid is due for happens.
    fn advance(&mut self, ns: i64, out: &mut Sink) {
        self.now = self.now.plus(ns);
        self.engine.advance(self.now, out);
    }

    fn turn(&mut self, bytes: &mut Bytes<'_>, out: &mut Sink) {
        self.advance(Ns::MS * bytes.number(80), out);
        let coin = CoinId(bytes.below(2));
        let late = Ns::MS * (bytes.number(200) - 20);
        let m = &mut self.markets[coin.index()];
        m.time = m.time.max(self.now.plus(-late));
        match bytes.below(32) {
            0..=4 => self.advance(Ns::MS * bytes.of(&[100, 500, 1_000, 4_000]), out),
            5 => self.link(!self.up, out),
            6 => self.history(bytes, coin, out),
            7 => {
                self.behind = !self.behind;
                self.engine.step(self.now, Event::Behind(self.behind), out);
            }
            8 => {
                let ctx = Ctx { funding_e10: bytes.number(200) - 100, oracle: Px(px(m.bid).0 + 1) };
                self.engine.step(self.now, Event::Ctx { coin, ctx: &ctx }, out);
                if bytes.below(4) == 0 {
                    self.advance(30 * Ns::SEC * bytes.number(4).min(1), out);
                }
            }
            9..=14 => self.book(bytes, coin, out),
            15..=22 => self.bbo(bytes, coin, out),
            _ => {
                let prints = self.prints(bytes, coin);
                self.engine.step(self.now, Event::Trades { coin, prints: &prints }, out);
            }
        }
    }

    fn link(&mut self, up: bool, out: &mut Sink) {
        self.up = up;
        let link = if up { Link::Up } else { Link::Down };
        self.engine.step(self.now, Event::Link(link), out);
    }

    fn history(&mut self, bytes: &mut Bytes<'_>, coin: CoinId, out: &mut Sink) {
        let prints = self.prints(bytes, coin);
        let joint = bytes.of(&[
            Joint::First,
            Joint::Contiguous { recovered: 1 },
            Joint::Gap { from: BEGIN, to: self.now },
        ]);
        self.engine.step(self.now, Event::History { coin, prints: &prints, joint }, out);
    }

    fn bbo(&mut self, bytes: &mut Bytes<'_>, coin: CoinId, out: &mut Sink) {
        let m = &mut self.markets[coin.index()];
        m.bid += bytes.of(&[0, 0, 0, 1, -1, 3, -3, 40, -40]);
        m.bid = m.bid.clamp(9_000, 60_000);
        m.spread = bytes.of(&[1, 1, 2, 5, 20, 0, -1]);
        let [bid, ask] = Side::BOTH.map(|side| {
            let level = m.level(bytes, side, 0);
            (bytes.below(32) > 0).then_some(level)
        });
        let bbo = Bbo { time: m.time, bid, ask };
        self.engine.step(self.now, Event::Bbo { coin, bbo: &bbo }, out);
    }

    fn book(&mut self, bytes: &mut Bytes<'_>, coin: CoinId, out: &mut Sink) {
        let m = &self.markets[coin.index()];
        let fast = bytes.below(3) > 0;
        let n = if fast { 5 } else { i64::try_from(LEVELS_MAX).unwrap_or(1) };
        let gap = 1 + bytes.number(3);
        let [bids, asks] =
            Side::BOTH.map(|s| (0..n).map(|i| m.level(bytes, s, gap * i)).collect::<Levels>());
        let time = m.time.plus(-Ns::MS * bytes.of(&[0, 0, 40]));
        let book = Snapshot { time, fast, bids, asks };
        self.engine.step(self.now, Event::Book { coin, book: &book }, out);
    }

    fn prints(&mut self, bytes: &mut Bytes<'_>, coin: CoinId) -> [Trade; 3] {
        let m = &self.markets[coin.index()];
        let (aggressor, taker) = (bytes.side(), u64::from(bytes.byte()));
        let mut ticks = m.best(aggressor.opposite());
        [0; 3].map(|_| {
            self.tid += 1;
            let sz = Sz(m.rules.lot() * (1 + bytes.number(250) * bytes.number(40)));
            let (px, time, tid) = (px(ticks), m.time, self.tid);
            ticks += aggressor.sign() * bytes.number(6);
            Trade { aggressor, px, sz, time, taker, tid }
        })
    }
}

/// What is known of an own order.
#[derive(Clone, Copy)]
struct Known {
    order: Order,
    filled: [i64; 3],
}

/// What the records of a coin add up to.
#[derive(Default)]
struct Sums {
    health: Option<Health>,
    orders: BTreeMap<u64, Known>,
    cash: [i128; 3],
    fees: [i128; 3],
    position: [i64; 3],
    /// What fills came to at the primary horizon, and what the account says of it.
    edges: i128,
    account: i128,
}

/// Holds records against the laws, one after another.
#[derive(Default)]
struct Judge {
    coins: [Sums; 2],
    at: Option<Ns>,
    up: bool,
    stopping: bool,
}

impl Judge {
    fn take(&mut self, record: &Record, behind: bool) {
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes).expect("a record").encode(), bytes);
        assert!(self.at.is_none_or(|at| at <= record.at), "time went back: {record:?}");
        self.at = Some(record.at);
        if let Body::LinkChange(l) = record.body {
            self.up = l.up;
        }
        let quotable = self.up && !behind && !self.stopping;
        let Some(sums) = self.coins.get_mut(record.coin.index()) else { return };
        let rules = Rules::perp(COINS[record.coin.index()].0);
        match &record.body {
            Body::HealthChange(h) => {
                assert_eq!(sums.health.unwrap_or(Health::Down), h.was);
                sums.health = Some(h.now);
            }
            Body::Ladder(l) => {
                let fresh = quotable && sums.health == Some(Health::Fresh);
                assert!(l.levels == 0 || fresh, "{l:?} on {:?}", sums.health);
                ladder(l, rules);
            }
            Body::Order(o) => sums.order(o),
            Body::Fill(f) => {
                assert!(self.up, "filled on a link that is down");
                sums.fill(f);
            }
            Body::Account(a) => sums.account(a),
            Body::Edge(e) => sums.edge(e),
            body => numbers(body),
        }
    }
}

fn ladder(l: &Ladder, rules: Rules) {
    assert_eq!(l.levels > 0, l.guard == Guard::None, "{l:?}");
    let levels = || l.here();
    for (px, sz) in levels() {
        assert!(rules.valid_px(px) && rules.valid_sz(sz) && rules.valid_value(px, sz), "{l:?}");
    }
    for ((a, _), (b, _)) in levels().zip(levels().skip(1)) {
        assert!(l.side.better(a, b), "{l:?}");
    }
}

impl Sums {
    fn order(&mut self, o: &Order) {
        use OrderState::{CancelSent, Cancelled, Filled, Live, Rejected, Sent};
        assert!(o.sz.0 > 0 && (0..=o.sz.0).contains(&o.open.0), "{o:?}");
        let Some(known) = self.orders.get_mut(&o.id) else {
            assert!(o.state == Sent && self.orders.keys().all(|id| *id < o.id), "{o:?}");
            self.orders.insert(o.id, Known { order: *o, filled: [0; 3] });
            return;
        };
        let was = known.order;
        let allowed = match was.state {
            Sent => [Live, Rejected, CancelSent, Cancelled].contains(&o.state),
            Live => [CancelSent, Cancelled, Filled].contains(&o.state),
            CancelSent => [Live, Rejected, Cancelled, Filled].contains(&o.state),
            Rejected | Cancelled | Filled => false,
        };
        assert!(allowed, "{was:?} then {o:?}");
        assert_eq!((was.side, was.px, was.sz), (o.side, o.px, o.sz));
        assert_eq!(o.open.0, o.sz.0 - known.filled[0], "{o:?}");
        known.order = *o;
    }

    fn fill(&mut self, f: &Fill) {
        let lane = f.lane as usize;
        let known = self.orders.get_mut(&f.id).expect("a fill of an order that was sent");
        let o = known.order;
        let inside = matches!(o.state, OrderState::Live | OrderState::CancelSent);
        assert!(f.lane != Lane::Configured || inside, "{f:?} of {o:?}");
        assert_eq!((f.side, f.px), (o.side, o.px));
        known.filled[lane] += f.sz.0;
        assert!(f.sz.0 > 0 && f.open.0 == o.sz.0 - known.filled[lane] && f.open.0 >= 0, "{f:?}");
        let sign = f.side.sign();
        self.position[lane] += sign * f.sz.0;
        self.cash[lane] -= i128::from(sign) * Cash::of(f.px, f.sz).0;
        self.fees[lane] -= i128::from(f.fee_e8) * (Cash::USD / 100_000_000);
    }

    /// Depth and moves are from one price: that of the order.
    fn edge(&mut self, e: &Edge) {
        if e.horizon_ms == 5_000 {
            let moved = i128::from(e.after.0) - 2 * i128::from(e.px.0);
            self.edges += moved * i128::from(e.side.sign() * e.sz.0);
            self.edges -= i128::from(e.fee_e8) * (Cash::USD / 100_000_000);
        }
    }

    fn account(&mut self, a: &Account) {
        let lane = a.lane as usize;
        if a.lane == Lane::Configured {
            self.account = a.spread + a.adverse + a.fees;
        }
        assert_eq!(a.position, Sz(self.position[lane]), "{a:?}");
        assert_eq!(a.fees, self.fees[lane], "{a:?}");
        let equity = self.cash[lane] + i128::from(a.mark.0) * i128::from(a.position.0);
        assert_eq!(a.spread + a.adverse + a.inventory, equity, "{a:?}");
    }
}

/// What must be finite, a probability, or in order.
fn numbers(body: &Body) {
    let ok = match body {
        Body::Terms(t) => t.mid.is_finite() && t.value.iter().all(|x| x.is_finite()),
        Body::Estimates(e) => {
            e.kappa_lo <= e.kappa && e.kappa <= e.kappa_hi && e.kappa > 0.0 && e.sigma_bps >= 0.0
        }
        Body::Regimes(r) => {
            r.p.iter().all(|p| (0.0..=1.0).contains(p)) && r.sigma_bps.iter().all(|s| s.is_finite())
        }
        Body::Score(s) => {
            let least = [s.fills, s.live_s, s.expected, s.ratio_lo, s.bursts, s.gain_se];
            let ordered = s.ratio_lo <= s.ratio_hi && s.bursts <= s.fills + 1e-9;
            ordered && s.gain.is_finite() && least.iter().all(|x| x.is_finite() && *x >= 0.0)
        }
        _ => true,
    };
    assert!(ok, "{body:?}");
}

/// Runs `bytes` once; every call into the engine goes through `seal`. A quarter of all are a strategy's
/// that wants whatever it likes.
fn run(bytes: &[u8], sink: &mut Sink, seal: &mut dyn FnMut(&mut dyn FnMut())) {
    let mut bytes = Bytes(bytes);
    if bytes.below(4) == 0 {
        let mut cfg: ConfigOf<HostileEngine> = config(&mut bytes);
        cfg.strategy.seed = u64::from(bytes.byte());
        drive(World::new(&cfg), bytes, sink, seal);
    } else {
        drive(World::new(&shipped(&mut bytes)), bytes, sink, seal);
    }
}

fn drive<C: Components>(
    mut world: World<C>,
    mut bytes: Bytes<'_>,
    sink: &mut Sink,
    seal: &mut dyn FnMut(&mut dyn FnMut()),
) {
    let (mut judge, mut judged) = (Judge::default(), 0);
    world.engine.start(world.now, sink);
    world.link(true, sink);
    while !bytes.is_empty() && sink.0.len() < ROOM / 2 {
        // Before the step: what it tells of a journal that is behind holds from then on.
        let behind = world.behind;
        seal(&mut || world.turn(&mut bytes, sink));
        for record in &sink.0[judged..] {
            judge.take(record, behind && world.behind);
        }
        judged = sink.0.len();
    }
    judge.stopping = true;
    world.engine.stopping(world.now, sink);
    world.engine.stop(world.now, StopReason::Finished, sink.0.len() as u64, sink);
    sink.0[judged..].iter().for_each(|r| judge.take(r, world.behind));
    let Some(Body::Stop(stop)) = sink.0.last().map(|r| r.body) else { panic!("a last record") };
    assert_eq!(stop.records, sink.0.len() as u64);
    for sums in &judge.coins {
        assert_eq!(
            sums.edges, sums.account,
            "edges are the account's spread, adverse move and fees"
        );
    }
}

thread_local! {
    static SINKS: RefCell<[Sink; 2]> =
        RefCell::new([0; 2].map(|_| Sink(Vec::with_capacity(ROOM))));
}

/// Puts events made of `bytes` through the laws.
///
/// # Panics
/// When a law breaks.
pub fn events(bytes: &[u8]) {
    sealed(bytes, &mut |step| step());
}

/// The same, with every call into the engine through `seal`, which may count allocations.
///
/// # Panics
/// When a law breaks.
pub fn sealed(bytes: &[u8], seal: &mut dyn FnMut(&mut dyn FnMut())) {
    SINKS.with_borrow_mut(|[a, b]| {
        a.0.clear();
        b.0.clear();
        run(bytes, a, seal);
        run(bytes, b, seal);
        assert_eq!(a.0.len(), b.0.len());
        for (a, b) in a.0.iter().zip(&b.0) {
            assert_eq!(a.encode(), b.encode(), "a second run differs: {a:?} {b:?}");
        }
    });
}
