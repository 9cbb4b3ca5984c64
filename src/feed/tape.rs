//! The general parser's half of the wall: a walk over simd-json's tape, any key order, extra keys
//! ignored.
//!
//! In: the nodes of one JSON text. Out: [`Decoded`] and the decoder's fixed storage. Hot path: no
//! allocation, no recursion; every node is visited at most twice.
//!
//! 1. A key that is read stands at most once in its object; a key that is not read is skipped with
//!    all below it.
//! 2. Levels of a side beyond `LEVELS_MAX` are skipped unread: the book is the best ones.
//! 3. A book with a `spread` was put together by significant figures: no book of the coin.
//! 4. `null` is an absent side, an absent `fast` is `false`, an absent `n` is 0 ("unknown").

use simd_json::{Node, StaticNode};

use super::coins::Coins;
use super::fields;
use super::outcome::{Decoded, Output, Stream, VenueError};
use super::reject::Reject;
use crate::event::{Bbo, Ctx, Level, Levels, Trade};
use crate::limits::PRINTS_MAX;
use crate::units::{CoinId, Ns, Side};

/// Reads one message from its tape.
pub(super) fn decode(
    nodes: &[Node<'_>],
    coins: &Coins,
    out: &mut Output,
) -> Result<Decoded, Reject> {
    let mut walk = Walk { nodes, at: 0 };
    let (mut channel, mut data) = (None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"channel" => set(&mut channel, walk.text()?)?,
            b"data" => {
                set(&mut data, Walk { nodes, at: walk.at })?;
                walk.skip()?;
            }
            _ => walk.skip()?,
        }
    }
    let data = data.ok_or(Reject::MissingField);
    match channel.ok_or(Reject::MissingField)? {
        b"bbo" => bbo(data?, coins, out),
        b"trades" => trades(data?, coins, out),
        b"l2Book" => book(data?, coins, out),
        b"activeAssetCtx" => ctx(data?, coins, out),
        b"subscriptionResponse" => ack(data?, coins),
        b"error" => Ok(error(data?.text()?, coins)),
        b"pong" => Ok(Decoded::Pong),
        _ => Ok(Decoded::Unknown),
    }
}

fn trades(mut walk: Walk<'_, '_>, coins: &Coins, out: &mut Output) -> Result<Decoded, Reject> {
    out.prints.clear();
    let count = walk.array()?;
    if count > PRINTS_MAX {
        return Err(Reject::TooManyPrints);
    }
    let mut name = None;
    for _ in 0..count {
        let (coin, trade) = trade(&mut walk)?;
        if *name.get_or_insert(coin) != coin {
            return Err(Reject::MixedCoins);
        }
        out.prints.push(trade);
    }
    Ok(match name {
        None => Decoded::EmptyTrades,
        Some(name) => known(coins, name, |coin| Decoded::Trades { coin }),
    })
}

