//! Which configuration is best, said with what chance alone would do.
//!
//! In: the rows of a plan. Out: [`Ranking`]. Cold path.
//!
//! 1. Each configuration is held against the first one, block by block of the same market (seeds
//!    averaged, coins added): the interval is of the paired difference, and its lower end ranks.
//! 2. The best of many looks good by chance. `chance` is the p-value of White's reality check (White,
//!    "A reality check for data snooping", 2000): how often the best of so many would lead the first
//!    by as much if none was better, by the same resampled blocks for all.
//! 3. Walking forward, the configuration with the largest profit on a stretch is counted on the next:
//!    what choosing would have earned.

use serde::Serialize;

use super::plan::Plan;
use super::row::Row;
use crate::report::{BLOCKS_MIN, Interval, RESAMPLES, bootstrap, count, float, total};

const SEED: u64 = 20_000_926;

/// A configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked {
    /// Which one, from 0.
    pub config: usize,
    /// Its settings: keys and values.
    pub settings: Vec<(String, String)>,
    /// Profit of all files and coins, mean over seeds, USD: configured fill model.
    pub profit_usd: f64,
    /// The same under the pessimistic one.
    pub pessimistic_usd: f64,
    /// Profit less that of the first configuration, USD.
    pub over_first: Interval,
    /// Fills, mean over seeds.
    pub fills: f64,
}

/// A walk forward.
#[derive(Clone, Debug, Serialize)]
pub struct Forward {
    /// Stretches on which a choice was counted.
    pub windows: usize,
    /// Profit of the choices there, USD.
    pub chosen_usd: f64,
    /// Profit of the first configuration on the same stretches, USD.
    pub first_usd: f64,
    /// The difference, with its interval.
    pub over_first: Interval,
    /// Files that are shorter than one window.
    pub too_short: Vec<String>,
}

/// All configurations, best first.
#[derive(Clone, Debug, Serialize)]
pub struct Ranking {
    /// How many were tried.
    pub tried: usize,
    /// Seeds of each.
    pub seeds: usize,
    /// Blocks of all files together.
    pub blocks: usize,
    /// By the lower end of the paired interval; those without one last.
    pub ranked: Vec<Ranked>,
    /// How often the best of so many would lead by as much if none was better.
    pub chance: Option<f64>,
    /// The walk forward, where the plan has windows.
    pub forward: Option<Forward>,
}

/// Ranks the rows, which are in the order of the plan.
pub fn rank(plan: &Plan, rows: &[Row]) -> Ranking {
    let n = plan.configs.len();
    let files: Vec<Vec<Vec<f64>>> = (0..plan.files.len()).map(|f| of_file(plan, rows, f)).collect();
    let blocks = |config: usize| files.iter().flat_map(move |f| f[config].iter().copied());
    let first: Vec<f64> = blocks(0).collect();
    let over: Vec<Vec<f64>> =
        (0..n).map(|c| blocks(c).zip(&first).map(|(x, b)| x - b).collect()).collect();
    let sums = sums(plan, rows);
    let mut ranked: Vec<Ranked> = (0..n)
        .map(|config| {
            let [profit_usd, pessimistic_usd, fills] = sums[config];
            let steps: Vec<[f64; 1]> = over[config].iter().map(|x| [*x]).collect();
            let settings = plan.keys.iter().cloned().zip(plan.configs[config].iter().cloned());
            Ranked {
                config,
                settings: settings.collect(),
                profit_usd,
                pessimistic_usd,
                over_first: bootstrap(&steps, total).unwrap_or_default(),
                fills,
            }
        })
        .collect();
    let key = |r: &Ranked| match (r.config, r.over_first.lo) {
        (0, _) => 0.0,
        (_, lo) => lo.unwrap_or(f64::NEG_INFINITY),
    };
    ranked.sort_by(|a, b| {
        let by_value = b.over_first.value.total_cmp(&a.over_first.value);
        key(b).total_cmp(&key(a)).then(by_value).then(a.config.cmp(&b.config))
    });
    Ranking {
        tried: n,
        seeds: plan.seeds.len(),
        blocks: first.len(),
        ranked,
        chance: chance(&over[1.min(n - 1)..]),
        forward: plan.windows.map(|w| forward(plan, &files, (w.train, w.test))),
    }
}

/// Profit, pessimistic profit and fills by configuration: coins and files added, seeds averaged.
fn sums(plan: &Plan, rows: &[Row]) -> Vec<[f64; 3]> {
    let mut out = vec![[0.0; 3]; plan.configs.len()];
    let seeds = float(plan.seeds.len());
    for (job, row) in rows.iter().enumerate() {
        for c in &row.coins {
            let all = [usd(&c.profit[0]), usd(&c.profit[1]), count(c.fills[0])];
            let sums = &mut out[plan.place(job).1];
            sums.iter_mut().zip(all).for_each(|(s, x)| *s += x / seeds);
        }
    }
    out
}

/// Profit by configuration and block of one file: coins added, seeds averaged.
fn of_file(plan: &Plan, rows: &[Row], file: usize) -> Vec<Vec<f64>> {
    let mut out = vec![Vec::new(); plan.configs.len()];
    for (job, row) in rows.iter().enumerate() {
        let (f, config, _) = plan.place(job);
        if f != file {
            continue;
        }
        for coin in &row.coins {
            let sums: &mut Vec<f64> = &mut out[config];
            sums.resize(sums.len().max(coin.blocks_usd.len()), 0.0);
            let seeds = float(plan.seeds.len());
            sums.iter_mut().zip(&coin.blocks_usd).for_each(|(s, x)| *s += x / seeds);
        }
    }
    let most = out.iter().map(Vec::len).max().unwrap_or(0);
    out.iter_mut().for_each(|o| o.resize(most, 0.0));
    out
}

