//! The account of one coin under one fill model, its profit taken apart exactly.
//!
//! In: fills, mids, funding. Out: position, cash, and five parts of the profit. Hot path: fixed
//! ring, integers.
//!
//! With fills i (sign s, size z, price p, mid m at the fill, mid m' at the horizon, mark M):
//! ```text
//! spread = sum s z (m - p)     adverse = sum s z (m' - m)     inventory = sum s z (M - m')
//! profit = spread + adverse + inventory + fees + funding  ==  cash + position x M
//! ```
//! The sum telescopes fill by fill; a fill whose horizon has not come yet has m' = M.
//!
//! 1. `profit() == equity()` after every call, as integers.
//! 2. A fill's horizon is the first mid at or after fill time plus the horizon.
//! 3. A hole in the data closes the horizons that have not come, and counts them.
//! 4. When more fills are pending than the ring holds, the oldest is closed early and counted.
//! 4. A sum beyond 8e21 USD stays at that limit: the largest position at the largest price overflows
//!    nothing, and up to there every sum is exact.

use serde::{Deserialize, Serialize};

use crate::event::own::Fill;
use crate::limits::PENDING_MAX;
use crate::math::fixed::share_of;
use crate::units::{Cash, Mid2, Ns, Px, Side, Sz};

use super::fees::CENTI;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Pending {
    due: Ns,
    signed: i64,
}

/// A fill as the account sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking {
    /// Session time.
    pub at: Ns,
    /// Side of the own order.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size, positive.
    pub sz: Sz,
    /// Mid before the block that filled it.
    pub mid: Mid2,
    /// Fee, 1e-8 USD; negative: rebate.
    pub fee_e8: i64,
}

impl Booking {
    /// The booking of a fill, at session time `at`.
    #[must_use]
    pub fn of(at: Ns, f: &Fill) -> Booking {
        Booking { at, side: f.side, px: f.px, sz: f.sz, mid: f.mid, fee_e8: f.fee_e8 }
    }
}

/// What an account has come to: the five parts of its profit, in [`Cash`] units, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Captured spread.
    pub spread: i128,
    /// Adverse selection to the horizon.
    pub adverse: i128,
    /// Inventory after it.
    pub inventory: i128,
    /// Fees, negative when paid.
    pub fees: i128,
    /// Funding.
    pub funding: i128,
    /// Position, signed.
    pub position: Sz,
    /// Mark; 0 before the first.
    pub mark: Mid2,
    /// Number of fills.
    pub fills: u32,
}

/// The account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    horizon_ns: i64,
    pending: Box<[Pending]>,
    head: usize,
    len: usize,
    pending_net: i128,
    closed_early: u64,
    cut: u64,
    position: i128,
    /// Cost of the open position, signed like it: average entry is basis over position.
    basis: i128,
    realised: i128,
    cash: i128,
    mark: Option<Mid2>,
    spread: i128,
    adverse: i128,
    inventory: i128,
    fees: i128,
    funding: i128,
    fills: u32,
    volume: i128,
}

impl Ledger {
    /// An empty account; adverse selection is measured over `horizon_ns` (primary: 5 s).
    #[must_use]
    pub fn new(horizon_ns: i64) -> Ledger {
        Ledger {
            horizon_ns,
            pending: vec![Pending::default(); PENDING_MAX].into_boxed_slice(),
            head: 0,
            len: 0,
            pending_net: 0,
            closed_early: 0,
            cut: 0,
            position: 0,
            basis: 0,
            realised: 0,
            cash: 0,
            mark: None,
            spread: 0,
            adverse: 0,
            inventory: 0,
            fees: 0,
            funding: 0,
            fills: 0,
            volume: 0,
        }
    }

    /// Books a fill.
    pub fn on_fill(&mut self, fill: &Booking) {
        let mark = *self.mark.get_or_insert(fill.mid);
        let signed = fill.side.sign() * fill.sz.0;
        let z = i128::from(signed);
        let value = 2 * i128::from(fill.px.0) * z;
        add(&mut self.spread, i128::from(fill.mid.0) * z);
        add(&mut self.spread, -value);
        add(&mut self.adverse, i128::from(mark.0 - fill.mid.0) * z);
        let fee = i128::from(fill.fee_e8) * CENTI;
        add(&mut self.fees, -fee);
        add(&mut self.cash, -value);
        add(&mut self.cash, -fee);
        self.enter(z, fill.px, value);
        self.position += z;
        add(&mut self.volume, value.abs());
        self.fills = self.fills.saturating_add(1);
        if self.len == PENDING_MAX {
            self.close_oldest();
            self.closed_early += 1;
        }
        let slot = (self.head + self.len) % PENDING_MAX;
        self.pending[slot] = Pending { due: fill.at.plus(self.horizon_ns), signed };
        self.len += 1;
        self.pending_net += z;
        self.check();
    }

