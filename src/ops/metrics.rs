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
    Account, Curve, Estimates, Health, Lane, Late, LinkChange, PARTS, REGIMES, Requests, Score,
    StrategyNames, Verdict,
};
use crate::telemetry::counters::Counter;
use crate::telemetry::latency::{BOUNDS_NS, Stage};
use crate::units::{Ns, Px, Side};

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

const VERDICTS: [Gauge<Verdict>; 3] = [
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

/// Streams of a coin in the order of the record's ages.
const STREAMS: [&str; 4] = ["bbo", "fast_book", "full_book", "any"];

const SIDES: [&str; 2] = ["bid", "ask"];

const GAUGE: &str = "gauge";
const COUNTER: &str = "counter";

/// The name in metrics, and whether it only grows.
pub fn counter_name(c: Counter) -> (String, bool) {
    let name = c.name();
    for (ending, unit) in [("_ns_max", "max"), ("_ns_last", "last")] {
        if let Some(stem) = name.strip_suffix(ending) {
            return (format!("{stem}_{unit}_seconds"), false);
        }
    }
    match name.strip_suffix("_ns") {
        Some(stem) => (format!("{stem}_seconds_total"), true),
        None => (format!("{name}_total"), true),
    }
}

/// The metrics of a snapshot.
pub fn text(s: &Snapshot) -> String {
    let coins = s.status.coins.iter().filter_map(|c| Some((c.name()?, c))).collect();
    let mut out = Text { out: String::with_capacity(32 << 10), coins };
    run(&mut out, s);
    counters(&mut out, s);
    latencies(&mut out, s);
    quotes(&mut out, s);
    accounts(&mut out);
    out.gauges(&ESTIMATES, |c| c.estimates.as_ref());
    let help = "Mid price at the last quote.";
    out.each(GAUGE, "mid_usd", help, |c| c.terms.as_ref().map(|t| t.mid));
    terms(&mut out, &s.status.strategy);
    scores(&mut out);
    feed(&mut out, s);
    out.out
}

/// A label and its value.
type Label<'a> = (&'a str, &'a str);

/// Text in the making; all names begin with `papermaker_`.
struct Text<'a> {
    out: String,
    coins: Vec<(String, &'a CoinStatus)>,
}

impl Text<'_> {
    fn family(&mut self, kind: &str, name: &str, help: &str) {
        let _ =
            write!(self.out, "# HELP papermaker_{name} {help}\n# TYPE papermaker_{name} {kind}\n");
    }

    /// One sample; values of labels are escaped.
    fn sample(&mut self, name: &str, labels: &[Label<'_>], value: f64) {
        let _ = write!(self.out, "papermaker_{name}");
        for (i, (key, text)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{open}{key}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.out, "{close} {}", number(value));
    }

    /// A family with one sample without labels.
    fn one(&mut self, kind: &str, name: &str, help: &str, value: f64) {
        self.family(kind, name, help);
        self.sample(name, &[], value);
    }

    /// A family with the samples that `of` puts for each coin.
    fn of_coins(
        &mut self,
        kind: &str,
        name: &str,
        help: &str,
        of: impl Fn(&CoinStatus, &mut dyn FnMut(&[Label<'_>], f64)),
    ) {
        self.family(kind, name, help);
        let coins = std::mem::take(&mut self.coins);
        for (coin, c) in &coins {
            of(c, &mut |labels, value| {
                self.sample(name, &[&[("coin", coin.as_str())], labels].concat(), value);
            });
        }
        self.coins = coins;
    }

    /// A family with a sample a coin, where there is one.
    fn each(
        &mut self,
        kind: &str,
        name: &str,
        help: &str,
        of: impl Fn(&CoinStatus) -> Option<f64>,
    ) {
        self.of_coins(kind, name, help, |c, put| {
            if let Some(x) = of(c) {
                put(&[], x);
            }
        });
    }

    fn gauges<T>(&mut self, table: &[Gauge<T>], of: fn(&CoinStatus) -> Option<&T>) {
        for (name, help, value) in table {
            self.each(GAUGE, name, help, |c| of(c).map(value));
        }
    }
}

/// A number as the format wants it.
fn number(x: f64) -> String {
    match x {
        f64::INFINITY => "+Inf".into(),
        f64::NEG_INFINITY => "-Inf".into(),
        x => x.to_string(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn float(n: u64) -> f64 {
    n as f64
}

fn seconds(ns: u64) -> f64 {
    float(ns) / 1e9
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// The account's budget of requests.
fn requests(out: &mut Text<'_>, s: &Snapshot) {
    let x = s.status.requests;
    let last = |f: fn(&Requests) -> u64| x.map_or(0, |b| f(&b.last));
    for (name, help, value) in [
        ("used", "Orders and changes sent.", last(|r| r.used)),
        ("limit", "Orders and changes that may be sent in all.", last(|r| r.limit)),
        ("cancels_used", "Cancels sent.", last(|r| r.cancels)),
        ("cancels_limit", "Cancels that may be sent in all.", last(|r| r.cancel_limit)),
        ("refused", "Requests refused for want of budget.", last(|r| r.refused)),
    ] {
        out.one(GAUGE, &format!("requests_{name}"), help, float(value));
    }
    let patience = x.map_or(1.0, |b| b.last.patience);
    let help = "How many times wider tolerances and waits are to save requests; 0: waiting.";
    out.one(GAUGE, "requests_patience", help, patience);
    let hours = x.and_then(|b| b.hours()).map_or(f64::INFINITY, |h| h * 3_600.0);
    let help = "Seconds until the budget of requests is spent at this rate.";
    out.one(GAUGE, "requests_left_seconds", help, hours);
}

fn run(out: &mut Text<'_>, s: &Snapshot) {
    let (st, session) = (&s.status, &s.session);
    out.family(GAUGE, "build_info", "Version of the program; always 1.");
    out.sample("build_info", &[("version", &session.version)], 1.0);
    out.family(GAUGE, "run_info", "The run and its venue; always 1.");
    out.sample("run_info", &[("run", &session.run), ("venue", &session.venue)], 1.0);
    out.one(GAUGE, "uptime_seconds", "Real time since the start.", s.uptime_s());
    let verdict = health::judge(s);
    out.one(GAUGE, "healthy", "1: /healthz says ok.", flag(verdict.is_ok()));
    let each = Cause::ALL.iter().map(|c| format!(" {}: {}", c.text(), c.sentence()));
    let help = format!("1: /healthz names this cause.{}", each.collect::<String>());
    out.family(GAUGE, "degraded", &help);
    for cause in Cause::ALL {
        out.sample("degraded", &[("cause", cause.text())], flag(verdict.has(*cause)));
    }
    let up = st.link.is_some_and(|l| l.value.up);
    out.one(GAUGE, "link_open", "1: the link to the venue is open.", flag(up));
    connections(out, s);
    requests(out, s);
    let help = "Real time since the newest record; one comes at least every second.";
    out.one(GAUGE, "record_age_seconds", help, s.age_s(st.at));
    let offset = st.clocks.map_or(f64::NAN, |x| Ns::seconds(x.offset));
    let help = "By how much this machine's clock is ahead of the venue's, least delay included.";
    out.one(GAUGE, "clock_offset_seconds", help, offset);
    let breaks = st.clocks.map_or(0, |x| u64::from(x.steps) + u64::from(x.jumps));
    let help = "Receive stamps that contradicted their blocks, and jumps of the clocks.";
    out.one(COUNTER, "clock_breaks_total", help, float(breaks));
    files(out, s);
}

/// A value of a connection: of its link, of the newest message of its coins.
type OfConnection = fn(Option<LinkChange>, Option<u64>) -> Option<f64>;

/// Each connection: what its coins say of it.
fn connections(out: &mut Text<'_>, s: &Snapshot) {
    let families: [(&str, &str, &str, OfConnection); 3] = [
        (GAUGE, "connection_open", "1: this connection is open.", |l, _| Some(flag(l?.up))),
        (COUNTER, "connection_links_total", "Links of this connection.", |l, _| {
            Some(f64::from(l?.opened))
        }),
        (
            GAUGE,
            "connection_silence_seconds",
            "Session time since its newest message, when its coins were last looked at.",
            |_, age| age.map(seconds),
        ),
    ];
    let count = usize::from(s.session.sockets.max(1));
    for (kind, name, help, value) in families {
        out.family(kind, name, help);
        for i in 0..count {
            let own = || s.status.coins.iter().skip(i).step_by(count);
            let whole = s.status.link.filter(|_| count == 1).map(|l| l.value);
            let link = own().find_map(|c| c.link).or(whole);
            let ages = own().filter_map(|c| u64::try_from(c.feed?.ages[3]).ok());
            if let Some(x) = value(link, ages.min()) {
                out.sample(name, &[("connection", &i.to_string())], x);
            }
        }
    }
}

/// What is written, and what is kept of it.
fn files(out: &mut Text<'_>, s: &Snapshot) {
    let (st, kept) = (&s.status, s.status.kept);
    let [used, most] = [st.queue.0, st.queue.1].map(|n| float(n as u64));
    out.one(GAUGE, "queue_records", "Records waiting for the logging thread.", used);
    out.one(GAUGE, "queue_records_peak", "The most there ever were.", most);
    let help = "Bytes that wait in memory for the disk.";
    out.one(GAUGE, "backlog_bytes", help, float(st.backlog as u64));
    let bytes = float(st.journal_bytes);
    out.one(COUNTER, "journal_written_bytes_total", "Bytes written to the journal.", bytes);
    let help = "Records the logging thread has taken.";
    out.one(COUNTER, "journal_records_total", help, float(st.records));
    let failed = flag(s.failed.is_some());
    out.one(GAUGE, "journal_failed", "1: the journal failed; quoting is off.", failed);
    let help =
        "Bytes of journals, recordings and latencies on disk, of all bounded runs of the folder.";
    out.one(GAUGE, "kept_bytes", help, float(kept.bytes));
    let free = st.free.map_or(f64::NAN, float);
    out.one(GAUGE, "disk_free_bytes", "Bytes free where the run is written.", free);
    let help = "Segments dropped by the disk bound.";
    out.one(COUNTER, "dropped_segments_total", help, float(kept.segments_dropped));
    out.one(COUNTER, "dropped_bytes_total", "Their bytes.", float(kept.bytes_dropped));
    out.one(COUNTER, "recording_frames_total", "Raw frames recorded.", float(st.frames.0));
    let help = "Raw frames noted as missing.";
    out.one(COUNTER, "recording_frames_missing_total", help, float(st.frames.1));
    let failed = flag(st.recording_failed);
    out.one(GAUGE, "recording_failed", "1: recording raw frames failed.", failed);
}

/// The reason for which the frames were rejected that a counter counts.
fn reason(c: Counter) -> Option<&'static str> {
    c.name().strip_prefix("reject_")
}

fn counters(out: &mut Text<'_>, s: &Snapshot) {
    let name = "rejected_frames_total";
    out.family(COUNTER, name, "Frames rejected, by reason.");
    for c in Counter::ALL {
        if let Some(reason) = reason(*c) {
            out.sample(name, &[("reason", reason)], float(s.status.counters.value(*c)));
        }
    }
    for c in Counter::ALL.iter().filter(|c| reason(**c).is_none()) {
        let (name, grows) = counter_name(*c);
        let value = s.status.counters.value(*c);
        let kind = if grows { COUNTER } else { GAUGE };
        if c.unit() == "ns" {
            out.one(kind, &name, c.sentence(), seconds(value));
        } else {
            let help = format!("{} Unit: {}.", c.sentence(), c.unit());
            out.one(kind, &name, &help, float(value));
        }
    }
}

fn latencies(out: &mut Text<'_>, s: &Snapshot) {
    let help = "Time of a frame on the hot thread, by stage.";
    out.family("histogram", "latency_seconds", help);
    for (stage, b) in Stage::ALL.into_iter().zip(&s.status.buckets) {
        let stage = ("stage", stage.name());
        for (bound, n) in BOUNDS_NS.into_iter().zip(b.upto) {
            let le = seconds(bound).to_string();
            out.sample("latency_seconds_bucket", &[stage, ("le", &le)], float(n));
        }
        out.sample("latency_seconds_bucket", &[stage, ("le", "+Inf")], float(b.count));
        out.sample("latency_seconds_sum", &[stage], seconds(b.sum_ns));
        out.sample("latency_seconds_count", &[stage], float(b.count));
    }
}

fn quotes(out: &mut Text<'_>, s: &Snapshot) {
    out.of_coins(GAUGE, "market_price_usd", "Best price of the market.", |c, put| {
        let best = c.market.map_or([Px(0); 2], |m| [m.bid, m.ask]);
        for (px, side) in best.iter().zip(SIDES).filter(|(px, _)| px.0 > 0) {
            put(&[("side", side)], px.to_f64());
        }
    });
    for (name, help, of) in [
        ("quote_price_usd", "Price wanted at a level of the ladder.", true),
        ("quote_size", "Size wanted at a level of the ladder, in coins.", false),
    ] {
        out.of_coins(GAUGE, name, help, |c, put| {
            for (ladder, side) in c.ladder.iter().zip(SIDES) {
                let levels = ladder.iter().flat_map(|l| &l.levels);
                for (i, (px, sz)) in levels.enumerate() {
                    let value = if of { px.to_f64() } else { sz.to_f64() };
                    put(&[("side", side), ("level", &i.to_string())], value);
                }
            }
        });
    }
    let help = "How long the first obstacle to quoting holds; none: quoted.";
    out.of_coins(GAUGE, "obstacle_seconds", help, |c, put| {
        for (guard, side) in c.guard.iter().zip(SIDES) {
            put(&[("side", side), ("obstacle", guard.value.text())], s.age_s(guard.at));
        }
    });
    out.of_coins(GAUGE, "orders_working", "Own orders sent and not over.", |c, put| {
        for (side, text) in Side::BOTH.into_iter().zip(SIDES) {
            let n = c.orders.iter().filter(|o| o.value.side == side).count();
            put(&[("side", text)], float(n as u64));
        }
    });
}

/// The results of a coin, by fill model.
fn lanes(c: &CoinStatus) -> impl Iterator<Item = (Label<'static>, &Account)> {
    let all = Lane::ALL.iter().zip(&c.account);
    all.filter_map(|(lane, a)| Some((("model", lane.text()), a.as_ref()?)))
}

fn accounts(out: &mut Text<'_>) {
    let help = "The result, by fill model and part; the parts sum exactly.";
    out.of_coins(GAUGE, "result_usd", help, |c, put| {
        for (model, a) in lanes(c) {
            let parts = PARTS.into_iter().zip(a.parts());
            parts.for_each(|(part, usd)| put(&[model, ("part", part)], usd.to_f64()));
        }
    });
    let help = "What fills came to 5 s after them: spread, adverse move and fees.";
    out.of_coins(GAUGE, "edge_usd", help, |c, put| {
        lanes(c).for_each(|(model, a)| put(&[model], a.value().to_f64()));
    });
    out.gauges(&VERDICTS, |c| c.earns.verdict(None));
    out.gauges(&BEST, |c| c.earns.best(None));
    out.of_coins(GAUGE, "position", "Position in coins, by fill model.", |c, put| {
        lanes(c).for_each(|(model, a)| put(&[model], a.position.to_f64()));
    });
    out.of_coins(COUNTER, "coin_fills_total", "Fills, by fill model.", |c, put| {
        for (lane, n) in Lane::ALL.iter().zip(c.fills) {
            put(&[("model", lane.text())], float(n));
        }
    });
}

/// Forecasts of fills against fills, of own orders and of shadow quotes within a basis point.
fn scores(out: &mut Text<'_>) {
    for (name, help, value) in &SCORES {
        out.of_coins(GAUGE, name, help, |c, put| {
            for (of, score) in [("own", c.earns.own()), ("shadow", c.earns.near())] {
                score.into_iter().for_each(|s| put(&[("of", of)], value(s)));
            }
        });
    }
}

/// The strategy's terms, all in one family.
fn terms(out: &mut Text<'_>, names: &StrategyNames) {
    out.family(GAUGE, "strategy_info", "The strategy and its version; always 1.");
    if let Some((strategy, version)) = names.name() {
        let version = version.to_string();
        out.sample("strategy_info", &[("strategy", &strategy), ("version", &version)], 1.0);
    }
    let help = "A term of the last quote, by its name with its unit.";
    out.of_coins(GAUGE, "strategy_term", help, |c, put| {
        let values = c.terms.iter().flat_map(|t| t.value);
        names.columns().iter().zip(values).for_each(|(term, x)| put(&[("term", term)], x));
    });
}

fn feed(out: &mut Text<'_>, s: &Snapshot) {
    out.of_coins(GAUGE, "regime_probability", "Probability of each regime.", |c, put| {
        let p = c.regimes.iter().flat_map(|r| r.p);
        REGIMES.into_iter().zip(p).for_each(|(regime, p)| put(&[("regime", regime)], p));
    });
    let help = "1: two-sided, uncrossed, recent.";
    out.each(GAUGE, "book_fresh", help, |c| Some(flag(c.health.value == Health::Fresh)));
    let help = "1: no longer subscribed, its subscription ended link after link.";
    out.each(GAUGE, "coin_set_aside", help, |c| Some(flag(c.feed?.set_aside)));
    out.each(COUNTER, "coin_prints_total", "Live prints.", |c| Some(float(c.prints)));
    const LATE: [Gauge<Late>; 3] = [
        (
            "late_prints",
            "Prints that came after a state of their block, or of a later one, was taken.",
            |l| float(l.prints),
        ),
        ("early_blocks", "Blocks taken before their time, for want of room.", |l| float(l.blocks)),
        ("horizons_cut", "Fills whose horizon a hole in the data cut short.", |l| float(l.cut)),
    ];
    for (name, help, of) in LATE {
        let name = format!("coin_{name}_total");
        out.each(COUNTER, &name, help, |c| Some(c.late.as_ref().map_or(0.0, of)));
    }
    let help = "Session time since the newest message of a stream.";
    out.of_coins(GAUGE, "stream_age_seconds", help, |c, put| {
        let ages = c.feed.iter().flat_map(|f| f.ages);
        for (stream, age) in STREAMS.into_iter().zip(ages) {
            if let Ok(age) = u64::try_from(age) {
                put(&[("stream", stream)], seconds(age));
            }
        }
    });
    let help = "Receive time less block time of the newest message.";
    out.each(GAUGE, "feed_lag_seconds", help, |c| {
        let lag = c.feed?.lag;
        let sign = if lag < 0 { -1.0 } else { 1.0 };
        Some(sign * seconds(lag.unsigned_abs()))
    });
    let latched = s.status.coins.iter().filter(|c| c.latch.is_some()).count();
    let help = "Coins of which a limit latched.";
    out.one(GAUGE, "limits_latched", help, float(latched as u64));
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
