//! Recordings whose messages were read already: what the engine was given, and when.
//!
//! In: stamped items, or a file of them. Out: the file, or the items. Cold path, but for the
//! decoding, which a replay does once an event.
//!
//! ```text
//!  header   "pmevents" | version u32 | coins u32 | coins x (name [24], decimals u8, zero [7]) | crc32c
//!  block    length u32 | crc32c of the content | content: whole items
//!  item     kind u8 | coin u8 | count u16 | stamp i64 | what the kind says
//! ```
//! 1. Little-endian. Another version is refused by name; so is a block whose checksum is wrong.
//! 2. The last item is the end; a file without it was cut.
//! 3. What was written is what is read: prices and sizes were checked by the feed, and a checksum
//!    stands for them here.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::source::Item;
use crate::event::{Bbo, Ctx, Event, Joint, Level, Levels, Link, Snapshot, Trade};
use crate::feed::CoinSpec;
use crate::folder::recording::{Fault, Meter, Metered, RecordingError};
use crate::limits::{COIN_NAME_MAX, COINS_MAX, PRINTS_MAX};
use crate::record::{Body, NO_COIN, RECORD_BYTES, Record};
use crate::units::{CoinId, Ns, Px, Side, Sz};

/// First bytes of a file of events.
pub const MAGIC: [u8; 8] = *b"pmevents";
/// Version of the layout.
pub const VERSION: u32 = 2;
/// Bytes after which a block is written.
const BLOCK: usize = 256 << 10;
/// Longest item: a largest message of trades.
const ITEM_MAX: usize = 64 + PRINTS_MAX * TRADE;
const TRADE: usize = 41;
const LEVEL: usize = 20;
const COIN: usize = COIN_NAME_MAX + 8;

/// One thing that happened, as the file has it.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// Something that the engine was given.
    Item(Item<'a>),
    /// The end.
    End(End),
}

/// What the end says of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Frames of the recording, control lines included.
    pub frames: u64,
    /// Stamp of its first frame.
    pub from: Ns,
    /// Stamp of its last frame.
    pub to: Ns,
    /// Times the link went down without a line saying so.
    pub downs: u64,
}

const START: u8 = 1;
const UP: u8 = 2;
const DOWN: u8 = 3;
const BEHIND: u8 = 4;
const DRAINED: u8 = 5;
const PING: u8 = 6;
const TRADES: u8 = 7;
const HISTORY: u8 = 8;
const BBO: u8 = 9;
const FAST: u8 = 10;
const FULL: u8 = 11;
const CTX: u8 = 12;
const FEED: u8 = 13;
const END: u8 = 14;
const CLOCKS: u8 = 15;
const LINE_UP: u8 = 16;
const LINE_DOWN: u8 = 17;