/// The p-value of the reality check over the differences of each configuration but the first.
fn chance(over: &[Vec<f64>]) -> Option<f64> {
    let blocks = over.first().map_or(0, Vec::len);
    if blocks < BLOCKS_MIN {
        return None;
    }
    let sums: Vec<f64> = over.iter().map(|x| x.iter().sum()).collect();
    let best = sums.iter().copied().fold(0.0, f64::max);
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut times = vec![0.0; blocks];
    let as_good = (0..RESAMPLES).filter(|_| {
        times.fill(0.0);
        (0..blocks).for_each(|_| times[rng.usize(0..blocks)] += 1.0);
        let of = |x: &Vec<f64>| x.iter().zip(&times).map(|(x, n)| x * n).sum::<f64>();
        let most = over.iter().zip(&sums).map(|(x, sum)| of(x) - sum).fold(0.0, f64::max);
        most >= best
    });
    Some(float(as_good.count()) / float(RESAMPLES))
}

/// Chooses on each stretch and counts on the next.
fn forward(plan: &Plan, files: &[Vec<Vec<f64>>], (train, test): (usize, usize)) -> Forward {
    let (mut chosen, mut first) = (Vec::new(), Vec::new());
    let (mut windows, mut too_short) = (0, Vec::new());
    for (file, all) in plan.files.iter().zip(files) {
        let blocks = all[0].len();
        if blocks < train + test {
            too_short.push(file.name.clone());
        }
        for at in (train..).step_by(test).take_while(|at| at + test <= blocks) {
            let past = |c: usize| all[c][at - train..at].iter().sum::<f64>();
            let best = (0..all.len()).reduce(|a, b| if past(b) > past(a) { b } else { a });
            chosen.extend(&all[best.unwrap_or(0)][at..at + test]);
            first.extend(&all[0][at..at + test]);
            windows += 1;
        }
    }
    let steps: Vec<[f64; 1]> =
        chosen.iter().zip(&first).map(|(c, f): (&f64, &f64)| [c - f]).collect();
    Forward {
        windows,
        chosen_usd: chosen.iter().sum(),
        first_usd: first.iter().sum(),
        over_first: bootstrap(&steps, total).unwrap_or_default(),
        too_short,
    }
}

/// Units of 1e-17 USD as USD.
#[expect(clippy::cast_precision_loss, reason = "for a ranking")]
fn usd(text: &str) -> f64 {
    text.parse::<i128>().unwrap_or(0) as f64 * 1e-17
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::plan::FilePlan;
    use crate::sweep::row::CoinRow;
    use crate::sweep::spec::Windows;

    /// Configurations whose blocks are noise of one market, noise of their own and their own drift.
    fn ranking(drifts: &[f64], blocks: usize, seed: u64) -> Ranking {
        let file = FilePlan {
            path: "a".into(),
            name: "a".into(),
            bytes: 0,
            hash: String::new(),
            coins: vec![("ETH".into(), 4)],
        };
        let plan = Plan {
            version: String::new(),
            program: String::new(),
            block_ns: 1,
            windows: Some(Windows { train: 20, test: 10 }),
            keys: vec!["x".into()],
            configs: (0..drifts.len()).map(|i| vec![i.to_string()]).collect(),
            seeds: vec![0],
            files: vec![file],
            jobs: vec![String::new(); drifts.len()],
        };
        let mut rng = fastrand::Rng::with_seed(seed);
        let market: Vec<f64> = (0..blocks).map(|_| 20.0 * (rng.f64() - 0.5)).collect();
        let row = |drift: &f64| {
            let own = market.iter().map(|m| m + drift + rng.f64() - 0.5).collect();
            let coin = CoinRow { coin: "ETH".into(), blocks_usd: own, ..CoinRow::default() };
            Row { coins: vec![coin], ..Row::default() }
        };
        let rows: Vec<Row> = drifts.iter().map(row).collect();
        rank(&plan, &rows)
    }

    #[test]
    fn the_better_one_leads_in_spite_of_a_market_far_louder_than_it() {
        let r = ranking(&[0.0, 0.0, 0.3, 0.0], 120, 1);
        assert_eq!((r.tried, r.blocks, r.ranked[0].config), (4, 120, 2));
        assert!(r.ranked[0].over_first.lo.is_some_and(|lo| lo > 0.0), "{:?}", r.ranked[0]);
        assert!(r.chance.is_some_and(|p| p < 0.01), "{:?}", r.chance);
        let f = r.forward.expect("windows");
        assert_eq!((f.windows, f.too_short.len()), (10, 0));
        assert!(f.over_first.value > 10.0, "{f:?}");
    }

    #[test]
    fn the_best_of_many_equals_is_said_to_be_chance() {
        let (mut fooled, mut low) = (0, 0);
        for seed in 0..40 {
            let r = ranking(&[0.0; 30], 60, seed);
            // The control: a single paired interval is fooled by the choice.
            fooled += usize::from(r.ranked[0].config != 0);
            low += usize::from(r.chance.is_some_and(|p| p < 0.05));
        }
        assert!(low <= 5, "{low} of 40 below 5 %");
        assert!(fooled > 10, "{fooled} of 40");
    }

    #[test]
    fn too_few_blocks_give_no_interval_and_short_files_are_named() {
        let r = ranking(&[0.0, 1.0], 9, 3);
        assert_eq!((r.chance, r.ranked[0].config), (None, 0));
        assert_eq!(r.forward.expect("windows").too_short, ["a"]);
    }
}
