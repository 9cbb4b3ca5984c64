//! The account's budget of requests: what the venue allows, and how quoting spends it.
//!
//! In: what was sent, what was traded, the time. Out: whether a request is taken, and how patient
//! quoting has to be. Hot path: O(1), no allocation.
//!
//! 1. The venue's rule (Hyperliquid documentation, "Rate limits and user limits"): an address may send
//!    `allowance` requests and one more for each USD it traded; each order of a batch counts; cancels
//!    are counted by themselves against min(limit + 100,000, 2 limit); when a limit is spent, one
//!    request in ten seconds is taken. A network address besides may send so much weight a minute, a
//!    batch of n weighing 1 + n / 40.
//! 2. One budget for all coins: it belongs to the account.
//! 3. What is left is spread: a share of it each second, so that it is never spent and slows down to
//!    what trading earns back. The less of the spread share is left, the more patient quoting is.

use serde::{Deserialize, Serialize};

use crate::limits::{BATCH_WEIGHT, CANCELS_EXTRA, ORDERS_MAX, SPENT_EVERY_NS};
use crate::math::fixed::mul_div;
use crate::record;
use crate::settings::settings;
use crate::units::{Cash, Ns, Px, Sz};

settings! {
    /// The account's budget of requests at the venue, all coins together.
    pub struct Config: Copy {
        /// Requests that a new account may send before it trades.
        allowance: u32 = 10_000, 0..=1_000_000_000;
        /// Value that the account traded before the run: one request more for each USD.
        traded_usd: u64 = 0, 0..=1_000_000_000_000, "USD";
        /// Orders and changes that it sent before the run.
        sent_before: u64 = 0, 0..=1_000_000_000_000;
        /// Cancels that it sent before the run.
        cancels_before: u64 = 0, 0..=1_000_000_000_000;
        /// Weight of requests that the network address may send in a minute.
        weight_a_minute: u32 = 1_200, 1..=1_000_000;
        /// What is left is spread over so long: a new account sends no more than `allowance` divided
        /// by it. 0: quoting spends as it likes, and the venue refuses what is beyond.
        spread_min: f64 = 30.0, 0.0..=100_000.0, "min";
        /// How many times wider tolerance and least time between changes grow at most.
        patience_most: f64 = 8.0, 1.0..=1_000.0;
    }
}

/// Seconds of what is spread that may be saved up: so much comes at once after a quiet time.
const SAVED_S: f64 = 60.0;

/// What a message of `n` requests weighs.
fn weight(n: usize) -> i64 {
    i64::try_from(1 + n / BATCH_WEIGHT).unwrap_or(i64::MAX)
}

/// What was sent and what may be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Requests {
    /// Cancels that are kept to take everything down with: every order of every coin once.
    kept: u64,
    used: u64,
    cancels: u64,
    refused: u64,
    /// Traded in the run, and the same in whole USD.
    traded: i128,
    traded_whole: u64,
    /// When the next order, and the next cancel, is taken after the limit is spent.
    next: [Ns; 2],
    /// Weight sent, in thousandths, less what is allowed by the time, and when that was.
    weight: i64,
    weighed: Ns,
    /// Orders and changes that quoting has saved up.
    saved: f64,
    saved_at: Ns,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// An order, or a change of one.
    Order = 0,
    /// A cancel.
    Cancel = 1,
}

impl Requests {
    /// Nothing was sent for any of `coins` coins.
    pub(super) fn new(coins: usize) -> Requests {
        let never = Ns(i64::MIN);
        Requests {
            kept: (ORDERS_MAX * coins) as u64,
            used: 0,
            cancels: 0,
            refused: 0,
            traded: 0,
            traded_whole: 0,
            next: [never; 2],
            weight: 0,
            weighed: never,
            saved: f64::MAX,
            saved_at: never,
        }
    }

    /// A fill at `now` was worth this.
    pub(super) fn trade(&mut self, cfg: &Config, now: Ns, (px, sz): (Px, Sz)) {
        self.save(cfg, now);
        self.traded = self.traded.saturating_add(Cash::of(px, sz).0.abs());
        self.traded_whole = u64::try_from(self.traded / Cash::USD).unwrap_or(u64::MAX);
    }

    /// Orders and changes that may be sent in all, and cancels.
    pub(super) fn limits(&self, cfg: &Config) -> [u64; 2] {
        let limit = u64::from(cfg.allowance) + cfg.traded_usd;
        let limit = limit.saturating_add(self.traded_whole);
        [limit, limit.saturating_add(CANCELS_EXTRA).min(limit.saturating_mul(2))]
    }