    /// Marks to a mid and closes the horizons that have come.
    pub fn on_mid(&mut self, now: Ns, mid: Mid2) {
        let old = self.mark.replace(mid).unwrap_or(mid);
        let due = self.len > 0 && self.pending[self.head].due <= now;
        let holds = self.len > 0 || self.position != 0;
        if !due && (old == mid || !holds) {
            return;
        }
        let moved = i128::from(mid.0 - old.0);
        add(&mut self.adverse, self.pending_net.saturating_mul(moved));
        add(&mut self.inventory, (self.position - self.pending_net).saturating_mul(moved));
        while self.len > 0 && self.pending[self.head].due <= now {
            self.close_oldest();
        }
        self.check();
    }

    /// Invariant 1, as long as no sum is at its limit.
    fn check(&self) {
        let sums = [self.spread, self.adverse, self.inventory, self.cash, self.held().0];
        debug_assert!(
            sums.iter().any(|x| x.unsigned_abs() >= LIMIT) || self.profit() == self.equity()
        );
    }

    /// The market is lost from sight: horizons that have not come are closed at the mid there was, so
    /// that what moved meanwhile counts as inventory.
    pub fn on_gap(&mut self) {
        self.cut += self.len as u64;
        while self.len > 0 {
            self.close_oldest();
        }
        debug_assert_eq!(self.profit(), self.equity());
    }

    /// Books funding, in units of 1e-8 USD, negative when paid.
    pub fn on_funding(&mut self, amount_e8: i64) {
        let amount = i128::from(amount_e8) * CENTI;
        add(&mut self.funding, amount);
        add(&mut self.cash, amount);
    }

    /// Position, signed.
    #[must_use]
    pub fn position(&self) -> Sz {
        Sz(i64::try_from(self.position).unwrap_or(if self.position < 0 {
            i64::MIN
        } else {
            i64::MAX
        }))
    }

    /// Average entry price of the open position, rounded towards zero; `None` when flat.
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn entry(&self) -> Option<Px> {
        if self.position == 0 {
            return None;
        }
        i64::try_from(self.basis / 2 / self.position).ok().map(Px)
    }

    /// Profit realised by reductions against the average entry, before fees and funding.
    #[must_use]
    pub fn realised(&self) -> Cash {
        Cash(self.realised)
    }

    /// Profit of the open position against the average entry, at the mark.
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn unrealised(&self) -> Cash {
        Cash(self.held().0.saturating_sub(self.basis))
    }

    /// Sum of the five parts.
    #[must_use]
    pub fn profit(&self) -> Cash {
        let parts = [self.spread, self.adverse, self.inventory, self.fees, self.funding];
        Cash(parts.into_iter().fold(0, i128::saturating_add))
    }

    /// Cash plus position at the mark. Equal to [`Ledger::profit`] at all times.
    #[must_use]
    pub fn equity(&self) -> Cash {
        Cash(self.cash.saturating_add(self.held().0))
    }

    /// Value traded so far.
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn volume(&self) -> Cash {
        Cash(self.volume)
    }

    /// Fills whose horizon was closed early because too many were pending.
    #[must_use]
    #[cfg(any(test, feature = "lab"))]
    pub fn closed_early(&self) -> u64 {
        self.closed_early
    }

    /// Fills whose horizon a hole in the data cut short.
    #[must_use]
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// What the account has come to.
    #[must_use]
    pub fn statement(&self) -> Statement {
        Statement {
            spread: self.spread,
            adverse: self.adverse,
            inventory: self.inventory,
            fees: self.fees,
            funding: self.funding,
            position: self.position(),
            mark: self.mark.unwrap_or_default(),
            fills: self.fills,
        }
    }

    /// The position at the mark.
    fn held(&self) -> Cash {
        Cash(self.mark.map_or(0, |m| self.position.saturating_mul(i128::from(m.0))))
    }

    fn close_oldest(&mut self) {
        let p = self.pending[self.head];
        self.pending_net -= i128::from(p.signed);
        self.head = (self.head + 1) % PENDING_MAX;
        self.len -= 1;
    }

    /// Average entry: additions raise the basis; reductions take their share of it, the rounding
    /// staying in the basis until the position is closed; a flip closes, then opens.
    fn enter(&mut self, z: i128, px: Px, value: i128) {
        let adds = self.position == 0 || (self.position > 0) == (z > 0);
        if adds {
            add(&mut self.basis, value);
            return;
        }
        let closes = z.abs().min(self.position.abs());
        let cost = share_of(self.basis, closes, self.position.abs());
        let one = 2 * i128::from(px.0) * z.signum();
        add(&mut self.realised, -one * closes);
        add(&mut self.realised, -cost);
        add(&mut self.basis, -cost);
        add(&mut self.basis, one * (z.abs() - closes));
    }
}

