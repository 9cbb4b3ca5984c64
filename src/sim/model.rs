//! The seam of fill models: whom a cancel is credited to, and what a print reaches.
//!
//! In: the own orders of one level, what was displayed and what printed there. Out: sizes filled.
//! Hot path: no allocation, integers.
//!
//! 1. The executor keeps orders, sizes and times; a model keeps only what it thinks of the queues.
//! 2. Printed volume is counted once: [`Taker::share`] shares it out in price-time order, whatever
//!    a model asks for.
//! 3. Settings are lent to each call and are no part of a model's state.
//!
//! Sizes are in units of [`Sz`](crate::units::Sz), times on the venue's clock.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::level::{Level, Reach};
use super::order::{LaneState, SimOrder};
use crate::event::Trade;
use crate::event::own::FillReason;
use crate::math::fixed::mul_div;
use crate::settings::{Rule, Section, Setting};
use crate::units::{Ns, Px, Side};

/// A fill model: what an own order's place in the queue is thought to be, and what reaches it.
///
/// The value itself is the model's state beyond single orders (a source of draws, counters, rates);
/// `Queue` is its state of one order. Both are part of a checkpoint. A hook gets all own orders
/// that it concerns at once, best price first, earliest first.
pub trait FillModel: Clone + Debug + Serialize + DeserializeOwned + Send + 'static {
    /// Name, in records and in the hash of the configuration.
    const NAME: &'static str;
    /// Changes whenever the same market gives other fills.
    const VERSION: u32;
    /// Whether orders fill when the displayed book crosses them.
    const CROSSES: bool = true;
    /// Whether [`FillModel::on_print`] is called.
    const EACH_PRINT: bool = false;
    /// Settings, a table written with `settings!`; [`NoSettings`] where there are none. Its default
    /// is what holds where the configuration says nothing.
    type Config: Setting<Limits = ()>
        + Copy
        + Debug
        + Default
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;
    /// State of one order.
    type Queue: Copy + Debug + Default + Serialize + DeserializeOwned + Send;

    /// The model before anything happened; `seed` decides all its draws.
    fn new(cfg: &Self::Config, seed: u64) -> Self;

    /// An order goes live behind what its level displays; `name` names it in what is drawn.
    fn on_live(&mut self, cfg: &Self::Config, at: &Moment, name: u64, level: &Level)
    -> Self::Queue;

    /// The level of `orders` displays `size` now; what it displayed before is in [`Order::level`].
    fn on_level(
        &mut self,
        cfg: &Self::Config,
        at: &Moment,
        orders: &mut Orders<'_, Self::Queue>,
        size: i64,
    );

    /// A taker reached the level of `orders`: shares its volume out by [`Taker::share`].
    fn on_taker(
        &mut self,
        cfg: &Self::Config,
        at: &Moment,
        orders: &mut Orders<'_, Self::Queue>,
        taker: &mut Taker,
    );

    /// One print meets one own order, of either side, before takers are shared out: gives the size
    /// it fills. For models in which every order stands for itself.
    fn on_print(
        &mut self,
        _cfg: &Self::Config,
        _print: &Trade,
        _order: &mut Order<'_, Self::Queue>,
    ) -> i64 {
        0
    }

    /// The best price of a side stayed and displays `size` now, own orders there or not; `was` is
    /// what it displayed before.
    fn on_best(&mut self, _cfg: &Self::Config, _at: &Moment, _was: &Level, _size: i64) {}
}

/// The settings of a model that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

impl Setting for NoSettings {
    type Limits = ();
    fn rule((): ()) -> Rule {
        Rule::Section(Section { about: "No settings.".into(), rows: vec![], relations: vec![] })
    }
}

/// Where and when something happens to own orders.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Side of the own orders.
    pub side: Side,
    /// When, on the venue's clock.
    pub time: Ns,
    /// Smallest step of a size.
    pub lot: i64,
    /// How far the lane departs from its model.
    pub bias: Bias,
}

/// A departure from a model, towards one of the two limits of whom a cancel is credited to: every
/// cancel ahead of us, or every cancel behind us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bias {
    /// Q16: 0: all ahead, [`Bias::NONE`]: the model itself, twice that: all behind.
    q16: i64,
}

impl Bias {
    /// The model itself.
    pub const NONE: Bias = Bias { q16: 1 << 15 };

    /// The bias of a `conservatism` between 0 and 1; what is outside counts as the nearer end.
    #[must_use]
    #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "0 to 1")]
    pub fn of(conservatism: f64) -> Bias {
        Bias { q16: (conservatism.clamp(0.0, 1.0) * 65_536.0 + 0.5) as i64 }
    }

