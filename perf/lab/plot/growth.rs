//! Curves as one plot: a panel each, both axes logarithmic.
//!
//! In: curves. Out: an SVG document. Cold path.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::{COLOURS, SIZE};
use crate::lab::growth::{Curve, Point};

/// Panels side by side.
const COLUMNS: usize = 2;

/// The plot of `curves`: medians joined by a line, lowest and highest repetition as bars.
///
/// # Errors
/// If no curve has a point, or the drawing fails; the text says why.
pub fn svg(curves: &[Curve]) -> Result<String, String> {
    let mut out = String::new();
    draw(curves, &mut out).map_err(|e| format!("cannot draw the plot: {e}"))?;
    Ok(out)
}

fn draw(curves: &[Curve], out: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let curves: Vec<&Curve> = curves.iter().filter(|c| !c.points.is_empty()).collect();
    if curves.is_empty() {
        return Err("nothing was measured".into());
    }
    let columns = COLUMNS.min(curves.len());
    let rows = curves.len().div_ceil(columns);
    let (width, height) = SIZE;
    let tall = u32::try_from(rows)?.saturating_mul(height * 2 / 3);
    let root = SVGBackend::with_string(out, (width, tall)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, curve) in root.split_evenly((rows, columns)).iter().zip(curves) {
        panel(area, curve)?;
    }
    root.present()?;
    Ok(())
}

fn panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    curve: &Curve,
) -> Result<(), Box<dyn std::error::Error>> {
    let over = |f: fn(&Point) -> f64, pick: fn(f64, f64) -> f64| {
        curve.points.iter().map(f).reduce(pick).unwrap_or(1.0)
    };
    let (left, right) = (over(|p| p.n, f64::min), over(|p| p.n, f64::max));
    // A cost that hardly changes is not to look as if it did: at least a factor of four.
    let (lo, hi) = (over(|p| p.lo, f64::min), over(|p| p.hi, f64::max));
    let middle = (lo * hi).sqrt();
    let (lo, hi) = ((lo / 1.2).min(middle / 2.0), (hi * 1.2).max(middle * 2.0));
    let mut chart = ChartBuilder::on(area)
        .caption(&curve.title, ("sans-serif", 14))
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(66)
        .build_cartesian_2d((left / 1.2..right * 1.2).log_scale(), (lo..hi).log_scale())?;
    let label = |x: &f64| match *x {
        x if x >= 1e4 => format!("{:.0}k", x / 1e3),
        x if x >= 10.0 => format!("{x:.0}"),
        x => format!("{x:.1}").trim_end_matches(".0").to_owned(),
    };
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(6)
        .x_desc(&curve.of)
        .y_desc(&curve.unit)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .light_line_style(WHITE.mix(0.0))
        .draw()?;
    let colour = COLOURS[curve.subject as usize % COLOURS.len()];
    let line = curve.points.iter().map(|p| (p.n, p.at));
    chart.draw_series([PathElement::new(line.collect::<Vec<_>>(), colour.stroke_width(2))])?;
    let bar = |p: &Point| ErrorBar::new_vertical(p.n, p.lo, p.at, p.hi, colour.filled(), 6);
    chart.draw_series(curve.points.iter().map(bar))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::growth::{Shape, Subject};

    #[test]
    fn every_curve_has_its_panel() {
        let curve = |title: &str, n: &[f64]| Curve {
            subject: Subject::Levels,
            title: title.into(),
            of: "levels a side".into(),
            unit: "ns a quote".into(),
            stated: Shape::Linear,
            points: n.iter().map(|&n| Point { n, at: 90.0, lo: 80.0, hi: 120.0 }).collect(),
        };
        let curves = [curve("the first", &[1.0, 2.0, 8.0]), curve("the second", &[1.0, 4.0])];
        let svg = svg(&curves).expect("drawn");
        for text in ["the first", "the second", "levels a side", "ns a quote", "</svg>"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(svg.matches("<circle").count() >= 5, "a mark a point");
        assert!(super::svg(&[curve("none", &[])]).is_err());
    }
}
