//! Facts of the queue at the touch: what is added, cancelled and traded there, how it retreats; the
//! book behind it.
//!
//! In: the best prices and prints in order of blocks, sums of books. Out: named figures. Cold path.

use super::found::Facts;
use super::stats::{quantile, sorted};
use super::tape::{Print, Shape};
use super::touch::Series;
use crate::units::{Px, Side};

/// What happened at the touch; values in USD.
#[derive(Default)]
struct Touch {
    added: f64,
    cancelled: f64,
    traded: f64,
    changes: u64,
    jumps: u64,
    retreats: u64,
    by_trade: u64,
    /// Size that was left before each retreat, of the side's median.
    last: Vec<f64>,
}

/// All facts of the queue at the touch.
pub(super) fn facts(s: &Series, prints: &[Print], out: &mut Facts) {
    let medians = [0, 1]
        .map(|side| quantile(&sorted(s.rows.iter().map(|t| t.sz[side].to_f64()).collect()), 0.5));
    let mut q = Touch::default();
    for (was, now) in s.steps() {
        for (side, maker) in [(0, Side::Buy), (1, Side::Sell)] {
            let traded = traded(prints, now.ms, (maker.opposite(), was.px[side]));
            let (px, sz) = (was.px[side].to_f64(), was.sz[side].to_f64());
            let left = now.sz[side].to_f64();
            if was.px[side] == now.px[side] {
                let more = left - sz + traded;
                q.traded += traded * px;
                q.added += more.max(0.0) * now.px[side].to_f64();
                q.cancelled += (-more).max(0.0) * px;
                if was.sz[side] != now.sz[side] {
                    q.changes += 1;
                    q.jumps += u64::from((left - sz).abs() / sz > 0.5);
                }
            } else if maker.better(was.px[side], now.px[side]) {
                q.retreats += 1;
                q.last.push(sz / medians[side]);
                q.by_trade += u64::from(traded >= 0.5 * sz);
                q.traded += traded * px;
                q.cancelled += (sz - traded).max(0.0) * px;
            } else {
                q.added += left * now.px[side].to_f64();
            }
        }
    }
    let sides = 2.0 * s.seconds;
    out.add("add_usd_s", q.added / sides);
    out.add("cancel_usd_s", q.cancelled / sides);
    out.add("cancel_to_trade", q.cancelled / q.traded.max(1.0));
    out.add("cancel_rate_of_best_s", q.cancelled / sides / out.get("best_usd_mean"));
    out.add("size_jump50_share", q.jumps as f64 / q.changes.max(1) as f64);
    out.add("retreats_s", q.retreats as f64 / sides);
    out.add("retreat_by_trade", q.by_trade as f64 / q.retreats.max(1) as f64);
    out.add("depletion_last_med", quantile(&sorted(q.last), 0.5));
}

/// Size traded in a block by takers of a side at a price.
fn traded(prints: &[Print], ms: i64, (taker, px): (Side, Px)) -> f64 {
    let from = prints.partition_point(|p| p.ms < ms);
    let block = prints[from..].iter().take_while(|p| p.ms == ms);
    block.filter(|p| p.taker == taker && p.px == px).map(|p| p.sz.to_f64()).sum()
}

/// All facts of the book behind the touch.
pub(super) fn shape(shape: &Shape, tick: f64, out: &mut Facts) {
    if shape.sides == 0 {
        return;
    }
    for level in [2, 3, 5, 10] {
        out.add(&format!("shape_L{level}"), shape.usd[level - 1] / shape.usd[0]);
    }
    let sides = shape.sides as f64;
    out.add("level_gap_ticks", shape.gap / sides / tick);
    out.add("orders_per_level", shape.orders / sides / shape.usd.len() as f64);
    out.add("usd_5bps", shape.near_usd / sides);
}
