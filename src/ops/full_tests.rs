//! A status in which everything has a value.

use crate::app::status::Status;
use crate::folder::keep::Kept;
use crate::quote::{AnyStrategy, Strategy};
use crate::record::*;
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::{Lap, Latencies};
use crate::telemetry::recent::Recent;
use crate::units::{CoinId, Mid2, Ns, Px, Side, Sz};

pub(crate) const USD: i64 = 100_000_000;

fn order(id: u64, side: Side, state: OrderState, usd: i64, milli: i64) -> Order {
    Order {
        id,
        state,
        reason: OrderReason::None,
        side,
        level: 0,
        px: Px(usd * USD),
        sz: Sz(milli * USD / 1000),
        open: Sz(milli * USD / 1000),
        ahead: Sz(12 * USD / 1000),
        effective: Ns(0),
    }
}

/// Seven levels, in two records, or none.
fn ladder(side: Side, guard: Guard, first: i64) -> Vec<Body> {
    let away = if side == Side::Buy { -1 } else { 1 };
    let level = |i: i64| (Px((first + away * 40 * i) * USD), Sz((5 + 5 * i) * USD / 1000));
    let levels: Vec<(Px, Sz)> =
        if guard == Guard::None { (0..7).map(level).collect() } else { vec![] };
    ladder_records(side, guard, 0, &levels).map(Into::into).collect()
}

fn account(lane: Lane) -> Account {
    let usd = 2 * i128::from(USD) * i128::from(USD);
    Account {
        spread: 3 * usd,
        adverse: -usd / 2,
        inventory: usd / 10,
        fees: -usd,
        funding: usd / 100,
        position: Sz(-12 * USD / 1000),
        mark: Mid2(2 * 97_000 * USD),
        fills: 7,
        lane,
    }
}

fn fill(id: u64, side: Side, usd: i64) -> Fill {
    Fill {
        id,
        lane: Lane::Configured,
        reason: FillReason::Queue,
        side,
        unknown_queue: false,
        level: 0,
        px: Px(usd * USD),
        sz: Sz(5 * USD / 1000),
        open: Sz(0),
        ahead: Sz(0),
        age: 3,
        time: Ns(0),
        tid: 1,
        mid: Mid2(2 * 97_000 * USD),
        fee_e8: 100,
        sight_age: 0,
    }
}

fn bodies() -> Vec<Body> {
    let mut out: Vec<Body> = vec![
        HealthChange { was: Health::Empty, now: Health::Fresh }.into(),
        Market {
            bid: Px(96_990 * USD),
            bid_sz: Sz(USD / 2),
            ask: Px(97_010 * USD),
            ask_sz: Sz(USD / 4),
            time: Ns(0),
        }
        .into(),
        Verdict {
            word: Outlook::LikelyLoses,
            mark_s: 5,
            best: 4,
            seen: 9,
            pays_below_bps: -1.3,
            loses_above_bps: 1.7,
            certainty: 0.8,
            dropped: 3,
        }
        .into(),
        Curve {
            place: 4,
            mark_s: 5,
            distance_e2: 100,
            live_s: 600.0,
            fills: 9.0,
            n_eff: 5.0,
            rate: 0.01,
            rate_lo: 0.005,
            rate_hi: 0.02,
            quoted_bps: 1.2,
            cost_bps: 3.4,
            error_bps: 0.9,
            value: -0.1,
            value_lo: -0.2,
            value_hi: 0.01,
        }
        .into(),
        order(1, Side::Buy, OrderState::Live, 96_960, 5).into(),
        order(2, Side::Buy, OrderState::Sent, 96_920, 10).into(),
        order(3, Side::Sell, OrderState::CancelSent, 97_050, 10).into(),
        Terms {
            mid: 97_000.0,
            value: [4.2, 1.1, 1.5, 0.7, 0.2, -1.2, -0.3, -0.1, 0.0, 0.0, 0.1, 0.0],
        }
        .into(),
    ];
    out.extend(ladder(Side::Buy, Guard::None, 96_960));
    out.extend(ladder(Side::Sell, Guard::InventoryLimit, 97_040));
    out.extend(knowledge());
    out.extend(Lane::ALL.iter().map(|l| Body::from(account(*l))));
    out
}