fn trade<'i>(walk: &mut Walk<'_, 'i>) -> Result<(&'i [u8], Trade), Reject> {
    let (mut coin, mut side, mut px, mut sz) = (None, None, None, None);
    let (mut time, mut tid, mut taker) = (None, None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"coin" => set(&mut coin, walk.text()?)?,
            b"side" => set(&mut side, fields::side(walk.text()?)?)?,
            b"px" => set(&mut px, fields::px(walk.text()?)?)?,
            b"sz" => set(&mut sz, fields::sz(walk.text()?)?)?,
            b"time" => set(&mut time, walk.time()?)?,
            b"tid" => set(&mut tid, walk.integer()?)?,
            b"hash" => set(&mut taker, walk.optional_text()?.map_or(0, fields::taker))?,
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    let trade = Trade {
        aggressor: side.ok_or(missing)?,
        px: px.ok_or(missing)?,
        sz: sz.ok_or(missing)?,
        time: time.ok_or(missing)?,
        taker: taker.unwrap_or(0),
        tid: tid.ok_or(missing)?,
    };
    Ok((coin.ok_or(missing)?, trade))
}

fn book(mut walk: Walk<'_, '_>, coins: &Coins, out: &mut Output) -> Result<Decoded, Reject> {
    let (mut coin, mut time, mut fast, mut levels) = (None, None, None, None);
    let mut aggregated = None;
    out.book.bids.clear();
    out.book.asks.clear();
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"coin" => set(&mut coin, walk.text()?)?,
            b"time" => set(&mut time, walk.time()?)?,
            b"fast" => set(&mut fast, walk.optional_bool()?)?,
            b"spread" => {
                set(&mut aggregated, !walk.null())?;
                if aggregated == Some(true) {
                    walk.skip()?;
                }
            }
            b"levels" => {
                set(&mut levels, ())?;
                let sides = walk.array()?;
                if sides > 2 {
                    return Err(Reject::NotTwoSides);
                }
                if sides > 0 {
                    side_levels(&mut walk, Side::Buy, &mut out.book.bids)?;
                }
                if sides > 1 {
                    side_levels(&mut walk, Side::Sell, &mut out.book.asks)?;
                }
            }
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    levels.ok_or(missing)?;
    out.book.time = time.ok_or(missing)?;
    out.book.fast = fast.unwrap_or(false);
    Ok(known(coins, coin.ok_or(missing)?, |coin| match aggregated {
        Some(true) => Decoded::Aggregated,
        _ => Decoded::Book { coin },
    }))
}

fn side_levels(walk: &mut Walk<'_, '_>, side: Side, to: &mut Levels) -> Result<(), Reject> {
    let Some(count) = walk.optional_array()? else {
        return Ok(());
    };
    for _ in 0..count {
        if to.is_full() {
            walk.skip()?;
            continue;
        }
        let level = level(walk)?;
        fields::outward(side, to.last(), level.px)?;
        to.push(level);
    }
    Ok(())
}

fn level(walk: &mut Walk<'_, '_>) -> Result<Level, Reject> {
    let (mut px, mut sz, mut n) = (None, None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"px" => set(&mut px, fields::px(walk.text()?)?)?,
            b"sz" => set(&mut sz, fields::sz(walk.text()?)?)?,
            b"n" => {
                let count = walk.integer()?;
                set(&mut n, u32::try_from(count).map_err(|_| Reject::OutOfRange)?)?;
            }
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    Ok(Level { px: px.ok_or(missing)?, sz: sz.ok_or(missing)?, n: n.unwrap_or(0) })
}

fn bbo(mut walk: Walk<'_, '_>, coins: &Coins, out: &mut Output) -> Result<Decoded, Reject> {
    let (mut coin, mut time, mut sides) = (None, None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"coin" => set(&mut coin, walk.text()?)?,
            b"time" => set(&mut time, walk.time()?)?,
            b"bbo" => {
                let count = walk.array()?;
                if count > 2 {
                    return Err(Reject::NotTwoSides);
                }
                let mut both = [None, None];
                for side in &mut both[..count] {
                    if !walk.null() {
                        *side = Some(level(&mut walk)?);
                    }
                }
                set(&mut sides, both)?;
            }
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    let [bid, ask] = sides.ok_or(missing)?;
    out.bbo = Bbo { time: time.ok_or(missing)?, bid, ask };
    Ok(known(coins, coin.ok_or(missing)?, |coin| Decoded::Bbo { coin }))
}

fn ctx(mut walk: Walk<'_, '_>, coins: &Coins, out: &mut Output) -> Result<Decoded, Reject> {
    let (mut coin, mut content) = (None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"coin" => set(&mut coin, walk.text()?)?,
            b"ctx" => set(&mut content, ctx_content(&mut walk)?)?,
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    out.ctx = content.ok_or(missing)?;
    Ok(known(coins, coin.ok_or(missing)?, |coin| Decoded::Ctx { coin }))
}

fn ctx_content(walk: &mut Walk<'_, '_>) -> Result<Ctx, Reject> {
    let (mut funding, mut oracle) = (None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"funding" => set(&mut funding, fields::rate(walk.text()?, 10)?)?,
            b"oraclePx" => set(&mut oracle, fields::oracle(walk.text()?)?)?,
            _ => walk.skip()?,
        }
    }
    let missing = Reject::MissingField;
    Ok(Ctx { funding_e10: funding.ok_or(missing)?, oracle: oracle.ok_or(missing)? })
}

/// The echo of a subscription reorders its keys and fills in defaults, so it is read like any
/// other message and never compared as text.
fn ack(mut walk: Walk<'_, '_>, coins: &Coins) -> Result<Decoded, Reject> {
    let (mut method, mut subscription) = (None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"method" => set(&mut method, walk.text()?)?,
            b"subscription" => set(&mut subscription, self::subscription(&mut walk, coins)?)?,
            _ => walk.skip()?,
        }
    }
    let (stream, coin) = subscription.ok_or(Reject::MissingField)?;
    let subscribed = method == Some(&b"subscribe"[..]);
    Ok(Decoded::Ack { stream, coin, subscribed })
}

fn subscription(
    walk: &mut Walk<'_, '_>,
    coins: &Coins,
) -> Result<(Option<Stream>, Option<CoinId>), Reject> {
    let (mut kind, mut coin, mut fast) = (None, None, None);
    for _ in 0..walk.object()? {
        match walk.text()? {
            b"type" => set(&mut kind, walk.text()?)?,
            b"coin" => set(&mut coin, walk.optional_text()?)?,
            b"fast" => set(&mut fast, walk.optional_bool()?)?,
            _ => walk.skip()?,
        }
    }
    let stream = Stream::of(kind.ok_or(Reject::MissingField)?, fast == Some(true));
    Ok((stream, coin.flatten().and_then(|name| coins.find(name))))
}

/// What an error text of the venue says. It may quote the subscription it is about.
#[cold]
fn error(text: &[u8], coins: &Coins) -> Decoded {
    let kind = if text.starts_with(b"Already subscribed") {
        VenueError::AlreadySubscribed
    } else if text.starts_with(b"Already unsubscribed") {
        VenueError::AlreadyUnsubscribed
    } else if text.starts_with(b"Error parsing JSON") {
        VenueError::BadRequest
    } else if text.starts_with(b"Cannot ") {
        VenueError::Refused
    } else {
        VenueError::Other
    };
    let quoted = |key: &[u8]| {
        let at = text.windows(key.len()).position(|w| w == key)? + key.len();
        let end = text[at..].iter().position(|&b| b == b'"')?;
        Some(&text[at..at + end])
    };
    let fast = text.windows(11).any(|w| w == b"\"fast\":true");
    let stream = quoted(b"\"type\":\"").and_then(|t| Stream::of(t, fast));
    let coin = quoted(b"\"coin\":\"").and_then(|name| coins.find(name));
    Decoded::Error { kind, stream, coin }
}

fn known(coins: &Coins, name: &[u8], make: impl FnOnce(CoinId) -> Decoded) -> Decoded {
    coins.find(name).map_or(Decoded::Foreign, make)
}

fn set<T>(field: &mut Option<T>, value: T) -> Result<(), Reject> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(Reject::DuplicateField),
    }
}

