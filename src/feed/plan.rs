//! What to subscribe, in which order, how fast, and what was answered.
//!
//! In: the run's coins, each with its connection; answers. Out: the texts to send. Hot path: texts are
//! made at construction.
//!
//! 1. Per coin: best bid and offer, fast book, full book, trades, context; coin after coin.
//! 2. At most `SUBSCRIBE_BURST` texts at once on a connection, then one every `SUBSCRIBE_EVERY_NS`.
//! 3. An acknowledgement or the stream's own data answers a subscription; an unanswered one is
//!    overdue after `ACK_NS`. A stream that the venue refuses is not asked for again.
//! 4. The venue drops the whole socket, without a word, for a coin it does not know. A coin whose
//!    subscription was the first unanswered one on [`STRIKES_MAX`] links that had answered others
//!    is set aside. So that any coin can come after another one, each such link starts the list at
//!    another coin. It is tried again on the link at hand after `ASIDE_NS`, doubled each time: the venue
//!    may know it again, and one link is the price.

use super::coins::Coins;
use super::outcome::Stream;
use crate::limits::{ACK_NS, ASIDE_NS, SOCKETS, STRIKES_MAX, SUBSCRIBE_BURST, SUBSCRIBE_EVERY_NS};
use crate::units::{CoinId, Ns};

const STREAMS: usize = Stream::ALL.len();

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not followed, or not on this link any more.
    Off,
    Unsent,
    Sent(Ns),
    Answered,
}

#[derive(Clone, Debug)]
struct CoinPlan {
    texts: [Box<[u8]>; STREAMS],
    states: [State; STREAMS],
    strikes: u8,
    /// When it is tried again, and after what wait, where it is set aside.
    again: Option<(Ns, i64)>,
    /// Streams that the venue refuses.
    refused: [bool; STREAMS],
    /// Connection that it is subscribed on.
    socket: u8,
}

impl CoinPlan {
    /// All that is followed of it and not refused is to be sent.
    fn want(&mut self, follow: [bool; STREAMS]) {
        let followed = follow.into_iter().zip(self.refused);
        for (state, (follow, refused)) in self.states.iter_mut().zip(followed) {
            *state = if follow && !refused { State::Unsent } else { State::Off };
        }
    }
}

/// The subscriptions of a run on its current connections.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    coins: Box<[CoinPlan]>,
    follow: [bool; STREAMS],
    sockets: [Cursor; SOCKETS],
    /// When the first of the coins set aside is tried again.
    again_at: Ns,
}

/// How far a connection has come. Coins of other connections are passed over.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// Coin whose subscriptions are sent first.
    first: usize,
    /// Position in the list of all (coin, stream) pairs, counted from `first`.
    next: usize,
    /// Texts that may be sent now, and since when that is so.
    allowance: u32,
    refilled: Ns,
    answered: u32,
}

impl Cursor {
    fn refill(&mut self, now: Ns) {
        let due = now.since(self.refilled) / SUBSCRIBE_EVERY_NS;
        if due > 0 {
            let due = u32::try_from(due).unwrap_or(u32::MAX);
            self.allowance = self.allowance.saturating_add(due).min(SUBSCRIBE_BURST);
            self.refilled = now;
        }
    }
}

impl Plan {
    /// A plan for `coins`, following the streams marked in `follow`.
    pub(super) fn new(coins: &Coins, follow: [bool; STREAMS]) -> Plan {
        let coins = coins
            .as_slice()
            .iter()
            .map(|coin| CoinPlan {
                texts: Stream::ALL.map(|stream| text(stream, &coin.name)),
                states: [State::Off; STREAMS],
                strikes: 0,
                again: None,
                refused: [false; STREAMS],
                socket: 0,
            })
            .collect();
        let allowance = SUBSCRIBE_BURST;
        let cursor = Cursor { first: 0, next: 0, allowance, refilled: Ns(0), answered: 0 };
        Plan { coins, follow, sockets: [cursor; SOCKETS], again_at: Ns(i64::MAX) }
    }

    /// Leaves optional streams out until at most `most` subscriptions are left: full books, then contexts,
    /// then fast books, of the last coins first. Gives which.
    pub(super) fn fit(&mut self, most: usize) -> Vec<(CoinId, Stream)> {
        let each = self.follow.iter().filter(|f| **f).count();
        let over = (each * self.coins.len()).saturating_sub(most);
        let coins = (0..self.coins.len()).rev().filter_map(|c| u8::try_from(c).ok()).map(CoinId);
        let places = [Stream::Slow, Stream::Ctx, Stream::Fast].into_iter().flat_map(|stream| {
            let follow = self.follow[stream.index()];
            coins.clone().filter(move |_| follow).map(move |c| (c, stream))
        });
        let mut out = Vec::new();
        for (coin, stream) in places {
            if out.len() < over && !self.needs(coin, stream) {
                self.coins[coin.index()].refused[stream.index()] = true;
                out.push((coin, stream));
            }
        }
        out
    }

