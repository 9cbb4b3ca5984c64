//! The result of one job: what it earned, coin by coin and block by block.
//!
//! In: the records of a replay. Out: [`Row`], as JSON and back. Cold path.
//!
//! 1. Money is a whole number of 1e-17 USD, written as text; figures are those of `papermaker compare`.
//! 2. Blocks are stretches of session time from the first record on; their profits are of the
//!    configured fill model, and add up to the profit.

use serde::{Deserialize, Serialize};

use crate::app::compare::Watches;
use crate::journal::{Digests, hex};
use crate::record::{Account, Body, Lane, Record};
use crate::report::money_units;
use crate::units::{Cash, Ns};

/// A coin of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoinRow {
    /// Name.
    pub coin: String,
    /// Fills under each fill model: configured, pessimistic, optimistic.
    pub fills: [u64; 3],
    /// Profit under each, 1e-17 USD.
    pub profit: [String; 3],
    /// Spread, adverse, inventory, fees and funding under the configured model, 1e-17 USD.
    pub parts: [String; 5],
    /// Value filled, USD.
    pub turnover_usd: f64,
    /// Largest fall from a peak of the profit, USD.
    pub drawdown_usd: f64,
    /// Mean half-spread while quoted, bps.
    pub half_bps: Option<f64>,
    /// Seconds seen.
    pub seconds: u64,
    /// Side-seconds quoted.
    pub quoted: u64,
    /// Kappa at the end, per unit.
    pub kappa: Option<f64>,
    /// Profit of each block, USD.
    pub blocks_usd: Vec<f64>,
}

/// A job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the job.
    pub job: String,
    /// Digest of all records.
    pub digest: String,
    /// Digest of the decisions.
    pub decisions: String,
    /// Records.
    pub records: u64,
    /// Session time of the first record, ns.
    pub from_ns: i64,
    /// Session time of the last record, ns.
    pub to_ns: i64,
    /// Coins.
    pub coins: Vec<CoinRow>,
}

#[derive(Clone, Debug, Default)]
struct Coin {
    accounts: [Option<Account>; 3],
    peak: i128,
    drawdown: i128,
}

/// Makes a row of records.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    figures: Watches,
    from: Option<Ns>,
    to: Ns,
    coins: Vec<Coin>,
}

impl Watch {
    pub(super) fn new(coins: usize, block_ns: i64) -> Watch {
        let (figures, coins) = (Watches::new(coins, block_ns), vec![Coin::default(); coins]);
        Watch { figures, from: None, to: Ns(0), coins }
    }

    pub(super) fn take(&mut self, r: &Record) {
        self.figures.take(r);
        self.from.get_or_insert(r.at);
        self.to = self.to.max(r.at);
        if let Body::Account(a) = &r.body
            && let Some(c) = self.coins.get_mut(r.coin.index())
        {
            c.accounts[a.lane as usize] = Some(*a);
            if a.lane == Lane::Configured {
                let now = a.profit().0;
                c.peak = c.peak.max(now);
                c.drawdown = c.drawdown.max(c.peak - now);
            }
        }
    }

    /// The row of the coins of these names; `digest` and `records` are of what was taken.
    pub(super) fn finish(
        self,
        job: String,
        names: &[String],
        (records, digest): (u64, &Digests),
    ) -> Row {
        let from = self.from.unwrap_or_default();
        let figures = self.figures.finish(digest.decisions);
        let coins = self.coins.into_iter().zip(figures.coins).zip(names);
        let coins = coins.map(|((c, x), name)| {
            let steps = x.blocks(figures.blocks).into_iter().map(|[_, profit]| profit).collect();
            let money = |c: Cash| money_units(c).to_string();
            let last = c.accounts[Lane::Configured as usize];
            CoinRow {
                coin: name.clone(),
                fills: c.accounts.map(|a| a.map_or(0, |a| u64::from(a.fills))),
                profit: c.accounts.map(|a| money(a.map_or(Cash(0), |a| a.profit()))),
                parts: last.map_or([Cash(0); 5], |a| a.parts()).map(money),
                turnover_usd: x.turnover_usd,
                drawdown_usd: Cash(c.drawdown).to_f64(),
                half_bps: x.half_bps,
                seconds: x.seconds,
                quoted: x.guards[0],
                kappa: x.estimates.map(|e| e.kappa).filter(|k| k.is_finite()),
                blocks_usd: steps,
            }
        });
        Row {
            job,
            digest: hex(digest.run),
            decisions: hex(digest.decisions),
            records,
            from_ns: from.0,
            to_ns: self.to.0,
            coins: coins.collect(),
        }
    }
}
