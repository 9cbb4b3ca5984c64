//! testing: a room of the house that is still empty.
//!
//! In: nothing yet. Out: nothing yet. Cold path.
