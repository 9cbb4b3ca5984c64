//! Quotes where the tape says that quoting earns, and nowhere else.
//!
//! In: the curve of the shadow ladder, the market. Out: a ladder at the places that earn most at the
//! position held; none where nothing seems to pay, but for what takes a position down. Hot path: look-ups;
//! the program is run when a window of evidence closes.
//!
//! 1. Nothing comes from own fills: what is quoted is a function of tape, position and settings.
//! 2. It quotes where the verdict is PAYS or LIKELY PAYS by marks after 5 s and the best place earns by
//!    those after 30 s, too; in full where it pays, else as much as the sign of the edge is sure.
//! 3. A place is a candidate with two independent fills or more: nothing is extrapolated.
//! 4. An order stands off its price as far as the message that would move it is worth: with c the price of
//!    a message, s the spacing of the places, v the drop of value over it and L the lot, the loss
//!    L v x^2 / (3 s^2) and the messages c sigma^2 / x^2 a second are least at
//!    x^4 = 3 c sigma^2 s^2 / (L v).

mod program;

use serde::{Deserialize, Serialize};

use self::program::{Place, Program};
use super::rounding;
use super::strategy::{Bounds, Decline, Inputs, Ladder, Stands, Strategy};
use crate::event::shadow::{self, JOIN};
use crate::learn::Estimates;
use crate::learn::curve::Curve;
use crate::learn::curve::stats::Reading;
use crate::learn::curve::verdict::SEEN;
use crate::limits::{CURVE, DISTANCES};
use crate::record::{Named, Outlook, StrategyInfo};
use crate::settings::settings;
use crate::units::{Px, Side, Sz};

settings! {
    /// Quotes where the tape says that quoting earns.
    pub struct Config: Copy {
        /// Levels a side: each the best place with one lot more than the one before it.
        levels: usize = 1, 1..=5;
        /// The position costs so much of what quoting earns at its largest size.
        inventory_share: f64 = 0.5, 0.0..=100.0;
        /// Wealth that is bet: the position costs risk over twice of it.
        kelly_usd: f64 = 625.0, 1.0..=1e12, "USD";
        /// What an order or a change is worth; orders stand off their price accordingly.
        request_usd: f64 = 0.0001, 0.0..=10.0, "USD";
        /// Whether what is expected of marks after 30 s has to earn, too.
        later: bool = true;
    }
}

/// Messages a second at most: no side changes more often.
const MESSAGES: f64 = 4.0;
/// With quotes whatever is known the best place is taken to earn so much, bps.
const ANYWAY_BPS: f64 = 1.0;

/// What is known of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    edge: f64,
    /// How sure the edge's sign is, 0 to 1.
    sure: f64,
    /// How far an order may stand off, bps.
    off: f64,
}

/// What it keeps of one coin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Earn {
    known: [Known; CURVE],
    program: Program,
    sigma_bps: f64,
    word: u8,
    /// The verdict lets quote.
    quotes: bool,
    /// A window of evidence closed.
    informed: bool,
}

const TERMS: &[Named] = &[
    Named { name: "edge_bid", unit: "bps", sentence: "What a fill of the first bid earns." },
    Named { name: "edge_ask", unit: "bps", sentence: "What a fill of the first ask earns." },
    Named { name: "certainty", unit: "", sentence: "Share of the lot quoted at the first bid." },
    Named { name: "off", unit: "bps", sentence: "How far orders may stand off their prices." },
    Named { name: "fee", unit: "bps", sentence: "Fee per side." },
    Named { name: "lots", unit: "", sentence: "Position in lots of the quoting unit." },
];

impl Strategy for Earn {
    type Config = Config;

