//! Every room, opened to benches, fuzz targets, tests and the laboratory.
//!
//! In: nothing. Out: the rooms' names. Cold path. Compiled with the feature `lab` only: without it a room is
//! private, so that the compiler names what nothing uses.

/// What the room `app` holds.
pub mod app {
    pub use crate::app::*;
}
/// What the room `audit` holds.
pub mod audit {
    pub use crate::audit::*;
}
/// What the room `bench` holds.
pub mod bench {
    pub use crate::bench::*;
}
/// What the room `book` holds.
pub mod book {
    pub use crate::book::*;
}
/// What the room `cli` holds.
pub mod cli {
    pub use crate::cli::*;
}
/// What the room `engine` holds.
pub mod engine {
    pub use crate::engine::*;
}
/// What the room `event` holds.
pub mod event {
    pub use crate::event::*;
}
/// What the room `facts` holds.
pub mod facts {
    pub use crate::facts::*;
}
/// What the room `feed` holds.
pub mod feed {
    pub use crate::feed::*;
}
/// What the room `folder` holds.
pub mod folder {
    pub use crate::folder::*;
}
/// What the room `import` holds.
pub mod import {
    pub use crate::import::*;
}
/// What the room `journal` holds.
pub mod journal {
    pub use crate::journal::*;
}
/// What the room `learn` holds.
pub mod learn {
    pub use crate::learn::*;
}
/// What the room `limits` holds.
pub mod limits {
    pub use crate::limits::*;
}
/// What the room `math` holds.
pub mod math {
    pub use crate::math::*;
}
/// What the room `mem` holds.
pub mod mem {
    pub use crate::mem::*;
}
/// What the room `ops` holds.
pub mod ops {
    pub use crate::ops::*;
}
/// What the room `quote` holds.
pub mod quote {
    pub use crate::quote::*;
}
/// What the room `record` holds.
pub mod record {
    pub use crate::record::*;
}
/// What the room `report` holds.
pub mod report {
    pub use crate::report::*;
}
/// What the room `settings` holds.
pub mod settings {
    pub use crate::settings::*;
}
/// What the room `sim` holds.
pub mod sim {
    pub use crate::sim::*;
}
/// What the room `sweep` holds.
pub mod sweep {
    pub use crate::sweep::*;
}
/// What the room `sys` holds.
pub mod sys {
    pub use crate::sys::*;
}
/// What the room `telemetry` holds.
pub mod telemetry {
    pub use crate::telemetry::*;
}
/// What the room `units` holds.
pub mod units {
    pub use crate::units::*;
}
/// What the room `venue` holds.
pub mod venue {
    pub use crate::venue::*;
}
/// What the room `view` holds.
pub mod view {
    pub use crate::view::*;
}
/// What the room `ws` holds.
pub mod ws {
    pub use crate::ws::*;
}
