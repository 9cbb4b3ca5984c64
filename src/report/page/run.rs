//! The page's part on the run itself: latencies, feed, settings, identity.
//!
//! In: the model. Out: HTML. Cold path.

use super::figure::{figure, figure_html, missing};
use super::fmt::{count, decimals_for, esc, nanos, number, span};
use super::scale::Scale;
use super::time_chart::{Axis, TimeChart};
use crate::folder::fitness::{DEFINITIONS, STREAMS};
use crate::journal::hex;
use crate::record::Health;
use crate::report::model::Model;
use crate::report::series::Series;
use crate::report::sources::Market;
use crate::report::stats::count as float;
use crate::report::time;
use crate::units::Ns;

/// The whole section.
pub fn section(m: &Model, axis: &Axis) -> String {
    let mut out = String::from("<section id=run><h2>Run</h2><div class=two>");
    for part in [latency_chart(m, axis), feed(m, axis)] {
        out.push_str(&part);
    }
    out.push_str("</div>");
    for part in [latency_table(m), feed_table(m), fitness_table(m)] {
        out.push_str(&part);
    }
    out.push_str("<div class=two>");
    for part in [links(m), identity(m)] {
        out.push_str(&part);
    }
    out.push_str("</div>");
    out.push_str(&drawn(axis));
    out.push_str("</section>");
    out
}

fn latency_table(m: &Model) -> String {
    let title = "How long a frame takes on the hot thread, by stage";
    let stages = &m.sources.latency.stages;
    if stages.is_empty() {
        return missing(title, "there is no latency log; a replay is not timed");
    }
    let rows: String = stages
        .iter()
        .map(|s| {
            let cells: String = [s.p50_ns, s.p90_ns, s.p99_ns, s.p999_ns, s.max_ns]
                .iter()
                .map(|ns| format!("<td class=n>{}", nanos(*ns)))
                .collect();
            format!("<tr><td>{}<td class=n>{}{cells}", esc(&s.stage), count(s.count))
        })
        .collect();
    let html = format!(
        "<div class=scroll><table><tr><th>stage<th>frames<th>p50<th>p90<th>p99<th>p99.9<th>max\
         {rows}</table></div>"
    );
    let how = "From bytes in the socket to records in the queue; \"whole\" is the sum of the \
               stages of a frame. Real time, whatever the speed of the session clock.";
    figure(title, "", how, &html)
}

fn latency_chart(m: &Model, axis: &Axis) -> String {
    let title = "Latency of the whole path over the run";
    let (mut p50, mut p99) = (Series::new(m.from), Series::new(m.from));
    let mut before = m.from;
    for (end, a, b) in &m.sources.latency.whole {
        p50.push(before, Some(float(*a)));
        p99.push(before, Some(float(*b)));
        before = (*end).min(m.to);
    }
    for s in [&mut p50, &mut p99] {
        s.finish(m.to);
    }
    let ranges = [&p50, &p99].into_iter().filter_map(Series::range);
    let Some(scale) = Scale::log_over(ranges) else {
        return missing(title, "there is no latency log; a replay is not timed");
    };
    let mut chart = TimeChart::new(axis, scale, 170);
    chart.line("own", "p50", &p50).line("pess", "p99", &p99);
    let how = "One step an interval of the log; a rising p99 under a level p50 is the machine, not \
               the code.";
    figure(title, "ns, log scale", how, &chart.html())
}

fn feed(m: &Model, axis: &Axis) -> String {
    let title = "Age of the market state when it was used, and lag of the feed";
    let lines = || m.coins.iter().flat_map(|c| [&c.lines.age, &c.lines.lag]);
    let ranges: Vec<_> = lines().filter_map(Series::range).filter(|r| r.1 > 0.0).collect();
    let Some(scale) = Scale::log_over(ranges) else {
        return missing(title, "the journal holds no market state");
    };
    let mut chart = TimeChart::new(axis, scale, 170);
    let classes = ["own", "bid", "ask", "opt", "pess", "r0", "r1", "r2"];
    for (i, c) in m.coins.iter().enumerate() {
        let class = classes[i % classes.len()];
        chart.line(class, &c.name, &c.lines.age);
        if !c.lines.lag.is_empty() {
            chart.line(&format!("{class} thin"), &format!("{} lag", c.name), &c.lines.lag);
        }
    }
    let how = "Receive time less block time: of the state quoted on (age), of the newest message \
               (lag). Network, clocks and the pace of the feed together.";
    figure(title, "ms, log scale", how, &chart.html())
}

/// What the recording is fit for: the streams of each coin, and what each figure is.
fn fitness_table(m: &Model) -> String {
    let title = "What the recording is fit for";
    let Some(f) = &m.sources.fitness else {
        return missing(title, "the run has no recording that was judged");
    };
    let rows: String = f
        .coins
        .iter()
        .map(|c| {
            let streams: String = c
                .streams
                .iter()
                .map(|s| format!("<td class=n>{}<td class=n>{}", count(s.messages), span(s.gap_s)))
                .collect();
            format!(
                "<tr><td>{}{streams}<td class=n>{}<td class=n>{:.1} %<td class=n>{}<td class=n>{:.1} \
                 %<td class=n>{}",
                esc(&c.coin),
                span(c.touch_s),
                c.fresh * 100.0,
                count(c.prints),
                c.late * 100.0,
                count(c.gaps),
            )
        })
        .collect();
    let heads: String = STREAMS.iter().map(|s| format!("<th>{s}<th>gap")).collect();
    let reasons: String = f
        .rejected
        .iter()
        .map(|(reason, n)| format!("<tr><td>{}<td class=n>{}", esc(reason), count(*n)))
        .collect();
    let meanings: String = DEFINITIONS
        .iter()
        .map(|(key, unit, what)| format!("<tr><td>{key}<td>{unit}<td>{}", esc(what)))
        .collect();
    let verdict = esc(&f.verdict());
    let html = format!(
        "<p>{verdict}; {}</p><div class=scroll><table><tr><th>coin{heads}<th>touch<th>fresh<th>prints\
         <th>late<th>gaps{rows}</table></div><div class=two><table><tr><th>rejected as<th>frames\
         {reasons}</table><table class=defs><tr><th>figure<th>unit<th>what it is{meanings}</table></div>",
        esc(&f.text()),
    );
    figure(title, "", "Judged from the recording alone, before any quote.", &html)
}