    /// The connection that a coin is subscribed on.
    #[inline]
    pub(super) fn socket(&self, coin: CoinId) -> usize {
        self.coins.get(coin.index()).map_or(0, |c| usize::from(c.socket))
    }

    /// From the next connection on, a coin is subscribed on this one.
    pub(super) fn put_on(&mut self, coin: CoinId, socket: u8) {
        if let Some(coin) = self.coins.get_mut(coin.index()) {
            coin.socket = socket;
        }
    }

    /// The clocks jumped against each other: what is not answered was sent at `now`.
    pub(super) fn jumped(&mut self, now: Ns) {
        for state in self.coins.iter_mut().flat_map(|c| &mut c.states) {
            if let State::Sent(at) = state {
                *at = now;
            }
        }
    }

    /// A connection is open at `now`: everything is to be sent.
    pub(super) fn renew(&mut self, socket: usize, now: Ns) {
        for coin in self.coins.iter_mut().filter(|c| usize::from(c.socket) == socket) {
            coin.states = [State::Off; STREAMS];
            if coin.strikes < STRIKES_MAX {
                coin.want(self.follow);
            }
        }
        let first = self.sockets[socket].first;
        let allowance = SUBSCRIBE_BURST;
        self.sockets[socket] = Cursor { first, next: 0, allowance, refilled: now, answered: 0 };
    }

    /// The next text to send on a connection at `now`, if one is due.
    pub(super) fn next(&mut self, socket: usize, now: Ns) -> Option<&[u8]> {
        let Plan { coins, sockets, .. } = self;
        let at = &mut sockets[socket];
        let (coin, stream) = loop {
            if at.next == coins.len() * STREAMS {
                return None;
            }
            let coin = (at.first + at.next / STREAMS) % coins.len();
            if usize::from(coins[coin].socket) != socket {
                at.next += STREAMS;
                continue;
            }
            let stream = at.next % STREAMS;
            if coins[coin].states[stream] == State::Unsent {
                break (coin, stream);
            }
            at.next += 1;
        };
        at.refill(now);
        at.allowance = at.allowance.checked_sub(1)?;
        at.next += 1;
        let coin = &mut coins[coin];
        coin.states[stream] = State::Sent(now);
        Some(&coin.texts[stream])
    }

    /// A coin of a connection that is due to be tried again, once all others are subscribed.
    pub(super) fn due_back(&self, socket: usize, now: Ns) -> Option<CoinId> {
        if now < self.again_at || self.sockets[socket].next < self.coins.len() * STREAMS {
            return None;
        }
        let due = |c: &CoinPlan| {
            let aside = usize::from(c.socket) == socket && c.strikes >= STRIKES_MAX;
            aside && c.again.is_some_and(|a| now >= a.0)
        };
        let i = self.coins.iter().position(due)?;
        u8::try_from(i).ok().map(CoinId)
    }

    /// A subscription was answered: by its acknowledgement, or by its data.
    #[inline]
    pub(super) fn answer(&mut self, coin: CoinId, stream: Stream) {
        let Some(coin) = self.coins.get_mut(coin.index()) else {
            return;
        };
        if let state @ State::Sent(_) = &mut coin.states[stream.index()] {
            *state = State::Answered;
            (coin.strikes, coin.again) = (0, None);
            self.sockets[usize::from(coin.socket)].answered += 1;
        }
    }

    /// A subscription that has waited for its answer longer than `ACK_NS`, and whether its coin cannot
    /// be followed without: trades, and a book or best prices where no other answered. One of those
    /// before all others.
    pub(super) fn overdue(&self, socket: usize, now: Ns) -> Option<(CoinId, Stream, bool)> {
        let late = |s: &State| matches!(s, State::Sent(at) if now.since(*at) > ACK_NS);
        let answered = |s: &State| *s == State::Answered;
        let mut optional = None;
        let on = |(_, c): &(u8, &CoinPlan)| usize::from(c.socket) == socket;
        for (c, coin) in (0u8..).zip(&self.coins).filter(on) {
            for stream in Stream::ALL.into_iter().filter(|s| late(&coin.states[s.index()])) {
                let needed = alone(stream, |s| answered(&coin.states[s.index()]));
                if needed {
                    return Some((CoinId(c), stream, true));
                }
                optional.get_or_insert((CoinId(c), stream, false));
            }
        }
        optional
    }

