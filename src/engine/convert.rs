//! Conversions between the types of book, learners and records.
//!
//! In: prints, book. Out: samples, records. Hot path: pure.

use crate::book::Book;
use crate::event::Trade;
use crate::event::own::Lane;
use crate::learn::Sweep;
use crate::record;
use crate::sim::ledger::Ledger;
use crate::units::rules::Rules;
use crate::units::{Mid2, Px, Side};

pub(super) fn market(book: &Book) -> record::Market {
    let (bid, ask) = (book.best_bid().unwrap_or_default(), book.best_ask().unwrap_or_default());
    record::Market {
        bid: bid.px,
        bid_sz: bid.sz,
        ask: ask.px,
        ask_sz: ask.sz,
        time: book.time().unwrap_or_default(),
    }
}

pub(super) fn account(lane: Lane, ledger: &Ledger) -> record::Account {
    let s = ledger.statement();
    record::Account {
        spread: s.spread,
        adverse: s.adverse,
        inventory: s.inventory,
        fees: s.fees,
        funding: s.funding,
        position: s.position,
        mark: s.mark,
        fills: s.fills,
        lane,
    }
}

pub(super) fn print(p: &Trade) -> record::Print {
    record::Print {
        aggressor: p.aggressor,
        px: p.px,
        sz: p.sz,
        time: p.time,
        tid: p.tid,
        taker: p.taker,
    }
}

/// The price farthest out that prints reached on the side of the orders they filled; `None` where all
/// were on the other.
pub(super) fn worst_on(passive: Side, prints: &[Trade]) -> Option<Px> {
    let reached = prints.iter().filter(|t| t.aggressor != passive).map(|t| t.px);
    reached.reduce(|worst, px| if passive.better(worst, px) { px } else { worst })
}

/// A taker as the learners see it: depth from the reference mid `from`, `mid` before its block.
pub(super) fn sweep_of(taker: &[Trade], mid: Mid2, from: f64, rules: Rules) -> Sweep {
    let side = taker.first().map_or(Side::Buy, |t| t.aggressor);
    let worst = worst_on(side.opposite(), taker).unwrap_or_default();
    let m = mid.to_f64();
    Sweep {
        side,
        depth_bps: depth_of(side.opposite(), worst, from),
        half_tick_bps: Px(rules.tick(worst)).to_f64() / 2.0 / m * 1e4,
        mid: m,
    }
}

/// Distance of a price on the side of an own order from a mid, bps; positive: behind it.
pub(super) fn depth_of(side: Side, px: Px, m: f64) -> f64 {
    let p = px.to_f64();
    let away = if side == Side::Buy { m - p } else { p - m };
    away / m * 1e4
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of the type")]
pub(super) fn e8(x: f64) -> i64 {
    (x * 1e8).clamp(-9.0e18, 9.0e18) as i64
}