fn feed_table(m: &Model) -> String {
    let mut rows = String::new();
    for c in &m.coins {
        let held = c.health.seconds(Health::ALL);
        let cells: String = held.iter().map(|s| format!("<td class=n>{}", span(*s))).collect();
        let feed = c.feed.map_or_else(
            || "<td class=n>–<td class=n>–<td class=n>–<td>–".into(),
            |f| {
                let stale = c.stale().unwrap_or_default().join(", ");
                let stale = if stale.is_empty() { "nothing" } else { &stale };
                let late = count(c.late.map_or(0, |l| l.prints));
                let (rejects, twice) = (count(f.rejects), count(f.duplicates));
                format!(
                    "<td class=n>{rejects}<td class=n>{twice}<td class=n>{late}<td class=n>{stale}"
                )
            },
        );
        rows.push_str(&format!("<tr><td>{}{cells}{feed}", esc(&c.name)));
    }
    let head: String = Health::ALL.iter().map(|h| format!("<th>{}", h.text())).collect();
    let html = format!(
        "<div class=scroll><table><tr><th>time as{head}<th>rejected<th>duplicates<th>late prints<th>stale at the \
         end{rows}</table></div>"
    );
    let how = "Time in each health of the book; frames refused, prints that came twice, prints \
               that came after a state of their block was taken; streams older than they may be when the run ended.";
    figure("Feed health by coin", "", how, &html)
}

fn links(m: &Model) -> String {
    let mut rows: Vec<(Ns, String)> = Vec::new();
    for (at, l) in &m.links {
        let text = match (l.up, l.opened) {
            (true, 0 | 1) => "connected".to_owned(),
            (true, n) => format!("connected again, for the {n}. time"),
            (false, _) => "link lost".to_owned(),
        };
        rows.push((*at, format!("link<td>{text}")));
    }
    for c in &m.coins {
        let name = esc(&c.name);
        for (at, g) in &c.gaps {
            let between = if g.joint == crate::record::JointCode::Gap {
                format!("{} to {}: ", time::clock(g.from), time::clock(g.to))
            } else {
                String::new()
            };
            let (what, news) = (esc(g.joint.sentence()), count(u64::from(g.news)));
            rows.push((*at, format!("{name}<td>{between}{what} {news} new prints")));
        }
        for (at, l) in &c.latches {
            rows.push((*at, format!("{name}<td>{}", esc(l.guard.sentence()))));
        }
    }
    rows.sort_by_key(|r| r.0);
    let rows: String =
        rows.iter().map(|(at, text)| format!("<tr><td>{}<td>{text}", time::stamp(*at))).collect();
    let html = format!("<div class=scroll><table class=log>{rows}</table></div>");
    figure("Link, gaps, limits", "", "Nothing is filled across a gap: orders are void.", &html)
}

fn identity(m: &Model) -> String {
    let text = |v: Option<String>| v.unwrap_or_else(|| "unknown".into());
    let config = m.start.map(|s| format!("{:016x}{:016x}", s.config[0], s.config[1]));
    let live = !matches!(m.sources.market, Some(Market::Recording(_)));
    let ended = m.stop.map(|s| s.reason.of_run(live).to_owned());
    let faults = if m.faults.is_empty() { "none".into() } else { m.faults.join("; ") };
    let mut rows = String::new();
    for (name, value) in [
        ("records", count(m.records)),
        ("lost on the way", count(m.lost)),
        ("damage", faults),
        ("digest of the records", hex(m.digest.run)),
        ("digest of the decisions", hex(m.digest.decisions)),
        ("strategy", text(m.strategy.name().map(|(name, version)| format!("{name} {version}")))),
        ("hash of the configuration", text(config)),
        ("seed", text(m.start.map(|s| s.seed.to_string()))),
        ("record format", text(m.start.map(|s| s.format.to_string()))),
        ("program", text(m.sources.version.clone())),
        ("frames from", text(m.sources.source.clone())),
        (
            "heartbeats",
            text(m.sources.ping.map(|p| p.text().trim_start_matches("ping").trim().to_owned())),
        ),
        ("requests", text(m.requests.map(|r| r.text().trim_start_matches("requests ").to_owned()))),
        ("ended", ended.unwrap_or_else(|| "without a last record: the run was cut off".into())),
    ] {
        rows.push_str(&format!("<tr><td>{name}<td><code>{}</code>", esc(&value)));
    }
    let html = format!("<div class=scroll><table>{rows}</table></div>");
    let how =
        "Same recording, same settings, same digest: <code>papermaker verify</code> checks it.";
    figure_html("Identity", "", how, &html)
}

fn drawn(axis: &Axis) -> String {
    let seconds = Ns::seconds(axis.width);
    format!(
        "<p class=how>Lines over time are drawn from {} columns of {} s: of each, the least and the \
         greatest value. Zooming in shows no more than that; <code>papermaker export</code> gives \
         every record. Times are UTC on the session clock.</p>",
        axis.columns,
        number(seconds, decimals_for(seconds).min(1))
    )
}
