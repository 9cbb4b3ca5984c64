//! What policies came to over seeds, stretches of time and recordings, each held against the first.
//!
//! In: a figure by recording, seed and block of time. Out: [`Interval`]. Cold path.
//!
//! 1. The figure is the mean over seeds, summed over blocks and recordings. Of a difference between two
//!    policies the blocks are those of the differences, so that the market that both saw cancels.
//! 2. Blocks are resampled whole, recording by recording, as those of a single run are; the ends are moved
//!    out by what the mean over the seeds may be off, in quadrature.

use super::answer::verdict;
use super::stats::{Interval, RESAMPLES, ends, enough, float, out_by, seeds_half};

/// Blocks that a recording is resampled in at most; shorter ones are joined.
const BLOCKS_MAX: usize = 120;
const SEED: u64 = 20_070_909;

/// A recording: by seed, by block of time.
pub type Seeds = Vec<Vec<f64>>;

/// The mean over seeds, summed over all blocks of all recordings, and its interval.
pub fn over_seeds(recordings: &[Seeds]) -> Interval {
    let all: Vec<Vec<f64>> = recordings.iter().map(mean).collect();
    let value: f64 = all.iter().flatten().sum();
    let blocks = all.iter().map(Vec::len).sum();
    let busy = all.iter().flatten().filter(|x| **x != 0.0).count();
    if !enough(blocks, busy) {
        return Interval::one(value);
    }
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut one = |x: &Vec<f64>| (0..x.len()).map(|_| x[rng.usize(0..x.len())]).sum::<f64>();
    let mut drawn: Vec<f64> = (0..RESAMPLES).map(|_| all.iter().map(&mut one).sum()).collect();
    let off = |s: &Seeds| {
        let totals: Vec<f64> = s.iter().map(|x| x.iter().sum()).collect();
        let half = seeds_half(&totals);
        half * half / float(totals.len().max(1))
    };
    out_by(ends(value, &mut drawn, blocks), recordings.iter().map(off).sum::<f64>().sqrt())
}

/// The mean over seeds of a recording, in blocks joined to so many.
fn mean(s: &Seeds) -> Vec<f64> {
    let most = s.iter().map(Vec::len).max().unwrap_or(0);
    let at = |b: usize| s.iter().filter_map(|x| x.get(b)).sum::<f64>() / float(s.len().max(1));
    let all: Vec<f64> = (0..most).map(at).collect();
    all.chunks(most.div_ceil(BLOCKS_MAX).max(1)).map(|c| c.iter().sum()).collect()
}

/// The differences, seed by seed and block by block.
pub fn less(of: &[Seeds], first: &[Seeds]) -> Vec<Seeds> {
    let blocks = |a: &Vec<f64>, b: &Vec<f64>| {
        let at = |x: &Vec<f64>, i: usize| x.get(i).copied().unwrap_or(0.0);
        (0..a.len().max(b.len())).map(|i| at(a, i) - at(b, i)).collect()
    };
    let seeds = |(a, b): (&Seeds, &Seeds)| a.iter().zip(b).map(|(a, b)| blocks(a, b)).collect();
    of.iter().zip(first).map(seeds).collect()
}

/// The figures that are compared.
pub const FIGURES: [&str; 2] = ["value", "result"];

/// What a policy came to on a coin of a market, beside the first one.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Market.
    pub market: String,
    /// Coin, or that it is all of them.
    pub coin: String,
    /// Its name.
    pub policy: String,
    /// The name of the first one.
    pub first: String,
    /// Market time, s.
    pub seconds: f64,
    /// Fills, mean over seeds.
    pub fills: f64,
    /// USD traded, mean over seeds.
    pub traded_usd: f64,
    /// Each of [`FIGURES`], and that less the first one's, USD.
    pub figures: [[Interval; 2]; 2],
}

