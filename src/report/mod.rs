//! What a run is shown as: one model of its journal, and the text, JSON, page and tables made of it.
//!
//! In: a journal's records, the texts of a run folder. Out: a summary, an HTML page, tables. Cold
//! path.
//!
//! ```text
//!  Record ──▶ model ──▶ figures, answer ──▶ text, json, page
//!         └─────────────▶ export (csv, jsonl, parquet)
//! ```

mod answer;
mod coin;
mod days;
pub mod export;
mod figures;
mod json;
mod latency;
mod markouts;
mod model;
mod money;
mod orders;
mod page;
pub mod paired;
mod path;
mod reasons;
mod series;
mod sources;
mod states;
mod stats;
mod text;
mod time;
mod together;
mod truth;

pub use json::summary as json;
pub use latency::parse as latency_log;
pub use model::{Builder, Model, read};
pub use money::units as money_units;
pub use page::{compared as paired_page, page, together as together_page};
pub use sources::{Market, Setting, Sources};
pub use stats::{BLOCK_NS, BLOCKS_MIN, Interval, RESAMPLES, bootstrap, count, float, total};
pub use text::summary as text;
pub use time::utc;
pub use together::Together;
