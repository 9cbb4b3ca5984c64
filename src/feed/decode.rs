//! One message to one typed outcome, in fixed storage.
//!
//! In: the text of a WebSocket message. Out: [`Decoded`], with its content in the decoder: prints,
//! book, best bid and offer, context. Hot path: after construction no allocation.
//!
//! 1. The parse buffer, the parser's index and the tape are made for `MESSAGE_MAX` bytes and
//!    `TOKENS_MAX` tokens; what could need more is turned away before parsing.
//! 2. The scanner only answers what it read to the last byte; all else goes to simd-json, so that
//!    both [`Parser`]s give the same outcome on every input.
//! 3. Content is valid until the next message and only for the outcome that names it.

use std::fmt;

use simd_json::{Buffers, ErrorType, INPUT_PADDING, Tape};

use super::coins::Coins;
use super::outcome::{Decoded, Output};
use super::reject::Reject;
use super::{scan, tape};
use crate::event::{Bbo, Ctx, Snapshot, Trade};
use crate::limits::{JSON_DEPTH_MAX, MESSAGE_MAX, PRINTS_MAX, TOKENS_MAX};
use crate::settings::choices;
use crate::units::{Ns, Px, Side, Sz};

choices! {
    /// Which parser reads first. Both give the same outcomes; only speed differs.
    pub enum Parser = Scanner {
        /// simd-json for every message.
        SimdJson = "simd-json",
        /// A scanner of exactly the venue's wire shapes first, simd-json for everything else.
        Scanner = "scanner",
    }
}

/// Turns messages into typed content; owns all storage that takes.
pub struct Decoder {
    coins: Coins,
    parser: Parser,
    /// The message, mutated in parsing, and the padding that wide loads may touch.
    text: Box<[u8]>,
    buffers: Buffers,
    /// Empty between messages; its storage is kept.
    tape: Tape<'static>,
    out: Output,
    handed_over: u64,
}

/// Fills the prints' storage once.
const NO_TRADE: Trade =
    Trade { aggressor: Side::Buy, px: Px(0), sz: Sz(0), time: Ns(0), taker: 0, tid: 0 };

/// A message of so many bytes holds at most `TOKENS_MAX` tokens, the parser's slack included.
const SURELY_FITS: usize = TOKENS_MAX - 128;

/// The parser makes room for one token in so many bytes of the length it is given, and grows when there
/// are more. Given a length for `TOKENS_MAX` of them, it never does; what it sets aside besides is
/// address space that no page is ever touched of.
const BYTES_A_TOKEN: usize = 128;

impl Decoder {
    /// A decoder for the given coins, all storage allocated, and resident as far as usual messages go.
    pub fn new(coins: Coins, parser: Parser) -> Decoder {
        let mut decoder = Decoder {
            coins,
            parser: Parser::SimdJson,
            text: vec![0; MESSAGE_MAX + INPUT_PADDING].into_boxed_slice(),
            buffers: Buffers::with_max_depth(TOKENS_MAX * BYTES_A_TOKEN, JSON_DEPTH_MAX),
            tape: Tape(Vec::with_capacity(TOKENS_MAX)),
            out: Output {
                prints: vec![NO_TRADE; PRINTS_MAX],
                book: Snapshot::default(),
                bbo: Bbo::default(),
                ctx: Ctx::default(),
            },
            handed_over: 0,
        };
        decoder.out.prints.clear();
        warm_up(&mut decoder);
        decoder.parser = parser;
        decoder
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`Reject`] names why a message was turned away; the decoder is ready for the next one.
    #[inline]
    pub fn decode(&mut self, message: &[u8]) -> Result<Decoded, Reject> {
        if self.parser == Parser::Scanner {
            if let Some(decoded) = scan::decode(message, &self.coins, &mut self.out) {
                return Ok(decoded);
            }
            self.handed_over += 1;
        }
        self.general(message)
    }

    /// The coins of the run.
    pub fn coins(&self) -> &Coins {
        &self.coins
    }

    /// The prints of the last message, after [`Decoded::Trades`].
    pub fn prints(&self) -> &[Trade] {
        &self.out.prints
    }

    /// Adds to the block times of what was decoded last.
    pub(super) fn shift(&mut self, by: i64) {
        let out = &mut self.out;
        let times = [&mut out.book.time, &mut out.bbo.time].into_iter();
        times.chain(out.prints.iter_mut().map(|p| &mut p.time)).for_each(|t| *t = t.plus(by));
    }

