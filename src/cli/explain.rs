//! `papermaker explain RUN`: why kappa, the quote, the warm-up and the refusals are what they are.
//!
//! In: a run folder, a coin, an instant. Out: text or JSON from the journal's records alone. Cold
//! path.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::common::{journal, settings, unreadable};
use super::exit::Failure;
use super::place::parse_length;
use super::{Common, say};
use crate::app::config::ConfigOf;
use crate::app::status::{CoinStatus, Status};
use crate::engine::Components;
use crate::journal::Found;
use crate::record::{self, Guard, REGIMES, StrategyNames, Terms};
use crate::units::Ns;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run folder.
    run: PathBuf,
    /// What to explain; default: everything.
    #[arg(value_enum)]
    topic: Option<Topic>,
    /// Instant, counted from the start of the run: `90s`, `10m`, `2h`; default: the end.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Coin; default: all of the run.
    #[arg(long)]
    coin: Option<String>,
}

/// What to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Topic {
    /// Data, prior, window and regimes behind kappa.
    Kappa,
    /// Each term of the quote, in bps.
    Quote,
    /// What is known, and what is missing.
    Warmup,
    /// Why a side is not quoted.
    Guard,
    /// What small quotes at every distance would earn.
    Curve,
}

pub(super) fn run<C: Components>(o: &Options, common: &Common) -> Result<(), Failure> {
    let (status, started) = status_at(o)?;
    let config = settings::<C>(&o.run)?;
    let named: Vec<(String, &CoinStatus)> = status
        .coins
        .iter()
        .filter_map(|c| Some((c.name()?, c)))
        .filter(|(n, _)| o.coin.as_ref().is_none_or(|w| w == n))
        .collect();
    if named.is_empty() {
        let have: Vec<String> = status.coins.iter().filter_map(CoinStatus::name).collect();
        let wanted = o.coin.as_deref().unwrap_or("any");
        return Err(Failure::usage(format!(
            "no coin {wanted} then; there are {}",
            have.join(", ")
        )));
    }
    let wants = |t: Topic| o.topic.is_none_or(|w| w == t);
    let since = Ns::seconds(status.at.since(started));
    if common.json {
        let coins: Vec<Value> =
            named.iter().map(|(n, c)| coin_json(n, c, &status.strategy, &config)).collect();
        say(&format!("{}\n", json!({ "at_s": since, "coins": coins })));
        return Ok(());
    }
    let mut text = format!("{:.1} s after the start of {}\n", since, o.run.display());
    for (n, c) in named {
        text.push_str(&format!("\n{n}\n"));
        if wants(Topic::Kappa) {
            text.push_str(&kappa(c, &config));
        }
        if wants(Topic::Quote) {
            text.push_str(&quote(c, &status.strategy));
        }
        if wants(Topic::Warmup) {
            text.push_str(&warmup(c, &config));
        }
        if wants(Topic::Curve) {
            text.push_str(&c.earns.text());
            text.push_str(&c.earns.table());
        }
        if wants(Topic::Guard) {
            text.push_str(&guard(c, &status.strategy, started));
        }
    }
    say(&text);
    Ok(())
}

/// The state at the instant asked for, and when the run began.
fn status_at(o: &Options) -> Result<(Status, Ns), Failure> {
    let name = o.run.display();
    let at =
        o.at.as_deref()
            .map(parse_length)
            .transpose()
            .map_err(|e| Failure::usage(e.text.replacen("--for", "--at", 1)))?;
    let fault = |e| unreadable(&o.run, e);
    let mut reader = journal(&o.run)?;
    let (mut status, mut started, mut later) = (Status::default(), None, false);
    while let Some(found) = reader.step().map_err(fault)? {
        let Found::Record(r) = found else { continue };
        let start = *started.get_or_insert(r.at);
        if at.is_some_and(|t| r.at.since(start) > t) {
            later = true;
            break;
        }
        status.take(&r);
    }
    if !later && let Some(at) = o.at.as_deref() {
        eprintln!("papermaker: the run has nothing after {at}: this is its end");
    }
    let started =
        started.ok_or_else(|| Failure::input(format!("the journal in {name} is empty")))?;
    Ok((status, started))
}

