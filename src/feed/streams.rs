//! Which of the venue's streams a run follows.
//!
//! In: settings. Out: [`Streams`]. Cold path.
//!
//! 1. Trades are always followed. What is recorded and replayed is what came, whatever was asked for.

use super::decode::Parser;
use super::outcome::Stream;
use crate::settings::settings;

settings! {
    /// Streams that a run subscribes to for each coin, besides its trades: quotes need the best prices or
    /// one of the books. Each is a subscription, of which the venue allows 1,000 an address. One that the
    /// venue refuses or never answers is given up by itself.
    pub struct Streams: Copy, Eq {
        /// The best bid and offer, after every block that changes them.
        bbo: bool = true;
        /// The book of five levels, twice a second: half of what fills go by between best prices.
        fast_book: bool = true;
        /// The book of twenty levels, each five to six seconds: queues at depth.
        full_book: bool = true;
        /// Funding and oracle price, once a second; without it positions pay no funding.
        context: bool = true;
    }
    where {
        [bbo, fast_book, full_book]
            |s| s.bbo || s.fast_book || s.full_book,
            "one of `bbo`, `fast_book` and `full_book` must be followed";
    }
}

impl Streams {
    /// Whether `stream` is followed.
    pub(super) fn has(&self, stream: Stream) -> bool {
        match stream {
            Stream::Trades => true,
            Stream::Bbo => self.bbo,
            Stream::Fast => self.fast_book,
            Stream::Slow => self.full_book,
            Stream::Ctx => self.context,
        }
    }
}

/// What to follow, and how to read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Parser that reads first.
    pub parser: Parser,
    /// Streams to subscribe to.
    pub streams: Streams,
    /// Subscriptions at most; `None`: as many as there are.
    pub most: Option<usize>,
}

impl From<Parser> for Config {
    /// All streams, read with `parser`.
    fn from(parser: Parser) -> Config {
        Config { parser, ..Config::default() }
    }
}
