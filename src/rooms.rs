//! Every room, opened to benches, fuzz targets, tests and the laboratory.
//!
//! In: nothing. Out: the rooms' names. Cold path. Compiled with the feature `lab` only: without it a room is
//! private, so that the compiler names what nothing uses.

macro_rules! open {
    ($($room:ident)*) => { $(
        #[doc = concat!("What the room `", stringify!($room), "` holds.")]
        pub mod $room {
            pub use crate::$room::*;
        }
    )* };
}

open! {
    app audit bench book cli engine event facts feed folder import journal learn limits math mem ops quote
    record report settings sim sweep sys telemetry units venue view ws
}
