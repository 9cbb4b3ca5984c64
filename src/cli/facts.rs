//! `papermaker facts`: the stylised facts of a recording, and which of them lie outside given bands.
//!
//! In: a recording, bands. Out: a table or JSON, a picture; exit code 1 where a fact is outside. Cold
//! path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::common::{chosen, coin_name, names, none, recording_failure};
use super::exit::{Failure, Result};
use super::{Common, Force, summary};
use crate::app::events::is_events;
use crate::app::measured::{Measured, measure};
use crate::facts::bands::{BUILT_IN, Bands, Outside, short};
use crate::facts::{Facts, plot};
use crate::folder::{Holds, Output};

#[derive(Debug, Args)]
#[command(after_help = "\
Bands say where each fact of a kind of coin was found: btc, eth, sol and thin are built in (Hyperliquid,
September and December 2025, a quarter wider at both ends); a file of one's own has a line
`fact = [lowest, highest]` for each. A fact that the recording does not give is outside.

Examples:
  papermaker facts T.frames.gz
  papermaker facts T.frames.gz --coin BTC --against btc --plot btc.svg")]
pub(super) struct Options {
    /// Recording, plain or gzip: one line a frame, `<receive time, ns> <json>`.
    #[arg(value_name = "TAPE")]
    tape: PathBuf,
    /// Coins, comma separated; default: all of the recording.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Bands to hold the facts against: `btc`, `eth`, `sol`, `thin` or a file. Exit code 1 names
    /// every fact that is outside.
    #[arg(long, value_name = "BANDS")]
    against: Option<String>,
    /// Write a picture of the facts in their bands, SVG. Of one coin.
    #[arg(long, value_name = "FILE.svg", requires = "against")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

pub(super) fn run(o: &Options, common: &Common) -> Result {
    let against = o.against.as_deref().map(Path::new);
    let inputs: Vec<&Path> = [o.tape.as_path()].into_iter().chain(against).collect();
    if let Some(path) = &o.plot {
        Output::may(path, &inputs, o.force.force)?;
        Holds::PICTURE.named(path)?;
    }
    let bands = o.against.as_deref().map(bands).transpose()?;
    if is_events(&o.tape) {
        let text = "is a file of events, which has no receive times: give its recording";
        return Err(Failure::input(format!("{} {text}", o.tape.display())));
    }
    let coins = chosen(&o.tape, &o.coin)?;
    if o.plot.is_some() && coins.len() > 1 {
        let text = format!("--plot draws one coin: choose with --coin of {}", names(&coins));
        return Err(Failure::usage(text));
    }
    let found = measure(&o.tape, &coins).map_err(|e| recording_failure(&o.tape, &e))?;
    if found.coins.iter().all(|c| c.1.is_none()) {
        let text = "nowhere 21 best prices within 5 s of each other, of no coin";
        return Err(Failure::input(format!("{}: {text}", o.tape.display())));
    }
    let judged: Vec<(&str, &Facts, Vec<Outside>)> = found
        .coins
        .iter()
        .filter_map(|(name, facts)| {
            let facts = facts.as_ref()?;
            let outside = bands.as_ref().map_or_else(Vec::new, |b| b.outside(facts));
            Some((name.as_str(), facts, outside))
        })
        .collect();
    if let (Some(path), Some(bands), [(coin, facts, _)]) = (&o.plot, &bands, judged.as_slice()) {
        let title = format!("{coin} against {}", o.against.as_deref().unwrap_or_default());
        let picture = plot::svg(&title, facts, bands);
        o.force.output(path, &inputs, Holds::PICTURE)?.put(picture.as_bytes())?;
    }
    common.show(&json(&found, &judged, bands.as_ref()), table(&found, &judged, bands.as_ref()));
    let Some(bands) = bands else { return Ok(()) };
    let faults: Vec<String> = judged
        .iter()
        .filter(|(_, _, outside)| !outside.is_empty())
        .map(|(coin, _, outside)| {
            let named: Vec<String> = outside.iter().map(ToString::to_string).collect();
            let (n, all) = (outside.len(), bands.count());
            format!("{coin}: {n} of {all} facts are outside: {}", named.join(", "))
        })
        .collect();
    none("", &faults)
}

/// Built-in bands by their name, else a file.
fn bands(named: &str) -> Result<Bands> {
    if let Some(bands) = Bands::built_in(named) {
        return Ok(bands);
    }
    let text = std::fs::read_to_string(Path::new(named)).map_err(|e| {
        let names = BUILT_IN.map(|b| b.0).join(", ");
        Failure::input(format!("no bands {named}: {e}; built in are {names}"))
    })?;
    Bands::parse(&text).map_err(|e| Failure::input(format!("no bands {named}: {e}")))
}

fn table(
    found: &Measured,
    judged: &[(&str, &Facts, Vec<Outside>)],
    bands: Option<&Bands>,
) -> String {
    let mut out = format!("{:<26}", "");
    for (coin, _, _) in judged {
        let _ = write!(out, "{coin:>13}");
    }
    if bands.is_some() {
        let _ = write!(out, "{:>24}", "band");
    }
    out.push('\n');
    let names = judged.first().map(|j| j.1.iter().map(|f| f.0)).into_iter().flatten();
    for name in names {
        let _ = write!(out, "{name:<26}");
        for (_, facts, outside) in judged {
            let mark = if outside.iter().any(|o| o.fact == name) { "*" } else { " " };
            let _ = write!(out, "{:>12}{mark}", short(facts.get(name)));
        }
        if let Some([lo, hi]) = bands.and_then(|b| b.get(name)) {
            let _ = write!(out, "{:>13} to {}", short(lo), short(hi));
        }
        out.push('\n');
    }
    out.push('\n');
    for (name, value) in found.link.iter() {
        let _ = writeln!(out, "{name:<26}{:>12}", short(value));
    }
    let c = &found.seen.counters;
    let (rejected, reasons) = (c.rejects(), summary::reasons(c));
    let (tail, left_out) = (found.seen.tail, summary::left_out(&found.seen.left_out, c));
    let _ = write!(out, "\nfeed     {rejected} rejected{reasons}, tail {tail}\n{left_out}");
    for (coin, _) in found.coins.iter().filter(|c| c.1.is_none()) {
        let _ = writeln!(out, "{:<26}too few best prices", coin.as_str());
    }
    if let Some(bands) = bands {
        let all = bands.count();
        for (coin, _, outside) in judged {
            let _ = writeln!(out, "{coin}: {} of {all} facts in their band", all - outside.len());
        }
    }
    out
}

fn json(found: &Measured, judged: &[(&str, &Facts, Vec<Outside>)], bands: Option<&Bands>) -> Value {
    let numbers = |facts: &Facts| -> Value { facts.iter().collect() };
    let one = |(coin, facts, outside): &(&str, &Facts, Vec<Outside>)| {
        let mut of = json!({ "facts": numbers(facts) });
        if let Some(bands) = bands {
            let named = |o: &Outside| (o.fact.clone(), json!({ "value": o.value, "band": o.band }));
            of["bands"] = json!(bands.count());
            of["inside"] = json!(bands.count() - outside.len());
            of["outside"] = outside.iter().map(named).collect();
        }
        ((*coin).to_owned(), of)
    };
    let coins: Value = judged.iter().map(one).collect();
    json!({
        "link": numbers(&found.link), "coins": coins, "feed": summary::feed_json(&found.seen.counters),
        "left_out": summary::left_out_json(&found.seen.left_out), "tail": found.seen.tail.to_string(),
    })
}
