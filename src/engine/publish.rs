//! Where records go: the engine's one way out.
//!
//! In: a time, a coin, the content. Out: whatever the publisher makes of it: a queue to the
//! logging thread, a digest, a list in a test. Hot path: an implementation used while running
//! never waits and never allocates.
//!
//! 1. The publisher numbers records from 0 without holes, in the order of the calls.
//! 2. The engine cannot see whether a record was dropped; `Event::Behind` says so.

use crate::record::Body;
use crate::units::{CoinId, Ns};

/// Takes what the engine has to say.
pub trait Publish {
    /// Publishes one record: `at` on the session clock, `coin` or `record::NO_COIN`.
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>);
}

impl<P: Publish> Publish for &mut P {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        (**self).publish(at, coin, body);
    }
}

/// Counts what goes on to `out`.
#[derive(Debug)]
pub(super) struct Counted<'a, P> {
    pub out: &'a mut P,
    pub n: u64,
}

impl<P: Publish> Publish for Counted<'_, P> {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        self.n += 1;
        self.out.publish(at, coin, body);
    }
}

/// Keeps every record in a list. For tests.
#[cfg(any(test, feature = "lab"))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collector {
    /// The records, numbered from 0.
    pub records: Vec<crate::record::Record>,
}

#[cfg(any(test, feature = "lab"))]
impl Publish for Collector {
    fn publish(&mut self, at: Ns, coin: CoinId, body: impl Into<Body>) {
        let seq = self.records.len() as u64;
        self.records.push(crate::record::Record { seq, at, coin, body: body.into() });
    }
}
