//! Passes over a recording with a feed alone, and measures its stylised facts.
//!
//! In: a recording. Out: [`Measured`]. Cold path.

use std::path::Path;

use super::lines::{Outcome, read};
use super::source::{Item, Signal, Source};
use crate::event::Event;
use crate::facts::tape::Tape;
use crate::facts::{Facts, Link};
use crate::feed::{CoinSpec, Parser};
use crate::folder::recording::{Meter, RecordingError};
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
    let mut tapes: Vec<Tape> = coins.iter().map(|c| Tape::new(c.rules())).collect();
    let (files, mut link) = ([path.to_path_buf()], Link::default());
    let to = |source: &mut Source, at, signal: Signal<'_>| {
        if matches!(signal, Signal::Message(_)) {
            link.frame(at);
        }
        source.take(at, signal, &mut |_, item| {
            if let Item::Event(event) = item
                && let Some(coin) = coin_of(&event)
            {
                link.event(&event);
                tapes[coin.index()].take(at, &event);
            }
        });
    };
    let (_, seen) =
        read(&files, coins, Parser::default(), &Meter::default(), to).map_err(|(_, e)| e)?;
    let facts = coins.iter().map(|c| c.name.as_str().to_owned()).zip(tapes.iter().map(Facts::of));
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
