//! The facade: what is learned of one coin beside its curve, driven by plain values.
//!
//! In: mids, takers, seconds, own orders and fills, gaps, the table `[engine.learn]`. Out:
//! [`Estimates`] refreshed once a second, for strategies and records, the score of own orders. Hot
//! path: no allocation after `new`.
//!
//! 1. `now` never goes back; a step back counts as no time.
//! 2. Values that are not finite, not positive where they must be, or of a size that nothing has,
//!    are refused and counted.
//! 3. Kappas are per unit of relative price (8000 = 0.8 per bps); everything named `_bps` is in basis
//!    points of the mid.

use serde::{Deserialize, Serialize};

use super::curve::{self, Rates};
use super::inputs::{QuoteSample, Sweep, distance, positive};
use super::kappa::{self, Decay, Kappa};
use super::own::Own;
use super::reference::Reference;
use super::regime::{self, Filter, REGIMES, Regime};
use super::score::Score;
use super::sigma::{self, Sigma};
use crate::settings::settings;
use crate::units::Ns;

settings! {
    /// Settings of the learners of one coin.
    pub struct Config: Copy {
        /// Whether anything is learned: estimates, the curve of the shadow ladder, forecasts and their
        /// scores. Without it `earn` quotes nothing, other strategies go by what they begin with, and a
        /// backtest of a strategy of one's own is as fast as it gets.
        on: bool = true;
        /// How old the mid is that quotes in the book were made from: the delay to the venue plus
        /// the pause between two quotes; 0: no older than the book.
        lag_ms: u32 = 500, 0..=1_900, "ms";
        /// The regime filter.
        filter: regime::Config = regime::Config::default();
        /// Volatility.
        sigma: sigma::Config = sigma::Config::default();
        /// How deep takers reach, for display.
        kappa: kappa::Config = kappa::Config::default();
        /// The curve of the shadow ladder.
        curve: curve::Config = curve::Config::default();
    }
}

/// What is known of one coin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimates {
    /// When this was computed.
    pub at: Ns,
    /// How fast the rate of takers decays with depth.
    pub kappa: Kappa,
    /// Volatility, bps per square root of a second.
    pub sigma_bps: f64,
    /// Per regime: quiet, normal, volatile, cascade.
    pub regime: [Regime; REGIMES],
    /// Inputs refused (not finite, not positive) so far.
    pub refused: u64,
}

impl Estimates {
    /// The regimes' probabilities.
    #[must_use]
    pub fn p(&self) -> [f64; REGIMES] {
        self.regime.map(|r| r.p)
    }
}

/// The learners of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Learners {
    filter: Filter,
    sigma: Sigma,
    reference: Reference,
    kappa: Decay,
    own: Own,
    estimates: Estimates,
    /// The market is seen.
    live: bool,
    last: Ns,
    /// Block up to which own orders are known, while the market is seen.
    known: Option<Ns>,
    mid: Option<f64>,
    second: Option<(Ns, f64)>,
    sweeps: f64,
    refused: u64,
}

impl Learners {
    /// Learners that know their priors. Nothing is learned until [`Learners::on_resume`].
    #[must_use]
    pub fn new(cfg: &Config, rates: Rates) -> Learners {
        let kappa = Decay::default();
        let mut x = Learners {
            filter: Filter::new(&cfg.filter),
            sigma: Sigma::new(&cfg.sigma),
            reference: Reference::default(),
            estimates: Estimates {
                at: Ns(0),
                kappa: kappa.read(),
                sigma_bps: 0.0,
                regime: [Regime::default(); REGIMES],
                refused: 0,
            },
            kappa,
            own: Own::new(rates),
            live: false,
            last: Ns(i64::MIN),
            known: None,
            mid: None,
            second: None,
            sweeps: 0.0,
            refused: 0,
        };
        x.publish(Ns(0));
        x
    }

    /// What is known, as of the last second.
    #[must_use]
    pub fn estimates(&self) -> &Estimates {
        &self.estimates
    }

    /// Fills of own orders against what was forecast of them.
    #[must_use]
    pub fn score(&self) -> Score {
        self.own.score()
    }

    /// The rates that own orders' fills are forecast by from now on.
    pub fn on_rates(&mut self, rates: Rates) {
        self.own.on_rates(rates);
    }

    /// The market is seen from here on.
    pub fn on_resume(&mut self, cfg: &Config, now: Ns) {
        if !self.live {
            self.live = true;
            if self.last.0 != i64::MIN {
                self.filter.idle(&cfg.filter, Ns::seconds(now.since(self.last).max(0)));
            }
            self.last = now;
            (self.mid, self.second, self.sweeps) = (None, None, 0.0);
        }
    }