fn knowledge() -> Vec<Body> {
    vec![
        Estimates {
            kappa: 5825.0,
            kappa_lo: 4645.0,
            kappa_hi: 7137.0,
            n_eff: 82.0,
            sigma_bps: 2.13,
        }
        .into(),
        Regimes { p: [0.1, 0.8, 0.07, 0.03], sigma_bps: [0.5, 1.0, 2.0, 5.0] }.into(),
        Score {
            place: OWN_ORDERS,
            fast: true,
            fills: 12.0,
            live_s: 99.0,
            expected: 12.6,
            ratio_lo: 0.6,
            ratio_hi: 1.4,
            bursts: 9.0,
            gain: 0.03,
            gain_se: 0.02,
        }
        .into(),
        FeedState {
            frames: 12_345,
            rejects: 1,
            ages: [1, 2, 3, 4],
            duplicates: 5,
            lag: 51_000_000,
            stale_bbo: false,
            stale_fast: true,
            stale_slow: false,
            stale_ctx: false,
            silent: false,
            set_aside: false,
        }
        .into(),
        Late { prints: 7, blocks: 1, cut: 2 }.into(),
        DataGap { joint: JointCode::First, from: Ns(0), to: Ns(0), news: 3 }.into(),
        Print {
            aggressor: Side::Sell,
            px: Px(96_990 * USD),
            sz: Sz(USD / 10),
            time: Ns(0),
            tid: 9,
            taker: 8,
        }
        .into(),
    ]
}

/// Two coins at second 50 of a run that began at 0.
pub(crate) fn full_status() -> Status {
    let mut s = Status::default();
    let mut seq = 0;
    let mut take = |at: i64, coin: CoinId, body: Body| {
        s.take(&Record { seq, at: Ns(at * Ns::SEC), coin, body });
        seq += 1;
    };
    take(1, NO_COIN, Start { format: FORMAT_VERSION, config: [1, 2], seed: 3, coins: 2 }.into());
    let info = AnyStrategy::info(&crate::app::config::Config::quoting().engine.strategy);
    info.records().for_each(|b| take(1, NO_COIN, b));
    take(1, NO_COIN, LinkChange { up: true, opened: 1 }.into());
    take(1, NO_COIN, Clocks { offset: 250_000_000, steps: 1, jumps: 1 }.into());
    for (i, text) in [(0, "BTC"), (1, "ETH")] {
        let mut name = [0; 24];
        name[..3].copy_from_slice(text.as_bytes());
        take(1, CoinId(i), Coin { name, sz_decimals: 5, fee_e8: 15_000 }.into());
        bodies().into_iter().for_each(|b| take(20, CoinId(i), b));
        take(30, CoinId(i), fill(11, Side::Buy, 96_960).into());
        take(41, CoinId(i), fill(12, Side::Sell, 97_040).into());
    }
    take(50, NO_COIN, Lost { first: 40, count: 2 }.into());
    // What `Lost` cleared comes back.
    for i in 0..2 {
        bodies().into_iter().for_each(|b| take(50, CoinId(i), b));
    }
    let mut latencies = Latencies::default();
    for n in 1..2_000 {
        latencies.record(&Lap {
            read: n,
            wait: 1,
            frame: n,
            parse: 2 * n,
            engine: 5 * n,
            publish: n,
        });
    }
    (s.latency, s.buckets) = (latencies.percentiles(), latencies.buckets());
    (s.journal_bytes, s.frames, s.queue) = (3 << 20, (12_345, 6), (10, 200));
    s.kept = Kept { bytes: 9 << 20, segments_dropped: 2, bytes_dropped: 4 << 20 };
    s.free = Some(50 << 30);
    s.recent = Recent { span_ns: 50 * Ns::SEC, frames: 12_345, rejects: 1, lost: 1, dropped: 0 };
    s.durable_seq = Some(99);
    for (c, n) in Counter::ALL.iter().zip(1u64..) {
        s.counters.set(*c, n);
    }
    s
}
