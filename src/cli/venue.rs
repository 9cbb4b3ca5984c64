//! `papermaker venue`: the embedded exchange alone, for other clients.
//!
//! In: options and the `[exchange]` configuration. Out: an address, progress, at the end the truth.
//! Cold path: it starts the exchange's thread and waits.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::common::coin_name;
use super::exit::{Failure, Result};
use super::place::{exchange, parse_length, speed};
use super::run::{truth_text, write_truth};
use super::{Common, Force, say, stop_at_signal};
use crate::app::config::ConfigOf;
use crate::engine::Components;
use crate::feed::SIMULATED;
use crate::folder::recording::Writer;
use crate::folder::{Holds, Output};
use crate::limits::LOOK;
use crate::sys::clock::SessionClock;
use crate::units::Ns;
use crate::venue::config::Named;
use crate::venue::tape;
use crate::venue::truth::BlockTruth;

/// Looks between two lines of progress: ten seconds.
const LOOKS_PER_LINE: u32 = 200;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address to listen at; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// Coins, comma separated; default: those of `exchange.coins`.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
    /// Market seconds per second, 1 to 50. Clients that compare block times with their own clock
    /// need 1.
    #[arg(long, value_name = "N", default_value_t = 1, allow_hyphen_values = true, value_parser = speed)]
    speed: u32,
    /// How long, in seconds of the wall clock: `90s`, `10m`, `2h`; default: until Ctrl-C.
    #[arg(long = "for", value_name = "TIME", allow_hyphen_values = true)]
    length: Option<String>,
    /// Which market its coins have; default: `exchange.world`.
    #[arg(long)]
    world: Option<Named>,
    /// Serve nobody: write what a client would receive into this recording, as fast as it goes.
    #[arg(long, value_name = "FILE", requires = "length", conflicts_with_all = ["addr", "speed"])]
    tape: Option<PathBuf>,
    /// At the end, write what the exchange knows of itself: law and record of every coin, JSON.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// With `--tape`: what really happened in each block, a line of JSON: per coin its regime, twice the
    /// mids before and after, twice the efficient price, and every taker, traded or not. Prices and sizes
    /// count 1e-8.
    #[arg(long, value_name = "FILE", requires = "tape")]
    blocks: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

pub(super) fn run<C: Components>(o: &Options, mut config: ConfigOf<C>, common: &Common) -> Result {
    let length = o.length.as_deref().map(parse_length).transpose()?;
    if !o.coin.is_empty() {
        config.exchange.coins.clone_from(&o.coin);
    }
    config.exchange.world = o.world.unwrap_or(config.exchange.world);
    if let (Some(path), Some(length)) = (&o.tape, length) {
        return tape((path, length), o, &config, common);
    }
    let truth_to = o.force.maybe(o.truth.as_ref(), &[], Holds::JSON)?;
    let handle = exchange(&config, o.addr, o.speed)?;
    let addr = handle.addr();
    let v = serde_json::json!({
        "ws": format!("ws://{addr}/ws"), "info": format!("http://{addr}/info"),
        "coins": config.exchange.coins, "speed": o.speed,
    });
    common.show(
        &v,
        format!(
            "papermaker {} serves {}, {} market second(s) a second; Ctrl-C ends\n\
             websocket ws://{addr}/ws\ninfo      http://{addr}/info (POST {{\"type\":\"meta\"}})\n",
            env!("CARGO_PKG_VERSION"),
            config.exchange.coins.join(", "),
            o.speed,
        ),
    );
    let stop = stop_at_signal();
    let clock = SessionClock::start(1);
    let mut looks = 0u32;
    while !stop.is_asked() && length.is_none_or(|l| clock.now().since(clock.started()) < l) {
        std::thread::sleep(LOOK);
        looks += 1;
        if looks.is_multiple_of(LOOKS_PER_LINE) && !common.json {
            let takers: u64 = handle
                .truth()
                .coins
                .iter()
                .flat_map(|c| c.regimes.iter())
                .map(|r| r.arrivals.iter().sum::<u64>())
                .sum();
            let s = clock.now().since(clock.started()) / Ns::SEC;
            say(&format!("{s:>7} s  {} blocks, {takers} takers\n", handle.truth().blocks));
        }
    }
    let closed = handle.closed();
    let truth = handle.stop();
    if let Some(to) = truth_to {
        write_truth(to, &truth)?;
    }
    common.show(
        &serde_json::json!({ "truth": truth, "closed": closed }),
        format!(
            "\nblocks     {}\nsockets    {closed} closed in order by their clients\n{}",
            truth.blocks,
            truth_text(&truth, None)
        ),
    );
    Ok(())
}

/// A recording of the market without waiting for it.
fn tape<C: Components>(
    (path, length_ns): (&Path, i64),
    o: &Options,
    config: &ConfigOf<C>,
    common: &Common,
) -> Result {
    let cannot = |e: std::io::Error| Failure::unwritten(path, e);
    let mut file = o.force.output(path, &[], Holds::RECORDING)?;
    let truth_to = o.force.maybe(o.truth.as_ref(), &[path], Holds::JSON)?;
    let mut blocks = o.force.maybe(o.blocks.as_ref(), &[path], Holds::JSON)?;
    let (mut out, mut frames) = (Writer::new(&mut file), 0u64);
    let frame = |at, text: &str| {
        if frames == 0 {
            out.frame(at, SIMULATED)?;
        }
        frames += 1;
        out.frame(at, text.as_bytes())
    };
    let did = |block: &BlockTruth| {
        let Some(to) = blocks.as_mut() else { return Ok(()) };
        serde_json::to_writer(&mut *to, block)?;
        to.write_all(b"\n")
    };
    let recorded = tape::record(&config.exchange, length_ns, frame, did);
    let truth = recorded.map_err(|failed| match failed {
        tape::Failed::Config(e) => Failure::usage(format!("[exchange]: {e}")),
        tape::Failed::Write(e) => cannot(e),
    })?;
    out.finish().map_err(cannot)?;
    drop(out);
    file.finish()?;
    blocks.map(Output::finish).transpose()?;
    if let Some(to) = truth_to {
        write_truth(to, &truth)?;
    }
    say(&if common.json {
        format!(
            "{}\n",
            serde_json::json!({ "tape": path.display().to_string(), "frames": frames, "truth": truth })
        )
    } else {
        let (to, blocks) = (path.display(), truth.blocks);
        format!("tape       {to}: {frames} frames, {blocks} blocks\n") + &truth_text(&truth, None)
    });
    Ok(())
}
