//! Frames to measure with, in memory.
//!
//! In: a recording, or a seed for the embedded exchange. Out: [`Frames`]. Cold path.

use std::io::{self, Write};
use std::path::Path;

use crate::app::recording::{Reader, RecordingError};
use crate::feed::{CoinSpec, meta};
use crate::units::Ns;
use crate::venue;
use crate::venue::market::Market;

/// Frames looked at for the coins of a recording.
const LOOK: usize = 5_000;

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

    /// Number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes of all frames.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Session time from the first to the last frame, ns.
    #[must_use]
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

    /// About `count` frames of the embedded exchange, whole blocks, stamped half of `delay_ns` to
    /// `delay_ns` after their block.
    ///
    /// # Panics
    /// Never: the exchange's own configuration is in range.
    #[must_use]
    pub fn embedded(seed: u64, count: usize, delay_ns: i64) -> Frames {
        let law = venue::config::Config::default();
        let mut market = Market::new(&law, seed).expect("the default configuration is in range");
        let mut frames = Frames::default();
        while frames.len() < count {
            let block = market.next_block();
            let at = block.time.plus(delay_ns);
            for text in &block.frames {
                frames.push(at, text.as_bytes());
            }
        }
        frames.coins = meta::infer(frames.iter().take(LOOK).map(|(_, text)| text));
        frames
    }
}
