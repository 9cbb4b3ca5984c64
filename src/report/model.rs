//! A whole run as the report sees it: one pass over its records, bounded memory for what is drawn.
//!
//! In: records in order, what the run folder says besides. Out: [`Model`], from which text, JSON
//! and page are made. Cold path.
//!
//! 1. Sums of money are those of the last account records, added as integers.
//! 2. What was lost on the way to the journal is missing here too, and counted.

use super::coin::{CoinModel, LaneResult, TotalLane, over, spread_of};
use super::days::{Day, Days};
use super::money::Split;
use super::path::Path;
use super::series::Series;
use super::sources::Sources;
use super::stats::{Blocks, Interval, seen_ns};
use crate::journal::{Digest, Digests, Disk, Found, ReadError, Reader};
use crate::record::{
    Body, Budget, Clocks, Lane, LinkChange, NO_COIN, Record, Start, Stop, StrategyNames,
};
use crate::units::{CoinId, Ns};
use serde::{Deserialize, Serialize};

/// A run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Model {
    /// First record.
    pub start: Option<Start>,
    /// Last record of a run that ended well.
    pub stop: Option<Stop>,
    /// Session time of the first and the newest record.
    pub from: Ns,
    /// See `from`.
    pub to: Ns,
    /// Records read.
    pub records: u64,
    /// Records the journal says are missing.
    pub lost: u64,
    /// The strategy, and what its terms mean.
    pub strategy: StrategyNames,
    /// Digests of the records read.
    #[serde(skip)]
    pub digest: Digests,
    /// Damage and torn tails, a line each.
    pub faults: Vec<String>,
    /// Changes of the link.
    pub links: Vec<(Ns, LinkChange)>,
    /// Times without any link.
    pub holes: Vec<(Ns, Ns)>,
    /// How the clocks stood at last.
    pub clocks: Option<Clocks>,
    /// Coins as [`CoinId`] counts; those without a name left out.
    pub coins: Vec<CoinModel>,
    /// Coins together, as `Lane` counts; `None` where no coin has an account.
    pub total: [Option<TotalLane>; 3],
    /// What fills of all coins were worth five seconds later, fees paid, USD: configured fill model.
    #[serde(skip)]
    pub value: Interval,
    /// Profit of all coins by fill model, USD.
    pub equity: [Series; 3],
    /// Drawdown of all coins together and their largest positions together, configured.
    pub path: Path,
    /// What each day added.
    pub days: Vec<Day>,
    /// Blocks of the intervals.
    pub blocks: Blocks,
    /// The account's budget of requests.
    pub requests: Option<Budget>,
    /// What the run folder says besides the journal.
    #[serde(skip)]
    pub sources: Sources,
}

/// A model in the making.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Builder {
    model: Option<Model>,
    faults: Vec<String>,
    digest: Digest,
    days: Days,
    /// Whether an account changed at the newest time, by fill model.
    changed: [bool; 3],
}

/// Reads a journal whole, or what follows the records that `builder` has.
///
/// # Errors
/// [`ReadError`] where it cannot be read at all; damage is a line in `faults`.
pub fn read<D: Disk>(
    reader: &mut Reader<D>,
    mut builder: Builder,
    sources: Sources,
) -> Result<Model, ReadError> {
    while let Some(found) = reader.step()? {
        match found {
            Found::Record(record) => builder.take(&record),
            Found::Damage(damage) => builder.fault(damage.to_string()),
            Found::Torn(torn) => builder.fault(torn.to_string()),
        }
    }
    Ok(builder.finish(sources))
}

impl Builder {
    /// Takes the next record.
    pub fn take(&mut self, r: &Record) {
        self.digest.update(&r.encode());
        let m = self.model.get_or_insert_with(|| Model::new(r.at));
        if r.at > m.to {
            flush(&mut self.changed, m);
        }
        m.to = m.to.max(r.at);
        m.records += 1;
        if let (Body::LinkChange(x), NO_COIN) = (r.body, r.coin) {
            match (x.up, m.holes.last_mut()) {
                (true, Some(hole)) => hole.1 = r.at,
                (true, None) => {}
                (false, _) => m.holes.push((r.at, Ns(i64::MAX))),
            }
        }
        match r.body {
            Body::Start(x) => m.start = Some(x),
            Body::Stop(x) => m.stop = Some(x),
            Body::Strategy(_) | Body::Label(_) => m.strategy.take(&r.body),
            // Coins of one link change together.
            Body::LinkChange(x)
                if m.links.last().is_some_and(|l| (l.0, l.1.up) == (r.at, x.up)) => {}
            Body::LinkChange(x) => m.links.push((r.at, x)),
            Body::Clocks(x) => m.clocks = Some(x),
            Body::Requests(x) => m.requests = Some(Budget::with(m.requests, r.at, x)),
            Body::Lost(x) => m.lost = m.lost.saturating_add(x.count),
            Body::Account(x) => {
                self.changed[x.lane as usize] = true;
                self.days.take(r.at, r.coin, &x);
            }
            _ => {}
        }
        if let Some(coin) = m.coin(r.coin) {
            coin.take(r.at, &r.body);
        }
    }

