//! Charts over the run's time: lines, bands, marks, strips of states on one shared axis.
//!
//! In: series of one run. Out: HTML around an SVG that stretches; the page's script zooms it.
//! Cold path.
//!
//! 1. Two drawing units are a column; a point of a column stands in its middle.
//! 2. Labels are HTML beside the drawing, so that they keep their size on every width.

use super::fmt::{esc, number};
use super::scale::{SPAN, Scale};
use crate::report::series::{Series, push};
use crate::report::states::States;
use crate::report::time;
use crate::units::Ns;

/// The time axis all charts share.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Beginning of the run.
    pub from: Ns,
    /// Width of a column, ns.
    pub width: i64,
    /// Columns.
    pub columns: usize,
}

/// A chart in the making.
#[derive(Clone, Debug)]
pub struct TimeChart<'a> {
    axis: &'a Axis,
    scale: Scale,
    height: u32,
    svg: String,
    legend: String,
}

impl Axis {
    /// The axis of a finished series.
    pub fn of(from: Ns, s: &Series) -> Axis {
        Axis { from, width: s.width().max(1), columns: s.columns().len().max(1) }
    }

    /// Width of the drawing.
    pub fn span(&self) -> usize {
        2 * self.columns
    }

    /// Place of a time.
    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    pub fn x(&self, at: Ns) -> f64 {
        2.0 * at.since(self.from) as f64 / self.width as f64
    }

    /// Labels: round times and their places in percent.
    fn labels(&self) -> String {
        const STEPS: [i64; 18] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200,
            86_400, 604_800,
        ];
        let length = self.width.saturating_mul(i64::try_from(self.columns).unwrap_or(1)).max(1);
        let wanted = length / Ns::SEC / 7;
        let step = STEPS.iter().copied().find(|s| *s >= wanted).unwrap_or(604_800) * Ns::SEC;
        let first = self.from.0.div_euclid(step) + 1;
        let times = (first..first + 24).map(|i| Ns(i * step));
        #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
        let share = |at: Ns| at.since(self.from) as f64 / length as f64 * 100.0;
        times
            .filter(|t| share(*t) <= 97.0)
            .map(|t| format!("<span style=\"left:{:.2}%\">{}</span>", share(t), time::clock(t)))
            .collect()
    }
}

