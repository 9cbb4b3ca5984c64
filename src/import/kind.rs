//! What a file is, by its first line.
//!
//! In: a line. Out: [`Kind`], or what the file looks like and the command that helps. Cold path.

use super::collector::received;
use crate::folder::recording::Looks;

/// A kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The venue's archive: `market_data/DATE/HOUR/l2Book/COIN.lz4`.
    S3,
    /// A node's fills by block: `node_fills_by_block/hourly/DATE/HOUR.lz4`.
    Fills,
    /// tardis.dev `trades`.
    TardisTrades,
    /// tardis.dev `quotes`.
    TardisQuotes,
    /// tardis.dev `book_snapshot_5` or `book_snapshot_25`.
    TardisBook,
    /// Frames as they were received, of one coin each: what hftbacktest's collector writes.
    Collector,
}

impl Kind {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::S3 => "hl-s3",
            Kind::Fills => "hl-fills",
            Kind::TardisTrades | Kind::TardisQuotes | Kind::TardisBook => "tardis",
            Kind::Collector => "collector",
        }
    }

    /// What it holds, and what it does not say, for the head of the recording.
    pub fn unknown(self) -> &'static str {
        match self {
            Kind::S3 => {
                "hl-s3: full books, received as the archive's recorder stamped them; no best prices \
                 between them, no trades"
            }
            Kind::Fills => {
                "hl-fills: trades, received as the node stamped their block, before a subscriber \
                 would have had them"
            }
            Kind::TardisTrades => {
                "tardis trades: received as tardis stamped them; takers are not known; a trade without \
                 a number is numbered here"
            }
            Kind::TardisQuotes => {
                "tardis quotes: received as tardis stamped them; orders of a level are not counted"
            }
            Kind::TardisBook => {
                "tardis books: at most 20 levels a side; orders of a level are not counted"
            }
            Kind::Collector => "collector: where its link was lost is not said",
        }
    }

    /// Whether it says which coins there are books of.
    pub fn has_books(self) -> bool {
        !matches!(self, Kind::Fills | Kind::TardisTrades)
    }

    /// The kind of a file that begins with this line.
    ///
    /// # Errors
    /// What it looks like, and what helps.
    pub fn of(line: &[u8]) -> Result<Kind, String> {
        let has = |what: &[u8]| memchr::memmem::find(line, what).is_some();
        if line.starts_with(b"{") {
            if has(b"\"raw\"") && has(b"\"l2Book\"") {
                return Ok(Kind::S3);
            }
            if has(b"\"events\"") && has(b"\"block_time\"") {
                return Ok(Kind::Fills);
            }
            let node = has(b"\"side_info\"") || has(b"\"trade_dir_override\"");
            let fills = has(b"\"startPosition\"");
            return Err(match (node, fills) {
                (true, _) => {
                    "it looks like a node's old trades (node_trades), which are not read: take \
                              node_fills_by_block of the same hours"
                }
                (_, true) => {
                    "it looks like a node's fills without their blocks (node_fills), which are \
                              not read: take node_fills_by_block"
                }
                _ => {
                    "it is JSON of no known source: a line of hl-s3 has `raw`, one of hl-fills has \
                      `block_time` and `events`"
                }
            }
            .to_owned());
        }
        if line.starts_with(b"exchange,symbol,timestamp,local_timestamp,") {
            return match () {
                () if has(b",asks[0].price,") => Ok(Kind::TardisBook),
                () if has(b",ask_price,") => Ok(Kind::TardisQuotes),
                () if has(b",id,side,price,amount") => Ok(Kind::TardisTrades),
                () if has(b"is_snapshot") => Err("it is tardis incremental_book_L2, which is not \
                                                 read: take book_snapshot_25 of the same day"
                    .to_owned()),
                () => Err("it is a table of tardis that is not read: take trades, quotes and \
                           book_snapshot_25"
                    .to_owned()),
            };
        }
        if received(line).is_ok() {
            return Ok(Kind::Collector);
        }
        Err(foreign(line))
    }
}

/// What a file of no known source looks like.
fn foreign(line: &[u8]) -> String {
    let starts = |what: &[u8]| line.starts_with(what);
    if starts(b"pmevents") {
        return "it is a recording already: `papermaker replay FILE`".to_owned();
    }
    if line.first().is_some_and(u8::is_ascii_digit)
        && let Err(what) = received(line)
    {
        return what;
    }
    if starts(b"PAR1") {
        return "it is Parquet, which is not read: write it as one of the known tables".to_owned();
    }
    if starts(b"PK\x03\x04") {
        return "it is a zip (an npz of hftbacktest, or Binance's): not read; hftbacktest's collector \
                files (`.gz`) are recordings already: `papermaker replay FILE`"
            .to_owned();
    }
    if let looks @ Looks::Packed(_) = Looks::of(line) {
        return looks.to_string();
    }
    let head = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
    format!(
        "it begins with `{}`, as no known source does: known are hl-s3, hl-fills, tardis and collector, see \
         `papermaker import --help`",
        head.escape_debug()
    )
}
