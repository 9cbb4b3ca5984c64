//! The records of one message, held back until it is decided.
//!
//! In: records of the engine. Out: the same, in order, to another publisher. Hot path: a copy.
//!
//! 1. Encoding, digest and queue come after the decision, in one go: so they can be timed apart
//!    from it, and the logging thread is not woken between the records of one decision.
//! 2. A full list is handed on early: nothing is lost, only the times mix.

use arrayvec::ArrayVec;

use crate::engine::publish::Publish;
use crate::limits::STAGED_MAX;
use crate::record::Body;
use crate::units::{CoinId, Ns};

/// Room for the records of one message.
#[derive(Debug, Default)]
pub struct Stage {
    held: Box<ArrayVec<(Ns, CoinId, Body), STAGED_MAX>>,
}

/// A publisher that holds back what it is given.
#[derive(Debug)]
pub struct Staged<'a, P: Publish> {
    stage: &'a mut Stage,
    to: &'a mut P,
}

impl Stage {
    /// Holds back what is published to `to`.
    pub fn before<'a, P: Publish>(&'a mut self, to: &'a mut P) -> Staged<'a, P> {
        Staged { stage: self, to }
    }
}

impl<P: Publish> Staged<'_, P> {
    /// Hands everything on.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn flush(&mut self) {
        for (at, coin, body) in self.stage.held.drain(..) {
            self.to.publish(at, coin, body);
        }
    }
}

impl<P: Publish> Publish for Staged<'_, P> {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        if self.stage.held.is_full() {
            self.flush();
        }
        self.stage.held.push((at, coin, body.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::publish::Collector;
    use crate::record::{NO_COIN, Regimes};

    #[test]
    fn what_is_held_back_comes_out_in_order_and_once() {
        let (mut direct, mut held) = (Collector::default(), Collector::default());
        let mut stage = Stage::default();
        for message in 0..5u32 {
            let mut staged = stage.before(&mut held);
            for n in 0..message * 700 {
                let body = Regimes { p: [f64::from(n), 0.0, 0.0, 0.0], sigma_bps: [0.0; 4] };
                direct.publish(Ns(i64::from(message)), NO_COIN, body);
                staged.publish(Ns(i64::from(message)), NO_COIN, body);
            }
            staged.flush();
            assert_eq!(direct, held, "message {message}");
        }
    }
}
