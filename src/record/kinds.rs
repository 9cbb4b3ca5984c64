//! The table of record kinds: from a row each a struct, its number, its name and its bytes. A row with `=`
//! is of a struct that [`crate::event::own`] defines.
//!
//! In: rows. Out: the kinds and [`super::Body`]. Hot path: constant offsets.

macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $kind:literal $name:ident $( = $of:ident )? / $json:literal $table:literal { $( $(#[$fdoc:meta])* $field:ident : $ty:ty ),* $(,)? }
    )*) => {
        $(
            record! { [$( $of )?] $(#[$doc])* $name { $( $(#[$fdoc])* $field: $ty ),* } }

            impl $name {
                /// The kind's number on disk.
                pub const KIND: u8 = $kind;
                const SIZE: usize = 0 $( + <$ty as Field>::SIZE )*;
            }
            const _: () = assert!($name::SIZE <= PAYLOAD_BYTES, stringify!($name));

            impl From<$name> for Body {
                fn from(x: $name) -> Body { Body::$name(x) }
            }

            // As on disk: the payload's bytes.
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    let mut bytes = [0; PAYLOAD_BYTES];
                    Body::from(*self).put(&mut bytes);
                    bytes[..Self::SIZE].serialize(to)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                    match Body::from_payload($kind, &Vec::deserialize(from)?) {
                        Some(Body::$name(x)) => Ok(x),
                        _ => Err(D::Error::custom(concat!("no record of kind ", $json))),
                    }
                }
            }
        )*

        /// Content of a record, one variant a kind.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Body {
            $( $(#[$doc])* $name($name) ),*
        }

        impl Body {
            /// The kind's number on disk.
            pub fn kind(&self) -> u8 {
                match self { $( Body::$name(_) => $kind ),* }
            }

            /// The kind's name in exports.
            pub fn name(&self) -> &'static str {
                match self { $( Body::$name(_) => $json ),* }
            }

            /// The name of the kind's table in exports.
            pub fn table(&self) -> &'static str {
                match self { $( Body::$name(_) => $table ),* }
            }

            /// Field names and values in order. Cold.
            pub fn fields(&self) -> Vec<(&'static str, Value)> {
                match self { $( Body::$name(x) => vec![ $( (stringify!($field), x.$field.value()) ),* ] ),* }
            }

            fn put(&self, out: &mut [u8; PAYLOAD_BYTES]) {
                match self { $( Body::$name(x) => {
                    let _at = 0;
                    $( let _at = x.$field.put(out, _at); )*
                } ),* }
            }

            fn take(kind: u8, from: &[u8; PAYLOAD_BYTES]) -> Result<Body, Malformed> {
                match kind {
                    $( $kind => {
                        let _at = 0;
                        $( let ($field, _at) = <$ty as Field>::take(from, _at).ok_or(Malformed::Code)?; )*
                        Ok(Body::$name($name { $( $field ),* }))
                    } )*
                    other => Err(Malformed::Kind(other)),
                }
            }
        }
    };
}

/// A record's struct, or the one that it is.
macro_rules! record {
    ([] $(#[$doc:meta])* $name:ident { $( $(#[$fdoc:meta])* $field:ident : $ty:ty ),* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name { $( $(#[$fdoc])* pub $field: $ty ),* }
    };
    ([$of:ident] $(#[$doc:meta])* $name:ident $fields:tt) => {
        pub use crate::event::own::$of as $name;
    };
}
