//! The fill models that come with the engine, one file each, and the choice among them.
//!
//! In: the name of one. Out: a lane that runs it. Hot path: one static `match` a call.
//!
//! A model is added by its file, with its `mod` line, and its row in the table below.

pub mod front;
pub mod linear;
pub mod log;
pub mod original;
pub mod power;
pub(super) mod rates;
pub mod risk_averse;
pub mod skellam;
pub mod through;
pub mod touch;

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::model::{FillModel, Moment, NoSettings, Taker};
use super::queues::{Queues, Run};
use crate::event::Trade;
use crate::settings::{Choice, Rule, Setting, settings};

/// Makes of a table of models the names to choose by, and a lane that runs the one chosen.
macro_rules! fill_models {
    (@cfg $set:ident $file:ident) => { &NoSettings {} };
    (@cfg $set:ident $file:ident $about:literal) => { &$set.shipped.$file };
    ($d:tt $(
        $( #[$default:ident] )? $file:ident::$name:ident: $sentence:literal $( / $about:literal )?,
    )*) => {
        /// Which fill model a lane runs.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Model {
            $( $( #[$default] )? #[doc = $sentence] $name, )*
            /// The fill model the program was built with, beside those that come with the engine.
            Own,
        }

        impl Model {
            /// The models that come with the engine.
            pub const ALL: [Model; [$( stringify!($name) ),*].len()] = [$( Model::$name ),*];

            /// Name and version of what a lane runs by this choice where `F` is the model the
            /// program was built with.
            #[must_use]
            pub fn identity<F: FillModel>(self) -> (&'static str, u32) {
                match self {
                    $( Model::$name => {
                        (<$file::$name as FillModel>::NAME, <$file::$name as FillModel>::VERSION)
                    } )*
                    Model::Own => (F::NAME, F::VERSION),
                }
            }
        }

        impl Choice for Model {
            const LIST: &'static [(&'static str, Model, &'static [&'static str])] = &[
                $( (<$file::$name as FillModel>::NAME, Model::$name, &[$sentence]), )*
                ("own", Model::Own, &["The fill model the program was built with."]),
            ];
        }

        settings! {
            /// Settings of the models that have any.
            pub struct ModelConfigs: Copy { $( $(
                #[doc = $about]
                $file: <$file::$name as FillModel>::Config = Default::default();
            )? )* }
        }

        /// A lane with the model chosen for it, and the model's own state.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(bound = "")]
        #[expect(clippy::large_enum_variant, reason = "there are three for each coin")]
        pub(super) enum AnyQueues<F: FillModel> {
            Own(Queues<F>),
            $( $name(Queues<$file::$name>), )*
        }

        /// Does the same with the lane of any model, where it is wanted with the model's settings.
        macro_rules! on_lane {
            ($d lane:expr, $d q:ident => $d does:expr) => {
                match $d lane { Self::Own($d q) => $d does, $( Self::$name($d q) => $d does, )* }
            };
            ($d lane:expr, $d q:ident, $d set:ident, $d cfg:ident => $d does:expr) => {
                match $d lane {
                    Self::Own($d q) => { let $d cfg = $d set.own; $d does }
                    $( Self::$name($d q) => { let $d cfg = fill_models!(@cfg $d set $file $( $about )?); $d does } )*
                }
            };
        }

        impl<F: FillModel> AnyQueues<F> {
            pub(super) fn new(
                set: Configs<'_, F>,
                model: Model,
                places: usize,
                seed: u64,
            ) -> AnyQueues<F> {
                match model {
                    Model::Own => Self::Own(Queues::new(set.own, places, seed)),
                    $( Model::$name => Self::$name(Queues::new(fill_models!(@cfg set $file $( $about )?), places, seed)), )*
                }
            }

            /// See [`FillModel::CROSSES`].
            pub(super) fn crosses(&self) -> bool {
                match self {
                    Self::Own(_) => F::CROSSES,
                    $( Self::$name(_) => <$file::$name as FillModel>::CROSSES, )*
                }
            }

            /// See [`FillModel::EACH_PRINT`].
            pub(super) fn each_print(&self) -> bool {
                match self {
                    Self::Own(_) => F::EACH_PRINT,
                    $( Self::$name(_) => <$file::$name as FillModel>::EACH_PRINT, )*
                }
            }

            pub(super) fn put(&mut self, slot: usize) {
                on_lane!(self, q => q.put(slot));
            }

            pub(super) fn on_live(&mut self, set: Configs<'_, F>, at: &Moment, slot: usize, order: (u64, &Level)) {
                on_lane!(self, q, set, cfg => q.on_live(cfg, at, slot, order));
            }

            pub(super) fn on_level(&mut self, set: Configs<'_, F>, at: &Moment, run: Run<'_>, size: i64) {
                on_lane!(self, q, set, cfg => q.on_level(cfg, at, run, size));
            }

            pub(super) fn on_taker(&mut self, set: Configs<'_, F>, at: &Moment, run: Run<'_>, taker: &mut Taker) {
                on_lane!(self, q, set, cfg => q.on_taker(cfg, at, run, taker));
            }

            pub(super) fn on_print(&mut self, set: Configs<'_, F>, print: &Trade, lot: i64, run: Run<'_>) {
                on_lane!(self, q, set, cfg => q.on_print(cfg, print, lot, run));
            }

            pub(super) fn on_best(&mut self, set: Configs<'_, F>, at: &Moment, was: &Level, size: i64) {
                on_lane!(self, q, set, cfg => q.on_best(cfg, at, was, size));
            }
        }
    };
}

fill_models! { $
    touch::Touch: "Optimistic bracket: any print at the price or beyond fills.",
    through::Through: "Pessimistic bracket: only prints strictly beyond the price fill.",
    risk_averse::RiskAverse:
        "Every cancel happens behind us; only prints and the displayed size advance us.",
    front::Front: "Every cancel happens ahead of us.",
    linear::Linear: "Net decreases are shared in proportion to the volume ahead and behind.",
    power::Power: "Net decreases are shared by the n-th powers of the volume ahead and behind."
        / "The `power` model.",
    log::Log: "Net decreases are shared by ln(1 + lots) of the volume ahead and behind.",
    #[default]
    skellam::Skellam:
        "Gross cancels estimated from net changes (Skellam), with decay between snapshots.",
    original::Original:
        "Independent draws per print and order, faults included: kept for comparison."
        / "The `original` model.",
}

/// The settings of every model that a lane may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Configs<'a, F: FillModel> {
    pub shipped: &'a ModelConfigs,
    pub own: &'a F::Config,
}

impl Model {
    /// The name in the configuration and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Choice::name(self)
    }
}

impl Setting for Model {
    type Limits = ();
    fn rule((): ()) -> Rule {
        Model::rule_of_names()
    }
}

impl From<Model> for &'static str {
    fn from(model: Model) -> &'static str {
        model.name()
    }
}

impl TryFrom<String> for Model {
    type Error = String;

    fn try_from(text: String) -> Result<Model, String> {
        Model::of_name(&text)
    }
}

impl std::str::FromStr for Model {
    type Err = String;

    fn from_str(text: &str) -> Result<Model, String> {
        Model::of_name(text)
    }
}

#[cfg(test)]
mod tests;
