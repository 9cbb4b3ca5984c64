//! The shipped strategies as one type, chosen by the configuration: a match, no box.
//!
//! In: a table `[engine.strategy]` with the name and a table for each. Out: [`AnyStrategy`]. Hot path.
//!
//! 1. A new one is a file beside this and a line in the table at the end.

use serde::{Deserialize, Serialize};

use super::plain::{Avellaneda, Fixed, Grid, Join};
use super::strategy::{Bounds, Decline, Inputs, Ladder, OwnFill, Stands, Strategy};
use super::{Earn, Glft, Original};
use crate::learn::curve::Curve;
use crate::learn::{Estimates, Sample};
use crate::record::StrategyInfo;
use crate::settings::{choices, settings};
use crate::units::Ns;

macro_rules! any_strategy {
    ($default:ident: $( #[doc = $doc:literal] $field:ident $name:ident $text:literal ),* $(,)?) => {
        choices! {
            /// Which of the shipped strategies quotes.
            pub enum Name = $default { $( #[doc = $doc] $name = $text ),* }
        }

        settings! {
            /// Which strategy quotes, and the settings of each.
            pub struct Config: Copy {
                /// The one that quotes.
                name: Name = Name::default();
                $( #[doc = $doc]
                $field: <$name as Strategy>::Config = <$name as Strategy>::Config::default(); )*
            }
        }

        /// One of the shipped strategies, for one coin.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[expect(clippy::large_enum_variant, reason = "one a coin, and earn is the rule")]
        pub enum AnyStrategy { $( #[doc = stringify!($name)] $name($name) ),* }

        impl Strategy for AnyStrategy {
            type Config = Config;

            fn info(cfg: &Config) -> StrategyInfo {
                match cfg.name { $( Name::$name => $name::info(&cfg.$field) ),* }
            }
            fn new(cfg: &Config, bounds: &Bounds, e: &Estimates) -> AnyStrategy {
                match cfg.name {
                    $( Name::$name => AnyStrategy::$name($name::new(&cfg.$field, bounds, e)) ),*
                }
            }
            fn on_estimates(&mut self, cfg: &Config, bounds: &Bounds, e: &Estimates) {
                match self { $( AnyStrategy::$name(s) => s.on_estimates(&cfg.$field, bounds, e) ),* }
            }
            fn on_sample(&mut self, cfg: &Config, now: Ns, sample: &Sample) {
                match self { $( AnyStrategy::$name(s) => s.on_sample(&cfg.$field, now, sample) ),* }
            }
            fn on_curve(&mut self, cfg: &Config, bounds: &Bounds, c: &Curve) {
                match self { $( AnyStrategy::$name(s) => s.on_curve(&cfg.$field, bounds, c) ),* }
            }
            fn on_fill(&mut self, cfg: &Config, bounds: &Bounds, fill: &OwnFill) {
                match self { $( AnyStrategy::$name(s) => s.on_fill(&cfg.$field, bounds, fill) ),* }
            }
            fn decline(&self, cfg: &Config, x: &Inputs) -> Option<(Decline, Stands)> {
                match self { $( AnyStrategy::$name(s) => s.decline(&cfg.$field, x) ),* }
            }
            fn ladder(&self, cfg: &Config, x: &Inputs, out: &mut Ladder) {
                match self { $( AnyStrategy::$name(s) => s.ladder(&cfg.$field, x, out) ),* }
            }
        }
    };
}

any_strategy! {
    Earn:
    /// The optimal ladder at what it learns of the tape.
    glft Glft "glft",
    /// Quotes where the tape says that quoting earns.
    earn Earn "earn",
    /// Both sides at a constant distance.
    fixed Fixed "fixed",
    /// Both sides at the touch.
    join Join "join",
    /// Levels at equal distances on both sides, from the touch outward.
    grid Grid "grid",
    /// Avellaneda and Stoikov's quotes with kappa from the tape.
    avellaneda Avellaneda "avellaneda",
    /// The original paper trader's own pipeline, or the advice of its analysis.
    original Original "original",
}