    /// What happened to own orders is known up to block `t`: those that are live were so until then.
    /// Blocks that the market was not seen in do not count.
    pub fn on_known(&mut self, cfg: &Config, t: Ns) {
        if !self.live {
            return;
        }
        match self.known {
            Some(was) if t > was => self.own.advance(Ns::seconds(t.since(was))),
            Some(_) => return,
            None => {}
        }
        self.known = Some(t);
        if self.own.is_live()
            && let Some(mid) = self.reference.follow(lagged(cfg, t))
        {
            self.own.on_reference(mid);
        }
    }

    /// The market is lost from sight: time stops for the learners.
    pub fn on_gap(&mut self, now: Ns) {
        if self.live {
            self.last = self.last.max(now);
            self.reference.clear();
            (self.known, self.live) = (None, false);
        }
    }

    /// The mid is `mid` USD from now on; gives whether it can be.
    pub fn on_mid(&mut self, now: Ns, mid: f64) -> bool {
        if !positive(mid) {
            self.refused += 1;
            return false;
        }
        self.mid = Some(mid);
        self.reference.on_mid(now, mid);
        if self.live && self.second.is_none() {
            self.second = Some((now, mid));
        }
        true
    }

    /// A taker order came; gives whether it can be.
    pub fn on_sweep(&mut self, cfg: &Config, s: &Sweep) -> bool {
        if !self.live {
            return false;
        }
        if !s.sound() {
            self.refused += 1;
            return false;
        }
        self.sweeps += 1.0;
        self.kappa.sweep(&cfg.kappa, s.depth_bps + s.half_tick_bps);
        true
    }

    /// The mid that quotes in the book at venue time `t` were made from; `None` before any.
    #[must_use]
    pub fn reference(&self, cfg: &Config, t: Ns) -> Option<f64> {
        self.reference.at(lagged(cfg, t))
    }

    /// An own order went live at `t` on the venue's clock.
    pub fn on_quote(&mut self, cfg: &Config, t: Ns, q: QuoteSample) {
        self.on_known(cfg, t);
        let mid = self.reference(cfg, t).or(self.mid);
        match mid.filter(|mid| q.id > 0 && distance(q.depth_bps(*mid))) {
            Some(mid) => self.own.on_quote(q, mid),
            None => self.refused += 1,
        }
    }

    /// An own order is gone from `t` on the venue's clock on: filled, cancelled or rejected.
    pub fn on_quote_end(&mut self, cfg: &Config, t: Ns, id: u64) {
        self.on_known(cfg, t);
        self.own.on_end(id);
    }

    /// An own order was filled in block `t`, whole or in part.
    pub fn on_fill(&mut self, cfg: &Config, t: Ns, id: u64) {
        self.on_known(cfg, t);
        self.own.on_fill(id);
    }

    /// Once a second: returns, the regime, and what is read off them.
    pub fn on_second(&mut self, cfg: &Config, now: Ns) {
        if !self.live {
            return;
        }
        self.last = self.last.max(now);
        if let (Some((then, was)), Some(mid)) = (self.second, self.mid) {
            let dt = Ns::seconds(now.since(then));
            if dt > 0.0 {
                let bps = ((mid / was - 1.0) * 1e4).clamp(-1e4, 1e4);
                self.sigma.on_return(&cfg.sigma, bps, dt);
                self.filter.step(&cfg.filter, dt, bps, self.sweeps);
                self.sweeps = 0.0;
                if let Some(kappa) = self.kappa.advance(&cfg.kappa, dt) {
                    self.estimates.kappa = kappa;
                }
            }
        }
        if let Some(mid) = self.mid {
            self.second = Some((now, mid));
        }
        self.publish(now);
    }

    fn publish(&mut self, now: Ns) {
        let (p, sigma) = (self.filter.p(), self.filter.sigma_bps());
        self.estimates = Estimates {
            at: now,
            sigma_bps: self.sigma.bps(),
            regime: std::array::from_fn(|r| Regime { p: p[r], sigma_bps: sigma[r] }),
            refused: self.refused + self.own.refused(),
            ..self.estimates
        };
    }
}

/// When quotes that are in the book at `t` could last be moved.
fn lagged(cfg: &Config, t: Ns) -> Ns {
    t.plus(-i64::from(cfg.lag_ms) * Ns::MS)
}
