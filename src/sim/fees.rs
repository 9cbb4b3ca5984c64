//! Fees and funding, each rounded once to 1e-8 USD.
//!
//! In: a value in exact cash, a rate. Out: an amount in units of 1e-8 USD. Hot path, integers.
//!
//! 1. A positive fee is paid by us, a negative one is a rebate.
//! 2. Rounding is half away from zero, once per payment; what was rounded is what is booked.

use serde::{Deserialize, Serialize};

use crate::settings::settings;
use crate::units::rules::Billing;
use crate::units::{Cash, Px, Sz};

/// A rate in units of 1e-8 of the value: 1.5 bps is 15,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate(pub i64);

/// Cash units in 1e-8 USD.
pub const CENTI: i128 = Cash::USD / 100_000_000;

/// One row of the venue's fee table for perpetuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Weighted 14-day volume above which it applies, USD.
    pub volume_usd: u64,
    /// Maker rate.
    pub maker: Rate,
}

/// The venue's tiers (Hyperliquid documentation, "Fees", perpetuals).
pub const TIERS: [Tier; 7] = [
    Tier { volume_usd: 0, maker: Rate(15_000) },
    Tier { volume_usd: 5_000_000, maker: Rate(12_000) },
    Tier { volume_usd: 25_000_000, maker: Rate(8_000) },
    Tier { volume_usd: 100_000_000, maker: Rate(4_000) },
    Tier { volume_usd: 500_000_000, maker: Rate(0) },
    Tier { volume_usd: 2_000_000_000, maker: Rate(0) },
    Tier { volume_usd: 7_000_000_000, maker: Rate(0) },
];

/// Maker shares of the venue's volume above which it pays instead, in 1e-4, and the rates.
const REBATES: [(u32, Rate); 3] = [(300, Rate(-3_000)), (150, Rate(-2_000)), (50, Rate(-1_000))];

/// Discounts for staking, percent of positive fees.
const STAKING: &[i64] = &[0, 5, 10, 15, 20, 30, 40];

/// Discounts for being referred, percent of positive fees.
const REFERRAL: &[i64] = &[0, 4];

settings! {
    /// What decides the account's fees.
    pub struct Fees: Copy, Eq {
        /// Weighted volume of the last 14 days.
        volume_usd: u64 = 0, 0..=1_000_000_000_000_000, "USD";
        /// Share of the venue's maker volume, in 1e-4: above 50, 150 and 300 the venue pays 0.1,
        /// 0.2 and 0.3 bps to the maker.
        maker_share_bps: u32 = 0, 0..=10_000, "bps";
        /// Discount for staking, on positive fees.
        staking_pct: u8 = 0, STAKING, "percent";
        /// Discount for being referred, on positive fees.
        referral_pct: u8 = 0, REFERRAL, "percent";
        /// What the builder of a dex (HIP-3) takes besides the venue, of the account's rate, where no
        /// list says it (a recording holds none).
        builder_pct: u32 = 100, 0..=300, "percent";
        /// Such coins are in growth mode, which costs a tenth.
        builder_growth: bool = false;
    }
}

impl Fees {
    /// The maker rate of the venue's own coins.
    fn own(&self) -> Rate {
        let rebate = REBATES.iter().find(|(share, _)| self.maker_share_bps > *share);
        rebate.map_or_else(|| self.discounted(self.tier().maker), |(_, rate)| *rate)
    }

    /// The maker rate of a coin. A builder's coin costs the rate, and what the builder takes, and as
    /// much again where that is more than the rate; a rebate is the account's; in growth mode both
    /// are a tenth (Hyperliquid documentation, "Fee formula for developers").
    #[must_use]
    pub fn maker(&self, billing: Billing) -> Rate {
        let rate = self.own().0;
        let (scale_e4, growth) = match billing {
            Billing::Venue => return Rate(rate),
            Billing::Builder { scale_e4, growth } => (i64::from(scale_e4), growth),
            Billing::Unlisted => (i64::from(self.builder_pct) * 100, self.builder_growth),
        };
        let times = if rate > 0 { scale_e4 + scale_e4.max(10_000) } else { 10_000 };
        Rate(rate * times / if growth { 100_000 } else { 10_000 })
    }

    fn tier(&self) -> Tier {
        let tier = TIERS.iter().rev().find(|t| self.volume_usd > t.volume_usd);
        *tier.unwrap_or(&TIERS[0])
    }

    fn discounted(&self, rate: Rate) -> Rate {
        let left = |pct: u8| i64::from(100 - pct.min(100));
        Rate(rate.0 * left(self.staking_pct) * left(self.referral_pct) / 10_000)
    }
}

/// Fee for a fill, in units of 1e-8 USD.
#[must_use]
pub fn fee_e8(px: Px, sz: Sz, rate: Rate) -> i64 {
    let value = Cash::of(px, sz).0;
    to_e8(value.saturating_mul(i128::from(rate.0)), i128::from(crate::units::ONE))
}