    /// Whether a coin cannot be followed without a stream, besides those refused before.
    pub(super) fn needs(&self, coin: CoinId, stream: Stream) -> bool {
        let left = |c: &CoinPlan, s: Stream| {
            s != stream && self.follow[s.index()] && !c.refused[s.index()]
        };
        self.coins.get(coin.index()).is_some_and(|c| alone(stream, |s| left(c, s)))
    }

    /// The venue refuses a stream, on this link and those to come.
    pub(super) fn refuse(&mut self, coin: CoinId, stream: Stream) {
        self.give_up(coin, stream);
        if let Some(coin) = self.coins.get_mut(coin.index()) {
            coin.refused[stream.index()] = true;
        }
    }

    /// An unanswered stream is given up on this link.
    pub(super) fn give_up(&mut self, coin: CoinId, stream: Stream) {
        if let Some(coin) = self.coins.get_mut(coin.index()) {
            coin.states[stream.index()] = State::Off;
        }
    }

    /// A connection was lost: notes at whose subscription, if that is known.
    pub(super) fn lost(&mut self, socket: usize, now: Ns) {
        let suspect = self.suspect(socket);
        if let (Some(coin), true) = (suspect, self.sockets[socket].answered > 0) {
            let coin = &mut self.coins[coin.index()];
            coin.strikes = coin.strikes.saturating_add(1);
            if coin.strikes >= STRIKES_MAX {
                let wait = coin.again.map_or(ASIDE_NS.0, |(_, was)| (2 * was).min(ASIDE_NS.1));
                coin.again = Some((now.plus(wait), wait));
                self.again_at = self.again_at.min(now.plus(wait));
            }
        }
        if suspect.is_some() {
            let first = self.of(socket).find(|c| *c != self.sockets[socket].first);
            self.sockets[socket].first = first.unwrap_or(0);
        }
        for coin in self.coins.iter_mut().filter(|c| usize::from(c.socket) == socket) {
            coin.states = [State::Off; STREAMS];
        }
    }

    /// The coins of a connection, from the one that is subscribed first.
    fn of(&self, socket: usize) -> impl Iterator<Item = usize> + '_ {
        let n = self.coins.len();
        let first = self.sockets[socket].first;
        let from_first = (0..n).map(move |i| (first + i) % n);
        from_first.filter(move |c| usize::from(self.coins[*c].socket) == socket)
    }

    /// The coin of the first subscription sent and not answered on a connection.
    pub(super) fn suspect(&self, socket: usize) -> Option<CoinId> {
        self.of(socket)
            .find(|&c| self.coins[c].states.iter().any(|s| matches!(s, State::Sent(_))))
            .and_then(|c| u8::try_from(c).ok())
            .map(CoinId)
    }

    /// Whether a coin was set aside because its subscription kills the link.
    pub(super) fn set_aside(&self, coin: CoinId) -> bool {
        self.coins.get(coin.index()).is_some_and(|c| c.strikes >= STRIKES_MAX)
    }

    /// Sets a coin aside, or tries it again, as another run of the same market did. A run that goes on
    /// tries one again as soon as its link is up.
    pub(super) fn put_aside(&mut self, coin: CoinId, aside: bool) {
        let Some(c) = self.coins.get_mut(coin.index()) else { return };
        if aside {
            c.strikes = STRIKES_MAX;
            c.again.get_or_insert((Ns(0), ASIDE_NS.0));
        } else {
            c.strikes = STRIKES_MAX - 1;
            c.want(self.follow);
            self.sockets[usize::from(c.socket)].next = 0;
        }
        let waiting = self.coins.iter().filter(|c| c.strikes >= STRIKES_MAX);
        self.again_at = waiting.filter_map(|c| Some(c.again?.0)).min().unwrap_or(Ns(i64::MAX));
    }
}

/// Whether nothing stands in for a stream: nothing does for trades, any of best prices and books for
/// another; contexts are not needed.
fn alone(stream: Stream, is_there: impl Fn(Stream) -> bool) -> bool {
    let books = [Stream::Bbo, Stream::Fast, Stream::Slow];
    stream == Stream::Trades || (books.contains(&stream) && !books.into_iter().any(is_there))
}

