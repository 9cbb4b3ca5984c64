//! Passes over a recording with a feed alone, and measures its stylised facts.
//!
//! In: a recording. Out: [`Measured`]. Cold path.

use std::path::Path;

use super::lines::{Lines, Outcome};
use super::source::{Item, Signal, Source};
use crate::event::Event;
use crate::facts::tape::Tape;
use crate::facts::{Facts, Link};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Fault, Reader, RecordingError};
use crate::units::CoinId;

/// What a recording shows.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Of the whole link.
    pub link: Facts,
    /// Of each coin; none where it has too few best prices.
    pub coins: Vec<(String, Option<Facts>)>,
    /// What the feed went through.
    pub seen: Outcome,
}

/// Measures a recording of frames.
///
/// # Errors
/// The recording cannot be read, or its coins cannot be followed.
pub fn measure(path: &Path, coins: &[CoinSpec]) -> Result<Measured, RecordingError> {
    let mut reader = Reader::open(path)?;
    let bad = |_| RecordingError { line: 0, fault: Fault::Coins };
    let mut source = Source::new(Parser::default(), coins, 0).map_err(bad)?;
    let mut tapes: Vec<Tape> = coins.iter().map(|c| Tape::new(c.rules())).collect();
    let (mut lines, mut link) = (Lines::default(), Link::default());
    while let Some(line) = reader.step()? {
        let stamp = line.at;
        lines.read(stamp, line.bytes(), |at, signal| {
            if matches!(signal, Signal::Message(_)) {
                link.frame(stamp);
            }
            source.take(at, signal, &mut |_, item| {
                if let Item::Event(event) = item
                    && let Some(coin) = coin_of(&event)
                {
                    link.event(&event);
                    tapes[coin.index()].take(stamp, &event);
                }
            });
        });
    }
    let facts = coins.iter().map(|c| c.name.as_str().to_owned()).zip(tapes.iter().map(Facts::of));
    let (counters, left_out) = (source.feed().counters(), reader.left_out());
    let seen = Outcome { tail: reader.tail(), left_out, counters, ..lines.seen() };
    Ok(Measured { link: link.facts(), coins: facts.collect(), seen })
}

/// The coin of an event of the market.
fn coin_of(event: &Event<'_>) -> Option<CoinId> {
    match event {
        Event::Bbo { coin, .. } | Event::Book { coin, .. } | Event::Trades { coin, .. } => {
            Some(*coin)
        }
        _ => None,
    }
}
