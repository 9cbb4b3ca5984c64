//! Enums of plain cases, each with a name and a sentence for people.
//!
//! In: a table. Out: `u8` enums that are `Copy`. Hot path: plain values.

/// Makes enums of a table: case, name in exports, one sentence. The first case is the default.
macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident {
        $( $variant:ident / $text:literal : $sentence:literal ),* $(,)?
    } )*) => { $(
        $(#[$doc])*
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            serde::Serialize,
            serde::Deserialize,
        )]
        #[repr(u8)]
        pub enum $name {
            $( #[doc = $sentence] $variant ),*
        }

        impl Default for $name {
            /// The first case.
            fn default() -> $name { $name::ALL[0] }
        }

        impl $name {
            /// All cases in order.
            pub const ALL: &'static [$name] = &[ $( $name::$variant ),* ];

            /// The name in exports.
            pub fn text(self) -> &'static str {
                match self { $( $name::$variant => $text ),* }
            }

            /// One sentence for people.
            pub fn sentence(self) -> &'static str {
                match self { $( $name::$variant => $sentence ),* }
            }
        }
    )* };
}

pub(crate) use words;
