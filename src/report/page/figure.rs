//! A chart with its words around it.
//!
//! In: the chart as SVG, its title and how to read it. Out: HTML. Cold path.

use super::fmt::esc;
use super::scale::Scale;
use super::time_chart::{Axis, TimeChart};
use crate::report::series::Series;

/// Classes of the three fill models.
const CLASSES: [&str; 3] = ["own", "pess", "opt"];
/// What people call them, as `Lane` counts.
pub(super) const LANES: [&str; 3] = ["as configured", "fewest fills", "most fills"];

/// A chart with its title, its unit, and how to read it.
pub(super) fn figure(title: &str, unit: &str, how: &str, chart: &str) -> String {
    figure_html(title, unit, &esc(how), chart)
}

/// As [`figure`]; `how` is HTML.
pub(super) fn figure_html(title: &str, unit: &str, how: &str, chart: &str) -> String {
    if chart.is_empty() {
        return missing(title, "there is nothing but zero");
    }
    let unit =
        if unit.is_empty() { String::new() } else { format!(" <small>{}</small>", esc(unit)) };
    let title = esc(title);
    let chart = chart.replace("role=img", &format!("role=img aria-label=\"{title}\""));
    format!("<figure><h3>{title}{unit}</h3>{chart}<p class=how>{how}</p></figure>")
}

/// A chart that has no data, and why.
pub(super) fn missing(title: &str, why: &str) -> String {
    format!("<figure class=none><h3>{}</h3><p>Not drawn: {}.</p></figure>", esc(title), esc(why))
}

/// Profit over time under the three fill models.
pub(super) fn equity(title: &str, lines: &[Series; 3], axis: &Axis) -> String {
    let Some(scale) = Scale::over(lines.iter().filter_map(Series::range).chain([(0.0, 0.0)]))
    else {
        return missing(title, "the journal holds no account, or nothing was filled");
    };
    let mut chart = TimeChart::new(axis, scale, 170);
    for i in [2, 1, 0] {
        chart.line(lane_class(i), LANES[i], &lines[i]);
    }
    let how = "Three fill models judge the same orders; where they part, the result depends on \
               what cannot be seen in the queue.";
    figure(title, "USD", how, &chart.html())
}

/// The class of a fill model's line.
pub fn lane_class(i: usize) -> &'static str {
    CLASSES[i]
}