    /// Digest of the records taken.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Records that were lost on the way to the journal, as those taken say.
    pub fn lost(&self) -> u64 {
        self.model.as_ref().map_or(0, |m| m.lost)
    }

    /// Notes a fault of the journal.
    pub fn fault(&mut self, line: String) {
        self.faults.push(line);
    }

    /// The model of what was taken.
    pub fn finish(mut self, sources: Sources) -> Model {
        let mut m = self.model.unwrap_or_else(|| Model::new(Ns(0)));
        flush(&mut self.changed, &mut m);
        m.digest = self.digest.value();
        m.faults = self.faults;
        m.days = self.days.finish();
        m.sources = sources;
        m.finish();
        m
    }
}

/// Adds up the coins once everything of one time was taken.
fn flush(changed: &mut [bool; 3], m: &mut Model) {
    for (lane, changed) in changed.iter_mut().enumerate() {
        if std::mem::take(changed) {
            let sum = m.split(lane).map(|s| s.profit().to_f64());
            if let (0, Some(sum)) = (lane, sum) {
                let held = m.coins.iter().map(|c| c.path.held_usd).sum();
                m.path.take(sum, held);
            }
            m.equity[lane].push(m.to, sum);
        }
    }
}

impl Model {
    /// The model of no records.
    pub fn empty() -> Model {
        Builder::default().finish(Sources::default())
    }

    fn new(from: Ns) -> Model {
        let equity = [(); 3].map(|()| Series::new(from));
        Model { from, to: from, equity, blocks: Blocks::of(from, from, &[]), ..Model::default() }
    }

    fn coin(&mut self, coin: CoinId) -> Option<&mut CoinModel> {
        let i = coin.index();
        if coin == NO_COIN {
            return None;
        }
        let from = self.from;
        if self.coins.len() <= i {
            self.coins.resize_with(i + 1, || CoinModel::new(from));
        }
        self.coins.get_mut(i)
    }

    fn results(&self, lane: usize) -> impl Iterator<Item = &LaneResult> {
        self.coins.iter().filter_map(move |c| c.results[lane].as_ref())
    }

    fn split(&self, lane: usize) -> Option<Split> {
        self.results(lane).map(|r| r.split).reduce(|a, b| a + b)
    }

    fn finish(&mut self) {
        let end = self.to;
        self.holes.last_mut().into_iter().for_each(|hole| hole.1 = hole.1.min(end));
        self.blocks = Blocks::of(self.from, end, &self.holes);
        let blocks = self.blocks.clone();
        for (c, name) in self.coins.iter_mut().zip(&self.sources.coins) {
            if c.name.is_empty() {
                c.name.clone_from(name);
            }
        }
        self.coins.retain(|c| !c.name.is_empty());
        let mut worth = vec![[0.0; 1]; blocks.count];
        for c in &mut self.coins {
            c.finish(end, &blocks, self.sources.seeds.of(&c.name));
            let steps = c.value_steps(&blocks);
            worth.iter_mut().zip(steps).for_each(|(sum, step)| sum[0] += step[0]);
        }
        let seeds = self.sources.seeds.all();
        let value = self.coins.iter().map(|c| c.value.value).sum();
        self.value = over(spread_of(&worth, value), &seeds, |c| c.value_usd);
        for (lane, s) in self.equity.iter_mut().enumerate() {
            s.finish(end);
            let steps = s.steps(&blocks);
            self.total[lane] = None;
            if s.is_empty() {
                continue;
            }
            let all = self.coins.iter().filter_map(|c| c.results[lane].as_ref());
            let mut sum = TotalLane::default();
            for r in all {
                sum.split = sum.split + r.split;
                sum.fills += u64::from(r.account.fills);
            }
            sum.profit = spread_of(&steps, sum.split.profit().to_f64());
            if lane == Lane::Configured as usize {
                sum.profit = over(sum.profit, &seeds, |c| c.profit_usd);
            }
            self.total[lane] = Some(sum);
        }
    }

    /// How long there was a link, s of session time.
    pub fn seconds(&self) -> f64 {
        Ns::seconds(seen_ns(self.from, self.to, &self.holes))
    }
}
