//! What one connection has done so far, and whether to go on with it.
//!
//! In: its messages' times. Out: when to ping, why to close. Hot path: plain values.

use serde::{Deserialize, Serialize};

use super::verdict::Close;
use crate::limits::{
    DATA_SILENCE_NS, MESSAGE_SILENCE_NS, PING_EVERY_NS, PING_SILENCE_NS, REJECTS_PER_MIN_MAX,
};
use crate::units::Ns;

/// What a connection has done so far.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub since: Ns,
    /// Last message of any kind.
    pub any: Ns,
    /// Last market data.
    pub data: Option<Ns>,
    pinged: Ns,
    /// A ping under way.
    pub ping: Option<Ns>,
    /// Trades acknowledged so far: gives them their order.
    pub acks: u32,
    /// Start of the current minute of counting rejections, and their number in it.
    minute: Ns,
    rejects: u32,
}

impl Link {
    /// It was opened at `now`.
    pub(super) fn new(now: Ns) -> Link {
        let (data, ping) = (None, None);
        Link { since: now, any: now, data, pinged: now, ping, acks: 0, minute: now, rejects: 0 }
    }

    /// A ping was sent.
    pub(super) fn ping_at(&mut self, now: Ns) {
        (self.pinged, self.ping) = (now, Some(now));
    }

    /// Whether a ping is due: sooner where nothing comes.
    pub(super) fn wants_ping(&self, now: Ns) -> bool {
        let quiet = now.since(self.any) >= PING_SILENCE_NS;
        now.since(self.pinged) >= if quiet { PING_SILENCE_NS } else { PING_EVERY_NS }
    }

    /// A message was turned away.
    pub(super) fn reject(&mut self, now: Ns) {
        if now.since(self.minute) >= Ns::MINUTE {
            (self.minute, self.rejects) = (now, 0);
        }
        self.rejects = self.rejects.saturating_add(1);
    }

    /// The clocks jumped against each other: silence counts from `now`.
    pub(super) fn jumped(&mut self, now: Ns) {
        (self.any, self.since, self.data) = (now, now, self.data.and(Some(now)));
    }

    /// Why to close it at `now`; `unanswered`: whether a subscription that is needed is overdue.
    pub(super) fn close(&self, now: Ns, unanswered: impl FnOnce() -> bool) -> Option<Close> {
        if now.since(self.any) > MESSAGE_SILENCE_NS {
            Some(Close::Silent)
        } else if now.since(self.data.unwrap_or(self.since)) > DATA_SILENCE_NS {
            Some(Close::NoData)
        } else if unanswered() {
            Some(Close::NoAck)
        } else {
            (self.rejects > REJECTS_PER_MIN_MAX).then_some(Close::Rejects)
        }
    }
}
