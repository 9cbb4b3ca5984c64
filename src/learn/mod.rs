//! What is learned of one coin: how deep takers reach, how the mid moves after fills, in which
//! regime the market is, how good fill predictions are.
//!
//! In: plain values from the engine ([`inputs`]). Out: [`Estimates`], [`LearnEvent`]s. Hot path.
//!
//! ```text
//!  mid ────┬─▶ sigma, regime ─┐                        ┌─▶ kappa/regime ─┐
//!  sweep ──┼─▶ tape, drift ───┼─▶ once a second, joined┼─▶ markout, floor┼─▶ Estimates
//!  quote ──┼─▶ calibration ───┤                        ├─▶ fill rates    │
//!  fill ───┴─▶ notify (order) ─┘                        └─▶ warm-up, gate ┘
//! ```
//! 1. After construction nothing allocates; work per event is bounded; transcendental functions
//!    come from [`crate::math::det`], so equal inputs give equal bits.
//! 2. One estimator per quantity decides; every component can be switched off ([`Use`]).
//! 3. A fill reaches every learner in one place, in a fixed order (`learners::FILL_ORDER`).
//! 4. While the market is not seen (before [`Learners::on_resume`], after
//!    [`Learners::on_gap`]) no exposure accrues and nothing is learned.

pub mod calibration;
pub mod config;
pub mod curve;
pub mod drift;
pub mod estimates;
pub mod fill_rate;
pub mod floor;
pub mod gating;
pub mod inputs;
pub mod kappa;
mod learners;
pub mod markout;
pub mod original;
pub mod reference;
pub mod regime;
pub mod sigma;
pub mod signal;
pub mod skill;
pub mod warmup;

pub use config::Config;
pub use estimates::Estimates;
pub use inputs::{BookSample, FillSample, LearnEvent, QuoteSample, Sweep, Touch};
pub use learners::Learners;
