//! Plots as SVG documents, a file a kind; here what those drawn with `plotters` have in common.
//!
//! In: nothing. Out: a size, and colours in the order in which series take them. Cold path.

pub mod growth;
pub mod percentiles;
pub mod study;

use plotters::style::RGBColor;

/// Width and height in pixels.
pub const SIZE: (u32, u32) = (900, 480);

/// Colours that colour-blind people tell apart (Okabe and Ito).
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];
