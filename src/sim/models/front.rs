//! `front`: every cancel happens ahead of us.
//!
//! In: the volume ahead and behind, a net decrease. Out: the part of it that was ahead. Hot path.

use serde::{Deserialize, Serialize};

use crate::sim::model::{Moment, NoSettings};
use crate::sim::queue::{Credit, Split};

/// A net decrease shortens the queue ahead in full.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Front;

impl Credit for Front {
    const NAME: &'static str = "front";
    const VERSION: u32 = 1;
    type Config = NoSettings;

    fn ahead(_: &NoSettings, _: &Moment, _: &Split, drop: i64) -> i64 {
        drop
    }
}
