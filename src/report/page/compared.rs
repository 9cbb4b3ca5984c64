//! The page of a comparison: what each policy came to beside the first one.
//!
//! In: rows, what they were found on. Out: HTML. Cold path.

use super::dist;
use super::document::document;
use super::figure::figure;
use super::fmt::{data, esc, number, signed};
use crate::report::paired::{Beside, FIGURES, whole};
use crate::report::stats::Interval;

/// Classes of the policies beside the first one, in turn.
const CLASSES: [&str; 4] = ["bid", "ask", "pess", "truth"];

/// The page; `heads` say what kind of market it was.
pub fn page(heads: &[String], rows: &[Beside]) -> String {
    let groups: Vec<&[Beside]> = rows.chunk_by(Beside::is_of).collect();
    let names: Vec<&str> = whole(rows).iter().map(|b| b.policy.as_str()).collect();
    let first = rows.first().map_or("", |b| &b.first);
    let title = format!("{} against {first}", names.join(", "));
    let said = heads.iter().cloned().chain(whole(rows).iter().map(Beside::sentence));
    let mut body = format!(
        "<header><p class=brand>papermaker</p><h1>{}</h1></header><main><div class=answer>{}</div>",
        esc(&title),
        said.map(|s| format!("<p>{}</p>", esc(&s))).collect::<String>()
    );
    let mut markets: Vec<&str> = rows.iter().map(|b| b.market.as_str()).collect();
    markets.dedup();
    let nth = |b: &Beside| markets.iter().position(|m| *m == b.market).map_or(0, |i| i + 1);
    let one = markets.len() == 1;
    let place = |b: &Beside| if one { b.coin.clone() } else { format!("{} {}", nth(b), b.coin) };
    let places: Vec<String> = groups.iter().map(|g| place(&g[0])).collect();
    for (which, figure_name) in FIGURES.iter().enumerate() {
        let of = |i: usize| -> Vec<Option<Interval>> {
            groups.iter().map(|g| g.get(i).map(|b| b.figures[which][1])).collect()
        };
        let all: Vec<dist::Row<'_>> = (1..=names.len())
            .map(|i| (CLASSES[(i - 1) % CLASSES.len()], names[i - 1], of(i)))
            .collect();
        let how = "Above zero: better than the first. Both saw the same market, so that its moves cancel; the \
                   interval is over seeds and stretches of time.";
        let title = format!("{figure_name}, less that of {first}");
        let chart = dist::whiskers(&places, &all);
        body.push_str(&figure(&title, "USD, with its 95 % interval", how, &chart));
    }
    body.push_str(
        "<div class=scroll><table><tr><th class=t>market<th class=t>coin<th class=t>profile",
    );
    for name in FIGURES {
        body.push_str(&format!("<th>{name}, USD<th>less {}", esc(first)));
    }
    body.push_str("<th>fills<th>USD traded");
    for (i, b) in rows.iter().enumerate() {
        body.push_str(&row(i, b, nth(b)));
    }
    body.push_str(
        "</table></div><p class=how>Means over seeds, 95 % intervals over seeds and time. Value: what fills \
         were worth 5 s later, fees paid. Result: the account, whatever the position came to.</p></main>",
    );
    document(&esc(&title), "", &body)
}

fn row(i: usize, b: &Beside, nth: usize) -> String {
    let sum = if b.policy == b.first { " class=sum" } else { "" };
    let market = format!("{nth} {}", b.market.rsplit('/').next().unwrap_or(&b.market));
    // Rows of a coin stand together.
    let (market, coin) = if b.policy == b.first { (&*market, &*b.coin) } else { ("", "") };
    let mut out = format!("<tr{sum}><td>{}<td>{}<td>{}", esc(market), esc(coin), esc(&b.policy));
    let cell = |key: &str, v: &Interval| {
        let end =
            |name: &str, x: f64| data(&format!("rows.{i}.{key}_{name}_usd"), x, &signed(x, 4));
        let ends = v.lo.zip(v.hi).map(|(lo, hi)| {
            format!(" <span class=ci>{} to {}</span>", end("lo", lo), end("hi", hi))
        });
        let value = data(&format!("rows.{i}.{key}_usd"), v.value, &signed(v.value, 4));
        format!("<td class=n>{value}{}", ends.unwrap_or_default())
    };
    for (key, [own, less]) in ["value", "profit"].iter().zip(&b.figures) {
        out.push_str(&cell(key, own));
        let less = (b.policy != b.first).then(|| cell(&format!("{key}_less_first"), less));
        out.push_str(&less.unwrap_or_else(|| "<td class=n>–".to_owned()));
    }
    let figure = |key: &str, v: f64, decimals| {
        format!("<td class=n>{}", data(&format!("rows.{i}.{key}"), v, &number(v, decimals)))
    };
    out.push_str(&figure("fills", b.fills, 1));
    out.push_str(&figure("turnover_usd", b.traded_usd, 0));
    out
}
