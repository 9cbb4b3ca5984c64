//! ```text
//!  socket ──bytes──▶ ws ──Message──▶ feed ──Event──▶ engine ──────────────────────▶ Record ──▶ queue ──▶ journal ──▶ disk
//!                   RFC 6455        venue JSON       │ book → sim → learn → quote │           (hot │ cold)
//!                   sans-io         sans-io          │ Market Fill Estimates Ladder│
//!                                                    └────────── pure, no I/O ─────┘
//! ```

#![cfg_attr(rtsan, feature(sanitize))]

mod limits;
mod units;
mod math;
mod mem;
mod event;
mod record;
pub mod settings;
mod ws;
mod feed;
mod book;
mod sim;
mod learn;
mod quote;
mod engine;
mod journal;
mod facts;
mod telemetry;
mod venue;
mod sys;
mod folder;
mod app;
mod ops;
mod view;
mod bench;
mod report;
mod truth;
mod audit;
mod import;
mod sweep;
mod cli;
#[cfg(feature = "python")]
mod python;

#[cfg(feature = "lab")]
pub mod rooms;
#[cfg(feature = "lab")]
#[path = "../perf/lab/mod.rs"]
pub mod lab;
#[cfg(feature = "lab")]
#[path = "../fuzz/laws/mod.rs"]
pub mod laws;

pub use cli::{main, main_with};
pub use engine::{Components, Shipped};
pub use event::own::{Fill, FillReason, Lane, OrderReason, OrderState, OrderUpdate};
pub use event::{Bbo, Snapshot, Trade};
pub use learn::curve::stats::Reading;
pub use learn::curve::{Curve, verdict::Verdict};
pub use learn::{Estimates, Sample, Sweep};
pub use quote::{Band, Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
pub use record::{Named, StrategyInfo};
pub use sim::config::Settings as SimSettings;
pub use sim::executor::Executor;
pub use sim::level::{Level, Reach};
pub use sim::model::{Bias, FillModel, Moment, NoSettings, Order, Orders, Taker};
pub use sim::models::skellam::Skellam;
pub use sim::orders::{Full, NewOrder, SimEvent, View};
pub use sim::paper::Paper;
pub use sim::queue::{Credit, QueuePos, Split};
pub use units::rules::Rules;
pub use units::{Mid2, Ns, Px, Side, Sz};