/// Writes a file of events.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a file for the given coins.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn new(mut out: W, coins: &[CoinSpec]) -> io::Result<Writer<W>> {
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.extend(u32::try_from(coins.len()).unwrap_or(u32::MAX).to_le_bytes());
        for c in coins {
            let mut coin = [0; COIN];
            coin[..c.name.len()].copy_from_slice(c.name.as_bytes());
            coin[COIN_NAME_MAX] = c.sz_decimals;
            head.extend(coin);
        }
        head.extend(crc32c::crc32c(&head).to_le_bytes());
        out.write_all(&head)?;
        Ok(Writer { out, block: Vec::with_capacity(BLOCK + ITEM_MAX) })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn entry(&mut self, at: Ns, entry: &Entry<'_>) -> io::Result<()> {
        self.put(at, entry);
        if self.block.len() >= BLOCK || matches!(entry, Entry::End(_)) {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what there is of a block.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn flush(&mut self) -> io::Result<()> {
        let len = u32::try_from(self.block.len()).unwrap_or(u32::MAX);
        self.out.write_all(&len.to_le_bytes())?;
        self.out.write_all(&crc32c::crc32c(&self.block).to_le_bytes())?;
        self.out.write_all(&self.block)?;
        self.block.clear();
        self.out.flush()
    }

    fn put(&mut self, at: Ns, entry: &Entry<'_>) {
        match entry {
            Entry::Item(Item::Start) => self.head(START, CoinId(0), 0, at),
            Entry::Item(Item::Feed(coin, state)) => self.record(FEED, at, *coin, *state),
            Entry::Item(Item::Clocks(clocks)) => self.record(CLOCKS, at, NO_COIN, *clocks),
            Entry::End(e) => {
                self.head(END, CoinId(0), 0, at);
                self.block.extend(e.frames.to_le_bytes());
                self.numbers(&[e.from.0, e.to.0]);
                self.block.extend(e.downs.to_le_bytes());
            }
            Entry::Item(Item::Event(event)) => self.event(at, event),
        }
    }

    fn record(&mut self, kind: u8, at: Ns, coin: CoinId, body: impl Into<Body>) {
        self.head(kind, coin, 0, at);
        self.block.extend(Record { seq: 0, at, coin, body: body.into() }.encode());
    }

    fn event(&mut self, at: Ns, event: &Event<'_>) {
        match event {
            Event::Link(Link::Up) => self.head(UP, CoinId(0), 0, at),
            Event::Link(Link::Down) => self.head(DOWN, CoinId(0), 0, at),
            Event::Line { coin, link: Link::Up } => self.head(LINE_UP, *coin, 0, at),
            Event::Line { coin, link: Link::Down } => self.head(LINE_DOWN, *coin, 0, at),
            Event::Behind(true) => self.head(BEHIND, CoinId(0), 0, at),
            Event::Behind(false) => self.head(DRAINED, CoinId(0), 0, at),
            Event::Ping(ns) => {
                self.head(PING, CoinId(0), 0, at);
                self.numbers(&[*ns]);
            }
            Event::Trades { coin, prints } => {
                self.head(TRADES, *coin, prints.len(), at);
                self.prints(prints);
            }
            Event::History { coin, prints, joint } => {
                self.head(HISTORY, *coin, prints.len(), at);
                let (kind, a, b) = match joint {
                    Joint::First => (0, 0, 0),
                    Joint::Contiguous { recovered } => (1, i64::from(*recovered), 0),
                    Joint::Gap { from, to } => (2, from.0, to.0),
                };
                self.numbers(&[kind, a, b]);
                self.prints(prints);
            }
            Event::Bbo { coin, bbo } => {
                let sides = usize::from(bbo.bid.is_some()) | usize::from(bbo.ask.is_some()) << 1;
                self.head(BBO, *coin, sides, at);
                self.numbers(&[bbo.time.0]);
                self.levels(bbo.bid.iter().chain(&bbo.ask));
            }
            Event::Book { coin, book } => {
                let kind = if book.fast { FAST } else { FULL };
                self.head(kind, *coin, book.bids.len() | book.asks.len() << 8, at);
                self.numbers(&[book.time.0]);
                self.levels(book.bids.iter().chain(&book.asks));
            }
            Event::Ctx { coin, ctx } => {
                self.head(CTX, *coin, 0, at);
                self.numbers(&[ctx.funding_e10, ctx.oracle.0]);
            }
        }
    }

    fn head(&mut self, kind: u8, coin: CoinId, count: usize, at: Ns) {
        self.block.extend([kind, coin.0]);
        self.block.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
        self.block.extend(at.0.to_le_bytes());
    }

    fn numbers(&mut self, numbers: &[i64]) {
        numbers.iter().for_each(|n| self.block.extend(n.to_le_bytes()));
    }

    fn prints(&mut self, prints: &[Trade]) {
        for p in prints {
            self.numbers(&[p.px.0, p.sz.0, p.time.0]);
            self.block.extend(p.taker.to_le_bytes());
            self.block.extend(p.tid.to_le_bytes());
            self.block.push(p.aggressor as u8);
        }
    }

    fn levels<'a>(&mut self, levels: impl Iterator<Item = &'a Level>) {
        for l in levels {
            self.numbers(&[l.px.0, l.sz.0]);
            self.block.extend(l.n.to_le_bytes());
        }
    }
}

/// Reads a file of events.
pub struct Reader {
    source: Box<dyn Read + Send>,
    coins: Vec<CoinSpec>,
    block: Vec<u8>,
    at: usize,
    /// Number of the block at hand, from 1.
    number: u64,
    ended: bool,
    prints: Vec<Trade>,
    book: Snapshot,
    bbo: Bbo,
    ctx: Ctx,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader {{ block: {}, at: {} }}", self.number, self.at)
    }
}

