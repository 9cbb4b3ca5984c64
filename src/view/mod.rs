//! What a person sees of a run on a terminal.
//!
//! In: a [`Snapshot`](crate::ops::snapshot::Snapshot) and a size. Out: a [`Canvas`](canvas::Canvas)
//! of characters with a meaning each, and the bytes that bring a terminal from the last one to it.
//! Cold path; no terminal is known here, so that tests look at what a person would.
//!
//! 1. Any size is drawn, down to one cell: what does not fit is cut.
//! 2. Every character is one column wide.

pub mod canvas;
mod coin;
mod parts;
pub mod screen;
