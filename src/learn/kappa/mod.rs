//! How deep takers reach: the intensity decay kappa, learned in five files.
//!
//! In: sweeps, own quotes and fills, book shape. Out: posteriors of kappa and rates. Hot path.
//!
//! 1. One estimator quotes: the tape ([`tape`], mixed over regimes by [`regime`]). The others are
//!    kept for records and comparison; [`blended`] joins them only where the configuration asks.

pub mod blended;
pub mod book;
pub mod own;
pub mod regime;
pub mod tape;
