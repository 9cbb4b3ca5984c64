//! The table of settings: key, type, default, range, unit and sentence of each, in one place a room.
//!
//! In: the tables that the rooms write with [`settings!`] and [`choices!`]. Out: the structs, their
//! defaults, a [`Section`] that describes them, and from it the checks, the merging of layers, the
//! commented file and the explanations. Cold path.
//!
//! 1. A row without its range does not compile, except for switches, choices and nested tables,
//!    whose values are all allowed.
//! 2. What is checked, written, explained and tested is the table itself: there is no second list.
//! 3. A configuration that was loaded holds every row's range and every relation between rows.

mod check;
mod layers;
mod schema;
mod text;

pub use check::{ConfigError, Room, check, shown};
pub use layers::{assignment, merge};
pub use schema::{Choice, Form, Leaf, Relation, Row, Rule, Section, Setting, Variant};
pub use schema::{join, rising, sentence};
pub use text::{commented, explain};

/// A room's table of settings: a struct, or a choice between tables (`enum`, distinguished by the key
/// `kind`).
///
/// ```text
/// settings! {
///     /// Volatility.
///     pub struct Config: Copy {
///         /// What the row is, one sentence or more.
///         memory_s: f64 = 300.0, 1.0..=1e15, "s";
///         /// A switch has no range.
///         on as "use": bool = true;
///     }
///     where {
///         [least, most] |c| c.least < c.most, "`least` must be below `most`";
///     }
/// }
/// ```
/// Key, type, default, range, unit; `as` gives the key another name in the file.
#[macro_export]
macro_rules! settings {
    (
        $( #[doc = $about:literal] )+
        pub struct $name:ident $( < $c:ident : $bound:path > )? $( : $( $derive:ident ),+ )? {
            $(
                $( #[doc = $doc:literal] )+
                $field:ident $( as $key:literal )? : $ty:ty = $default:expr
                $( , $limits:expr $( , $unit:literal )? )? ;
            )+
        }
        $( where { $(
            [ $( $part:ident ),+ ] $holds:expr, $text:literal ;
        )+ } )?
    ) => {
        $( #[doc = $about] )+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $( #[derive( $( $derive ),+ )] )?
        #[serde(default, deny_unknown_fields, bound = "")]
        pub struct $name $( < $c: $bound > )? { $(
            $( #[doc = $doc] )+
            $(
                #[doc = ""]
                #[doc = concat!("Range: `", stringify!($limits), "`" $( , " ", $unit )? , ".")]
            )?
            $( #[serde(rename = $key)] )?
            pub $field: $ty
        ),+ }

        impl $( < $c: $bound > )? Default for $name $( < $c > )? {
            fn default() -> Self { $name { $( $field: $default ),+ } }
        }

        impl $( < $c: $bound > )? $crate::settings::Room for $name $( < $c > )? {
            fn section() -> $crate::settings::Section {
                $crate::settings::Section {
                    about: $crate::settings::sentence(&[ $( $about ),+ ]),
                    rows: vec![ $( $crate::settings::Row {
                        key: [ $( $key, )? stringify!($field) ][0],
                        about: $crate::settings::sentence(&[ $( $doc ),+ ]),
                        unit: [ $( $( $unit, )? )? "" ][0],
                        rule: <$ty as $crate::settings::Setting>::rule(
                            $crate::settings!(@limits $( $limits )?)
                        ),
                        optional: <$ty as $crate::settings::Setting>::OPTIONAL,
                    } ),+ ],
                    relations: vec![ $( $( $crate::settings::Relation {
                        keys: &[ $( stringify!($part) ),+ ],
                        text: $text,
                        holds: |table| {
                            let holds: fn(&Self) -> bool = $holds;
                            table.clone().try_into::<Self>().is_ok_and(|c| holds(&c))
                        },
                    } ),+ )? ],
                }
            }
        }

        impl $( < $c: $bound > )? $crate::settings::Setting for $name $( < $c > )? {
            type Limits = ();
            fn rule((): ()) -> $crate::settings::Rule {
                $crate::settings::Rule::Section(<Self as $crate::settings::Room>::section())
            }
        }
    };
    (
        $( #[doc = $about:literal] )+
        pub enum $name:ident $( : $( $derive:ident ),+ )? {
            $(
                $( #[doc = $sentence:literal] )+
                $variant:ident = $kind:literal { $(
                    $( #[doc = $doc:literal] )+
                    $field:ident : $ty:ty = $default:expr $( , $limits:expr $( , $unit:literal )? )? ;
                )+ }
            )+
        }
    ) => {
        $( #[doc = $about] )+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $( #[derive( $( $derive ),+ )] )?
        #[serde(tag = "kind", deny_unknown_fields)]
        pub enum $name { $(
            $( #[doc = $sentence] )+
            #[serde(rename = $kind)]
            $variant { $(
                $( #[doc = $doc] )+
                $(
                    #[doc = ""]
                    #[doc = concat!("Range: `", stringify!($limits), "`" $( , " ", $unit )? , ".")]
                )?
                $field: $ty
            ),+ }
        ),+ }

        impl $crate::settings::Setting for $name {
            type Limits = ();
            fn rule((): ()) -> $crate::settings::Rule {
                $crate::settings::Rule::Kinds(vec![ $( $crate::settings::Variant {
                    name: $kind,
                    section: $crate::settings::Section {
                        about: $crate::settings::sentence(&[ $( $sentence ),+ ]),
                        rows: vec![ $( $crate::settings::Row {
                            key: stringify!($field),
                            about: $crate::settings::sentence(&[ $( $doc ),+ ]),
                            unit: [ $( $( $unit, )? )? "" ][0],
                            rule: <$ty as $crate::settings::Setting>::rule(
                                $crate::settings!(@limits $( $limits )?)
                            ),
                            optional: <$ty as $crate::settings::Setting>::OPTIONAL,
                        } ),+ ],
                        relations: Vec::new(),
                    },
                    default: $crate::settings::Variant::table(
                        &$name::$variant { $( $field: $default ),+ },
                    ),
                } ),+ ])
            }
        }
    };
    (@limits) => { () };
    (@limits $limits:expr) => { $limits.into() };
}

/// A setting that is chosen by name: an enum without parameters, its default, its names.
///
/// ```text
/// choices! {
///     /// How the half-spread is made.
///     pub enum Policy = Default {
///         /// The optimal ladder at what was learned.
///         Default = "default",
///     }
/// }
/// ```
#[macro_export]
macro_rules! choices {
    (
        $( #[doc = $about:literal] )+
        pub enum $name:ident $( : $( $derive:ident ),+ )? = $default:ident {
            $( $( #[doc = $doc:literal] )+ $variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $( #[doc = $about] )+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $( #[derive( $( $derive ),+ )] )?
        pub enum $name { $(
            $( #[doc = $doc] )+
            #[serde(rename = $text)]
            $variant
        ),+ }

        impl Default for $name {
            fn default() -> $name { $name::$default }
        }

        impl $crate::settings::Choice for $name {
            const LIST: &'static [(&'static str, $name, &'static [&'static str])] =
                &[ $( ($text, $name::$variant, &[ $( $doc ),+ ]) ),+ ];
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                <$name as $crate::settings::Choice>::of_name(text)
            }
        }

        impl $crate::settings::Setting for $name {
            type Limits = ();
            fn rule((): ()) -> $crate::settings::Rule {
                <$name as $crate::settings::Choice>::rule_of_names()
            }
        }
    };
}

pub(crate) use crate::{choices, settings};

#[cfg(test)]
mod tests;
