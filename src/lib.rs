//! ```text
//!  socket ──bytes──▶ ws ──Message──▶ feed ──Event──▶ engine ──────────────────────▶ Record ──▶ queue ──▶ journal ──▶ disk
//!                   RFC 6455        venue JSON       │ book → sim → learn → quote │           (hot │ cold)
//!                   sans-io         sans-io          │ Market Fill Estimates Ladder│
//!                                                    └────────── pure, no I/O ─────┘
//! ```

#![cfg_attr(rtsan, feature(sanitize))]

pub mod limits;
pub mod units;
pub mod math;
pub mod mem;
pub mod event;
pub mod record;
pub mod ws;
pub mod feed;
pub mod book;
pub mod sim;
pub mod learn;
pub mod quote;
pub mod engine;
pub mod journal;
pub mod telemetry;
pub mod venue;
pub mod sys;
pub mod app;
pub mod ops;
pub mod view;
pub mod chart;
pub mod bench;
pub mod report;
pub mod audit;
pub mod study;
pub mod cli;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
