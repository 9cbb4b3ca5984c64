//! The page of several runs: what each came to, beside each other and together.
//!
//! In: runs as one answer. Out: HTML. Cold path.

use super::dist;
use super::document::document;
use super::figure::figure;
use super::fmt::{count, esc, number, signed};
use crate::report::answer::verdict;
use crate::report::sources::Market;
use crate::report::stats::Interval;
use crate::report::time::stamp;
use crate::report::together::{Row, Together, UNLIKE};

/// The page.
pub fn page(t: &Together<'_>) -> String {
    let rows = t.rows();
    let mut body = format!(
        "<header><p class=brand>papermaker</p><h1>{} runs</h1></header><main><div class=answer>",
        t.count()
    );
    for market in t.markets() {
        body.push_str(&format!("<p>{}</p>", esc(&market)));
    }
    for row in rows.iter().filter(|r| !r.is_one && r.coin.is_none()) {
        let p = &row.lane.profit;
        let is_sum = t.is_unlike() && row.runs == "all";
        let hours = row.hours;
        let said = if is_sum { format!("{UNLIKE}.") } else { verdict(p, hours * 3_600.0) };
        body.push_str(&format!(
            "<p>{}: {} USD in {} fills over {} h: {}</p>",
            esc(&row.runs.replacen('a', "A", 1)),
            signed(p.value, 2),
            count(row.lane.fills),
            number(hours, 2),
            esc(&said),
        ));
    }
    body.push_str("</div><div class=scroll><table><tr><th class=t>run<th class=t>coin<th>from<th>hours<th>fills");
    body.push_str("<th>result, USD<th>95 % from<th>to");
    let end = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| signed(x, 4));
    for Row { runs, coin, from, hours, lane, .. } in &rows {
        let sum = if coin.is_none() { " class=sum" } else { "" };
        body.push_str(&format!(
            "<tr{sum}><td>{}<td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td \
             class=n>{}<td class=n>{}",
            esc(runs),
            esc(coin.as_deref().unwrap_or("all")),
            stamp(*from),
            number(*hours, 2),
            count(lane.fills),
            signed(lane.profit.value, 4),
            end(lane.profit.lo),
            end(lane.profit.hi),
        ));
    }
    body.push_str("</table></div>");
    let of: Vec<_> = rows.iter().filter(|r| r.coin.is_none() && r.is_one).collect();
    let name = |r: &&Row| r.runs.rsplit('/').next().unwrap_or(&r.runs).to_owned();
    let names: Vec<String> = of.iter().map(name).collect();
    let all: Vec<Option<Interval>> = of.iter().map(|r| Some(r.lane.profit)).collect();
    let chart = dist::whiskers(&names, &[("own", "result of all coins", all)]);
    let how = "Each run began without a position and without knowledge; intervals are over \
               stretches of time.";
    body.push_str(&figure("Result by run", "USD, with its 95 % interval", how, &chart));
    body.push_str("</main>");
    document("several runs", "", &body)
}

impl Together<'_> {
    /// Where the markets of the runs come from, each once.
    fn markets(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.models().filter_map(|m| m.sources.market.as_ref()).map(Market::sentence).collect();
        all.dedup();
        all
    }
}
