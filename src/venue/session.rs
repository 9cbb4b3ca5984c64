//! One client's conversation with the venue: its subscriptions.
//!
//! In: its texts, and the venue's blocks. Out: frames for it, in the venue's order. Cold path.
//!
//! 1. Order within a block: best bids and offers, trades, books, contexts.
//! 2. A subscription is answered by its acknowledgement, then by the state: the trades history, the
//!    book twice.
//! 3. An unknown coin ends the connection without a word; anything unreadable is an error frame.

use std::collections::BTreeSet;

use super::feed;
use super::wire::{self, Ask, Stream};
use super::world::{CoinFrames, World};

/// What a client's text leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Frames to send.
    pub frames: Vec<String>,
    /// Whose state the frames behind the first are, where there are such.
    pub state: Option<(Stream, usize)>,
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
    /// A client that subscribed to all `streams` of all coins, and what it was answered.
    pub fn of_all(streams: &[Stream], world: &World) -> (Session, Vec<Reply>) {
        let mut session = Session::default();
        let names: Vec<&str> = world.names().collect();
        let texts = names.iter().flat_map(|name| streams.iter().map(|s| s.subscription(name)));
        let replies = texts
            .map(|wanted| format!(r#"{{"method":"subscribe","subscription":{wanted}}}"#))
            .map(|text| session.hear(&text, world))
            .collect();
        (session, replies)
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
                if begin && feed::named(&world.feed().ignore, stream.name(), &name) {
                    return reply;
                }
                if begin && feed::named(&world.feed().refuse, stream.name(), &name) {
                    reply.frames.push(wire::refused(stream, &name));
                    return reply;
                }
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
                    reply.state = Some((stream, coin));
                    reply.alive = true;
                }
            }
        }
        reply
    }

    /// The frames of a block this client is to be sent.
    pub fn frames<'a>(
        &self,
        block: &'a [CoinFrames],
    ) -> impl Iterator<Item = (Stream, usize, &'a str)> {
        Stream::ALL.iter().flat_map(move |stream| {
            block.iter().enumerate().filter_map(move |(coin, frames)| {
                let wanted = self.subscribed.contains(&(*stream, coin));
                let text = frames[*stream as usize].as_deref().filter(|_| wanted)?;
                Some((*stream, coin, text))
            })
        })
    }
}