impl Beside {
    /// Whether it did better than the first one.
    pub fn sentence(&self) -> String {
        let less = &self.figures[1][1];
        if less.lo.is_none() && less.value == 0.0 {
            return format!("{} made what {} made.", self.policy, self.first);
        }
        let than = if less.value < 0.0 { "less" } else { "more" };
        format!(
            "{} made {:.2} USD {than} than {}: {}",
            self.policy,
            less.value.abs(),
            self.first,
            verdict(less, self.seconds)
        )
    }

    /// Whether both are of one coin of one market.
    pub fn is_of(&self, other: &Beside) -> bool {
        (&self.market, &self.coin) == (&other.market, &other.coin)
    }
}

/// Of all coins and recordings, the policies beside the first one.
pub fn whole(rows: &[Beside]) -> &[Beside] {
    rows.chunk_by(Beside::is_of).next_back().map_or(&[], |all| &all[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of a market that all policies see, of the policy's seed, and of its drift.
    fn policy(drift: f64, per_seed: f64, rng: &mut fastrand::Rng, market: &[f64]) -> Vec<Seeds> {
        let seed = |_| {
            let luck = per_seed * (rng.f64() - 0.5);
            market.iter().map(|m| m + drift + luck + 0.1 * (rng.f64() - 0.5)).collect()
        };
        vec![(0..8).map(seed).collect()]
    }

    #[test]
    fn a_difference_is_found_in_a_market_far_louder_than_it() {
        let mut rng = fastrand::Rng::with_seed(3);
        let market: Vec<f64> = (0..60).map(|_| 20.0 * (rng.f64() - 0.5)).collect();
        let first = policy(0.0, 0.1, &mut rng, &market);
        let better = policy(0.2, 0.1, &mut rng, &market);
        let paired = over_seeds(&less(&better, &first));
        assert!((paired.value - 12.0).abs() < 3.0, "{paired:?}");
        assert!(paired.lo.is_some_and(|lo| lo > 0.0), "{paired:?}");
        // The control: side by side, without pairs, the market hides it.
        let (a, b) = (over_seeds(&first), over_seeds(&better));
        assert!(a.hi.zip(b.lo).is_some_and(|(hi, lo)| lo < hi), "{a:?} {b:?}");
        let itself = over_seeds(&less(&first, &first));
        assert_eq!((itself.value, itself.lo), (0.0, None), "the same policy: nothing to resample");
    }

    /// Share of 200 pairs of equal policies whose interval holds 0; `seeds`: seeds are resampled, too.
    fn coverage(resampled: bool) -> f64 {
        let mut rng = fastrand::Rng::with_seed(5);
        let market = vec![0.0; 40];
        let held = (0..200).filter(|_| {
            let [a, b] = [0, 1].map(|_| policy(0.0, 0.5, &mut rng, &market));
            let mut d = less(&a, &b);
            if !resampled {
                // Seeds as one: their spread is lost.
                let n = d[0].len() as f64;
                let mean = |i: usize| d[0].iter().map(|s| s[i]).sum::<f64>() / n;
                d = vec![vec![(0..40).map(mean).collect()]];
            }
            let i = over_seeds(&d);
            i.lo.zip(i.hi).is_some_and(|(lo, hi)| lo <= 0.0 && 0.0 <= hi)
        });
        held.count() as f64 / 200.0
    }

    #[test]
    fn intervals_hold_the_spread_of_seeds() {
        assert!(coverage(true) >= 0.9, "{}", coverage(true));
        let without = coverage(false);
        assert!(without < 0.5, "control: {without}");
    }

    #[test]
    fn recordings_add_up_and_short_ones_have_no_interval() {
        let one = vec![vec![1.0; 7]; 2];
        assert_eq!(over_seeds(std::slice::from_ref(&one)), Interval::one(7.0));
        let two = over_seeds(&[one.clone(), one]);
        assert!((two.value - 14.0).abs() < 1e-12 && two.lo.is_some(), "{two:?}");
        assert_eq!(over_seeds(&[]), Interval::default());
    }
}
