//! Tests of the wall as a whole: the venue's rules one by one, what is turned away, the real
//! recordings, and the two parsers against each other.

mod differential;
mod recordings;
mod rejects;
mod rules;
mod session;

use super::cadence::{Cadence, Stale};
use super::outcome::VenueError;
use super::*;
use crate::event::{Bbo, Ctx, Event, Joint, Snapshot, Trade};
use crate::units::{CoinId, Ns, Px, Side, Sz};

/// An [`Input`] that owns its content, to be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    Trades(CoinId, Vec<Trade>),
    History(CoinId, Vec<Trade>, Joint),
    Bbo(CoinId, Bbo),
    Book(CoinId, Box<Snapshot>),
    Ctx(CoinId, Ctx),
    Quiet(Decoded),
    /// The venue says that something is wrong; what it quotes is left out.
    Error(VenueError),
    Rejected(Reject),
}

impl Out {
    pub(super) fn of(input: &Input<'_>) -> Out {
        match *input {
            Input::Event(Event::Trades { coin, prints }) => Out::Trades(coin, prints.to_vec()),
            Input::Event(Event::History { coin, prints, joint }) => {
                Out::History(coin, prints.to_vec(), joint)
            }
            Input::Event(Event::Bbo { coin, bbo }) => Out::Bbo(coin, *bbo),
            Input::Event(Event::Book { coin, book }) => Out::Book(coin, Box::new(book.clone())),
            Input::Event(Event::Ctx { coin, ctx }) => Out::Ctx(coin, *ctx),
            Input::Event(event) => panic!("the feed does not make {event:?}"),
            Input::Nothing(Decoded::Error { kind, .. }) => Out::Error(kind),
            Input::Nothing(quiet) => Out::Quiet(quiet),
            Input::Rejected(reject) => Out::Rejected(reject),
        }
    }
}

pub(super) const BTC: CoinId = CoinId(0);
pub(super) const ETH: CoinId = CoinId(1);

pub(super) fn specs(names: &[(&str, u8)]) -> Vec<CoinSpec> {
    names.iter().map(|&(n, d)| CoinSpec::new(n, d).expect("a coin")).collect()
}

/// A feed of BTC and ETH behind one parser.
pub(super) struct Rig {
    pub(super) feed: Feed,
}

impl Rig {
    pub(super) fn new(parser: Parser) -> Rig {
        let config = Config { parser, ..Config::default() };
        let feed = Feed::new(&config, &specs(&[("BTC", 5), ("ETH", 4)]), 1).expect("coins");
        Rig { feed }
    }

    /// Connected at 0.
    pub(super) fn up(parser: Parser) -> Rig {
        let mut rig = Rig::new(parser);
        rig.feed.connected(0, Ns(0));
        rig
    }

    pub(super) fn get(&mut self, now: i64, message: impl AsRef<[u8]>) -> Out {
        Out::of(&self.feed.message(Ns(now), message.as_ref()))
    }

    /// All texts due at `now`.
    pub(super) fn sends(&mut self, now: i64) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(text) = self.feed.next_send(0, Ns(now)) {
            sent.push(String::from_utf8(text.to_vec()).expect("ascii"));
        }
        sent
    }

    /// Answers every subscription sent, as the venue does.
    pub(super) fn answer_all(&mut self, now: i64) {
        for text in self.sends(now) {
            let subscription = text
                .strip_prefix("{\"method\":\"subscribe\",\"subscription\":")
                .expect("a subscription")
                .strip_suffix('}')
                .expect("an object");
            let answer = self.get(now, ack(subscription));
            assert!(
                matches!(answer, Out::Quiet(Decoded::Ack { subscribed: true, .. })),
                "{answer:?}"
            );
        }
    }
}

pub(super) const PARSERS: [Parser; 2] = [Parser::SimdJson, Parser::Scanner];

pub(super) fn ack(subscription: &str) -> String {
    format!(
        "{{\"channel\":\"subscriptionResponse\",\"data\":{{\"method\":\"subscribe\",\"subscription\":{subscription}}}}}"
    )
}

pub(super) fn trades_ack(coin: &str) -> String {
    ack(&format!("{{\"type\":\"trades\",\"coin\":\"{coin}\"}}"))
}

pub(super) const HASH: &str = "0xc5f5fba369499d57c76f044143696101e7001389044cbc2969bea6f6284d7742";
const BUYER: &str = "0x818b120e0b475dc79d62092a3ae0d0e31cbf2c99";
const SELLER: &str = "0x6e8bc7cd0978397b06a14af2a8c31f5daeffea79";

/// One trade as it stands on the wire.
pub(super) fn wire_trade(coin: &str, side: char, px: &str, sz: &str, ms: i64, tid: u64) -> String {
    format!(
        "{{\"coin\":\"{coin}\",\"side\":\"{side}\",\"px\":\"{px}\",\"sz\":\"{sz}\",\"time\":{ms},\"hash\":\"{HASH}\",\"tid\":{tid},\"users\":[\"{BUYER}\",\"{SELLER}\"]}}"
    )
}

pub(super) fn wire_trades(trades: &[String]) -> String {
    format!("{{\"channel\":\"trades\",\"data\":[{}]}}", trades.join(","))
}

/// A message of buys of 1 coin at 100 USD: (block time in ms, trade id).
pub(super) fn buys(coin: &str, keys: impl IntoIterator<Item = (i64, u64)>) -> String {
    let trades: Vec<_> =
        keys.into_iter().map(|(ms, tid)| wire_trade(coin, 'B', "100.0", "1.0", ms, tid)).collect();
    wire_trades(&trades)
}

/// What [`buys`] decodes to.
pub(super) fn bought(keys: impl IntoIterator<Item = (i64, u64)>) -> Vec<Trade> {
    keys.into_iter()
        .map(|(ms, tid)| Trade {
            aggressor: Side::Buy,
            px: Px(10_000_000_000),
            sz: Sz(100_000_000),
            time: Ns::from_ms(ms),
            taker: 0xc5f5_fba3_6949_9d57,
            tid,
        })
        .collect()
}

pub(super) fn wire_bbo(coin: &str, ms: i64, bid: &str, ask: &str) -> String {
    let level = |px: &str| format!("{{\"px\":\"{px}\",\"sz\":\"1.5\",\"n\":2}}");
    format!(
        "{{\"channel\":\"bbo\",\"data\":{{\"coin\":\"{coin}\",\"time\":{ms},\"bbo\":[{},{}]}}}}",
        level(bid),
        level(ask)
    )
}

/// A book of `n` levels a side, one USD apart, around 100,000; `tail` stands after the levels.
pub(super) fn wire_book(coin: &str, ms: i64, n: usize, tail: &str) -> String {
    let side = |from: i64, step: i64| {
        let mut px = from;
        let levels: Vec<_> = (0..n)
            .map(|_| {
                px += step;
                format!("{{\"px\":\"{px}.0\",\"sz\":\"0.25\",\"n\":3}}")
            })
            .collect();
        levels.join(",")
    };
    format!(
        "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"{coin}\",\"time\":{ms},\"levels\":[[{}],[{}]]{tail}}}}}",
        side(100_000, -1),
        side(100_000, 1)
    )
}
