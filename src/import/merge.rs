//! Files of all kinds as one stream by receive time, and that stream as a recording.
//!
//! In: paths. Out: a recording, and what was seen. Cold path.
//!
//! 1. Files are opened in the order of their first rows, when the stream comes to them: files that
//!    follow each other are never open together.
//! 2. At equal times best prices come before trades, trades before books, as the venue sends them.
//! 3. A file of the collector may end in the middle, where it was killed: what came before is taken,
//!    and the file is counted. Of all others half is not enough.
//! 4. A receive time that goes back within a file by less than a silence counts as the time before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::ImportError;
use super::collector;
use super::hyperliquid;
use super::kind::Kind;
use super::piece::Piece;
use super::rows::Rows;
use super::tardis::{Columns, Row};
use crate::feed::import_line;
use crate::folder::Output;
use crate::folder::recording::{Meter, Writer};
use crate::limits::MESSAGE_SILENCE_NS;
use crate::units::Ns;

/// What an import went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// Files.
    pub files: usize,
    /// Frames written.
    pub frames: u64,
    /// Frames by coin.
    pub coins: BTreeMap<String, u64>,
    /// Trades of which one party's fill is missing.
    pub one_sided: u64,
    /// Trades left out because their side is not known.
    pub sideless: u64,
    /// Trades numbered here.
    pub numbered: u64,
    /// Receive times that go back, and count as the time before.
    pub back: u64,
    /// Files of the collector that end in the middle.
    pub cut: u64,
    /// What the sources do not say.
    pub unknown: Vec<String>,
}

/// A file that was looked into.
struct Found {
    path: PathBuf,
    kind: Kind,
    from: Ns,
}

/// A file that is read.
struct Open {
    kind: Kind,
    rows: Rows,
    columns: Option<Columns>,
    /// Rows of the message at hand, and the first of the next.
    message: Vec<Row>,
    pieces: VecDeque<Piece>,
    last: Ns,
    /// Price of the last trade.
    px: Option<i64>,
}

/// Imports files into a recording at `to`. `kinds`: those that are expected, none for all. `coins`:
/// those that are kept; where none is named, those with books, or all where no file has books.
///
/// # Errors
/// [`ImportError`] names file and row; what was written of the recording is removed again.
pub fn import(
    files: &[PathBuf],
    kinds: &[String],
    coins: &[String],
    to: Output,
    meter: &Meter,
) -> Result<Seen, ImportError> {
    let mut wanted: BTreeSet<String> = coins.iter().cloned().collect();
    let mut found = Vec::new();
    for path in files {
        let Some((file, coin)) = look(path)? else { continue };
        if !kinds.is_empty() && !kinds.iter().any(|k| k == file.kind.name()) {
            let text = format!("it is {}, not {}", file.kind.name(), kinds.join(" or "));
            return Err(ImportError::new(path, 0, text));
        }
        wanted.extend(coin.filter(|_| coins.is_empty()));
        found.push(file);
    }
    found.sort_by(|a, b| (a.from, a.kind, &a.path).cmp(&(b.from, b.kind, &b.path)));
    let Some(from) = found.first().map(|f| f.from) else {
        let none = files.first().map_or(Path::new(""), PathBuf::as_path);
        return Err(ImportError::new(none, 0, "no row in any file"));
    };
    let kinds: BTreeSet<Kind> = found.iter().map(|f| f.kind).collect();
    let unknown = kinds.iter().map(|k| k.unknown().to_owned()).collect();
    let seen = Seen { files: found.len(), unknown, ..Seen::default() };
    stream(found, &wanted, to, (seen, from), meter)
}

/// The pieces in order, into the file `to`.
fn stream(
    files: Vec<Found>,
    wanted: &BTreeSet<String>,
    mut to: Output,
    (mut seen, from): (Seen, Ns),
    meter: &Meter,
) -> Result<Seen, ImportError> {
    let path = to.path().to_path_buf();
    let refused = |e: std::io::Error| ImportError {
        output: true,
        ..ImportError::new(&path, 0, e.to_string())
    };
    let mut out = Writer::new(&mut to);
    let head: Vec<u8> = import_line(&seen.unknown.join("; ")).collect();
    out.frame(from, &head).map_err(refused)?;
    let mut waiting: VecDeque<Found> = files.into();
    let mut open: Vec<Open> = Vec::new();
    loop {
        for o in &mut open {
            o.fill(wanted, &mut seen)?;
        }
        open.retain(|o| !o.pieces.is_empty());
        let first = |o: &Open| o.pieces.front().map(|p| (p.at, p.rank));
        let next = (0..open.len()).min_by_key(|i| (first(&open[*i]), *i));
        let at = next.and_then(|i| first(&open[i])).map(|(at, _)| at);
        if let Some(file) = waiting.front()
            && at.is_none_or(|at| file.from <= at)
        {
            open.push(Open::new(&file.path, file.kind, meter)?);
            waiting.pop_front();
            continue;
        }
        let Some(piece) = next.and_then(|i| open[i].pieces.pop_front()) else { break };
        out.frame(piece.at, &piece.frame).map_err(refused)?;
        seen.frames += 1;
        if !piece.coin.is_empty() {
            *seen.coins.entry(piece.coin).or_default() += 1;
        }
    }
    out.finish().map_err(refused)?;
    drop(out);
    to.finish().map_err(|e| refused(e.into()))?;
    Ok(seen)
}

