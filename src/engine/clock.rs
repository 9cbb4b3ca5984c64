//! When an own order leaves, on the venue's clock.
//!
//! In: receive times and block times. Out: a time of sending. Hot path.
//!
//! 1. Nothing is sent before the newest block seen: what was decided on it cannot be older. A local
//!    clock that is behind would otherwise look ahead.
//! 2. A feed that is further behind than any network, such as a recording served again, has a clock of
//!    its own, and orders go by that one.

use serde::{Deserialize, Serialize};

use crate::limits::LAG_MAX_NS;
use crate::units::Ns;

/// The venue's clock, as far as block times tell.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Clock {
    /// Newest block time on this link.
    newest: Ns,
    /// How far the newest message's block was behind its receipt, ns.
    lag: i64,
}

impl Clock {
    /// No block was seen.
    pub(super) const fn new() -> Clock {
        Clock { newest: Ns(i64::MIN), lag: 0 }
    }

    /// A message of block `time` came at `now`.
    pub(super) fn see(&mut self, now: Ns, time: Ns) {
        self.newest = self.newest.max(time);
        self.lag = now.since(time);
    }

    /// `now`, on the venue's clock.
    pub(super) fn venue(&self, now: Ns) -> Ns {
        let at = if self.lag > LAG_MAX_NS { now.plus(-self.lag) } else { now };
        at.max(self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_leave_by_the_local_clock_unless_the_feed_has_its_own() {
        let s = |x: i64| Ns(x * Ns::SEC);
        let mut c = Clock::new();
        assert_eq!(c.venue(s(5)), s(5), "nothing is known");
        c.see(s(1_000), s(999));
        assert_eq!(c.venue(s(1_003)), s(1_003), "a slow link is no other clock");
        c.see(s(1_004), s(1_006));
        assert_eq!(c.venue(s(1_005)), s(1_006), "not before the block it was decided on");
        let mut served = Clock::new();
        served.see(s(90_000), s(1_000));
        assert_eq!(served.venue(s(90_002)), s(1_002), "a recording served again");
    }
}