fn kappa<C: Components>(c: &CoinStatus, config: &ConfigOf<C>) -> String {
    let (Some(e), Some(w)) = (&c.estimates, &c.why) else {
        return "  kappa      nothing learned yet\n".into();
    };
    let prior = &config.engine.learn.tape;
    let near = if w.near > 0.005 {
        format!(
            ", {:.1} of them from depths between the touch ({:.2} bps) and there",
            w.near, w.touch_bps
        )
    } else {
        String::new()
    };
    let share = prior.kappa_strength / (prior.kappa_strength + e.n_eff);
    let mut out = format!(
        "  kappa      {:.0} per unit of price, 95 % [{:.0}, {:.0}]: 1/kappa is {:.3} bps\n    data     \
         {:.1} effective sweeps that ended {:.2} to {:.2} bps from the mid{near}\n    prior    {:.0}, \
         worth {:.0} sweep of {:.1}: {:.0} % of the answer\n    rate     {:.4} [{:.4}, {:.4}] takers a \
         second and side at distance 0 along that slope\n    trust    confidence {:.2} from data alone; \
         other estimators: own fills {}, book shape {}\n",
        e.kappa,
        e.kappa_lo,
        e.kappa_hi,
        1e4 / e.kappa,
        e.n_eff,
        w.window_lo,
        w.window_hi,
        prior.kappa,
        prior.kappa_strength,
        prior.kappa_strength + e.n_eff,
        100.0 * share,
        e.rate,
        e.rate_lo,
        e.rate_hi,
        e.confidence,
        some(w.kappa_own),
        some(w.kappa_book),
    );
    if let Some(r) = &c.regimes {
        let each: Vec<String> = REGIMES
            .iter()
            .zip(r.p.iter().zip(r.kappa))
            .map(|(n, (p, k))| format!("{n} {:.1} % (kappa {k:.0})", 100.0 * p))
            .collect();
        out.push_str(&format!("    regimes  {}\n", each.join(", ")));
    }
    out
}

fn some(kappa: f64) -> String {
    if kappa > 0.0 { format!("{kappa:.0}") } else { "nothing yet".into() }
}