/// Where exactness ends: an eighth of what a sum holds, so that a few of them add up.
const LIMIT: u128 = 1 << 124;

/// Adds to a sum, which stays at its limit.
fn add(sum: &mut i128, x: i128) {
    *sum = sum.saturating_add(x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::ONE;
    use proptest::prelude::*;

    const SEC: i64 = Ns::SEC;

    fn fill(at: i64, side: Side, px: i64, sz: i64, mid: i64) -> Booking {
        Booking {
            at: Ns(at),
            side,
            px: Px(px * ONE),
            sz: Sz(sz * ONE),
            mid: Mid2(2 * mid * ONE),
            fee_e8: 0,
        }
    }

    #[test]
    fn a_hole_closes_the_horizons_that_have_not_come() {
        let mut l = Ledger::new(5 * SEC);
        l.on_mid(Ns(0), Mid2(200 * ONE));
        l.on_fill(&fill(0, Side::Buy, 99, 2, 100));
        l.on_mid(Ns(SEC), Mid2(198 * ONE));
        l.on_gap();
        // Minutes later: what moved in the hole is no adverse selection of the fill.
        l.on_mid(Ns(240 * SEC), Mid2(180 * ONE));
        let s = l.statement();
        assert_eq!((s.adverse, s.inventory), (usd(-2), usd(-18)));
        assert_eq!((l.cut(), l.profit()), (1, l.equity()));
    }

    fn usd(x: i128) -> i128 {
        x * Cash::USD
    }

    #[test]
    fn the_three_parts_of_one_fill() {
        let mut l = Ledger::new(5 * SEC);
        l.on_fill(&fill(0, Side::Buy, 99, 2, 100));
        l.on_mid(Ns(SEC), Mid2(2 * 98 * ONE));
        l.on_mid(Ns(5 * SEC), Mid2(2 * 97 * ONE));
        l.on_mid(Ns(9 * SEC), Mid2(2 * 105 * ONE));
        let a = l.statement();
        assert_eq!(a.spread, usd(2));
        assert_eq!(a.adverse, usd(-6), "from 100 to the first mid at or after five seconds");
        assert_eq!(a.inventory, usd(16));
        assert_eq!(l.equity(), Cash(usd(12)));
    }

    #[test]
    fn average_entry_across_reduction_and_flip() {
        let mut l = Ledger::new(5 * SEC);
        l.on_fill(&fill(0, Side::Buy, 100, 2, 100));
        l.on_fill(&fill(0, Side::Buy, 103, 1, 100));
        assert_eq!(l.entry(), Some(Px(101 * ONE)));
        l.on_fill(&fill(0, Side::Sell, 104, 1, 100));
        assert_eq!((l.entry(), l.realised()), (Some(Px(101 * ONE)), Cash(usd(3))));
        l.on_fill(&fill(0, Side::Sell, 102, 5, 100));
        assert_eq!(l.position(), Sz(-3 * ONE));
        assert_eq!((l.entry(), l.realised()), (Some(Px(102 * ONE)), Cash(usd(5))));
        l.on_fill(&fill(0, Side::Buy, 100, 3, 100));
        assert_eq!((l.position(), l.entry(), l.realised()), (Sz(0), None, Cash(usd(11))));
        assert_eq!(l.unrealised(), Cash(0));
    }

    #[test]
    fn too_many_pending_fills_are_closed_early_and_counted() {
        let mut l = Ledger::new(5 * SEC);
        for _ in 0..PENDING_MAX {
            l.on_fill(&fill(0, Side::Buy, 99, 1, 100));
        }
        assert_eq!(l.closed_early(), 0);
        l.on_fill(&fill(0, Side::Buy, 99, 1, 100));
        assert_eq!(l.closed_early(), 1);
        assert_eq!(l.profit(), l.equity());
        // The one closed early sees the next move as inventory, the others as adverse selection.
        l.on_mid(Ns(SEC), Mid2(2 * 101 * ONE));
        let a = l.statement();
        assert_eq!((a.adverse, a.inventory), (usd(PENDING_MAX as i128), usd(1)));
    }

    #[test]
    fn funding_volume_and_the_largest_position() {
        let mut l = Ledger::new(5 * SEC);
        l.on_fill(&fill(0, Side::Sell, 100, 3, 100));
        l.on_fill(&fill(0, Side::Buy, 100, 1, 100));
        assert_eq!(l.volume(), Cash(usd(400)));
        l.on_funding(150_000_000);
        l.on_funding(-25_000_000);
        assert_eq!((l.profit(), l.equity()), (Cash(usd(5) / 4), Cash(usd(5) / 4)));
        for (side, most) in [(Side::Sell, Sz(i64::MIN)), (Side::Buy, Sz(i64::MAX))] {
            let mut l = Ledger::new(5 * SEC);
            for _ in 0..2 {
                l.on_fill(&Booking { sz: Sz(i64::MAX), ..fill(0, side, 1, 1, 1) });
            }
            assert_eq!(l.position(), most);
        }
    }

    #[test]
    fn what_no_account_holds_stays_at_the_limit() {
        let most = 1_000_000_000_000_000_000;
        let mut l = Ledger::new(5 * SEC);
        for i in 0..400 {
            let side = if i < 200 { Side::Buy } else { Side::Sell };
            let (at, px, sz) = (Ns(i), Px(most), Sz(most));
            l.on_fill(&Booking { at, side, px, sz, mid: Mid2(2 * most), fee_e8: i64::MAX });
            l.on_mid(Ns(i), Mid2([2 * most, 1][usize::from(i % 2 == 0)]));
            l.on_funding(i64::MIN);
            let _ = (l.profit(), l.equity(), l.entry(), l.realised(), l.unrealised());
        }
        assert_eq!((l.position(), l.volume()), (Sz(0), Cash(i128::MAX)));
    }

    /// The parts by their definitions, over all fills at once: signed size, mid, due time, and the
    /// mid at which the horizon closed.
    fn by_definition(fills: &[(i128, i128, i64, Option<i128>)], mark: i128) -> (i128, i128) {
        let adverse = fills.iter().map(|(z, mid, _, end)| z * (end.unwrap_or(mark) - mid)).sum();
        let inventory = fills.iter().map(|(z, _, _, end)| z * (mark - end.unwrap_or(mark))).sum();
        (adverse, inventory)
    }

    proptest! {
        /// From the smallest price and size that are read to the largest, in every mixture.
        #[test]
        fn the_largest_price_size_and_position_are_exact(
            ops in prop::collection::vec((any::<bool>(), 0u32..18, 0u32..17, 0u32..18, 1i64..10), 1..40)
        ) {
            let mut l = Ledger::new(5 * SEC);
            for (n, (buy, px, sz, mid, k)) in (0..).zip(ops) {
                let side = if buy { Side::Buy } else { Side::Sell };
                let (at, px, sz) = (Ns(n), Px(k * 10i64.pow(px)), Sz(k * 10i64.pow(sz)));
                l.on_fill(&Booking { at, side, px, sz, mid: Mid2(k * 10i64.pow(mid)), fee_e8: k });
                l.on_mid(Ns(n), Mid2(k * 10i64.pow(mid)));
                let a = l.statement();
                prop_assert_eq!(l.profit(), l.equity());
                prop_assert_eq!(l.realised().0 + l.unrealised().0, a.spread + a.adverse + a.inventory);
                // The entry is between the prices paid: reductions leave it where it was.
                prop_assert!(l.entry().is_none_or(|e| e.0 > 0 && e.0 <= 9 * 10i64.pow(17)), "{:?}", l.entry());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        /// The parts sum to the equity, and realised plus unrealised to the part without fees and
        /// funding, after every event.
        #[test]
        fn parts_sum_exactly_after_every_event(
            ops in prop::collection::vec((0u8..4, any::<bool>(), 1i64..5_000_000_000, 1i64..400_000_000, -3_000_000_000i64..3_000_000_000, 0i64..3, -40i64..40), 1..120)
        ) {
            let mut l = Ledger::new(5 * SEC);
            let mut now = 0;
            let mut mid = 10_000_000_001i64;
            let mut fills = vec![];
            for (kind, buy, px, sz, step, dt, off) in ops {
                now += dt * SEC;
                match kind {
                    0 | 1 => {
                        // The mid of a fill is one of a moment before: not the mark.
                        let b = Booking {
                            at: Ns(now),
                            side: if buy { Side::Buy } else { Side::Sell },
                            px: Px(px), sz: Sz(sz), mid: Mid2(mid + off), fee_e8: step / 7,
                        };
                        l.on_fill(&b);
                        if fills.is_empty() { mid = l.statement().mark.0; }
                        let z = i128::from(b.side.sign() * sz);
                        fills.push((z, i128::from(b.mid.0), now + 5 * SEC, None));
                    }
                    2 => {
                        mid = (mid + step).max(2);
                        l.on_mid(Ns(now), Mid2(mid));
                        for f in fills.iter_mut().filter(|f| f.3.is_none() && f.2 <= now) {
                            f.3 = Some(i128::from(mid));
                        }
                    }
                    _ => l.on_funding(step),
                }
                prop_assert_eq!(l.profit(), l.equity());
                let a = l.statement();
                let gross = a.spread + a.adverse + a.inventory;
                prop_assert_eq!((a.adverse, a.inventory), by_definition(&fills, i128::from(mid)));
                prop_assert_eq!(l.realised().0 + l.unrealised().0, gross);
            }
        }
    }
}
