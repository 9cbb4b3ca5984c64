//! The page's part on one coin.
//!
//! In: a coin's model. Out: HTML. Cold path.

use super::dist::{self, Bar};
use super::figure::{self, figure, missing};
use super::fmt::{count, data, esc, number, span};
use super::scale::Scale;
use super::time_chart::{Axis, TimeChart, strip};
use crate::record::{Curve, Guard, Health, Lane, OrderReason, OrderState, REGIMES};
use crate::report::coin::{CoinModel, Mark};
use crate::report::orders::{AGE_S, AHEAD_USD};
use crate::report::sources::Truth;
use crate::report::stats::{Interval, count as float};
use crate::report::truth::Quotes;
use crate::units::{Side, decimal};

/// Fills drawn one by one; of more, every n-th is drawn.
const MARKS_MAX: usize = 1_500;

/// The whole section; `key` leads to the coin in the JSON form.
pub fn section(
    c: &CoinModel,
    axis: &Axis,
    (truth, quotes): (Option<&Truth>, Option<&Quotes>),
    key: &str,
) -> String {
    let name = esc(&c.name);
    let mut out = format!("<section class=coin id=\"{name}\"><h2>{name}</h2>");
    out.push_str(&facts(c, key));
    out.push_str("<div class=wide>");
    for f in [price, equity, position] {
        out.push_str(&f(c, axis));
    }
    out.push_str("</div><div class=two>");
    out.push_str(&kappa(c, axis, truth));
    for f in [regimes, risk, guards, health] {
        out.push_str(&f(c, axis));
    }
    out.push_str(&curve(c, quotes));
    for f in [horizons, depths, queue, waiting, obstacles, orders] {
        out.push_str(&f(c));
    }
    out.push_str("</div></section>");
    out
}

fn facts(c: &CoinModel, key: &str) -> String {
    let o = &c.orders;
    format!(
        "<p class=facts>{} prints seen; {} orders sent, {} of them went live; {} USD traded{}.</p>",
        count(c.prints),
        count(o.count(OrderState::Sent)),
        count(o.count(OrderState::Live)),
        data(&format!("{key}.orders.traded_usd"), o.traded_usd, &number(o.traded_usd, 0)),
        if o.traded_usd > 0.0 {
            format!(" at {} bps fee", number(o.fee_bps, 2))
        } else {
            String::new()
        },
    )
}

fn price(c: &CoinModel, axis: &Axis) -> String {
    let l = &c.lines;
    let title = "Own quotes and fills against the market";
    let all = [&l.market[0], &l.market[1], &l.own[0], &l.own[1]];
    let Some(scale) = Scale::over(all.iter().filter_map(|s| s.range())) else {
        return missing(title, "the journal holds no market state of this coin");
    };
    let mut chart = TimeChart::new(axis, scale, 300);
    chart.band("mkt", "market, bid to ask", &l.market[0], &l.market[1]);
    chart.read("market bid", &l.market[0]).read("market ask", &l.market[1]);
    chart.line("bid", "own bid", &l.own[0]).line("ask", "own ask", &l.own[1]);
    let every = c.marks.len().div_ceil(MARKS_MAX).max(1);
    let of = |side: Side| {
        let marks = c.marks.iter().step_by(every).filter(|m| m.side == side);
        let word = if side == Side::Buy { "bought" } else { "sold" };
        let text = |m: &Mark| {
            let (sz, px) = (decimal::format(m.sz.0, 0), decimal::format(m.px.0, 0));
            format!("{word} {sz} at {px}, {}, {:+.2} bps", m.reason.text(), m.bps)
        };
        marks.map(|m: &Mark| (m.at, m.px.to_f64(), text(m))).collect::<Vec<_>>()
    };
    chart.dots("bid", "bought", &of(Side::Buy)).dots("ask", "sold", &of(Side::Sell));
    let thinned = if every > 1 { format!(" One fill in {every} is drawn.") } else { String::new() };
    figure(
        title,
        "USD",
        &format!(
            "The band is the market's best bid to best ask, the lines are our nearest quotes; a \
             dot is a fill, and a line that stops is a side that was not quoted.{thinned}"
        ),
        &chart.html(),
    )
}

fn equity(c: &CoinModel, axis: &Axis) -> String {
    let title = "Profit marked at mid, under the three fill models";
    figure::equity(title, &c.lines.equity, axis)
}

