//! Percentiles of times as a plot.
//!
//! In: histograms by name. Out: an SVG document: times on a logarithmic axis over percentiles, each
//! further nine as wide as the one before. Cold path.

use hdrhistogram::Histogram;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{COLOURS, SIZE};
use crate::math::det;

/// Points for each halving of what is left above a percentile.
const TICKS: u32 = 4;

/// A line of the plot.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// In the legend.
    pub name: String,
    /// Lines of one group have one colour; the first is broad, the others are thin.
    pub group: usize,
    /// Times in ns.
    pub times: &'a Histogram<u64>,
}

/// The plot of `series`; those without a value are left out.
///
/// # Errors
/// If no series has a value, or the drawing fails; the text says why.
pub fn percentiles(title: &str, series: &[Series<'_>]) -> Result<String, String> {
    let mut out = String::new();
    draw(title, series, &mut out).map_err(|e| format!("cannot draw the plot: {e}"))?;
    Ok(out)
}

/// Place of a share of all values on the horizontal axis: the number of nines.
fn place(quantile: f64, count: u64) -> f64 {
    // The largest value stands for what is beyond the last one counted.
    let left = (1.0 - quantile).max(1.0 / f64_of(count));
    -det::ln(left) / std::f64::consts::LN_10
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn f64_of(n: u64) -> f64 {
    n as f64
}

fn points(h: &Histogram<u64>) -> Vec<(f64, f64)> {
    h.iter_quantiles(TICKS)
        .map(|v| (place(v.quantile_iterated_to(), h.len()), f64_of(v.value_iterated_to())))
        .collect()
}

fn draw(
    title: &str,
    series: &[Series<'_>],
    out: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<_> =
        series.iter().filter(|s| !s.times.is_empty()).map(|s| (s, points(s.times))).collect();
    let all = || lines.iter().flat_map(|l| &l.1);
    let far = all().fold(1.0f64, |far, p| far.max(p.0));
    let (lo, hi) = all().fold((f64::MAX, 0.0f64), |(lo, hi), p| (lo.min(p.1), hi.max(p.1)));
    if lo > hi {
        return Err("nothing was measured".into());
    }
    let root = SVGBackend::with_string(out, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let x = RangedCoordf64::from(0.0..far);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(38)
        .y_label_area_size(74)
        .build_cartesian_2d(x, (lo.max(1.0) / 1.3..hi.max(2.0) * 1.3).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("percentile")
        .x_labels(6)
        .y_desc("ns")
        .x_label_formatter(&|x: &f64| percent(*x))
        .y_label_formatter(&|y: &f64| format!("{y:.0}"))
        .draw()?;
    let mut last = None;
    for (series, points) in lines {
        let width = if last.replace(series.group) == Some(series.group) { 1 } else { 3 };
        let style = COLOURS[series.group % COLOURS.len()].stroke_width(width);
        chart
            .draw_series([PathElement::new(points, style)])?
            .label(series.name.as_str())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    root.present()?;
    Ok(())
}

/// The percentile at a place of the horizontal axis; nothing between two nines.
fn percent(x: f64) -> String {
    if (x - x.round()).abs() > 1e-9 {
        return String::new();
    }
    let text = format!("{:.4}", 100.0 - 100.0 / det::pow(10.0, x));
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_with_a_value_is_drawn() {
        let mut h = Histogram::new_with_bounds(1, 1 << 32, 3).expect("bounds");
        (1..=5_000).for_each(|n| h.saturating_record(n * n));
        let none = Histogram::new_with_bounds(1, 1 << 32, 3).expect("bounds");
        let series = [("whole", &h), ("none", &none)];
        let series = series.map(|(n, times)| Series { name: n.to_owned(), group: 0, times });
        let svg = percentiles("a title", &series).expect("a plot");
        assert!(svg.contains("whole") && svg.contains("a title") && svg.contains("99.9 %"));
        assert!(!svg.contains("none<") && svg.matches("<polyline").count() >= 1);
        assert!(percentiles("x", &series[1..]).is_err());
    }

    #[test]
    fn a_place_is_the_number_of_nines() {
        assert!((place(0.99, 10_000) - 2.0).abs() < 1e-9);
        assert!((place(1.0, 1_000) - 3.0).abs() < 1e-9, "as far as was counted");
        assert_eq!([1.0, 1.5, 2.0, 3.0].map(percent), ["90 %", "", "99 %", "99.9 %"]);
    }
}
