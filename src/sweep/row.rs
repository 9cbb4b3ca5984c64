//! The result of one job: what it earned, coin by coin and block by block.
//!
//! In: what a replay came to. Out: [`Row`], as JSON and back. Cold path.
//!
//! 1. Money is a whole number of 1e-17 USD, written as text; figures are those of `papermaker compare`.
//! 2. Blocks are stretches of session time from the first record on; their profits are of the
//!    configured fill model, and add up to the profit.

use serde::{Deserialize, Serialize};

use crate::app::compare::{Compared, Outcome};
use crate::journal::hex;
use crate::report::money_units;
use crate::units::Cash;

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

impl Row {
    /// The row of a job: what came of the coins of these names.
    pub(super) fn of(job: String, names: &[String], came: &Compared) -> Row {
        let coin = |(x, name): (&Outcome, &String)| {
            let money = |c: Cash| money_units(c).to_string();
            CoinRow {
                coin: name.clone(),
                fills: x.accounts.map(|a| a.map_or(0, |a| u64::from(a.fills))),
                profit: x.accounts.map(|a| money(a.map_or(Cash(0), |a| a.profit()))),
                parts: x.account().map_or([Cash(0); 5], |a| a.parts()).map(money),
                turnover_usd: x.turnover_usd,
                drawdown_usd: x.drawdown.to_f64(),
                half_bps: x.half_bps,
                seconds: x.seconds,
                quoted: x.guards[0],
                kappa: x.estimates.map(|e| e.kappa).filter(|k| k.is_finite()),
                blocks_usd: x.blocks(came.blocks).into_iter().map(|[_, profit]| profit).collect(),
            }
        };
        Row {
            job,
            digest: hex(came.digest.run),
            decisions: hex(came.digest.decisions),
            records: came.records,
            from_ns: came.span[0].0,
            to_ns: came.span[1].0,
            coins: came.coins.iter().zip(names).map(coin).collect(),
        }
    }
}