fn position(c: &CoinModel, axis: &Axis) -> String {
    let title = "Position";
    let Some(scale) = Scale::over(c.lines.position.range().into_iter().chain([(0.0, 0.0)])) else {
        return missing(title, "the journal holds no account of this coin, or nothing was filled");
    };
    let mut chart = TimeChart::new(axis, scale, 110);
    chart.line("own", "position", &c.lines.position);
    let how = "Above zero we hold coins, below we owe them; a healthy maker crosses zero often.";
    figure(title, &c.name, how, &chart.html())
}

fn kappa(c: &CoinModel, axis: &Axis, truth: Option<&Truth>) -> String {
    let title = "How fast takers thin out with distance: κ";
    let [own, below, above] = &c.lines.kappa;
    let truth = truth.map(|t| t.kappa);
    let ranges = c.lines.kappa.iter().filter_map(|s| s.range()).chain(truth.map(|t| (t, t)));
    let Some(scale) = Scale::log_over(ranges) else {
        return missing(title, "the journal holds no estimates of this coin");
    };
    let mut chart = TimeChart::new(axis, scale, 170);
    chart.band("own", "95 % interval", below, above).line("own", "estimate", own);
    if let Some(t) = truth {
        chart.level("truth", "truth, averaged over the run", t);
    }
    let how = "The line is the estimate, the band its 95 % interval, a burst of takers counted once. \
               It is no input of a quote.";
    figure(title, "1 per unit of relative price, log scale", how, &chart.html())
}

fn regimes(c: &CoinModel, axis: &Axis) -> String {
    let title = "Which regime the market is in";
    let l = &c.lines.regimes;
    if l.iter().all(|s| s.is_empty()) {
        return missing(title, "the journal holds no regime probabilities of this coin");
    }
    let mut chart = TimeChart::new(axis, Scale::fixed(0.0, 1.0), 170);
    let classes = ["r0", "r1", "r2", "r3"];
    let parts: Vec<_> = (0..4).map(|i| (classes[i], REGIMES[i], &l[i])).collect();
    chart.stack(&parts);
    let how = "The height of a colour is the probability of that regime, calm at the bottom.";
    figure(title, "probability", how, &chart.html())
}

fn risk(c: &CoinModel, axis: &Axis) -> String {
    let title = "Volatility";
    let sigma = &c.lines.sigma;
    let Some(scale) = Scale::over(sigma.range().into_iter().chain([(0.0, 0.0)])) else {
        return missing(title, "the journal holds no estimates of this coin");
    };
    let mut chart = TimeChart::new(axis, scale, 200);
    chart.line("own", "volatility", sigma);
    figure(title, "bps/√s", "What a position risks in a second.", &chart.html())
}

fn guards(c: &CoinModel, axis: &Axis) -> String {
    let rows = [("bid", &c.guards[0]), ("ask", &c.guards[1])];
    let html = strip(axis, &rows, |g: Guard| (guard_class(g), guard_name(g)));
    let how = "Each column shows the first obstacle that held longest in it.";
    figure("When a side was quoted, and why not", "", how, &html)
}

fn health(c: &CoinModel, axis: &Axis) -> String {
    let html = strip(axis, &[("book", &c.health)], |h: Health| (health_class(h), h.sentence()));
    let how = "Only a fresh book is quoted on; each column shows the state that held longest.";
    figure("Health of the book", "", how, &html)
}

fn guard_name(g: Guard) -> &'static str {
    g.sentence().trim_end_matches('.')
}

fn guard_class(g: Guard) -> &'static str {
    match g {
        Guard::None => "ok",
        Guard::LinkDown | Guard::NoBook => "off",
        Guard::BookStale | Guard::BookCrossed | Guard::Gap => "r3",
        Guard::InventoryLimit => "r2",
        Guard::LossLimit | Guard::JournalBehind => "bad",
        _ => "opt",
    }
}

fn health_class(h: Health) -> &'static str {
    match h {
        Health::Fresh => "ok",
        Health::Stale => "r2",
        Health::Gapped => "r3",
        Health::Crossed | Health::OneSided => "pess",
        Health::Empty | Health::Down => "off",
    }
}