/// Whether a file begins like a file of events. `false` where it cannot be read.
pub fn is_events(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    File::open(path).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == MAGIC
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be read, or is no file of events of this version.
    pub fn open(path: &Path) -> Result<Reader, RecordingError> {
        Reader::open_metered(path, &Meter::default())
    }

    /// The same; `meter` counts the bytes read.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_metered(path: &Path, meter: &Meter) -> Result<Reader, RecordingError> {
        let refused = |e: io::Error| RecordingError {
            line: 0,
            fault: Fault::Disk(crate::folder::disk::class(&e)),
        };
        let file = Metered::new(File::open(path).map_err(refused)?, meter.clone());
        // Read a block at a time: a buffer between would be another copy.
        Reader::over(Box::new(file))
    }

    /// Reads from any source.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn over(mut source: Box<dyn Read + Send>) -> Result<Reader, RecordingError> {
        let fault = |fault| RecordingError { line: 0, fault };
        let mut head = vec![0; 16];
        source.read_exact(&mut head).map_err(|_| fault(Fault::Damaged))?;
        if head[..8] != MAGIC {
            return Err(fault(Fault::Damaged));
        }
        let version = u32_at(&head, 8);
        if version != VERSION {
            return Err(fault(Fault::Version(version)));
        }
        let count = u32_at(&head, 12) as usize;
        if count > COINS_MAX {
            return Err(fault(Fault::Damaged));
        }
        head.resize(16 + count * COIN + 4, 0);
        source.read_exact(&mut head[16..]).map_err(|_| fault(Fault::Damaged))?;
        let (body, crc) = head.split_at(16 + count * COIN);
        if crc32c::crc32c(body) != u32_at(crc, 0) {
            return Err(fault(Fault::Damaged));
        }
        let coins = body[16..].chunks_exact(COIN).map(coin).collect::<Option<_>>();
        Ok(Reader {
            source,
            coins: coins.ok_or(fault(Fault::Damaged))?,
            block: Vec::new(),
            at: 0,
            number: 0,
            ended: false,
            prints: Vec::with_capacity(PRINTS_MAX),
            book: Snapshot::default(),
            bbo: Bbo::default(),
            ctx: Ctx::default(),
        })
    }

    /// The coins of the file.
    pub fn coins(&self) -> &[CoinSpec] {
        &self.coins
    }

    /// The next item; `None` after the end.
    ///
    /// # Errors
    /// The file was cut or damaged; `line` is the number of the block.
    pub fn step(&mut self) -> Result<Option<(Ns, Entry<'_>)>, RecordingError> {
        if self.ended {
            return Ok(None);
        }
        if self.at == self.block.len() {
            self.next_block()?;
        }
        let line = self.number;
        self.decode().map(Some).ok_or(RecordingError { line, fault: Fault::Damaged })
    }

    #[cold]
    fn next_block(&mut self) -> Result<(), RecordingError> {
        let fault = |fault| RecordingError { line: self.number + 1, fault };
        let mut head = [0; 8];
        self.source.read_exact(&mut head).map_err(|_| fault(Fault::Cut))?;
        let len = u32_at(&head, 0) as usize;
        if len == 0 || len > BLOCK + ITEM_MAX {
            return Err(fault(Fault::Damaged));
        }
        self.block.resize(len, 0);
        self.source.read_exact(&mut self.block).map_err(|_| fault(Fault::Cut))?;
        if crc32c::crc32c(&self.block) != u32_at(&head, 4) {
            return Err(fault(Fault::Damaged));
        }
        self.number += 1;
        self.at = 0;
        Ok(())
    }

    fn decode(&mut self) -> Option<(Ns, Entry<'_>)> {
        let mut from = Take { bytes: self.block.get(self.at..)? };
        let [kind, coin, a, b] = from.array()?;
        let (coin, count) = (CoinId(coin), usize::from(u16::from_le_bytes([a, b])));
        let at = Ns(from.i64()?);
        let event = match kind {
            UP => Some(Event::Link(Link::Up)),
            DOWN => Some(Event::Link(Link::Down)),
            LINE_UP => Some(Event::Line { coin, link: Link::Up }),
            LINE_DOWN => Some(Event::Line { coin, link: Link::Down }),
            BEHIND => Some(Event::Behind(true)),
            DRAINED => Some(Event::Behind(false)),
            PING => Some(Event::Ping(from.i64()?)),
            TRADES => {
                from.prints(count, &mut self.prints)?;
                Some(Event::Trades { coin, prints: &self.prints })
            }
            HISTORY => {
                let joint = match (from.i64()?, from.i64()?, from.i64()?) {
                    (0, _, _) => Joint::First,
                    (1, n, _) => Joint::Contiguous { recovered: u32::try_from(n).ok()? },
                    (2, a, b) => Joint::Gap { from: Ns(a), to: Ns(b) },
                    _ => return None,
                };
                from.prints(count, &mut self.prints)?;
                Some(Event::History { coin, prints: &self.prints, joint })
            }
            BBO => {
                self.bbo.time = Ns(from.i64()?);
                self.bbo.bid = if count & 1 != 0 { Some(from.level()?) } else { None };
                self.bbo.ask = if count & 2 != 0 { Some(from.level()?) } else { None };
                Some(Event::Bbo { coin, bbo: &self.bbo })
            }
            FAST | FULL => {
                self.book.fast = kind == FAST;
                self.book.time = Ns(from.i64()?);
                from.levels(count & 0xff, &mut self.book.bids)?;
                from.levels(count >> 8, &mut self.book.asks)?;
                Some(Event::Book { coin, book: &self.book })
            }
            CTX => {
                self.ctx = Ctx { funding_e10: from.i64()?, oracle: Px(from.i64()?) };
                Some(Event::Ctx { coin, ctx: &self.ctx })
            }
            _ => None,
        };
        let item = match event {
            Some(event) => Entry::Item(Item::Event(event)),
            None => from.rest(kind, coin)?,
        };
        self.ended = kind == END;
        self.at = self.block.len() - from.bytes.len();
        Some((at, item))
    }
}