/// Kind, first receive time and coin of a file; `None` of one without rows.
fn look(path: &Path) -> Result<Option<(Found, Option<String>)>, ImportError> {
    let mut rows = Rows::open(path, &Meter::default())?;
    let Some(line) = rows.next()? else { return Ok(None) };
    let kind = Kind::of(line).map_err(|what| ImportError::new(path, 0, what))?;
    let peeked = match kind {
        Kind::S3 => hyperliquid::peek_book(line),
        Kind::Fills => hyperliquid::peek_fills(line).map(|at| (at, String::new())),
        Kind::Collector => collector::frame(line).map(|p| (p.at, p.coin)),
        _ => {
            let columns = Columns::of(kind, line).map_err(|what| rows.error(what))?;
            let Some(line) = rows.next()? else { return Ok(None) };
            columns.read(line, 0, None).map(|r| (r.at, r.coin))
        }
    };
    let (from, coin) = peeked.map_err(|what| rows.error(what))?;
    let coin = kind.has_books().then_some(coin);
    Ok(Some((Found { path: path.to_path_buf(), kind, from }, coin)))
}

impl Open {
    fn new(path: &Path, kind: Kind, meter: &Meter) -> Result<Open, ImportError> {
        let mut rows = Rows::open(path, meter)?;
        let columns = match kind {
            Kind::S3 | Kind::Fills => None,
            Kind::Collector => {
                rows.may_be_cut();
                None
            }
            _ => {
                let head = rows.next()?.unwrap_or_default().to_vec();
                Some(Columns::of(kind, &head).map_err(|what| rows.error(what))?)
            }
        };
        let (message, pieces, last, px) = (Vec::new(), VecDeque::new(), Ns(0), None);
        Ok(Open { kind, rows, columns, message, pieces, last, px })
    }

    /// Reads on until there is a piece, or the file ends.
    fn fill(&mut self, wanted: &BTreeSet<String>, seen: &mut Seen) -> Result<(), ImportError> {
        if !self.pieces.is_empty() {
            return Ok(());
        }
        let keep = |coin: &str| wanted.is_empty() || wanted.contains(coin);
        while self.pieces.is_empty() {
            if self.rows.next()?.is_none() {
                seen.cut += u64::from(self.rows.take_cut());
                if let Some(columns) = &self.columns {
                    let rest = columns.piece(&std::mem::take(&mut self.message));
                    self.pieces.extend(rest.filter(|p| keep(&p.coin)));
                }
                break;
            }
            let wrong = |what| self.rows.error(what);
            let line = self.rows.line();
            match (self.kind, &self.columns) {
                (Kind::S3, _) => self.pieces.push_back(hyperliquid::book(line).map_err(wrong)?),
                (Kind::Fills, _) => {
                    let (pieces, alone) = hyperliquid::fills(line, keep).map_err(wrong)?;
                    seen.one_sided += alone;
                    self.pieces.extend(pieces);
                }
                (Kind::Collector, _) => {
                    self.pieces.push_back(collector::frame(line).map_err(wrong)?);
                }
                (_, None) => break,
                (_, Some(columns)) => {
                    let row = columns.read(line, seen.numbered + 1, self.px).map_err(wrong)?;
                    seen.numbered += u64::from(row.numberless() && !row.sideless());
                    seen.sideless += u64::from(row.px().is_some() && row.sideless());
                    self.px = row.px().or(self.px);
                    if !columns.joins(&self.message, &row) {
                        self.pieces.extend(columns.piece(&self.message));
                        self.message.clear();
                    }
                    self.message.push(row);
                }
            }
            self.pieces.retain(|p| keep(&p.coin));
        }
        self.in_order(seen)
    }

    /// Holds the pieces at hand to the time before.
    fn in_order(&mut self, seen: &mut Seen) -> Result<(), ImportError> {
        for p in &mut self.pieces {
            if self.last.since(p.at) > MESSAGE_SILENCE_NS {
                let s = Ns::seconds(self.last.since(p.at));
                return Err(self
                    .rows
                    .error(format!("the time goes back by {s:.1} s: sort the file")));
            }
            if p.at < self.last {
                seen.back += 1;
                p.at = self.last;
            }
            self.last = p.at;
        }
        Ok(())
    }
}
