//! Whether a strategy has to be asked again for a side's ladder.
//!
//! In: what the ladder was made from last and how long it said it stands, and what holds now. Out: yes
//! or no. Hot path.
//!
//! 1. An own fill, a refused order, a change of health or of a guard, and an order that is missing
//!    always ask again.
//! 2. Where a ladder follows the market, its orders may stand off by a tolerance: a move that stays
//!    within what is left of it is taken to change no order. Sizes that follow from rounded prices may.

use serde::{Deserialize, Serialize};

use crate::quote::guard::State;
use crate::quote::{Band, Stands};
use crate::units::{Ns, Px, Sz};

/// Everything that a side's ladder and the orders that show it depend on, besides where the market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    pub state: State,
    /// Own orders changed so often in a way that may change what is wanted of them.
    pub moves: u64,
    /// Number of the estimates.
    pub estimates: u64,
    /// Number of messages with prints, and of points of the tick grid.
    pub beats: u64,
    /// Number of the windows of evidence.
    pub windows: u64,
}

/// Where the market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spot {
    pub bid: Px,
    pub ask: Px,
    pub sizes: [Sz; 2],
}

/// A side whose orders are as its ladder wants them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Standing {
    basis: Basis,
    spot: Spot,
    /// How far the market may move is said by prices, not by that it follows.
    stands: Stands,
}

/// What a side that is held back depends on: what holds it back.
pub(super) const HELD: Stands = Stands { estimates: true, ..Stands::FOLLOWS };

impl Standing {
    /// A side made now, whose wanted prices may go by `slack` before an order has to be changed, price
    /// units: no wanted price is farther off than the market has gone.
    pub(super) fn new(basis: Basis, spot: Spot, stands: Stands, slack: i64) -> Standing {
        let about = |px: Px| [-1, 1].map(|sign| Px(px.0.saturating_add(sign * slack.max(0))));
        let touch = match stands.touch {
            Band::Follows => Band::Within { bid: about(spot.bid), ask: about(spot.ask) },
            said => said,
        };
        Standing { basis, spot, stands: Stands { touch, ..stands } }
    }

    /// Whether what was made then is what would be made at `now`.
    #[inline]
    pub(super) fn holds(&self, now: Ns, basis: &Basis, spot: &Spot) -> bool {
        let s = &self.stands;
        let was = &self.basis;
        was.state == basis.state
            && was.moves == basis.moves
            && (!s.estimates || was.estimates == basis.estimates)
            && (!s.prints || was.beats == basis.beats)
            && (!s.curve || was.windows == basis.windows)
            && now < s.until
            && match s.touch {
                Band::Still | Band::Follows => self.spot == *spot,
                Band::Within { bid, ask } => {
                    (bid[0]..=bid[1]).contains(&spot.bid) && (ask[0]..=ask[1]).contains(&spot.ask)
                }
            }
    }

    /// What two sides that hold at `basis` have in common: while it holds there is nothing to decide.
    /// None where one depends on sizes.
    pub(super) fn both(sides: [&Standing; 2], basis: Basis) -> Option<Standing> {
        let [a, b] = sides.map(|s| s.stands);
        let (Band::Within { bid, ask }, Band::Within { bid: bids, ask: asks }) = (a.touch, b.touch)
        else {
            return None;
        };
        let both = |a: [Px; 2], b: [Px; 2]| [a[0].max(b[0]), a[1].min(b[1])];
        let stands = Stands {
            touch: Band::Within { bid: both(bid, bids), ask: both(ask, asks) },
            until: a.until.min(b.until),
            estimates: a.estimates || b.estimates,
            prints: a.prints || b.prints,
            curve: a.curve || b.curve,
        };
        Some(Standing { basis, stands, ..*sides[0] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Health;

    const NOW: Ns = Ns(5);

    fn basis() -> Basis {
        let state = State { health: Health::Fresh, behind: false, loss: false, stopping: false };
        Basis { state, moves: 2, estimates: 1, beats: 0, windows: 3 }
    }

    fn spot(bid: i64, ask: i64) -> Spot {
        Spot { bid: Px(bid), ask: Px(ask), sizes: [Sz(1), Sz(1)] }
    }

    #[test]
    fn a_side_that_follows_holds_until_the_touch_uses_up_its_slack() {
        let (basis, at) = (basis(), spot(100_000_000, 100_000_100));
        let s = Standing::new(basis, at, HELD, 1_000);
        let holds = |basis, spot| s.holds(NOW, &basis, &spot);
        assert!(holds(basis, spot(100_001_000, 100_000_100)));
        let wider = Standing::new(basis, at, HELD, 2_000);
        let rest = Standing::both([&s, &wider], basis).expect("a band");
        assert!(!holds(basis, spot(100_001_001, 100_000_100)));
        assert!(!holds(basis, spot(100_000_000, 99_999_099)));
        assert!(holds(Basis { beats: 7, ..basis }, at), "prints alone change nothing");
        assert!(!holds(Basis { estimates: 2, ..basis }, at));
        assert!(!holds(Basis { moves: 3, ..basis }, at));
        assert!(!holds(Basis { windows: 4, ..basis }, at));
        let later = [1, 4, 7].map(|n| Basis { estimates: n, windows: n.max(3), beats: n, ..basis });
        for basis in [basis, later[0], later[1], later[2], Basis { moves: 3, ..basis }] {
            for at in [at, spot(100_001_000, 100_000_100), spot(100_000_000, 99_999_099)] {
                assert_eq!(rest.holds(NOW, &basis, &at), holds(basis, at), "both sides");
            }
        }
        assert!(!holds(Basis { state: State { loss: true, ..basis.state }, ..basis }, at));
        // Without slack only the same market is good enough; sizes are none of it.
        let tight = Standing::new(basis, at, HELD, -1);
        assert!(tight.holds(NOW, &basis, &Spot { sizes: [Sz(9), Sz(9)], ..at }));
        assert!(!tight.holds(NOW, &basis, &spot(100_000_001, 100_000_100)));
    }

    #[test]
    fn a_ladder_stands_as_long_as_it_says() {
        let (basis, at) = (basis(), spot(100, 110));
        let made = |stands| Standing::new(basis, at, stands, 0);
        let never = made(Stands::default());
        assert!(never.holds(NOW, &basis, &at));
        assert!(
            !never.holds(NOW, &Basis { beats: 1, ..basis }, &at),
            "asked on a print and a tick"
        );
        assert!(!never.holds(NOW, &basis, &Spot { sizes: [Sz(1), Sz(2)], ..at }), "on any change");
        let timed = made(Stands { until: Ns(6), prints: false, ..Stands::default() });
        assert!(timed.holds(NOW, &basis, &at) && !timed.holds(Ns(6), &basis, &at));
        let band = Band::Within { bid: [Px(90), Px(105)], ask: [Px(106), Px(120)] };
        let loose =
            made(Stands { touch: band, estimates: false, prints: false, curve: false, ..HELD });
        let later = Basis { estimates: 9, beats: 9, windows: 9, ..basis };
        assert!(loose.holds(NOW, &later, &spot(90, 120)));
        assert!(!loose.holds(NOW, &later, &spot(89, 120)));
        assert!(!loose.holds(NOW, &later, &spot(90, 121)));
        assert!(!loose.holds(NOW, &Basis { moves: 3, ..later }, &at), "a fill always ends it");
    }
}
