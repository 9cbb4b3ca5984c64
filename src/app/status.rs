//! The newest state of a run, for people and monitors.
//!
//! In: records as the logging thread drains them. Out: [`Status`], a plain value; readers get
//! clones through a [`StatusBoard`]. Cold path.
//!
//! 1. The hot thread never sees the lock: it is shared by the logging thread and other cold ones.
//! 2. What was lost on the way is missing here too, and counted in `lost`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::folder::keep::Kept;
use crate::journal::Failed;
use crate::limits::{COINS_MAX, ORDERS_MAX, STATUS_FILLS};
use crate::record::{
    Account, Body, Budget, Clocks, Coin, DataGap, Earns, Estimates, FeedState, Fill, Guard, Health,
    Lane, Latch, Late, LinkChange, Market, Order, OrderState, Print, Record, Regimes, Start, Stop,
    StrategyNames, Terms, WholeLadder,
};
use crate::telemetry::counters::{Counter, Counters};
use crate::telemetry::latency::{Buckets, Percentiles, STAGES};
use crate::telemetry::recent::Recent;
use crate::units::{CoinId, Ns};

/// A value and the session time since when it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since<T> {
    /// The value.
    pub value: T,
    /// Since when.
    pub at: Ns,
}

/// One coin's newest state; `None` is "not yet".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoinStatus {
    /// Name and decimals.
    pub coin: Option<Coin>,
    /// Its own link, where the run has several.
    pub link: Option<LinkChange>,
    /// Health of the book.
    pub health: Since<Health>,
    /// Best bid and offer.
    pub market: Option<Market>,
    /// Ladder wanted, bid side first.
    pub ladder: [Option<WholeLadder>; 2],
    /// First obstacle of each side, bid side first.
    pub guard: [Since<Guard>; 2],
    /// How long each side was quoted, in session ns, up to its last change; bid side first.
    pub quoted_ns: [i64; 2],
    /// Since when neither side is quoted; `None` while one is, and before the first ladder.
    pub idle: Option<Ns>,
    /// Own orders sent and not over, oldest first.
    pub orders: Vec<Since<Order>>,
    /// What the quote is made of.
    pub terms: Option<Terms>,
    /// The three results, as [`Lane`] counts.
    pub account: [Option<Account>; 3],
    /// What is learned.
    pub estimates: Option<Estimates>,
    /// Regimes.
    pub regimes: Option<Regimes>,
    /// Whether quoting would earn.
    pub earns: Earns,
    /// The feed at work.
    pub feed: Option<FeedState>,
    /// What could not be taken in the venue's order.
    pub late: Option<Late>,
    /// How the last (re)subscription joined.
    pub gap: Option<Since<DataGap>>,
    /// The newest live print.
    pub print: Option<Print>,
    /// Live prints.
    pub prints: u64,
    /// Fills, as [`Lane`] counts.
    pub fills: [u64; 3],
    /// A limit that latched.
    pub latch: Option<Since<Latch>>,
}

/// A fill as the list of the last ones has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastFill {
    /// Session time.
    pub at: Ns,
    /// Coin.
    pub coin: CoinId,
    /// Content; only the configured lane is listed.
    pub fill: Fill,
}

/// The newest state of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Session time of the newest record.
    pub at: Ns,
    /// First record.
    pub start: Option<Start>,
    /// Its session time.
    pub began: Ns,
    /// Last record.
    pub stop: Option<Stop>,
    /// The strategy, and what its terms mean.
    pub strategy: StrategyNames,
    /// The account's budget of requests.
    pub requests: Option<Budget>,
    /// The link; of several, up while all are that ever were.
    pub link: Option<Since<LinkChange>>,
    /// How the clocks stand.
    pub clocks: Option<Clocks>,
    /// Coins, as [`CoinId`] counts.
    pub coins: Vec<CoinStatus>,
    /// Last fills of the configured lane, newest last.
    pub fills: VecDeque<LastFill>,
    /// Records drained, `Lost` included.
    pub records: u64,
    /// Records the drained `Lost` speak of.
    pub lost: u64,
    /// Newest durable record.
    pub durable_seq: Option<u64>,
    /// Failure of the journal; for other processes it is a text beside this.
    #[serde(skip)]
    pub failed: Option<Failed>,
    /// Bytes in the journal.
    pub journal_bytes: u64,
    /// What the run holds on disk.
    pub kept: Kept,
    /// Bytes free where it is; `None`: the disk does not say.
    pub free: Option<u64>,
    /// What was counted of late.
    pub recent: Recent,
    /// Raw frames recorded, and noted as missing.
    pub frames: (u64, u64),
    /// Whether recording raw frames failed.
    pub recording_failed: bool,
    /// Part of the record queue in use when it was last looked at, and the most ever seen.
    pub queue: (usize, usize),
    /// Bytes taken out of the queues that wait for the disk.
    pub backlog: usize,
    /// Everything that is counted.
    pub counters: Counters,
    /// Latencies, as `telemetry::latency::Stage` counts.
    pub latency: [Percentiles; STAGES],
    /// The same in the buckets that monitors get.
    pub buckets: [Buckets; STAGES],
    /// Whether the logging thread has ended.
    pub ended: bool,
}

