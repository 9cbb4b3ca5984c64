//! `papermaker truth`: what quotes and orders really meet in a world of the embedded exchange.
//!
//! In: a world, a length, the configuration's way of quoting. Out: tables or JSON; progress on standard
//! error. Cold path.

use std::fmt::Write as _;

use clap::Args;

use super::Common;
use super::common::coin_name;
use super::exit::{Failure, Result};
use super::options::{INTERRUPTED, Jobs, ask_at_signal, end_if_asked, is_asked};
use super::progress::Progress;
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::CoinSpec;
use crate::limits::TICK_NS;
use crate::settings::Choice as _;
use crate::truth::{self, Estimate, Pace, Plan, Truth};
use crate::units::Ns;
use crate::units::rules::Billing;
use crate::venue::coin::{own, set};
use crate::venue::config::Named;
use crate::venue::draw::floor;

/// USD an hour of 1000 USD quoted, from bps of the size a second.
const USD_H: f64 = 1e3 * 1e-4 * 3_600.0;

#[derive(Debug, Args)]
#[command(after_help = "\
Quotes are those of the shadow ladder of a run: made every `engine.quote.requote_ms`, in the book after the
latency of `engine.sim`, from a feed that is `engine.sim.feed_ms` and `exchange.feed.more_ms` late; nothing
else is lost on the way. They are not in the book, but their place in the queue is exact. What a run learned
of them from the feed alone is shown by `explain --curve`. Not known of the real venue is the share of resting orders that are not post-only, which
trade with a quote they meet: everything is given for 0, 5 and 100 per cent.

Examples:
  papermaker truth --world btc --hours 24
  papermaker truth --world by-coin --coin PAYS --hours 2 --json")]
pub(super) struct Options {
    /// Which market; default: `exchange.world`. `simple` has closed forms: see `venue --truth`.
    #[arg(long)]
    world: Option<Named>,
    /// The coin: its name chooses the set of `by-coin`, and the draws.
    #[arg(long, default_value = "BTC", value_parser = coin_name)]
    coin: String,
    /// Market time to simulate, hours.
    #[arg(long, default_value_t = 24.0)]
    hours: f64,
    /// Seed of everything random; default: `exchange.seed`.
    #[arg(long)]
    seed: Option<u64>,
    /// Value of the orders that are tried at and behind the touch, USD.
    #[arg(long, default_value_t = 500.0)]
    order_usd: f64,
    #[command(flatten)]
    jobs: Jobs,
}

pub(super) fn run<C: Components>(o: &Options, config: &ConfigOf<C>, common: &Common) -> Result {
    if !(0.1..=10_000.0).contains(&o.hours) {
        return Err(Failure::usage("--hours must be 0.1 to 10000"));
    }
    if !(10.0..=1e7).contains(&o.order_usd) {
        return Err(Failure::usage("--order-usd must be 10 to 10000000"));
    }
    let world = o.world.unwrap_or(config.exchange.world);
    if let Err(e) = CoinSpec::new(&o.coin, 0) {
        return Err(Failure::usage(format!("--coin {}: {e}", o.coin)));
    }
    if o.coin.contains(',') || world == Named::ByCoin && own(world, &o.coin) == Named::Thin {
        let text = "one of BTC, ETH, SOL, PAYS; of any other name, choose the market with --world";
        return Err(Failure::usage(format!("--coin {}: {text}", o.coin)));
    }
    let Some(plan) = plan(config, world, &o.coin, o.order_usd) else {
        let text = "the world `simple` has closed forms, which `papermaker venue --truth FILE` writes; \
                    choose another with --world";
        return Err(Failure::usage(text));
    };
    let plan = Plan {
        length_ns: Ns::SEC * floor(o.hours * 3_600.0),
        seed: o.seed.unwrap_or(plan.seed),
        jobs: o.jobs.count(),
        ..plan
    };
    let progress = Progress::counted("truth", "s of the market");
    let seconds = |ns: i64| u64::try_from(ns / Ns::SEC).unwrap_or(0);
    ask_at_signal(|| ());
    let tell = &mut |done| progress.at(seconds(done), seconds(plan.length_ns));
    let found = truth::run(&plan, &|| !is_asked(), tell);
    drop(progress);
    let show = |found: &Truth| {
        let mut v = serde_json::json!(found);
        v["interrupted"] = serde_json::json!(is_asked());
        let above = if is_asked() { format!("{INTERRUPTED}\n") } else { String::new() };
        common.show(&v, above + &text(found));
        Ok(())
    };
    end_if_asked(|| found.as_ref().map(show));
    found.as_ref().map_or(Ok(()), show)
}

/// A day of a coin under the configuration's way of quoting; `None` of the world `simple`.
pub(super) fn plan<C: Components>(
    config: &ConfigOf<C>,
    world: Named,
    coin: &str,
    order_usd: f64,
) -> Option<Plan> {
    let sim = &config.engine.sim;
    let entry = sim.entry.mean_ns() + i64::from(sim.ping_ms) * Ns::MS / 2;
    let above = config.exchange.feed.above_least_ns();
    let pace = Pace {
        every_ns: (config.engine.quote.requote_ms * Ns::MS).max(TICK_NS),
        latency_ns: entry / 100 * i64::from(sim.latency_pct),
        feed_ns: i64::from(sim.feed_ms) * Ns::MS + above,
    };
    Some(Plan {
        world: world.name().to_owned(),
        coin: coin.to_owned(),
        set: *set(world, coin)?,
        block_ms: config.exchange.block_ms,
        length_ns: 24 * Ns::HOUR,
        seed: config.exchange.seed,
        pace,
        order_usd,
        fee_bps: config.engine.maker_fee_bps(Billing::Venue),
        jobs: crate::sys::jobs::cores(),
    })
}