impl<'a> TimeChart<'a> {
    /// An empty chart.
    pub fn new(axis: &'a Axis, scale: Scale, height: u32) -> TimeChart<'a> {
        let mut svg = String::new();
        if scale.lo < 0.0 && scale.hi > 0.0 && !scale.log {
            let y = scale.y(0.0);
            svg.push_str(&format!("<path class=zero d=\"M0 {y}h{}\"/>", axis.span()));
        }
        TimeChart { axis, scale, height, svg, legend: String::new() }
    }

    /// A line of least and greatest value of every column.
    pub fn line(&mut self, class: &str, name: &str, s: &Series) -> &mut Self {
        let d = path(&s.runs(), &self.scale);
        self.svg
            .push_str(&format!("<path class=\"l {class}\" data-n=\"{}\" d=\"{d}\"/>", esc(name)));
        self.key(class, name)
    }

    /// The area between two series: least of the lower, greatest of the upper.
    pub fn band(&mut self, class: &str, name: &str, lower: &Series, upper: &Series) -> &mut Self {
        let mut d = String::new();
        let mut top: Vec<(usize, f64)> = Vec::new();
        let mut low: Vec<(usize, f64)> = Vec::new();
        let columns = lower.columns().iter().zip(upper.columns()).enumerate();
        for (i, (l, u)) in columns {
            match (l, u) {
                (Some(l), Some(u)) => {
                    step(&mut top, i, u.max);
                    step(&mut low, i, l.min);
                }
                _ => close(&mut d, &mut top, &mut low, &self.scale),
            }
        }
        close(&mut d, &mut top, &mut low, &self.scale);
        self.svg.push_str(&format!("<path class=\"a {class}\" d=\"{d}\"/>"));
        self.key(&format!("{class} band"), name)
    }

    /// Values that are read under the pointer and drawn by something else.
    pub fn read(&mut self, name: &str, s: &Series) -> &mut Self {
        let d = path(&s.runs(), &self.scale);
        self.svg.push_str(&format!("<path class=\"l none\" data-n=\"{}\" d=\"{d}\"/>", esc(name)));
        self
    }

    /// Shares stacked to 1, the value at the end of each column.
    pub fn stack(&mut self, parts: &[(&str, &str, &Series)]) -> &mut Self {
        let n = self.axis.columns;
        let mut below = vec![0.0; n];
        for (class, name, s) in parts {
            let mut d = String::new();
            let mut top: Vec<(usize, f64)> = Vec::new();
            let mut low: Vec<(usize, f64)> = Vec::new();
            for (i, base) in below.iter_mut().enumerate() {
                match s.at(i) {
                    Some(v) => {
                        push(&mut low, i, *base);
                        *base += v;
                        push(&mut top, i, *base);
                    }
                    None => close(&mut d, &mut top, &mut low, &self.scale),
                }
            }
            close(&mut d, &mut top, &mut low, &self.scale);
            let name_text = esc(name);
            self.svg.push_str(&format!("<path class=\"a {class}\" d=\"{d}\"/>"));
            self.key(class, &name_text);
        }
        self
    }

    /// Dots, each with what is read under the pointer.
    pub fn dots(&mut self, class: &str, name: &str, at: &[(Ns, f64, String)]) -> &mut Self {
        let points = at.iter();
        let d: String = points
            .map(|(t, v, _)| format!("M{:.1} {}h0", self.axis.x(*t), self.scale.y(*v)))
            .collect();
        let texts: Vec<&str> = at.iter().map(|a| a.2.as_str()).collect();
        let texts = esc(&texts.join("|"));
        self.svg.push_str(&format!("<path class=\"d {class}\" data-t=\"{texts}\" d=\"{d}\"/>"));
        self.key(&format!("{class} dot"), name)
    }

    /// A level line.
    pub fn level(&mut self, class: &str, name: &str, v: f64) -> &mut Self {
        let (y, w) = (self.scale.y(v), self.axis.span());
        self.svg.push_str(&format!("<path class=\"l {class}\" d=\"M0 {y}l{w} 0\"/>"));
        self.key(class, name)
    }

    fn key(&mut self, class: &str, name: &str) -> &mut Self {
        self.legend.push_str(&format!("<span class=\"k {class}\"><i></i>{}</span>", esc(name)));
        self
    }

    /// The chart as HTML.
    pub fn html(&self) -> String {
        let Scale { lo, hi, log } = self.scale;
        let (ticks, decimals) = self.scale.ticks(f64::from(self.height) / 45.0);
        let mut grid = String::new();
        let mut labels = String::new();
        for t in ticks {
            let y = self.scale.y(t);
            grid.push_str(&format!("M0 {y}h{}", self.axis.span()));
            labels.push_str(&format!(
                "<span style=\"top:{:.2}%\">{}</span>",
                (1.0 - self.scale.share(t)) * 100.0,
                number(t, decimals)
            ));
        }
        format!(
            "<div class=legend>{}</div><div class=plot data-lo=\"{lo}\" data-hi=\"{hi}\" \
             data-log={}><div class=ys style=\"height:{}px\">{labels}</div><div class=area \
             style=\"height:{}px\"><svg viewBox=\"0 0 {} {SPAN}\" preserveAspectRatio=none \
             role=img><path class=grid d=\"{grid}\"/>{}</svg></div><div class=\"xs t\">{}</div></div>",
            self.legend,
            u8::from(log),
            self.height,
            self.height,
            self.axis.span(),
            self.svg,
            self.axis.labels(),
        )
    }
}

/// Adds a point to a side of an area as [`push`] does, where a value holds until the next one: as steps, as everything that is quoted is.
fn step(to: &mut Vec<(usize, f64)>, i: usize, v: f64) {
    if let Some(&(_, before)) = to.last()
        && before.total_cmp(&v).is_ne()
    {
        to.push((i, before));
    }
    push(to, i, v);
}

fn close(d: &mut String, top: &mut Vec<(usize, f64)>, low: &mut Vec<(usize, f64)>, s: &Scale) {
    if top.is_empty() {
        return;
    }
    // A single column still shows: an area needs two edges.
    for side in [&mut *top, &mut *low] {
        if side.len() == 1 {
            side.push((side[0].0 + 1, side[0].1));
        }
    }
    low.reverse();
    top.append(low);
    d.push_str(&path(std::slice::from_ref(top), s));
    d.push('z');
    top.clear();
}

/// Runs of points as a path: absolute starts, relative steps.
fn path(runs: &[Vec<(usize, f64)>], s: &Scale) -> String {
    let mut d = String::new();
    for run in runs {
        let mut at: Option<(i64, i64)> = None;
        for (i, v) in run {
            let x = 2 * i64::try_from(*i).unwrap_or(0) + 1;
            let y = s.y(*v);
            match at {
                None => d.push_str(&format!("M{x} {y}l")),
                Some((px, py)) => {
                    let dy = y - py;
                    let gap = if d.ends_with('l') { "" } else { " " };
                    let between = if dy < 0 { "" } else { " " };
                    d.push_str(&format!("{gap}{}{between}{dy}", x - px));
                }
            }
            at = Some((x, y));
        }
        if run.len() == 1 {
            d.push_str("1 0");
        }
    }
    d
}

/// A strip of states by column: each column shows the state that held longest in it.
pub fn strip<T: Copy + PartialEq>(
    axis: &Axis,
    rows: &[(&str, &States<T>)],
    look: impl Fn(T) -> (&'static str, &'static str),
) -> String {
    let mut seen: Vec<T> = Vec::new();
    let mut html = String::new();
    for (name, states) in rows {
        let columns = states.columns(axis.from, axis.width, axis.columns);
        let mut svg = String::new();
        let mut i = 0;
        while i < columns.len() {
            let n = columns[i..].iter().take_while(|s| **s == columns[i]).count();
            if let Some(state) = columns[i] {
                if !seen.contains(&state) {
                    seen.push(state);
                }
                svg.push_str(&format!(
                    "<rect class=\"{}\" x={} width={} height=1><title>{}</title></rect>",
                    look(state).0,
                    2 * i,
                    2 * n,
                    esc(look(state).1)
                ));
            }
            i += n;
        }
        html.push_str(&format!(
            "<div class=ys><b>{name}</b></div><div class=\"area strip\"><svg viewBox=\"0 0 {} 1\" \
             preserveAspectRatio=none>{svg}</svg></div>",
            axis.span()
        ));
    }
    let legend: String = seen
        .iter()
        .map(|s| format!("<span class=\"k {}\"><i></i>{}</span>", look(*s).0, esc(look(*s).1)))
        .collect();
    format!(
        "<div class=legend>{legend}</div><div class=plot>{html}<div class=\"xs t\">{}</div></div>",
        axis.labels()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_step_from_point_to_point() {
        let s = Scale::fixed(0.0, 100.0);
        let d = path(&[vec![(0, 100.0), (1, 0.0), (1, 50.0)], vec![(5, 0.0)]], &s);
        assert_eq!(d, "M1 0l2 10000 0-5000M11 10000l1 0");
    }
}