/// Where the logging thread leaves a [`Status`] for others.
#[derive(Clone, Debug, Default)]
pub struct StatusBoard {
    shared: Arc<Mutex<Status>>,
    /// Bytes that wait for the disk: seen also while the logging thread waits for it.
    pub(super) backlog: Arc<AtomicUsize>,
}

impl StatusBoard {
    /// A copy of the newest state.
    pub fn read(&self) -> Status {
        Status { backlog: self.backlog.load(Ordering::Relaxed), ..self.lock().clone() }
    }

    /// Replaces the state.
    pub fn show(&self, status: &Status) {
        self.lock().clone_from(status);
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        // A reader that panicked leaves a whole value behind: it only ever copies.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Status {
    /// Takes one record.
    pub fn take(&mut self, record: &Record) {
        self.at = record.at;
        self.records += 1;
        let at = record.at;
        match record.body {
            Body::Start(x) => {
                self.start = Some(x);
                self.began = at;
            }
            Body::Stop(x) => self.stop = Some(x),
            Body::Strategy(_) | Body::Label(_) => self.strategy.take(&record.body),
            Body::Requests(x) => self.requests = Some(Budget::with(self.requests, at, x)),
            Body::LinkChange(x) => self.take_link(at, record.coin, x),
            Body::Clocks(x) => self.clocks = Some(x),
            Body::Lost(x) => {
                self.lost = self.lost.saturating_add(x.count);
                // Ends of orders may be among them: what is not known is not shown.
                self.coins.iter_mut().for_each(|c| c.orders.clear());
            }
            Body::Fill(fill) if fill.lane == Lane::Configured => {
                if self.fills.len() >= STATUS_FILLS {
                    self.fills.pop_front();
                }
                self.fills.push_back(LastFill { at, coin: record.coin, fill });
            }
            _ => {}
        }
        if let Some(counter) = counter_of(&record.body) {
            self.counters.bump(counter);
        }
        if let Some(coin) = self.coin(record.coin) {
            coin.take(at, &record.body);
        }
    }

    fn take_link(&mut self, at: Ns, coin: CoinId, x: LinkChange) {
        let Some(own) = self.coin(coin) else {
            self.link = Some(Since { value: x, at });
            return;
        };
        own.link = Some(x);
        let known = || self.coins.iter().filter_map(|c| c.link);
        let up = known().all(|l| l.up);
        let value = LinkChange { up, opened: known().map(|l| l.opened).max().unwrap_or(0) };
        let since = self.link.filter(|l| l.value.up == up).map_or(at, |l| l.at);
        self.link = Some(Since { value, at: since });
    }

    /// Coins whose link is down while those of others are up.
    pub fn cut(&self) -> usize {
        let down = self.coins.iter().filter(|c| c.link.is_some_and(|l| !l.up)).count();
        if down == self.coins.len() { 0 } else { down }
    }

    /// Records that are durable.
    pub fn durable(&self) -> u64 {
        self.durable_seq.map_or(0, |s| s + 1)
    }

    /// Takes the counters of the hot thread; those that the records count stay as they are.
    pub fn take_counters(&mut self, hot: &Counters) {
        let counted = self.counters;
        self.counters = *hot;
        for counter in COUNTED {
            self.counters.set(counter, counted.value(counter));
        }
    }

    /// The state of a coin, made where it is new; `None` for a record of no coin.
    fn coin(&mut self, coin: CoinId) -> Option<&mut CoinStatus> {
        let i = coin.index();
        if i >= COINS_MAX {
            return None;
        }
        if self.coins.len() <= i {
            self.coins.resize_with(i + 1, CoinStatus::default);
        }
        self.coins.get_mut(i)
    }
}

impl CoinStatus {
    /// The coin's name; `None` before its record.
    pub fn name(&self) -> Option<String> {
        Some(self.coin.as_ref()?.text())
    }

    /// Whether the coin is no longer subscribed.
    pub fn is_set_aside(&self) -> bool {
        self.feed.is_some_and(|f| f.set_aside)
    }

