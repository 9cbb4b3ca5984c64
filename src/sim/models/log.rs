//! `log`: cancels by the logarithm of the queue.
//!
//! In: the volume ahead and behind, a net decrease. Out: the part of it that was ahead. Hot path.

use serde::{Deserialize, Serialize};

use crate::math::fixed::log2;
use crate::sim::model::{Moment, NoSettings};
use crate::sim::queue::{Credit, Split};

/// Net decreases are shared by ln(1 + lots) of the volume ahead and behind (a queue model of
/// hftbacktest).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Log;

impl Credit for Log {
    const NAME: &'static str = "log";
    const VERSION: u32 = 1;
    type Config = NoSettings;

    fn ahead(_: &NoSettings, at: &Moment, queue: &Split, drop: i64) -> i64 {
        let weight = |x: i64| log2((1 + x / at.lot).unsigned_abs());
        queue.part(drop, |q| (weight(q.ahead), weight(q.behind)))
    }
}
