//! The audit as one picture: calibration by queue ahead, bias by horizon, the weak spot.
//!
//! In: scores, calibration. Out: an SVG file that needs nothing else. Cold path.

use std::fmt::Write as _;

use crate::audit::score::{Bin, Score};
use crate::math::det;
use crate::venue::cst::{Cancels, HORIZONS_S, SCENARIOS};
use crate::venue::draw::{float, floor};

/// Colours distinguished by people who see few (Okabe and Ito), then shades.
const COLOURS: [&str; 10] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6d31", "#7f7f7f",
    "#b8a800", "#9467bd",
];
/// Width and height of a panel, and of the margin left of and below it.
const PANEL: (f64, f64) = (400.0, 250.0);
const MARGIN: (f64, f64) = (70.0, 75.0);

/// How values become positions along y.
#[derive(Clone, Copy)]
enum Scale {
    Linear,
    Log,
}

/// One set of axes; x runs over `0..=x_max`.
struct Panel {
    at: (f64, f64),
    title: String,
    x_label: String,
    y_label: &'static str,
    x_ticks: Vec<(f64, String)>,
    x_max: f64,
    y: (f64, f64),
    y_ticks: Vec<f64>,
    scale: Scale,
}

impl Panel {
    fn x(&self, x: f64) -> f64 {
        self.at.0 + PANEL.0 * x / self.x_max
    }

    fn y(&self, y: f64) -> f64 {
        let y = y.clamp(self.y.0, self.y.1);
        let share = match self.scale {
            Scale::Linear => (y - self.y.0) / (self.y.1 - self.y.0),
            Scale::Log => det::ln(y / self.y.0) / det::ln(self.y.1 / self.y.0),
        };
        self.at.1 + PANEL.1 * (1.0 - share)
    }

    fn frame(&self, out: &mut String) {
        let ((x, y), (w, h)) = (self.at, PANEL);
        let _ = writeln!(
            out,
            r##"<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="#333"/>"##
        );
        text(out, (x + w / 2.0, y - 12.0), "middle", "font-weight=\"bold\"", &self.title);
        text(out, (x + w / 2.0, y + h + 38.0), "middle", "", &self.x_label);
        let (lx, ly) = (x - 44.0, y + h / 2.0);
        text(
            out,
            (lx, ly),
            "middle",
            &format!(r#"transform="rotate(-90 {lx} {ly})""#),
            self.y_label,
        );
        for (tick, name) in &self.x_ticks {
            let px = self.x(*tick);
            let _ = writeln!(out, r##"<path d="M{px:.1} {}v5" stroke="#333"/>"##, y + h);
            text(out, (px, y + h + 19.0), "middle", "", name);
        }
        for tick in &self.y_ticks {
            let py = self.y(*tick);
            let colour = if *tick == 0.0 { "#333" } else { "#ddd" };
            let _ = writeln!(out, r##"<path d="M{x} {py:.1}h{w}" stroke="{colour}"/>"##);
            text(out, (x - 8.0, py + 4.0), "end", "", &tick.to_string());
        }
    }

    /// A line through points; those outside the axes are drawn at their edge.
    fn line(&self, out: &mut String, points: &[(f64, f64)], colour: &str, width: f64) {
        let path: Vec<String> =
            points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y))).collect();
        let path = path.join(" ");
        let _ = writeln!(
            out,
            r##"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>"##
        );
        for (x, y) in points {
            let _ = writeln!(
                out,
                r##"<circle cx="{:.1}" cy="{:.1}" r="{}" fill="{colour}"/>"##,
                self.x(*x),
                self.y(*y),
                width + 1.0
            );
        }
    }

    fn whisker(&self, out: &mut String, x: f64, lo: f64, hi: f64) {
        let (x, lo, hi) = (self.x(x), self.y(lo), self.y(hi));
        let _ = writeln!(
            out,
            r##"<path d="M{x:.1} {lo:.1}V{hi:.1}M{0:.1} {lo:.1}h8M{0:.1} {hi:.1}h8" stroke="#000" fill="none"/>"##,
            x - 4.0
        );
    }
}

fn text(out: &mut String, at: (f64, f64), anchor: &str, more: &str, text: &str) {
    let _ = writeln!(
        out,
        r##"<text x="{:.1}" y="{:.1}" text-anchor="{anchor}" {more}>{text}</text>"##,
        at.0, at.1
    );
}

fn origin(column: u8, row: u8) -> (f64, f64) {
    let (column, row) = (f64::from(column), f64::from(row));
    (MARGIN.0 + column * (PANEL.0 + MARGIN.0), 70.0 + row * (PANEL.1 + MARGIN.1 + 20.0))
}

