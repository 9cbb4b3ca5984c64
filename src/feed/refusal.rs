//! Subscriptions that the venue refuses or leaves unanswered, and its words.
//!
//! In: the venue's error messages, deadlines. Out: [`Refusal`]s for people. Cold within the hot path:
//! once a subscription.
//!
//! 1. Trades are needed, and one of best prices and books; everything else is given up where the venue
//!    will not send it, and the rest goes on.

use std::fmt;

use arrayvec::ArrayString;

use super::outcome::{Stream, VenueError};
use super::plan::Plan;
use crate::limits::{ACK_NS, WORDS_MAX};
use crate::units::{CoinId, Ns};

/// What the venue said, cut to `WORDS_MAX` bytes of printable ASCII.
pub type Words = ArrayString<WORDS_MAX>;

/// The words of a stream that is left out by the run itself.
const NO_ROOM: &str = "no room";

/// A subscription that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Coin.
    pub coin: CoinId,
    /// Stream.
    pub stream: Stream,
    /// The venue's words; empty where it never answered, or the run left it out.
    pub words: Words,
    /// The coin cannot be followed without it.
    pub needed: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, without) = match self.stream {
            Stream::Bbo => ("bbo", "best prices come from its books"),
            Stream::Fast => ("the fast l2Book", "its book is the full one"),
            Stream::Slow => ("the full l2Book", "its book is the fast one"),
            Stream::Trades => ("trades", "it cannot be followed"),
            Stream::Ctx => ("activeAssetCtx", "no funding"),
        };
        let without = if self.needed { "it cannot be followed" } else { without };
        let seconds = ACK_NS / 1_000_000_000;
        match &self.words[..] {
            "" => write!(f, "{what} was not answered within {seconds} s; {without}"),
            NO_ROOM => write!(f, "{what} is left out, beyond `run.subscriptions`; {without}"),
            words => write!(f, "the venue refuses {what}: {words}; {without}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// The streams of a run that were given up.
#[derive(Debug)]
pub struct Refusals {
    /// Each stream at most once: it never grows.
    list: Vec<Refusal>,
    /// The newest words of the venue about no stream.
    words: Words,
}

impl Refusals {
    /// Room for all streams of `coins` coins.
    pub(super) fn of(coins: usize) -> Refusals {
        let list = Vec::with_capacity(coins * Stream::ALL.len());
        Refusals { list, words: Words::default() }
    }

    /// The run has no room for these streams.
    pub(super) fn leave_out(&mut self, streams: &[(CoinId, Stream)]) {
        let words = Words::from(NO_ROOM).unwrap_or_default();
        for &(coin, stream) in streams {
            self.note(Refusal { coin, stream, words, needed: false });
        }
    }

    /// The venue says that something is wrong: a stream that it names is given up.
    #[cold]
    pub(super) fn error(
        &mut self,
        plan: &mut Plan,
        kind: VenueError,
        about: Option<(Stream, CoinId)>,
        message: &[u8],
    ) {
        let words = words(message);
        match (kind, about) {
            (VenueError::AlreadySubscribed, Some((stream, coin))) => plan.answer(coin, stream),
            (VenueError::AlreadySubscribed | VenueError::AlreadyUnsubscribed, _) => {}
            (_, Some((stream, coin))) => {
                let needed = plan.needs(coin, stream);
                plan.refuse(coin, stream);
                self.note(Refusal { coin, stream, words, needed });
            }
            (_, None) => self.words = words,
        }
    }

    /// Whether a stream that is needed was not answered in time on a connection. Where others were not, they are given
    /// up on this link.
    pub(super) fn are_needed(&mut self, plan: &mut Plan, socket: usize, now: Ns) -> bool {
        while let Some((coin, stream, needed)) = plan.overdue(socket, now) {
            if needed {
                return true;
            }
            plan.give_up(coin, stream);
            self.note(Refusal { coin, stream, words: self.words, needed });
        }
        false
    }

    /// Each stream once.
    fn note(&mut self, r: Refusal) {
        if !self.list.iter().any(|k| (k.coin, k.stream) == (r.coin, r.stream)) {
            self.list.push(r);
        }
    }

    /// All of them, in order.
    pub fn list(&self) -> &[Refusal] {
        &self.list
    }

    /// The one that ends the run: a coin cannot be followed without it.
    pub fn needed(&self) -> Option<&Refusal> {
        self.list.iter().find(|r| r.needed)
    }
}

/// The text of an error message of the venue, without escapes.
pub(super) fn words(message: &[u8]) -> Words {
    let key = b"\"data\":\"";
    let from = message.windows(key.len()).position(|w| w == key).map_or(0, |at| at + key.len());
    let to = message.iter().rposition(|b| *b == b'"').unwrap_or(message.len()).max(from);
    printable(&message[from..to])
}

/// Words of the venue, without escapes, cut to the length of [`Words`].
pub fn printable(text: impl AsRef<[u8]>) -> Words {
    let mut out = Words::new();
    for byte in text.as_ref() {
        let shown = byte.is_ascii_graphic() || *byte == b' ';
        if shown && *byte != b'\\' && out.try_push(char::from(*byte)).is_err() {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venues_words_are_read_without_escapes_and_cut() {
        let said = br#"{"channel":"error","data":"Bad: {\"type\":\"bbo\"}"}"#;
        assert_eq!(&words(said), r#"Bad: {"type":"bbo"}"#);
        assert_eq!(&words(b"{\"channel\":\"error\",\"data\":\"\"}"), "");
        assert_eq!(&words(b"\xff\n"), "");
        assert_eq!(words(&[b'x'; 1000]).len(), WORDS_MAX);
    }
}