    /// Whether the network address may send a message now: the largest batch that there is.
    fn is_light(&mut self, cfg: &Config, now: Ns) -> bool {
        let most = i64::from(cfg.weight_a_minute) * 1_000;
        let passed = now.since(self.weighed.max(Ns(0))).clamp(0, 60 * Ns::SEC);
        self.weighed = self.weighed.max(now);
        if self.weight == 0 {
            return 2_000 * weight(ORDERS_MAX) <= most;
        }
        // Thousandths a minute times nanoseconds.
        self.weight = (self.weight - mul_div(most, passed, 60 * Ns::SEC)).max(0);
        self.weight + 2_000 * weight(ORDERS_MAX) <= most
    }

    /// A message with `n` requests was sent.
    pub(super) fn message(&mut self, n: usize) {
        if n > 0 {
            self.weight += 1_000 * weight(n);
        }
    }

    /// A request is sent; gives whether the venue takes it. Refused ones count nowhere but as such.
    pub(super) fn send(&mut self, cfg: &Config, now: Ns, what: Request) -> bool {
        let i = what as usize;
        let limit = self.limits(cfg)[i];
        if self.sent(cfg)[i] >= limit {
            if now < self.next[i] {
                self.refused += 1;
                return false;
            }
            self.next[i] = now.plus(SPENT_EVERY_NS);
        }
        match what {
            Request::Order => {
                self.save(cfg, now);
                (self.used, self.saved) = (self.used + 1, self.saved - 1.0);
            }
            Request::Cancel => self.cancels += 1,
        }
        true
    }

    /// Orders and changes sent, and cancels, those before the run included.
    fn sent(&self, cfg: &Config) -> [u64; 2] {
        [cfg.sent_before + self.used, cfg.cancels_before + self.cancels]
    }

    /// How many orders and changes a second may be spent now; `None` where quoting does not ration
    /// itself. The venue always takes one in ten seconds.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    fn rate(&self, cfg: &Config) -> Option<f64> {
        let left = self.limits(cfg)[0].saturating_sub(self.sent(cfg)[0]) as f64;
        let always = 1e9 / SPENT_EVERY_NS as f64;
        (cfg.spread_min > 0.0).then(|| (left / (cfg.spread_min * 60.0)).max(always))
    }

    /// What is saved up at `now`, and the most that can be: the same however often it is looked at.
    fn saved(&self, rate: f64, now: Ns) -> (f64, f64) {
        let most = (rate * SAVED_S).max(1.0);
        let passed = Ns::seconds(now.since(self.saved_at.max(Ns(0))).max(0));
        ((self.saved + rate * passed).min(most), most)
    }

    /// What is saved up by `now` counts at the rate until now, which is about to change.
    fn save(&mut self, cfg: &Config, now: Ns) {
        let Some(rate) = self.rate(cfg) else { return };
        self.saved = self.saved(rate, now).0;
        self.saved_at = self.saved_at.max(now);
    }

    /// What quoting may do at `now`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 and more")]
    pub(super) fn pace(&mut self, cfg: &Config, now: Ns) -> Pace {
        let ([limit, cancel_limit], [used, cancels]) = (self.limits(cfg), self.sent(cfg));
        let silent = !self.is_light(cfg, now);
        let Some(rate) = self.rate(cfg) else {
            return Pace { patience: 1.0, room: if silent { 0 } else { usize::MAX }, down: false };
        };
        let (saved, most) = self.saved(rate, now);
        let spent = used >= limit;
        let room = match (spent, saved.max(0.0) as usize) {
            (true, n) => n.min(usize::from(now >= self.next[Request::Order as usize])),
            (false, n) => n.min(usize::try_from(limit - used).unwrap_or(n)),
        };
        let short = 1.0 - (saved / most).clamp(0.0, 1.0);
        let patience = 1.0 + (cfg.patience_most - 1.0) * short * short;
        // Enough is kept to take everything down that may stand, or a quarter of a small limit.
        let down = cancel_limit.saturating_sub(cancels) <= self.kept.min(cancel_limit / 4);
        Pace { patience, room: if silent || down { 0 } else { room }, down }
    }

    /// What the record says.
    pub(super) fn record(&self, cfg: &Config, pace: Pace) -> record::Requests {
        let ([limit, cancel_limit], [used, cancels]) = (self.limits(cfg), self.sent(cfg));
        record::Requests {
            used,
            limit,
            cancels,
            cancel_limit,
            refused: self.refused,
            traded: self.traded,
            patience: if pace.room == 0 { 0.0 } else { pace.patience },
        }
    }
}

/// What quoting may do now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// How many times wider tolerance and least time between changes are, from 1.
    pub patience: f64,
    /// Orders and changes that may be sent.
    pub room: usize,
    /// Cancels run out: what stands is to be taken down.
    pub down: bool,
}

impl Pace {
    /// A wait as long as patience makes it, ns.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a wait")]
    pub(super) fn longer(&self, ns: i64) -> i64 {
        (ns as f64 * self.patience) as i64
    }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
