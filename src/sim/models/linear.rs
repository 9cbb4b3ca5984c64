//! `linear`: a cancel is anybody's.
//!
//! In: the volume ahead and behind, a net decrease. Out: the part of it that was ahead. Hot path.

use serde::{Deserialize, Serialize};

use crate::sim::model::{Moment, NoSettings};
use crate::sim::queue::{Credit, Split};

/// Net decreases are shared in proportion to the volume ahead and behind.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Linear;

impl Credit for Linear {
    const NAME: &'static str = "linear";
    const VERSION: u32 = 1;
    type Config = NoSettings;

    fn ahead(_: &NoSettings, _: &Moment, queue: &Split, drop: i64) -> i64 {
        queue.part(drop, |q| (q.ahead.unsigned_abs(), q.behind.unsigned_abs()))
    }
}