/// The picture; `names`, `scores` and the models of `bins` are in the same order.
#[must_use]
pub fn svg(names: &[&str], scores: &[Score], bins: &[Bin]) -> String {
    let width = MARGIN.0 + 2.0 * (PANEL.0 + MARGIN.0) + 130.0;
    let height = 70.0 + 2.0 * (PANEL.1 + MARGIN.1 + 20.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    text(
        &mut out,
        (MARGIN.0, 28.0),
        "start",
        "font-size=\"17\"",
        "Fill models against known truth",
    );
    for (column, book) in [(0, 1), (1, 7)] {
        calibration(&mut out, origin(column, 0), book, bins);
    }
    rms(&mut out, origin(0, 1), scores);
    back(&mut out, origin(1, 1), scores);
    let x = MARGIN.0 + 2.0 * (PANEL.0 + MARGIN.0) - 45.0;
    let legend = std::iter::once(("truth ± 95 %", "#000"))
        .chain(names.iter().copied().zip(COLOURS.into_iter().cycle()));
    let mut y = 80.0;
    for (name, colour) in legend {
        let _ = writeln!(out, r##"<path d="M{x} {y}h26" stroke="{colour}" stroke-width="3"/>"##);
        text(&mut out, (x + 34.0, y + 4.0), "start", "", name);
        y += 22.0;
    }
    out.push_str("</svg>\n");
    out
}

fn calibration(out: &mut String, at: (f64, f64), book: u8, bins: &[Bin]) {
    let bins: Vec<&Bin> = bins.iter().filter(|b| b.scenario == book).collect();
    let most = bins.iter().map(|b| b.queue.1).fold(1.0, f64::max);
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|s| most / s <= 8.0);
    let step = step.unwrap_or(most);
    let ticks = floor(most / step) + 1;
    let panel = Panel {
        at,
        title: format!("Calibration, {} book", crate::audit::depth(book)),
        x_label: "queue ahead when placed, lots".into(),
        y_label: "filled within 2 s, %",
        x_ticks: (0..=ticks).map(|i| (float(i) * step, (float(i) * step).to_string())).collect(),
        x_max: float(ticks) * step,
        y: (0.0, 100.0),
        y_ticks: vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0],
        scale: Scale::Linear,
    };
    panel.frame(out);
    let models = bins.first().map_or(0, |b| b.models.len());
    for m in (0..models).rev() {
        let points: Vec<_> = bins.iter().map(|b| (b.queue.1, b.models[m].value)).collect();
        panel.line(out, &points, COLOURS[m % COLOURS.len()], if m == 0 { 3.0 } else { 1.5 });
    }
    let truth: Vec<_> = bins.iter().map(|b| (b.queue.1, b.truth.value)).collect();
    panel.line(out, &truth, "#000", 1.5);
    for b in &bins {
        panel.whisker(out, b.queue.1, b.truth.value - b.truth.ci95, b.truth.value + b.truth.ci95);
    }
}

/// Axes over the five horizons.
fn over_horizons(
    at: (f64, f64),
    title: String,
    y: (f64, f64),
    y_ticks: Vec<f64>,
    scale: Scale,
) -> Panel {
    let ticks = HORIZONS_S.iter().enumerate().map(|(i, h)| (place(i), h.to_string())).collect();
    Panel {
        at,
        title,
        x_label: "horizon, s".into(),
        y_label: "bias, percentage points",
        x_ticks: ticks,
        x_max: 6.0,
        y,
        y_ticks,
        scale,
    }
}

fn place(i: usize) -> f64 {
    float(i64::try_from(i).unwrap_or(0)) + 1.0
}

fn rms(out: &mut String, at: (f64, f64), scores: &[Score]) {
    let title = "RMS bias over the twelve books (log scale)".into();
    let ticks = vec![0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
    let panel = over_horizons(at, title, (0.3, 80.0), ticks, Scale::Log);
    panel.frame(out);
    for (m, s) in scores.iter().enumerate().rev() {
        let points: Vec<_> = s.by_horizon.iter().enumerate().map(|(i, b)| (place(i), *b)).collect();
        panel.line(out, &points, COLOURS[m % COLOURS.len()], if m == 0 { 3.0 } else { 1.5 });
    }
}

/// The weak spot: mean bias of the books in which cancels concentrate at the back.
fn back(out: &mut String, at: (f64, f64), scores: &[Score]) {
    let title = "Cancels at the back of the queue (cut at ±20)".into();
    let ticks = vec![-20.0, -10.0, 0.0, 10.0, 20.0];
    let panel = over_horizons(at, title, (-20.0, 20.0), ticks, Scale::Linear);
    panel.frame(out);
    let books: Vec<u8> =
        SCENARIOS.iter().filter(|s| s.cancels == Cancels::BackBiased).map(|s| s.number).collect();
    for (m, s) in scores.iter().enumerate().rev() {
        let of = |h: usize| {
            let rows = s.rows.iter().filter(|r| books.contains(&r.scenario));
            let (sum, n) = rows.fold((0.0, 0.0), |(sum, n), r| (sum + r.bias[h].value, n + 1.0));
            sum / f64::max(n, 1.0)
        };
        let points: Vec<_> = (0..5).map(|h| (place(h), of(h))).collect();
        panel.line(out, &points, COLOURS[m % COLOURS.len()], if m == 0 { 3.0 } else { 1.5 });
    }
}