/// A figure with its error.
fn pm(e: Estimate, digits: usize) -> String {
    match (e.value.is_finite(), e.ci95.is_finite()) {
        (true, true) => format!("{:.digits$} ±{:.digits$}", e.value, e.ci95),
        (true, false) => format!("{:.digits$}", e.value),
        _ => "-".into(),
    }
}

fn text(t: &Truth) -> String {
    let ms = |ns: i64| ns / Ns::MS;
    let mut out = format!(
        "Truth of the world {}, coin {}: {:.1} h of the market in {} parts, seed {}, {} blocks.\n± is half of a \
         95 % interval of the simulation. Quotes every {} ms, {} ms on their way, from a feed {} ms late; \
         maker fee {:.2} bps.\n",
        t.world,
        t.coin,
        t.hours,
        t.parts,
        t.seed,
        t.blocks,
        ms(t.pace.every_ns),
        ms(t.pace.latency_ns),
        ms(t.pace.feed_ns),
        t.fee_bps,
    );
    curves(t, &mut out);
    orders(t, &mut out);
    market(t, &mut out);
    out
}

/// The curve of post-only makers in full, of the others the value.
fn curves(t: &Truth, out: &mut String) {
    for curve in t.curves.iter().filter(|c| c.share == 0.0) {
        let _ = write!(
            out,
            "\nquotes, marks after {} s, everybody post-only; the last columns: some or all are not\n{:>8}{:>9}{:>8}{:>18}\
             {:>8}{:>15}{:>15}{:>22}",
            curve.mark_s,
            "bps",
            "live s",
            "fills",
            "fills/s",
            "gets",
            "costs",
            "edge",
            "USD/h, 1000 one side"
        );
        let others: Vec<_> =
            t.curves.iter().filter(|c| c.share > 0.0 && c.mark_s == curve.mark_s).collect();
        for c in &others {
            let _ = write!(out, "{:>18}", format!("{:.0} % are not", 100.0 * c.share));
        }
        out.push('\n');
        for (i, r) in curve.rows.iter().enumerate() {
            let _ = write!(
                out,
                "{:>8}{:>9.0}{:>8}{:>18}{:>8}{:>15}{:>15}{:>22}",
                r.place,
                r.live_s,
                r.fills,
                pm(r.rate, 4),
                if r.fills > 0 { format!("{:.2}", r.gets.value) } else { "-".into() },
                pm(r.costs, 2),
                pm(r.edge, 2),
                pm(r.value.times(USD_H), 2),
            );
            for c in &others {
                let _ = write!(out, "{:>18}", pm(c.rows[i].value.times(USD_H), 2));
            }
            out.push('\n');
        }
    }
}

fn orders(t: &Truth, out: &mut String) {
    let _ = write!(
        out,
        "\norders of {:.0} USD filled whole, per cent\n{:>22}{:>9}{:>8}{:>15}{:>15}{:>15}\n",
        t.order_usd, "not post-only", "behind", "orders", "within 1 s", "10 s", "60 s"
    );
    for o in &t.orders {
        let behind = o.behind.map_or_else(|| "all".to_owned(), |b| format!("{b}"));
        let [a, b, c] = o.filled_pct.map(|e| pm(e, 1));
        let share = format!("{:.0} %", 100.0 * o.share);
        let _ = writeln!(out, "{share:>22}{behind:>9}{:>8}{a:>15}{b:>15}{c:>15}", o.orders);
    }
}

fn market(t: &Truth, out: &mut String) {
    out.push_str(
        "\ntakers per second and side that reach so far from the mid (no curve of quotes)\n",
    );
    for (depth, rate) in &t.reach {
        let _ = writeln!(out, "{:>18} bps{:>20}", depth, pm(*rate, 5));
    }
    let _ = writeln!(
        out,
        "\nmove of the mid with a taker from before its block, bps\n{:>22}{:>9}{:>15}{:>15}{:>15}{:>15}",
        "reach, bps", "takers", "0.5 s after", "1 s", "5 s", "30 s"
    );
    for m in &t.moves {
        let reach = format!("{} to {}", m.reach_bps[0], m.reach_bps[1]);
        let [a, b, c, d] = m.moves_bps.map(|e| pm(e, 3));
        let _ = writeln!(out, "{reach:>22}{:>9}{a:>15}{b:>15}{c:>15}{d:>15}", m.takers);
    }
    let _ = writeln!(
        out,
        "\nvolatility, bps per square root of a second\n{:>22}{:>18}{:>18}",
        "over", "of the mid", "of the latent price"
    );
    for (h, mid, latent) in &t.sigma {
        let over = format!("{h} s");
        let _ = writeln!(out, "{over:>22}{:>18}{:>18}", pm(*mid, 3), pm(*latent, 3));
    }
}