/// The text that subscribes to a stream. A coin's name needs no escapes.
fn text(stream: Stream, coin: &str) -> Box<[u8]> {
    let (kind, options) = match stream {
        Stream::Bbo => ("bbo", ""),
        Stream::Fast => ("l2Book", ",\"fast\":true"),
        Stream::Slow => ("l2Book", ""),
        Stream::Trades => ("trades", ""),
        Stream::Ctx => ("activeAssetCtx", ""),
    };
    let text = format!(
        "{{\"method\":\"subscribe\",\"subscription\":{{\"type\":\"{kind}\",\"coin\":\"{coin}\"{options}}}}}"
    );
    text.into_bytes().into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::CoinSpec;

    fn plan(n: usize) -> Plan {
        let specs: Vec<_> =
            (0..n).map(|i| CoinSpec::new(&format!("C{i}"), 0).expect("a coin")).collect();
        Plan::new(&Coins::new(&specs).expect("coins"), [true; STREAMS])
    }

    /// Sends all that may be sent at `now`.
    fn send(plan: &mut Plan, now: Ns) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(text) = plan.next(0, now) {
            sent.push(String::from_utf8(text.to_vec()).expect("ascii"));
        }
        sent
    }

    #[test]
    fn subscribes_bbo_fast_full_trades_and_context_coin_after_coin() {
        let mut p = plan(2);
        p.renew(0, Ns(0));
        let sent = send(&mut p, Ns(0));
        let line = |s: &str| format!("{{\"method\":\"subscribe\",\"subscription\":{{{s}}}}}");
        for (i, coin) in ["C0", "C1"].into_iter().enumerate() {
            let want = [
                line(&format!("\"type\":\"bbo\",\"coin\":\"{coin}\"")),
                line(&format!("\"type\":\"l2Book\",\"coin\":\"{coin}\",\"fast\":true")),
                line(&format!("\"type\":\"l2Book\",\"coin\":\"{coin}\"")),
                line(&format!("\"type\":\"trades\",\"coin\":\"{coin}\"")),
                line(&format!("\"type\":\"activeAssetCtx\",\"coin\":\"{coin}\"")),
            ];
            assert_eq!(sent[i * 5..][..5], want);
        }
        assert_eq!(sent.len(), 10);
    }

    #[test]
    fn subscriptions_are_paced_twenty_at_once_then_twenty_in_100_ms() {
        let mut p = plan(16);
        p.renew(0, Ns(0));
        assert_eq!(send(&mut p, Ns(0)).len(), 20);
        assert_eq!(send(&mut p, Ns(SUBSCRIBE_EVERY_NS - 1)).len(), 0);
        assert_eq!(send(&mut p, Ns(SUBSCRIBE_EVERY_NS)).len(), 1);
        assert_eq!(send(&mut p, Ns(100 * Ns::MS)).len(), 19);
        assert_eq!(send(&mut p, Ns(10 * Ns::SEC)).len(), 20, "never more than a burst");
        assert_eq!(send(&mut p, Ns(20 * Ns::SEC)).len(), 20);
        assert_eq!(send(&mut p, Ns(30 * Ns::SEC)).len(), 0, "all 80 are sent");
    }

    #[test]
    fn a_subscription_without_answer_is_overdue_after_15_s() {
        let mut p = plan(1);
        p.renew(0, Ns(0));
        send(&mut p, Ns(0));
        assert_eq!(p.overdue(0, Ns(ACK_NS)), None);
        for stream in Stream::ALL {
            assert!(p.overdue(0, Ns(ACK_NS + 1)).is_some());
            p.answer(CoinId(0), stream);
        }
        assert_eq!(p.overdue(0, Ns(i64::MAX)), None);
    }

    #[test]
    fn trades_and_one_book_are_needed_and_what_is_refused_stays_out() {
        let mut p = plan(1);
        let coin = CoinId(0);
        p.renew(0, Ns(0));
        send(&mut p, Ns(0));
        assert!(p.needs(coin, Stream::Trades) && !p.needs(coin, Stream::Ctx));
        for stream in [Stream::Ctx, Stream::Fast, Stream::Bbo] {
            assert!(!p.needs(coin, stream));
            p.refuse(coin, stream);
        }
        assert!(p.needs(coin, Stream::Slow), "the last book");
        assert_eq!(p.overdue(0, Ns(ACK_NS + 1)), Some((coin, Stream::Slow, true)));
        p.answer(coin, Stream::Slow);
        assert_eq!(p.overdue(0, Ns(ACK_NS + 1)), Some((coin, Stream::Trades, true)));
        p.renew(0, Ns(0));
        let sent = send(&mut p, Ns(0)).concat();
        assert!(sent.contains("l2Book") && sent.contains("trades"), "{sent}");
        assert!(!sent.contains("fast") && !sent.contains("bbo"), "{sent}");
    }

    /// Plays one link against a venue that drops it at the subscription of coin `bad`.
    fn link(p: &mut Plan, bad: &str) {
        p.renew(0, Ns(0));
        while let Some(text) = p.next(0, Ns(0)) {
            let text = String::from_utf8(text.to_vec()).expect("ascii");
            if text.contains(bad) {
                break;
            }
            let coin = text.split("\"C").nth(1).and_then(|t| t.split('"').next());
            let coin = CoinId(coin.expect("a coin").parse().expect("a number"));
            for stream in Stream::ALL {
                p.answer(coin, stream);
            }
        }
        p.lost(0, Ns(0));
    }

    #[test]
    fn a_coin_that_kills_every_link_is_set_aside_wherever_it_stands() {
        for bad in 0..3u8 {
            let mut p = plan(3);
            for _ in 0..5 {
                link(&mut p, &format!("\"C{bad}\""));
            }
            for coin in 0..3 {
                assert_eq!(p.set_aside(CoinId(coin)), coin == bad, "bad {bad}, coin {coin}");
            }
            p.renew(0, Ns(0));
            assert_eq!(send(&mut p, Ns(0)).len(), 10, "the others are followed");
        }
    }

    #[test]
    fn a_coin_set_aside_is_tried_again_at_growing_intervals_until_it_is_answered() {
        let mut p = plan(2);
        for _ in 0..5 {
            link(&mut p, "\"C1\"");
        }
        let mut at = Ns(0);
        for wait in [ASIDE_NS.0, 2 * ASIDE_NS.0, 4 * ASIDE_NS.0] {
            p.renew(0, at);
            assert_eq!(send(&mut p, at).len(), 5, "the other one");
            Stream::ALL.into_iter().for_each(|s| p.answer(CoinId(0), s));
            at = at.plus(wait);
            assert_eq!(p.due_back(0, at.plus(-1)), None);
            assert_eq!(p.due_back(0, at), Some(CoinId(1)));
            p.put_aside(CoinId(1), false);
            assert!(!p.set_aside(CoinId(1)) && p.due_back(0, at).is_none());
            assert_eq!(send(&mut p, at).len(), 5);
            p.lost(0, at);
            assert!(p.set_aside(CoinId(1)), "one link is the price");
        }
        p.renew(0, at);
        send(&mut p, at);
        Stream::ALL.into_iter().for_each(|s| p.answer(CoinId(0), s));
        at = at.plus(ASIDE_NS.1);
        p.put_aside(p.due_back(0, at).expect("due"), false);
        assert_eq!(send(&mut p, at).len(), 5);
        Stream::ALL.into_iter().for_each(|s| p.answer(CoinId(1), s));
        p.lost(0, at);
        assert!(!p.set_aside(CoinId(1)), "the venue knows it again");
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_last_coin_on() {
        let specs = ["A", "B", "C"].map(|n| CoinSpec::new(n, 0).expect("a coin"));
        let coins = Coins::new(&specs).expect("coins");
        let kept = |most: usize, follow: [bool; STREAMS]| {
            let mut p = Plan::new(&coins, follow);
            let out = p.fit(most);
            p.renew(0, Ns(0));
            (out, send(&mut p, Ns(0)).len())
        };
        assert_eq!(kept(15, [true; STREAMS]), (vec![], 15));
        let c = |n, s| (CoinId(n), s);
        let four =
            vec![c(2, Stream::Slow), c(1, Stream::Slow), c(0, Stream::Slow), c(2, Stream::Ctx)];
        assert_eq!(kept(11, [true; STREAMS]), (four, 11));
        assert_eq!(kept(0, [true; STREAMS]).1, 6, "best prices and trades are needed");
        assert_eq!(kept(0, [false, false, true, true, true]).1, 6, "so is the only book");
    }

    #[test]
    fn links_that_answer_nothing_accuse_no_coin() {
        let mut p = plan(2);
        for _ in 0..20 {
            p.renew(0, Ns(0));
            send(&mut p, Ns(0));
            p.lost(0, Ns(0));
        }
        assert!(!p.set_aside(CoinId(0)) && !p.set_aside(CoinId(1)));
    }
}
