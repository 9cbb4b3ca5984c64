//! A snapshot as metrics in the Prometheus text format, version 0.0.4.
//!
//! In: a [`Snapshot`]. Out: text. Cold path.
//!
//! 1. Every family is announced (`HELP`, `TYPE`) even while it has no sample: the list of names
//!    does not depend on the state.
//! 2. Units are base units (seconds, bytes, USD); a basis point is a unit of its own.
//! 3. Every counter of the one table is there.

use std::fmt::Write as _;

use super::health::{self, Cause};
use super::snapshot::Snapshot;
use crate::app::status::CoinStatus;
use crate::record::{
    Account, Curve, Estimates, Health, Lane, REGIMES, Requests, Score, StrategyNames, Terms,
    Verdict,
};
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::{BOUNDS_NS, Stage};
use crate::units::Ns;
use crate::units::{Cash, Side};

/// The media type of the text.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A gauge with one value a coin: name, help, value.
type Gauge<T> = (&'static str, &'static str, fn(&T) -> f64);

const ESTIMATES: [Gauge<Estimates>; 5] = [
    ("kappa", "Decay of takers with depth, per unit of relative price; no input.", |e| e.kappa),
    ("kappa_low", "Lower end of kappa's 95 % interval.", |e| e.kappa_lo),
    ("kappa_high", "Upper end of kappa's 95 % interval.", |e| e.kappa_hi),
    ("sweeps_effective", "Takers behind kappa that count as independent.", |e| e.n_eff),
    ("sigma_bps", "Volatility, bps per square root of a second.", |e| e.sigma_bps),
];

const SCORES: [Gauge<Score>; 6] = [
    ("forecast_fills", "Fills.", |s| s.fills),
    ("forecast_expected_fills", "Fills expected from rates known before.", |s| s.expected),
    ("forecast_ratio_low", "Lower end of the 95 % interval of their ratio.", |s| s.ratio_lo),
    ("forecast_ratio_high", "Upper end of it.", |s| s.ratio_hi),
    ("forecast_gain_nats", "How much better timed than a constant rate, a fill.", |s| s.gain),
    ("forecast_gain_deviation_nats", "Standard error of it.", |s| s.gain_se),
];

const QUOTE: [Gauge<Terms>; 1] = [("mid_usd", "Mid price at the last quote.", |t| t.mid)];

/// Parts of a result: label and amount.
type Part = (&'static str, fn(&Account) -> i128);

const PARTS: [Part; 5] = [
    ("spread", |a| a.spread),
    ("adverse", |a| a.adverse),
    ("inventory", |a| a.inventory),
    ("fees", |a| a.fees),
    ("funding", |a| a.funding),
];

/// Streams of a coin in the order of the record's ages.
const STREAMS: [&str; 4] = ["bbo", "fast_book", "full_book", "any"];

/// The name in metrics, and whether it only grows.
#[must_use]
pub fn counter_name(c: Counter) -> (String, bool) {
    let name = c.name();
    for (ending, unit) in [("_ns_max", "max"), ("_ns_last", "last")] {
        if let Some(stem) = name.strip_suffix(ending) {
            return (format!("papermaker_{stem}_{unit}_seconds"), false);
        }
    }
    match name.strip_suffix("_ns") {
        Some(stem) => (format!("papermaker_{stem}_seconds_total"), true),
        None => (format!("papermaker_{name}_total"), true),
    }
}

/// The metrics of a snapshot.
#[must_use]
pub fn text(s: &Snapshot) -> String {
    let mut out = Text { out: String::with_capacity(32 << 10) };
    run(&mut out, s);
    counters(&mut out, s);
    latencies(&mut out, s);
    let coins: Vec<(String, &CoinStatus)> =
        s.status.coins.iter().filter_map(|c| Some((c.name()?, c))).collect();
    quotes(&mut out, s, &coins);
    accounts(&mut out, &coins);
    gauges(&mut out, &coins, &ESTIMATES, |c| c.estimates.as_ref());
    gauges(&mut out, &coins, &QUOTE, |c| c.terms.as_ref());
    terms(&mut out, &coins, &s.status.strategy);
    scores(&mut out, &coins);
    regimes(&mut out, &coins);
    feed(&mut out, s, &coins);
    out.out
}

struct Text {
    out: String,
}

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// One sample. Labels are pairs; values of labels are escaped.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Number) {
        self.out.push_str(name);
        for (i, (key, text)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{open}{key}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.out, "{close} {}", value.text());
    }

    /// A family with one sample without labels.
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Number) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

