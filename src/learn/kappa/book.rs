//! Kappa from the book's shape: how much takers must eat per basis point.
//!
//! In: displayed size within a distance, sizes of taker orders. Out: a belief with an honest, wide
//! error. Hot path at 1 Hz.
//!
//! 1. With density rho (coins per bps) and exponential taker sizes of mean v, reaching depth d
//!    needs V > rho d, so kappa = rho / v per bps.
//! 2. The displayed book is not what a taker meets: takers look at it first, and it refills. That
//!    error does not shrink with data, so the belief has a floor of `model_ln_sd`. It never quotes
//!    unless the configuration says so.

use serde::{Deserialize, Serialize};

use super::blended::Belief;
use crate::math::det::exp;
use crate::math::ewma::Ewma;
use crate::settings::settings;

settings! {
    /// Settings of kappa from the book's shape.
    pub struct Config: Copy {
        /// Memory.
        memory_s: f64 = 600.0, 1.0..=1e9, "s";
        /// Standard deviation of ln kappa that no amount of data removes.
        model_ln_sd: f64 = 0.7, 1e-3..=10.0;
    }
}

/// The estimate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Book {
    density: Ewma,
    size: Ewma,
}

impl Default for Book {
    /// Knows nothing.
    fn default() -> Book {
        Book { density: Ewma::default(), size: Ewma::default() }
    }
}

impl Book {
    /// Time passes.
    pub fn advance(&mut self, cfg: &Config, dt_s: f64) {
        let keep = exp(-dt_s / cfg.memory_s);
        self.density.scale(keep);
        self.size.scale(keep);
    }

    /// `size` coins (> 0) are displayed on one side within `within_bps` (> 0) of the mid.
    pub fn on_book(&mut self, within_bps: f64, size: f64) {
        if within_bps > 0.0 && size > 0.0 {
            self.density.add(size / within_bps, 1.0);
        }
    }

    /// A taker order of `size` coins (> 0) came.
    pub fn on_sweep(&mut self, size: f64) {
        self.size.add(size, 1.0);
    }

    /// What is believed; `None` without a book or a taker.
    #[must_use]
    pub fn belief(&self, cfg: &Config) -> Option<Belief> {
        let (rho, v) = (self.density.mean(0.0, 0.0), self.size.mean(0.0, 0.0));
        // Taker sizes are heavy-tailed: squared coefficient of variation taken as 4.
        let var = cfg.model_ln_sd * cfg.model_ln_sd + 4.0 / self.size.weight();
        (rho > 0.0 && v > 0.0).then(|| Belief {
            kappa: rho / v,
            ln_sd: var.sqrt(),
            n: self.size.weight(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::draw::Draw;

    #[test]
    fn finds_kappa_in_the_world_it_assumes_and_admits_its_model() {
        let mut d = Draw::new(2);
        let mut b = Book::default();
        assert!(b.belief(&Config::default()).is_none());
        for _ in 0..600 {
            b.advance(&Config::default(), 1.0);
            b.on_book(5.0, 15.0);
            b.on_sweep(d.exp(1.0 / 5.0));
        }
        let k = b.belief(&Config::default()).expect("data");
        assert!((k.kappa / 0.6 - 1.0).abs() < 0.2, "{k:?}");
        assert!(k.ln_sd > 0.7, "never sure");
        assert!(exp(1.96 * k.ln_sd) > 3.5);
    }
}
