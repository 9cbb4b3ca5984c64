//! One client's conversation with the venue: its subscriptions.
//!
//! In: its texts, and the venue's blocks. Out: frames for it, in the venue's order. Cold path.
//!
//! 1. Order within a block: best bids and offers, trades, books, contexts.
//! 2. A subscription is answered by its acknowledgement, then by the state: the trades history, the
//!    book twice.
//! 3. An unknown coin ends the connection without a word; anything unreadable is an error frame.

use std::collections::BTreeSet;

use super::wire::{self, Ask, Stream};
use super::world::{CoinFrames, World};

/// Streams in the order a block's frames are sent.
const ORDER: [Stream; 5] =
    [Stream::Bbo, Stream::Trades, Stream::FastBook, Stream::Book, Stream::Ctx];

/// What a client's text leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Frames to send.
    pub frames: Vec<String>,
    /// Whether data or a pong is among them, which keeps a connection from being idle.
    pub alive: bool,
    /// Whether to drop the socket.
    pub drop: bool,
}

/// The subscriptions of one client.
#[derive(Clone, Debug, Default)]
pub struct Session {
    subscribed: BTreeSet<(Stream, usize)>,
}

impl Session {
    /// A client without subscriptions.
    #[must_use]
    pub fn new() -> Session {
        Session::default()
    }

    /// Whether the client has no subscription.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscribed.is_empty()
    }

    /// Answers a client's text.
    pub fn hear(&mut self, text: &str, world: &World) -> Reply {
        let mut reply = Reply::default();
        match wire::ask(text) {
            Ask::Ping => {
                reply.frames.push(wire::PONG.to_owned());
                reply.alive = true;
            }
            Ask::Unknown => reply.frames.push(wire::unreadable(text)),
            Ask::Subscribe(begin, stream, name) => {
                let Some(coin) = world.coin(&name) else {
                    reply.drop = true;
                    return reply;
                };
                let changed = if begin {
                    self.subscribed.insert((stream, coin))
                } else {
                    self.subscribed.remove(&(stream, coin))
                };
                if !changed {
                    reply.frames.push(wire::already(begin, stream, &name));
                    return reply;
                }
                reply.frames.push(wire::ack(begin, stream, &name));
                if begin {
                    let state = world.state(coin, stream);
                    let twice = matches!(stream, Stream::FastBook | Stream::Book);
                    reply.frames.extend(state.iter().filter(|_| twice).cloned());
                    reply.frames.extend(state);
                    reply.alive = true;
                }
            }
        }
        reply
    }

    /// The frames of a block this client is to be sent.
    pub fn frames<'a>(&self, block: &'a [CoinFrames]) -> impl Iterator<Item = &'a str> {
        ORDER.iter().flat_map(move |stream| {
            block.iter().enumerate().filter_map(move |(coin, frames)| {
                let wanted = self.subscribed.contains(&(*stream, coin));
                if wanted { frames.of(*stream) } else { None }
            })
        })
    }
}
