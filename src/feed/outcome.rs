//! What a message can turn out to be.
//!
//! In: nothing. Out: [`Decoded`], the storage of its content, the names of streams. Hot path: plain
//! values.

use crate::event::{Bbo, Ctx, Snapshot, Trade};
use crate::units::CoinId;

/// A subscription of one coin, in the order they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stream {
    /// Best bid and offer, per block.
    Bbo = 0,
    /// Five levels, twice a second.
    Fast = 1,
    /// Twenty levels, every five seconds.
    Slow = 2,
    /// Trades.
    Trades = 3,
    /// Funding and oracle price, every second.
    Ctx = 4,
}

impl Stream {
    /// All streams, in the order they are subscribed.
    pub const ALL: [Stream; 5] =
        [Stream::Bbo, Stream::Fast, Stream::Slow, Stream::Trades, Stream::Ctx];

    /// Place in per-stream arrays.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The stream of a snapshot.
    pub fn book(fast: bool) -> Stream {
        if fast { Stream::Fast } else { Stream::Slow }
    }

    /// The stream of a subscription's `type` and `fast`, if it is one of ours.
    pub(super) fn of(kind: &[u8], fast: bool) -> Option<Stream> {
        match kind {
            b"bbo" => Some(Stream::Bbo),
            b"l2Book" => Some(Stream::book(fast)),
            b"trades" => Some(Stream::Trades),
            b"activeAssetCtx" => Some(Stream::Ctx),
            _ => None,
        }
    }
}

/// What an error message of the venue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueError {
    /// The subscription exists already: as good as an acknowledgement.
    AlreadySubscribed,
    /// The subscription to end does not exist.
    AlreadyUnsubscribed,
    /// Our request was not understood.
    BadRequest,
    /// A limit of the venue ("Cannot open more than ...").
    Refused,
    /// Anything else.
    Other,
}

/// What one message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Trades of one coin: [`Decoder::prints`].
    Trades {
        /// Coin.
        coin: CoinId,
    },
    /// An empty list of trades; it carries no coin.
    EmptyTrades,
    /// A book: [`Decoder::book`].
    Book {
        /// Coin.
        coin: CoinId,
    },
    /// A book whose levels were put together (`nSigFigs`): another stream than the book.
    Aggregated,
    /// A best bid and offer: [`Decoder::bbo`].
    Bbo {
        /// Coin.
        coin: CoinId,
    },
    /// A context: [`Decoder::ctx`].
    Ctx {
        /// Coin.
        coin: CoinId,
    },
    /// The answer to a subscription.
    Ack {
        /// Stream, if it is one of ours.
        stream: Option<Stream>,
        /// Coin, if it is one of the run's.
        coin: Option<CoinId>,
        /// False for the answer to an unsubscription.
        subscribed: bool,
    },
    /// An error message.
    Error {
        /// What it says.
        kind: VenueError,
        /// The stream it quotes.
        stream: Option<Stream>,
        /// The coin it quotes.
        coin: Option<CoinId>,
    },
    /// The answer to a ping.
    Pong,
    /// A text that is not JSON and greets.
    Greeting,
    /// A channel that is not followed.
    Unknown,
    /// A coin that is not followed.
    Foreign,
}

/// Where decoded content is put.
pub(super) struct Output {
    /// Capacity `PRINTS_MAX`, never grown.
    pub(super) prints: Vec<Trade>,
    pub(super) book: Snapshot,
    pub(super) bbo: Bbo,
    pub(super) ctx: Ctx,
}
