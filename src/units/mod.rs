//! Typed quantities: prices, sizes, cash, times, sides and coin numbers. All integers.
//!
//! In: nothing. Out: the words every other module speaks. Hot path: `Copy` newtypes, no allocation.
//!
//! 1. A price is an integer count of 1e-8 quote units (USD), a size of 1e-8 coins: the finest
//!    decimals seen on the venue's wire, so parsing never rounds.
//! 2. Price x size is exact in [`Cash`], whose unit is half of 1e-16 USD so that a mid price
//!    (half a price unit) times a size stays an integer too.

#![deny(clippy::float_arithmetic)]

pub mod decimal;
pub mod lines;
pub mod rules;
pub(crate) mod words;

use serde::{Deserialize, Serialize};

/// Decimal places of a [`Px`] and of a [`Sz`].
pub const SCALE: u32 = 8;
/// One whole unit (1 USD, 1 coin) in the fixed-point scale.
pub const ONE: i64 = 100_000_000;

/// A price in units of 1e-8 USD. Positive wherever it comes from the wire.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Px(pub i64);

/// A size in units of 1e-8 coin. Signed where it is a position, else not negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Sz(pub i64);

/// Twice a mid price: best bid plus best ask, in units of 0.5e-8 USD.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Mid2(pub i64);

/// Money in units of 0.5e-16 USD, so that size x price and size x mid are exact.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cash(pub i128);

/// Nanoseconds since the Unix epoch. On the session clock (monotone, stamped on receipt) or on the
/// venue's clock (block time); the name of the field says which.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ns(pub i64);

/// The side of an order, or of an aggressor. `Buy` is the venue's `B`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[repr(u8)]
pub enum Side {
    /// A bid; as aggressor, a taker who lifted asks.
    #[default]
    Buy = 0,
    /// An ask; as aggressor, a taker who hit bids.
    Sell = 1,
}

/// Index of a coin in the run's configured list, `0..COINS_MAX`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CoinId(pub u8);

impl Px {
    /// The price as a float in USD. For learning, quoting and display only.
    #[expect(clippy::float_arithmetic, reason = "the one exit from integers to estimation")]
    #[expect(clippy::cast_precision_loss, reason = "prices stay below 2^53 units for display")]
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

impl Sz {
    /// The size as a float in coins. For learning, quoting and display only.
    #[expect(clippy::float_arithmetic, reason = "the one exit from integers to estimation")]
    #[expect(clippy::cast_precision_loss, reason = "display and estimation only")]
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

impl Mid2 {
    /// The mid as a float in USD.
    #[expect(clippy::float_arithmetic, reason = "the one exit from integers to estimation")]
    #[expect(clippy::cast_precision_loss, reason = "display and estimation only")]
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / (2 * ONE) as f64
    }

    /// Twice the given price, so that a price compares and subtracts against mids.
    #[must_use]
    pub fn of(px: Px) -> Mid2 {
        Mid2(px.0 * 2)
    }
}

/// A sum of volumes stops here: three of them and a size fit in 63 bits.
pub const VOLUME_MAX: i64 = 1 << 61;

/// `sum` (at most [`VOLUME_MAX`]) and `more` together, at most [`VOLUME_MAX`]; both 0 or more. For sums
/// of what others print or show, which may be any number of the largest sizes.
#[must_use]
pub fn add_volume(sum: i64, more: i64) -> i64 {
    sum.saturating_add(more).min(VOLUME_MAX)
}

impl Cash {
    /// One USD.
    pub const USD: i128 = 2 * (ONE as i128) * (ONE as i128);

    /// Exact value of `sz` coins at price `px`.
    #[must_use]
    pub fn of(px: Px, sz: Sz) -> Cash {
        Cash(2 * (i128::from(px.0) * i128::from(sz.0)))
    }

    /// The amount as a float in USD. For display and estimation only.
    #[expect(clippy::float_arithmetic, reason = "the one exit from integers to display")]
    #[expect(clippy::cast_precision_loss, reason = "display only")]
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::USD as f64
    }
}

impl std::ops::Add for Cash {
    type Output = Cash;
    fn add(self, o: Cash) -> Cash {
        Cash(self.0 + o.0)
    }
}

impl std::ops::Sub for Cash {
    type Output = Cash;
    fn sub(self, o: Cash) -> Cash {
        Cash(self.0 - o.0)
    }
}

impl std::ops::Neg for Cash {
    type Output = Cash;
    fn neg(self) -> Cash {
        Cash(-self.0)
    }
}

impl std::ops::AddAssign for Cash {
    fn add_assign(&mut self, o: Cash) {
        self.0 += o.0;
    }
}

impl Ns {
    /// One millisecond, in nanoseconds.
    pub const MS: i64 = 1_000_000;
    /// One second, in nanoseconds.
    pub const SEC: i64 = 1_000_000_000;
    /// One minute, in nanoseconds.
    pub const MINUTE: i64 = 60 * Self::SEC;
    /// One hour, in nanoseconds.
    pub const HOUR: i64 = 60 * Self::MINUTE;

    /// A venue block time given in milliseconds; saturates.
    #[must_use]
    pub fn from_ms(ms: i64) -> Ns {
        Ns(ms.saturating_mul(Self::MS))
    }

    /// Nanoseconds from `earlier` to `self`; negative when `earlier` is later; saturates.
    #[must_use]
    pub fn since(self, earlier: Ns) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// A span of nanoseconds in seconds; exact enough for spans of days.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "the one exit from integers to estimation")]
    #[expect(clippy::cast_precision_loss, reason = "spans of days are exact enough")]
    pub fn seconds(span: i64) -> f64 {
        span as f64 * 1e-9
    }

    /// This instant plus `ns` nanoseconds; saturates.
    #[must_use]
    pub fn plus(self, ns: i64) -> Ns {
        Ns(self.0.saturating_add(ns))
    }
}

impl Side {
    /// Both sides, bid first, as arrays indexed by [`Side::index`] are laid out.
    pub const BOTH: [Side; 2] = [Side::Buy, Side::Sell];

    /// 0 for `Buy`, 1 for `Sell`.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// +1 for `Buy`, -1 for `Sell`.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    /// Whether price `a` is strictly better than `b` for an order of this side (closer to the
    /// other side): higher for a bid, lower for an ask.
    #[inline]
    #[must_use]
    pub fn better(self, a: Px, b: Px) -> bool {
        // All bits turned over, the order of numbers is, too.
        let turned = -(self as i64);
        a.0 ^ turned > b.0 ^ turned
    }
}

impl CoinId {
    /// As an index into per-coin arrays.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
