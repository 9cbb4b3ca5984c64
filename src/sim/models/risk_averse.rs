//! `risk-averse`: every cancel happens behind us.
//!
//! In: the volume ahead and behind, a net decrease. Out: the part of it that was ahead. Hot path.

use serde::{Deserialize, Serialize};

use crate::sim::model::{Moment, NoSettings};
use crate::sim::queue::{Credit, Split};

/// Only prints, and the displayed size as a cap, shorten the queue ahead.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct RiskAverse;

impl Credit for RiskAverse {
    const NAME: &'static str = "risk-averse";
    const VERSION: u32 = 1;
    type Config = NoSettings;

    fn ahead(_: &NoSettings, _: &Moment, _: &Split, _: i64) -> i64 {
        0
    }
}