/// The first level's distance as a sum, where the strategy is glft: name and bps.
fn sum(t: &Terms, names: &StrategyNames) -> Option<[(&'static str, f64); 5]> {
    let of = |column| names.value(t, column);
    let (fee, cost, c1) = (of("fee_bps")?, of("cost_bps")?, of("c1_bps")?);
    let (half, explore) = (of("half_bps")?, of("explore_bps")?);
    Some([
        ("fee", fee),
        ("adverse move, as it grows with distance", cost - fee),
        ("1/kappa", c1),
        ("the ladder's first level, or the learned floor", half - cost - explore - c1),
        ("exploration", explore),
    ])
}

/// The terms of glft for people; `None`: the strategy is another.
fn glft(t: &Terms, names: &StrategyNames) -> Option<String> {
    let of = |column| names.value(t, column);
    let (half, parts) = (of("half_bps")?, sum(t, names)?);
    let mut out = format!("  quote      first level {half:+.3} bps from the mid of {}\n", t.mid);
    for (what, bps) in parts {
        out.push_str(&format!("    {bps:+9.3}  {what}\n"));
    }
    out.push_str(&format!(
        "    {:+9.3}  bid out and ask in, by {:+.2} lots at {:.3} bps a lot near zero\n    {:+9.3}  \
         both sides, by short-term signals\n    {:+9.3}  bid, {:+.3} ask: rounding and the touch\n",
        of("skew_bps")?,
        of("lots")?,
        of("theta_bps")?,
        of("signal_bps")?,
        of("clamp_bid_bps")?,
        of("clamp_ask_bps")?,
    ));
    Some(out)
}

/// The terms of any strategy, in its own words.
fn named_terms(t: &Terms, names: &StrategyNames) -> String {
    let (name, version) = names.name().unwrap_or_default();
    let mut out = format!("  quote      strategy {name} {version}, at a mid of {}\n", t.mid);
    for (i, (column, x)) in names.columns().iter().zip(t.value).enumerate() {
        out.push_str(&format!("    {x:+9.3}  {column}: {}\n", names.sentence(i)));
    }
    out
}

fn quote(c: &CoinStatus, names: &StrategyNames) -> String {
    let Some(t) = &c.terms else { return "  quote      none made yet\n".into() };
    let mut out = glft(t, names).unwrap_or_else(|| named_terms(t, names));
    if let Some(w) = &c.why {
        out.push_str(&format!(
            "    adverse move {:.2} bps at {:.2} bps: {:.2} before the fill, {:.2} after it; line {:.2} \
             {:+.3} d\n",
            w.alpha0 + w.alpha1 * w.depth_bps,
            w.depth_bps,
            w.drift_bps,
            w.alpha0 + w.alpha1 * w.depth_bps - w.drift_bps,
            w.alpha0,
            w.alpha1,
        ));
    }
    if let Some(l) = &c.learned {
        out.push_str(&format!(
            "    sizes at {:.0} % for confidence; inventory term {:.3} asked by the target, {:.3} by \
             Kelly; floor {:.2} bps\n",
            100.0 * l.size_factor,
            l.theta_target_bps,
            l.theta_kelly_bps,
            l.floor_bps,
        ));
    }
    out
}

fn warmup<C: Components>(c: &CoinStatus, config: &ConfigOf<C>) -> String {
    let Some(w) = &c.warmup else { return "  warm-up    not started\n".into() };
    let t = &config.engine.learn.warmup;
    let mut out = format!("  warm-up    {:.1} %\n", 100.0 * w.score);
    let parts = [
        ("markouts", 0.4, w.floor, t.floor_target, "markouts after 5 s, own or of virtual orders"),
        ("kappa", 0.4, w.kappa, t.sweeps_target, "effective sweeps (or its share of own fills)"),
        ("spread", 0.2, w.gamma, t.seconds_target, "seconds of returns"),
    ];
    for (name, weight, part, target, unit) in parts {
        let missing = if part >= 1.0 {
            "complete".to_owned()
        } else if name == "spread" {
            format!("needs {target:.0} {unit}")
        } else {
            format!("{:.0} more of {target:.0} {unit}", ((1.0 - part) * target).ceil())
        };
        out.push_str(&format!("    {name:<9} {:.1} of {weight}: {missing}\n", weight * part));
    }
    out
}

fn guard(c: &CoinStatus, names: &StrategyNames, started: Ns) -> String {
    let mut out = String::new();
    for ((side, g), ladder) in ["bid", "ask"].iter().zip(&c.guard).zip(&c.ladder) {
        let since = Ns::seconds(g.at.since(started));
        let text = if g.value == Guard::None {
            format!("  {side}        quoted since {since:.1} s\n")
        } else {
            let own = ladder.as_ref().and_then(|l| names.reason(l.declined));
            let own = own.map_or_else(String::new, |(name, why)| format!(" {name}: {why}"));
            format!("  {side}        not quoted since {since:.1} s: {}{own}\n", g.value.sentence())
        };
        out.push_str(&text);
    }
    if let Some(l) = &c.latch {
        out.push_str(&format!("  latch      {}\n", l.value.guard.sentence()));
    }
    out
}

fn coin_json<C: Components>(
    name: &str,
    c: &CoinStatus,
    names: &StrategyNames,
    config: &ConfigOf<C>,
) -> Value {
    let fields = |b: Option<record::Body>| {
        b.map(|b| {
            b.fields()
                .into_iter()
                .map(|(k, v)| (k.to_owned(), plain(&v)))
                .collect::<serde_json::Map<String, Value>>()
        })
    };
    let sum: Option<serde_json::Map<String, Value>> = c
        .terms
        .as_ref()
        .and_then(|t| sum(t, names))
        .map(|parts| parts.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect());
    let terms = c.terms.as_ref().map(|t| {
        let named = names.columns().iter().cloned().zip(t.value.map(|x| json!(x)));
        std::iter::once(("mid".to_owned(), json!(t.mid))).chain(named).collect()
    });
    let terms: Option<serde_json::Map<String, Value>> = terms;
    json!({
        "coin": name,
        "kappa": fields(c.estimates.map(Into::into)),
        "why": fields(c.why.map(Into::into)),
        "regimes": fields(c.regimes.map(Into::into)),
        "prior_kappa": config.engine.learn.tape.kappa,
        "prior_sweeps": config.engine.learn.tape.kappa_strength,
        "quote_bps": sum,
        "strategy": names.name().map(|(name, version)| json!({ "name": name, "version": version })),
        "terms": terms,
        "earns": c.earns.json(),
        "learned": fields(c.learned.map(Into::into)),
        "warmup": fields(c.warmup.map(Into::into)),
        "bid": c.guard[0].value.text(),
        "ask": c.guard[1].value.text(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "for people; the journal has every digit")]
fn plain(v: &record::Value) -> Value {
    use record::Value as V;
    match v {
        V::Int(x) => json!(*x as f64),
        V::Float(x) => json!(x),
        V::Fixed(x) => json!(*x as f64 * 1e-8),
        V::Half(x) => json!(*x as f64 * 0.5e-8),
        V::Time(x) => json!(x),
        V::Text(x) => json!(x),
        V::Bool(x) => json!(x),
        V::List(x) => Value::Array(x.iter().map(plain).collect()),
    }
}
