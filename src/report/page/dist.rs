//! Charts that have no time axis: whiskers by group, bars.
//!
//! In: figures with intervals. Out: HTML. Cold path.

use super::fmt::{esc, number};
use super::scale::{SPAN, Scale};
use crate::report::stats::{Interval, float};

const WIDTH: f64 = 1_000.0;

/// A series of whiskers: class, name, one interval a category.
pub type Row<'a> = (&'a str, &'a str, Vec<Option<Interval>>);

/// Dots with their intervals, side by side within each category.
pub fn whiskers(categories: &[String], rows: &[Row<'_>]) -> String {
    let all = rows.iter().flat_map(|r| r.2.iter().flatten());
    let ends = all.map(|i| (i.lo.unwrap_or(i.value), i.hi.unwrap_or(i.value)));
    let Some(scale) = Scale::over(ends.chain([(0.0, 0.0)])) else { return String::new() };
    let slot = WIDTH / float(categories.len().max(1));
    let mut svg = String::new();
    let mut legend = String::new();
    for (k, (class, name, values)) in rows.iter().enumerate() {
        let offset = (float(k) + 1.0) / (float(rows.len()) + 1.0);
        let mut bars = String::new();
        let mut dots = String::new();
        for (i, value) in values.iter().enumerate() {
            let Some(v) = value else { continue };
            let x = slot * (float(i) + 0.2 + 0.6 * offset);
            if let (Some(lo), Some(hi)) = (v.lo, v.hi) {
                bars.push_str(&format!("M{x:.0} {}V{}", scale.y(lo), scale.y(hi)));
            }
            dots.push_str(&format!("M{x:.0} {}h0", scale.y(v.value)));
        }
        svg.push_str(&format!(
            "<path class=\"w {class}\" d=\"{bars}\"/><path class=\"d big {class}\" d=\"{dots}\"/>"
        ));
        legend.push_str(&format!("<span class=\"k {class}\"><i></i>{}</span>", esc(name)));
    }
    let xs: String = categories
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let left = (float(i) + 0.5) * 100.0 / float(categories.len());
            format!("<span style=\"left:{left:.1}%\">{}</span>", esc(c))
        })
        .collect();
    frame(&scale, 190, &svg, &legend, &xs)
}

fn frame(scale: &Scale, height: u32, svg: &str, legend: &str, xs: &str) -> String {
    let (ticks, decimals) = scale.ticks(f64::from(height) / 45.0);
    let mut grid = String::new();
    let mut ys = String::new();
    for t in ticks {
        let class = if t.abs() < 1e-12 { "zero" } else { "grid" };
        grid.push_str(&format!("<path class={class} d=\"M0 {}h{WIDTH}\"/>", scale.y(t)));
        let top = (1.0 - scale.share(t)) * 100.0;
        ys.push_str(&format!("<span style=\"top:{top:.2}%\">{}</span>", number(t, decimals)));
    }
    format!(
        "<div class=legend>{legend}</div><div class=plot><div class=ys style=\"height:{height}px\">\
         {ys}</div><div class=area style=\"height:{height}px\"><svg viewBox=\"0 0 {WIDTH} {SPAN}\" \
         preserveAspectRatio=none role=img>{grid}{svg}</svg></div><div class=xs>{xs}</div></div>"
    )
}

/// One bar of a list.
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// What stands at its end.
    pub text: String,
    /// Class for its colour.
    pub class: &'static str,
}

/// Bars below each other; where one is negative they grow from a middle line. Nothing where all are zero.
pub fn bars(list: &[Bar]) -> String {
    if list.iter().all(|b| b.value == 0.0) {
        return String::new();
    }
    let most = list.iter().map(|b| b.value.abs()).fold(0.0, f64::max).max(1e-300);
    let two = list.iter().any(|b| b.value < 0.0);
    let rows: String = list
        .iter()
        .map(|b| {
            let share = b.value.abs() / most * if two { 50.0 } else { 100.0 };
            let left = match (two, b.value < 0.0) {
                (true, true) => 50.0 - share,
                (true, false) => 50.0,
                _ => 0.0,
            };
            format!(
                "<div class=row><span>{}</span><span class=track><i class=\"{}\" \
                 style=\"left:{left:.2}%;width:{share:.2}%\"></i></span><span>{}</span></div>",
                esc(&b.label),
                b.class,
                b.text
            )
        })
        .collect();
    format!("<div class=\"bars{}\">{rows}</div>", if two { " two" } else { "" })
}