    /// The same, to drop those that are not new.
    pub(super) fn prints_mut(&mut self) -> &mut Vec<Trade> {
        &mut self.out.prints
    }

    /// The book of the last message, after [`Decoded::Book`].
    pub fn book(&self) -> &Snapshot {
        &self.out.book
    }

    /// The best bid and offer of the last message, after [`Decoded::Bbo`].
    pub fn bbo(&self) -> &Bbo {
        &self.out.bbo
    }

    /// The context of the last message, after [`Decoded::Ctx`].
    pub fn ctx(&self) -> &Ctx {
        &self.out.ctx
    }

    /// Messages the scanner handed to simd-json. Acknowledgements, pongs and contexts always are.
    pub fn handed_over(&self) -> u64 {
        self.handed_over
    }

    fn general(&mut self, message: &[u8]) -> Result<Decoded, Reject> {
        let len = message.len();
        if len > MESSAGE_MAX {
            return Err(Reject::TooLarge);
        }
        if len > SURELY_FITS && tokens_at_most(message) > SURELY_FITS {
            return Err(Reject::TooDense);
        }
        let padded = &mut self.text[..len + INPUT_PADDING];
        padded[..len].copy_from_slice(message);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let parsed = simd_json::fill_tape_padded(padded, len, &mut self.buffers, &mut tape);
        let decoded = match parsed {
            Ok(()) => tape::decode(&tape.0, &self.coins, &mut self.out),
            Err(error) => not_json(&error, message),
        };
        self.tape = tape.reset();
        decoded
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("coins", &self.coins)
            .field("parser", &self.parser)
            .finish_non_exhaustive()
    }
}

/// An upper bound of the tokens simd-json's first stage marks: structural characters and quotes,
/// and whatever follows one of them or a blank.
fn tokens_at_most(message: &[u8]) -> usize {
    const OTHER: u8 = 0;
    const BLANK: u8 = 1;
    const MARK: u8 = 2;
    const CLASS: [u8; 256] = {
        let mut class = [OTHER; 256];
        let (blanks, marks) = (b" \t\n\r", b"{}[]:,\"");
        let mut i = 0;
        while i < blanks.len() {
            class[blanks[i] as usize] = BLANK;
            i += 1;
        }
        let mut i = 0;
        while i < marks.len() {
            class[marks[i] as usize] = MARK;
            i += 1;
        }
        class
    };
    let mut previous = BLANK;
    let mut tokens = 0;
    for &byte in message {
        let class = CLASS[usize::from(byte)];
        tokens += usize::from(class == MARK || (class == OTHER && previous != OTHER));
        previous = class;
    }
    tokens
}

#[cold]
fn not_json(error: &simd_json::Error, message: &[u8]) -> Result<Decoded, Reject> {
    match error.error() {
        ErrorType::InvalidUtf8 => Err(Reject::NotUtf8),
        ErrorType::DepthLimitExceeded => Err(Reject::TooDeep),
        _ if greets(message) => Ok(Decoded::Greeting),
        _ => Err(Reject::NotJson),
    }
}

/// `Websocket connection established.` and its like: a short printable text that starts with a
/// capital letter, as no JSON text does.
fn greets(message: &[u8]) -> bool {
    message.len() <= 128
        && message.first().is_some_and(u8::is_ascii_uppercase)
        && message.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
}

/// Parses the usual messages once: code and data are resident then, the processor detected.
#[cold]
fn warm_up(decoder: &mut Decoder) {
    let trade = "{\"coin\":\"?\",\"side\":\"B\",\"px\":\"1.0\",\"sz\":\"1.0\",\"time\":1,\"hash\":\"0x\",\"tid\":1,\
                 \"users\":[\"0x\",\"0x\"]}";
    let trades = format!("{{\"channel\":\"trades\",\"data\":[{}]}}", [trade; 20].join(","));
    let side = ["{\"px\":\"1.0\",\"sz\":\"1.0\",\"n\":1}"; 20].join(",");
    let book = format!(
        "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"?\",\"time\":1,\"levels\":[[{side}],[{side}]]}}}}"
    );
    for message in [trades.as_bytes(), book.as_bytes(), b"{", b"Hello", b"\xff"] {
        // What the messages say does not matter here.
        let _ = decoder.general(message);
    }
}
