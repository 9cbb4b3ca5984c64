//! A lower bound of the path: the least that has to be done for a message of one trade.
//!
//! In: the same message, the same parser. Out: the same kind of record in the same kind of queue.
//! Cold path: a yardstick, measured beside the real path in the same loop.
//!
//! 1. The message is read by the decoder of the real path.
//! 2. Behind it: twenty resting orders in two sorted arrays against the print, one count and one sum
//!    for kappa, a ladder of two times ten levels from one `ln_1p`, one `exp` and one square root,
//!    one record of 128 bytes. No book, no second model, no account, no digest.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::feed::{CoinSpec, Coins, Decoded, Decoder, Parser};
use crate::math::det;
use crate::record::{Bytes, RECORD_BYTES};
use crate::units::{Px, Side};

const ORDERS: usize = 10;
const LEVELS: usize = 10;

/// The yardstick.
#[derive(Debug)]
pub struct Bound {
    decoder: Decoder,
    queue: Producer<Bytes>,
    /// Prices of the orders of each side, nearest first, and the volume ahead of each.
    px: [[i64; ORDERS]; 2],
    ahead: [[i64; ORDERS]; 2],
    mid: f64,
    count: f64,
    sum: f64,
    made: u64,
}

impl Bound {
    /// A yardstick for the given coins, and the end of its queue.
    ///
    /// # Errors
    /// The coins cannot be followed.
    pub fn new(
        coins: &[CoinSpec],
        parser: Parser,
        places: usize,
    ) -> Result<(Bound, Consumer<Bytes>), crate::feed::BadCoin> {
        let (queue, end) = RingBuffer::new(places);
        let decoder = Decoder::new(Coins::new(coins)?, parser);
        let bound = Bound {
            decoder,
            queue,
            px: [[0; ORDERS]; 2],
            ahead: [[0; ORDERS]; 2],
            mid: 0.0,
            count: 1.0,
            sum: 1.0,
            made: 0,
        };
        Ok((bound, end))
    }

    /// One message; gives whether it was one of trades.
    pub fn take(&mut self, message: &[u8]) -> bool {
        let Ok(Decoded::Trades { coin }) = self.decoder.decode(message) else { return false };
        let Some(&t) = self.decoder.prints().first() else { return false };
        if self.mid <= 0.0 {
            self.rest(t.px);
        }
        let side = t.aggressor.opposite().index();
        let mut filled = 0i64;
        for i in 0..ORDERS {
            let beyond =
                if side == 0 { self.px[side][i] - t.px.0 } else { t.px.0 - self.px[side][i] };
            if beyond < 0 {
                break;
            }
            self.ahead[side][i] -= t.sz.0;
            filled += i64::from(self.ahead[side][i] < 0 || beyond > 0);
        }
        let depth = (t.px.to_f64() / self.mid - 1.0).abs() * 1e4;
        (self.count, self.sum) = (0.999 * self.count + 1.0, 0.999 * self.sum + depth);
        self.ladder();
        let mut record = [0u8; RECORD_BYTES];
        record[4] = 1;
        record[5] = coin.0;
        record[8..16].copy_from_slice(&self.made.to_le_bytes());
        record[16..24].copy_from_slice(&t.time.0.to_le_bytes());
        record[24..32].copy_from_slice(&filled.to_le_bytes());
        record[32..40].copy_from_slice(&self.px[0][0].to_le_bytes());
        record[40..48].copy_from_slice(&self.px[1][0].to_le_bytes());
        self.made += u64::from(self.queue.push(record).is_ok());
        true
    }

    /// Records pushed.
    #[cfg(test)]
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Both sides from the closed form, with running products from level to level.
    fn ladder(&mut self) {
        let kappa = self.count / self.sum;
        let gamma = 0.01;
        let first = det::ln_1p(gamma / kappa) / gamma;
        let ratio = det::exp(kappa * 0.1);
        let step = (gamma / kappa).sqrt();
        let mut away = first;
        let mut width = step;
        for i in 0..LEVELS.min(ORDERS) {
            let d = self.mid * away * 1e-4;
            self.px[0][i] = units(self.mid - d);
            self.px[1][i] = units(self.mid + d);
            away += width;
            width *= ratio;
        }
    }

    /// Orders around the first print.
    #[cold]
    fn rest(&mut self, px: Px) {
        self.mid = px.to_f64();
        for side in Side::BOTH {
            self.ahead[side.index()] = [i64::MAX / 2; ORDERS];
        }
        self.ladder();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "prices of a market")]
fn units(x: f64) -> i64 {
    (x * 1e8) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_a_trade_with_prices_around_it() {
        let coins = [CoinSpec::new("BTC", 5).expect("a coin")];
        let (mut bound, mut end) = Bound::new(&coins, Parser::Scanner, 8).expect("coins");
        let user = "0x".to_owned() + &"1".repeat(40);
        let hash = "0x".to_owned() + &"2".repeat(64);
        let text = format!(
            "{{\"channel\":\"trades\",\"data\":[{{\"coin\":\"BTC\",\"side\":\"B\",\"px\":\"100.0\",\
             \"sz\":\"1.0\",\"time\":5,\"hash\":\"{hash}\",\"tid\":9,\"users\":[\"{user}\",\"{user}\"]}}]}}"
        );
        assert!(bound.take(text.as_bytes()) && !bound.take(b"{}"));
        let record = end.pop().expect("one");
        assert_eq!((bound.made(), end.slots()), (1, 0));
        let at = |i: usize| i64::from_le_bytes(record[i..i + 8].try_into().expect("eight"));
        assert!(at(32) < 10_000_000_000 && at(40) > 10_000_000_000, "{} {}", at(32), at(40));
    }
}
