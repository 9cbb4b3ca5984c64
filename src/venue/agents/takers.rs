//! Takers: who comes, on which side, how large, how far they reach.
//!
//! In: a set, the latent price against the mid, draws. Out: the takers of a block in order. Cold path.
//!
//! 1. Takers excite takers (a Hawkes process with three exponential kernels): part on their own side,
//!    part on the other.
//! 2. Timing follows the latent price: that multiplies the rate of its own accord only, or a move would
//!    feed itself.
//! 3. Metaorders send a child of the same size every half minute, as the venue's TWAP does.

use super::sets::Takers;
use crate::math::counter::Draws;
use crate::math::det;
use crate::units::Side;
use crate::venue::draw::floor;

/// How fast takers are forgotten, per second.
pub const DECAYS: [f64; 3] = [5.0, 0.5, 0.05];
/// Most that takers feel of the latent price's lead.
const LEAD_MAX: f64 = 1.5;
/// Time from one child of a metaorder to the next, s.
const EVERY_S: f64 = 30.0;
/// Takers of one side that a block lets in.
const SIDE: u32 = 60;
/// Metaorders at a time.
const SLOTS: usize = 64;
/// Ticks within which a taker without a limit finds everything.
const UNLIMITED: i64 = 1_000;
/// A jump so many times the usual one brings no more takers than this.
const JUMP: f64 = 4.0;

/// A taker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Its side.
    pub side: Side,
    /// Value it wants, USD.
    pub usd: f64,
    /// How far behind the touch it still takes, ticks.
    pub slip: i64,
    /// It is the child of a metaorder.
    pub child: bool,
}

/// A metaorder under way.
#[derive(Clone, Copy, Debug)]
struct Meta {
    side: Side,
    usd: f64,
    next_s: f64,
    end_s: f64,
}

/// What excites takers, and the metaorders.
#[derive(Clone, Debug)]
pub struct Flow {
    excited: [[f64; 3]; 2],
    metas: [Option<Meta>; SLOTS],
}

/// Whose draws.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// A taker's, by its number in the block.
    Taker,
    /// A metaorder's, by its slot.
    Meta,
}

/// Rows of draws of a block.
#[derive(Debug)]
pub struct Rows<F: Fn(Whose, u64) -> Draws> {
    /// Arrivals and the order of takers.
    pub arrivals: Draws,
    /// Of each taker.
    pub of: F,
}

/// How far the latent price leads the mid, as takers feel it: bounded.
pub fn lead(t: &Takers, ticks: f64) -> f64 {
    let (strength, over) = t.informed;
    (strength * ticks / over).clamp(-LEAD_MAX, LEAD_MAX)
}

/// tanh.
pub fn tanh(x: f64) -> f64 {
    let e = det::exp_m1(2.0 * x);
    e / (e + 2.0)
}

impl Default for Flow {
    fn default() -> Flow {
        Flow { excited: [[0.0; 3]; 2], metas: [None; SLOTS] }
    }
}

impl Flow {
    /// A jump of the latent price brings takers to its side.
    pub fn jump(&mut self, t: &Takers, ticks: f64, scale: f64) {
        let all: f64 = t.excites.iter().sum();
        let many = t.jump * (ticks.abs() / scale).min(JUMP) / all.max(1e-9);
        let side = if ticks > 0.0 { Side::Buy } else { Side::Sell };
        for (k, e) in self.excited[side.index()].iter_mut().enumerate() {
            *e += many * t.excites[k] * DECAYS[k];
        }
    }

    /// Takers per second of a side that come of their own accord or excited, metaorders not counted.
    pub fn rate(&self, t: &Takers, activity: f64, lead: f64, side: Side) -> f64 {
        let with = lead * side.sign() as f64;
        let timing = 2.0 / (1.0 + det::exp(-2.0 * with));
        activity * t.rate * timing + self.excited[side.index()].iter().sum::<f64>()
    }

    /// The takers of a block, in the order in which they match.
    pub fn arrive<F: Fn(Whose, u64) -> Draws>(
        &mut self,
        t: &Takers,
        (activity, lead): (f64, f64),
        (now_s, dt): (f64, f64),
        rows: &mut Rows<F>,
    ) -> Vec<Wish> {
        let mut out = Vec::new();
        for side in Side::BOTH {
            let excited = &mut self.excited[side.index()];
            excited.iter_mut().zip(DECAYS).for_each(|(e, d)| *e *= det::exp(-d * dt));
            let rate = self.rate(t, activity, lead, side);
            for _ in 0..rows.arrivals.poisson(rate * dt).min(SIDE) {
                let mut draws = (rows.of)(Whose::Taker, out.len() as u64);
                out.push(wish(t, side, &mut draws));
                for (k, own) in t.excites.iter().enumerate() {
                    let more = own * DECAYS[k];
                    self.excited[side.index()][k] += (1.0 - t.cross) * more;
                    self.excited[side.opposite().index()][k] += t.cross * more;
                }
            }
        }
        self.children(t, (now_s, dt), rows, &mut out);
        for i in (1..out.len()).rev() {
            let j = usize::try_from(rows.arrivals.below(i as u64 + 1)).unwrap_or(0);
            out.swap(i, j);
        }
        out
    }