    /// What cancelled ahead, given what the model says of a net decrease `drop`.
    #[must_use]
    pub fn of_cancels(self, model: i64, drop: i64) -> i64 {
        let none = Bias::NONE.q16;
        if self.q16 == none {
            model
        } else if self.q16 > none {
            model - mul_div(model, self.q16 - none, none)
        } else {
            model + mul_div(drop - model, none - self.q16, none)
        }
    }

    /// How much of the model is left, Q15: all of it without a bias, nothing at the two limits.
    #[must_use]
    pub fn weight_q15(self) -> u64 {
        let none = Bias::NONE.q16;
        (none - (self.q16 - none).abs()).unsigned_abs()
    }
}

/// A taker on its way through the own orders of one lane.
#[derive(Clone, Copy, Debug)]
pub struct Taker {
    /// What its prints are at the level it has come to.
    pub(super) reach: Reach,
    /// What own orders took of it.
    pub(super) used: i64,
    /// An own order before was not filled up: it goes no further.
    stopped: bool,
    /// Own orders do not share it.
    alone: bool,
    participation_pct: u8,
    /// Smallest step of a fill.
    lot: i64,
}

impl Taker {
    pub(super) fn new(alone: bool, participation_pct: u8, lot: i64) -> Taker {
        let reach = Reach::default();
        Taker { reach, used: 0, stopped: false, alone, participation_pct, lot }
    }

    /// Shares the taker out among `orders`, each of which is asked in turn what of the volume that
    /// is left reaches it. It gets the whole lots of that, no more than it has open, than is left,
    /// and than own orders may take of a taker; and nothing when an order before it was not filled
    /// up.
    pub fn share<Q>(
        &mut self,
        orders: &mut Orders<'_, Q>,
        reaches: impl FnMut(&mut Order<'_, Q>, Reach) -> i64,
    ) {
        let through = self.reach.through;
        let reason = if through { FillReason::Through } else { FillReason::Queue };
        self.share_as(reason, orders, reaches);
    }

    /// As [`Taker::share`], for a reason of the model's own.
    pub fn share_as<Q>(
        &mut self,
        reason: FillReason,
        orders: &mut Orders<'_, Q>,
        mut reaches: impl FnMut(&mut Order<'_, Q>, Reach) -> i64,
    ) {
        orders.each(|mut o| {
            if o.open <= 0 {
                return;
            }
            if self.alone {
                self.used = 0;
            }
            let left = self.reach.less(self.used);
            let mut got = reaches(&mut o, left).min(left.at.saturating_add(left.beyond));
            if self.participation_pct < 100 {
                let whole = (self.reach.at + self.reach.beyond) / 100;
                let cap = whole * i64::from(self.participation_pct);
                got = got.min((cap - self.used).max(0));
            }
            if self.alone || !self.stopped {
                self.used += o.fill(got, self.lot, reason);
            }
            self.stopped |= o.open > 0;
        });
    }
}

/// Own orders in the book, best price first, earliest first, with a model's state of each.
#[derive(Debug)]
pub struct Orders<'a, Q> {
    pub(super) lane: usize,
    pub(super) time: Ns,
    /// The slots of those that it is about, in their order.
    pub(super) order: &'a [usize],
    pub(super) rows: &'a mut [SimOrder],
    pub(super) queues: &'a mut [Q],
}

/// An own order in the book, as a model sees it.
#[derive(Debug)]
pub struct Order<'a, Q> {
    /// Number.
    pub id: u64,
    /// Side.
    pub side: Side,
    /// Price.
    pub px: Px,
    /// Size still open under this model.
    pub open: i64,
    /// When it was sent.
    pub sent: Ns,
    /// What its level displayed last.
    pub level: &'a Level,
    /// The model's state of it.
    pub queue: &'a mut Q,
    state: &'a mut LaneState,
}

impl<Q> Orders<'_, Q> {
    /// The orders one by one.
    pub fn each(&mut self, mut f: impl FnMut(Order<'_, Q>)) {
        for slot in self.order {
            let (o, queue) = (&mut self.rows[*slot], &mut self.queues[*slot]);
            if o.rests_at(self.time) {
                let SimOrder { id, req, sent, level, lanes, .. } = o;
                let state = &mut lanes[self.lane];
                let (side, px, open) = (req.side, req.px, state.open - state.pending);
                f(Order { id: *id, side, px, open, sent: *sent, level, queue, state });
            }
        }
    }
}

impl<Q> Order<'_, Q> {
    /// Fills the whole lots of `size`, at most what is open; nothing where it is not positive. Gives
    /// how much.
    pub(super) fn fill(&mut self, size: i64, lot: i64, reason: FillReason) -> i64 {
        let got = self.state.take(size, lot, reason);
        self.open -= got;
        got
    }
}
