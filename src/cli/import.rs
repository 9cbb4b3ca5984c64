//! `papermaker import`: history of others, written as a recording.
//!
//! In: files of the venue's archive, of a node, of tardis.dev, of hftbacktest's collector. Out: a recording. Cold path.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::coin_name;
use super::exit::{Failure, Result};
use super::progress::Progress;
use super::{Common, Force, say};
use crate::folder::Holds;
use crate::folder::recording::Meter;
use crate::import::{Seen, import};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// Files, plain, gzip or lz4; what each is is seen by its first line. They are merged by time.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Take only files of these kinds, comma separated: `hl-s3`, `hl-fills`, `tardis`,
    /// `collector`.
    #[arg(long, value_delimiter = ',', value_name = "KIND", value_parser = KINDS)]
    from: Vec<String>,
    /// More files: fills of a node.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    fills: Vec<PathBuf>,
    /// The recording to write.
    #[arg(short, long, value_name = "FILE.frames.gz")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Coins to keep, comma separated; default: those with books, or all where no file has books.
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = coin_name)]
    coin: Vec<String>,
}

const KINDS: [&str; 4] = ["hl-s3", "hl-fills", "tardis", "collector"];

const HELP: &str = "\
Kinds of files:
  hl-s3     s3://hyperliquid-archive/market_data/20260401/1/l2Book/ETH.lz4: books, no trades
  hl-fills  s3://hl-mainnet-node-data/node_fills_by_block/hourly/20260401/1.lz4: all trades of an hour;
            a file's hour is when blocks were processed: take the hours before and after, too
  tardis    trades, quotes, book_snapshot_5 and book_snapshot_25 of Hyperliquid, as .csv.gz
  collector what hftbacktest's collector writes, a file a coin: several coins as one recording
Books without trades fill no orders: take hl-s3 and hl-fills together, or all three of tardis.
One file of the collector needs no import: `papermaker replay` takes it as it is.
What a source does not say is written at the head of the recording, and shown with what it is fit for.

Example: papermaker import --from hl-s3 ETH-1.lz4 ETH-2.lz4 --fills 1.lz4 2.lz4 -o eth.frames.gz";

pub(super) fn run(o: &Options, common: &Common) -> Result {
    let mut kinds = o.from.clone();
    if !kinds.is_empty() && !o.fills.is_empty() {
        kinds.push("hl-fills".to_owned());
    }
    let files = [o.files.as_slice(), o.fills.as_slice()].concat();
    let inputs: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let out = o.force.output(&o.out, &inputs, Holds::RECORDING)?;
    let meter = Meter::default();
    let total = files.iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).sum();
    let progress = Progress::of("import", total, &meter);
    let seen = import(&files, &kinds, &o.coin, out, &meter);
    drop(progress);
    let seen = seen.map_err(|e| match e.output {
        true => Failure::disk(e.to_string()),
        false => Failure::input(e.to_string()),
    })?;
    if common.json {
        let mut v = serde_json::json!(seen);
        v["out"] = serde_json::json!(o.out);
        say(&format!("{v}\n"));
    } else {
        say(&text(&seen));
        say(&format!("next     papermaker replay {}\n", o.out.display()));
    }
    Ok(())
}

fn text(s: &Seen) -> String {
    let coins: Vec<String> = s.coins.iter().map(|(coin, n)| format!("{coin} {n}")).collect();
    let mut out =
        format!("import   {} files, {} frames: {}\n", s.files, s.frames, coins.join(", "));
    let odd = [
        (s.one_sided, "trades with the fill of one party only"),
        (s.sideless, "trades left out: their side is not known"),
        (s.numbered, "trades numbered here"),
        (s.cut, "files that end in the middle: what came before was taken"),
        (s.back, "receive times that go back, and count as no time"),
    ];
    for (n, what) in odd.iter().filter(|(n, _)| *n > 0) {
        out.push_str(&format!("         {n} {what}\n"));
    }
    for line in &s.unknown {
        out.push_str(&format!("source   {line}\n"));
    }
    out
}
