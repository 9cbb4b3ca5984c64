//! What to quote: strategies, and what holds their ladders to the rules.
//!
//! ```text
//!  Estimates, Inputs ─▶ Strategy (earn, glft, ..., a user's own) ─▶ Ladder ─▶ fit ─▶ two sides that may go out
//!                                                     guards, venue rules, limits ─┘
//! ```
//!
//! In: estimates, touch, position, state of feed and account. Out: a ladder a side in valid prices and
//! sizes, its terms, the guard that holds it back. Hot path: no allocation; floats end here, in an
//! outward rounding.

mod any;
pub mod config;
pub mod earn;
mod fit;
pub mod glft;
pub mod guard;
pub mod original;
pub mod plain;
mod rounding;
pub mod strategy;

pub use any::AnyStrategy;
#[cfg(any(test, feature = "lab"))]
pub use any::{Config as AnyConfig, Name};
pub use config::Config;
pub use earn::Earn;
pub use fit::{SideQuote, fit};
pub use glft::Glft;
pub use original::Original;
pub use strategy::{Band, Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
