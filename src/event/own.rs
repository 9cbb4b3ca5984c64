//! What happens to own orders: states and fills, whoever executes them.
//!
//! In: an executor's doings. Out: plain values. Hot path.

use serde::{Deserialize, Serialize};

use crate::units::words::words;
use crate::units::{Mid2, Ns, Px, Side, Sz};

words! {
    /// State of an own order.
    OrderState {
        Sent / "sent" : "On its way to the venue.",
        Live / "live" : "In the book.",
        Rejected / "rejected" : "Refused by the venue.",
        CancelSent / "cancel_sent" : "A cancel is on its way; fills before it stand.",
        Cancelled / "cancelled" : "Out of the book.",
        Filled / "filled" : "Completely filled.",
    }

    /// Why an own order was refused or taken out.
    OrderReason {
        None / "none" : "No reason needed.",
        Replaced / "replaced" : "The ladder moved.",
        Withdrawn / "withdrawn" : "A guard took the side down.",
        PostOnly / "post_only" : "Post only order would have immediately matched.",
        Tick / "tick" : "Price must be divisible by tick size.",
        Lot / "lot" : "Order has invalid size.",
        MinValue / "min_value" : "Order must have minimum value of $10.",
        TooFar / "too_far" : "Order price cannot be more than 95% away from the reference price.",
        LinkLost / "link_lost" : "The link went down; the venue cancels what is scheduled to.",
        Gone / "gone" : "Order was never placed, already canceled, or filled.",
        Requests / "requests" : "Too many cumulative requests sent for the volume traded.",
    }

    /// Why a fill happened.
    FillReason {
        Queue / "queue" : "Volume printed at the price beyond the queue ahead.",
        Through / "through" : "A taker traded through the price.",
        Crossed / "crossed" : "The book moved onto the price from the other side.",
        Touch / "touch" : "The optimistic bracket: any print at the price.",
        Drawn / "drawn" : "The original model's draw came out.",
    }

    /// Which of the three results of one pass.
    Lane {
        Configured / "configured" : "The configured fill model; the one that decides and learns.",
        Pessimistic / "pessimistic" : "The pessimistic bracket on the same decisions.",
        Optimistic / "optimistic" : "The optimistic bracket on the same decisions.",
    }
}

/// The three results of one pass.
pub const LANES: [Lane; 3] = [Lane::Configured, Lane::Pessimistic, Lane::Optimistic];

/// An own order came to another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// Own order number, from 1.
    pub id: u64,
    /// State.
    pub state: OrderState,
    /// Reason of a reject or cancel.
    pub reason: OrderReason,
    /// Side.
    pub side: Side,
    /// Level in the ladder, 0 nearest.
    pub level: u8,
    /// Price.
    pub px: Px,
    /// Size placed.
    pub sz: Sz,
    /// Size still open in the configured lane.
    pub open: Sz,
    /// Volume ahead in the queue (own orders included) when it went live.
    pub ahead: Sz,
    /// Venue time at which this state began.
    pub effective: Ns,
}

/// An own order was filled, whole or in part, in one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Own order number.
    pub id: u64,
    /// Which of the three results this belongs to.
    pub lane: Lane,
    /// Why.
    pub reason: FillReason,
    /// Side of the own order.
    pub side: Side,
    /// The price was outside the visible book when the order went live.
    pub unknown_queue: bool,
    /// Level in the ladder, 0 nearest.
    pub level: u8,
    /// Price.
    pub px: Px,
    /// Size of this fill.
    pub sz: Sz,
    /// Size left open.
    pub open: Sz,
    /// Volume ahead when the order went live.
    pub ahead: Sz,
    /// Age of the order on the venue's clock, ns.
    pub age: i64,
    /// Block time of the fill.
    pub time: Ns,
    /// The print that made it; 0: none (crossed).
    pub tid: u64,
    /// Mid before the block.
    pub mid: Mid2,
    /// Fee, 1e-8 USD; negative: rebate.
    pub fee_e8: i64,
    /// Age of the display the queue started from, ns; -1: the price had never been displayed.
    pub sight_age: i64,
}

/// What of a coin could not be taken in the order in which the venue did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Prints that came after a state of their block, or of a later one, had been taken.
    pub prints: u64,
    /// Blocks that were taken before their time for want of room.
    pub blocks: u64,
}

impl std::ops::AddAssign for Late {
    fn add_assign(&mut self, other: Late) {
        self.prints = self.prints.saturating_add(other.prints);
        self.blocks = self.blocks.saturating_add(other.blocks);
    }
}