    fn info(_cfg: &Config) -> StrategyInfo {
        StrategyInfo { name: "earn", version: 1, terms: TERMS, reasons: &[] }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    fn new(_cfg: &Config, bounds: &Bounds, e: &Estimates) -> Earn {
        let steps = bounds.max_lots.clamp(1.0, 1e6) as usize;
        Earn {
            known: [Known::default(); CURVE],
            program: Program::new(steps),
            sigma_bps: e.sigma_bps,
            word: Outlook::Unknown as u8,
            quotes: false,
            informed: false,
        }
    }

    fn on_estimates(&mut self, _cfg: &Config, _bounds: &Bounds, e: &Estimates) {
        self.sigma_bps = e.sigma_bps;
    }

    fn on_curve(&mut self, cfg: &Config, bounds: &Bounds, c: &Curve) {
        let readings = c.at(0);
        let verdict = c.verdict(0);
        let later = verdict.best.is_some_and(|j| c.at(1)[j].edge() > 0.0);
        let word = verdict.word();
        self.word = word as u8;
        self.informed = true;
        self.quotes = matches!(word, Outlook::Pays | Outlook::LikelyPays) && (later || !cfg.later);
        let mut places = self.places(cfg, bounds, readings, verdict.seen == 0);
        if !self.quotes {
            if !bounds.anyway {
                self.program = Program::new(self.program.steps());
                return;
            }
            let best =
                places.iter().filter(|p| p.rate > 0.0).map(|p| p.edge).fold(f64::MIN, f64::max);
            for p in places.iter_mut().filter(|p| p.rate > 0.0) {
                p.edge += ANYWAY_BPS - best;
            }
        }
        let most = places.iter().map(|p| p.rate * p.edge).fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
        let n = self.program.steps() as f64;
        // A step is a lot, but for a largest position of many.
        let step_usd = bounds.unit_usd * bounds.max_lots.max(1.0) / n;
        let target = cfg.inventory_share * 2.0 * most / (n * n);
        let kelly = 0.5 * step_usd / (1e4 * cfg.kelly_usd) * self.sigma_bps * self.sigma_bps;
        self.program.improve(&places, target.max(kelly).clamp(0.0, 1e9));
    }

    fn decline(&self, _cfg: &Config, x: &Inputs) -> Option<(Decline, Stands)> {
        if !self.informed {
            return Some((Decline::NoEstimate, Stands::BY_CURVE));
        }
        if self.quotes || x.bounds.anyway || leftover(x).is_some() {
            return None;
        }
        let unknown = self.word == Outlook::Unknown as u8;
        let why = if unknown { Decline::NoEstimate } else { Decline::NoEdge };
        // A small rest of a position may be worth an order at another price.
        let stands = if x.position.0 == 0 { Stands::BY_CURVE } else { Stands::FOLLOWS };
        Some((why, stands))
    }

    fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
        out.stands = Stands::FOLLOWS;
        if !(self.quotes || x.bounds.anyway) {
            self.reduce(x, out);
            return;
        }
        let mut off = f64::INFINITY;
        let mut first = [Known::default(); 2];
        for side in Side::BOTH {
            let held = self.steps_held(x, side);
            for level in 0..cfg.levels {
                let at = held.saturating_add(i64::try_from(level).unwrap_or(0));
                let Some(place) = self.program.place(at) else { break };
                let k = self.known[place];
                if level == 0 {
                    first[side.index()] = k;
                }
                off = off.min(k.off);
                let usd = x.bounds.unit_usd * k.sure;
                let px = shadow::quote_px(x.bounds.rules, side, place, x.bid, x.ask);
                if let Some(sz) = rounding::to_units(usd / px.to_f64()) {
                    out.push(side, px, Sz(sz));
                }
            }
        }
        out.tolerance_bps = if off.is_finite() { off } else { 0.0 };
        let [bid, ask] = first;
        let terms = [bid.edge, ask.edge, bid.sure, out.tolerance_bps, x.bounds.fee_bps, x.lots()];
        out.terms[..terms.len()].copy_from_slice(&terms);
    }
}

impl Earn {
    /// What each place offers; where nothing was seen often enough, with `all` even so, for quotes
    /// whatever is known.
    fn places(
        &mut self,
        cfg: &Config,
        bounds: &Bounds,
        r: &[Reading; CURVE],
        all: bool,
    ) -> [Place; CURVE] {
        let full = self.word == Outlook::Pays as u8 || !self.quotes;
        let lot = bounds.unit_usd * 1e-4;
        let variance = self.sigma_bps * self.sigma_bps;
        let known = &mut self.known;
        std::array::from_fn(|j| {
            let edge = r[j].edge();
            let (square, noise) = (edge * edge, r[j].deviation * r[j].deviation);
            let off = stand_off(cfg.request_usd * variance / lot, r, j);
            let sure = if full { 1.0 } else { square / (square + noise) };
            known[j] = Known { edge, sure, off };
            if (r[j].n_eff < SEEN && !all) || !(edge.is_finite() && r[j].fast.is_finite()) {
                return Place::default();
            }
            // At the touch every step of it is followed.
            let reach = if j < JOIN { off } else { r[j].quoted.max(0.1) };
            let sent = if variance > 0.0 { variance / (reach * reach) } else { 0.0 };
            // Bounded, whatever the settings of the learners made of it: the program multiplies them.
            let (rate, edge) = (r[j].fast.clamp(0.0, 1e3), edge.clamp(-1e4, 1e4));
            Place { rate, edge, messages: cfg.request_usd * sent.min(MESSAGES) / lot }
        })
    }

    /// Steps held in the direction of a side.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "clamped")]
    fn steps_held(&self, x: &Inputs, side: Side) -> i64 {
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let steps = sign * x.lots() * self.program.steps() as f64 / x.bounds.max_lots.max(1.0);
        steps.clamp(-1e6, 1e6).round() as i64
    }

    /// Takes a position down at the touch.
    fn reduce(&self, x: &Inputs, out: &mut Ladder) {
        for side in Side::BOTH {
            match leftover(x) {
                Some((s, px, sz)) if s == side => out.push(side, px, sz),
                _ => out.decline(side, Decline::NoEdge),
            }
        }
        out.terms[5] = x.lots();
    }
}

/// The order that takes the position down, where it is worth one: side, price, size.
fn leftover(x: &Inputs) -> Option<(Side, Px, Sz)> {
    let (side, px) = if x.position.0 > 0 { (Side::Sell, x.ask) } else { (Side::Buy, x.bid) };
    let sz = Sz(x.position.0.saturating_abs());
    x.bounds.rules.valid_value(px, sz).then_some((side, px, sz))
}

/// How far an order may stand off place `j`, bps; `price` is what messages cost, bps of the lot times
/// squared bps a second.
fn stand_off(price: f64, r: &[Reading; CURVE], j: usize) -> f64 {
    if j >= DISTANCES {
        return 0.0;
    }
    let at = crate::learn::curve::distance;
    let beside = [j.checked_sub(1), Some(j + 1).filter(|k| *k < DISTANCES)];
    let value = |k: usize| r[k].fast * r[k].edge();
    let (mut spacing, mut drop) = (f64::INFINITY, 0.0f64);
    for k in beside.into_iter().flatten() {
        spacing = spacing.min((at(k) - at(j)).abs());
        drop = drop.max(value(j) - value(k));
    }
    if drop <= 0.0 {
        return 0.5 * spacing;
    }
    let x = (3.0 * price * spacing * spacing / drop).sqrt().sqrt();
    x.min(spacing)
}

#[cfg(test)]
mod tests;