/// A value of a sample.
trait Number {
    fn text(&self) -> String;
}

impl Number for u64 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Number for Option<u64> {
    fn text(&self) -> String {
        self.map_or_else(|| "NaN".into(), |n| n.text())
    }
}

impl Number for bool {
    fn text(&self) -> String {
        u8::from(*self).to_string()
    }
}

impl Number for f64 {
    fn text(&self) -> String {
        if self.is_nan() {
            "NaN".into()
        } else if self.is_infinite() {
            if *self > 0.0 { "+Inf".into() } else { "-Inf".into() }
        } else {
            format!("{self}")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// The account's budget of requests.
fn requests(out: &mut Text, s: &Snapshot) {
    let x = s.status.requests;
    let last = |f: fn(&Requests) -> u64| x.map_or(0, |b| f(&b.last));
    for (name, help, value) in [
        ("used", "Orders and changes sent.", last(|r| r.used)),
        ("limit", "Orders and changes that may be sent in all.", last(|r| r.limit)),
        ("cancels_used", "Cancels sent.", last(|r| r.cancels)),
        ("cancels_limit", "Cancels that may be sent in all.", last(|r| r.cancel_limit)),
        ("refused", "Requests refused for want of budget.", last(|r| r.refused)),
    ] {
        out.one(&format!("papermaker_requests_{name}"), "gauge", help, value);
    }
    let patience = x.map_or(1.0, |b| b.last.patience);
    let help = "How many times wider tolerances and waits are to save requests; 0: waiting.";
    out.one("papermaker_requests_patience", "gauge", help, patience);
    let hours = x.and_then(|b| b.hours()).map_or(f64::INFINITY, |h| h * 3_600.0);
    let help = "Seconds until the budget of requests is spent at this rate.";
    out.one("papermaker_requests_left_seconds", "gauge", help, hours);
}

fn run(out: &mut Text, s: &Snapshot) {
    let (st, session) = (&s.status, &s.session);
    out.family("papermaker_build_info", "gauge", "Version of the program; always 1.");
    out.sample("papermaker_build_info", &[("version", &session.version)], true);
    out.family("papermaker_run_info", "gauge", "The run and its venue; always 1.");
    let labels = [("run", session.run.as_str()), ("venue", session.venue.as_str())];
    out.sample("papermaker_run_info", &labels, true);
    out.one("papermaker_uptime_seconds", "gauge", "Real time since the start.", s.uptime_s());
    let verdict = health::judge(s);
    out.one("papermaker_healthy", "gauge", "1: /healthz says ok.", verdict.is_ok());
    let name = "papermaker_degraded";
    let each = Cause::ALL.iter().map(|c| format!(" {}: {}", c.text(), c.sentence()));
    let help = format!("1: /healthz names this cause.{}", each.collect::<String>());
    out.family(name, "gauge", &help);
    for cause in Cause::ALL {
        out.sample(name, &[("cause", cause.text())], verdict.has(*cause));
    }
    let up = st.link.is_some_and(|l| l.value.up);
    out.one("papermaker_link_open", "gauge", "1: the link to the venue is open.", up);
    requests(out, s);
    let name = "papermaker_record_age_seconds";
    let help = "Real time since the newest record; one comes at least every second.";
    out.one(name, "gauge", help, s.age_s(st.at));
    let name = "papermaker_clock_offset_seconds";
    let help = "By how much this machine's clock is ahead of the venue's, least delay included.";
    out.one(name, "gauge", help, st.clocks.map_or(f64::NAN, |x| Ns::seconds(x.offset)));
    let name = "papermaker_clock_breaks_total";
    let help = "Receive stamps that contradicted their blocks, and jumps of the clocks.";
    let breaks = st.clocks.map_or(0, |x| u64::from(x.steps) + u64::from(x.jumps));
    out.one(name, "counter", help, breaks);
    let (used, most) = st.queue;
    let name = "papermaker_queue_records";
    out.one(name, "gauge", "Records waiting for the logging thread.", used as u64);
    let name = "papermaker_queue_records_peak";
    out.one(name, "gauge", "The most there ever were.", most as u64);
    let name = "papermaker_journal_written_bytes_total";
    out.one(name, "counter", "Bytes written to the journal.", st.journal_bytes);
    let name = "papermaker_journal_records_total";
    out.one(name, "counter", "Records the logging thread has taken.", st.records);
    let name = "papermaker_journal_failed";
    out.one(name, "gauge", "1: the journal failed; quoting is off.", s.failed.is_some());
    let kept = st.kept;
    let name = "papermaker_kept_bytes";
    out.one(
        name,
        "gauge",
        "Bytes of journals, recordings and latencies on disk, of all bounded runs of the folder.",
        kept.bytes,
    );
    let name = "papermaker_disk_free_bytes";
    out.one(name, "gauge", "Bytes free where the run is written.", st.free);
    let name = "papermaker_dropped_segments_total";
    out.one(name, "counter", "Segments dropped by the disk bound.", kept.segments_dropped);
    let name = "papermaker_dropped_bytes_total";
    out.one(name, "counter", "Their bytes.", kept.bytes_dropped);
    let name = "papermaker_recording_frames_total";
    out.one(name, "counter", "Raw frames recorded.", st.frames.0);
    let name = "papermaker_recording_frames_missing_total";
    out.one(name, "counter", "Raw frames noted as missing.", st.frames.1);
    let name = "papermaker_recording_failed";
    out.one(name, "gauge", "1: recording raw frames failed.", st.recording_failed);
}

/// The reason for which the frames were rejected that a counter counts.
fn reason(c: Counter) -> Option<&'static str> {
    c.name().strip_prefix("reject_")
}

fn counters(out: &mut Text, s: &Snapshot) {
    let name = "papermaker_rejected_frames_total";
    out.family(name, "counter", "Frames rejected, by reason.");
    for c in Counter::ALL {
        if let Some(reason) = reason(*c) {
            out.sample(name, &[("reason", reason)], s.status.counters.value(*c));
        }
    }
    for c in Counter::ALL.iter().filter(|c| reason(**c).is_none()) {
        let (name, grows) = counter_name(*c);
        let value = s.status.counters.value(*c);
        let kind = if grows { "counter" } else { "gauge" };
        if c.unit() == "ns" {
            out.one(&name, kind, c.sentence(), seconds(value));
        } else {
            let help = format!("{} Unit: {}.", c.sentence(), c.unit());
            out.one(&name, kind, &help, value);
        }
    }
}

fn latencies(out: &mut Text, s: &Snapshot) {
    let name = "papermaker_latency_seconds";
    out.family(name, "histogram", "Time of a frame on the hot thread, by stage.");
    for (stage, b) in Stage::ALL.into_iter().zip(&s.status.buckets) {
        let stage = ("stage", stage.name());
        for (bound, n) in BOUNDS_NS.into_iter().zip(b.upto) {
            let le = seconds(bound).to_string();
            out.sample("papermaker_latency_seconds_bucket", &[stage, ("le", &le)], n);
        }
        let inf = [stage, ("le", "+Inf")];
        out.sample("papermaker_latency_seconds_bucket", &inf, b.count);
        out.sample("papermaker_latency_seconds_sum", &[stage], seconds(b.sum_ns));
        out.sample("papermaker_latency_seconds_count", &[stage], b.count);
    }
}

fn quotes(out: &mut Text, s: &Snapshot, coins: &[(String, &CoinStatus)]) {
    let sides = [(Side::Buy, "bid"), (Side::Sell, "ask")];
    let name = "papermaker_market_price_usd";
    out.family(name, "gauge", "Best price of the market.");
    for (coin, c) in coins {
        for (side, text) in sides {
            let px = c.market.map(|m| if side == Side::Buy { m.bid } else { m.ask });
            if let Some(px) = px.filter(|p| p.0 > 0) {
                out.sample(name, &[("coin", coin), ("side", text)], px.to_f64());
            }
        }
    }
    for (name, help, of) in [
        ("papermaker_quote_price_usd", "Price wanted at a level of the ladder.", true),
        ("papermaker_quote_size", "Size wanted at a level of the ladder, in coins.", false),
    ] {
        out.family(name, "gauge", help);
        for (coin, c) in coins {
            for (ladder, (_, side)) in c.ladder.iter().zip(sides) {
                let Some(l) = ladder else { continue };
                for (i, (px, sz)) in l.levels.iter().enumerate() {
                    let value = if of { px.to_f64() } else { sz.to_f64() };
                    let labels =
                        [("coin", coin.as_str()), ("side", side), ("level", &i.to_string())];
                    out.sample(name, &labels, value);
                }
            }
        }
    }
    let name = "papermaker_obstacle_seconds";
    out.family(name, "gauge", "How long the first obstacle to quoting holds; none: quoted.");
    for (coin, c) in coins {
        for (guard, (_, side)) in c.guard.iter().zip(sides) {
            let labels =
                [("coin", coin.as_str()), ("side", side), ("obstacle", guard.value.text())];
            out.sample(name, &labels, s.age_s(guard.at));
        }
    }
    let name = "papermaker_orders_working";
    out.family(name, "gauge", "Own orders sent and not over.");
    for (coin, c) in coins {
        for (side, text) in sides {
            let n = c.orders.iter().filter(|o| o.value.side == side).count();
            out.sample(name, &[("coin", coin), ("side", text)], n as u64);
        }
    }
}

/// Whether quoting would earn.
fn verdicts(out: &mut Text, coins: &[(String, &CoinStatus)]) {
    const FAMILIES: [Gauge<Verdict>; 3] = [
        ("outlook", "0 unknown, 1 loses, 2 likely loses, 3 likely pays, 4 pays.", |v| {
            f64::from(v.word as u8)
        }),
        ("fee_that_pays_bps", "A lower maker fee pays at some distance.", |v| v.pays_below_bps),
        ("fee_that_loses_bps", "A higher one loses at each distance seen.", |v| v.loses_above_bps),
    ];
    const BEST: [Gauge<Curve>; 2] = [
        ("best_value_bps_per_second", "What the best distance earns a side.", |r| r.value),
        ("best_edge_bps", "What a fill there earns.", Curve::edge_bps),
    ];
    gauges(out, coins, &FAMILIES, |c| c.earns.verdict(None));
    gauges(out, coins, &BEST, |c| c.earns.best(None));
}

fn accounts(out: &mut Text, coins: &[(String, &CoinStatus)]) {
    let name = "papermaker_result_usd";
    out.family(name, "gauge", "The result, by fill model and part; the parts sum exactly.");
    for (coin, c) in coins {
        for (lane, a) in Lane::ALL.iter().zip(&c.account) {
            let Some(a) = a else { continue };
            for (part, of) in PARTS {
                let labels = [("coin", coin.as_str()), ("model", lane.text()), ("part", part)];
                out.sample(name, &labels, Cash(of(a)).to_f64());
            }
        }
    }
    let name = "papermaker_edge_usd";
    out.family(name, "gauge", "What fills came to 5 s after them: spread, adverse move and fees.");
    for (coin, c) in coins {
        for (lane, a) in Lane::ALL.iter().zip(&c.account) {
            let Some(a) = a else { continue };
            let edge = Cash(a.spread) + Cash(a.adverse) + Cash(a.fees);
            out.sample(name, &[("coin", coin), ("model", lane.text())], edge.to_f64());
        }
    }
    verdicts(out, coins);
    let name = "papermaker_position";
    out.family(name, "gauge", "Position in coins, by fill model.");
    for (coin, c) in coins {
        for (lane, a) in Lane::ALL.iter().zip(&c.account) {
            let Some(a) = a else { continue };
            out.sample(name, &[("coin", coin), ("model", lane.text())], a.position.to_f64());
        }
    }
    let name = "papermaker_coin_fills_total";
    out.family(name, "counter", "Fills, by fill model.");
    for (coin, c) in coins {
        for (lane, n) in Lane::ALL.iter().zip(c.fills) {
            out.sample(name, &[("coin", coin), ("model", lane.text())], n);
        }
    }
}

fn gauges<T>(
    out: &mut Text,
    coins: &[(String, &CoinStatus)],
    table: &[Gauge<T>],
    of: fn(&CoinStatus) -> Option<&T>,
) {
    for (name, help, value) in table {
        let name = format!("papermaker_{name}");
        out.family(&name, "gauge", help);
        for (coin, c) in coins {
            if let Some(x) = of(c) {
                out.sample(&name, &[("coin", coin)], value(x));
            }
        }
    }
}

/// Forecasts of fills against fills, of own orders and of shadow quotes within a basis point.
fn scores(out: &mut Text, coins: &[(String, &CoinStatus)]) {
    for (name, help, value) in &SCORES {
        let name = format!("papermaker_{name}");
        out.family(&name, "gauge", help);
        for (coin, c) in coins {
            for (of, score) in [("own", c.earns.own()), ("shadow", c.earns.near())] {
                if let Some(s) = score {
                    out.sample(&name, &[("coin", coin), ("of", of)], value(s));
                }
            }
        }
    }
}

/// The strategy's terms, all in one family.
fn terms(out: &mut Text, coins: &[(String, &CoinStatus)], names: &StrategyNames) {
    let name = "papermaker_strategy_info";
    out.family(name, "gauge", "The strategy and its version; always 1.");
    if let Some((strategy, version)) = names.name() {
        let version = version.to_string();
        out.sample(name, &[("strategy", &strategy), ("version", &version)], true);
    }
    let name = "papermaker_strategy_term";
    out.family(name, "gauge", "A term of the last quote, by its name with its unit.");
    for (coin, c) in coins {
        let Some(t) = &c.terms else { continue };
        for (term, x) in names.columns().iter().zip(t.value) {
            out.sample(name, &[("coin", coin), ("term", term)], x);
        }
    }
}

fn regimes(out: &mut Text, coins: &[(String, &CoinStatus)]) {
    let name = "papermaker_regime_probability";
    out.family(name, "gauge", "Probability of each regime.");
    for (coin, c) in coins {
        let Some(r) = &c.regimes else { continue };
        for (regime, p) in REGIMES.into_iter().zip(r.p) {
            out.sample(name, &[("coin", coin), ("regime", regime)], p);
        }
    }
}

fn feed(out: &mut Text, s: &Snapshot, coins: &[(String, &CoinStatus)]) {
    let name = "papermaker_book_fresh";
    out.family(name, "gauge", "1: two-sided, uncrossed, recent.");
    for (coin, c) in coins {
        out.sample(name, &[("coin", coin)], c.health.value == Health::Fresh);
    }
    let name = "papermaker_coin_set_aside";
    out.family(name, "gauge", "1: no longer subscribed, its subscription ended link after link.");
    for (coin, c) in coins {
        if let Some(f) = &c.feed {
            out.sample(name, &[("coin", coin)], f.set_aside);
        }
    }
    let name = "papermaker_coin_prints_total";
    out.family(name, "counter", "Live prints.");
    for (coin, c) in coins {
        out.sample(name, &[("coin", coin)], c.prints);
    }
    let name = "papermaker_coin_late_prints_total";
    out.family(name, "counter", "Prints that came after a later block had been taken.");
    for (coin, c) in coins {
        out.sample(name, &[("coin", coin)], c.late.map_or(0, |l| l.prints));
    }
    let name = "papermaker_coin_early_blocks_total";
    out.family(name, "counter", "Blocks taken before their time, for want of room.");
    for (coin, c) in coins {
        out.sample(name, &[("coin", coin)], c.late.map_or(0, |l| l.blocks));
    }
    let name = "papermaker_coin_horizons_cut_total";
    out.family(name, "counter", "Fills whose horizon a hole in the data cut short.");
    for (coin, c) in coins {
        out.sample(name, &[("coin", coin)], c.late.map_or(0, |l| l.cut));
    }
    let name = "papermaker_stream_age_seconds";
    out.family(name, "gauge", "Session time since the newest message of a stream.");
    for (coin, c) in coins {
        let Some(f) = &c.feed else { continue };
        for (stream, age) in STREAMS.into_iter().zip(f.ages) {
            if let Ok(age) = u64::try_from(age) {
                out.sample(name, &[("coin", coin), ("stream", stream)], seconds(age));
            }
        }
    }
    let name = "papermaker_feed_lag_seconds";
    out.family(name, "gauge", "Receive time less block time of the newest message.");
    for (coin, c) in coins {
        let Some(f) = &c.feed else { continue };
        let sign = if f.lag < 0 { -1.0 } else { 1.0 };
        out.sample(name, &[("coin", coin)], sign * seconds(f.lag.unsigned_abs()));
    }
    let latched = s.status.coins.iter().filter(|c| c.latch.is_some()).count();
    let name = "papermaker_limits_latched";
    out.one(name, "gauge", "Coins of which a limit latched.", latched as u64);
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
