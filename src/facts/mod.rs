//! The stylised facts of a recording: what kind of market it shows, in numbers.
//!
//! In: the feed's events of one coin with their receive stamps. Out: [`Facts`], and which of them lie
//! outside [`bands::Bands`]. Cold path.
//!
//! 1. Everything is in the venue's time and order: prints of a block, then the state after it.
//! 2. More than 5 s without best prices split the series: nothing is measured across.
//! 3. A figure that a recording cannot give is not a number.

pub mod bands;
mod flow;
mod found;
pub mod plot;
mod queue;
mod stats;
pub mod tape;
mod touch;

pub use found::Facts;
use tape::{Arrivals, Tape};
use touch::Series;

use crate::units::Ns;

impl Facts {
    /// The facts of what was recorded; `None` where nowhere 21 best prices followed each other within
    /// 5 s.
    pub fn of(tape: &Tape) -> Option<Facts> {
        let rules = tape.rules;
        let series = Series::new(tape.touches.clone(), |px| rules.tick(px))?;
        let mut prints = tape.prints.clone();
        prints.sort_by_key(|p| p.ms);
        prints.retain(|p| series.holds(p.ms, p.ms));
        let mut out = Facts::default();
        touch::facts(&series, &mut out);
        flow::facts(&series, &prints, &mut out);
        queue::facts(&series, &prints, &mut out);
        queue::shape(&tape.shape, series.tick, &mut out);
        arrivals(&tape.arrivals, series.seconds, &mut out);
        Some(out)
    }
}

/// Rates of the streams, delays from the block to the receipt, late prints.
fn arrivals(a: &Arrivals, seconds: f64, out: &mut Facts) {
    for (name, n) in ["rate_bbo", "rate_fast", "rate_book", "rate_trades"].iter().zip(a.frames) {
        out.add(name, n as f64 / seconds);
    }
    let mut quantiles = |name: &str, of: &stats::Durations, wanted: &[(f64, &str)]| {
        for (q, which) in wanted {
            out.add(&format!("{name}_{which}"), of.quantile_ms(*q));
        }
    };
    let [p1, p5, p10, p50] = [(0.01, "p1"), (0.05, "p5"), (0.1, "p10"), (0.5, "p50")];
    let [p90, p95, p99, max] = [(0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (1.0, "max")];
    quantiles("lat_bbo", &a.bbo_delay, &[p1, p50, p90, p99, max]);
    quantiles("lat_book", &a.book_delay, &[p50, p99]);
    quantiles("lat_trades", &a.print_delay, &[p50, p99]);
    quantiles("trades_lag_ms", &a.trades_lag, &[p10, p50, p90, p99]);
    quantiles("fast_gap_ms", &a.gaps[0], &[p5, p50, p95]);
    quantiles("book_gap_ms", &a.gaps[1], &[p5, p50, p95]);
    quantiles("late_ms", &a.late, &[p50, p90, p99, max]);
    out.add("late_share", a.late.len() as f64 / a.prints.max(1) as f64);
    out.add("lat_bbo_log_sd", a.memory.spread());
    let [next, apart] = a.memory.correlations();
    out.add("lat_bbo_ac1", next);
    out.add("lat_bbo_ac50", apart);
    out.add("trades_frames_multi_block", a.many_blocks as f64 / a.frames[3].max(1) as f64);
}

/// Silence of the whole link, from all frames of a recording.
#[derive(Clone, Debug, Default)]
pub struct Link {
    last: Option<Ns>,
    from: Option<Ns>,
    gaps: stats::Durations,
    blocks: tape::Blocks,
}

impl Link {
    /// A frame was received at `stamp`.
    pub fn frame(&mut self, stamp: Ns) {
        self.from.get_or_insert(stamp);
        if let Some(last) = self.last.replace(stamp) {
            self.gaps.take(stamp.since(last));
        }
    }

    /// An event of any coin.
    pub fn event(&mut self, event: &crate::event::Event<'_>) {
        self.blocks.take(event);
    }

    /// Gaps between frames and between blocks, in ms; silences an hour.
    pub fn facts(&self) -> Facts {
        let mut out = Facts::default();
        let [p50, mean, p95] = self.blocks.gaps_ms();
        out.add("block_ms_p50", p50);
        out.add("block_ms_mean", mean);
        out.add("block_ms_p95", p95);
        for (q, name) in [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (1.0, "max")] {
            out.add(&format!("frame_gap_ms_{name}"), self.gaps.quantile_ms(q));
        }
        let span = self.from.zip(self.last).map_or(0, |(from, last)| last.since(from));
        for (ns, name) in [(500, "0.5s"), (1_000, "1s"), (3_000, "3s")] {
            let hours = Ns::seconds(span) / 3_600.0;
            out.add(&format!("stalls_{name}_h"), self.gaps.above(ns * Ns::MS) as f64 / hours);
        }
        out
    }
}

#[cfg(test)]
mod tests;
