//! `papermaker explain RUN`: why the verdict, the quote and the refusals are what they are.
//!
//! In: a run folder, a coin, an instant. Out: text or JSON from the journal's records alone. Cold
//! path.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::common::{coin_name, journal, unreadable};
use super::exit::{Failure, Result};
use super::place::parse_length;
use super::{Common, say, tell};
use crate::app::status::{CoinStatus, Status};
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
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Coin; default: all of the run.
    #[arg(long, value_parser = coin_name)]
    coin: Option<String>,
}

/// What to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Topic {
    /// How takers thin out with depth, volatility, regimes.
    Kappa,
    /// Each term of the quote, in bps.
    Quote,
    /// Why a side is not quoted.
    Guard,
    /// What small quotes at every distance would earn.
    Curve,
}

pub(super) fn run(o: &Options, common: &Common) -> Result {
    let (status, started) = status_at(o)?;
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
            named.iter().map(|(n, c)| coin_json(n, c, &status.strategy)).collect();
        say(&format!("{}\n", json!({ "at_s": since, "coins": coins })));
        return Ok(());
    }
    let mut text = format!("{:.1} s after the start of {}\n", since, o.run.display());
    for (n, c) in named {
        text.push_str(&format!("\n{n}\n"));
        if wants(Topic::Kappa) {
            text.push_str(&kappa(c));
        }
        if wants(Topic::Quote) {
            text.push_str(&quote(c, &status.strategy));
        }
        if wants(Topic::Curve) {
            text.push_str(&c.earns.text());
            text.push_str(&c.earns.forecasts());
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
fn status_at(o: &Options) -> Result<(Status, Ns)> {
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
        // What every run ends with says nothing of why it quoted or did not.
        if !matches!(r.body, record::Body::Ladder(l) if l.guard == Guard::Stopping) {
            status.take(&r);
        }
    }
    if !later && let Some(at) = o.at.as_deref() {
        tell(format!("papermaker: the run has nothing after {at}: this is its end"));
    }
    let started =
        started.ok_or_else(|| Failure::input(format!("the journal in {name} is empty")))?;
    Ok((status, started))
}

fn kappa(c: &CoinStatus) -> String {
    let Some(e) = &c.estimates else { return "  kappa      nothing learned yet\n".into() };
    let mut out = format!(
        "  kappa      {:.0} per unit of price, 95 % [{:.0}, {:.0}]: takers thin out e-fold in {:.3} bps\n    \
         data     {:.1} independent takers; no input of a quote\n    market   sigma {:.2} bps/sqrt s\n",
        e.kappa,
        e.kappa_lo,
        e.kappa_hi,
        1e4 / e.kappa,
        e.n_eff,
        e.sigma_bps,
    );
    if let Some(r) = &c.regimes {
        let each: Vec<String> = REGIMES
            .iter()
            .zip(r.p.iter().zip(r.sigma_bps))
            .map(|(n, (p, s))| format!("{n} {:.1} % (sigma {s:.2})", 100.0 * p))
            .collect();
        out.push_str(&format!("    regimes  {}\n", each.join(", ")));
    }
    out
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
    let none = || "  quote      none made yet\n".into();
    c.terms.as_ref().map_or_else(none, |t| named_terms(t, names))
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

fn coin_json(name: &str, c: &CoinStatus, names: &StrategyNames) -> Value {
    let fields = |b: Option<record::Body>| -> Option<Value> {
        Some(b?.fields().into_iter().map(|(k, v)| (k, plain(&v))).collect())
    };
    let terms = c.terms.as_ref().map(|t| -> Value {
        let named = names.columns().iter().map(String::as_str).zip(t.value);
        std::iter::once(("mid", t.mid)).chain(named).collect()
    });
    json!({
        "coin": name,
        "kappa": fields(c.estimates.map(Into::into)),
        "regimes": fields(c.regimes.map(Into::into)),
        "strategy": names.name().map(|(name, version)| json!({ "name": name, "version": version })),
        "terms": terms,
        "earns": c.earns.json(),
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
