//! The page: one HTML file that needs nothing else, for screen, phone and paper.
//!
//! In: the model. Out: HTML with inline SVG, style and script. Cold path.
//!
//! 1. The page is whole without its script, which only adds zoom and a reading under the pointer.
//! 2. `<data data-k=PATH value=V>`: V stands at PATH of the JSON form.
//! 3. A chart without data says why.

mod coin;
mod compared;
mod dist;
mod document;
mod figure;
mod fmt;
mod run;
mod scale;
mod several;
mod summary;
mod time_chart;

use document::document;
use fmt::esc;
use time_chart::Axis;

use super::model::Model;
use super::time;

const SCRIPT: &str = include_str!("page.js");

pub use compared::page as compared;
pub use several::page as together;

/// The page of a run.
pub fn page(m: &Model) -> String {
    let axis = Axis::of(m.from, &m.equity[0]);
    let name = esc(&m.sources.name);
    let options: String = m.coins.iter().map(|c| format!("<option>{}", esc(&c.name))).collect();
    let choose = if m.coins.len() > 1 {
        format!(
            "<select id=only hidden aria-label=\"coin\"><option value=\"\">all coins{options}</select>"
        )
    } else {
        String::new()
    };
    let nav: String = m
        .coins
        .iter()
        .map(|c| format!("<a href=\"#{0}\">{0}</a>", esc(&c.name)))
        .chain([String::from("<a href=\"#run\">run</a>")])
        .collect();
    let mut body = format!(
        "<header><p class=brand>papermaker</p><h1>{name}</h1><p class=sub>{}</p></header><nav><a \
         href=\"#top\">summary</a>{nav}{choose}<span id=zoom hidden><output></output><button>whole \
         run</button></span></nav><main>",
        subtitle(m)
    );
    body.push_str(&summary::section(m, &axis));
    for (i, c) in m.coins.iter().enumerate() {
        let truth = (m.sources.truth_of(&c.name), m.sources.quotes_of(&c.name));
        body.push_str(&coin::section(c, &axis, truth, &format!("coins.{i}")));
    }
    body.push_str(&run::section(m, &axis));
    body.push_str("</main>");
    let data = format!(
        " data-from=\"{}\" data-width=\"{}\" data-columns=\"{}\"",
        m.from.0 / 1_000,
        axis.width / 1_000,
        axis.columns
    );
    document(&name, &data, &format!("{body}<script>{SCRIPT}</script>"))
}

fn subtitle(m: &Model) -> String {
    let source = m.sources.source.as_deref().map_or_else(String::new, |s| {
        let file = s.rsplit('/').next().unwrap_or(s);
        format!(" · {}", esc(file))
    });
    format!(
        "{} to {} UTC · {} · {} coins{source}",
        time::stamp(m.from),
        time::clock(m.to),
        fmt::span(m.seconds()),
        m.coins.len()
    )
}
