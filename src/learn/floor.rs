//! The learned floor: the distance below which a fill loses money on average.
//!
//! In: fee, expected adverse move and its error. Out: bps. Hot path at 1 Hz: pure.
//!
//! 1. floor = fee + adverse + k sd, with adverse = -markout: a mid that moves against the fill
//!    raises the floor, one that moves for it lowers it, and nothing here depends on where we
//!    quoted. (Measuring "adverse" from the fill price to the mid makes the floor learn the own
//!    quote distance and climb without end.)
//! 2. It is a floor on edge, for the quote to weigh; never a floor on kappa.

use crate::settings::settings;

settings! {
    /// Settings of the floor.
    pub struct Config: Copy {
        /// Standard deviations of the adverse move that are added.
        sd_factor: f64 = 1.0, 0.0..=100.0;
        /// Credit for moves in our favour: the adverse move counts at least this.
        adverse_min_bps: f64 = 0.0, -100.0..=100.0, "bps";
    }
}

/// The floor, bps from the mid.
#[must_use]
pub fn floor_bps(fee_bps: f64, (adverse_bps, sd_bps): (f64, f64), cfg: &Config) -> f64 {
    fee_bps + adverse_bps.max(cfg.adverse_min_bps) + cfg.sd_factor * sd_bps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adverse_moves_raise_it_and_kind_ones_do_not() {
        let c = Config { sd_factor: 0.0, ..Config::default() };
        let at = |a: f64| floor_bps(1.5, (a, 0.4), &c);
        assert!((at(2.0) - 3.5).abs() < 1e-12 && (at(-2.0) - 1.5).abs() < 1e-12);
        let careful = Config { sd_factor: 1.0, ..c };
        assert!((floor_bps(1.5, (2.0, 0.4), &careful) - 3.9).abs() < 1e-12);
    }
}