/// Funding received for one hour (negative: paid), in units of 1e-8 USD: minus position times
/// oracle price times the hourly rate, the rate in units of 1e-10.
#[must_use]
pub fn funding_e8(position: Sz, oracle: Px, rate_e10: i64) -> i64 {
    let value = Cash::of(oracle, position).0;
    to_e8((-value).saturating_mul(i128::from(rate_e10)), 10_000_000_000)
}

/// `amount / scale` in cash units, rounded half away from zero to 1e-8 USD.
fn to_e8(amount: i128, scale: i128) -> i64 {
    let unit = scale * CENTI;
    let half = if amount < 0 { -unit / 2 } else { unit / 2 };
    let rounded = amount.saturating_add(half) / unit;
    i64::try_from(rounded).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Room as _;
    use crate::units::ONE;

    #[test]
    fn fees_are_rounded_once_half_away_from_zero() {
        // 0.16 BTC at 80,600 at 1.5 bps: 12,896 x 0.00015 = 1.9344 USD.
        assert_eq!(fee_e8(Px(80_600 * ONE), Sz(16_000_000), Rate(15_000)), 193_440_000);
        assert_eq!(fee_e8(Px(80_600 * ONE), Sz(16_000_000), Rate(-3_000)), -38_688_000);
        // What no account can hold is the most it can.
        let (px, sz) = (Px(i64::MAX), Sz(i64::MAX));
        assert_eq!(fee_e8(px, sz, Rate(15_000)), i64::MAX);
        assert_eq!(fee_e8(px, sz, Rate(-15_000)), i64::MIN);
        // 1 USD x 0.5e-8 and a half unit both ways.
        assert_eq!(fee_e8(Px(ONE / 2), Sz(ONE), Rate(1)), 1);
        assert_eq!(fee_e8(Px(ONE / 2), Sz(ONE), Rate(-1)), -1);
        assert_eq!(fee_e8(Px(ONE / 2 - 1), Sz(ONE), Rate(1)), 0);
    }

    #[test]
    fn longs_pay_positive_funding_on_the_oracle_price() {
        // 2 coins at 1,000 with 0.0000125 an hour: 0.025 USD.
        assert_eq!(funding_e8(Sz(2 * ONE), Px(1_000 * ONE), 125_000), -2_500_000);
        assert_eq!(funding_e8(Sz(-2 * ONE), Px(1_000 * ONE), 125_000), 2_500_000);
        assert_eq!(funding_e8(Sz(0), Px(1_000 * ONE), 125_000), 0);
    }

    #[test]
    fn tiers_rebates_and_discounts() {
        let of =
            |volume_usd, maker_share_bps| Fees { volume_usd, maker_share_bps, ..Fees::default() };
        assert_eq!(of(0, 0).maker(Billing::Venue), Rate(15_000));
        assert_eq!(of(5_000_000, 0).maker(Billing::Venue), Rate(15_000), "above, not at");
        assert_eq!(of(5_000_001, 0).maker(Billing::Venue), Rate(12_000));
        assert_eq!(of(600_000_000, 50).maker(Billing::Venue), Rate(0));
        for (share, rate) in [(51, -1_000), (150, -1_000), (151, -2_000), (301, -3_000)] {
            assert_eq!(of(0, share).maker(Billing::Venue), Rate(rate));
        }
        let cut = |volume_usd, staking_pct, referral_pct| Fees {
            volume_usd,
            staking_pct,
            referral_pct,
            ..Fees::default()
        };
        assert_eq!(cut(0, 10, 4).maker(Billing::Venue), Rate(12_960));
        assert_eq!(
            Fees { maker_share_bps: 301, ..cut(0, 40, 4) }.maker(Billing::Venue),
            Rate(-3_000)
        );
        assert!(cut(0, 10, 4).check().is_ok());
        assert!(cut(0, 11, 0).check().is_err() && cut(0, 0, 5).check().is_err());
    }

    #[test]
    fn a_builders_coins_cost_the_rate_and_what_the_builder_takes() {
        let base = Fees::default();
        let rebate = Fees { maker_share_bps: 301, ..base };
        let of = |f: Fees, scale_e4, growth| f.maker(Billing::Builder { scale_e4, growth }).0;
        // Scale 1 doubles, below it adds, above it the venue takes as much again.
        for (scale_e4, rate) in [(0, 15_000), (5_000, 22_500), (10_000, 30_000), (30_000, 90_000)] {
            assert_eq!(of(base, scale_e4, false), rate);
            assert_eq!(of(base, scale_e4, true), rate / 10);
            assert_eq!(of(rebate, scale_e4, false), -3_000, "a rebate is the account's");
            assert_eq!(of(rebate, scale_e4, true), -300);
        }
        assert_eq!(base.maker(Billing::Unlisted), Rate(30_000), "as set");
        let set = Fees { builder_pct: 50, builder_growth: true, ..base };
        assert_eq!(set.maker(Billing::Unlisted), Rate(2_250));
        assert_eq!(set.maker(Billing::Venue), Rate(15_000));
    }
}