    /// Children of metaorders that are due, and a new metaorder now and then.
    fn children<F: Fn(Whose, u64) -> Draws>(
        &mut self,
        t: &Takers,
        (now_s, dt): (f64, f64),
        rows: &mut Rows<F>,
        out: &mut Vec<Wish>,
    ) {
        let (many, life_s, usd, spread) = t.twap;
        if rows.arrivals.event(many / life_s * dt)
            && let Some(free) = self.metas.iter_mut().find(|m| m.is_none())
        {
            let side = if rows.arrivals.chance(0.5) { Side::Buy } else { Side::Sell };
            let usd = rows.arrivals.log_normal(usd, spread);
            let next_s = now_s + EVERY_S * rows.arrivals.unit();
            // Pareto with exponent 1.5 and the mean `life_s`, bounded.
            let life = (life_s / 3.0 * rows.arrivals.pareto(1.5)).min(20.0 * life_s);
            *free = Some(Meta { side, usd, next_s, end_s: now_s + life });
        }
        for (i, slot) in self.metas.iter_mut().enumerate() {
            let Some(meta) = slot.as_mut().filter(|m| m.next_s <= now_s) else { continue };
            if now_s >= meta.end_s {
                *slot = None;
                continue;
            }
            let mut draws = (rows.of)(Whose::Meta, i as u64);
            let usd = meta.usd * (0.8 + 0.4 * draws.unit());
            meta.next_s = now_s + EVERY_S * (0.9 + 0.2 * draws.unit());
            let slip = slip(t, false, &mut draws);
            out.push(Wish { side: meta.side, usd, slip, child: true });
        }
    }
}

/// A taker's size and reach.
fn wish(t: &Takers, side: Side, draws: &mut Draws) -> Wish {
    let u = draws.unit();
    let (tail, exponent, least, most) = t.tail;
    let large = u >= 1.0 - tail;
    let usd = if u < t.dust.0 {
        draws.log_normal(t.dust.1, t.dust.2)
    } else if large {
        (least * draws.pareto(exponent)).min(most)
    } else {
        draws.log_normal(t.body.0, t.body.1)
    };
    Wish { side, usd, slip: slip(t, !large, draws), child: false }
}

fn slip(t: &Takers, may_lack_limit: bool, draws: &mut Draws) -> i64 {
    let (share, mean, without) = t.slip;
    if draws.chance(share) {
        floor(draws.exponential(mean))
    } else if may_lack_limit && draws.chance(without) {
        UNLIMITED
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::agents::sets;

    fn counts(t: &Takers, blocks: u64) -> (f64, f64) {
        let mut flow = Flow::default();
        let (mut n, mut windows, dt) = (0usize, vec![0.0f64], 0.08);
        for b in 0..blocks {
            let of = |_, who| Draws::of(3, 9, who, b);
            let mut rows = Rows { arrivals: Draws::of(3, 8, 0, b), of };
            let fresh = flow.arrive(t, (1.0, 0.0), (b as f64 * dt, dt), &mut rows).len();
            n += fresh;
            if b % 750 == 0 {
                windows.push(0.0);
            }
            *windows.last_mut().expect("one") += fresh as f64;
        }
        let mean = windows.iter().sum::<f64>() / windows.len() as f64;
        let variance =
            windows.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / windows.len() as f64;
        (n as f64 / (blocks as f64 * dt), variance / mean)
    }

    /// Mean rate and clustering are those of the process; without excitement counts are Poisson's.
    #[test]
    fn takers_excite_takers_as_much_as_the_branching_ratio_says() {
        let still = Takers { twap: (0.0, 600.0, 60.0, 1.3), ..sets::BTC.takers };
        let n: f64 = still.excites.iter().sum();
        let (rate, fano) = counts(&still, 200_000);
        let want = 2.0 * still.rate / (1.0 - n);
        assert!((rate / want - 1.0).abs() < 0.05, "{rate} against {want}");
        assert!(fano > 1.8, "clusters: {fano}");
        let alone = Takers { excites: [0.0; 3], ..still };
        let (rate, fano) = counts(&alone, 200_000);
        assert!((rate / (2.0 * alone.rate) - 1.0).abs() < 0.05, "{rate}");
        assert!((fano - 1.0).abs() < 0.3, "no clusters: {fano}");
    }

    #[test]
    fn timing_keeps_the_sum_of_both_sides() {
        let (t, flow) = (sets::BTC.takers, Flow::default());
        for ahead in [-9.0, -1.0, 0.0, 0.5, 40.0] {
            let lead = lead(&t, ahead);
            let [buys, sells] = Side::BOTH.map(|s| flow.rate(&t, 1.0, lead, s));
            assert!((buys + sells - 2.0 * t.rate).abs() < 1e-12);
            assert_eq!(buys > sells, ahead > 0.0);
            assert!((tanh(lead) - (buys - sells) / (buys + sells)).abs() < 1e-12);
        }
    }
}