fn curve(c: &CoinModel, quotes: Option<&Quotes>) -> String {
    let title = "What a fill of a quote at each distance would earn";
    let rows: Vec<&Curve> = c.earns.rows().filter(|r| r.n_eff >= 2.0).collect();
    if rows.is_empty() {
        return missing(title, "no distance has two independent fills yet");
    }
    let names: Vec<String> =
        rows.iter().map(|r| format!("{} · {}", r.place_text(), number(r.n_eff, 0))).collect();
    let each = |r: &&Curve, value: f64, half: f64| {
        let (lo, hi) = (value - half, value + half);
        (r.rate > 0.0).then_some(Interval { value, lo: Some(lo), hi: Some(hi) })
    };
    let edge = rows.iter().map(|r| each(r, r.edge_bps(), r.error_bps)).collect();
    let cost = rows.iter().map(|r| each(r, r.cost_bps, r.error_bps)).collect();
    let mut bars = vec![("opt", "edge after fee", edge), ("own", "fee and adverse move", cost)];
    if let Some(q) = quotes {
        let edge = rows.iter().map(|r| q.of(r).and_then(|t| t.edge.interval())).collect();
        bars.push(("truth", "true edge", edge));
    }
    let how = "From shadow quotes that are nobody's: above zero a fill there earns. Distance in bps, \
               the touch, a tick inside it · independent fills; places with fewer than two are left out.";
    let words = c.earns.text();
    let words = words.trim_start().trim_start_matches("would earn").split_whitespace();
    let words = esc(&words.collect::<Vec<_>>().join(" "));
    let truth = quotes.map_or_else(String::new, |q| q.text(&c.earns));
    let truth =
        if truth.is_empty() { truth } else { format!("<pre class=how>{}</pre>", esc(&truth)) };
    let html = format!("<p>{words}</p>{truth}{}", dist::whiskers(&names, &bars));
    figure(title, "bps, mean and 95 %", how, &html).replacen("<figure>", "<figure class=key>", 1)
}

fn horizons(c: &CoinModel) -> String {
    let title = "What the market did after a fill, by horizon and side";
    let h = &c.markouts.horizons;
    if h.is_empty() {
        return missing(title, "no fill was old enough to be judged");
    }
    let names: Vec<String> =
        h.iter().map(|h| format!("{} s · {}", f64::from(h.horizon_ms) / 1e3, h.all.n)).collect();
    let rows = [
        ("own", "all fills", h.iter().map(|h| Some(h.all.move_bps)).collect()),
        ("bid", "bids", h.iter().map(|h| h.bids.map(|g| g.move_bps)).collect()),
        ("ask", "asks", h.iter().map(|h| h.asks.map(|g| g.move_bps)).collect()),
        ("opt", "edge after fees", h.iter().map(|h| Some(h.all.edge_bps)).collect()),
    ];
    let how = "Below zero the price moved against the fill; the edge adds what was captured against \
               the mid before it and takes off the fee, so above zero a fill earned. Shares of the \
               value traded; after 5 s they sum to the account. Horizon · fills.";
    figure(title, "bps, mean and 95 %", how, &dist::whiskers(&names, &rows))
}

fn depths(c: &CoinModel) -> String {
    let title = "The same after 5 s, by distance quoted at";
    let d = &c.markouts.depths;
    if d.is_empty() {
        return missing(title, "fewer than five fills have a move over 5 s");
    }
    let names: Vec<String> =
        d.iter().map(|g| format!("{} bps · {}", number(g.depth_bps, 1), g.n)).collect();
    let rows = [
        ("own", "move in our favour", d.iter().map(|g| Some(g.move_bps)).collect()),
        ("opt", "edge after fees", d.iter().map(|g| Some(g.edge_bps)).collect()),
    ];
    let how = "Fills in groups of equal number from near to far. The distance is counted from the \
               mid the quote was made at: what the market came before the fill is no edge. Mean \
               distance · fills.";
    figure(title, "bps, mean and 95 %", how, &dist::whiskers(&names, &rows))
}

