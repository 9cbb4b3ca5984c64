//! What is learned of one coin: what quotes at every distance would earn, how good forecasts of fills
//! are, how volatile the market is and in which regime, how deep takers reach.
//!
//! In: what the shadow ladder met, plain values from the engine ([`inputs`]). Out: [`curve::Curve`] and
//! [`Estimates`]. Hot path.
//!
//! ```text
//!  shadow ladder ──▶ curve: rate, cost, verdict, forecasts ──▶ strategies
//!  own orders ─────▶ own: fills against forecasts ───────────▶ records
//!  mid, takers ────▶ sigma, regime, kappa ───────────────────▶ Estimates
//! ```
//! 1. After construction nothing allocates; work per event is bounded; transcendental functions
//!    come from [`crate::math::det`], so equal inputs give equal bits.
//! 2. One estimator per quantity. A strategy that needs another one keeps it to itself.
//! 3. While the market is not seen (before [`Learners::on_resume`], after
//!    [`Learners::on_gap`]) no exposure accrues and nothing is learned.

pub mod curve;
pub mod inputs;
pub mod kappa;
mod learners;
pub mod own;
pub mod reference;
pub mod regime;
pub mod score;
pub mod sigma;

pub use inputs::{QuoteSample, Sample, Sweep};
pub use learners::{Config, Estimates, Learners};
