//! Seeds of one configuration: latencies and queues drawn otherwise, all else the same.
//!
//! In: a configuration. Out: the same with other seeds. Cold path.

use super::config::ConfigOf;
use crate::engine::Components;
use crate::units::Ns;

/// How many seeds are tried of so long a recording, ns, where nothing else is asked for.
pub fn default_count(length_ns: i64) -> u32 {
    if length_ns < Ns::HOUR { 8 } else { 1 }
}

/// The configuration with its `nth` seed; the one of 0 is its own.
pub fn of_seed<C: Components>(config: &ConfigOf<C>, nth: u32) -> ConfigOf<C> {
    let mut config = config.clone();
    let seed = &mut config.engine.seed;
    *seed = seed.wrapping_add(u64::from(nth)) & i64::MAX.cast_unsigned();
    config
}
