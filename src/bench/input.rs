//! Frames to measure with, in memory.
//!
//! In: a recording, or a seed for the embedded exchange. Out: [`Frames`]. Cold path.

use std::io::{self, Write};
use std::path::Path;

use crate::feed::{CoinSpec, meta};
use crate::folder::recording::{Reader, RecordingError};
use crate::units::Ns;
use crate::venue;
use crate::venue::market::{Block, Market};

/// Frames looked at for the coins of a recording.
const LOOK: usize = 5_000;

/// The coins of an exchange under this law.
///
/// # Errors
/// [`crate::feed::BadCoin`] where a name cannot be a coin's.
#[cfg(any(test, feature = "lab"))]
pub fn coins_of(law: &venue::config::Config) -> Result<Vec<CoinSpec>, crate::feed::BadCoin> {
    let coin = |name: &String| CoinSpec::new(name, venue::coin::listing(law, name).sz_decimals);
    law.coins.iter().map(coin).collect()
}

/// Stamped frames, one after the other in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Stamp, begin and end of each frame.
    index: Vec<(Ns, usize, usize)>,
    /// The coins they are of.
    pub coins: Vec<CoinSpec>,
}

impl Frames {
    /// Adds a frame.
    pub fn push(&mut self, at: Ns, text: &[u8]) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.index.push((at, from, self.bytes.len()));
    }

    /// Adds the frames of a block, stamped `delay_ns` after it.
    pub fn block(&mut self, block: &Block, delay_ns: i64) {
        let at = block.time.plus(delay_ns);
        block.frames.iter().for_each(|text| self.push(at, text.as_bytes()));
    }

    /// Takes all frames out and keeps the memory.
    #[cfg(any(test, feature = "lab"))]
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.index.clear();
    }

    /// Number of frames.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    #[cfg(any(test, feature = "lab"))]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes of all frames.
    #[cfg(any(test, feature = "lab"))]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Session time from the first to the last frame, ns.
    pub fn span_ns(&self) -> i64 {
        let ends = self.index.first().zip(self.index.last());
        ends.map_or(0, |(first, last)| last.0.since(first.0))
    }

    /// The frames in order.
    pub fn iter(&self) -> impl Iterator<Item = (Ns, &[u8])> {
        self.index.iter().map(|&(at, from, to)| (at, &self.bytes[from..to]))
    }

    /// Writes the frames as a plain recording.
    ///
    /// # Errors
    /// As `out` refuses.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (at, text) in self.iter() {
            write!(out, "{} ", at.0)?;
            out.write_all(text)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// All frames of a recording. Stamps that go back count as no time.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn load(path: &Path) -> Result<Frames, RecordingError> {
        let mut reader = Reader::open(path)?;
        let mut frames = Frames::default();
        let mut last = Ns(i64::MIN);
        while let Some(line) = reader.step()? {
            last = last.max(line.at);
            frames.push(last, line.bytes());
        }
        frames.coins = meta::infer(frames.iter().take(LOOK).map(|(_, text)| text));
        Ok(frames)
    }

    /// About `count` frames of the embedded exchange, whole blocks, half to all of `delay_ns` late.
    ///
    /// # Panics
    /// Never: the exchange's own configuration is in range.
    pub fn embedded(seed: u64, count: usize, delay_ns: i64) -> Frames {
        let law = venue::config::Config::simple();
        Frames::of(&law, seed, delay_ns, |frames| frames.len() >= count)
    }

    /// Frames of an exchange under this law, late as those of [`Frames::embedded`], until `enough`.
    ///
    /// # Panics
    /// If the law is out of range.
    pub fn of(
        law: &venue::config::Config,
        seed: u64,
        delay_ns: i64,
        enough: impl Fn(&Frames) -> bool,
    ) -> Frames {
        let mut market = Market::new(law, seed).expect("a law within its ranges");
        let mut frames = Frames::default();
        while !enough(&frames) {
            frames.block(&market.next_block(), delay_ns);
        }
        frames.coins = meta::infer(frames.iter().take(LOOK).map(|(_, text)| text));
        frames
    }
}