fn queue(c: &CoinModel) -> String {
    let title = "Volume ahead in the queue, and who got filled";
    let (live, filled) = (&c.orders.live_by_ahead, &c.orders.filled_by_ahead);
    if live.iter().sum::<u64>() == 0 {
        return missing(title, "no order went live");
    }
    let list: Vec<Bar> = (0..AHEAD_USD.len())
        .filter(|i| live[*i] > 0)
        .map(|i| {
            let share = float(filled[i]) / float(live[i]).max(1.0);
            Bar {
                label: bin_label(&AHEAD_USD, i, " USD"),
                value: share,
                text: format!(
                    "{} % <small>{} of {}</small>",
                    number(share * 100.0, 1),
                    count(filled[i]),
                    count(live[i])
                ),
                class: "own",
            }
        })
        .collect();
    let how = format!(
        "Share of the orders that filled, by the value ahead of them when they went live. {} fills \
         were of orders placed where the book could not be seen.",
        count(c.orders.unknown_queue)
    );
    figure(title, "", &how, &dist::bars(&list))
}

fn waiting(c: &CoinModel) -> String {
    let title = "Time from going live to a fill";
    let n = &c.orders.fills_by_age;
    let Some(median) = c.orders.median_age_s else { return missing(title, "nothing was filled") };
    let last = n.iter().rposition(|n| *n > 0).unwrap_or(0);
    let list: Vec<Bar> = (0..=last)
        .map(|i| Bar {
            label: bin_label(&AGE_S, i, " s"),
            value: float(n[i]),
            text: count(n[i]),
            class: "own",
        })
        .collect();
    let how = format!("Fills by the age of their order; half were younger than {}.", span(median));
    figure(title, "fills", &how, &dist::bars(&list))
}

fn bin_label(edges: &[f64; 8], i: usize, unit: &str) -> String {
    let show = |v: f64| if v >= 1_000.0 { format!("{}k", v / 1_000.0) } else { format!("{v}") };
    match edges.get(i + 1) {
        Some(next) => format!("{}–{}{unit}", show(edges[i]), show(*next)),
        None => format!("≥ {}{unit}", show(edges[i])),
    }
}

fn obstacles(c: &CoinModel) -> String {
    let seconds = [0, 1].map(|i| c.guards[i].seconds(Guard::ALL));
    let mut list = Vec::new();
    for (k, guard) in Guard::ALL.iter().enumerate() {
        for (side, name) in [(0, "bid"), (1, "ask")] {
            let s = seconds[side][k];
            if s > 0.0 {
                list.push(Bar {
                    label: format!("{name}: {}", guard_name(*guard).to_lowercase()),
                    value: s,
                    text: span(s),
                    class: guard_class(*guard),
                });
            }
        }
    }
    let how = "Time in each state; the first obstacle counts where several stand.";
    figure("Time quoted, and time not, by reason", "", how, &dist::bars(&list))
}

fn orders(c: &CoinModel) -> String {
    let o = &c.orders;
    let row = |name: &str, n: u64| format!("<tr><td>{}<td class=n>{}", esc(name), count(n));
    let mut rows: String =
        OrderState::ALL.iter().map(|s| row(&s.text().replace('_', " "), o.count(*s))).collect();
    for (reason, n) in OrderReason::ALL.iter().zip(o.reasons) {
        if n > 0 {
            rows.push_str(&row(&format!("ended: {}", reason.text().replace('_', " ")), n));
        }
    }
    let fills: String = crate::record::FillReason::ALL
        .iter()
        .enumerate()
        .filter(|(i, _)| o.fills.iter().any(|l| l[*i] > 0))
        .map(|(i, r)| {
            let n: String =
                o.fills.iter().map(|l| format!("<td class=n>{}", count(l[i]))).collect();
            let of = &c.reasons.by[Lane::Configured as usize][i];
            let edge = of.edge_bps().map_or_else(String::new, |x| number(x, 2));
            let money = format!("<td class=n>{}<td class=n>{edge}", number(of.usd, 0));
            format!("<tr><td>{}{n}{money}", esc(r.sentence()))
        })
        .collect();
    let lanes: String = figure::LANES.iter().map(|l| format!("<th>{l}")).collect();
    let html = format!(
        "<div class=scroll><table><tr><th>fills by reason{lanes}<th>USD<th>edge after 5 s, bps{fills}</table></div><div \
         class=scroll><table><tr><th>orders<th>{rows}</table></div>"
    );
    let how = "Every fill carries its reason; the three models judge the same orders.";
    figure("Orders and fills counted", "", how, &html)
}