fn coin(bytes: &[u8]) -> Option<CoinSpec> {
    let name = bytes.get(..COIN_NAME_MAX)?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(COIN_NAME_MAX);
    CoinSpec::new(std::str::from_utf8(&name[..end]).ok()?, bytes[COIN_NAME_MAX]).ok()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
}

/// What is left of a block. Every method gives `None` where it is too short.
struct Take<'a> {
    bytes: &'a [u8],
}

impl Take<'_> {
    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = tail;
        Some(*head)
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    fn level(&mut self) -> Option<Level> {
        let (px, sz) = (Px(self.i64()?), Sz(self.i64()?));
        Some(Level { px, sz, n: u32::from_le_bytes(self.array()?) })
    }

    fn levels(&mut self, count: usize, to: &mut Levels) -> Option<()> {
        let (bytes, rest) = self.bytes.split_at_checked(count * LEVEL)?;
        self.bytes = rest;
        to.clear();
        for bytes in bytes.as_chunks::<LEVEL>().0 {
            to.try_push(Take { bytes }.level()?).ok()?;
        }
        Some(())
    }

    fn prints(&mut self, count: usize, to: &mut Vec<Trade>) -> Option<()> {
        to.clear();
        for _ in 0..count.min(PRINTS_MAX) {
            let (px, sz, time) = (Px(self.i64()?), Sz(self.i64()?), Ns(self.i64()?));
            let (taker, tid) = (self.u64()?, self.u64()?);
            let [side] = self.array()?;
            let aggressor = if side == Side::Buy as u8 { Side::Buy } else { Side::Sell };
            to.push(Trade { aggressor, px, sz, time, taker, tid });
        }
        Some(())
    }

    /// The items that are no events.
    fn rest(&mut self, kind: u8, coin: CoinId) -> Option<Entry<'static>> {
        match kind {
            START => Some(Entry::Item(Item::Start)),
            FEED => match Record::decode(&self.array::<RECORD_BYTES>()?).ok()?.body {
                Body::FeedState(state) => Some(Entry::Item(Item::Feed(coin, state))),
                _ => None,
            },
            CLOCKS => match Record::decode(&self.array::<RECORD_BYTES>()?).ok()?.body {
                Body::Clocks(clocks) => Some(Entry::Item(Item::Clocks(clocks))),
                _ => None,
            },
            END => {
                let (frames, from) = (self.u64()?, Ns(self.i64()?));
                let (to, downs) = (Ns(self.i64()?), self.u64()?);
                Some(Entry::End(End { frames, from, to, downs }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