    fn take(&mut self, at: Ns, body: &Body) {
        match *body {
            Body::Coin(x) => self.coin = Some(x),
            Body::HealthChange(x) => self.health = Since { value: x.now, at },
            Body::Market(x) => self.market = Some(x),
            Body::Ladder(x) => {
                let side = x.side.index();
                let guard = &mut self.guard[side];
                if guard.value != x.guard || self.ladder[side].is_none() {
                    if guard.value == Guard::None && self.ladder[side].is_some() {
                        self.quoted_ns[side] += at.since(guard.at);
                    }
                    *guard = Since { value: x.guard, at };
                }
                self.ladder[side].get_or_insert_default().take(&x);
                let quoted =
                    |(l, g): (&Option<_>, &Since<Guard>)| l.is_some() && g.value == Guard::None;
                let idle = !self.ladder.iter().zip(&self.guard).any(quoted);
                self.idle = idle.then(|| self.idle.unwrap_or(at));
            }
            Body::Terms(x) => self.terms = Some(x),
            Body::Account(x) => self.account[x.lane as usize] = Some(x),
            Body::Estimates(x) => self.estimates = Some(x),
            Body::Regimes(x) => self.regimes = Some(x),
            Body::Curve(_) | Body::Verdict(_) | Body::Score(_) => self.earns.take(body),
            Body::FeedState(x) => self.feed = Some(x),
            Body::Late(x) => self.late = Some(x),
            Body::DataGap(x) => self.gap = Some(Since { value: x, at }),
            Body::Print(x) => {
                self.print = Some(x);
                self.prints += 1;
            }
            Body::Fill(x) => {
                self.fills[x.lane as usize] += 1;
                let own = self.orders.iter_mut().find(|o| o.value.id == x.id);
                if let (Some(order), Lane::Configured) = (own, x.lane) {
                    order.value.open = x.open;
                }
            }
            Body::Order(x) => self.take_order(at, x),
            Body::Latch(x) => self.latch = Some(Since { value: x, at }),
            Body::Start(_)
            | Body::Stop(_)
            | Body::LinkChange(_)
            | Body::Clocks(_)
            | Body::Lost(_)
            | Body::Strategy(_)
            | Body::Label(_)
            | Body::Edge(_)
            | Body::Requests(_) => {}
        }
    }

    fn take_order(&mut self, at: Ns, order: Order) {
        let since = Since { value: order, at };
        let over = is_over(order.state);
        match self.orders.iter().position(|o| o.value.id == order.id) {
            Some(i) if over => drop(self.orders.remove(i)),
            Some(i) => self.orders[i] = since,
            None if over => {}
            None => {
                if self.orders.len() >= ORDERS_MAX {
                    self.orders.remove(0);
                }
                self.orders.push(since);
            }
        }
    }
}

/// Counters that the records count, not the hot thread.
const COUNTED: [Counter; 4] = [Counter::Orders, Counter::Cancels, Counter::Refused, Counter::Fills];

fn counter_of(body: &Body) -> Option<Counter> {
    match body {
        Body::Order(o) => match o.state {
            OrderState::Sent => Some(Counter::Orders),
            OrderState::CancelSent => Some(Counter::Cancels),
            OrderState::Rejected => Some(Counter::Refused),
            OrderState::Live | OrderState::Cancelled | OrderState::Filled => None,
        },
        Body::Fill(f) if f.lane == Lane::Configured => Some(Counter::Fills),
        _ => None,
    }
}

fn is_over(state: OrderState) -> bool {
    matches!(state, OrderState::Rejected | OrderState::Cancelled | OrderState::Filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FillReason, Lost, NO_COIN, OrderReason};
    use crate::units::{Mid2, Px, Side, Sz};

    fn order(id: u64, state: OrderState) -> Order {
        Order {
            id,
            state,
            reason: OrderReason::None,
            side: Side::Buy,
            level: 0,
            px: Px(100),
            sz: Sz(10),
            open: Sz(10),
            ahead: Sz(0),
            effective: Ns(0),
        }
    }

    fn record(at: i64, coin: CoinId, body: impl Into<Body>) -> Record {
        Record { seq: 0, at: Ns(at), coin, body: body.into() }
    }

    #[test]
    fn working_orders_come_go_and_shrink() {
        let coin = CoinId(0);
        let mut s = Status::default();
        s.take(&record(1, coin, order(1, OrderState::Sent)));
        s.take(&record(2, coin, order(2, OrderState::Sent)));
        s.take(&record(3, coin, order(1, OrderState::Live)));
        let fill = Fill {
            id: 1,
            lane: Lane::Configured,
            reason: FillReason::Queue,
            side: Side::Buy,
            unknown_queue: false,
            level: 0,
            px: Px(100),
            sz: Sz(4),
            open: Sz(6),
            ahead: Sz(0),
            age: 0,
            time: Ns(0),
            tid: 1,
            mid: Mid2(200),
            fee_e8: 1,
            sight_age: 0,
        };
        s.take(&record(4, coin, fill));
        s.take(&record(4, coin, Fill { lane: Lane::Optimistic, open: Sz(0), ..fill }));
        assert_eq!(s.coins[0].orders.len(), 2);
        assert_eq!(s.coins[0].orders[0].at, Ns(3));
        assert_eq!(s.coins[0].orders[0].value.open, Sz(6));
        s.take(&record(5, coin, order(1, OrderState::CancelSent)));
        s.take(&record(6, coin, order(1, OrderState::Cancelled)));
        assert_eq!(s.coins[0].orders.len(), 1);
        let hot = {
            let mut c = Counters::default();
            c.add(Counter::Frames, 7);
            c.add(Counter::Fills, 99);
            c
        };
        s.take_counters(&hot);
        let value = |c| s.counters.value(c);
        assert_eq!(value(Counter::Frames), 7);
        assert_eq!([Counter::Orders, Counter::Cancels, Counter::Fills].map(value), [2, 1, 1]);
        s.take(&record(7, NO_COIN, Lost { first: 1, count: 3 }));
        assert!(s.coins[0].orders.is_empty() && s.lost == 3);
    }
}
