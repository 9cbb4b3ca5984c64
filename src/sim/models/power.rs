//! `power`: cancels by a power of the queue.
//!
//! In: the volume ahead and behind, a net decrease. Out: the part of it that was ahead. Hot path.

use serde::{Deserialize, Serialize};

use crate::settings::settings;
use crate::sim::model::Moment;
use crate::sim::queue::{Credit, Split};

/// Net decreases are shared by the n-th powers of the volume ahead and behind (a queue model of
/// hftbacktest).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Power;

settings! {
    /// Settings of the `power` model.
    pub struct Exponent: Copy {
        /// The exponent.
        n: u8 = 3, 1..=8;
    }
}

impl Credit for Power {
    const NAME: &'static str = "power";
    const VERSION: u32 = 1;
    type Config = Exponent;

    fn ahead(cfg: &Exponent, _: &Moment, queue: &Split, drop: i64) -> i64 {
        let n = u32::from(cfg.n.clamp(1, 8));
        queue.part(drop, |q| powers(q.ahead.unsigned_abs(), q.behind.unsigned_abs(), n))
    }
}

/// The n-th powers of two sizes, in a common scale below 2^60.
fn powers(a: u64, b: u64, n: u32) -> (u64, u64) {
    let bits = 64 - a.max(b).leading_zeros();
    let shift = bits.saturating_sub(60 / n);
    ((a >> shift).pow(n), (b >> shift).pow(n))
}
