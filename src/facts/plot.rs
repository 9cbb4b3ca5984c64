//! A picture of facts against their bands: a row each, the band as a bar, the value as a dot.
//!
//! In: facts and bands. Out: SVG. Cold path.

use std::fmt::Write as _;

use super::bands::{Bands, short};
use super::found::Facts;

/// Height of a row, and where the bar begins and ends, in the drawing's units.
const ROW: usize = 16;
const BAR: [f64; 2] = [320.0, 560.0];
/// A value further from its band than the band is wide stands at the edge.
const EDGE: f64 = 1.0;

/// The picture; rows in the order of the facts.
pub fn svg(title: &str, facts: &Facts, bands: &Bands) -> String {
    let rows: Vec<_> =
        facts.iter().filter_map(|(name, v)| Some((name, v, bands.get(name)?))).collect();
    let height = ROW * (rows.len() + 3);
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 {height}\" font-family=\"monospace\" \
         font-size=\"11\">\n<rect width=\"900\" height=\"{height}\" fill=\"#fff\"/>\n<text x=\"10\" \
         y=\"{ROW}\" font-size=\"13\">{title}</text>\n"
    );
    for (i, (name, value, [lo, hi])) in rows.into_iter().enumerate() {
        let y = ROW * (i + 3);
        let width = (hi - lo).max(f64::MIN_POSITIVE);
        let share = ((value - lo) / width).clamp(-EDGE, 1.0 + EDGE);
        let (inside, x) = (value >= lo && value <= hi, BAR[0] + share * (BAR[1] - BAR[0]));
        let colour = if inside { "#27733d" } else { "#b3261e" };
        let dot = if value.is_nan() {
            String::new()
        } else {
            format!("<circle cx=\"{x:.1}\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>", y - 4)
        };
        let _ = writeln!(
            out,
            "<text x=\"10\" y=\"{y}\" fill=\"{colour}\">{name}</text><rect x=\"{}\" y=\"{}\" \
             width=\"{}\" height=\"8\" fill=\"#d7dee8\"/>{dot}<text x=\"812\" y=\"{y}\" \
             fill=\"{colour}\">{}</text>",
            BAR[0],
            y - 8,
            BAR[1] - BAR[0],
            short(value),
        );
    }
    out + "</svg>\n"
}
