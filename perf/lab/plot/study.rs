//! Results as a plot: points with intervals over named places, as SVG.
//!
//! In: series. Out: an SVG document. Cold path.

use plotters::coord::ranged1d::ValueFormatter;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{COLOURS, SIZE};
use crate::lab::study::stats::Estimate;

/// Points of one colour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Place and value.
    pub points: Vec<(usize, Estimate)>,
}

impl Series {
    /// A series without points.
    #[must_use]
    pub fn new(name: &str) -> Series {
        Series { name: name.into(), points: Vec::new() }
    }

    /// Adds a point.
    pub fn push(&mut self, place: usize, e: Estimate) {
        self.points.push((place, e));
    }
}

/// A plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Title.
    pub title: String,
    /// What the vertical axis is.
    pub y: String,
    /// Whether it is logarithmic.
    pub log: bool,
    /// Places on the horizontal axis.
    pub names: Vec<String>,
    /// Series.
    pub series: Vec<Series>,
    /// A range of values to be reached.
    pub band: Option<(f64, f64)>,
}

impl Chart {
    /// The plot as an SVG document; the text of the failure where it cannot be drawn.
    ///
    /// # Errors
    /// If there is nothing to draw, or the drawing fails.
    pub fn svg(&self) -> Result<String, String> {
        let mut out = String::new();
        self.draw(&mut out).map_err(|e| format!("cannot draw the plot: {e}"))?;
        Ok(out)
    }

    fn draw(&self, out: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let ends = self.series.iter().flat_map(|s| &s.points).flat_map(|(_, e)| [e.at, e.lo, e.hi]);
        let usable = ends.filter(|y| y.is_finite() && (!self.log || *y > 0.0));
        let (mut lo, mut hi) = usable.fold((f64::MAX, f64::MIN), |(a, b), y| (a.min(y), b.max(y)));
        if lo > hi {
            return Err("no point has a finite value".into());
        }
        if let Some((a, b)) = self.band {
            (lo, hi) = (lo.min(a), hi.max(b));
        }
        let root = SVGBackend::with_string(out, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let x = RangedCoordf64::from(-0.5..last(self.names.len()) + 0.5);
        let mut builder = ChartBuilder::on(&root);
        builder.caption(&self.title, ("sans-serif", 20)).margin(14);
        builder.x_label_area_size(34).y_label_area_size(64);
        if self.log {
            let chart = builder.build_cartesian_2d(x, (lo / 1.3..hi * 1.3).log_scale())?;
            self.fill(chart)?;
        } else {
            let pad = (0.06 * (hi - lo)).max(1e-9);
            let chart = builder.build_cartesian_2d(x, RangedCoordf64::from(lo - pad..hi + pad))?;
            self.fill(chart)?;
        }
        root.present()?;
        Ok(())
    }

    fn fill<'a, Y>(
        &self,
        mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, Y>>,
    ) -> Result<(), Box<dyn std::error::Error>>
    where
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let place = |x: &f64| {
            let near =
                self.names.iter().zip(0u32..).find(|(_, i)| (x - f64::from(*i)).abs() < 1e-6);
            near.map_or_else(String::new, |(n, _)| n.clone())
        };
        let mut mesh = chart.configure_mesh();
        mesh.disable_x_mesh().x_labels(4 * self.names.len()).x_label_formatter(&place);
        mesh.y_desc(&self.y).light_line_style(WHITE.mix(0.0)).draw()?;
        if let Some((a, b)) = self.band {
            let right = last(self.names.len()) + 0.5;
            let area = Rectangle::new([(-0.5, a), (right, b)], BLACK.mix(0.08).filled());
            chart.draw_series([area])?;
        }
        let step = 0.6 / last(self.series.len() + 1).max(1.0);
        for (k, s) in self.series.iter().enumerate() {
            let colour = COLOURS[k % COLOURS.len()];
            let x = |place: usize| {
                last(place + 1) + step * (last(k + 1) - last(self.series.len()) / 2.0)
            };
            let bar = |(p, e): &(usize, Estimate)| {
                let (lo, hi) = if e.lo.is_nan() { (e.at, e.at) } else { (e.lo, e.hi) };
                ErrorBar::new_vertical(x(*p), lo, e.at, hi, colour.filled(), 7)
            };
            let points = s.points.iter().filter(|(_, e)| e.at.is_finite());
            chart
                .draw_series(points.map(bar))?
                .label(&s.name)
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, colour.filled()));
        }
        let mut legend = chart.configure_series_labels();
        legend.position(SeriesLabelPosition::LowerRight).background_style(WHITE.mix(0.8));
        legend.border_style(BLACK.mix(0.3)).draw()?;
        Ok(())
    }
}

/// The coordinate of the last of `n` places.
fn last(n: usize) -> f64 {
    crate::lab::study::stats::float(n) - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_holds_its_names_and_points() {
        let mut s = Series::new("who");
        s.push(0, Estimate { at: 10.0, lo: 5.0, hi: 20.0 });
        s.push(1, Estimate { at: 100.0, lo: f64::NAN, hi: f64::NAN });
        let mut c = Chart {
            title: "A title".into(),
            y: "seconds".into(),
            log: true,
            names: vec!["one".into(), "two".into()],
            series: vec![s],
            band: None,
        };
        for log in [true, false] {
            c.log = log;
            let svg = c.svg().expect("drawn");
            for word in ["A title", "seconds", "one", "two", "who", "</svg>"] {
                assert!(svg.contains(word), "{word}: {svg}");
            }
            assert!(svg.matches("<circle").count() >= 3, "two points and a legend");
        }
        c.series.clear();
        assert!(c.svg().is_err(), "nothing to draw");
    }
}