/// A place on the tape. It is well-formed; running off its end is an error all the same, no panic.
struct Walk<'t, 'i> {
    nodes: &'t [Node<'i>],
    at: usize,
}

impl<'i> Walk<'_, 'i> {
    /// Enters an object; gives its number of keys.
    fn object(&mut self) -> Result<usize, Reject> {
        match self.next()? {
            Node::Object { len, .. } => Ok(len),
            _ => Err(Reject::WrongType),
        }
    }

    /// Enters an array; gives its number of elements.
    fn array(&mut self) -> Result<usize, Reject> {
        match self.next()? {
            Node::Array { len, .. } => Ok(len),
            _ => Err(Reject::WrongType),
        }
    }

    fn optional_array(&mut self) -> Result<Option<usize>, Reject> {
        if self.null() { Ok(None) } else { self.array().map(Some) }
    }

    /// Reads a string; keys are strings too.
    fn text(&mut self) -> Result<&'i [u8], Reject> {
        match self.next()? {
            Node::String(text) => Ok(text.as_bytes()),
            _ => Err(Reject::WrongType),
        }
    }

    fn optional_text(&mut self) -> Result<Option<&'i [u8]>, Reject> {
        if self.null() { Ok(None) } else { self.text().map(Some) }
    }

    fn optional_bool(&mut self) -> Result<bool, Reject> {
        match self.next()? {
            Node::Static(StaticNode::Bool(value)) => Ok(value),
            Node::Static(StaticNode::Null) => Ok(false),
            _ => Err(Reject::WrongType),
        }
    }

    fn integer(&mut self) -> Result<u64, Reject> {
        match self.next()? {
            Node::Static(StaticNode::U64(value)) => Ok(value),
            Node::Static(StaticNode::I64(value)) => {
                u64::try_from(value).map_err(|_| Reject::OutOfRange)
            }
            _ => Err(Reject::WrongType),
        }
    }

    /// Reads a block time in milliseconds.
    fn time(&mut self) -> Result<Ns, Reject> {
        let ms = i64::try_from(self.integer()?).map_err(|_| Reject::OutOfRange)?;
        Ok(Ns::from_ms(ms))
    }

    /// Whether the value here is `null`; if so, it is passed.
    fn null(&mut self) -> bool {
        let null = matches!(self.nodes.get(self.at), Some(Node::Static(StaticNode::Null)));
        self.at += usize::from(null);
        null
    }

    fn skip(&mut self) -> Result<(), Reject> {
        match self.next()? {
            Node::Object { count, .. } | Node::Array { count, .. } => self.at += count,
            _ => {}
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Node<'i>, Reject> {
        let node = self.nodes.get(self.at).ok_or(Reject::NotJson)?;
        self.at += 1;
        Ok(*node)
    }
}
